/* An operator follows an output: the bytes that are there, then each more as it comes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctld/held.h"
#include "ctld/route.h"
#include "lib/log.h"
#include "lib/valid.h"

#define PIECE 65536
#define BACKLOG_MAX                                                                  \
	(512 * 1024) /* a slow reader is held back here: nothing more is read for it \
		      */
#define SOON_MS 1    /* until it is looked at again, while it takes what it is given */
#define SLOW_MS 20   /* and at most, while it takes nothing */

struct tail {
	struct held held;
	struct req *r;
	struct ctld *c;
	struct event *slow;
	unsigned int wait; /* milliseconds until the next look */
	uint64_t looked;   /* the offset at the last look */
	char host_id[33];
	int fd; /* -1: no output yet */
	uint64_t offset;
	int follow;
};

static void
tail_free(struct tail *t)
{
	held_remove(&t->held);
	if (t->slow != NULL)
		event_free(t->slow);
	if (t->fd != -1)
		close(t->fd);
	free(t);
}

static void
tail_gone(struct req *r, void *arg)
{
	(void)r;
	tail_free(arg);
}

static void
tail_end(struct tail *t)
{
	struct req *r = t->r;

	r->gone = NULL;
	tail_free(t);
	req_stream_end(r);
}

/* The token that it was asked by is no more, or has expired meanwhile. */
static int
lost(const struct tail *t)
{
	uint64_t end = t->r->oper.expires;

	return t->held.lost || (end != 0 && end <= ctld_now());
}

/* 1 when nothing more can come. */
static int
tail_over(struct tail *t)
{
	struct errmsg e;
	struct run run;

	if (!t->follow)
		return 1;
	if (store_run_get(t->c->store, t->held.job_id, t->host_id, &run, &e) != 0)
		return 1;
	return run_state_final(run.state);
}

/* A reader that took something is looked at soon: at full speed it empties the backlog at once. */
static void
tail_wait(struct tail *t)
{
	struct timeval tv = {0, 0};

	t->wait = t->offset == t->looked ? 2 * t->wait : SOON_MS;
	if (t->wait > SLOW_MS)
		t->wait = SLOW_MS;
	t->looked = t->offset;
	tv.tv_usec = (suseconds_t)t->wait * 1000;
	(void)evtimer_add(t->slow, &tv);
}

/* Sends what there is, as much as the reader takes. */
static void
tail_pump(struct tail *t)
{
	static uint8_t buf[PIECE];
	ssize_t n = 1; /* until a read says that there is no more */

	if (t->fd == -1)
		t->fd = output_open(t->c, t->held.job_id, t->host_id);
	if (lost(t)) {
		tail_end(t);
		return;
	}
	if (t->fd == -1)
		n = 0;
	while (t->fd != -1 && req_backlog(t->r) < BACKLOG_MAX) {
		if ((n = pread(t->fd, buf, sizeof(buf), (off_t)t->offset)) <= 0)
			break;
		if (req_piece(t->r, buf, (size_t)n) == -1) {
			tail_end(t);
			return;
		}
		t->offset += (uint64_t)n;
	}
	if (n == -1)
		log_warn("output of job %s", t->held.job_id);
	if (n > 0)
		tail_wait(t);
	else if (n == -1 || tail_over(t))
		tail_end(t);
}

static void
tail_moved(struct held *h)
{
	struct tail *t = (struct tail *)h;

	if (!evtimer_pending(t->slow, NULL))
		tail_pump(t);
}

static void
tail_slow(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tail_pump(arg);
}

static void
tail_begin(struct req *r, uint64_t offset, int follow)
{
	struct tail *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->slow = evtimer_new(r->c->base, tail_slow, t)) == NULL) {
		free(t);
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
		return;
	}
	t->r = r;
	t->c = r->c;
	t->fd = -1;
	t->wait = SOON_MS;
	t->offset = offset;
	t->follow = follow;
	memcpy(t->held.job_id, r->arg[0], sizeof(t->held.job_id));
	memcpy(t->host_id, r->arg[1], sizeof(t->host_id));
	memcpy(t->held.oper, r->oper.name, sizeof(t->held.oper));
	t->held.moved = tail_moved;
	held_add(r->c, &t->held);
	req_hold(r, tail_gone, t);
	req_stream(r);
	tail_pump(t);
}

/* 1 when it is answered: a small output whose result is here stands in the database. */
static int
tail_small(struct req *r, const struct run *run, uint64_t offset)
{
	uint8_t small[OUTPUT_SMALL];
	struct errmsg e;
	size_t len;
	int rc;

	if (run->end == 0 || (rc = store_run_small(r->c->store, run, small, &len, &e)) == 1)
		return 0;
	if (rc == -1)
		req_error(r, API_ERR_INTERNAL, "the database failed");
	else
		req_bytes(r, 200, "application/octet-stream", offset < len ? small + offset : NULL,
		    offset < len ? len - offset : 0);
	return 1;
}

/* GET jobs/:id/output/:hostid?offset=N&follow=1 */
void
on_job_tail(struct req *r)
{
	uint64_t offset, follow;
	struct errmsg e;
	struct run run;
	int rc;

	if (req_query_u64(r, "offset", 0, INT64_MAX, &offset) == -1 ||
	    req_query_u64(r, "follow", 0, 1, &follow) == -1)
		return;
	rc = store_run_get(r->c->store, r->arg[0], r->arg[1], &run, &e);
	if (rc == -1)
		req_error(r, API_ERR_INTERNAL, "the database failed");
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "no such job, or not on this host");
	else if (!tail_small(r, &run, offset))
		tail_begin(r, offset, (int)follow);
}
