/*
 * A mount namespace of a job's own. A target is opened once and mounted on by its descriptor, and
 * what is mounted is finished before it is attached: no name is looked up twice, /proc is not
 * needed, and nothing is writable for a moment (mount_namespaces(7), mount_setattr(2)).
 */

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <linux/mount.h>
#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/sb.h"

#define ATTR_COVER (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct option {
	const char *key, *value;
};

static const struct option empty_dir[] = {
    {"mode", "0555"}, {"size", "4k"}, {"nr_inodes", "2"}, {NULL, NULL}};
/* memory of the whole host where no controller limits the job's, and several run at a time */
static const struct option shared_dir[] = {
    {"mode", "1777"}, {"size", "10%"}, {"nr_inodes", "128k"}, {NULL, NULL}};
static const struct option no_options[] = {{NULL, NULL}};

static int
set_attr(int fd, uint64_t set, uint64_t clr, unsigned int flags)
{
	struct mount_attr a = {.attr_set = set, .attr_clr = clr};

	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, &a, sizeof(a));
}

/* A file system of its own, not attached yet: its descriptor or -1 with errno. */
static int
new_fs(const char *type, const struct option *o, unsigned int attrs)
{
	int fs, fd = -1, bad = 0;

	if ((fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)) == -1)
		return -1;
	for (; !bad && o->key != NULL; o++)
		bad = syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, o->key, o->value, 0) == -1;
	if (!bad && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
	close(fs);
	return fd;
}

/* A copy of the mount at FD with those beneath it, not attached yet. */
static int
copy_of(int fd)
{
	return (int)syscall(SYS_open_tree, fd, "",
	    AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* Puts what TREE holds onto the place that FD is, and closes TREE. */
static int
attach(int tree, int fd, const char *path, struct errmsg *e)
{
	long rc = -1;

	if (tree != -1) {
		rc = syscall(SYS_move_mount, tree, "", fd, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
		if (rc == -1)
			err_errno(e, "mount on %s", path);
		close(tree);
		return (int)rc;
	}
	return err_errno(e, "mount for %s", path);
}

static int
bind_self(
    int fd, const char *path, uint64_t set, uint64_t clr, unsigned int flags, struct errmsg *e)
{
	int tree = copy_of(fd);

	if (tree != -1 && set_attr(tree, set, clr, flags) == -1) {
		err_errno(e, "mount_setattr %s", path);
		close(tree);
		return -1;
	}
	return attach(tree, fd, path, e);
}

static int
null_cover(void)
{
	int fd, tree;

	if ((fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return -1;
	tree = copy_of(fd);
	close(fd);
	if (tree != -1 && set_attr(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0) == -1) {
		close(tree);
		return -1;
	}
	return tree;
}

/* The same empty directory covers every door: the first is made, the others are copies of it. */
static int
empty_cover(int *cover)
{
	int tree;

	if (*cover != -1)
		return copy_of(*cover);
	tree = new_fs("tmpfs", empty_dir, ATTR_COVER);
	if (tree != -1 && (*cover = fcntl(tree, F_DUPFD_CLOEXEC, 0)) == -1) {
		close(tree);
		return -1;
	}
	return tree;
}

static int
hide(int fd, const char *path, int *cover, struct errmsg *e)
{
	struct stat st, root;

	if (fstat(fd, &st) == -1 || stat("/", &root) == -1)
		return err_errno(e, "%s", path);
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
		return err_set(e, "%s leads to / and cannot be covered", path);
	return attach(S_ISDIR(st.st_mode) ? empty_cover(cover) : null_cover(), fd, path, e);
}

/* A door's name may be a link (/var/run): what it leads to is what must be covered. */
static int
open_target(const struct sb_mount *m)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

	if (m->op == SB_M_HIDE)
		how.resolve = RESOLVE_NO_MAGICLINKS;
	return (int)syscall(SYS_openat2, AT_FDCWD, m->path, &how, sizeof(how));
}

static int
one_mount(const struct sb_mount *m, int writable, int *cover, struct errmsg *e)
{
	const char *path = m->path;
	int fd, rc = 0;

	if ((fd = open_target(m)) == -1) {
		if ((errno == ENOENT || errno == ENOTDIR) &&
		    (m->op == SB_M_HIDE || m->op == SB_M_RO))
			return 0;
		return err_errno(e, "%s", path);
	}
	switch (m->op) {
	case SB_M_RO:
		rc = bind_self(fd, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, AT_RECURSIVE, e);
		break;
	case SB_M_RW:
		rc = bind_self(fd, path, MOUNT_ATTR_NOSUID, writable ? MOUNT_ATTR_RDONLY : 0, 0, e);
		break;
	case SB_M_HIDE:
		rc = hide(fd, path, cover, e);
		break;
	case SB_M_TMPFS:
		rc = attach(
		    new_fs("tmpfs", shared_dir, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), fd, path, e);
		break;
	case SB_M_PROC:
		rc = attach(new_fs("proc", no_options,
				MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
		    fd, path, e);
		break;
	}
	close(fd);
	return rc;
}

/* Which places were writable before all became read-only: only those may be so again. */
static void
note_writable(const struct sb *s, unsigned char *writable)
{
	struct statvfs v;

	for (size_t i = 0; i < s->nmounts; i++)
		if (s->mounts[i].op == SB_M_RW)
			writable[i] =
			    statvfs(s->mounts[i].path, &v) == 0 && (v.f_flag & ST_RDONLY) == 0;
}

static int
set_root(uint64_t attrs, uint64_t propagation, struct errmsg *e)
{
	struct mount_attr a = {.attr_set = attrs, .propagation = propagation};

	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &a, sizeof(a)) == -1)
		return err_errno(e, "mount_setattr /");
	return 0;
}

static int
mount_all(const struct sb *s, struct errmsg *e)
{
	unsigned char *writable;
	int rc = 0, cover = -1;

	if ((writable = calloc(s->nmounts + 1, 1)) == NULL)
		return err_errno(e, "mounts");
	note_writable(s, writable);
	if (s->ro_root)
		rc = set_root(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, e);
	for (size_t i = 0; rc == 0 && i < s->nmounts; i++)
		rc = one_mount(&s->mounts[i], writable[i], &cover, e);
	if (cover != -1)
		close(cover);
	free(writable);
	/* the working directory is still beneath whatever was mounted over it */
	if (rc == 0 && chdir("/") == -1)
		rc = err_errno(e, "chdir /");
	return rc;
}

int
sb_mounts_apply(const struct sb *s, struct errmsg *e)
{
	int flags = (s->newns ? CLONE_NEWNS : 0) | (s->newnet ? CLONE_NEWNET : 0) |
		    (s->newipc ? CLONE_NEWIPC : 0) | (s->newuts ? CLONE_NEWUTS : 0);

	if (!s->newns && (s->nmounts != 0 || s->ro_root))
		return err_set(e, "mounts without a namespace");
	if (flags != 0 && unshare(flags) == -1)
		return err_errno(e, "unshare");
	if (!s->newns)
		return 0;
	if (set_root(0, MS_PRIVATE, e) == -1)
		return -1;
	return mount_all(s, e);
}
