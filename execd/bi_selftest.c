/* The internal step: measures the confinement that it runs in, and reports each line of it. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/bio.h"
#include "execd/steps.h"

/* Calls that must end the process that makes them; each in a child of its own. */
static void
try_socket(void)
{
	syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static void
try_exec(void)
{
	syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static void
try_setuid(void)
{
	syscall(SYS_setresuid, 0, 0, 0);
}

static void
try_ptrace(void)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void
try_mount(void)
{
	syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
}

static void
try_kill(void)
{
	syscall(SYS_kill, 1, SIGKILL);
}

static const struct {
	const char *name;
	void (*call)(void);
} probes[] = {
    {"socket", try_socket},
    {"execve", try_exec},
    {"setuid", try_setuid},
    {"ptrace", try_ptrace},
    {"mount", try_mount},
    {"kill", try_kill},
};

/* 1 the child died of the call, 0 it lived. */
static int
dies(void (*call)(void))
{
	int status = 0;
	long pid;

	/* the bare call, as the filter allows it: nothing of libc's fork */
	pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0UL);
	if (pid == 0) {
		call();
		_exit(1);
	}
	if (pid == -1 || wait4((pid_t)pid, &status, 0, NULL) != pid)
		return 0;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int
put_check(struct jsonout *j, const char *name, int ok, const char *detail)
{
	jo_obj(j, NULL);
	jo_str(j, "check", name);
	jo_bool(j, "ok", ok);
	jo_str(j, "detail", detail);
	jo_end(j);
	return ok ? 0 : 1;
}

/* The value of a line of /proc/self/status. */
static void
status_line(const char *text, const char *key, char *dst, size_t size)
{
	size_t n = strlen(key), len;
	const char *p = text;

	dst[0] = '\0';
	while (p != NULL && (strncmp(p, key, n) != 0 || p[n] != ':')) {
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	if (p == NULL)
		return;
	p += n + 1;
	p += strspn(p, " \t");
	len = strcspn(p, "\n");
	len = len < size ? len : size - 1;
	memcpy(dst, p, len);
	dst[len] = '\0';
}

static int
check_status(struct jsonout *j, const struct setup *s)
{
	static const char none[] = "0000000000000000";
	char text[8192], v[128], uid[64];
	int fd, bad = 0;
	ssize_t n;

	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd != -1)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	status_line(text, "Uid", v, sizeof(v));
	snprintf(uid, sizeof(uid), "%u\t%u\t%u\t%u", s->host.tool_uid, s->host.tool_uid,
	    s->host.tool_uid, s->host.tool_uid);
	bad += put_check(j, "uid", s->host.tool_uid != 0 && strcmp(v, uid) == 0, v);
	status_line(text, "Groups", v, sizeof(v));
	bad += put_check(j, "groups", v[strspn(v, " ")] == '\0', v);
	status_line(text, "CapPrm", v, sizeof(v));
	bad += put_check(j, "capabilities", strcmp(v, none) == 0, v);
	status_line(text, "CapBnd", v, sizeof(v));
	bad += put_check(j, "bounding set", strcmp(v, none) == 0, v);
	status_line(text, "NoNewPrivs", v, sizeof(v));
	bad += put_check(j, "no new privileges", strcmp(v, "1") == 0, v);
	status_line(text, "Seccomp", v, sizeof(v));
	bad += put_check(j, "seccomp filter", strcmp(v, "2") == 0, v);
	return bad;
}

static int
check_files(struct jsonout *j)
{
	static const char *const paths[] = {"/etc/passwd", "/etc/shadow", "/etc/reeve/agent.conf"};
	char name[64];
	int bad = 0, fd, saved;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		saved = errno;
		if (fd != -1)
			close(fd);
		snprintf(name, sizeof(name), "no reading of %s", paths[i]);
		bad += put_check(j, name, fd == -1, fd == -1 ? strerror(saved) : "was opened");
	}
	return bad;
}

static int
selftest_run(const struct setup *s)
{
	struct jsonout j;
	char name[64];
	int bad, r;
	size_t i;

	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	jo_arr(&j, "checks");
	bad = check_status(&j, s) + check_files(&j);
	for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		r = dies(probes[i].call);
		snprintf(name, sizeof(name), "no %s call", probes[i].name);
		bad += put_check(&j, name, r, r ? "killed by the filter" : "not killed");
	}
	jo_end(&j);
	jo_u64(&j, "failed", (uint64_t)bad);
	jo_end(&j);
	if (bio_data(&j) == -1)
		return 1;
	if (bad > 0)
		return bio_verdict(END_EFFECT, "%d checks of the confinement failed", bad);
	return bio_verdict(END_OK, "%s", "");
}

int
selftest_prepare(struct work *w, struct errmsg *e)
{
	(void)e;
	command_init(&w->cmd[0], NULL);
	w->cmd[0].builtin = selftest_run;
	w->ncmds = 1;
	return 0;
}
