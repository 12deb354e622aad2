/*
 * Attack denied-table and Attack fail-closed, for dial: a broad list that answers EPERM, and
 * Landlock behind it. What resolving needs works (ipc/t_dial); what is not its business is refused.
 */
#include "regress/ipc/dialkit.h"
#include "regress/sandbox/roomkit.h"

#include "dial/sandbox.h"
#include "lib/users.h"

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
    {"SCM_RIGHTS", 1},
    {"recvmsg", -1},
    {"sendto (fast open)", -1},
};

/* Not in the common table. */
static const struct probe more[] = {
    NEVER(listen),
    NEVER(accept),
    NEVER(accept4),
    NEVER(socketpair),
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
	dial_sandbox(&s);
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

static void
test_golden(void)
{
	struct dialkit d;
	struct errmsg e;
	struct user u;
	char why[257];

	if (user_lookup(user_name(USER_DIAL), &u, &e) == -1)
		CHECK_SKIP(e.text);
	CHECK(dial_start(&d, "localhost", 9));
	CHECK(dial_ask(&d, 1, why) == -1);
	room_golden(d.pid, u.uid, u.gid, 32);
	/* the two channels, and the three standard ones */
	CHECKF(room_fds(d.pid, "") == 5, "%d", room_fds(d.pid, ""));
	CHECK(room_fds(d.pid, "socket:") == 2);
	imsgbuf_free(d.privd);
	CHECK(dial_reap(&d) == 0);
	imsgbuf_free(d.netd);
}

/* ---- Attack fail-closed ---- */

static const struct {
	const char *call;
	int first, last; /* times that it is made to fail; later ones must fail anyway; 0 all */
} faults[] = {
    {"setgroups", 1, 1}, {"setresgid", 1, 1}, {"setresuid", 1, 1}, {"capset", 1, 1},
    {"prctl", 1, 0}, {"landlock_create_ruleset", 1, 0}, {"landlock_add_rule", 1, 0},
    {"landlock_restrict_self", 1, 0}, {"seccomp", 1, 0},
    {"prlimit64", 2, 0}, /* ld.so makes the first */
};

static char tracelog[96];

static int
fault(const char *call, int n)
{
	struct dialkit d;
	char spec[128];
	int ready, status, injected;

	snprintf(spec, sizeof(spec), "inject=%s:error=EPERM:when=%d", call, n);
	kit_strace = spec;
	kit_strace_log = tracelog;
	ready = dial_start(&d, "127.0.0.1", 9);
	kit_strace = NULL;
	injected = strstr(room_slurp(tracelog), "(INJECTED)") != NULL;
	CHECKF(ready == !injected, "%s, time %d: ready %d", call, n, ready);
	imsgbuf_free(d.privd);
	status = dial_reap(&d);
	imsgbuf_free(d.netd);
	CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == injected, "%s, time %d: status %#x",
	    call, n, status);
	return injected;
}

static void
test_failclosed(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		int n = faults[i].first, last = faults[i].last != 0 ? faults[i].last : 200;

		while (n <= last && fault(faults[i].call, n))
			n++;
		CHECKF(n > faults[i].first, "%s is never called", faults[i].call);
	}
}

int
main(void)
{
	char dir[64];

	snprintf(dir, sizeof(dir), "%s/dial.XXXXXX", getenv("T") != NULL ? getenv("T") : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(tracelog, sizeof(tracelog), "%s/log", dir);
	room_targets();
	test_denied();
	room_targets_end();
	test_golden();
	test_failclosed();
	return check_done();
}
