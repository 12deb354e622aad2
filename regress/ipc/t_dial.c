/*
 * The real dial between a test that plays privd and netd: it connects to what privd named, by every
 * address in turn, says why when it cannot, and ends with either channel. Attack resolver-lies:
 * what a resolver can make of it.
 */
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>

#include "regress/ipc/dialkit.h"

static int
listener(int family, uint16_t *port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in four = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(*port)};
	struct sockaddr_storage ss;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, family == AF_INET ? (void *)&four : (void *)&six, len) == -1 ||
	    listen(fd, 8) == -1)
		return -1;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		abort();
	*port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

static void
test_connects(int family, const char *host)
{
	struct dialkit d;
	uint16_t port = 0;
	char why[257], c;
	int l, fd, peer, on = 0;
	socklen_t len = sizeof(on);

	if ((l = listener(family, &port)) == -1)
		return; /* a host without IPv6 */
	CHECK(dial_start(&d, host, port));
	for (uint32_t i = 1; i < 4; i++) {
		fd = dial_ask(&d, i, why);
		CHECKF(fd != -1, "%s: %s", host, why);
		if (fd == -1)
			break;
		peer = accept(l, NULL, NULL);
		CHECK(peer != -1 && write(peer, "x", 1) == 1);
		CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
		CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on);
		fcntl(fd, F_SETFL, 0);
		CHECK(read(fd, &c, 1) == 1 && c == 'x');
		close(fd);
		close(peer);
	}
	close(l);
	fd = dial_ask(&d, 9, why);
	CHECKF(fd == -1 && strstr(why, "Connection refused") != NULL && strstr(why, host) == why,
	    "%s", why);
	imsgbuf_free(d.privd);
	CHECK(dial_reap(&d) == 0);
	imsgbuf_free(d.netd);
}

/* Either channel's end is dial's end; so is whatever privd or netd may not say. */
static void
test_ends(void)
{
	struct dialkit d;

	CHECK(dial_start(&d, "127.0.0.1", 9));
	imsgbuf_free(d.netd);
	CHECK(dial_reap(&d) == 0);
	imsgbuf_free(d.privd);

	CHECK(dial_start(&d, "127.0.0.1", 9));
	CHECK(write(imsgbuf_fd(d.netd), "0123456789abcdef", 16) == 16);
	CHECK(dial_reap(&d) != 0);
	imsgbuf_free(d.netd);
	imsgbuf_free(d.privd);

	CHECK(dial_start(&d, "127.0.0.1", 9));
	CHECK(write(imsgbuf_fd(d.privd), "0123456789abcdef", 16) == 16);
	CHECK(dial_reap(&d) != 0);
	imsgbuf_free(d.netd);
	imsgbuf_free(d.privd);
}

/* ---- Attack resolver-lies: /etc/hosts is the resolver here ---- */

static void
hosts(const char *text)
{
	int fd;

	if ((fd = open("/etc/hosts", O_WRONLY | O_TRUNC)) == -1 ||
	    write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* A private /etc/hosts and nsswitch.conf that look nowhere else. */
static int
own_hosts(void)
{
	const char *top = getenv("T") != NULL ? getenv("T") : "/tmp";
	char dir[64], path[96];
	int fd;

	snprintf(dir, sizeof(dir), "%s/hosts.XXXXXX", top);
	(void)hostile_tool(""); /* remembered from here on, for the children too */
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 || mkdtemp(dir) == NULL ||
	    chmod(dir, 0755) == -1)
		return -1;
	snprintf(path, sizeof(path), "%s/hosts", dir);
	if ((fd = open(path, O_WRONLY | O_CREAT, 0644)) == -1 ||
	    mount(path, "/etc/hosts", NULL, MS_BIND, NULL) == -1)
		return -1;
	close(fd);
	snprintf(path, sizeof(path), "%s/nsswitch.conf", dir);
	if ((fd = open(path, O_WRONLY | O_CREAT, 0644)) == -1 ||
	    write(fd, "hosts: files\n", 13) != 13 ||
	    mount(path, "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == -1)
		return -1;
	close(fd);
	return 0;
}

static void
test_lies(void)
{
	struct dialkit d;
	char why[257], text[8192] = "";
	uint16_t port = 0;
	int l, fd, peer;

	l = listener(AF_INET, &port);
	CHECK(dial_start(&d, "liar.test", port));
	/* no such name, then another answer each time: never remembered */
	hosts("");
	CHECK(dial_ask(&d, 1, why) == -1);
	CHECKF(strstr(why, "liar.test: ") == why, "%s", why);
	/* one that refuses stands before the good one */
	hosts("127.9.9.9 liar.test\n127.0.0.1 liar.test\n");
	fd = dial_ask(&d, 2, why);
	CHECKF(fd != -1, "the second address was not tried: %s", why);
	peer = accept(l, NULL, NULL);
	close(fd);
	close(peer);
	/* addresses that are nobody's: words, not a crash */
	hosts("0.0.0.1 liar.test\n255.255.255.255 liar.test\n224.0.0.1 liar.test\nff02::1 "
	      "liar.test\n");
	CHECK(dial_ask(&d, 3, why) == -1 && strlen(why) > 20);
	/* very many: sixteen are tried */
	for (int i = 1; i <= 60; i++)
		snprintf(
		    text + strlen(text), sizeof(text) - strlen(text), "127.9.9.%d liar.test\n", i);
	hosts(text);
	CHECK(dial_ask(&d, 4, why) == -1 && strlen(why) == 256);
	imsgbuf_free(d.privd);
	CHECK(dial_reap(&d) == 0);
	imsgbuf_free(d.netd);
	close(l);
}

int
main(void)
{
	test_connects(AF_INET, "127.0.0.1");
	test_connects(AF_INET6, "::1");
	test_connects(AF_INET, "localhost");
	test_ends();
	if (own_hosts() == -1)
		CHECK_SKIP("no mount namespace");
	test_lies();
	return check_done();
}
