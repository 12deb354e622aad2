/*
 * Attack denied-table and Attack fail-closed, for reeve-ctld: confined by its own lines, it has its
 * state and the directories of its configuration, and nothing else. The system tests (ctld_*,
 * job_*) all run in this confinement, so what it is for works there.
 */
#include "regress/sandbox/roomkit.h"

#include "ctld/sandbox.h"

/* What the filter lets through, and what the layers behind it make of it. */
static const struct room_through through[] = {
    {"read /etc/passwd", 0},
    {"read /etc/shadow", 0},
    {"read /proc/uptime", 0},
    {"read /root", 0},
    {"read /var/lib/dpkg/status", 0},
    {"read /etc/reeve/agent.conf", 0},
    {"read /var/lib/reeve/ledger", 0},
    {"read another's environment", 0},
    {"openat2", 0},
    {"make /tmp/probe", 0},
    {"make /var/tmp/probe", 0},
    {"make /etc/probe", 0},
    {"make /usr/bin/probe", 0},
    {"make /var/lib/reeve/probe", 0},
    {"make /etc/cron.d/probe", 0},
    {"make /var/spool/cron/probe", 0},
    {"make /run/probe", 0},
    {"make /dev/shm/probe", 0},
    {"make /run/scope/probe", 0},
    {"rename", -1},
    {"unlink", -1},
    {"stat", -1},
    {"statx", -1},
    {"getdents64", -1},
    {"accept4", -1},
    {"socket AF_UNIX stream", 1},
    {"socket AF_UNIX dgram", 1},
    {"sendto (fast open)", -1},
};

/* Not in the common table. */
static const struct probe more[] = {
    NEVER(listen),
    NEVER(accept),
    NEVER(bind),
    NEVER(socketpair),
    NEVER(setsockopt),
    NEVER(sendmsg),
    NEVER(recvmsg),
    NEVER(dup),
    NEVER(dup2),
    NEVER(dup3),
    NEVER(pipe2),
    NEVER(prctl),
    NEVER(seccomp),
    NEVER(setrlimit),
    NEVER(splice),
    NEVER(sendfile),
    NEVER(wait4),
    NEVER(setsid),
    NEVER(chdir),
    NEVER(fchdir),
    NEVER(symlinkat),
    NEVER(linkat),
    NEVER(mknodat),
    NEVER(fchmodat),
    NEVER(fchownat),
    NEVER(readlinkat),
    NEVER(inotify_init1),
    NEVER(timer_create),
    NEVER(setitimer),
#ifdef __x86_64__
    NEVER(open),
    NEVER(fork),
    NEVER(vfork),
#endif
};

static void
judge(const struct probe *q, int end, int r)
{
	size_t n = sizeof(through) / sizeof(through[0]);

	room_judge(q, end, r, room_promise(through, n, q->name), SIGSYS);
}

static int
family_allowed(int family, int type)
{
	return family == AF_UNIX && (type == SOCK_STREAM || type == SOCK_DGRAM);
}

static char top[64], path[12][128];
static struct ctld_paths paths;
static struct conf conf;

static const char *
under(const char *name, int k)
{
	snprintf(path[k], sizeof(path[k]), "%s/%s", top, name);
	return path[k];
}

static void
put(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd == -1 || write(fd, "x", 1) != 1 || fchmod(fd, 0666) == -1)
		abort();
	close(fd);
}

/* A site's directories, all of them ROOM_UID's, so that only Landlock is between. */
static void
make_site(struct sb *s)
{
	static const char *const dirs[] = {"etc", "state", "live", "archive", "sign"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdir(under(dirs[i], 0), 0700) == -1 ||
		    chown(path[0], ROOM_UID, ROOM_UID) == -1)
			abort();
	put(under("etc/ctld.conf", 0));
	put(under("state/ctld.db", 0));
	put(under("sign/ca.key", 0));
	put(under("archive/cert2.pem", 0));
	if (symlink("../archive/cert2.pem", under("live/cert.pem", 1)) == -1)
		abort();
	snprintf(conf.state_dir, sizeof(conf.state_dir), "%s/state", top);
	conf.nlistens = 1;
	snprintf(conf.listen[0].cert, sizeof(conf.listen[0].cert), "%s/live/cert.pem", top);
	snprintf(conf.listen[0].key, sizeof(conf.listen[0].key), "%s/etc/server.key", top);
	ctld_sandbox(s, &paths, &conf, under("etc/ctld.conf", 2));
}

/* Its own files: read and written as they must be, and no more. */
static void
test_own(const struct sb *s)
{
	static const struct {
		const char *name;
		int make, works;
	} row[] = {
	    {"state/ctld.db", 0, 1},
	    {"state/new", 1, 1},
	    {"etc/ctld.conf", 0, 1},
	    {"etc/new", 1, 0},
	    {"archive/cert2.pem", 0, 1},
	    {"live/cert.pem", 0, 1},
	    {"archive/new", 1, 0},
	    {"sign/ca.key", 0, 0},
	    {"sign/new", 1, 0},
	    {"new", 1, 0},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct probe q = {row[i].name, PC_READ, __NR_openat, row[i].make ? p_make : p_read,
		    PB_ANY, 0, under(row[i].name, 3)};
		int r, end = room_probe(s, &q, &r);

		CHECKF(
		    end == 0 && (r == 0) == row[i].works, "%s: end %d, result %d", q.name, end, r);
	}
}

static void
test_denied(const struct sb *s)
{
	int r, end;

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		end = room_probe(s, &probes[i], &r);
		judge(&probes[i], end, r);
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		end = room_probe(s, &more[i], &r);
		judge(&more[i], end, r);
	}
	room_sockets(s, family_allowed, SIGSYS);
}

/* A confinement that cannot be had is an error, not a weaker one. */
static void
test_failclosed(struct sb *s)
{
	static const struct probe q = {
	    "none", PC_READ, __NR_openat, p_read, PB_ANY, 0, "/etc/passwd"};
	const struct sb_prog *prog = s->prog;
	int r;

	s->prog = NULL;
	CHECK(room_probe(s, &q, &r) == CHILD_BROKEN && r == ROOM_UNTOUCHED);
	s->prog = prog;
	paths.path[0].path = "/nonexistent/state";
	CHECK(room_probe(s, &q, &r) == CHILD_BROKEN && r == ROOM_UNTOUCHED);
}

int
main(void)
{
	struct sb s;

	snprintf(top, sizeof(top), "%s/ctld.XXXXXX", getenv("T") != NULL ? getenv("T") : "/tmp");
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	if (mkdtemp(top) == NULL || chmod(top, 0777) == -1)
		return 1;
	make_site(&s);
	room_targets();
	test_own(&s);
	test_denied(&s);
	test_failclosed(&s);
	room_targets_end();
	return check_done();
}
