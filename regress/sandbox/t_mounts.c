/*
 * The private mount namespace: covers, read-only and writable places, a proc of its own; links and
 * missing paths; nothing of it seen outside. Works in a directory on a file system of the test's
 * own.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>

#include <linux/mount.h>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>

#include "regress/check.h"
#include "regress/sandbox/sbchild.h"

static char dir[64];

static const char *
at(const char *name)
{
	static char buf[128][128];
	static unsigned int n;
	char *p = buf[n++ % 128];

	snprintf(p, sizeof(buf[0]), "%s/%s", dir, name);
	return p;
}

struct box {
	struct sb_mount m[4];
	size_t n;
	int ro_root, no_ns;
	int (*fn)(const char *);
	const char *path;
	const char *error; /* words of the error that is wanted */
};

static int
run_box(void *v)
{
	const struct box *b = v;
	struct errmsg e = {""};
	struct sb s;

	sb_init(&s);
	s.newns = !b->no_ns;
	s.ro_root = b->ro_root;
	s.mounts = b->m;
	s.nmounts = b->n;
	if (sb_mounts_apply(&s, &e) == -1) {
		if (b->error != NULL && strstr(e.text, b->error) != NULL)
			return 0;
		return child_broken("mounts", &e);
	}
	return b->error != NULL ? CHILD_BROKEN : b->fn(b->path);
}

static int
box(enum sb_mount_op op, const char *on, int ro, int (*fn)(const char *), const char *path)
{
	struct box b = {.m = {{op, on}}, .n = on != NULL, .ro_root = ro, .fn = fn, .path = path};

	return in_child(run_box, &b);
}

static int
refused(enum sb_mount_op op, const char *on, const char *error)
{
	struct box b = {.m = {{op, on}}, .n = 1, .error = error};

	return in_child(run_box, &b);
}

static int
do_create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600) == -1 ? errno : unlink(path);
}

/* A tmpfs that is filled to its end is a small part of the memory. */
static int
do_measure(const char *path)
{
	struct statvfs v;
	struct sysinfo si;

	if (statvfs(path, &v) == -1 || sysinfo(&si) == -1)
		return errno;
	if ((uint64_t)v.f_blocks * v.f_frsize > (uint64_t)si.totalram * si.mem_unit / 8)
		return EFBIG;
	return v.f_files == 0 || v.f_files > 200000 ? ENFILE : 0;
}

static int
do_write(const char *path)
{
	return open(path, O_WRONLY) == -1 ? errno : 0;
}

static int
do_read(const char *path)
{
	return open(path, O_RDONLY) == -1 ? errno : 0;
}

/* 0: an empty directory in which nothing can be made, in every way that a name leads to it. */
static int
do_empty(const char *path)
{
	char in[256];
	DIR *d = opendir(path);
	unsigned int n = 0;

	if (d == NULL)
		return 100;
	while (readdir(d) != NULL)
		n++;
	snprintf(in, sizeof(in), "%s/new", path);
	if (n != 2)
		return 101;
	return open(in, O_WRONLY | O_CREAT, 0600) == -1 && errno == EROFS ? 0 : 102;
}

/* 0: what is there is /dev/null. */
static int
do_null(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? 0 : 100;
}

static int
do_proc(const char *path)
{
	char buf[128];

	snprintf(buf, sizeof(buf), "%s/%d/status", path, (int)getpid());
	return open(buf, O_RDONLY) == -1 ? errno : 0;
}

static int
do_cwd(const char *unused)
{
	char buf[128];

	(void)unused;
	return getcwd(buf, sizeof(buf)) == NULL || strcmp(buf, "/") != 0;
}

/* Doors share one cover: each of them is closed, and one beneath another's cover stays closed. */
static void
test_crowd(void)
{
	struct box b = {.m = {{SB_M_HIDE, at("open/sub")}, {SB_M_HIDE, at("secrets")},
			    {SB_M_HIDE, at("open")}, {SB_M_HIDE, at("nest")}},
	    .n = 4,
	    .fn = do_empty};
	static const char *const doors[] = {"secrets", "open", "nest"};

	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
		b.path = at(doors[i]);
		CHECKF(in_child(run_box, &b) == 0, "%s", doors[i]);
	}
	b.n = 2;
	b.path = at("open/sub");
	CHECK(in_child(run_box, &b) == 0);
}

static void
test_hide(void)
{
	CHECK(box(SB_M_HIDE, at("secrets"), 0, do_empty, at("secrets")) == 0);
	CHECK(box(SB_M_HIDE, at("secrets"), 0, do_read, at("secrets/key")) == ENOENT);
	CHECK(box(SB_M_HIDE, at("secrets/key"), 0, do_null, at("secrets/key")) == 0);
	CHECK(box(SB_M_HIDE, at("fifo"), 0, do_null, at("fifo")) == 0);
	CHECK(box(SB_M_HIDE, at("absent"), 0, do_read, at("secrets/key")) == 0);
	CHECK(box(SB_M_HIDE, at("secrets/key/x"), 0, do_read, at("secrets/key")) == 0);
	/* a door's name that is a link: what it leads to is covered, under both names */
	CHECK(box(SB_M_HIDE, at("link"), 0, do_empty, at("link")) == 0);
	CHECK(box(SB_M_HIDE, at("link"), 0, do_empty, at("secrets")) == 0);
	CHECK(box(SB_M_HIDE, at("link/key"), 0, do_null, at("secrets/key")) == 0);
	CHECK(box(SB_M_HIDE, at("dangling"), 0, do_read, at("secrets/key")) == 0);
	CHECK(refused(SB_M_HIDE, at("toroot"), "cannot be covered") == 0);
	test_crowd();
	/* outside nothing changed */
	CHECK(do_read(at("secrets/key")) == 0);
}

static void
test_read_only(void)
{
	CHECK(box(SB_M_RO, at("open"), 0, do_create, at("open/new")) == EROFS);
	CHECK(box(SB_M_RO, at("open"), 0, do_create, at("new")) == 0);
	CHECK(box(SB_M_RO, at("absent"), 0, do_create, at("new")) == 0);
	CHECK(box(SB_M_RO, NULL, 1, do_create, at("new")) == EROFS);
	CHECK(box(SB_M_RO, NULL, 1, do_create, "/new-file") == EROFS);
	CHECK(box(SB_M_RO, NULL, 1, do_create, "/dev/shm/new-file") == EROFS);
	CHECK(box(SB_M_RO, NULL, 1, do_write, "/dev/null") == 0);
	CHECK(box(SB_M_RW, at("open"), 1, do_create, at("open/new")) == 0);
	CHECK(box(SB_M_RW, at("open"), 1, do_create, at("new")) == EROFS);
	CHECK(box(SB_M_TMPFS, at("open"), 1, do_create, at("open/new")) == 0);
	CHECK(box(SB_M_TMPFS, at("open"), 1, do_measure, at("open")) == 0);
	CHECK(box(SB_M_TMPFS, at("secrets"), 0, do_read, at("secrets/key")) == ENOENT);
	CHECK(box(SB_M_RO, at("open"), 0, do_cwd, NULL) == 0);
	/* what was read-only before stays so, also beneath a writable place */
	CHECK(box(SB_M_RW, at("frozen"), 1, do_create, at("frozen/new")) == EROFS);
	CHECK(box(SB_M_RW, at("nest"), 1, do_create, at("nest/new")) == 0);
	CHECK(box(SB_M_RW, at("nest"), 1, do_create, at("nest/frozen/new")) == EROFS);
	CHECK(do_create(at("new")) == 0);
}

/* A cover stays over what lies in a place that is made writable afterwards. */
static void
test_order(void)
{
	struct box b = {.m = {{SB_M_HIDE, at("secrets")}, {SB_M_RW, dir}},
	    .n = 2,
	    .ro_root = 1,
	    .fn = do_read,
	    .path = at("secrets/key")};

	CHECK(in_child(run_box, &b) == ENOENT);
	b.fn = do_create;
	b.path = at("new");
	CHECK(in_child(run_box, &b) == 0);
}

static void
test_refusals(void)
{
	struct box b = {.m = {{SB_M_RO, "/"}}, .n = 1, .no_ns = 1, .error = "namespace"};

	CHECK(in_child(run_box, &b) == 0);
	CHECK(refused(SB_M_RW, at("absent"), "No such file") == 0);
	CHECK(refused(SB_M_TMPFS, at("absent"), "No such file") == 0);
	CHECK(refused(SB_M_PROC, at("absent"), "No such file") == 0);
	CHECK(refused(SB_M_RW, at("link"), "symbolic links") == 0);
	CHECK(refused(SB_M_RO, at("link"), "symbolic links") == 0);
	CHECK(refused(SB_M_TMPFS, at("link"), "symbolic links") == 0);
	CHECK(refused(SB_M_RW, at("link/sub"), "symbolic links") == 0);
}

static int
in_pidns(void *v)
{
	struct box b = {
	    .m = {{SB_M_PROC, "/proc"}, {SB_M_RO, "/proc/sys"}}, .n = 2, .fn = v, .path = "/proc"};

	if (unshare(CLONE_NEWPID) == -1)
		return CHILD_BROKEN;
	return in_child(run_box, &b);
}

/* In the fresh proc: this is process 1, and the parent is not to be seen. */
static int
do_fresh_proc(const char *path)
{
	struct dirent *de;
	unsigned int pids = 0;
	DIR *d = opendir(path);

	while (d != NULL && (de = readdir(d)) != NULL)
		pids += de->d_name[0] >= '0' && de->d_name[0] <= '9';
	if (pids != 1 || getpid() != 1 || do_proc(path) != 0)
		return 1;
	return do_write("/proc/sys/kernel/core_pattern") == EROFS ? 0 : 2;
}

static int
check_empty_net(void *unused)
{
	struct errmsg e = {""};
	char buf[4096];
	struct sb s;
	FILE *f;
	int lines = 0;

	(void)unused;
	sb_init(&s);
	s.newnet = s.newipc = s.newuts = 1;
	if (sb_mounts_apply(&s, &e) == -1)
		return child_broken("namespaces", &e);
	if ((f = fopen("/proc/self/net/dev", "r")) == NULL)
		return CHILD_BROKEN;
	while (fgets(buf, sizeof(buf), f) != NULL)
		lines++;
	fclose(f);
	return lines == 3 ? 0 : 1; /* two of heading, and lo */
}

/* In a mount namespace of this test, so that nothing is left behind: places that are read-only. */
static void
set_up(void)
{
	static const char *const dirs[] = {
	    "secrets", "open", "open/sub", "frozen", "nest", "nest/frozen"};
	struct mount_attr ro = {.attr_set = MOUNT_ATTR_RDONLY};

	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(syscall(SYS_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(syscall(SYS_mount, "none", dir, "tmpfs", 0, NULL) == 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		CHECK(mkdir(at(dirs[i]), 0755) == 0);
	CHECK(syscall(SYS_mount, "none", at("frozen"), "tmpfs", 0, NULL) == 0);
	CHECK(syscall(SYS_mount, "none", at("nest/frozen"), "tmpfs", 0, NULL) == 0);
	CHECK(syscall(SYS_mount_setattr, AT_FDCWD, at("frozen"), 0, &ro, sizeof(ro)) == 0);
	CHECK(syscall(SYS_mount_setattr, AT_FDCWD, at("nest/frozen"), 0, &ro, sizeof(ro)) == 0);
	close(open(at("secrets/key"), O_WRONLY | O_CREAT | O_EXCL, 0600));
	CHECK(mkfifo(at("fifo"), 0600) == 0);
	CHECK(symlink("secrets", at("link")) == 0);
	CHECK(symlink("nowhere", at("dangling")) == 0);
	CHECK(symlink("/", at("toroot")) == 0);
}

int
main(void)
{
	if (getuid() != 0)
		CHECK_SKIP("mounting needs root");
	snprintf(dir, sizeof(dir), "/tmp/t_mounts-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	set_up();
	test_hide();
	test_read_only();
	test_order();
	test_refusals();
	CHECK(in_child(in_pidns, (void *)do_fresh_proc) == 0);
	CHECK(in_child(check_empty_net, NULL) == 0);
	CHECK(syscall(SYS_umount2, dir, 2 /* MNT_DETACH */) == 0);
	CHECK(rmdir(dir) == 0);
	return check_done();
}
