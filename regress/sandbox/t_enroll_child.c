/*
 * Attack denied-table, for the child of reevectl enroll: as dial's list but that it passes no
 * descriptor and makes none by one. What enrolling needs works (system/enroll); the rest is
 * refused.
 */
#include <netinet/in.h>

#include "ctl/enroll.h"
#include "regress/sandbox/roomkit.h"

/* What the filter lets through: then the words say what the layers behind it make of it. */
static const struct room_through through[] = {
    {"read /etc/passwd", 1},
    {"read /etc/shadow", 0},
    {"read /proc/uptime", 0},
    {"read /root", 0},
    {"read /var/lib/dpkg/status", 0},
    {"read /etc/reeve/agent.conf", 0},
    {"read /var/lib/reeve/ledger", 0},
    {"read another's environment", 0},
    {"open, the old way", 1},
    {"stat", -1},
    {"statx", -1},
    {"readlinkat", -1},
    {"getdents64", -1},
    {"tcp connect", 1},
    {"mptcp connect", -1},
    {"tcp bind", 1},
    {"socket AF_INET SOCK_STREAM", 1},
    {"socket AF_INET SOCK_DGRAM", 1},
    {"socket AF_INET6 SOCK_STREAM", -1},
    {"socket AF_INET6 SOCK_DGRAM", -1},
    {"socket AF_NETLINK SOCK_RAW", 1},
    {"socket AF_UNIX stream", 1},
    {"recvmsg", -1},
    {"sendto (fast open)", -1},
};

/* Not in the common table. */
static const struct probe more[] = {
    NEVER(listen),
    NEVER(accept),
    NEVER(accept4),
    NEVER(socketpair),
    NEVER(sendmsg),
    NEVER(execve),
    NEVER(kill),
    NEVER(openat2),
    NEVER(inotify_init1),
    NEVER(prctl),
    NEVER(seccomp),
    NEVER(setrlimit),
    NEVER(ftruncate),
    NEVER(splice),
    NEVER(sendfile),
    NEVER(wait4),
    NEVER(setsid),
    NEVER(kcmp),
#ifdef __x86_64__
    NEVER(fork),
    NEVER(vfork),
#endif
};

static void
judge(const struct probe *q, int end, int r)
{
	size_t n = sizeof(through) / sizeof(through[0]);

	room_judge(q, end, r, room_promise(through, n, q->name), EPERM);
}

static int
family_allowed(int family, int type)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return type == SOCK_STREAM || type == SOCK_DGRAM;
	case AF_UNIX:
		return type == SOCK_STREAM;
	case AF_NETLINK:
		return type == SOCK_RAW;
	default:
		return 0;
	}
}

static void
test_denied(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	struct sb s;
	int l, r, end;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(l, (struct sockaddr *)&sin, len) == -1 || listen(l, 5) == -1 ||
	    getsockname(l, (struct sockaddr *)&sin, &len) == -1)
		abort();
	room_ctx.port = ntohs(sin.sin_port);
	enroll_sandbox(&s);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		end = room_probe(&s, &probes[i], &r);
		judge(&probes[i], end, r);
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		end = room_probe(&s, &more[i], &r);
		judge(&more[i], end, r);
	}
	room_sockets(&s, family_allowed, EPERM);
	close(l);
}

int
main(void)
{
#ifdef REEVE_SANITIZE
	CHECK_SKIP("these builds hold rows for their own run time");
#endif
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	room_targets();
	test_denied();
	room_targets_end();
	return check_done();
}
