/* Whole requests and connections, one at a time, over poll(2). */

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/httpc.h"

#define SIMPLE_MS   10000U
#define SIMPLE_BODY (1024U * 1024)

struct simple {
	struct simple_answer *a;
	enum net_fault fault;
	struct errmsg *e;
	int over;
};

/* poll(2)'s timeout until the deadline. */
static int
wait_ms(uint64_t deadline)
{
	uint64_t now = net_now();

	if (deadline <= now)
		return 0;
	return deadline - now > 60000 ? 60000 : (int)(deadline - now);
}

static int
simple_head(struct httpc *c, const struct http_head *h, void *arg)
{
	struct simple *s = arg;

	(void)c;
	s->a->head = *h;
	return 0;
}

static int
simple_piece(struct httpc *c, const uint8_t *p, size_t len, void *arg)
{
	struct simple *s = arg;
	char *more = realloc(s->a->body, s->a->len + len + 1);

	(void)c;
	if (more == NULL)
		return -1;
	memcpy(more + s->a->len, p, len);
	s->a->body = more;
	s->a->len += len;
	more[s->a->len] = '\0';
	return 0;
}

static void
simple_done(struct httpc *c, enum net_fault fault, const char *why, void *arg)
{
	struct simple *s = arg;

	(void)c;
	s->over = 1;
	s->fault = fault;
	if (fault != NETF_NONE)
		err_set(s->e, "%s", why);
}

static void
defaults(struct httpc_req *r, struct simple *s)
{
	r->body_max = r->body_max > 0 ? r->body_max : SIMPLE_BODY;
	r->send_ms = r->send_ms > 0 ? r->send_ms : SIMPLE_MS;
	r->head_ms = r->head_ms > 0 ? r->head_ms : SIMPLE_MS;
	if (r->body_ms == 0 && r->body_idle_ms == 0)
		r->body_ms = SIMPLE_MS;
	r->head = simple_head;
	r->piece = simple_piece;
	r->done = simple_done;
	r->arg = s;
}

static int
drive(struct httpc *c, struct simple *s)
{
	while (!s->over) {
		struct pollfd p = {.fd = httpc_fd(c), .events = httpc_events(c)};

		if (p.events == 0)
			return err_set(s->e, "the connection is over");
		if (poll(&p, 1, wait_ms(httpc_deadline(c))) == -1 && errno != EINTR)
			return err_errno(s->e, "poll");
		httpc_run(c);
	}
	return s->fault == NETF_NONE ? 0 : -1;
}

int
simple_call(struct httpc *c, struct httpc_req *r, struct simple_answer *a, enum net_fault *fault,
    struct errmsg *e)
{
	struct simple s = {.a = a, .fault = NETF_LOCAL, .e = e};
	const char *why;
	int rc = -1;

	memset(a, 0, sizeof(*a));
	defaults(r, &s);
	if ((a->body = calloc(1, 1)) == NULL) {
		err_set(e, "out of memory");
	} else if (httpc_request(c, r) == -1) {
		if ((s.fault = httpc_fault(c, &why)) == NETF_NONE)
			s.fault = NETF_LOCAL;
		err_set(e, "%s", *why != '\0' ? why : "a request that cannot be written");
	} else {
		rc = drive(c, &s);
	}
	*fault = s.fault;
	if (rc == -1) {
		free(a->body);
		a->body = NULL;
		a->len = 0;
	}
	return rc;
}

/* ---- connecting ---- */

static int
finish_connect(int fd, uint64_t end)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int n, err = 0;

	do
		n = poll(&p, 1, wait_ms(end));
	while ((n == -1 && errno == EINTR) || (n == 0 && net_now() < end));
	if (n == 0)
		errno = ETIMEDOUT;
	if (n <= 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		return -1;
	errno = err;
	return err == 0 ? 0 : -1;
}

static int
connect_one(const struct addrinfo *ai, uint64_t end)
{
	int on = 1, saved;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 ||
	    (errno == EINPROGRESS && finish_connect(fd, end) == 0)) {
		/* a request is one write: it need not wait for the last one's ACK */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Each address may take its share of the time that is left, so that a dead one hides no other. */
static int
connect_each(const struct addrinfo *list, uint64_t end)
{
	const struct addrinfo *ai;
	int fd, left = 0;

	for (ai = list; ai != NULL; ai = ai->ai_next)
		left++;
	for (ai = list; ai != NULL; ai = ai->ai_next, left--) {
		uint64_t now = net_now();

		if (now >= end) {
			errno = ETIMEDOUT;
			return -1;
		}
		if ((fd = connect_one(ai, now + (end - now) / (uint64_t)left)) != -1)
			return fd;
	}
	return -1;
}

int
simple_connect(const char *host, uint16_t port, unsigned int timeout, struct errmsg *e)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	uint64_t end = net_now() + timeout;
	struct addrinfo *list;
	char service[8];
	int fd, n;

	snprintf(service, sizeof(service), "%u", port);
	hints.ai_flags = AI_NUMERICSERV;
	if ((n = getaddrinfo(host, service, &hints, &list)) != 0)
		return err_set(e, "%s: %s", host, gai_strerror(n));
	fd = connect_each(list, end);
	if (fd == -1)
		err_errno(e, "%s port %u", host, port);
	freeaddrinfo(list);
	return fd;
}
