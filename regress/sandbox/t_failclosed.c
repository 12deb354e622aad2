/*
 * Attack fail-closed: this program confines itself under strace, which makes one system call fail,
 * each of those that confinement consists of and each time that it is made. Not once may it go on.
 */
#include <sys/stat.h>

#include <linux/capability.h>

#include <fcntl.h>

#include "regress/check.h"
#include "regress/sandbox/sbchild.h"

#define CONFINED "CONFINED"
#define ROUNDS	 400 /* more than any of the calls is made */

static char dir[64], self[1024];

/* ---- the program under test ---- */

static int
confine_and_say(void)
{
	static const struct sb_path paths[] = {{"/usr", SB_READ, 0}, {"/etc", SB_READ, 0}};
	struct sb_mount mounts[] = {{SB_M_HIDE, "/root"}, {SB_M_TMPFS, "/tmp"},
	    {SB_M_RW, "/var/tmp"}, {SB_M_RO, "/usr"}, {SB_M_HIDE, "/etc/shadow"}};
	struct sb_filter f = {.dflt = SB_KILL, .sets = {sb_set(SBS_BASE)}};
	struct errmsg e = {""};
	const char *stage = "none";
	struct sb s;

	sb_init(&s);
	s.newns = s.newnet = s.newipc = s.newuts = s.ro_root = 1;
	s.mounts = mounts;
	s.nmounts = sizeof(mounts) / sizeof(mounts[0]);
	s.uid = s.gid = 64501;
	s.caps = 1ULL << CAP_NET_ADMIN;
	s.ambient = 1;
	s.landlock = s.landlock_net = 1;
	s.paths = paths;
	s.npaths = 2;
	s.nofile = 64;
	s.fsize = 1 << 20;
	if ((s.prog = sb_filter_compile(&f, &e)) == NULL)
		return 2;
	if (sb_apply(&s, &stage, &e) == -1) {
		printf("stage %s: %s\n", stage, e.text);
		return 1;
	}
	return write(1, CONFINED "\n", sizeof(CONFINED)) == sizeof(CONFINED) ? 0 : 3;
}

/* ---- the test ---- */

static size_t
slurp(const char *name, char *buf, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((fd = open(path, O_RDONLY)) == -1)
		n = 0;
	else
		n = read(fd, buf, size - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return strlen(buf);
}

static int
traced(void *v)
{
	char log[128], out[128];
	int fd;

	snprintf(log, sizeof(log), "%s/log", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	if ((fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 || dup2(fd, 1) == -1)
		return CHILD_BROKEN;
	execlp("strace", "strace", "-o", log, "-e", (const char *)v, self, "confine", (char *)NULL);
	return CHILD_BROKEN;
}

struct fault {
	const char *call, *stage;
	int first, last; /* which times; last 0: all of them */
};

/* One run with the N-th CALL failing: 0 when the fault was not reached. */
static int
one(const struct fault *f, int n)
{
	char spec[128], out[1024], want[64];
	static char log[1 << 20];
	int rc, injected;

	snprintf(spec, sizeof(spec), "inject=%s:error=EPERM:when=%d", f->call, n);
	rc = in_child(traced, spec);
	slurp("out", out, sizeof(out));
	slurp("log", log, sizeof(log));
	injected = strstr(log, "(INJECTED)") != NULL;
	if (!injected) {
		CHECKF(rc == 0 && strcmp(out, CONFINED "\n") == 0, "%s %d: %d %s", f->call, n, rc,
		    out);
		return 0;
	}
	snprintf(want, sizeof(want), "stage %s:", f->stage);
	CHECKF(rc == 1 && strstr(out, CONFINED) == NULL, "%s, time %d: went on: %d %s", f->call, n,
	    rc, out);
	CHECKF(strstr(f->stage, " ") != NULL || strncmp(out, want, strlen(want)) == 0,
	    "%s, time %d: %s", f->call, n, out);
	return 1;
}

/*
 * The calls of each stage. setresuid, setresgid, setgroups and capset are made again afterwards as
 * proofs that must fail, so only their first time counts; prctl serves several stages.
 */
static const struct fault faults[] = {
    {"unshare", "mounts", 1, 0},
    {"mount_setattr", "mounts", 1, 0},
    {"openat2", "mounts", 1, 0},
    {"open_tree", "mounts", 1, 0},
    {"fsopen", "mounts", 1, 0},
    {"fsconfig", "mounts", 1, 0},
    {"fsmount", "mounts", 1, 0},
    {"move_mount", "mounts", 1, 0},
    {"chdir", "mounts", 1, 0},
    {"setgroups", "ids", 1, 1},
    {"setresgid", "ids", 1, 1},
    {"setresuid", "ids", 1, 1},
    {"getresuid", "ids", 1, 0},
    {"getresgid", "ids", 1, 0},
    {"getgroups", "ids", 1, 0},
    {"capset", "ids", 1, 1},
    {"capget", "ids", 1, 0},
    {"prctl", "ids, nnp or dumpable", 1, 0},
    {"landlock_create_ruleset", "landlock", 1, 0},
    {"landlock_add_rule", "landlock", 1, 0},
    {"landlock_restrict_self", "landlock", 1, 0},
};

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];
		int n, last = f->last != 0 ? f->last : ROUNDS;

		for (n = f->first; n <= last && one(f, n); n++)
			;
		CHECKF(n > f->first, "%s is never called", f->call);
	}
}

/* Calls that others make too before the confinement: only the last time is ours. */
static void
test_last_calls(void)
{
	static const struct fault last[] = {
	    {"seccomp", "seccomp", 1, 0}, {"prlimit64", "rlimits", 1, 0}};
	char spec[128], out[1024];

	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		int n, hit = 0;

		for (n = 1; n <= 16; n++) {
			char want[64];

			snprintf(
			    spec, sizeof(spec), "inject=%s:error=EPERM:when=%d", last[i].call, n);
			in_child(traced, spec);
			slurp("out", out, sizeof(out));
			snprintf(want, sizeof(want), "stage %s:", last[i].stage);
			hit +=
			    strncmp(out, want, strlen(want)) == 0 && strstr(out, CONFINED) == NULL;
		}
		CHECKF(hit >= 1, "%s never failed the stage %s", last[i].call, last[i].stage);
	}
}

int
main(int argc, char *argv[])
{
	static const char *const made[] = {"log", "out"};
	char path[128];
	ssize_t n;

	if (argc == 2 && strcmp(argv[1], "confine") == 0)
		return confine_and_say();
#if defined(REEVE_TRACE) || defined(REEVE_SANITIZE)
	CHECK_SKIP("strace and this build's filter or sanitizer do not go together");
#endif
	if (getuid() != 0)
		CHECK_SKIP("confinement needs root");
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	snprintf(dir, sizeof(dir), "/run/t_failclosed-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	test_faults();
	test_last_calls();
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, made[i]);
		CHECK(unlink(path) == 0);
	}
	CHECK(rmdir(dir) == 0);
	return check_done();
}
