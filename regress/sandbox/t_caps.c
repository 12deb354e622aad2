/*
 * Ids, capabilities and limits: what is asked for is what the kernel shows afterwards, nothing
 * comes back, also not over an exec of a set-user-id program, and what makes no sense is refused.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <fcntl.h>
#include <grp.h>

#include "regress/check.h"
#include "regress/sandbox/sbchild.h"

#define BIT(c) (1ULL << (c))
#define UID_A  64501
#define GID_A  64502

static char dir[64];

/* A value of /proc/self/status in hexadecimal or decimal. */
static uint64_t
status_of(const char *key, int base)
{
	char buf[8192], *p;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	p = strstr(buf, key);
	return p == NULL ? UINT64_MAX : strtoull(p + strlen(key), NULL, base);
}

static uint64_t
caps_of(const char *set)
{
	return status_of(set, 16);
}

struct want {
	struct sb s;
	int expect_fail;
};

static int
check_ids(void *v)
{
	const struct want *w = v;
	uint64_t inh = w->s.ambient ? w->s.caps : 0;
	struct errmsg e = {""};
	uid_t r, ef, sv;
	gid_t gr, ge, gs;

	if (sb_ids_apply(&w->s, &e) == -1)
		return w->expect_fail ? 0 : child_broken("ids", &e);
	if (w->expect_fail)
		return 1;
	if (getresuid(&r, &ef, &sv) == -1 || r != w->s.uid || ef != r || sv != r)
		return 2;
	if (getresgid(&gr, &ge, &gs) == -1 || gr != w->s.gid || ge != gr || gs != gr)
		return 3;
	if (getgroups(0, NULL) != 0)
		return 4;
	if (caps_of("\nCapPrm:") != w->s.caps || caps_of("\nCapEff:") != w->s.caps ||
	    caps_of("\nCapBnd:") != w->s.caps || caps_of("\nCapInh:") != inh ||
	    caps_of("\nCapAmb:") != inh)
		return 5;
	if (w->s.uid != 0 && !(w->s.caps & BIT(CAP_SETUID)) &&
	    (setuid(0) == 0 || seteuid(0) == 0 || setresuid(-1, -1, 0) == 0))
		return 6;
	if (w->s.uid != 0 && (setgid(0) == 0 || setgroups(0, NULL) == 0))
		return 7;
	return 0;
}

static struct sb
ids(uid_t uid, gid_t gid, uint64_t caps, int ambient)
{
	struct sb s;

	sb_init(&s);
	s.uid = uid;
	s.gid = gid;
	s.caps = caps;
	s.ambient = ambient;
	s.root_ok = uid == 0;
	return s;
}

static int
want(struct sb s, int fail)
{
	struct want w = {s, fail};

	return in_child(check_ids, &w);
}

static void
test_ids(void)
{
	static const gid_t groups[] = {4, 27, 100};
	struct sb s;

	CHECK(setgroups(3, groups) == 0);
	CHECK(want(ids(UID_A, GID_A, 0, 0), 0) == 0);
	CHECK(want(ids(UID_A, GID_A, BIT(CAP_NET_ADMIN), 0), 0) == 0);
	CHECK(want(ids(UID_A, GID_A, BIT(CAP_DAC_READ_SEARCH), 1), 0) == 0);
	CHECK(want(ids(UID_A, GID_A, BIT(CAP_CHECKPOINT_RESTORE), 1), 0) == 0);
	CHECK(want(ids(0, 0, 0, 0), 0) == 0);
	CHECK(want(ids(0, 0, BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW), 0), 0) == 0);
	/* what is refused */
	s = ids(0, 0, 0, 0);
	s.root_ok = 0;
	CHECK(want(s, 1) == 0);
	s = ids(UID_A, 0, 0, 0);
	CHECK(want(s, 1) == 0);
	s = ids(0, GID_A, 0, 0);
	s.root_ok = 0;
	CHECK(want(s, 1) == 0);
	CHECK(want(ids((uid_t)-1, GID_A, 0, 0), 1) == 0);
	CHECK(want(ids(UID_A, (gid_t)-1, 0, 0), 1) == 0);
	sb_init(&s);
	CHECK(want(s, 1) == 0);
	CHECK(setgroups(0, NULL) == 0);
}

/* The executed program reports: its effective capabilities and uid by the exit status. */
static int
over_exec(void *v)
{
	const struct want *w = v;
	char path[128];
	struct errmsg e = {""};

	if (sb_ids_apply(&w->s, &e) == -1)
		return child_broken("ids", &e);
	snprintf(path, sizeof(path), "%s/suid", dir);
	execl(path, "t_caps", "report", (char *)NULL);
	return CHILD_BROKEN;
}

static int
report(void)
{
	uint64_t eff = caps_of("\nCapEff:");

	return (geteuid() == 0) | (eff != 0) << 1 | (eff == BIT(CAP_DAC_READ_SEARCH)) << 2 |
	       (int)(status_of("\nNoNewPrivs:", 10) == 1) << 3;
}

/* sb_apply's order without its filter: ids, then no_new_privs. */
static int
over_exec_nnp(void *v)
{
	const struct want *w = v;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return CHILD_BROKEN;
	return over_exec((void *)(uintptr_t)w);
}

static void
test_exec(const char *self)
{
	char cmd[1200], path[128];
	struct want w = {ids(UID_A, GID_A, 0, 0), 0};

	snprintf(path, sizeof(path), "%s/suid", dir);
	snprintf(cmd, sizeof(cmd), "/bin/cp %s %s", self, path);
	CHECK(system(cmd) == 0 && chmod(path, 04755) == 0 && chmod(dir, 0755) == 0);
	/* set-user-id root, with an empty bounding set: uid 0 and no capability; with nnp: nothing
	 */
	CHECK(in_child(over_exec, &w) == 1);
	CHECK(in_child(over_exec_nnp, &w) == 8);
	w.s = ids(UID_A, GID_A, BIT(CAP_DAC_READ_SEARCH), 1);
	CHECK(in_child(over_exec_nnp, &w) == (2 | 4 | 8));
	w.s.ambient = 0;
	CHECK(in_child(over_exec_nnp, &w) == 8);
	/* uid 0 gets back what the bounding set still holds, and no more */
	w.s = ids(0, 0, BIT(CAP_DAC_READ_SEARCH), 0);
	CHECK(in_child(over_exec_nnp, &w) == (1 | 2 | 4 | 8));
	CHECK(unlink(path) == 0);
}

static int
check_bounding(void *unused)
{
	struct errmsg e = {""};

	(void)unused;
	if (sb_bounding_cut(BIT(CAP_CHOWN) | BIT(CAP_SETUID), &e) == -1)
		return child_broken("bounding", &e);
	return caps_of("\nCapBnd:") != (BIT(CAP_CHOWN) | BIT(CAP_SETUID));
}

static int
check_limits(void *unused)
{
	struct errmsg e = {""};
	struct rlimit rl;
	struct sb s;

	(void)unused;
	sb_init(&s);
	s.nofile = 17;
	s.fsize = 4096;
	if (sb_limits_apply(&s, &e) == -1)
		return child_broken("limits", &e);
	if (getrlimit(RLIMIT_CORE, &rl) == -1 || rl.rlim_cur != 0 || rl.rlim_max != 0)
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur != 17 || rl.rlim_max != 17)
		return 2;
	if (getrlimit(RLIMIT_FSIZE, &rl) == -1 || rl.rlim_cur != 4096 || rl.rlim_max != 4096)
		return 3;
	s.nofile = 100000; /* a hard limit is never raised */
	if (sb_limits_apply(&s, &e) == -1)
		return child_broken("limits", &e);
	return getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_max != 17 ? 4 : 0;
}

int
main(int argc, char *argv[])
{
	struct errmsg e = {""};
	char self[1024];
	ssize_t n;

	if (argc == 2 && strcmp(argv[1], "report") == 0)
		return report();
	if (getuid() != 0)
		CHECK_SKIP("giving ids and capabilities away needs root");
	snprintf(dir, sizeof(dir), "/tmp/t_caps-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	CHECKF(sb_probe_minimum(&e) == 0, "%s", e.text);
	test_ids();
	test_exec(self);
	CHECK(in_child(check_bounding, NULL) == 0);
	CHECK(in_child(check_limits, NULL) == 0);
	CHECK(rmdir(dir) == 0);
	return check_done();
}
