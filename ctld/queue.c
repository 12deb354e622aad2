/* Held polls, waits and their index (ctld/queue.h); the agent's claim. */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ctld/held.h"
#include "ctld/route.h"
#include "lib/log.h"

#define BUCKETS	  4096
#define LOST_RUNS 64 /* of a host that is gone, at a time */

struct poll_held {
	LIST_ENTRY(poll_held) next;
	struct req *r;
	struct event *timer;
	char host_id[33];
	uint32_t kinds, want;
};

LIST_HEAD(polls, poll_held);
LIST_HEAD(helds, held);

struct queue {
	struct ctld *c;
	struct event *tick;
	uint64_t outbytes;
	struct polls poll[BUCKETS]; /* by host */
	struct helds job[BUCKETS];  /* by job */
};

/* Ids are random: their first digits spread well, and nobody outside chooses them for long. */
static unsigned int
bucket(const char *id)
{
	unsigned int h = 2166136261U;

	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * 16777619U;
	return h % BUCKETS;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct queue *q = arg;

	(void)fd;
	(void)what;
	queue_tick(q->c);
}

struct queue *
queue_new(struct ctld *c, struct errmsg *e)
{
	static const struct timeval second = {1, 0};
	struct queue *q = calloc(1, sizeof(*q));

	if (q == NULL || (q->tick = event_new(c->base, -1, EV_PERSIST, on_tick, q)) == NULL ||
	    event_add(q->tick, &second) == -1) {
		queue_free(q);
		(void)err_set(e, "out of memory");
		return NULL;
	}
	q->c = c;
	q->outbytes = output_count(c);
	c->queue = q;
	return q;
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	if (q->tick != NULL)
		event_free(q->tick);
	if (q->c != NULL)
		q->c->queue = NULL;
	free(q);
}

struct jobq
queue_jobq(const struct ctld *c)
{
	struct jobq q = {c->store, c->fleet, ctld_now(), c->conf->lease};

	return q;
}

uint64_t
queue_outbytes(const struct ctld *c, int64_t add)
{
	c->queue->outbytes += (uint64_t)add;
	return c->queue->outbytes;
}

/* ---- what waits for a job ---- */

void
held_add(struct ctld *c, struct held *h)
{
	LIST_INSERT_HEAD(&c->queue->job[bucket(h->job_id)], h, next);
}

void
held_remove(struct held *h)
{
	LIST_REMOVE(h, next);
}

void
queue_moved(struct ctld *c, const char *job_id)
{
	struct held *h, *after;

	for (h = LIST_FIRST(&c->queue->job[bucket(job_id)]); h != NULL; h = after) {
		after = LIST_NEXT(h, next);
		if (strcmp(h->job_id, job_id) == 0)
			h->moved(h);
	}
}

void
queue_oper_lost(struct ctld *c, const char *name)
{
	struct held *h, *after;

	for (size_t i = 0; i < BUCKETS; i++)
		for (h = LIST_FIRST(&c->queue->job[i]); h != NULL; h = after) {
			after = LIST_NEXT(h, next);
			if (strcmp(h->oper, name) != 0)
				continue;
			h->lost = 1;
			h->moved(h);
		}
}

/* ---- claims ---- */

static struct poll_held *
poll_find(struct ctld *c, const char *host_id)
{
	struct poll_held *p;

	LIST_FOREACH (p, &c->queue->poll[bucket(host_id)], next)
		if (strcmp(p->host_id, host_id) == 0)
			return p;
	return NULL;
}

/* Takes it out of the index; the request is the caller's again. */
static struct req *
poll_release(struct poll_held *p)
{
	struct req *r = p->r;

	LIST_REMOVE(p, next);
	event_free(p->timer);
	free(p);
	r->gone = NULL;
	return r;
}

static void
poll_gone(struct req *r, void *arg)
{
	(void)r;
	(void)poll_release(arg);
}

static void
poll_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	req_empty(poll_release(arg), 204);
}

/* 1 when R can be answered: *JSON, or NULL with CODE and E. */
static int
ask(struct ctld *c, const char *host_id, uint32_t want, uint32_t kinds, char **json,
    enum api_errcode *code, struct errmsg *e)
{
	struct jobq q = queue_jobq(c);
	struct api_claimed out;
	int any;

	*json = NULL;
	if ((*code = jobq_offer(&q, host_id, want, kinds, &out, e)) != API_OK) {
		api_claimed_free(&out);
		return 1;
	}
	if ((any = out.njobs > 0 || out.ncancels > 0) && (*json = api_claimed_put(&out)) == NULL)
		*code = API_ERR_INTERNAL;
	api_claimed_free(&out);
	return any;
}

static void
answer(struct req *r, char *json, enum api_errcode code, const struct errmsg *e)
{
	if (code != API_OK)
		req_error(r, code, "%s", e->text);
	else
		req_json_durable(r, 200, json);
}

void
queue_wake(struct ctld *c, const char *host_id)
{
	struct poll_held *p = poll_find(c, host_id);
	struct errmsg e = {""};
	enum api_errcode code;
	char *json;

	if (p != NULL && ask(c, host_id, p->want, p->kinds, &json, &code, &e))
		answer(poll_release(p), json, code, &e);
}

void
queue_poll_end(struct ctld *c, const char *host_id)
{
	struct poll_held *p = poll_find(c, host_id);

	if (p != NULL)
		req_empty(poll_release(p), 204);
}

int
queue_host_lost(struct ctld *c, const char *host_id, const char *why, struct errmsg *e)
{
	struct run *run = calloc(LOST_RUNS, sizeof(*run));
	struct jobq q = queue_jobq(c);
	size_t n = 0, i;
	int rc = run == NULL ? err_set(e, "out of memory") : 0;

	queue_poll_end(c, host_id);
	do {
		if (rc == 0)
			rc = store_run_open(c->store, host_id, LOST_RUNS, run, &n, e);
		for (i = 0; rc == 0 && i < n; i++) {
			if ((rc = jobq_lost(&q, &run[i], why, e)) == 0)
				queue_moved(c, run[i].job_id);
		}
	} while (rc == 0 && n == LOST_RUNS);
	free(run);
	return rc;
}

static int
hold(struct req *r, const struct api_claim *m, uint64_t wait)
{
	const struct timeval tv = {(time_t)wait, 0};
	struct poll_held *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->timer = evtimer_new(r->c->base, poll_over, p)) == NULL ||
	    evtimer_add(p->timer, &tv) == -1) {
		if (p != NULL && p->timer != NULL)
			event_free(p->timer);
		free(p);
		return -1;
	}
	memcpy(p->host_id, r->host.id, sizeof(p->host_id));
	p->kinds = jobq_kinds(m);
	p->want = m->free;
	p->r = r;
	req_hold(r, poll_gone, p);
	LIST_INSERT_HEAD(&r->c->queue->poll[bucket(p->host_id)], p, next);
	return 0;
}

/* POST claim?wait=N */
void
on_claim(struct req *r)
{
	struct errmsg e = {""};
	enum api_errcode code;
	struct api_claim m;
	uint64_t wait;
	char *json;

	if (req_query_u64(r, "wait", 0, 86400, &wait) == -1)
		return;
	if (api_claim_get(&m, (const char *)r->body, r->bodylen, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	/* one poll a host: its newest process */
	queue_poll_end(r->c, r->host.id);
	if (ask(r->c, r->host.id, m.free, jobq_kinds(&m), &json, &code, &e))
		answer(r, json, code, &e);
	else if (wait == 0)
		req_empty(r, 204);
	else if (hold(r, &m, wait > API_WAIT_MAX ? API_WAIT_MAX : wait) == -1)
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
}
