/*
 * The deny list of privd and all that it starts: each row answers EPERM where it answered something
 * else before, what execd needs goes on working, and it lasts over exec and under a second filter.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <sched.h>

#include "regress/check.h"
#include "regress/sandbox/sbchild.h"
#include "regress/sandbox/sbref.h"

#include "lib/sb_nr.h"

struct call {
	const struct sb_prog *p; /* NULL: without the filter */
	int nr;
	uint64_t a[6];
};

/* The errno of the call, 0 when it worked. */
static int
do_call(void *v)
{
	const struct call *c = v;
	struct errmsg e;

	setsid(); /* vhangup() has no terminal to hang up */
	if (c->p != NULL && sb_filter_load(c->p, &e) == -1)
		return child_broken("load", &e);
	errno = 0;
	syscall(c->nr, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5]);
	return errno;
}

static void
test_rows(const struct sb_prog *p)
{
	const struct sb_set *never = sb_never_set(), *sets[2] = {never, NULL};
	unsigned int other = 0;

	for (size_t i = 0; i < never->nrules; i++) {
		const struct sb_rule *r = &never->rules[i];
		struct call c = {.p = p, .nr = r->nr};
		int with, without;

		if (r->nr == SB_NR_NONE)
			continue;
		for (int k = 0; k < 6; k++)
			c.a[k] = UINT64_MAX; /* no descriptor, pointer, pid or command */
		if (r->arg[0].op == SB_EQ32)
			c.a[r->arg[0].n] = r->arg[0].val | 5ULL << 32;
		with = in_child(do_call, &c);
		CHECKF(with == EPERM, "%s: syscall %d: %d", r->why, r->nr, with);
		CHECK(ref_allows(sets, r->nr, c.a));
		c.p = NULL;
		without = in_child(do_call, &c);
		other += without != EPERM;
	}
	/* the filter made the difference, not the kernel's own checks */
	CHECKF(other + 4 >= never->nrules, "only %u of %zu rows answered differently without it",
	    other, never->nrules);
}

/* Written by hand: a row that was taken out of the table is missed here. */
static void
test_complete(void)
{
	static const int must[] = {__NR_kexec_load, __NR_kexec_file_load, __NR_init_module,
	    __NR_finit_module, __NR_delete_module, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd,
	    __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register, __NR_swapon,
	    __NR_swapoff, __NR_keyctl, __NR_add_key, __NR_request_key, __NR_open_by_handle_at,
	    __NR_name_to_handle_at, __NR_fanotify_init, __NR_ptrace, __NR_process_vm_readv,
	    __NR_process_vm_writev, __NR_pidfd_getfd, __NR_setns, __NR_pivot_root, __NR_reboot,
	    __NR_settimeofday, __NR_clock_settime, __NR_clock_adjtime, __NR_adjtimex, __NR_acct};
	const struct sb_set *sets[2] = {sb_never_set(), NULL};
	uint64_t sti[6] = {0, TIOCSTI}, lin[6] = {0, TIOCLINUX}, get[6] = {0, TCGETS};
	static const uint64_t zero[6];

	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		CHECKF(ref_allows(sets, must[i], zero), "syscall %d", must[i]);
	CHECK(ref_allows(sets, __NR_ioctl, sti) && ref_allows(sets, __NR_ioctl, lin));
	CHECK(!ref_allows(sets, __NR_ioctl, get));
}

static void
test_model(const struct sb_prog *p)
{
	static const uint64_t zero[6];
	const struct sb_set *sets[2] = {sb_never_set(), NULL};
	const struct sock_fprog *b = sb_filter_bpf(p);

	for (int nr = 0; nr < 600; nr++) {
		uint32_t want =
		    ref_allows(sets, nr, zero) ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW;

		CHECKF(bpf_run(b, REF_ARCH, (uint32_t)nr, zero) == want, "syscall %d", nr);
		CHECK(bpf_run(b, REF_FOREIGN, (uint32_t)nr, zero) == SECCOMP_RET_KILL_PROCESS);
#ifdef __x86_64__
		CHECK(
		    bpf_run(b, REF_ARCH, REF_X32 | (uint32_t)nr, zero) == SECCOMP_RET_KILL_PROCESS);
#endif
	}
}

/* What privd and execd do under it. */
static int
ordinary_life(void *v)
{
	struct errmsg e;
	int status;
	pid_t pid;

	if (sb_filter_load(v, &e) == -1)
		return child_broken("load", &e);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) == -1)
		return 1;
	if ((pid = fork()) == -1)
		return 2;
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
		_exit(1);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
		return 3;
	if (syscall(__NR_clone3, 0, 0) != -1 || errno == EPERM || errno == ENOSYS)
		return 4;
	if (syscall(__NR_openat2, -1, 0, 0, 0) != -1 || errno == EPERM)
		return 5;
	return ioctl(-1, TCGETS, 0) == -1 && errno == EBADF ? 0 : 6;
}

/* An exec does not shake it off: this program again, which then tries. */
static int
over_exec(void *v)
{
	struct errmsg e;

	if (sb_filter_load(v, &e) == -1)
		return child_broken("load", &e);
	execl("/proc/self/exe", "t_never", "reboot", (char *)NULL);
	return CHILD_BROKEN;
}

/* A second, wider filter on top takes nothing away from the first. */
static int
stacked(void *v)
{
	const struct sb_set *sets[2] = {sb_never_set(), NULL};
	struct sb_filter f = {.dflt = SB_EPERM, .sets = {sb_set(SBS_BASE), sets[0]}};
	struct errmsg e;
	struct sb_prog *p;

	if ((p = sb_filter_compile(&f, &e)) == NULL || sb_filter_load(v, &e) == -1 ||
	    sb_filter_load(p, &e) == -1)
		return child_broken("load", &e);
	errno = 0;
	syscall(__NR_bpf, -1, -1, -1);
	return errno;
}

int
main(int argc, char *argv[])
{
	struct errmsg e = {""};
	struct sb_prog *p;

	if (argc == 2 && strcmp(argv[1], "reboot") == 0) {
		errno = 0;
		syscall(__NR_reboot, -1, -1, -1, -1);
		return errno;
	}
	if (getuid() != 0)
		CHECK_SKIP("loading a filter without no_new_privs needs root");
	p = sb_never_compile(&e);
	CHECKF(p != NULL, "%s", e.text);
	if (p == NULL)
		return check_done();
	test_complete();
	test_model(p);
	test_rows(p);
	CHECK(in_child(ordinary_life, p) == 0);
	CHECK(in_child(over_exec, p) == EPERM);
	CHECK(in_child(stacked, p) == EPERM);
	sb_filter_free(p);
	return check_done();
}
