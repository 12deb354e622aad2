/* A channel used by a program that waits for one thing at a time: execd and reevectl. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "imsg/imsg.h"
#include "lib/log.h"

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Until UNTIL (-1 forever). 1 ready, 0 time is up, -1 error. */
static int
wait_for(struct imsgbuf *b, short events, int64_t until)
{
	struct pollfd p = {.fd = imsgbuf_fd(b), .events = events};
	int64_t left = -1;
	int n;

	do {
		if (until != -1 && (left = until - now_ms()) < 0)
			left = 0;
		n = poll(&p, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	return n;
}

int
chan_flush(struct imsgbuf *b)
{
	int64_t until = now_ms() + CHAN_FLUSH_MS;
	int n;

	for (;;) {
		if (imsgbuf_write(b) == -1)
			return -1;
		if (imsgbuf_queued(b) == 0)
			return 0;
		if ((n = wait_for(b, POLLOUT, until)) == 0)
			errno = ETIMEDOUT;
		if (n <= 0)
			return -1;
	}
}

static void
log_breach(struct imsgbuf *b, uint32_t type, enum msg_verdict v)
{
	const struct msg_row *r = msg_row(type);

	log_warnx("channel to %s: message %u (%s): %s", room_name(imsgbuf_gate(b)->peer), type,
	    r != NULL ? r->name : "none such", msg_verdict_name(v));
}

int
chan_recv(struct imsgbuf *b, struct imsg *m, int timeout)
{
	int64_t until = timeout < 0 ? -1 : now_ms() + timeout;
	enum msg_verdict v;
	short events;
	int n;

	for (;;) {
		if ((n = imsgbuf_get(b, m, &v)) == 1)
			return 1;
		if (n == -1) {
			log_breach(b, m->type, v);
			return -1;
		}
		/* A peer that reads no more may still have left its last words. */
		events = POLLIN;
		if (imsgbuf_write(b) == 0 && imsgbuf_queued(b) > 0)
			events |= POLLOUT;
		n = wait_for(b, events, until);
		if (n == 0)
			return -2;
		if (n == -1)
			return -1;
		n = imsgbuf_read(b);
		if (n == 0)
			return 0;
		if (n == -1 && errno != EAGAIN) {
			log_warn("channel to %s", room_name(imsgbuf_gate(b)->peer));
			return -1;
		}
	}
}
