/* One peer: a greeting, then a request and its answer at a time. */
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "sign/listen.h"
#include "sign/sign.h"

#define HALF_MS 10000 /* for the rest of a message, or for an answer to be read */

static uint64_t
minute_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec / 60;
}

static int
greet(struct sign *s, struct imsgbuf *b)
{
	if (imsg_compose(b, MSG_SIGN_HELLO, sign_hello(s), NULL, 0) == -1 ||
	    imsgbuf_write(b) == -1) {
		log_warn("greeting");
		return -1;
	}
	imsgbuf_gate(b)->phase = PH_RUN;
	return 0;
}

static int
answer(struct sign *s, struct imsgbuf *b, const struct imsg *m)
{
	struct ibuf *out;
	uint32_t type;

	if (sign_answer(s, m, (uint64_t)time(NULL), minute_now(), &type, &out) == -1) {
		log_warnx("peer ended: %s: malformed", msg_row(m->type)->name);
		return -1;
	}
	if (imsg_compose(b, type, out, NULL, 0) == -1 || imsgbuf_write(b) == -1) {
		log_warn("peer ended: answer");
		return -1;
	}
	return 0;
}

/* Answers what has come whole; not further than the peer reads. 0, or -1 it is over. */
static int
answers(struct sign *s, struct imsgbuf *b)
{
	enum msg_verdict v;
	struct imsg m;
	int n = 0;

	while (imsgbuf_queued(b) == 0 && (n = imsgbuf_get(b, &m, &v)) == 1) {
		n = answer(s, b, &m);
		imsg_free(&m);
		if (n == -1)
			return -1;
	}
	if (n == -1)
		log_warnx("peer ended: message %u: %s", m.type, msg_verdict_name(v));
	return n == -1 ? -1 : 0;
}

/* One turn. 0 go on, -1 the peer is over. */
static int
turn(struct sign *s, struct imsgbuf *b, int stop)
{
	int n, owed = imsgbuf_queued(b) > 0 || imsgbuf_partial(b);
	struct pollfd p[2] = {{.fd = stop, .events = POLLIN},
	    {.fd = imsgbuf_fd(b), .events = imsgbuf_queued(b) > 0 ? POLLOUT : POLLIN}};

	n = poll(p, 2, owed ? HALF_MS : -1);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	if (n == 0) {
		log_warnx("peer ended: neither sends nor reads");
		return -1;
	}
	if (p[0].revents != 0)
		return -1;
	if (imsgbuf_queued(b) > 0) {
		if (imsgbuf_write(b) == -1)
			return -1;
		return answers(s, b);
	}
	n = imsgbuf_read(b);
	if (n == 0 || (n == -1 && errno != EAGAIN))
		return -1;
	return answers(s, b);
}

void
sign_serve(struct sign *s, int fd, int stop)
{
	struct imsgbuf *b = imsgbuf_new(fd, ROOM_SIGN, ROOM_CTLD);

	if (b == NULL) {
		log_warn("peer");
		close(fd);
		return;
	}
	log_debug("peer connected");
	if (greet(s, b) == 0)
		while (turn(s, b, stop) == 0)
			;
	log_debug("peer gone");
	imsgbuf_free(b);
}

void
sign_loop(struct sign *s, int sock, uid_t uid, int stop)
{
	struct pollfd p[2] = {{.fd = stop, .events = POLLIN}, {.fd = sock, .events = POLLIN}};
	int fd, n;

	for (;;) {
		if ((n = poll(p, 2, -1)) == -1 && errno != EINTR)
			fatal("poll");
		if (n <= 0)
			continue;
		if (p[0].revents != 0)
			return;
		if ((fd = sign_accept(sock, uid)) != -1)
			sign_serve(s, fd, stop);
	}
}
