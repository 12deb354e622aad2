/*
 * The sandbox kit. A struct sb describes what a process may keep; sb_apply() takes the rest away in
 * one fixed order and never returns with less confinement than asked:
 *
 *	namespaces and mounts, ids and capabilities (ambient last; proved by trying to get back),
 *	no_new_privs, Landlock, dumpable 0, rlimits, seccomp last.
 *
 * Its cgroup comes before all of them: who starts the process has it born in there. All tables are
 * static const data; nothing here parses anything. seccomp(2), landlock(7), capabilities(7).
 */
#ifndef LIB_SB_H
#define LIB_SB_H

#include <sys/resource.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* The least that reeve runs on; README.md says the same. */
#define SB_KERNEL_MAJOR 5
#define SB_KERNEL_MINOR 19
#define SB_LANDLOCK_MIN 2

/* ---- seccomp ---- */

enum sb_argop {
	SB_ANY = 0, /* no rule on arguments */
	SB_EQ32,    /* (uint32_t)arg == val: commands the kernel truncates (ioctl, fcntl, prctl) */
	SB_EQ64,    /* arg == val in all 64 bits */
	SB_NOT32,   /* (uint32_t)arg is neither val nor mask; alone in its row */
	SB_MASK64,  /* (arg & mask) == val: "no other flag set" is mask = ~allowed, val = 0 */
};

struct sb_arg {
	uint8_t n;  /* which argument, 0..5 */
	uint8_t op; /* enum sb_argop */
	uint64_t mask, val;
};

/* One row: a syscall, up to three argument rules (all must hold), and why it is there. */
struct sb_rule {
	int nr; /* __NR_x; SB_NR_NONE for a row that this architecture does not have */
	struct sb_arg arg[3];
	const char *why;
};
#define SB_NR_NONE (-100000)

/* A named set of rows; sets are composed by profiles. */
struct sb_set {
	const char *name;
	const struct sb_rule *rules;
	size_t nrules;
};

enum sb_default {
	SB_KILL,  /* SECCOMP_RET_KILL_PROCESS */
	SB_EPERM, /* SECCOMP_RET_ERRNO EPERM: tool profiles, dial */
};

#define SB_MAXSETS 12

struct sb_filter {
	enum sb_default dflt;
	const struct sb_set *sets[SB_MAXSETS]; /* NULL-ended */
};

struct sb_prog; /* a compiled filter */

/*
 * Compiles F with libseccomp to BPF: architecture first (foreign ones and x32 die), then the rows;
 * clone3 answers ENOSYS everywhere. A TRACE=1 build logs (SECCOMP_RET_LOG) instead of killing.
 * NULL with E on failure. For execd/mkfilters.c, which compiles every filter while reeve is built,
 * and for tests: what is installed only loads, and has no libseccomp.
 */
struct sb_prog *sb_filter_compile(const struct sb_filter *f, struct errmsg *e);
/* Loads it by seccomp(2) for this thread's process. 0 or -1 with E. */
int sb_filter_load(const struct sb_prog *p, struct errmsg *e);
void sb_filter_free(struct sb_prog *p);
struct sock_fprog;
const struct sock_fprog *sb_filter_bpf(const struct sb_prog *p); /* its BPF, for the tests */

/*
 * The short deny list of what nobody may ever call (privd and all that it starts): kexec, modules,
 * bpf, perf, userfaultfd, io_uring, swap, keyctl, open_by_handle_at, ... each EPERM (DESIGN 11).
 */
struct sb_prog *sb_never_compile(struct errmsg *e); /* as sb_filter_compile() */
const struct sb_prog *sb_never(void);		    /* as the build compiled it */
const struct sb_set *sb_never_set(void);	    /* its rows, for the tests */

/*
 * Shared sets (sb_sets.c), by a function because this tree has no extern variables.
 *	BASE	memory (no PROT_EXEC), time, exit, sigreturn, read/write/close/fstat of held fds
 *	POLL	poll, ppoll, epoll, select families, eventfd-free waiting
 *	EXEC	what ld.so and libc need after an execve: mmap PROT_EXEC, arch_prctl, rseq
 *	FILES	open for reading and stat families, getdents
 *	WRITE	creating, writing, renaming, removing files; chmod/chown
 *	PROC	fork (clone without namespaces), wait, kill, execve
 *	IDS	setuid families, chroot, capset (root tools only)
 *	NET	inet and netlink sockets
 *	UNIX	path unix sockets
 *	TOOL	the rest of what systemd calls @system-service
 */
enum sb_setid {
	SBS_BASE,
	SBS_POLL,
	SBS_EXEC,
	SBS_FILES,
	SBS_WRITE,
	SBS_PROC,
	SBS_IDS,
	SBS_NET,
	SBS_UNIX,
	SBS_TOOL,
	SBS_MAX
};
const struct sb_set *sb_set(enum sb_setid id);

/* ---- Landlock ---- */

enum sb_access {
	SB_READ = 1,  /* READ_FILE, READ_DIR */
	SB_EXEC = 2,  /* EXECUTE (with READ_FILE) */
	SB_WRITE = 4, /* WRITE_FILE, MAKE_*, REMOVE_*, with the newer TRUNCATE, REFER, IOCTL_DEV */
};

struct sb_path {
	const char *path;
	unsigned int access; /* enum sb_access bits */
	int optional;	     /* may be missing on this host */
};

/* Landlock ABI of this kernel, 0 when there is none. */
int sb_landlock_abi(void);

/* ---- mounts ---- */

enum sb_mount_op {
	SB_M_RO,    /* bind over itself, read-only, nosuid */
	SB_M_RW,    /* writable again after a read-only root, if it was so; mounts beneath stay */
	SB_M_HIDE,  /* cover: an empty read-only directory, or /dev/null over a file or socket */
	SB_M_TMPFS, /* a private tmpfs, mode 1777, nosuid, nodev */
	SB_M_PROC,  /* a proc of the present PID namespace */
};

struct sb_mount {
	enum sb_mount_op op;
	/*
	 * Missing ones are skipped but for SB_M_RW, SB_M_TMPFS, SB_M_PROC. Links are refused
	 * anywhere in it; SB_M_HIDE follows them, to cover what a door's name leads to.
	 */
	const char *path;
};

/* ---- the description ---- */

#define SB_KEEP_MAX 4

struct sb {
	int newns;		    /* 1: private mount namespace with the mounts below */
	int newnet, newipc, newuts; /* 1: an empty namespace of that kind */
	int ro_root;		    /* 1: everything read-only first (with newns) */
	const struct sb_mount *mounts;
	size_t nmounts;
	uid_t uid; /* (uid_t)-1 is refused; 0 only with root_ok */
	gid_t gid;
	int root_ok;   /* classes (b) and (c) */
	uint64_t caps; /* kept: permitted and effective; the bounding set is cut to these */
	int ambient;   /* 1: also inheritable and ambient: they live over an exec */
	int landlock;  /* 1: a rule set of PATHS (none: nothing at all) */
	const struct sb_path *paths;
	size_t npaths;
	int landlock_net; /* 1: TCP bind/connect denied too, where the ABI has it */
	int dumpable;	  /* 0: PR_SET_DUMPABLE 0 (kept over exec only by our own rooms) */
	rlim_t as, fsize, nofile, nproc, core; /* RLIM_INFINITY leaves it; core is always 0 */
	const struct sb_prog *prog;	       /* NULL is refused */
	int below_minimum; /* the word of agent.conf: absent Landlock is logged, not fatal */
};

/* Fills S with: nothing kept, uid -1, limits infinite. */
void sb_init(struct sb *s);

/*
 * Applies S. 0; or -1 with E and *STAGE naming the stage ("mounts", "ids", "caps", "nnp",
 * "landlock", "dumpable", "rlimits", "seccomp"): the caller must then exit without doing anything.
 */
int sb_apply(const struct sb *s, const char **stage, struct errmsg *e);

/*
 * The same for a process that privdrop() made unprivileged before: the stages from "nnp" on. S's
 * uid and gid are not looked at; mounts, namespaces and capabilities in it are refused, and so is a
 * caller that is still root (stage "ids").
 */
int sb_apply_dropped(const struct sb *s, const char **stage, struct errmsg *e);

/* The parts, for sb_apply() and for tests. Each 0 or -1 with E. */
int sb_mounts_apply(const struct sb *s, struct errmsg *e);
int sb_ids_apply(const struct sb *s, struct errmsg *e); /* ids, then caps, proved */
int sb_landlock_apply(const struct sb *s, struct errmsg *e);
int sb_limits_apply(const struct sb *s, struct errmsg *e);

/* Cuts the bounding set of this process to CAPS (privd, at start). 0 or -1 with E. */
int sb_bounding_cut(uint64_t caps, struct errmsg *e);

/* What the kernel offers, for the start-up probe: 0 or -1 with E naming the first thing missing. */
int sb_probe_minimum(struct errmsg *e);

#endif
