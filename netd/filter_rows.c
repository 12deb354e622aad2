/*
 * What netd may call; anything else kills it. It works on descriptors that it was handed: it opens
 * no file, makes no socket, passes no descriptor. regress/sandbox/t_netd takes each row away in
 * turn: a row without use does not stay, but where its why says portability.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <string.h>

#include "lib/sb_mk.h"
#include "lib/sb_nr.h"
#include "netd/sandbox.h"

#define ANY                             \
	{                               \
		{                       \
			0, SB_ANY, 0, 0 \
		}                       \
	}
#define EQ32(n, v)                                     \
	{                                              \
		{                                      \
			(n), SB_EQ32, 0, (uint32_t)(v) \
		}                                      \
	}
#define NOEXEC                                     \
	{                                          \
		{                                  \
			2, SB_MASK64, PROT_EXEC, 0 \
		}                                  \
	}
#ifndef __NR_epoll_wait
#define __NR_epoll_wait SB_NR_NONE
#endif

static const struct sb_rule rules[] = {
    {__NR_read, ANY, "TLS, channels, inotify"},
    {__NR_write, ANY, "TLS, channels, log lines"},
    {__NR_recvmsg, ANY, "descriptors from privd and dial"},
    {__NR_pread64, ANY, "output and figures from spool files"},
    {__NR_close, ANY, "descriptors that it was handed"},
    {__NR_fcntl, EQ32(1, F_GETFL), "a channel or connection handed over is made non-blocking"},
    {__NR_fcntl, EQ32(1, F_SETFL), "a channel or connection handed over is made non-blocking"},
    {__NR_epoll_wait, ANY, "the event loop"},
    {__NR_epoll_ctl, ANY, "the event loop"},
    {__NR_poll, ANY, "the last words at the end"},
    {__NR_mmap, NOEXEC, "malloc; never executable"},
    {__NR_munmap, ANY, "free"},
    {__NR_mremap, ANY, "realloc"},
    {__NR_brk, ANY, "malloc"},
    {__NR_getpid, ANY, "log lines, OpenSSL's random numbers"},
    {__NR_getrandom, ANY, "TLS, back-off"},
    {__NR_rt_sigreturn, ANY, "SIGTERM"},
    {__NR_exit_group, ANY, "ending"},
    {__NR_mprotect, NOEXEC, "portability: malloc's arenas, glibc 2.36"},
    {__NR_madvise, ANY, "portability: free, glibc 2.36"},
    {__NR_futex, ANY, "portability: OpenSSL's locks when they are waited for"},
    {__NR_clock_gettime, ANY, "portability: machines whose vdso does not tell the time"},
    {__NR_gettimeofday, ANY, "portability: machines whose vdso does not tell the time"},
    {__NR_epoll_pwait, ANY, "portability: epoll_wait(2) of arm64's glibc"},
    {__NR_ppoll, ANY, "portability: poll(2) of arm64's glibc"},
#ifdef REEVE_SANITIZE /* what AddressSanitizer's run time calls; in no other build */
    {__NR_sigaltstack, ANY, "portability: sanitizers, their signal stack"},
    {__NR_prctl, EQ32(0, PR_SET_VMA), "portability: sanitizers name their maps"},
#endif
    {__NR_restart_syscall, ANY, "portability: after a stop or a suspend"},
};

static const struct sb_set own = {"netd", rules, sizeof(rules) / sizeof(rules[0])};

const struct sb_set *
netd_rows(void)
{
	return &own;
}

int
room_filter(unsigned int n, const char **name, struct sb_filter *f)
{
	if (n > 0)
		return 0;
	memset(f, 0, sizeof(*f));
	*name = "netd";
	f->dflt = SB_KILL;
	f->sets[0] = netd_rows();
	return 1;
}
