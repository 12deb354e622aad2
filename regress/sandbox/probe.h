/*
 * Denial probes: one row tries one thing that confinement is about. Arguments are such that nothing
 * happens when the call is let through (no descriptor, no pointer, signal 0); a row says which
 * class of rights it belongs to, and what the layers behind the filter make of it.
 */
#ifndef REGRESS_PROBE_H
#define REGRESS_PROBE_H

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/sb_nr.h"

/* A class stands and falls with one set of rows; NEVER with none. */
enum probe_class {
	PC_NEVER,
	PC_OWN,	  /* only where a row of the profile's own says so */
	PC_READ,  /* SBS_FILES */
	PC_WRITE, /* SBS_WRITE */
	PC_PROC,  /* SBS_PROC */
	PC_EXEC,  /* SBS_EXEC */
	PC_IDS,	  /* SBS_IDS */
	PC_NET,	  /* SBS_NET */
	PC_UNIX,  /* SBS_UNIX */
	PC_TOOL,  /* SBS_TOOL */
};

/* Where the filter lets it through: what the other layers must say. */
enum probe_behind {
	PB_OK,	   /* it works */
	PB_ANY,	   /* the kernel's own business */
	PB_DENY,   /* another layer always says no */
	PB_CAP,	   /* works with the capability ARG, else not */
	PB_ROOT,   /* works for uid 0 alone */
	PB_READ,   /* Landlock, mounts and modes of the file PATH decide */
	PB_WRITE,  /* the same, for making PATH */
	PB_RUN,	   /* the same, for executing PATH */
	PB_TCP,	   /* works with the host's network and TCP left open by Landlock */
	PB_SIGNAL, /* not out of a Landlock domain, and only to the same uid */
	PB_DOOR,   /* works unless the socket at PATH is covered */
};

struct probe_ctx {
	pid_t parent;  /* root's, unconfined */
	pid_t peer;    /* of the same uid, unconfined */
	int held[2];   /* a connected pair */
	uint16_t port; /* somebody listens here on 127.0.0.1 */
};

struct probe {
	const char *name;
	enum probe_class cls;
	int nr; /* the call that the class is about; SB_NR_NONE: not on this architecture */
	int (*fn)(const struct probe *, const struct probe_ctx *); /* 0 or errno */
	enum probe_behind behind;
	uint64_t arg;
	const char *path;
};

/* ---- functions ---- */

static inline int
err_of(long rv)
{
	return rv == -1 ? errno : 0;
}

/* The bare call with nothing valid in it. */
static int
p_bad(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(p->nr, -1L, -1L, -1L, -1L, -1L, -1L));
}

/* The bare call with ARG first. */
static int
p_arg(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(p->nr, p->arg, 0L, 0L, 0L, 0L, 0L));
}

static int
p_read(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	if (p->nr == __NR_openat)
		return err_of(syscall(__NR_openat, AT_FDCWD, p->path, O_RDONLY | O_CLOEXEC));
	return err_of(syscall(p->nr, p->path, O_RDONLY, 0, 0));
}

static int
p_openat2(const struct probe *p, const struct probe_ctx *c)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};

	(void)c;
	return err_of(syscall(__NR_openat2, AT_FDCWD, p->path, how, sizeof(how)));
}

/* Makes PATH and removes it again. */
static int
p_make(const struct probe *p, const struct probe_ctx *c)
{
	long rv;

	(void)c;
	if (p->nr == __NR_openat)
		rv = syscall(__NR_openat, AT_FDCWD, p->path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	else if (p->nr == __NR_mknodat)
		rv = syscall(__NR_mknodat, AT_FDCWD, p->path, S_IFIFO | 0600, 0);
	else if (p->nr == __NR_symlinkat)
		rv = syscall(__NR_symlinkat, "x", AT_FDCWD, p->path);
	else
		rv = syscall(__NR_mkdirat, AT_FDCWD, p->path, 0700);
	if (rv == -1)
		return errno;
	return err_of(
	    syscall(__NR_unlinkat, AT_FDCWD, p->path, p->nr == __NR_mkdirat ? AT_REMOVEDIR : 0));
}

static int
p_exec(const struct probe *p, const struct probe_ctx *c)
{
	char version[] = "--version";
	char *argv[3] = {version, version, NULL}, *envp[1] = {NULL};
	int fd;

	(void)c;
	if (p->nr == __NR_execve)
		return err_of(syscall(__NR_execve, p->path, argv, envp));
	if ((fd = open(p->path, O_PATH | O_CLOEXEC)) == -1)
		return errno;
	return err_of(syscall(__NR_execveat, fd, "", argv, envp, AT_EMPTY_PATH));
}

/* fork and its like; ARG holds the flags of clone. */
static int
p_fork(const struct probe *p, const struct probe_ctx *c)
{
	long pid = syscall(p->nr, p->arg, 0L, 0L, 0L, 0L);

	(void)c;
	if (pid == 0)
		syscall(__NR_exit_group, 0);
	return err_of(pid);
}

static int
p_kill(const struct probe *p, const struct probe_ctx *c)
{
	pid_t to = p->arg == 0 ? c->parent : c->peer;
	int fd;

	if (p->nr == __NR_kill)
		return err_of(kill(to, 0));
	if (p->nr == __NR_tgkill)
		return err_of(syscall(__NR_tgkill, to, to, 0));
	if ((fd = (int)syscall(__NR_pidfd_open, to, 0)) == -1)
		return errno;
	return err_of(syscall(__NR_pidfd_send_signal, fd, 0, NULL, 0));
}

/* What one process does to another: ARG 0 the parent, 1 the one of the same uid. */
static int
p_other(const struct probe *p, const struct probe_ctx *c)
{
	static char buf[8];
	static const struct rlimit none = {0, 0};
	struct {
		void *base;
		size_t len;
	} iov = {buf, sizeof(buf)};
	pid_t to = p->arg == 0 ? c->parent : c->peer;

	if (p->nr == __NR_ptrace)
		return err_of(syscall(__NR_ptrace, 0x4206 /* SEIZE */, to, 0, 0));
	if (p->nr == __NR_prlimit64)
		return err_of(syscall(__NR_prlimit64, to, RLIMIT_CORE, &none, NULL));
	return err_of(syscall(p->nr, to, &iov, 1, &iov, 1, 0));
}

static int
p_mmap(const struct probe *p, const struct probe_ctx *c)
{
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *m;

	(void)c;
	if (p->path != NULL) {
		if ((fd = open(p->path, O_RDONLY | O_CLOEXEC)) == -1)
			return errno;
		flags = MAP_PRIVATE;
	}
	m = mmap(NULL, 4096, (int)p->arg, flags, fd, 0);
	return m == MAP_FAILED ? errno : 0;
}

static int
p_mprotect(const struct probe *p, const struct probe_ctx *c)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)c;
	return m == MAP_FAILED ? ENOTRECOVERABLE : err_of(mprotect(m, 4096, (int)p->arg));
}

/* ARG: family << 16 | type. */
static int
p_socket(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(p->nr, (int)(p->arg >> 16), (int)(p->arg & 0xffff), 0,
	    p->nr == __NR_socketpair ? c->held : NULL));
}

static int
p_tcp(const struct probe *p, const struct probe_ctx *c)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(c->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, p->arg ? 262 /* MPTCP */ : 0);

	if (fd == -1)
		return errno;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (p->nr == __NR_connect)
		return err_of(connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	sin.sin_port = 0;
	return err_of(bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
}

static int
p_door(const struct probe *p, const struct probe_ctx *c)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)c;
	if (fd == -1)
		return errno;
	memcpy(sun.sun_path, p->path, strlen(p->path) + 1);
	return err_of(connect(fd, (struct sockaddr *)&sun, sizeof(sun)));
}

/* Passes a descriptor over the held pair. */
static int
p_rights(const struct probe *p, const struct probe_ctx *c)
{
	char data = 'x', buf[CMSG_SPACE(sizeof(int))] = "";
	struct {
		void *base;
		size_t len;
	} iov = {&data, 1};
	struct msghdr m = {.msg_iov = (void *)&iov,
	    .msg_iovlen = 1,
	    .msg_control = buf,
	    .msg_controllen = sizeof(buf)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	(void)p;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &c->held[0], sizeof(int));
	return err_of(sendmsg(c->held[1], &m, 0));
}

/* ARG is the command; a descriptor that is none shows how far the call came. */
static int
p_ioctl(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(__NR_ioctl, -1L, p->arg, "x"));
}

static int
p_ids(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(p->nr, 0L, 0L, 0L));
}

/* Every capability there is. */
static int
p_capset(const struct probe *p, const struct probe_ctx *c)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {{~0U, ~0U, 0}, {0x1ff, 0x1ff, 0}};

	(void)p;
	(void)c;
	return err_of(syscall(__NR_capset, &hdr, d));
}

static int
p_chroot(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	return err_of(syscall(__NR_chroot, p->path));
}

#ifdef __x86_64__
static int
p_int80(const struct probe *p, const struct probe_ctx *c)
{
	long rv = (long)p->arg;

	(void)c;
	__asm__ volatile("int $0x80" : "+a"(rv) : "b"(0L), "c"(0L), "d"(0L) : "memory", "cc");
	return rv < 0 ? (int)-rv : 0;
}
#endif

#endif
