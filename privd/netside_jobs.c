/* A netd's requests about jobs, and what it is told of them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/netside_pair.h"

#define BLOB_MS 60000 /* a ticket whose blobs do not come is forgotten */

static struct offer *
offer_find(struct pair *pr, const uint8_t id[16])
{
	struct offer *o;

	TAILQ_FOREACH (o, &pr->offers, link)
		if (memcmp(o->id, id, 16) == 0)
			return o;
	return NULL;
}

/* Its state, and its result if there is one, are told from the start again. */
static void
offer_add(struct pair *pr, const uint8_t id[16], uint64_t fence)
{
	struct offer *o = offer_find(pr, id);

	if (o == NULL) {
		if ((o = calloc(1, sizeof(*o))) == NULL)
			fatalx("out of memory");
		memcpy(o->id, id, 16);
		TAILQ_INSERT_TAIL(&pr->offers, o, link);
		pr->noffers++;
	}
	pr->ntold -= o->told != 0;
	o->fence = fence;
	o->told = 0;
	o->exited = 0;
}

static void
offer_drop(struct pair *pr, struct offer *o)
{
	TAILQ_REMOVE(&pr->offers, o, link);
	pr->noffers--;
	pr->ntold -= o->told != 0;
	pr->nstreams -= o->streamed;
	free(o);
}

/* ---- telling ---- */

static void
send_state(
    struct pair *pr, const uint8_t id[16], enum job_state state, uint64_t fence, const char *reason)
{
	struct msg_state m = {.state = (uint8_t)state, .fence = fence};

	memcpy(m.id, id, 16);
	snprintf(m.reason, sizeof(m.reason), "%.*s", REASON_MAX, reason);
	for (char *c = m.reason; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	pair_send(pr, MSG_JOB_STATE, msg_state_put(&m), NULL, 0);
}

/* Passes the spool on. 1 done, or there is nothing to pass; 0 not now. */
static int
tell_stream(struct pair *pr, struct offer *o, unsigned int most)
{
	struct spool *s = pr->p->spool;
	struct errmsg e;
	int fds[2];

	if (o->streamed || !spool_there(s, o->id))
		return 1;
	if (pr->nstreams >= most)
		return 0;
	/* without an inotify fd left a timer does: late output is better than none */
	if (spool_stream(s, o->id, fds, &e) == -1 && spool_look(s, o->id, fds, &e) == -1) {
		log_warnx("server %s: %s", pr->name, e.text);
		return 0;
	}
	o->streamed = 1;
	pr->nstreams++;
	pair_send(pr, MSG_JOB_STREAM, msg_id_put(o->id), fds, 2);
	return 1;
}

static void
tell_state(struct pair *pr, struct offer *o, enum job_state state)
{
	pr->ntold += o->told == 0;
	o->told = (uint8_t)state;
	send_state(pr, o->id, state, o->fence, "");
}

static void
tell_live(struct pair *pr, struct offer *o, const struct job *j)
{
	enum job_state now = j->started != 0 ? JS_STARTED : JS_ACCEPTED;

	if (o->told < (uint8_t)now)
		tell_state(pr, o, now);
	if (pair_running(pr) && (j->started != 0 || j->phase != JP_QUEUED))
		(void)tell_stream(pr, o, PAIR_STREAMS);
}

static void
tell_known(struct pair *pr, struct offer *o, const struct known *k)
{
	struct msg_exit ex;
	struct ledger_rec rec;
	struct errmsg e;

	if (o->exited)
		return;
	if (o->told == 0)
		tell_state(pr, o, JS_FINISHED);
	if (!pair_running(pr) ||
	    !tell_stream(pr, o, o->told == JS_FINISHED ? PAIR_OLD : PAIR_STREAMS) ||
	    !pair_running(pr))
		return;
	if (ledger_read(pr->p->ledger, k->finished_off, &rec, &e) == -1) {
		log_warnx("server %s: %s", pr->name, e.text);
		return;
	}
	memcpy(ex.id, o->id, 16);
	ex.sig = rec.resultsig;
	ex.record = rec.result;
	ex.len = rec.resultlen;
	o->exited = 1;
	pair_send(pr, MSG_JOB_EXIT, msg_exit_put(&ex), NULL, 0);
}

/* 1 when a next one may be told of: what netd has not read yet is enough. */
static int
tell_one(struct pair *pr, struct offer *o)
{
	const struct job *j = jobs_find(pr->p, o->id);
	const struct known *k = j == NULL ? known_find(pr->p, o->id) : NULL;

	if (imsgbuf_queued(pr->netd.chan) > 0)
		return 0;
	if ((j != NULL || k != NULL) && o->told == 0 && pr->ntold >= PAIR_TOLD)
		return 1; /* until others are acknowledged */
	if (j != NULL)
		tell_live(pr, o, j);
	else if (k != NULL)
		tell_known(pr, o, k);
	else
		offer_drop(pr, o); /* older than keep-days */
	return pair_running(pr);
}

void
pair_tell(struct pair *pr)
{
	struct offer *o, *next;

	for (o = TAILQ_FIRST(&pr->offers); o != NULL && pair_running(pr); o = next) {
		next = TAILQ_NEXT(o, link);
		if (!tell_one(pr, o))
			return;
	}
}

/* The origin and the fence of a finished job, from the ledger. 1 when it came from server NAME. */
static int
came_from(struct privd *p, const char *name, const struct known *k, uint64_t *fence)
{
	struct ledger_rec rec;
	struct errmsg e;

	if (ledger_read(p->ledger, k->accepted_off, &rec, &e) == -1) {
		log_warnx("server %s: %s", name, e.text);
		return 0;
	}
	*fence = rec.fence;
	return strcmp(rec.origin, name) == 0;
}

const char *
netside_owes(struct privd *p, const uint8_t id[16])
{
	const struct conf *c = p->w.conf;
	const struct known *k = known_find(p, id);
	uint64_t fence;

	for (unsigned int i = 0; k != NULL && !k->acked && i < c->nservers; i++)
		if (came_from(p, c->server[i].name, k, &fence))
			return c->server[i].name;
	return NULL;
}

void
pair_offer_all(struct pair *pr)
{
	struct jobs *js = pr->p->jobs;
	const struct job *j;
	uint64_t fence;

	for (size_t i = 0; i < js->nknown; i++)
		if (!js->known[i].acked && offer_find(pr, js->known[i].id) == NULL &&
		    came_from(pr->p, pr->name, &js->known[i], &fence))
			offer_add(pr, js->known[i].id, fence);
	TAILQ_FOREACH (j, &js->live, link)
		if (strcmp(j->origin, pr->name) == 0 && offer_find(pr, j->id) == NULL)
			offer_add(pr, j->id, j->fence);
	pair_tell(pr);
}

void
netside_job(struct privd *p, const uint8_t id[16])
{
	struct offer *o;
	struct pair *pr;

	(void)p;
	for (unsigned int n = 0; (pr = pair_nth(n)) != NULL; n++)
		if (pair_running(pr) && (o = offer_find(pr, id)) != NULL)
			(void)tell_one(pr, o);
}

/* ---- tickets that wait for blobs ---- */

static void
drop_intake(struct waiting *w, const char *why)
{
	struct pair *pr = w->pair;
	uint8_t id[16];

	if (w->intake == NULL)
		return;
	loop_timer_clear(&w->t);
	(void)intake_needs(w->intake, id);
	intake_drop(pr->p, w->intake);
	w->intake = NULL;
	if (why != NULL)
		send_state(pr, id, JS_REFUSED, w->fence, why);
}

void
pair_drop_intakes(struct pair *pr, const char *why)
{
	for (size_t i = 0; i < PAIR_INTAKES; i++)
		drop_intake(&pr->wait[i], why);
}

void
pair_forget(struct pair *pr)
{
	struct offer *o;

	pair_drop_intakes(pr, NULL);
	while ((o = TAILQ_FIRST(&pr->offers)) != NULL)
		offer_drop(pr, o);
}

static void
on_blob_timeout(void *arg)
{
	drop_intake(arg, "its blobs did not come within 60 s");
}

static struct waiting *
wait_find(struct pair *pr, const uint8_t id[16])
{
	uint8_t has[16];

	for (size_t i = 0; i < PAIR_INTAKES; i++) {
		if (pr->wait[i].intake == NULL)
			continue;
		(void)intake_needs(pr->wait[i].intake, has);
		if (memcmp(has, id, 16) == 0)
			return &pr->wait[i];
	}
	return NULL;
}

static struct waiting *
wait_free(struct pair *pr)
{
	for (size_t i = 0; i < PAIR_INTAKES; i++)
		if (pr->wait[i].intake == NULL)
			return &pr->wait[i];
	return NULL;
}

static void
ask_blob(struct waiting *w)
{
	uint8_t id[16], n;

	n = intake_needs(w->intake, id);
	loop_timer_set(&w->t, BLOB_MS, on_blob_timeout, w);
	pair_send(w->pair, MSG_JOB_NEEDBLOB, msg_needblob_put(id, n), NULL, 0);
}

/* A ticket was judged: what netd hears of it. IN is taken. */
static void
answer(struct pair *pr, enum intake_verdict v, const uint8_t id[16], uint64_t fence,
    struct intake *in, const struct errmsg *e)
{
	struct waiting *w;

	switch (v) {
	case IN_ACCEPTED:
	case IN_KNOWN:
		offer_add(pr, id, fence);
		pair_tell(pr);
		break;
	case IN_REFUSED:
		send_state(pr, id, JS_REFUSED, fence, e->text);
		pair_refused(pr, NULL, id, NULL);
		break;
	case IN_BLOBS:
		if ((w = wait_free(pr)) == NULL) {
			intake_free(pr->p, in);
			send_state(
			    pr, id, JS_REFUSED, fence, "too many tickets wait for their blobs");
			break;
		}
		w->intake = in;
		w->fence = fence;
		ask_blob(w);
		break;
	}
}

/*
 * The id that a ticket claims, for the answer to whoever sent it and for nothing else: nothing is
 * verified yet. Zeros when there is no such line.
 */
static void
claimed_id(const struct msg_submit *m, uint8_t id[16])
{
	static const char line[] = "\nid ";
	const uint8_t *at = memmem(m->ticket, m->len, line, 4);
	char hex[33];

	memset(id, 0, 16);
	if (at == NULL || (size_t)(m->ticket + m->len - at) < 4 + 32)
		return;
	memcpy(hex, at + 4, 32);
	hex[32] = '\0';
	if (str_unhex(id, 16, hex) == -1)
		memset(id, 0, 16);
}

int
privd_on_JOB_SUBMIT(struct side *s, struct imsg *m)
{
	struct pair *pr = s->pair;
	struct msg_submit sub;
	struct intake *in;
	char idhex[33], state[16];
	enum intake_verdict v;
	struct errmsg e;
	uint8_t id[16];

	if (msg_submit_get(m, &sub) == -1)
		return -1;
	claimed_id(&sub, id);
	if (wait_find(pr, id) != NULL)
		return 0; /* it waits for its blobs: the answer to that one is still to come */
	v = intake_submit(pr->p, pr->name, &sub, &in, idhex, state, &e);
	answer(pr, v, id, sub.fence, in, &e);
	return 0;
}

int
privd_on_JOB_BLOB(struct side *s, struct imsg *m)
{
	struct pair *pr = s->pair;
	struct waiting *w;
	struct intake *in;
	struct msg_blob b;
	char idhex[33];
	enum intake_verdict v;
	struct errmsg e;
	uint8_t id[16], before;

	if (msg_blob_get(m, &b) == -1)
		return -1;
	if ((w = wait_find(pr, b.id)) == NULL)
		return 0; /* the rest of a blob that was refused already */
	memcpy(id, b.id, 16);
	in = w->intake;
	before = intake_needs(in, id);
	v = intake_blob(pr->p, in, &b, idhex, &e);
	if (v != IN_BLOBS) {
		loop_timer_clear(&w->t);
		w->intake = NULL;
		answer(pr, v, id, w->fence, NULL, &e);
	} else if (intake_needs(in, id) != before)
		ask_blob(w);
	return 0;
}

/* ---- what became of them ---- */

int
privd_on_RESULT_ACK(struct side *s, struct imsg *m)
{
	struct pair *pr = s->pair;
	struct offer *o;
	struct known *k;
	struct errmsg e;
	uint64_t fence;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	o = offer_find(pr, id);
	if (o == NULL || !o->exited || (k = known_find(pr->p, id)) == NULL) {
		pair_refused(pr, "ack.refuse", id,
		    o == NULL ? "not a job of this server" : "its result was not delivered");
		return 0;
	}
	/* a job that another brought in is forgotten here, and acknowledged there */
	if (came_from(pr->p, pr->name, k, &fence) && job_ack(pr->p, id, &e) == -1) {
		log_warnx("server %s: %s", pr->name, e.text);
		return 0;
	}
	offer_drop(pr, o);
	pair_tell(pr);
	return 0;
}

int
privd_on_JOB_CANCEL(struct side *s, struct imsg *m)
{
	struct pair *pr = s->pair;
	struct errmsg e;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	if (offer_find(pr, id) == NULL)
		err_set(&e, "not a job of this server");
	else if (job_cancel(pr->p, id, pr->name, 0, &e) == 0)
		return 0;
	pair_refused(pr, "cancel.refuse", id, e.text);
	return 0;
}

/* Nothing asks for one yet: a signature that nobody waits for is no harm, and no use. */
int
privd_on_CONFIRM_SIG(struct side *s, struct imsg *m)
{
	struct sig sig;
	uint8_t id[16];

	if (msg_confirmsig_get(m, id, &sig) == -1)
		return -1;
	pair_refused(s->pair, "confirm.refuse", id, "no job waits for a confirmation");
	return 0;
}
