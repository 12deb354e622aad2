/*
 * spawn(): what the child has and has not. This program is also the child: called with "report" it
 * writes its descriptors, signals, mask, directory, session and environment to the channel.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/spawn.h"

#include "regress/check.h"

static char got[8192];
static int status;

static void
report_fds(int out)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *de;
	struct stat st;

	dprintf(out, "fds");
	for (int fd = 0; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) != -1 && (d == NULL || fd != dirfd(d)))
			dprintf(out, " %d%s", fd, fcntl(fd, F_GETFD) == FD_CLOEXEC ? "c" : "");
	/* and any above */
	while (d != NULL && (de = readdir(d)) != NULL)
		if (atoi(de->d_name) >= 100)
			dprintf(out, " %s", de->d_name);
	dprintf(out, "\nnull");
	for (int fd = 0; fd < 3; fd++)
		dprintf(out, " %d", fstat(fd, &st) == 0 && st.st_rdev == 0x103);
	dprintf(out, "\n");
	if (d != NULL)
		closedir(d);
}

static int
report(char **argv, char **envp)
{
	int out = fcntl(CHAN_FD, F_GETFD) == -1 ? STDOUT_FILENO : CHAN_FD;
	struct sigaction sa;
	sigset_t set;
	char cwd[64] = "";
	int odd = 0, blocked = 0;
	mode_t mask = umask(0);

	report_fds(out);
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int s = 1; s < 65; s++) {
#ifdef REEVE_SANITIZE
		/* the sanitizer's own, set after the exec */
		if (s == SIGSEGV || s == SIGBUS || s == SIGFPE)
			continue;
#endif
		if (sigaction(s, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			odd++;
		if (sigismember(&set, s) == 1)
			blocked++;
	}
	dprintf(out, "signals %d %d\n", odd, blocked);
	dprintf(out, "cwd %s umask %03o\n", getcwd(cwd, sizeof(cwd)), (unsigned int)mask);
	dprintf(out, "session %d pid %s\n", getsid(0) == getpid(), getpid() == 1 ? "1" : "n");
	dprintf(out, "args");
	for (; *argv != NULL; argv++)
		dprintf(out, " %s", *argv);
	dprintf(out, "\nenv");
	for (; *envp != NULL; envp++)
		dprintf(out, " %s", *envp);
	dprintf(out, "\nend\n");
	return 42;
}

static const char *const args[] = {"prog", "report", "x y", NULL};
static const char *const env[] = {"A=1", "B=two", NULL};

/* Starts SP and reads all of the channel's other end (OURS). */
static void
run(struct spawn *sp, int ours)
{
	struct errmsg e = {""};
	int pidfd = -1;
	siginfo_t si;
	ssize_t n;
	pid_t pid;

	got[0] = '\0';
	status = -1;
	pid = spawn(sp, &pidfd, &e);
	CHECKF(pid > 0, "%s", e.text);
	if (pid <= 0)
		return;
	CHECK(pidfd != -1 && fcntl(pidfd, F_GETFD) == FD_CLOEXEC);
	if (sp->chan != -1)
		close(sp->chan);
	if (ours != -1) {
		n = fd_readn(ours, got, sizeof(got) - 1);
		got[n > 0 ? n : 0] = '\0';
		close(ours);
	}
	memset(&si, 0, sizeof(si));
	CHECK(waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED) == 0 && si.si_pid == pid);
	status = si.si_code == CLD_EXITED ? si.si_status : -1;
	close(pidfd);
}

static void
has(const char *line)
{
	CHECKF(strstr(got, line) != NULL, "\"%s\" is not in:\n%s", line, got);
}

static int
self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		exit(1);
	return fd;
}

static void
pair(int *ours, int *theirs)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		exit(1);
	*ours = sv[0];
	*theirs = sv[1];
}

static void
handler(int s)
{
	(void)s;
}

static void
test_plain(void)
{
	struct spawn sp = {.exe = self(), .argv = args, .envp = env, .null_stdio = 1, .cgroup = -1};
	int ours, leaks[40], before;
	sigset_t set;

	pair(&ours, &sp.chan);
	/* what must not come along: open descriptors, handlers, ignored and blocked signals, names
	 */
	for (int i = 0; i < 40; i++)
		leaks[i] = dup(1);
	signal(SIGUSR1, handler);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGRTMIN + 3, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setenv("LD_PRELOAD", "/nonexistent.so", 1);
	setenv("SECRET", "s", 1);
	umask(0);
	run(&sp, ours);
	unsetenv("LD_PRELOAD");
	CHECK(status == 42);
	has("fds 0 1 2 3\n");
	has("null 1 1 1\n");
	has("signals 0 0\n");
	has("cwd / umask 077\n");
	has("session 1 pid n\n");
	has("args prog report x y\n");
	has("env A=1 B=two\nend\n");
	/* and this process keeps its own mask and handlers */
	sigprocmask(SIG_BLOCK, NULL, &set);
	CHECK(sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGINT) == 0);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	for (int i = 0; i < 40; i++)
		close(leaks[i]);
	close(sp.exe);
	before = fd_count();
	CHECK(before == 3);
}

/* The program or the channel may stand on any low number, also on each other's. */
static void
test_numbers(void)
{
	for (int exe = 3; exe < 7; exe++)
		for (int chan = 3; chan < 7; chan++) {
			struct spawn sp = {
			    .exe = exe, .argv = args, .envp = env, .chan = chan, .cgroup = -1};
			int ours, c, x;

			if (exe == chan)
				continue;
			pair(&ours, &c);
			ours = fcntl(ours, F_DUPFD_CLOEXEC, 30);
			c = fcntl(c, F_DUPFD_CLOEXEC, 31);
			x = fcntl(self(), F_DUPFD_CLOEXEC, 32);
			fd_closefrom(33);
			for (int i = 3; i < 30; i++)
				close(i);
			if (dup2(x, exe) != exe || dup2(c, chan) != chan)
				exit(1);
			close(x);
			close(c);
			run(&sp, ours);
			CHECKF(status == 42, "program on %d, channel on %d: %d", exe, chan, status);
			has("fds 0 1 2 3\n");
			has("end\n");
			close(exe);
		}
}

static void
test_stdio(void)
{
	struct spawn sp = {.exe = self(), .argv = args, .envp = env, .chan = -1, .cgroup = -1};
	int p[2], old = dup(1), err = dup(2);

	/* without a channel nothing is on 3, and what stands on 0-2 is inherited */
	if (pipe2(p, O_CLOEXEC) == -1)
		exit(1);
	dup2(p[1], 1);
	dup2(p[1], 2);
	close(p[1]);
	{
		struct errmsg e;
		int pidfd, st;
		pid_t pid = spawn(&sp, &pidfd, &e);
		ssize_t n;

		dup2(old, 1);
		dup2(err, 2);
		n = fd_readn(p[0], got, sizeof(got) - 1);
		got[n > 0 ? n : 0] = '\0';
		CHECK(pid > 0 && waitpid(pid, &st, 0) == pid && WEXITSTATUS(st) == 42);
		close(pidfd);
	}
	has("fds 0 1 2\n");
	has("end\n");
	close(old);
	close(err);
	close(p[0]);
	close(sp.exe);
}

static void
test_newpid(void)
{
	struct spawn sp = {
	    .exe = self(), .argv = args, .envp = env, .null_stdio = 1, .cgroup = -1, .newpid = 1};
	int ours;

	pair(&ours, &sp.chan);
	run(&sp, ours);
	CHECK(status == 42);
	has("session 1 pid 1\n");
	has("fds 0 1 2 3\n");
	close(sp.exe);
}

static void
test_errors(void)
{
	struct spawn sp = {.argv = args, .envp = env, .chan = -1, .null_stdio = 1, .cgroup = -1};
	struct errmsg e = {""};
	int pidfd = -1;

	/* not a program, not a cgroup, no descriptor at all */
	sp.exe = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	run(&sp, -1);
	CHECK(status == 127);
	sp.cgroup = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(spawn(&sp, &pidfd, &e) == -1 && strstr(e.text, "clone3") != NULL && pidfd == -1);
	close(sp.cgroup);
	sp.cgroup = -1;
	close(sp.exe);
	run(&sp, -1);
	CHECK(status == 125);
	CHECK(fd_count() == 3);
}

int
main(int argc, char **argv, char **envp)
{
	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return report(argv, envp);
	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 1;
	}
	fd_closefrom(3);
	test_plain();
	test_numbers();
	fd_closefrom(3);
	test_stdio();
	test_newpid();
	test_errors();
	return check_done();
}
