/*
 * What the signer may call once it holds its keys, its register and its listening socket: no set of
 * others' rows, so that each can be shown to be needed (sandbox/t_sign). A row that this libc does
 * not need says "portability" and why.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <string.h>

#include "lib/sb_mk.h"
#include "lib/sb_nr.h"
#include "sign/filter.h"

#define ANY                             \
	{                               \
		{                       \
			0, SB_ANY, 0, 0 \
		}                       \
	}

static const struct sb_rule rules[] = {
    {__NR_read, ANY, "the peer's requests; the stop pipe"},
    {__NR_write, ANY, "answers, the register, log lines"},
    {__NR_close, ANY, "a peer that is done with"},
    {__NR_fsync, ANY, "the register is on disk before a certificate leaves"},
    {__NR_poll, ANY, "waiting"},
    {__NR_accept4, ANY, "the next peer, on the one socket that listens"},
    {__NR_getsockopt, ANY, "SO_PEERCRED: who it is"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_GETFL}}, "the peer's socket"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_SETFL}}, "the peer's socket: non-blocking"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_GETFD}}, "the peer's socket"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_SETFD}}, "the peer's socket: closed on exec"},
    {__NR_rt_sigaction, ANY, "SIGPIPE is ignored when a channel begins"},
    {__NR_rt_sigreturn, ANY, "the end of a signal handler"},
    {__NR_sendto, ANY, "syslog(3), on the socket that is open; none can be made"},
    {__NR_getpid, ANY, "log lines"},
    {__NR_getrandom, ANY, "serial numbers, signatures"},
    {__NR_brk, ANY, "portability: malloc, by this or mmap as its heap lies (glibc 2.36)"},
    {__NR_mmap, {{2, SB_MASK64, PROT_EXEC, 0}},
	"portability: malloc, by this or brk as its heap lies (glibc 2.36); never executable"},
    {__NR_munmap, ANY, "portability: malloc, giving back what mmap gave (glibc 2.36)"},
    {__NR_exit_group, ANY, "ending"},
    {__NR_mremap, ANY, "portability: malloc, growing large blocks (glibc 2.36)"},
    {__NR_mprotect, {{2, SB_MASK64, PROT_EXEC, 0}},
	"portability: malloc, in arenas of threads (glibc 2.36); never executable"},
    {__NR_madvise, ANY, "portability: malloc, trimming (glibc 2.36)"},
    {__NR_futex, ANY, "portability: locks of libcrypto when they are fought for; one thread never"},
    {__NR_ppoll, ANY, "portability: poll(2) of libcs and machines without the older call"},
    {__NR_clock_gettime, ANY, "portability: time, where the vdso does not serve it"},
    {__NR_gettimeofday, ANY, "portability: time, where the vdso does not serve it"},
    {__NR_time, ANY, "portability: time, where the vdso does not serve it"},
    {__NR_restart_syscall, ANY, "portability: poll(2) after a stop, where the kernel restarts it"},
    {__NR_rt_sigprocmask, ANY, "portability: abort(3) says why before it dies"},
    {__NR_gettid, ANY, "portability: abort(3)"},
};

static const struct sb_set own = {"sign", rules, sizeof(rules) / sizeof(rules[0])};

const struct sb_set *
sign_rows(void)
{
	return &own;
}

int
room_filter(unsigned int n, const char **name, struct sb_filter *f)
{
	if (n > 0)
		return 0;
	memset(f, 0, sizeof(*f));
	*name = "sign";
	f->dflt = SB_KILL;
	f->sets[0] = &own;
#ifdef REEVE_SANITIZE
	f->sets[1] = sb_set(SBS_BASE);
#endif
	return 1;
}
