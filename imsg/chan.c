/* A channel that libevent drives: netd and ctld. */
#include <sys/time.h>

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imsg/chan.h"

struct chan {
	struct imsgbuf *b;
	struct event *rd, *wr;
	struct event *end; /* tells the owner from the loop, never from within his own call */
	struct chan_ops ops;
	void *arg;
	int over, closed; /* over: nothing moves any more; closed: because the peer left */
	int busy, freed;  /* chan_free() from within a callback waits for its return */
	char why[160];
};

/* Stops everything and lets the loop call gone(). WHY NULL: the peer closed. */
static void
chan_over(struct chan *c, const char *why)
{
	if (c->over)
		return;
	c->over = 1;
	c->closed = why == NULL;
	snprintf(c->why, sizeof(c->why), "%s", why != NULL ? why : "");
	event_del(c->rd);
	event_del(c->wr);
	event_active(c->end, EV_TIMEOUT, 1);
}

static void
on_end(int fd, short what, void *arg)
{
	struct chan *c = arg;

	(void)fd;
	(void)what;
	c->ops.gone(c->closed ? NULL : c->why, c->arg);
}

static void
over_errno(struct chan *c, const char *what)
{
	char why[160];

	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	chan_over(c, why);
}

static void
over_message(struct chan *c, uint32_t type, const char *what)
{
	const struct msg_row *r = msg_row(type);
	char why[160];

	snprintf(
	    why, sizeof(why), "message %u (%s): %s", type, r != NULL ? r->name : "none such", what);
	chan_over(c, why);
}

static int
write_some(struct chan *c)
{
	if (c->over)
		return -1;
	if (imsgbuf_write(c->b) == -1) {
		/* Its last words may still wait to be read; the end shows there. */
		if (errno == EPIPE || errno == ECONNRESET) {
			event_del(c->wr);
			return 0;
		}
		over_errno(c, "write");
		return -1;
	}
	if (imsgbuf_queued(c->b) > 0)
		event_add(c->wr, NULL);
	else
		event_del(c->wr);
	return 0;
}

static void
release(struct chan *c)
{
	event_free(c->rd);
	event_free(c->wr);
	event_free(c->end);
	imsgbuf_free(c->b);
	free(c);
}

static void
on_write(int fd, short what, void *arg)
{
	struct chan *c = arg;

	(void)fd;
	(void)what;
	if (write_some(c) == -1 || imsgbuf_queued(c->b) > 0 || c->ops.drained == NULL)
		return;
	c->busy = 1;
	c->ops.drained(c->arg);
	c->busy = 0;
	if (c->freed)
		release(c);
}

/* Hands out what came whole. */
static void
deliver(struct chan *c)
{
	enum msg_verdict v;
	struct imsg m;
	int n;

	while (!c->over && !c->freed) {
		if ((n = imsgbuf_get(c->b, &m, &v)) == 0)
			return;
		if (n == -1) {
			over_message(c, m.type, msg_verdict_name(v));
			return;
		}
		n = c->ops.msg(&m, c->arg);
		if (n == -1)
			over_message(c, m.type, "malformed");
		imsg_free(&m);
	}
}

static void
on_read(int fd, short what, void *arg)
{
	struct chan *c = arg;
	int n;

	(void)fd;
	(void)what;
	n = imsgbuf_read(c->b);
	if (n == 0)
		chan_over(c, imsgbuf_partial(c->b) ? "closed in the middle of a message" : NULL);
	else if (n == -1 && errno == EBADMSG)
		chan_over(c, "descriptors that do not belong here");
	else if (n == -1 && errno != EAGAIN)
		over_errno(c, "read");
	if (n != 1)
		return;
	c->busy = 1;
	deliver(c);
	c->busy = 0;
	if (c->freed)
		release(c);
}

struct chan *
chan_new(struct event_base *base, int fd, enum room self, enum room peer, int fds,
    const struct chan_ops *ops, void *arg)
{
	struct chan *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->ops = *ops;
	c->arg = arg;
	c->rd = event_new(base, fd, EV_READ | EV_PERSIST, on_read, c);
	c->wr = event_new(base, fd, EV_WRITE | EV_PERSIST, on_write, c);
	c->end = event_new(base, -1, 0, on_end, c);
	/* the last step that can fail: until here FD is the caller's */
	if (c->rd != NULL && c->wr != NULL && c->end != NULL && event_add(c->rd, NULL) == 0 &&
	    (c->b = imsgbuf_new(fd, self, peer)) != NULL) {
		if (fds)
			imsgbuf_allow_fds(c->b);
		return c;
	}
	if (c->rd != NULL)
		event_free(c->rd);
	if (c->wr != NULL)
		event_free(c->wr);
	if (c->end != NULL)
		event_free(c->end);
	free(c);
	return NULL;
}

int
chan_send(struct chan *c, uint32_t type, struct ibuf *ib)
{
	if (c->over || c->freed) {
		ibuf_free(ib);
		return -1;
	}
	if (imsg_compose(c->b, type, ib, NULL, 0) == -1) {
		over_message(
		    c, type, errno == ENOBUFS ? "the peer does not read" : strerror(errno));
		return -1;
	}
	return write_some(c);
}

size_t
chan_queued(const struct chan *c)
{
	return imsgbuf_queued(c->b);
}

struct msg_gate *
chan_gate(struct chan *c)
{
	return imsgbuf_gate(c->b);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
chan_drain(struct chan *c, int ms)
{
	int64_t until = now_ms() + ms, left;
	struct pollfd p = {.fd = imsgbuf_fd(c->b), .events = POLLOUT};

	while (!c->over) {
		if (imsgbuf_write(c->b) == -1)
			return -1;
		if (imsgbuf_queued(c->b) == 0)
			return 0;
		if ((left = until - now_ms()) <= 0)
			return -1;
		if (poll(&p, 1, (int)left) == -1 && errno != EINTR)
			return -1;
	}
	return -1;
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	if (c->busy) {
		/* its loop still stands on the stack: on_read() lets go of it */
		c->freed = 1;
		event_del(c->rd);
		event_del(c->wr);
		event_del(c->end);
		return;
	}
	release(c);
}
