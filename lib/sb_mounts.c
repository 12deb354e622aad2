/*
 * A mount namespace of a job's own. Targets are opened without following a link at their end and
 * mounted on by descriptor, so that what is covered is what was meant (mount_namespaces(7)).
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/mount.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/sb.h"

#define EMPTY_DIR "mode=0555,size=4k,nr_inodes=2"

static int
set_attr(const char *path, uint64_t set, uint64_t clr, unsigned int flags, struct errmsg *e)
{
	struct mount_attr a = {.attr_set = set, .attr_clr = clr};

	if (syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &a, sizeof(a)) == -1)
		return err_errno(e, "mount_setattr %s", path);
	return 0;
}

/* The magic path of an O_PATH descriptor, for mount(2). */
static const char *
by_fd(char buf[32], int fd)
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}

static int
bind_self(const char *path, int fd, int writable, struct errmsg *e)
{
	char self[32];
	uint64_t ro = writable ? 0 : MOUNT_ATTR_RDONLY;

	if (mount(by_fd(self, fd), self, NULL, MS_BIND | MS_REC, NULL) == -1)
		return err_errno(e, "bind %s", path);
	/* FD is beneath the new mount; the path leads to it */
	return set_attr(path, ro | MOUNT_ATTR_NOSUID, writable ? MOUNT_ATTR_RDONLY : 0,
	    AT_RECURSIVE | AT_SYMLINK_NOFOLLOW, e);
}

static int
hide(const char *path, int fd, struct errmsg *e)
{
	char self[32];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_errno(e, "%s", path);
	by_fd(self, fd);
	if (S_ISDIR(st.st_mode)) {
		if (mount("none", self, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
			EMPTY_DIR) == -1)
			return err_errno(e, "cover %s", path);
		return 0;
	}
	if (S_ISLNK(st.st_mode))
		return 0; /* what it leads to has a row of its own, or is none of our doors */
	if (mount("/dev/null", self, NULL, MS_BIND, NULL) == -1)
		return err_errno(e, "cover %s", path);
	return 0;
}

static int
one_mount(const struct sb_mount *m, struct errmsg *e)
{
	char self[32];
	int fd, rc = 0;

	if ((fd = open(m->path, O_PATH | O_NOFOLLOW | O_CLOEXEC)) == -1) {
		if ((errno == ENOENT || errno == ENOTDIR) &&
		    (m->op == SB_M_HIDE || m->op == SB_M_RO))
			return 0;
		return err_errno(e, "%s", m->path);
	}
	switch (m->op) {
	case SB_M_RO:
		rc = bind_self(m->path, fd, 0, e);
		break;
	case SB_M_RW:
		rc = bind_self(m->path, fd, 1, e);
		break;
	case SB_M_HIDE:
		rc = hide(m->path, fd, e);
		break;
	case SB_M_TMPFS:
		if (mount("none", by_fd(self, fd), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") ==
		    -1)
			rc = err_errno(e, "tmpfs on %s", m->path);
		break;
	case SB_M_PROC:
		if (mount("proc", by_fd(self, fd), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			NULL) == -1)
			rc = err_errno(e, "proc on %s", m->path);
		break;
	}
	close(fd);
	return rc;
}

int
sb_mounts_apply(const struct sb *s, struct errmsg *e)
{
	int flags = (s->newns ? CLONE_NEWNS : 0) | (s->newnet ? CLONE_NEWNET : 0) |
		    (s->newipc ? CLONE_NEWIPC : 0) | (s->newuts ? CLONE_NEWUTS : 0);

	if (flags != 0 && unshare(flags) == -1)
		return err_errno(e, "unshare");
	if (!s->newns)
		return s->nmounts == 0 && !s->ro_root ? 0
						      : err_set(e, "mounts without a namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return err_errno(e, "make mounts private");
	if (s->ro_root &&
	    set_attr("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, AT_RECURSIVE, e) == -1)
		return -1;
	for (size_t i = 0; i < s->nmounts; i++)
		if (one_mount(&s->mounts[i], e) == -1)
			return -1;
	return 0;
}
