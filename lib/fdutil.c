/* Descriptors and files; see the header for what each promises. */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <linux/openat2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"

#define FD_LOCK_LOOK 10 /* milliseconds between two looks at a lock */

int
fd_sane(void)
{
	int fd;

	for (int want = 0; want < 3; want++) {
		if (fcntl(want, F_GETFD) != -1)
			continue;
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			return -1;
		if (fd != want) { /* lower ones are open, so open() gave this one */
			close(fd);
			errno = EBADF;
			return -1;
		}
	}
	return 0;
}

int
fd_cloexec(int fd, int on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
}

int
fd_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

void
fd_closefrom(int low)
{
	if (close_range((unsigned int)low, ~0U, 0) == -1)
		for (int fd = low; fd < 65536; fd++)
			close(fd);
}

int
fd_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *de;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((de = readdir(d)) != NULL)
		if (de->d_name[0] != '.')
			n++;
	closedir(d);
	return n - 1; /* without the directory's own */
}

ssize_t
fd_readn(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, (char *)buf + done, len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t
fd_writen(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, (const char *)buf + done, len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int
openat2_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC | O_NOCTTY),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long fd;

	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		how.mode = mode;
	if (flags & O_PATH) /* openat2(2) takes no other flag beside it */
		how.flags &= ~(uint64_t)(O_NOCTTY | O_NONBLOCK);
	/* a rename on the way may ask for another try; a lease held by the file's owner would for
	 * ever */
	for (int tries = 0; tries < 64; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd != -1 || errno != EAGAIN)
			break;
	}
	return (int)fd;
}

int
fd_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return openat2_beneath(dirfd, path, flags, mode);
}

static int
check_owner(const struct stat *st, const char *what, mode_t forbidden, struct errmsg *e)
{
	if (st->st_uid != 0)
		return err_set(e, "%s: owned by uid %u, must be root's: chown root", what,
		    (unsigned int)st->st_uid);
	if (st->st_mode & forbidden)
		return err_set(e, "%s: mode %04o is too open: chmod %s", what,
		    (unsigned int)(st->st_mode & 07777), (forbidden & 044) ? "600" : "go-w");
	return 0;
}

int
fd_check_trusted(int fd, const char *what, enum fd_trust trust, struct errmsg *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_errno(e, "%s", what);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(e, "%s: neither a regular file nor a directory", what);
	if (S_ISREG(st.st_mode) && st.st_nlink != 1 && trust != FD_TRUST_EXEC)
		return err_set(
		    e, "%s: has %lu links, must have one", what, (unsigned long)st.st_nlink);
	return check_owner(&st, what, trust == FD_TRUST_PRIVATE ? 077 : 022, e);
}

/* Opens one directory on the way and checks it. WALKED is the path so far, for words. */
static int
step_dir(int dirfd, const char *name, const char *walked, struct errmsg *e)
{
	struct stat st;
	int fd;

	fd = openat2_beneath(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd == -1) {
		err_errno(e, "%s", walked);
		if (errno == ELOOP || errno == ENOTDIR)
			err_set(e, "%s: a symbolic link, or not a directory", walked);
		return -1;
	}
	if (fstat(fd, &st) == -1) {
		err_errno(e, "%s", walked);
		close(fd);
		return -1;
	}
	if (check_owner(&st, walked, 022, e) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What stands there, before it is opened: to open a device can already have an effect. */
static int
check_type(int dirfd, const char *name, const char *path, int flags, struct errmsg *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_errno(e, "%s", path);
	if (S_ISLNK(st.st_mode))
		return err_set(e, "%s: a symbolic link", path);
	if ((flags & O_DIRECTORY) && !S_ISDIR(st.st_mode))
		return err_set(e, "%s: not a directory", path);
	if (!(flags & O_DIRECTORY) && !S_ISREG(st.st_mode))
		return err_set(e, "%s: not a regular file", path);
	return 0;
}

static int
open_last(
    int dirfd, const char *name, const char *path, int flags, enum fd_trust trust, struct errmsg *e)
{
	struct stat st;
	int fd;

	if (check_type(dirfd, name, path, flags, e) == -1)
		return -1;
	fd = openat2_beneath(dirfd, name, flags | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd == -1) {
		if (errno == ELOOP)
			return err_set(e, "%s: a symbolic link", path);
		return err_errno(e, "%s", path);
	}
	/* and the same on what was opened */
	if (fstat(fd, &st) == -1)
		err_errno(e, "%s", path);
	else if (!(flags & O_DIRECTORY) && !S_ISREG(st.st_mode))
		err_set(e, "%s: not a regular file", path);
	else if (fd_check_trusted(fd, path, trust, e) == 0 &&
		 ((flags & O_PATH) || fd_nonblock(fd, 0) == 0))
		return fd;
	close(fd);
	return -1;
}

static int
open_root(struct errmsg *e)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) == -1)
		err_errno(e, "/");
	else if (check_owner(&st, "/", 022, e) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

int
fd_open_trusted(const char *path, int flags, enum fd_trust trust, struct errmsg *e)
{
	char walked[4096], *name, *next;
	int dir, fd;

	if (path[0] != '/' || strlen(path) >= sizeof(walked))
		return err_set(e, "%s: not an absolute path", path);
	memcpy(walked, path, strlen(path) + 1);
	if ((dir = open_root(e)) == -1)
		return -1;
	for (name = walked + 1; (next = strchr(name, '/')) != NULL; name = next + 1) {
		*next = '\0';
		fd = *name == '\0' || strcmp(name, "..") == 0 || strcmp(name, ".") == 0
			 ? err_set(e, "%s: not a normalised path", path)
			 : step_dir(dir, name, walked, e);
		*next = '/';
		close(dir);
		if (fd == -1)
			return -1;
		dir = fd;
	}
	if (*name == '\0' || strcmp(name, "..") == 0 || strcmp(name, ".") == 0)
		fd = err_set(e, "%s: not a normalised path", path);
	else
		fd = open_last(dir, name, path, flags, trust, e);
	close(dir);
	return fd;
}

int
fd_slurp(int fd, size_t max, char **buf, size_t *len, struct errmsg *e)
{
	size_t have = 0, size = 4096;
	char *p = NULL, *q;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return err_errno(e, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, "not a regular file");
	for (;;) {
		if (have + 1 >= size || p == NULL) {
			size *= 2;
			if ((q = realloc(p, size)) == NULL) {
				free(p);
				return err_set(e, "out of memory");
			}
			p = q;
		}
		n = pread(fd, p + have, size - have - 1, (off_t)have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
		if (have > max) {
			free(p);
			return err_set(e, "larger than %zu bytes", max);
		}
	}
	if (n == -1) {
		err_errno(e, "read");
		free(p);
		return -1;
	}
	p[have] = '\0';
	*buf = p;
	*len = have;
	return 0;
}

static int
write_tmp(int dirfd, const char *tmp, mode_t mode, const void *buf, size_t len, struct errmsg *e)
{
	int fd, ok;

	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd == -1)
		return err_errno(e, "%s", tmp);
	ok = fchmod(fd, mode) == 0 && fd_writen(fd, buf, len) == (ssize_t)len && fsync(fd) == 0;
	if (!ok)
		err_errno(e, "%s", tmp);
	close(fd);
	return ok ? 0 : -1;
}

static int
sync_dir(int dirfd, const char *name)
{
	char dir[4096], *slash;
	int fd, rc;

	snprintf(dir, sizeof(dir), "%s", name);
	if ((slash = strrchr(dir, '/')) == NULL)
		snprintf(dir, sizeof(dir), ".");
	else if (slash == dir)
		slash[1] = '\0';
	else
		*slash = '\0';
	if ((fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int
fd_replace(int dirfd, const char *name, mode_t mode, const void *buf, size_t len, struct errmsg *e)
{
	char tmp[4096];
	uint64_t r;

	if (getentropy(&r, sizeof(r)) == -1)
		return err_errno(e, "random");
	if (snprintf(tmp, sizeof(tmp), "%s.%016llx", name, (unsigned long long)r) >=
	    (int)sizeof(tmp))
		return err_set(e, "%s: name too long", name);
	if (write_tmp(dirfd, tmp, mode, buf, len, e) == -1) {
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	if (renameat(dirfd, tmp, dirfd, name) == -1) {
		err_errno(e, "rename to %s", name);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	if (sync_dir(dirfd, name) == -1)
		return err_errno(e, "%s: sync of its directory", name);
	return 0;
}

int
fd_lock(int fd, int ms)
{
	const struct timespec wait = {.tv_nsec = FD_LOCK_LOOK * 1000000L};

	for (; flock(fd, LOCK_EX | LOCK_NB) == -1; ms -= FD_LOCK_LOOK) {
		if (errno != EINTR && (errno != EWOULDBLOCK || ms <= 0))
			return -1;
		nanosleep(&wait, NULL);
	}
	return 0;
}

uint64_t
fd_pid_starttime(pid_t pid)
{
	char path[64], buf[1024], *p;
	uint64_t v = 0;
	ssize_t n;
	int fd, field;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = fd_readn(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	if ((p = strrchr(buf, ')')) == NULL) /* the name may hold anything */
		return 0;
	for (field = 2; field < 22 && (p = strchr(p + 1, ' ')) != NULL; field++)
		;
	if (p == NULL || strn_u64(p + 1, strcspn(p + 1, " "), 0, UINT64_MAX, &v) == -1)
		return 0;
	return v;
}
