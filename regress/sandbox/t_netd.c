/*
 * Attack denied-table and Attack fail-closed, for netd: under its own compiled filter every probe
 * but the listed ones dies; no row of the filter is without use in the real work; the layers behind
 * the filter hold by themselves; the real process looks as it must; and no failing step of the
 * confinement lets it go on.
 */
#include "regress/ipc/netdflow.h"
#include "regress/sandbox/roomkit.h"

#include "lib/users.h"
#include "netd/sandbox.h"

/* Probes whose call the filter lets through, in the form that the probe has. */
static const char *const let_through[] = {"recvmsg"};

/* Calls beyond the common table. */
static const struct probe more[] = {
    NEVER(openat2),
    NEVER(open_by_handle_at),
    NEVER(sendto),
    NEVER(sendmmsg),
    NEVER(shutdown),
    NEVER(setsockopt),
    NEVER(getsockopt),
    NEVER(connect),
    NEVER(bind),
    NEVER(listen),
    NEVER(accept),
    NEVER(socketpair),
    NEVER(dup),
    NEVER(dup3),
    NEVER(pipe2),
    NEVER(eventfd2),
    NEVER(signalfd4),
    NEVER(timerfd_create),
    NEVER(epoll_create1),
    NEVER(inotify_init1),
    NEVER(inotify_add_watch),
    NEVER(prctl),
    NEVER(seccomp),
    NEVER(landlock_create_ruleset),
    NEVER(setrlimit),
    NEVER(prlimit64),
    NEVER(pwrite64),
    NEVER(ftruncate),
    NEVER(splice),
    NEVER(vmsplice),
    NEVER(tee),
    NEVER(sendfile),
    NEVER(copy_file_range),
    NEVER(lseek),
    NEVER(mlockall),
    NEVER(wait4),
    NEVER(waitid),
    NEVER(setsid),
    NEVER(chdir),
    NEVER(umask),
    NEVER(rt_sigaction),
    NEVER(sigaltstack),
    NEVER(timer_create),
    NEVER(sched_setaffinity),
    NEVER(pkey_alloc),
    {"fcntl F_DUPFD", PC_NEVER, __NR_fcntl, p_bad, PB_DENY, 0, NULL},
    {"mmap X of a private file", PC_NEVER, __NR_mmap, p_mmap, PB_DENY, PROT_EXEC, NULL},
    {"kill itself", PC_NEVER, __NR_kill, p_arg, PB_DENY, 0, NULL},
#ifdef __x86_64__
    NEVER(fork),
    NEVER(vfork),
    NEVER(dup2),
    NEVER(pipe),
#endif
};

static int
is_let_through(const char *name)
{
	for (size_t i = 0; i < sizeof(let_through) / sizeof(let_through[0]); i++)
		if (strcmp(let_through[i], name) == 0)
			return 1;
	return 0;
}

static void
denied(const struct sb *s, const struct probe *list, size_t n)
{
	int r, end;

	for (size_t i = 0; i < n; i++) {
		end = room_probe(s, &list[i], &r);
		if (is_let_through(list[i].name))
			CHECKF(end == 0, "%s: end %d, result %d", list[i].name, end, r);
		else
			CHECKF(end == 1000 + SIGSYS && r == ROOM_UNTOUCHED,
			    "%s: the filter let it through: end %d, result %d", list[i].name, end,
			    r);
	}
}

static void
test_denied(void)
{
	static const struct probe clone3 = {
	    "clone3", PC_NEVER, __NR_clone3, p_bad, PB_DENY, 0, NULL};
	struct sb s;
	int r, end;

	netd_sandbox(&s);
	s.fsize = 0;
	denied(&s, probes, sizeof(probes) / sizeof(probes[0]));
	denied(&s, more, sizeof(more) / sizeof(more[0]));
	room_sockets(&s, NULL, SIGSYS);
	end = room_probe(&s, &clone3, &r);
	CHECKF(end == 0 && r == ENOSYS, "clone3: end %d, result %d", end, r);
}

/* Without the filter: no file, no TCP, no process by Landlock and limits alone. */
static void
test_behind(void)
{
	static const struct probe list[] = {
	    {"read", PC_NEVER, __NR_openat, p_read, PB_DENY, 0, "/etc/passwd"},
	    {"make", PC_NEVER, __NR_openat, p_make, PB_DENY, 0, "/tmp/netd.probe"},
	    {"execute", PC_NEVER, __NR_execve, p_exec, PB_DENY, 0, "/bin/true"},
	    {"fork", PC_NEVER, __NR_clone, p_fork, PB_DENY, SIGCHLD, NULL},
	    {"kill root's", PC_NEVER, __NR_kill, p_kill, PB_DENY, 0, NULL},
	    {"tcp bind", PC_NEVER, __NR_bind, p_tcp, PB_DENY, 0, NULL},
	};
	struct sb s;
	int r, end;

	netd_sandbox(&s);
	s.prog = sb_never();
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i].fn == p_tcp && sb_landlock_abi() < 4)
			continue;
		end = room_probe(&s, &list[i], &r);
		CHECKF(end == 0 && r > 0, "%s works behind the filter: end %d, result %d",
		    list[i].name, end, r);
	}
}

/* ---- the real netd ---- */

static char dir[64], tracelog[96];

static void
flow(struct kit *k)
{
	kit_start(k, NULL);
	if (k->ready)
		flow_all(k);
}

static void
test_golden(void)
{
	static struct kit k;
	struct errmsg e;
	struct user u;

	if (user_lookup(user_name(USER_NETD), &u, &e) == -1)
		CHECK_SKIP(e.text);
	flow(&k);
	room_golden(k.netd, u.uid, u.gid, 96);
	/* privd, dial, two standing connections; epoll and libevent's pipe for signals */
	CHECKF(room_fds(k.netd, "socket:") == 4, "%d", room_fds(k.netd, "socket:"));
	CHECKF(room_fds(k.netd, "") == 3 + 4 + 3, "%d", room_fds(k.netd, ""));
	CHECK(room_fds(k.netd, "anon_inode:[eventpoll]") == 1);
	CHECK(room_fds(k.netd, "anon_inode:") == 1);
	CHECK(kit_end(&k) == 0);
}

/* No row without use: the plain path makes each call, but for those that say portability. */
static void
test_no_row_redundant(void)
{
	const struct sb_set *rows = netd_rows();
	static struct kit k;
	char *log, *from;

	snprintf(tracelog, sizeof(tracelog), "%s/rows", dir);
	kit_strace = "trace=all";
	kit_strace_log = tracelog;
	flow(&k);
	/* its end by a signal, as systemd does it, with words left that privd is slow to read */
	flow_blob(&k, 1000000, 0);
	usleep(100000);
	kill(room_only_child(k.netd), SIGTERM);
	usleep(100000);
	kit_end(&k);
	kit_strace = NULL;
	log = room_slurp(tracelog);
	from = strstr(log, "SECCOMP_SET_MODE_FILTER");
	CHECKF(from != NULL, "no filter was loaded: %s", k.log);
	if (from == NULL)
		return;
	for (size_t i = 0; i < rows->nrules; i++) {
		const struct sb_rule *r = &rows->rules[i];

		if (r->nr == SB_NR_NONE || strncmp(r->why, "portability", 11) == 0)
			continue;
		CHECKF(room_made(from, r), "row %zu (%s): nothing needs it", i, r->why);
	}
}

/* ---- Attack fail-closed ---- */

static const struct {
	const char *call;
	int first, last; /* times that it is made to fail; later ones must fail anyway; 0 all */
} faults[] = {
    {"setgroups", 1, 1}, {"setresgid", 1, 1}, {"setresuid", 1, 1}, {"capset", 1, 1},
    {"prctl", 1, 0}, {"landlock_create_ruleset", 1, 0}, {"landlock_restrict_self", 1, 0},
    {"seccomp", 1, 0}, {"prlimit64", 2, 0}, /* the first is ld.so's */
};

/* One run with the N-th CALL failing. 0: it is not made so often. */
static int
fault(const char *call, int n)
{
	static struct kit k;
	char spec[128];
	int status, injected;

	snprintf(spec, sizeof(spec), "inject=%s:error=EPERM:when=%d", call, n);
	snprintf(tracelog, sizeof(tracelog), "%s/fault", dir);
	kit_strace = spec;
	kit_strace_log = tracelog;
	kit_start(&k, NULL);
	kit_strace = NULL;
	injected = strstr(room_slurp(tracelog), "(INJECTED)") != NULL;
	if (injected) {
		CHECKF(!k.ready && k.dials == 0, "%s, time %d: it went on", call, n);
		status = kit_end(&k);
		CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s, time %d: status %#x: %s",
		    call, n, status, k.log);
		return 1;
	}
	CHECKF(k.ready, "%s, time %d: %s", call, n, k.log);
	kit_end(&k);
	return 0;
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
	snprintf(dir, sizeof(dir), "%s/netd.XXXXXX", getenv("T") != NULL ? getenv("T") : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	room_targets();
	test_denied();
	test_behind();
	room_targets_end();
	test_golden();
	test_no_row_redundant();
	test_failclosed();
	return check_done();
}
