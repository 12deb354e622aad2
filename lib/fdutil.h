/*
 * Descriptors and files. Root opens nothing by a bare path: a path is walked with openat2(2)
 * beneath a directory, without symlinks and magic links, and the file is checked on its fd.
 */
#ifndef LIB_FDUTIL_H
#define LIB_FDUTIL_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* Opens /dev/null on each of 0, 1, 2 that is closed. Returns 0, or -1 with errno. */
int fd_sane(void);
int fd_cloexec(int fd, int on);
int fd_nonblock(int fd, int on);
/* Closes every descriptor from LOW up (close_range(2)). */
void fd_closefrom(int low);
/* Number of open descriptors of this process, or -1. */
int fd_count(void);

/* read(2)/write(2) until LEN bytes, end of file or error; EINTR is retried. -1 with errno, else
 * bytes done. */
ssize_t fd_readn(int fd, void *buf, size_t len);
ssize_t fd_writen(int fd, const void *buf, size_t len);

/*
 * Opens PATH (relative) beneath DIRFD: RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS, O_CLOEXEC and
 * O_NOCTTY always added. -1 with errno (EXDEV, ELOOP for a way out or a link).
 */
int fd_openat(int dirfd, const char *path, int flags, mode_t mode);

enum fd_trust {
	FD_TRUST_ROOT,	  /* root-owned, nobody else may write; readable by all is fine */
	FD_TRUST_EXEC,	  /* the same for a program; links to it are no harm, profilers make some */
	FD_TRUST_PRIVATE, /* root-owned, mode & 077 == 0 */
};

/*
 * Opens the absolute PATH for root's use: every component walked without symlinks, each directory
 * on the way owned by uid 0 and not writable by group or others (a sticky directory counts as
 * writable), the last one a regular file (or a directory with
 * O_DIRECTORY in FLAGS) that satisfies TRUST, with one link when it is a regular file and no
 * program. Opened with O_NONBLOCK first, so that a FIFO cannot hang root. Returns the fd; -1 with E
 * naming the component and what is wrong with it.
 */
int fd_open_trusted(const char *path, int flags, enum fd_trust trust, struct errmsg *e);
/* The same checks on an fd already open and its stat. WHAT names it in E. */
int fd_check_trusted(int fd, const char *what, enum fd_trust trust, struct errmsg *e);

/* Reads all of FD (a regular file, from offset 0) into a malloc'ed, NUL-ended buffer; more than MAX
 * is an error. */
int fd_slurp(int fd, size_t max, char **buf, size_t *len, struct errmsg *e);

/*
 * Replaces NAME in DIRFD: temporary name in the same directory with its final MODE, write, fsync,
 * rename, fsync of the directory. Returns 0; -1 with E, and the old file untouched.
 */
int fd_replace(
    int dirfd, const char *name, mode_t mode, const void *buf, size_t len, struct errmsg *e);

/*
 * Takes the exclusive flock(2) of FD. A process that died holds it for a moment longer where a
 * child of it has not yet reached its execve(2): waits up to MS milliseconds for that. 0, or -1
 * with errno, EWOULDBLOCK when somebody still holds it.
 */
int fd_lock(int fd, int ms);

/* Identity of a process: start time in clock ticks since boot (/proc/PID/stat field 22), or 0 when
 * gone. */
uint64_t fd_pid_starttime(pid_t pid);

#endif
