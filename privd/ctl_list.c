/* reevectl's lists of jobs: all of them a line each, and one of them whole. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/control_client.h"
#include "privd/verify.h"

#define LIST_QUEUED (IMSG_QUEUE_MAX / 4) /* more than this waits until the client reads */
#define LIST_TURN   32			 /* jobs a turn of the loop: others want it too */

/* Who asked for it, from the stored ticket. */
static void
add_requester(struct ibuf *ib, const struct ledger_rec *rec)
{
	struct verified *v;
	struct ticket *t = calloc(1, sizeof(*t));
	struct errmsg e;

	v = verified_from_ledger(rec->ticket, rec->ticketlen, &e);
	if (v != NULL && t != NULL && verified_parse(v, t, &e) == 0)
		msg_item_add(ib, "requester", t->requester);
	verified_free(v);
	free(t);
}

/* Items of a result record: what it was and how it ended. */
static void
add_result(struct ibuf *ib, const struct ledger_rec *rec)
{
	struct result *r = calloc(1, sizeof(*r));
	struct errmsg e;

	if (r == NULL || result_parse(r, (const char *)rec->result, rec->resultlen, &e) == -1) {
		log_warnx("control: result record: %s", r == NULL ? "out of memory" : e.text);
		free(r);
		return;
	}
	msg_item_add(ib, "kind", r->kind);
	msg_item_add(ib, "end", end_name(r->end));
	msg_item_add(ib, "reason", r->reason);
	msg_item_addu(ib, "accepted", r->accepted);
	msg_item_addu(ib, "started", r->started);
	msg_item_addu(ib, "finished", r->finished);
	free(r);
}

static void
add_live(struct ibuf *ib, const struct job *j)
{
	msg_item_add(ib, "id", j->idhex);
	msg_item_add(ib, "kind", j->t->kind->name);
	msg_item_add(ib, "state", job_phasename(j));
	msg_item_addu(ib, "accepted", j->accepted);
	msg_item_addu(ib, "started", j->started);
	msg_item_add(ib, "origin", j->origin);
	msg_item_add(ib, "requester", j->t->requester);
	msg_item_add(ib, "key", j->key);
}

/* The ledger's buffer holds one record at a time: what is needed of one goes out before the next.
 */
static void
add_known(struct privd *p, struct ibuf *ib, const struct known *k)
{
	char idhex[33];
	struct ledger_rec rec;
	struct errmsg e;

	str_hex(idhex, k->id, 16);
	msg_item_add(ib, "id", idhex);
	msg_item_add(ib, "state", k->acked ? "acknowledged" : "finished");
	if (ledger_read(p->ledger, k->accepted_off, &rec, &e) == 0) {
		msg_item_add(ib, "origin", rec.origin);
		msg_item_add(ib, "key", rec.key);
		add_requester(ib, &rec);
	}
	if (ledger_read(p->ledger, k->finished_off, &rec, &e) == 0)
		add_result(ib, &rec);
}

static int
by_offset(const void *a, const void *b)
{
	off_t x = *(const off_t *)a, y = *(const off_t *)b;

	return x < y ? -1 : x > y;
}

/* One job of the list: it may have ended, or been forgotten, since the list was made. */
static void
send_one(struct client *c, off_t off)
{
	struct privd *p = c->p;
	struct ledger_rec rec;
	struct ibuf *ib;
	struct errmsg e;
	const struct job *j;
	const struct known *k = NULL;
	uint8_t id[16];

	if (ledger_read(p->ledger, off, &rec, &e) == -1) {
		log_warnx("control: %s", e.text);
		return;
	}
	memcpy(id, rec.id, 16);
	if ((j = jobs_find(p, id)) == NULL && (k = known_find(p, id)) == NULL)
		return;
	if ((ib = msg_item_open()) == NULL)
		return;
	if (j != NULL)
		add_live(ib, j);
	else
		add_known(p, ib, k);
	client_send(c, MSG_CTL_ITEM, ib);
}

static void
on_more(void *arg)
{
	client_more(arg);
}

void
client_more(struct client *c)
{
	unsigned int n = 0;

	if (c->list == NULL)
		return;
	while (!c->ended && c->nextlist < c->nlist) {
		if (imsgbuf_queued(c->chan) > LIST_QUEUED)
			return; /* goes on when the client has read */
		if (n++ == LIST_TURN) {
			loop_timer_set(&c->list_t, 0, on_more, c);
			return;
		}
		send_one(c, c->list[c->nextlist++]);
	}
	free(c->list);
	c->list = NULL;
	client_send(c, MSG_CTL_END, NULL);
}

int
privd_on_CTL_JOBS(struct client *c, struct imsg *m)
{
	const struct jobs *js = c->p->jobs;
	const struct job *j;
	size_t n = 0;

	(void)m;
	if (c->list != NULL) {
		client_err(c, "the list asked for before is still being sent");
		return 0;
	}
	if (c->p->ledger == NULL) {
		client_err(c, "the ledger is not open: %s", c->p->rekey_why);
		return 0;
	}
	c->list = calloc(js->nknown + js->nlive + 1, sizeof(*c->list));
	if (c->list == NULL) {
		client_err(c, "out of memory");
		return 0;
	}
	for (size_t i = 0; i < js->nknown; i++)
		c->list[n++] = js->known[i].accepted_off;
	TAILQ_FOREACH (j, &js->live, link)
		c->list[n++] = j->accepted_off;
	qsort(c->list, n, sizeof(*c->list), by_offset);
	c->nlist = n;
	c->nextlist = 0;
	client_more(c);
	return 0;
}

/* The ticket's text; its sealed arguments are ciphertext. */
static void
add_ticket(struct privd *p, struct ibuf *ib, off_t off)
{
	char text[TICKET_MAX + 1];
	struct ledger_rec rec;
	struct errmsg e;

	if (ledger_read(p->ledger, off, &rec, &e) == -1 || rec.ticketlen > TICKET_MAX)
		return;
	memcpy(text, rec.ticket, rec.ticketlen);
	text[rec.ticketlen] = '\0';
	msg_item_add(ib, "ticket", text);
}

static void
add_record(struct privd *p, struct ibuf *ib, off_t off)
{
	char text[SIGNIFY_TEXT_MAX], *b64, *nl;
	struct ledger_rec rec;
	struct errmsg e;

	if (ledger_read(p->ledger, off, &rec, &e) == -1 || rec.resultlen >= sizeof(text))
		return;
	memcpy(text, rec.result, rec.resultlen);
	text[rec.resultlen] = '\0';
	msg_item_add(ib, "result", text);
	/* the line of base64 alone, as messages carry it */
	if (sig_write(&rec.resultsig, "reeve result", text, sizeof(text)) == -1 ||
	    (b64 = strchr(text, '\n')) == NULL || (nl = strchr(++b64, '\n')) == NULL)
		return;
	*nl = '\0';
	msg_item_add(ib, "signature", b64);
}

int
privd_on_CTL_SHOW(struct client *c, struct imsg *m)
{
	const struct known *k;
	const struct job *j;
	struct ibuf *ib;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	j = jobs_find(c->p, id);
	k = known_find(c->p, id);
	if (j == NULL && k == NULL) {
		client_err(c, "no such job");
		return 0;
	}
	if ((ib = msg_item_open()) == NULL) {
		client_err(c, "out of memory");
		return 0;
	}
	if (j != NULL) {
		add_live(ib, j);
		add_ticket(c->p, ib, j->accepted_off);
	} else {
		add_known(c->p, ib, k);
		add_ticket(c->p, ib, k->accepted_off);
		add_record(c->p, ib, k->finished_off);
	}
	client_send(c, MSG_CTL_ITEM, ib);
	client_send(c, MSG_CTL_END, NULL);
	return 0;
}
