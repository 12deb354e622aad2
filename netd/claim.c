/* The long poll: tickets and cancellations, as the control plane has them. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "netd/netd.h"

#define AT_ONCE_MS 1000 /* a poll that came back sooner, and brought nothing new */

/* Tickets that this host takes now. */
static uint32_t
room(const struct netd *n)
{
	size_t open = netd_jobs_open(n), most = API_JOBS;

	if (n->conf->free < most)
		most = n->conf->free;
	return open < most ? (uint32_t)(most - open) : 0;
}

int
netd_claim_wanted(const struct netd *n)
{
	return !n->cloned; /* without room too: cancellations come by it */
}

int
netd_claim_send(struct client *c)
{
	struct netd *n = c->n;
	struct netd_call call = {.kind = CALL_CLAIM,
	    .method = "POST",
	    .max = API_BODY_MAX,
	    .wait_ms = n->conf->poll_wait * 1000};
	struct api_claim *m;
	char path[64], *text;
	int rv;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return 0;
	m->free = n->claim_free = room(n);
	m->nkinds = n->conf->nkinds;
	memcpy(m->kind, n->conf->kind, sizeof(m->kind));
	text = api_claim_put(m);
	free(m);
	if (text == NULL) {
		log_warnx("claim: it cannot be written");
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_NET, 0));
		return 0;
	}
	snprintf(path, sizeof(path), "claim?wait=%u", n->conf->poll_wait);
	call.path = path;
	call.body = text;
	call.len = strlen(text);
	rv = netd_client_call(c, &call);
	free(text);
	return rv == 0;
}

/* The ticket's own id, from its line; privd parses all of it. 0 or -1. */
static int
ticket_id(const char *ticket, uint8_t id[16])
{
	static const char key[] = "\nid ";
	const char *p = strstr(ticket, key);
	char hex[33];

	if (p == NULL)
		return -1;
	p += strlen(key);
	if (strnlen(p, 33) < 33 || p[32] != '\n')
		return -1;
	memcpy(hex, p, 32);
	hex[32] = '\0';
	return str_unhex(id, 16, hex);
}

/* 1: a job that was not known before. */
static int
submit(struct netd *n, const struct api_job *a)
{
	struct msg_submit m = {.fence = a->fence,
	    .ticket = (const uint8_t *)a->ticket,
	    .len = a->len,
	    .nsigs = a->nsigs};
	struct job *j;
	uint8_t id[16];
	int fresh;

	if (a->len < 1 || a->len > TICKET_MAX || strlen(a->ticket) != a->len ||
	    ticket_id(a->ticket, id) == -1) {
		log_warnx("claim: a ticket without an id was left out");
		return 0;
	}
	fresh = netd_job_find(n, id) == NULL;
	if ((j = netd_job_get(n, id)) == NULL) {
		log_warnx("claim: too many jobs: one was left out");
		return 0;
	}
	if (j->fence != a->fence) {
		/* a new lease: it wants to hear all again */
		j->told = 0;
		j->notbefore = 0;
		j->gaveup = 0;
	}
	j->fence = a->fence;
	netd_blobs_note(j, a->ticket);
	memcpy(m.sig, a->sig, sizeof(m.sig));
	netd_tell(n, MSG_JOB_SUBMIT, msg_submit_put(&m));
	return fresh;
}

/* The next poll, when this one brought nothing new: never in a tight loop. */
static void
pace(struct client *c, int news)
{
	struct netd *n = c->n;

	if (n->conf->poll_wait == 0) {
		netd_client_hold(c, n->interval * 1000);
		return;
	}
	if (news || net_now() - c->began >= AT_ONCE_MS) {
		n->fruitless = 0;
		return;
	}
	if (n->fruitless < 5)
		n->fruitless++;
	netd_client_hold(c, (uint64_t)AT_ONCE_MS << (n->fruitless - 1));
}

void
netd_claim_reply(struct client *c, const struct reply *r)
{
	struct netd *n = c->n;
	struct api_claimed *a;
	struct errmsg e = {"out of memory"};
	int news = 0;

	if (netd_judge(c, r, 0) != D_OK)
		return;
	if (r->head.status == 204 || r->len == 0) {
		pace(c, 0);
		return;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL || api_claimed_get(a, r->body, r->len, &e) == -1) {
		log_warnx("claim: the answer: %s", e.text);
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_NET, 0));
		free(a);
		return;
	}
	for (size_t i = 0; i < a->njobs; i++) {
		if (room(n) == 0) {
			log_warnx("claim: more tickets than asked for");
			break;
		}
		news += submit(n, &a->job[i]);
	}
	for (size_t i = 0; i < a->ncancels; i++)
		netd_tell(n, MSG_JOB_CANCEL, msg_id_put(a->cancel[i]));
	api_claimed_free(a);
	free(a);
	pace(c, news > 0);
}

/* A poll that said "no room" would keep the next job away until it ends. */
void
netd_claim_room(struct netd *n)
{
	struct client *c = &n->client[CL_CLAIM];

	if (c->call == CALL_CLAIM && n->claim_free == 0 && room(n) > 0)
		netd_client_drop(c);
	netd_wake(c);
}
