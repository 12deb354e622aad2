/*
 * Attack denied-table: every row of every set, both ways. First the compiled program is asked, call
 * by call, and compared with what the tables say; then each row is executed in a child that has the
 * filter, with an argument that the row allows (must live) and with each mutation that no row
 * allows (must die).
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "regress/check.h"
#include "regress/sandbox/sbref.h"

#include "lib/sb_nr.h"

#define NR_TOP 600 /* beyond the highest number of any kernel so far */

static struct sb_prog *
compile(const struct sb_set *const *sets, enum sb_default dflt)
{
	struct sb_filter f = {.dflt = dflt};
	struct errmsg e = {""};
	struct sb_prog *p;

	for (unsigned int i = 0; sets[i] != NULL; i++)
		f.sets[i] = sets[i];
	p = sb_filter_compile(&f, &e);
	CHECKF(p != NULL, "%s", e.text);
	if (p == NULL)
		exit(1);
	return p;
}

static uint32_t
denial(enum sb_default d)
{
	return d == SB_KILL ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;
}

/* One call: the program's answer is the tables' answer. */
static void
ask(const struct sb_prog *p, const struct sb_set *const *sets, enum sb_default dflt, int nr,
    const uint64_t *args)
{
	uint32_t want = ref_allows(sets, nr, args) ? SECCOMP_RET_ALLOW : denial(dflt);
	uint32_t got = bpf_run(sb_filter_bpf(p), REF_ARCH, (uint32_t)nr, args);

	if (nr == __NR_clone3)
		want = SECCOMP_RET_ERRNO | ENOSYS;
	CHECKF(got == want, "%s: syscall %d (%#lx %#lx %#lx %#lx): %#x, not %#x", sets[0]->name, nr,
	    (long)args[0], (long)args[1], (long)args[2], (long)args[3], got, want);
}

/* An argument vector that satisfies R; the other arguments are FILL. */
static void
satisfy(const struct sb_rule *r, uint64_t fill, uint64_t *args)
{
	for (int i = 0; i < 6; i++)
		args[i] = fill;
	for (int i = 0; i < 3; i++) {
		const struct sb_arg *a = &r->arg[i];

		if (a->op == SB_EQ32 || a->op == SB_EQ64)
			args[a->n] = a->val;
		else if (a->op == SB_MASK64)
			args[a->n] = (fill & ~a->mask) | a->val;
		else if (a->op == SB_NOT32)
			args[a->n] = 0x5401; /* TCGETS */
	}
}

/* Calls FN for each single bit changed of each argument that R judges, and for near values. */
static void
mutate(const struct sb_rule *r, const uint64_t *good,
    void (*fn)(const struct sb_rule *, const uint64_t *, void *), void *ctx)
{
	static const uint64_t near[] = {0, 1, 2, 3, 0x5412, 0x541c, 0x100005412, 0x10000541c,
	    0xffffffff, 0x100000000, UINT64_MAX};
	uint64_t args[6];

	for (int i = 0; i < 3 && r->arg[i].op != SB_ANY; i++) {
		unsigned int n = r->arg[i].n;

		memcpy(args, good, sizeof(args));
		for (int b = 0; b < 64; b++) {
			args[n] = good[n] ^ 1ULL << b;
			fn(r, args, ctx);
		}
		for (size_t k = 0; k < sizeof(near) / sizeof(near[0]); k++) {
			args[n] = near[k];
			fn(r, args, ctx);
		}
	}
}

struct model {
	const struct sb_prog *p;
	const struct sb_set *const *sets;
	enum sb_default dflt;
};

static void
ask_mutation(const struct sb_rule *r, const uint64_t *args, void *v)
{
	const struct model *m = v;

	ask(m->p, m->sets, m->dflt, r->nr, args);
}

static void
model_rows(const struct model *m)
{
	static const uint64_t fills[] = {0, UINT64_MAX, 0x5412, 0x123456789abcdef0};
	uint64_t args[6];

	for (const struct sb_set *const *s = m->sets; *s != NULL; s++)
		for (size_t i = 0; i < (*s)->nrules; i++) {
			const struct sb_rule *r = &(*s)->rules[i];

			if (r->nr == SB_NR_NONE)
				continue;
			for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
				satisfy(r, fills[f], args);
				CHECKF(
				    ref_allows(m->sets, r->nr, args), "%s row %zu", (*s)->name, i);
				ask(m->p, m->sets, m->dflt, r->nr, args);
				mutate(r, args, ask_mutation, (void *)(uintptr_t)m);
			}
		}
}

/* Every number, with and without the x32 bit, and as another architecture's. */
static void
model_numbers(const struct model *m)
{
	static const uint64_t zero[6], ones[6] = {-1ULL, -1ULL, -1ULL, -1ULL, -1ULL, -1ULL};
	const struct sock_fprog *b = sb_filter_bpf(m->p);

	for (int nr = 0; nr < NR_TOP; nr++) {
		ask(m->p, m->sets, m->dflt, nr, zero);
		ask(m->p, m->sets, m->dflt, nr, ones);
		CHECK(bpf_run(b, REF_FOREIGN, (uint32_t)nr, zero) == SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
		CHECK(
		    bpf_run(b, REF_ARCH, REF_X32 | (uint32_t)nr, zero) == SECCOMP_RET_KILL_PROCESS);
#endif
	}
	CHECK(bpf_run(b, REF_ARCH, 0xffffffff, zero) == denial(m->dflt));
	CHECK(bpf_run(b, REF_ARCH, 0xfffffff0, zero) == SECCOMP_RET_KILL_PROCESS);
}

static void
model(const struct sb_set *const *sets)
{
	static const enum sb_default both[] = {SB_KILL, SB_EPERM};

	for (size_t i = 0; i < 2; i++) {
		struct model m = {compile(sets, both[i]), sets, both[i]};

		model_rows(&m);
		model_numbers(&m);
		sb_filter_free((struct sb_prog *)(uintptr_t)m.p);
	}
}

/* What DESIGN 7 says is in no filter, by number: no row may name it. */
static void
test_never_named(void)
{
	static const int out[] = {__NR_open_by_handle_at, __NR_name_to_handle_at,
	    __NR_fanotify_init, __NR_fanotify_mark, __NR_mount, __NR_umount2, __NR_fsopen,
	    __NR_fsconfig, __NR_fsmount, __NR_fspick, __NR_open_tree, __NR_open_tree_attr,
	    __NR_move_mount, __NR_mount_setattr, __NR_pivot_root, __NR_setns, __NR_unshare,
	    __NR_kexec_load, __NR_kexec_file_load, __NR_init_module, __NR_finit_module,
	    __NR_delete_module, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd,
	    __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register, __NR_process_vm_readv,
	    __NR_process_vm_writev, __NR_process_madvise, __NR_pidfd_getfd, __NR_keyctl,
	    __NR_add_key, __NR_request_key, __NR_ptrace, __NR_kcmp, __NR_swapon, __NR_swapoff,
	    __NR_reboot, __NR_clock_settime, __NR_settimeofday, __NR_clock_adjtime, __NR_adjtimex,
	    __NR_iopl, __NR_ioperm, __NR_modify_ldt, __NR_acct, __NR_syslog, __NR_sethostname,
	    __NR_setdomainname, __NR_memfd_create, __NR_memfd_secret, __NR_execveat, __NR_clone3,
	    __NR_vhangup, __NR_quotactl, __NR_pkey_mprotect};
	const struct sb_set *all[SBS_MAX + 1] = {NULL};

	for (unsigned int i = 0; i < SBS_MAX; i++)
		all[i] = sb_set(i);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		CHECKF(!ref_mentions(all, out[i]), "syscall %d stands in a shared set", out[i]);
	for (unsigned int i = 0; i < SBS_MAX; i++)
		for (size_t k = 0; k < all[i]->nrules; k++)
			CHECKF(all[i]->rules[k].why != NULL && strlen(all[i]->rules[k].why) >= 4,
			    "%s row %zu has no reason", all[i]->name, k);
	CHECK(sb_set(SBS_MAX) == NULL);
}

/*
 * The promises, written by hand: a row that was widened in the tables agrees with itself above, but
 * not with these.
 */
#define A(...)              \
	{                   \
		__VA_ARGS__ \
	}
#define WITH(x) (1U << (x))
static const struct promise {
	unsigned int sets;
	int nr;
	uint64_t arg[6];
	int allowed;
	const char *what;
} promises[] = {
    {WITH(SBS_BASE), __NR_mmap, A(0, 4096, PROT_READ | PROT_WRITE, 0x22), 1, "memory"},
    {WITH(SBS_BASE), __NR_mmap, A(0, 4096, PROT_EXEC, 0x22), 0, "executable memory"},
    {WITH(SBS_BASE), __NR_mmap, A(0, 4096, PROT_READ | PROT_EXEC, 2, 3), 0, "a file's code"},
    {WITH(SBS_BASE), __NR_mmap, A(0, 4096, 7, 0x22), 0, "W+X"},
    {WITH(SBS_BASE), __NR_mprotect, A(0, 4096, PROT_READ | PROT_EXEC), 0, "turning executable"},
    {WITH(SBS_BASE), __NR_mprotect, A(0, 4096, PROT_READ), 1, "turning read-only"},
    {WITH(SBS_BASE), __NR_newfstatat, A(3, 0, 0, AT_EMPTY_PATH), 1, "glibc's fstat"},
    {WITH(SBS_BASE), __NR_newfstatat, A(3, 0, 0, 0), 0, "stat by name"},
    {WITH(SBS_BASE), __NR_openat, A(0, 0, 0, 0), 0, "opening"},
    {WITH(SBS_BASE), __NR_fcntl, A(0, F_DUPFD, 0, 0), 0, "copies of descriptors"},
    {WITH(SBS_BASE), __NR_sendmsg, A(0), 0, "passing descriptors"},
    {WITH(SBS_BASE), __NR_recvmsg, A(0), 0, "taking descriptors"},
    {WITH(SBS_BASE), __NR_ioctl, A(0, TCGETS), 0, "any ioctl"},
    {WITH(SBS_BASE), __NR_prlimit64, A(0), 0, "limits"},
    {WITH(SBS_BASE), __NR_prctl, A(PR_SET_DUMPABLE, 1), 0, "dumpable again"},
    {WITH(SBS_BASE), __NR_dup, A(0), 0, "copies of descriptors"},
    {WITH(SBS_BASE), __NR_tgkill, A(0), 0, "signals"},
    {WITH(SBS_EXEC), __NR_mmap, A(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3), 1, "libraries"},
    {WITH(SBS_EXEC), __NR_mmap, A(0, 4096, 7, MAP_PRIVATE, 3), 0, "W+X of a file"},
    {WITH(SBS_EXEC), __NR_mmap, A(0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS), 0, "made code"},
    {WITH(SBS_EXEC), __NR_mprotect, A(0, 4096, PROT_READ | PROT_EXEC), 0, "made code"},
    {WITH(SBS_EXEC), __NR_openat, A(0, 0, O_RDWR), 0, "writing"},
    {WITH(SBS_EXEC), __NR_prlimit64, A(1), 0, "another's limits"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_RDONLY | O_CLOEXEC), 1, "reading"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_WRONLY), 0, "writing"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_RDWR), 0, "writing"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_CREAT), 0, "creating"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_TRUNC), 0, "emptying"},
    {WITH(SBS_FILES), __NR_openat, A(0, 0, O_TMPFILE | O_RDWR), 0, "nameless files"},
    {WITH(SBS_FILES), __NR_openat2, A(0), 0, "flags behind a pointer"},
#ifdef __x86_64__
    {WITH(SBS_FILES), __NR_open, A(0, O_WRONLY), 0, "the old way"},
    {WITH(SBS_FILES), __NR_creat, A(0), 0, "the oldest way"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWUSER | SIGCHLD), 0, "user namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWNS), 0, "mount namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWPID), 0, "PID namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWNET), 0, "network namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWIPC), 0, "IPC namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWUTS), 0, "UTS namespace"},
    {WITH(SBS_PROC), __NR_clone, A(CLONE_NEWCGROUP), 0, "cgroup namespace"},
#endif
    {WITH(SBS_PROC), __NR_clone, A(SIGCHLD), 1, "fork"},
    {WITH(SBS_PROC), __NR_prlimit64, A(1), 0, "another's limits"},
    {WITH(SBS_NET), __NR_socket, A(AF_INET, SOCK_STREAM), 1, "IPv4"},
    {WITH(SBS_NET), __NR_socket, A(AF_UNIX, SOCK_STREAM), 0, "local services"},
    {WITH(SBS_NET), __NR_socket, A(AF_PACKET, SOCK_RAW), 0, "raw packets"},
    {WITH(SBS_NET), __NR_socket, A(AF_ALG), 0, "the kernel's crypto"},
    {WITH(SBS_NET), __NR_socket, A(AF_VSOCK), 0, "the hypervisor"},
    {WITH(SBS_UNIX), __NR_socket, A(AF_UNIX, SOCK_STREAM), 1, "local services"},
    {WITH(SBS_UNIX), __NR_socket, A(AF_INET, SOCK_STREAM), 0, "IPv4"},
    {WITH(SBS_UNIX), __NR_socketpair, A(AF_INET), 0, "IPv4"},
    {WITH(SBS_TOOL), __NR_socket, A(AF_INET), 0, "IPv4"},
    {WITH(SBS_TOOL), __NR_ioctl, A(0, TCGETS), 1, "terminals"},
    {WITH(SBS_TOOL), __NR_ioctl, A(0, TIOCSTI), 0, "typing"},
    {WITH(SBS_TOOL), __NR_ioctl, A(0, TIOCSTI | 1ULL << 32), 0, "typing, with a bit beyond 32"},
    {WITH(SBS_TOOL), __NR_ioctl, A(0, TIOCLINUX), 0, "the console"},
    {WITH(SBS_TOOL), __NR_ioctl, A(0, TIOCLINUX | 1ULL << 63), 0, "the console, beyond 32"},
    {WITH(SBS_TOOL), __NR_personality, A(0x0400000), 0, "READ_IMPLIES_EXEC"},
    {WITH(SBS_TOOL), __NR_setuid, A(0), 0, "ids"},
    {WITH(SBS_TOOL), __NR_chroot, A(0), 0, "chroot"},
};

static void
test_promises(void)
{
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		const struct promise *q = &promises[i];
		const struct sb_set *sets[SBS_MAX + 1] = {sb_set(SBS_BASE)};
		struct sb_prog *p;
		uint32_t got;

		for (unsigned int n = 1, s = 0; s < SBS_MAX; s++)
			if (s != SBS_BASE && (q->sets & WITH(s)))
				sets[n++] = sb_set(s);
		p = compile(sets, SB_KILL);
		got = bpf_run(sb_filter_bpf(p), REF_ARCH, (uint32_t)q->nr, q->arg);
		CHECKF((got == SECCOMP_RET_ALLOW) == q->allowed,
		    "%s with set mask %#x: syscall %d: %#x", q->what, q->sets, q->nr, got);
		sb_filter_free(p);
	}
}

/* ---- for real ---- */

static void
quick_child(int seconds)
{
	static const struct rlimit none = {0, 0};
	struct itimerval t = {{0, 0}, {seconds, 0}};

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);	  /* a sanitizer's handler makes calls */
	setitimer(ITIMER_REAL, &t, NULL); /* pause() and its like end by SIGALRM */
}

/* Inline, since the child of a vfork() shares this stack and must not return from a function. */
static inline __attribute__((always_inline)) void
raw(long nr, const uint64_t *a)
{
#ifdef __x86_64__
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];

	__asm__ volatile("syscall"
			 : "+a"(nr)
			 : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
#else
	syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
#endif
}

/* Loads P and makes the call: 1 when SIGSYS ended it, 0 when not. */
static int
dies(const struct sb_prog *p, int nr, const uint64_t *a)
{
	static const uint64_t zero[6];
	struct errmsg e;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		quick_child(1);
		if (sb_filter_load(p, &e) == -1)
			_exit(99);
		raw(nr, a);
		raw(__NR_exit_group, zero);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		return -1;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

struct real {
	const struct sb_prog *p;
	const struct sb_set *const *sets;
	unsigned int denied;
};

static void
run_mutation(const struct sb_rule *r, const uint64_t *args, void *v)
{
	struct real *x = v;

	if (ref_allows(x->sets, r->nr, args))
		return;
	x->denied++;
	CHECKF(dies(x->p, r->nr, args) == 1, "%s: syscall %d lived with (%#lx %#lx %#lx)", r->why,
	    r->nr, (long)args[0], (long)args[1], (long)args[2]);
}

/* Bad descriptors, pointers and pids, so that nothing happens but the error. */
static uint64_t
harmless(int nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork ? 0 : UINT64_MAX;
}

static void
real_set(const struct sb_set *set)
{
	const struct sb_set *sets[3] = {sb_set(SBS_BASE), set, NULL};
	struct real x = {.sets = sets};
	struct sb_prog *p;
	uint64_t args[6];

	if (set == sets[0])
		sets[1] = NULL;
	x.p = p = compile(sets, SB_KILL);
	for (size_t i = 0; i < set->nrules; i++) {
		const struct sb_rule *r = &set->rules[i];
		int plain = 0;

		if (r->nr == SB_NR_NONE)
			continue;
		for (const struct sb_set *const *s = sets; *s != NULL; s++)
			for (size_t k = 0; k < (*s)->nrules; k++)
				plain |= (*s)->rules[k].nr == r->nr &&
					 (*s)->rules[k].arg[0].op == SB_ANY;
		satisfy(r, harmless(r->nr), args);
		CHECKF(
		    dies(p, r->nr, args) == 0, "%s: %s: syscall %d died", set->name, r->why, r->nr);
		x.denied = 0;
		mutate(r, args, run_mutation, &x);
		CHECKF(plain || r->arg[0].op == SB_ANY || x.denied > 0,
		    "%s: %s: the argument rule forbids nothing", set->name, r->why);
	}
	/* the control: what is in no set dies */
	satisfy(&set->rules[0], UINT64_MAX, args);
	CHECK(dies(p, __NR_ptrace, args) == 1 && dies(p, __NR_bpf, args) == 1);
	CHECK(dies(p, __NR_clone3, args) == 0);
	sb_filter_free(p);
}

#ifdef __x86_64__
/* getpid by the gate of i386 and by the number of x32, under a filter that only says EPERM. */
static void
test_foreign(void)
{
	const struct sb_set *sets[2] = {sb_set(SBS_BASE), NULL};
	struct sb_prog *p = compile(sets, SB_EPERM);
	struct errmsg e;
	int status;

	for (int k = 0; k < 3; k++) {
		pid_t pid = fork();

		if (pid == 0) {
			long rv = 20; /* getpid of i386 */

			quick_child(1);
			if (sb_filter_load(p, &e) == -1)
				_exit(99);
			if (k == 0)
				__asm__ volatile("int $0x80" : "+a"(rv) : : "memory", "cc");
			else if (k == 1)
				syscall(REF_X32 | __NR_getpid);
			_exit(0);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		if (k < 2)
			CHECKF(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "way %d: %#x", k,
			    status);
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	sb_filter_free(p);
}
#endif

int
main(void)
{
	const struct sb_set *all[SBS_MAX + 1] = {NULL};

#ifdef REEVE_TRACE
	CHECK_SKIP("a TRACE build logs instead of killing");
#endif
	if (getuid() != 0)
		CHECK_SKIP("loading a filter without no_new_privs needs root");
	test_never_named();
	test_promises();
	for (unsigned int i = 0; i < SBS_MAX; i++) {
		const struct sb_set *one[3] = {sb_set(i), sb_set(SBS_BASE), NULL};

		all[i] = sb_set(i);
		if (i == SBS_BASE)
			one[1] = NULL;
		model(one);
		real_set(sb_set(i));
	}
	model(all);
#ifdef __x86_64__
	test_foreign();
#endif
	return check_done();
}
