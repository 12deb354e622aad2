/* GET /v1/jobs/:id/wait?timeout=N&done=M: answered as soon as more than M runs are final. */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ctld/held.h"
#include "ctld/route.h"

#define WAIT_MAX 50

struct waiting {
	struct held held;
	struct req *r;
	struct event *timer;
	uint64_t done;
};

static struct req *
wait_release(struct waiting *w)
{
	struct req *r = w->r;

	held_remove(&w->held);
	event_free(w->timer);
	free(w);
	r->gone = NULL;
	return r;
}

static void
wait_gone(struct req *r, void *arg)
{
	(void)r;
	(void)wait_release(arg);
}

/* The job as it is: *FINAL runs are final. NULL when it is gone or the store failed. */
static char *
look(struct req *r, const char *id, size_t *final)
{
	struct errmsg e;
	struct job j;

	*final = SIZE_MAX;
	if (store_job_get(r->c->store, id, &j, &e) != 0)
		return NULL;
	return job_doc(r->c, &j, JD_RUNS, final);
}

static void
wait_moved(struct held *h)
{
	struct waiting *w = (struct waiting *)h;
	size_t final;
	char *doc;

	if (w->held.lost) {
		req_error(wait_release(w), API_ERR_UNAUTHORIZED, "there is no such token");
		return;
	}
	doc = look(w->r, w->held.job_id, &final);
	if (final > w->done)
		req_json_durable(wait_release(w), 200, doc);
	else
		free(doc);
}

static void
wait_over(evutil_socket_t fd, short what, void *arg)
{
	struct waiting *w = arg;
	size_t final;
	char *doc = look(w->r, w->held.job_id, &final);

	(void)fd;
	(void)what;
	req_json(wait_release(w), 202, doc);
}

static void
wait_begin(struct req *r, uint64_t timeout, uint64_t done)
{
	const struct timeval tv = {(time_t)timeout, 0};
	struct waiting *w = calloc(1, sizeof(*w));

	if (w == NULL || (w->timer = evtimer_new(r->c->base, wait_over, w)) == NULL ||
	    evtimer_add(w->timer, &tv) == -1) {
		if (w != NULL && w->timer != NULL)
			event_free(w->timer);
		free(w);
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
		return;
	}
	w->r = r;
	w->done = done;
	memcpy(w->held.job_id, r->arg[0], sizeof(w->held.job_id));
	memcpy(w->held.oper, r->oper.name, sizeof(w->held.oper));
	w->held.moved = wait_moved;
	held_add(r->c, &w->held);
	req_hold(r, wait_gone, w);
}

void
on_job_wait(struct req *r)
{
	uint64_t timeout, done;
	struct errmsg e;
	struct job j;
	size_t final;
	char *doc;
	int rc;

	if (req_query_u64(r, "timeout", WAIT_MAX, 86400, &timeout) == -1 ||
	    req_query_u64(r, "done", 0, TICKET_HOSTS, &done) == -1)
		return;
	if ((rc = store_job_get(r->c->store, r->arg[0], &j, &e)) != 0) {
		req_error(r, rc == 1 ? API_ERR_NOT_FOUND : API_ERR_INTERNAL,
		    rc == 1 ? "no such job" : "the database failed");
		return;
	}
	doc = job_doc(r->c, &j, JD_RUNS, &final);
	if (doc == NULL || final > done)
		req_json_durable(r, 200, doc);
	else if (timeout == 0)
		req_json(r, 202, doc);
	else {
		free(doc);
		wait_begin(r, timeout > WAIT_MAX ? WAIT_MAX : timeout, done);
	}
}
