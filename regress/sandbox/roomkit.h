/*
 * What the denial tests of the rooms share: a child confined by the room's own lines makes one
 * call, and the real program is looked at from outside. The promise is written here once: whatever
 * is not listed as allowed must end as the filter's default says.
 */
#ifndef REGRESS_ROOMKIT_H
#define REGRESS_ROOMKIT_H

#include <sys/stat.h>

#include <dirent.h>
#include <seccomp.h>
#include <stdarg.h>

#include "lib/privdrop.h"
#include "lib/sb.h"
#include "regress/check.h"
#include "regress/sandbox/probe_table.h"
#include "regress/sandbox/sbchild.h"
#include "regress/sandbox/sbref.h"

#define ROOM_UID       64611
#define ROOM_UNTOUCHED (-1)

static struct probe_ctx room_ctx;

struct room_try {
	const struct sb *s;
	const struct probe *q;
	volatile int *result; /* shared: errno or 0, ROOM_UNTOUCHED */
};

static inline int
room_child(void *v)
{
	struct room_try *t = v;
	const char *stage;
	struct errmsg e;

	if (sb_bounding_cut(0, &e) == -1)
		return child_broken("bounding set", &e);
	privdrop(ROOM_UID, ROOM_UID, 0);
	if (sb_apply_dropped(t->s, &stage, &e) == -1)
		return child_broken(stage, &e);
	*t->result = t->q->fn(t->q, &room_ctx);
	syscall(__NR_exit_group, 0);
	return CHILD_BROKEN;
}

/* The probe under S: its errno or 0 in *RESULT; the child's end as in_child() says it. */
static inline int
room_probe(const struct sb *s, const struct probe *q, int *result)
{
	static volatile int *shared;
	struct room_try t = {.s = s, .q = q};
	int end;

	if (shared == NULL)
		shared =
		    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*shared = ROOM_UNTOUCHED;
	t.result = shared;
	end = in_child(room_child, &t);
	*result = *shared;
	return end;
}

/* A process of root's and one of the room's uid to aim at, and a pair of sockets. */
static inline void
room_targets(void)
{
	room_ctx.parent = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, room_ctx.held) == -1)
		abort();
	if ((room_ctx.peer = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setresgid(ROOM_UID, ROOM_UID, ROOM_UID) == -1 ||
		    setresuid(ROOM_UID, ROOM_UID, ROOM_UID) == -1)
			_exit(1);
		for (;;)
			pause();
	}
}

static inline void
room_targets_end(void)
{
	kill(room_ctx.peer, SIGKILL);
	waitpid(room_ctx.peer, NULL, 0);
}

/* Every family and type of socket. */
static inline void
room_sockets(const struct sb *s, int (*allowed)(int family, int type), int dflt)
{
	static const int types[] = {
	    SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET};
	struct probe q = {"socket", PC_NEVER, __NR_socket, p_socket, PB_DENY, 0, NULL};
	int r, end;

	for (int f = 0; f <= 46; f++) {
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			q.arg = (uint64_t)f << 16 | (uint64_t)types[i];
			end = room_probe(s, &q, &r);
			if (allowed != NULL && allowed(f, types[i])) {
				CHECKF(end == 0 && r != EPERM, "socket %d %d: %d %d", f, types[i],
				    end, r);
				continue;
			}
			CHECKF(dflt == SIGSYS ? end == 1000 + SIGSYS : end == 0 && r == dflt,
			    "socket of family %d and type %d: end %d, result %d", f, types[i], end,
			    r);
		}
	}
}

/* What a filter lets through, and what the layers behind it make of it. */
struct room_through {
	const char *name;
	int works; /* 1 it works, 0 refused by another layer, -1 the kernel's own business */
};

/* As room_through.works; 2 the filter says no. */
static inline int
room_promise(const struct room_through *through, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(through[i].name, name) == 0)
			return through[i].works;
	/* doors: AF_UNIX sockets are not Landlock's business; modes and the listener's are */
	if (strncmp(name, "connect /", 9) == 0)
		return -1;
	return 2;
}

/* DFLT: what the filter does by default, SIGSYS or an errno; another architecture's calls always
 * kill. */
static inline void
room_judge(const struct probe *q, int end, int r, int promise, int dflt)
{
	switch (promise) {
	case 2:
		if (dflt == SIGSYS || q->nr < 0 || q->nr >= 0x40000000)
			CHECKF(end == 1000 + SIGSYS, "%s: end %d, result %d", q->name, end, r);
		else
			CHECKF(end == 0 && r == dflt, "%s: end %d, result %d", q->name, end, r);
		break;
	case 1:
		CHECKF(end == 0 && r == 0, "%s: end %d, result %d", q->name, end, r);
		break;
	case 0:
		CHECKF(end == 0 && r > 0, "%s: end %d, result %d", q->name, end, r);
		break;
	default:
		CHECKF(end == 0, "%s: end %d, result %d", q->name, end, r);
	}
}

/* ---- the real program, from outside ---- */

static inline void
room_read(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? 0 : read(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
}

/* status, limits and ownership of a confined room's process. */
static inline void
room_golden(pid_t pid, uid_t uid, gid_t gid, unsigned int nofile)
{
	static const char *const lines[] = {"\nCapInh:\t0000000000000000\n",
	    "\nCapPrm:\t0000000000000000\n", "\nCapEff:\t0000000000000000\n",
	    "\nCapBnd:\t0000000000000000\n", "\nCapAmb:\t0000000000000000\n", "\nNoNewPrivs:\t1\n",
	    "\nSeccomp:\t2\n", "\nGroups:\t \n", "\nThreads:\t1\n"};
	char t[8192], want[128], path[64];
	struct stat st;

	room_read(pid, "status", t, sizeof(t));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECKF(strstr(t, lines[i]) != NULL, "%s is not in %s", lines[i], t);
	snprintf(want, sizeof(want), "\nUid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
	CHECKF(strstr(t, want) != NULL, "%s", t);
	snprintf(want, sizeof(want), "\nGid:\t%u\t%u\t%u\t%u\n", gid, gid, gid, gid);
	CHECKF(strstr(t, want) != NULL, "%s", t);
	room_read(pid, "limits", t, sizeof(t));
	snprintf(want, sizeof(want), "Max open files            %-20u %-20u", nofile, nofile);
	CHECKF(strstr(t, want) != NULL, "%s", t);
	CHECKF(strstr(t, "Max processes             0                    0 ") != NULL, "%s", t);
	CHECKF(strstr(t, "Max file size             0                    0 ") != NULL, "%s", t);
	CHECKF(strstr(t, "Max core file size        0                    0 ") != NULL, "%s", t);
	/* not dumpable: its /proc entries are root's */
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	CHECK(stat(path, &st) == 0 && st.st_uid == 0);
}

/* Its descriptors: how many there are whose link begins with KIND; "" all. */
static inline int
room_fds(pid_t pid, const char *kind)
{
	char path[64], link[256];
	struct dirent *de;
	ssize_t len;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if ((d = opendir(path)) == NULL)
		return -1;
	while ((de = readdir(d)) != NULL) {
		len = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);
		if (de->d_name[0] == '.' || len < 0)
			continue;
		link[len] = '\0';
		n += strncmp(link, kind, strlen(kind)) == 0;
	}
	closedir(d);
	return n;
}

/* The one child of PID (of strace), 0 none. */
static inline pid_t
room_only_child(pid_t pid)
{
	char name[64], buf[256];

	snprintf(name, sizeof(name), "task/%d/children", pid);
	room_read(pid, name, buf, sizeof(buf));
	return (pid_t)strtol(buf, NULL, 10);
}

/* ---- what strace(1) saw ---- */

static inline char *
room_slurp(const char *path)
{
	static char buf[4 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
	return buf;
}

/* Did the confined process make the call of this row? LOG: from the filter's load on. */
static inline int
room_made(const char *log, const struct sb_rule *r)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, r->nr), text[64];
	int made;

	if (name == NULL)
		return 0;
	snprintf(text, sizeof(text), "\n%s(", name);
	made = strstr(log, text) != NULL;
	free(name);
	return made;
}

#endif
