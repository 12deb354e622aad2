/* The tool child, from fork to exec, and the supervisor's end of its descriptors. */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/sched.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "execd/tool.h"
#include "lib/fdutil.h"

/* Where the child's descriptors stand: index = final number, value = present one, -1 none. */
#define SLOTS 8
#define PARK  64 /* above every final number while they move */

struct ends {
	int child[SLOTS];
	int parent[SLOTS];
};

static void
sync_say(char letter, const char *stage, const char *text)
{
	char buf[ERRMSG_MAX + 64];
	int n;

	n = snprintf(buf, sizeof(buf), "%c%s%s%s", letter, stage, *stage != '\0' ? ": " : "", text);
	if (n > 0 &&
	    write(TOOL_SYNC, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1) == -1)
		_exit(125);
}

static _Noreturn void
child_fail(char letter, const char *stage, const char *text)
{
	sync_say(letter, stage, text);
	_exit(126);
}

/* Moves the descriptors to their final numbers and closes every other one. */
static void
child_fds(int slot[SLOTS])
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (slot[i] != -1 && (slot[i] = fcntl(slot[i], F_DUPFD, PARK)) == -1)
			_exit(125);
	for (i = 0; i < SLOTS; i++) {
		if (slot[i] == -1)
			close(i);
		else if (dup2(slot[i], i) == -1)
			_exit(125);
		if (i > TOOL_AUX)
			fd_cloexec(i, 1);
	}
	fd_closefrom(SLOTS);
}

static void
child_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;
	int sig;

	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sigaction(sig, &sa, NULL); /* glibc keeps two for itself: EINVAL */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
child_run(const struct command *cmd, const struct setup *s)
{
	int status;

	if (cmd->builtin != NULL) {
		close(TOOL_SYNC);
		status = cmd->builtin(s);
		_exit(status);
	}
	if (cmd->exe != -1)
		syscall(SYS_execveat, TOOL_EXE, "", cmd->argv, cmd->envp, AT_EMPTY_PATH);
	else
		syscall(SYS_execve, cmd->argv[0], cmd->argv, cmd->envp);
	child_fail(TOOL_SAYS_EXEC, cmd->argv[0], strerror(errno));
}

static _Noreturn void
child_main(
    const struct command *cmd, const struct confine *c, const struct setup *s, int slot[SLOTS])
{
	const char *stage = "";
	struct errmsg e;
	char go;

	child_signals();
	child_fds(slot);
	if (setsid() == -1 || chdir("/") == -1)
		child_fail(TOOL_SAYS_FAIL, "session", strerror(errno));
	umask(cmd->umask);
	if (sb_apply(&c->sb, &stage, &e) == -1)
		child_fail(TOOL_SAYS_FAIL, stage, e.text);
	sync_say(TOOL_SAYS_READY, "", "");
	/* no go byte: the start is not in the ledger, and nothing ever ran */
	if (read(TOOL_SYNC, &go, 1) != 1 || go != TOOL_GO)
		_exit(0);
	child_run(cmd, s);
}

static int
ends_pipe(struct ends *x, int slot, int child_reads)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) == -1)
		return -1;
	x->child[slot] = p[child_reads ? 0 : 1];
	x->parent[slot] = p[child_reads ? 1 : 0];
	return fd_nonblock(x->parent[slot], 1);
}

static int
ends_make(struct ends *x, const struct command *cmd, const struct setup *s)
{
	int i, sp[2];

	for (i = 0; i < SLOTS; i++)
		x->child[i] = x->parent[i] = -1;
	if (cmd->flags & CMD_STDIN) {
		if (ends_pipe(x, 0, 1) == -1)
			return -1;
	} else if ((x->child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	if (ends_pipe(x, 1, 0) == -1 || ends_pipe(x, 2, 0) == -1)
		return -1;
	if ((s->profile->flags & (PF_PROGRESS | PF_BUILTIN)) && ends_pipe(x, TOOL_AUX, 0) == -1)
		return -1;
	if ((s->profile->flags & PF_BUILTIN) && ends_pipe(x, TOOL_VERDICT, 0) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp) == -1)
		return -1;
	x->child[TOOL_SYNC] = sp[0];
	x->parent[TOOL_SYNC] = sp[1];
	return fd_nonblock(sp[1], 1);
}

static void
ends_close(const int fd[SLOTS])
{
	int i;

	for (i = 0; i < SLOTS; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

/* Root's authority to send this one signal to this one tool, put into a pipe. */
static int
arm_term(struct tool *t, pid_t to)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	t->termown = p[0];
	t->term = p[1];
	if (fcntl(p[0], F_SETOWN, to) == -1 || fcntl(p[0], F_SETSIG, SIGTERM) == -1)
		return -1;
	return fcntl(p[0], F_SETFL, O_NONBLOCK | O_ASYNC);
}

/* fork(2), the child in the cgroup whose directory is CGROUP (-1: where this process is). */
static pid_t
fork_into(int cgroup)
{
	struct clone_args ca = {.exit_signal = SIGCHLD};

	if (cgroup != -1) {
		ca.flags = CLONE_INTO_CGROUP;
		ca.cgroup = (uint64_t)cgroup;
	}
	return (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
}

int
tool_start(struct tool *t, const struct command *cmd, const struct confine *c,
    const struct setup *s, struct errmsg *e)
{
	struct ends x;
	int own[SLOTS];

	*t = (struct tool){0, -1, -1, -1, -1, -1, -1, -1, -1};
	if (ends_make(&x, cmd, s) == -1) {
		err_errno(e, "tool: pipes");
		ends_close(x.child);
		ends_close(x.parent);
		return -1;
	}
	memcpy(own, x.child, sizeof(own));
	x.child[TOOL_SOCK] = cmd->sock;
	x.child[TOOL_EXE] = cmd->exe;
	t->pid = fork_into(s->cgroup);
	if (t->pid == 0) {
		/* not the tool's: its memory goes with the exec, these bytes go now */
		sodium_memzero((void *)(uintptr_t)s->seal, sizeof(s->seal));
		child_main(cmd, c, s, x.child);
	}
	ends_close(own);
	t->sync = x.parent[TOOL_SYNC];
	t->in = x.parent[0];
	t->out = x.parent[1];
	t->err = x.parent[2];
	t->aux = x.parent[TOOL_AUX];
	t->verdict = x.parent[TOOL_VERDICT];
	if (t->pid == -1)
		return err_errno(e, "tool: fork");
	if (arm_term(t, cmd->flags & CMD_ALONE ? t->pid : -t->pid) == -1)
		return err_errno(e, "tool: signal");
	return 0;
}

void
tool_term(struct tool *t)
{
	if (t->pid > 0 && t->term != -1 && write(t->term, "t", 1) == 1) {
		close(t->term);
		t->term = -1;
	}
}

void
tool_close(struct tool *t)
{
	int *fd[] = {
	    &t->sync, &t->in, &t->out, &t->err, &t->aux, &t->verdict, &t->term, &t->termown};
	size_t i;

	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		if (*fd[i] != -1)
			close(*fd[i]);
		*fd[i] = -1;
	}
}
