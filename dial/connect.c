/* Resolving and connecting. What comes back from the resolver may be a lie: TLS finds out, in netd.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dial/connect.h"
#include "lib/fdutil.h"
#include "lib/netaddr.h"

#define GONE (-2)

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Appends to WHY what fits; only printable bytes, as DIAL_FAIL wants them. */
static void add(char why[DIAL_WHY], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(char why[DIAL_WHY], const char *fmt, ...)
{
	size_t n = strlen(why);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why + n, DIAL_WHY - n, fmt, ap);
	va_end(ap);
	for (; why[n] != '\0'; n++)
		if (why[n] < 0x20 || why[n] > 0x7e)
			why[n] = '?';
}

/* Until FD is connected. 0, an errno, or GONE. */
static int
await(int fd, int64_t until, const struct dial_watch *w)
{
	struct pollfd p[3] = {{.fd = fd, .events = POLLOUT}, {.fd = w->fd[0]}, {.fd = w->fd[1]}};
	socklen_t len = sizeof(int);
	int64_t left;
	int n, e = 0;

	for (;;) {
		if ((left = until - now_ms()) <= 0)
			return ETIMEDOUT;
		if ((n = poll(p, 3, (int)left)) == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno;
		if (p[1].revents != 0 || p[2].revents != 0)
			return GONE;
		if (p[0].revents != 0)
			break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == -1)
		return errno;
	return e;
}

/* One address. The socket, or -1 with *ERR an errno or GONE. */
static int
try_one(const struct addrinfo *ai, int64_t until, const struct dial_watch *w, int *err)
{
	int fd, on = 1;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1) {
		*err = errno;
		return -1;
	}
	*err = 0;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == -1)
		*err = errno == EINPROGRESS ? await(fd, until, w) : errno;
	if (*err == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		*err = errno;
	if (*err == 0)
		return fd;
	close(fd);
	return -1;
}

static int
try_all(const struct addrinfo *list, const char *host, uint16_t port, const struct dial_watch *w,
    char why[DIAL_WHY])
{
	int64_t end = now_ms() + DIAL_ALL_MS, until;
	const struct addrinfo *ai;
	char text[NETADDR_TEXT];
	struct netaddr a;
	int fd, err, n = 0;

	snprintf(why, DIAL_WHY, "%.128s port %u", host, port);
	for (ai = list; ai != NULL && n < DIAL_ADDRS; ai = ai->ai_next) {
		if (netaddr_from_sockaddr(&a, ai->ai_addr) == -1)
			continue;
		n++;
		if ((until = now_ms() + DIAL_ADDR_MS) > end)
			until = end;
		if ((fd = try_one(ai, until, w, &err)) != -1)
			return fd;
		if (err == GONE)
			return GONE;
		netaddr_text(&a, text);
		add(why, "%s %s: %s", n == 1 ? ":" : ";", text, strerror(err));
	}
	if (n == 0)
		add(why, ": the name has no address of IPv4 or IPv6");
	return -1;
}

int
dial_connect(const char *host, uint16_t port, const struct dial_watch *w, char why[DIAL_WHY])
{
	struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	char service[8];
	int r;

	why[0] = '\0';
	snprintf(service, sizeof(service), "%u", port);
	if ((r = getaddrinfo(host, service, &hints, &list)) != 0) {
		add(why, "%.128s: %s", host, r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -1;
	}
	r = try_all(list, host, port, w, why);
	freeaddrinfo(list);
	return r;
}
