/* The floor program: what one job cannot do without, done as barely as it can be. */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/bench/floor.h"

#define RULES 120

static struct sock_fprog prog;
static int flushfd = -1;

/* 120 rules that are all evaluated and never match. */
static void
compile(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	char name[] = "/tmp/floor.XXXXXX";
	off_t len;
	int fd;

	if (ctx == NULL || (fd = mkstemp(name)) == -1)
		err(1, "filter");
	unlink(name);
	for (int nr = 0; nr < RULES; nr++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1,
			SCMP_A5(SCMP_CMP_EQ, 0x7fedcba987654321ULL)) != 0)
			errx(1, "rule %d", nr);
	if (seccomp_export_bpf(ctx, fd) != 0 || (len = lseek(fd, 0, SEEK_END)) <= 0)
		errx(1, "export");
	prog.len = (unsigned short)((size_t)len / sizeof(struct sock_filter));
	if ((prog.filter = malloc((size_t)len)) == NULL ||
	    pread(fd, prog.filter, (size_t)len, 0) != len)
		err(1, "filter");
	close(fd);
	seccomp_release(ctx);
}

void
floor_init(const char *dir)
{
	char path[4096];

	compile();
	snprintf(path, sizeof(path), "%s/floor", dir);
	if ((flushfd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) == -1)
		err(1, "%s", path);
}

static void
child(const char *path, uid_t uid, int out)
{
	char *const argv[] = {strdup(path), NULL}, *const envp[] = {NULL};

	if (dup2(out, 1) == -1 || setgroups(0, NULL) == -1 || setresgid(uid, uid, uid) == -1 ||
	    setresuid(uid, uid, uid) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == -1)
		_exit(126);
	execve(path, argv, envp);
	_exit(127);
}

int
floor_turn(const char *path, uid_t uid, unsigned int flushes)
{
	char buf[4096] = {0};
	int p[2], status;
	pid_t pid;

	for (unsigned int i = 0; i < flushes; i++)
		if (write(flushfd, buf, 256) != 256 || fsync(flushfd) == -1)
			err(1, "flush");
	if (pipe2(p, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0)
		child(path, uid, p[1]);
	close(p[1]);
	while (read(p[0], buf, sizeof(buf)) > 0)
		;
	close(p[0]);
	if (waitpid(pid, &status, 0) == -1)
		err(1, "waitpid");
	return status;
}
