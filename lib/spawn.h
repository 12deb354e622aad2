/*
 * fork+exec of our own rooms and of tools: clean environment, channel on fd 3, everything else
 * closed.
 */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <sys/types.h>

#include "lib/err.h"

#define CHAN_FD 3 /* where a room finds its channel */

struct spawn {
	int exe; /* O_PATH or O_RDONLY fd of an ELF; run by execveat(AT_EMPTY_PATH) */
	const char *const *argv;
	const char *const *envp; /* the whole environment; never inherited */
	int chan;		 /* becomes CHAN_FD; -1 none */
	int null_stdio;		 /* 0, 1, 2 become /dev/null; otherwise they are inherited */
	int cgroup; /* directory fd of a cgroup2 to start in (CLONE_INTO_CGROUP); -1 none */
	int newpid; /* 1: a PID namespace of its own */
};

/*
 * Starts it with clone3(2). The child resets signals and mask, chdir("/"), umask 077, setsid(), and
 * has no descriptor but 0-2 and CHAN_FD. *PIDFD gets a CLOEXEC pidfd. Returns the pid, or -1 with
 * E. A child that cannot set itself up exits 125, one that cannot execute 127.
 */
pid_t spawn(const struct spawn *sp, int *pidfd, struct errmsg *e);

#endif
