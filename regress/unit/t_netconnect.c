/* net/simple.c: connecting, every address in turn, within a time for all. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "net/httpc.h"
#include "regress/check.h"

/* A listener on 127.0.0.1; its port in PORT. */
static int
listener(uint16_t *port, int backlog)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 || listen(fd, backlog) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		abort();
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
test_good(void)
{
	struct errmsg e = {""};
	uint16_t port;
	int l = listener(&port, 8), fd, on = 0;
	socklen_t len = sizeof(on);

	fd = simple_connect("127.0.0.1", port, 5000, &e);
	CHECKF(fd != -1, "%s", e.text);
	CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on == 1);
	close(fd);
	/* ::1 comes first there, where nobody listens */
	fd = simple_connect("localhost", port, 5000, &e);
	CHECKF(fd != -1, "%s", e.text);
	close(fd);
	close(l);
}

static void
test_bad(void)
{
	struct errmsg e;
	uint16_t port;

	close(listener(&port, 8));
	e.text[0] = '\0';
	CHECK(simple_connect("127.0.0.1", port, 5000, &e) == -1);
	CHECKF(strstr(e.text, "refused") != NULL, "%s", e.text);
	e.text[0] = '\0';
	CHECK(simple_connect("no.such.host.invalid", port, 1000, &e) == -1);
	CHECKF(strstr(e.text, "no.such.host.invalid") != NULL, "%s", e.text);
}

/* A listener that takes nobody any more: its queue is full, and the answer is silence. */
static void
test_late(void)
{
	struct errmsg e = {""};
	uint64_t t0;
	uint16_t port;
	int l = listener(&port, 0), fds[8], n = 0, fd = 0;

	while (n < 8 && (fd = simple_connect("127.0.0.1", port, 100, &e)) != -1)
		fds[n++] = fd;
	CHECKF(n < 8, "the queue took %d", n);
	t0 = net_now();
	CHECK(simple_connect("127.0.0.1", port, 200, &e) == -1);
	CHECK(net_now() - t0 >= 200 && net_now() - t0 < 5000);
	CHECKF(strstr(e.text, "timed out") != NULL, "%s", e.text);
	while (n > 0)
		close(fds[--n]);
	close(l);
}

static void
test_names(void)
{
	for (int f = NETF_NONE; f <= NETF_LOCAL; f++)
		CHECKF(strcmp(net_fault_name((enum net_fault)f), "unknown") != 0, "fault %d", f);
	CHECK_STR(net_fault_name((enum net_fault)99), "unknown");
}

int
main(void)
{
	test_good();
	test_bad();
	test_late();
	test_names();
	return check_done();
}
