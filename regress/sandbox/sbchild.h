/* A forked child that confines itself and reports: what the sandbox tests share. */
#ifndef REGRESS_SBCHILD_H
#define REGRESS_SBCHILD_H

#include <sys/resource.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/sb.h"

#define CHILD_SECONDS 10
#define CHILD_BROKEN  250 /* exit status: the test itself failed */

/* Runs FN in a child: its exit status 0..255, or 1000 + the signal that ended it. */
static inline int
in_child(int (*fn)(void *), void *arg)
{
	static const struct rlimit none = {0, 0};
	int status;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &none);
		alarm(CHILD_SECONDS);
		_exit(fn(arg));
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return CHILD_BROKEN;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Says on stderr which part of the confinement failed. */
static inline int
child_broken(const char *what, const struct errmsg *e)
{
	fprintf(stderr, "%s: %s\n", what, e->text);
	return CHILD_BROKEN;
}

#endif
