/*
 * The hostile server in a C test: starts regress/net/hostile on one end of a socketpair and hands
 * over the other, non-blocking; collects what it says. See the head of hostile.c for its steps and
 * of mkcerts.c for the certificates. In shell tests run the two programs themselves
 * ($BUILD/regress/net/hostile -l 127.0.0.1:0 ...).
 *
 *	struct hostile h;
 *	int fd = hostile_start(&h, "-c server", "tls", "recv", "send:HTTP/1.1 204 x\r\n\r\n", NULL);
 *	... the client; it closes fd ...
 *	hostile_end(&h);		h.said: the server's lines, h.in and h.out from "end IN OUT"
 */
#ifndef REGRESS_NET_HOSTILE_H
#define REGRESS_NET_HOSTILE_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOSTILE_STEPS 32

struct hostile {
	pid_t pid;
	int out;
	char said[8192];
	unsigned long long in, out_bytes;
};

/* A program beside this one: regress/unit/t_x -> regress/net/NAME. */
static inline const char *
hostile_tool(const char *name)
{
	static char path[PATH_MAX + 256], exe[PATH_MAX];
	ssize_t n;

	/* once: below a chroot its name changes when the test makes a mount namespace */
	if (exe[0] == '\0') {
		if ((n = readlink("/proc/self/exe", exe, sizeof(exe) - 1)) <= 0)
			abort();
		exe[n] = '\0';
		*strrchr(exe, '/') = '\0';
	}
	snprintf(path, sizeof(path), "%s/../net/%s", exe, name);
	return path;
}

/* The folder with the certificates, made at the first call: $T/pki, or a temporary one. */
static inline const char *
hostile_pki(void)
{
	static char dir[PATH_MAX];
	char cmd[3 * PATH_MAX];

	if (dir[0] != '\0')
		return dir;
	if (getenv("T") != NULL)
		snprintf(dir, sizeof(dir), "%s/pki", getenv("T"));
	else {
		snprintf(dir, sizeof(dir), "/tmp/pki.XXXXXX");
		if (mkdtemp(dir) == NULL)
			abort();
	}
	snprintf(cmd, sizeof(cmd), "'%s' '%s'", hostile_tool("mkcerts"), dir);
	if (system(cmd) != 0)
		abort();
	return dir;
}

/* FILE of that folder as a string, malloc'ed. */
static inline char *
hostile_file(const char *name)
{
	char path[PATH_MAX + 64], *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", hostile_pki(), name);
	if ((f = fopen(path, "r")) == NULL || (p = calloc(1, 65536)) == NULL)
		abort();
	n = fread(p, 1, 65535, f);
	p[n] = '\0';
	fclose(f);
	return p;
}

/* In the child: runs the server on SOCK; its options are words of OPTIONS. */
static inline void
hostile_exec(int sock, int out, const char *options, char **steps)
{
	static char opts[1024], fdarg[16];
	const char *argv[HOSTILE_STEPS + 40];
	int n = 0;

	snprintf(opts, sizeof(opts), "%s", options);
	snprintf(fdarg, sizeof(fdarg), "%d", sock);
	argv[n++] = "hostile";
	for (char *w = strtok(opts, " "); w != NULL; w = strtok(NULL, " "))
		argv[n++] = w;
	argv[n++] = "-f";
	argv[n++] = fdarg;
	for (int i = 0; steps[i] != NULL; i++)
		argv[n++] = steps[i];
	argv[n] = NULL;
	if (chdir(hostile_pki()) == -1 || dup2(out, 1) == -1)
		_exit(2);
	execv(hostile_tool("hostile"), (char **)(uintptr_t)argv);
	_exit(2);
}

/* Options ("-c server"; paths lie in the folder of certificates), then steps, NULL. Client's fd. */
static inline int
hostile_start(struct hostile *h, const char *options, ...)
{
	char *steps[HOSTILE_STEPS];
	int sv[2], p[2], n = 0;
	va_list ap;

	va_start(ap, options);
	while (n < HOSTILE_STEPS - 1 && (steps[n] = va_arg(ap, char *)) != NULL)
		n++;
	va_end(ap);
	steps[n] = NULL;
	memset(h, 0, sizeof(*h));
	hostile_pki();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 || pipe2(p, O_CLOEXEC) == -1)
		abort();
	if (fcntl(sv[0], F_SETFD, FD_CLOEXEC) == -1 || fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1)
		abort();
	if ((h->pid = fork()) == -1)
		abort();
	if (h->pid == 0)
		hostile_exec(sv[1], p[1], options, steps);
	close(sv[1]);
	close(p[1]);
	h->out = p[0];
	return sv[0];
}

/* Reads what the server says until it ends. Its exit status, or -1. */
static inline int
hostile_end(struct hostile *h)
{
	size_t len = 0;
	ssize_t n;
	char *end;
	int status;

	while ((n = read(h->out, h->said + len, sizeof(h->said) - 1 - len)) > 0)
		len += (size_t)n;
	h->said[len] = '\0';
	close(h->out);
	if (waitpid(h->pid, &status, 0) != h->pid || !WIFEXITED(status))
		return -1;
	if ((end = strstr(h->said, "end ")) != NULL)
		sscanf(end, "end %llu %llu", &h->in, &h->out_bytes);
	return WEXITSTATUS(status);
}

#endif
