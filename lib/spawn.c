/* clone3 and execveat: one way to start a program. */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/sched.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/spawn.h"

/* Children of clone3 share nothing but what they copied: only async-signal-safe calls below. */

static void
reset_signals(void)
{
	struct sigaction sa;
	sigset_t none;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (int s = 1; s < NSIG; s++)
		(void)sigaction(s, &sa, NULL); /* KILL, STOP and libc's own cannot be set */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		_exit(125);
}

static void
null_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		_exit(125);
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) == -1 || fcntl(i, F_SETFD, 0) == -1)
			_exit(125);
}

/* CHAN_FD gets the channel; the program's own descriptor moves out of the way and closes at exec.
 */
static int
place_fds(int exe, int chan)
{
	if ((exe = fcntl(exe, F_DUPFD_CLOEXEC, CHAN_FD + 1)) == -1)
		_exit(125);
	if (chan == CHAN_FD) {
		if (fcntl(chan, F_SETFD, 0) == -1)
			_exit(125);
	} else if (chan != -1 && dup2(chan, CHAN_FD) == -1)
		_exit(125);
	if (chan == -1)
		close(CHAN_FD);
	/* everything else closes, the program's descriptor at the exec itself */
	if (close_range(CHAN_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == -1)
		_exit(125);
	return exe;
}

static void
child(const struct spawn *sp)
{
	int exe;

	reset_signals();
	exe = place_fds(sp->exe, sp->chan);
	if (sp->null_stdio)
		null_stdio();
	umask(077);
	if (chdir("/") == -1 || setsid() == -1)
		_exit(125);
	syscall(SYS_execveat, exe, "", (char *const *)(uintptr_t)sp->argv,
	    (char *const *)(uintptr_t)sp->envp, AT_EMPTY_PATH);
	_exit(127);
}

pid_t
spawn(const struct spawn *sp, int *pidfd, struct errmsg *e)
{
	struct clone_args ca;
	sigset_t all, old;
	long pid;
	int pfd = -1, saved;

	memset(&ca, 0, sizeof(ca));
	ca.flags = CLONE_PIDFD;
	ca.pidfd = (uint64_t)(uintptr_t)&pfd;
	ca.exit_signal = SIGCHLD;
	if (sp->newpid)
		ca.flags |= CLONE_NEWPID;
	if (sp->cgroup != -1) {
		ca.flags |= CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)sp->cgroup;
	}
	/* no handler of ours may run in the child before it has reset them */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid == 0)
		child(sp);
	saved = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	if (pid == -1)
		return (pid_t)err_errno(e, "clone3");
	*pidfd = pfd; /* the kernel makes it close-on-exec */
	return (pid_t)pid;
}
