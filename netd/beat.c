/*
 * The heartbeat: privd is asked for figures and heads, and what it gave is posted. Jobs never hold
 * it up; without figures it goes all the same, without heads it does not (a ledger that seems to go
 * backwards looks like a clone).
 */
#include <event2/event.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "netd/netd.h"
#include "proto/frame.h"
#include "proto/jsonin.h"

#define VITALS_WAIT_S 5 /* the step has that long; then the heartbeat goes without */
#define FRAME_WHOLE   (FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC)

static void
arm(struct netd *n, uint64_t seconds)
{
	struct timeval tv = {.tv_sec = (time_t)seconds};

	event_add(n->beat_timer, &tv);
}

static void
ready(struct netd *n)
{
	n->beat = BEAT_READY;
	arm(n, n->interval);
	netd_wake(&n->client[CL_WORK]);
}

static void
ask(struct netd *n)
{
	n->beat = BEAT_ASKED;
	n->have_heads = n->have_vitals = 0;
	free(n->vitals);
	n->vitals = NULL;
	n->vitalslen = 0;
	netd_tell(n, MSG_VITALS_ASK, msg_num_put(++n->asknum));
	arm(n, VITALS_WAIT_S);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct netd *n = arg;

	(void)fd;
	(void)what;
	if (n->stopping)
		return;
	if (n->beat != BEAT_ASKED) {
		ask(n); /* one that was not sent yet is taken back: newer figures are better */
		return;
	}
	if (n->have_heads) {
		ready(n);
		return;
	}
	log_warnx("heartbeat: reeve-privd gives no figures");
	n->beat = BEAT_IDLE;
	arm(n, n->interval);
}

void
netd_beat_init(struct netd *n)
{
	static const struct timeval now = {0, 0};

	n->interval = n->conf->heartbeat;
	if ((n->beat_timer = evtimer_new(n->base, on_timer, n)) == NULL ||
	    event_add(n->beat_timer, &now) == -1)
		fatalx("out of memory");
}

static void
both(struct netd *n)
{
	if (n->beat == BEAT_ASKED && n->have_heads && n->have_vitals)
		ready(n);
}

void
netd_beat_heads(struct netd *n, const struct msg_heads *h)
{
	n->heads = *h;
	if (h->nids > 0)
		memcpy(n->head_ids, h->ids, 16 * h->nids);
	n->have_heads = 1;
	both(n);
}

/* Adds the payload of a DATA frame. */
static int
add_data(struct netd *n, const struct frame *f)
{
	char *p;

	if (n->vitalslen + f->len > API_VITALS_MAX ||
	    (p = realloc(n->vitals, n->vitalslen + f->len + 1)) == NULL)
		return -1;
	memcpy(p + n->vitalslen, f->data, f->len);
	n->vitals = p;
	n->vitalslen += f->len;
	p[n->vitalslen] = '\0';
	return 0;
}

/* All DATA frames of the spool. 0, or -1 when it is none, or holds too much. */
static int
read_frames(struct netd *n, int fd, uint8_t *buf, size_t size)
{
	off_t at = FRAME_HEADLEN;
	struct frame f;
	ssize_t got, len;

	if (pread(fd, buf, FRAME_HEADLEN, 0) != FRAME_HEADLEN ||
	    memcmp(buf, FRAME_HEAD, FRAME_HEADLEN) != 0)
		return -1;
	while ((got = pread(fd, buf, size, at)) > 0) {
		if ((len = frame_get(buf, (size_t)got, &f)) <= 0)
			return len == 0 ? 0 : -1;
		if (f.type == FR_DATA && add_data(n, &f) == -1)
			return -1;
		at += len;
	}
	return got == 0 ? 0 : -1;
}

static void
read_vitals(struct netd *n, int fd)
{
	uint8_t *buf;
	struct errmsg e = {"the spool of the step is malformed"};
	int rv = -1;

	if ((buf = malloc(FRAME_WHOLE)) != NULL)
		rv = read_frames(n, fd, buf, FRAME_WHOLE);
	free(buf);
	if (rv == 0 && n->vitals != NULL)
		rv = json_gate(n->vitals, n->vitalslen, &e);
	if (rv == 0 && n->vitals != NULL && n->vitals[0] == '{')
		return;
	if (rv == -1)
		log_warnx("heartbeat: figures: %s", e.text);
	free(n->vitals);
	n->vitals = NULL;
	n->vitalslen = 0;
}

void
netd_beat_vitals(struct netd *n, uint32_t number, int fd)
{
	if (fd == -1)
		return;
	if (n->beat == BEAT_ASKED && number == n->asknum && !n->have_vitals) {
		read_vitals(n, fd);
		n->have_vitals = 1;
	}
	close(fd);
	both(n);
}

/* ---- the call ---- */

static void
fill_conf(struct api_heartbeat *b, const struct netd_conf *c)
{
	snprintf(b->hostname, sizeof(b->hostname), "%s", c->host_name);
	snprintf(b->version, sizeof(b->version), "%s", c->version);
	b->ntags = c->ntags;
	for (size_t i = 0; i < c->ntags; i++) {
		memcpy(b->tag[i].name, c->tag[i].name, sizeof(b->tag[i].name));
		memcpy(b->tag[i].value, c->tag[i].value, sizeof(b->tag[i].value));
	}
	b->naddresses = c->naddresses;
	memcpy(b->address, c->address, sizeof(b->address));
	b->nkinds = c->nkinds;
	memcpy(b->kind, c->kind, sizeof(b->kind));
}

static char *
beat_text(struct netd *n)
{
	struct api_heartbeat *b;
	char *text;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	fill_conf(b, n->conf);
	snprintf(b->boot_id, sizeof(b->boot_id), "%s", n->boot_id);
	b->seq = ++n->beats;
	b->ledger_seq = n->heads.ledger;
	b->audit_seq = n->heads.audit;
	str_hex(b->audit_chain, n->heads.chain, sizeof(n->heads.chain));
	for (size_t i = 0; i < n->heads.nids && i < API_RUNNING; i++)
		str_hex(b->running[b->nrunning++], n->head_ids[i], 16);
	b->vitals = n->vitals;
	b->vitalslen = n->vitalslen;
	text = api_heartbeat_put(b);
	free(b);
	return text;
}

int
netd_beat_send(struct client *c)
{
	struct netd *n = c->n;
	struct netd_call call = {
	    .kind = CALL_BEAT, .method = "POST", .path = "heartbeat", .max = API_BODY_MAX};
	char *text;
	int rv;

	n->beat = BEAT_IDLE;
	if ((text = beat_text(n)) == NULL) {
		log_warnx("heartbeat: it cannot be written");
		return 0;
	}
	call.body = text;
	call.len = strlen(text);
	rv = netd_client_call(c, &call);
	free(text);
	return rv == 0;
}

/* The link was away: a poll from before may wait for an answer that will never come. */
static void
claim_anew(struct netd *n)
{
	struct client *c = &n->client[CL_CLAIM];

	n->lost = 0;
	if (c->call == CALL_CLAIM)
		netd_client_drop(c);
	c->notbefore = 0;
	backoff_reset(&c->backoff);
}

void
netd_beat_reply(struct client *c, const struct reply *r)
{
	struct netd *n = c->n;
	struct api_beat b;
	struct errmsg e;
	uint64_t was = n->interval;

	if (netd_judge(c, r, 0) != D_OK) {
		n->contact = 0;
		if (r->fault == NETF_TIME || r->fault == NETF_CONNECT)
			n->lost = 1;
		/* the same figures again as soon as calls may go, unless newer ones come first */
		if (r->fault != NETF_NONE && n->beat == BEAT_IDLE)
			n->beat = BEAT_READY;
		return;
	}
	if (api_beat_get(&b, r->body, r->len, &e) == -1) {
		log_warnx("heartbeat: the answer: %s", e.text);
		return;
	}
	if (!n->contact || n->cloned)
		log_info("in contact with %s (seen as %s)", n->conf->host, b.seen_address);
	n->contact = 1;
	n->cloned = 0;
	n->interval = b.interval < NETD_BEAT_MIN ? NETD_BEAT_MIN : b.interval;
	if (n->interval > NETD_BEAT_MAX)
		n->interval = NETD_BEAT_MAX;
	if (n->interval != was && n->beat == BEAT_IDLE)
		arm(n, n->interval);
	if (n->lost)
		claim_anew(n);
	netd_wake(&n->client[CL_CLAIM]);
}
