/*
 * The syscall sets that profiles are composed of. One row: syscall, argument rule, why. Sets are
 * additive and allow; what is in none of them is denied by every filter.
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/sched.h>

#include <fcntl.h>
#include <sched.h>

#include "lib/sb.h"
#include "lib/sb_nr.h"

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
#define EQ64(n, v)                                     \
	{                                              \
		{                                      \
			(n), SB_EQ64, 0, (uint64_t)(v) \
		}                                      \
	}
#define MASK(n, m, v)                                                \
	{                                                            \
		{                                                    \
			(n), SB_MASK64, (uint64_t)(m), (uint64_t)(v) \
		}                                                    \
	}
#define N(a) (sizeof(a) / sizeof((a)[0]))

/* CLONE_NEWTIME shares its bit with the exit signal and is not a flag of clone(2). */
#define NEWFLAGS                                                                       \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	    CLONE_NEWPID | CLONE_NEWNET)

static const struct sb_rule base[] = {
    {__NR_read, ANY, "held descriptors"},
    {__NR_write, ANY, "held descriptors"},
    {__NR_readv, ANY, "held descriptors"},
    {__NR_writev, ANY, "held descriptors; stdio and syslog"},
    {__NR_pread64, ANY, "held descriptors"},
    {__NR_pwrite64, ANY, "held descriptors"},
    {__NR_close, ANY, "held descriptors"},
    {__NR_lseek, ANY, "held descriptors"},
    {__NR_fstat, ANY, "held descriptors; stdio asks for the block size"},
    {__NR_newfstatat, {{3, SB_EQ32, 0, 0x1000 /* AT_EMPTY_PATH */}}, "glibc's fstat"},
    {__NR_fcntl, EQ32(1, F_GETFL), "state of a held descriptor"},
    {__NR_fcntl, EQ32(1, F_SETFL), "non-blocking"},
    {__NR_fcntl, EQ32(1, F_GETFD), "state of a held descriptor"},
    {__NR_fcntl, EQ32(1, F_SETFD), "close on exec"},
    {__NR_mmap, MASK(2, PROT_EXEC, 0), "malloc; never executable"},
    {__NR_mprotect, MASK(2, PROT_EXEC, 0), "malloc; never executable"},
    {__NR_munmap, ANY, "malloc"},
    {__NR_mremap, ANY, "realloc"},
    {__NR_brk, ANY, "malloc"},
    {__NR_madvise, ANY, "free"},
    {__NR_futex, ANY, "libc locks"},
    {__NR_clock_gettime, ANY, "time, where the vdso does not serve it"},
    {__NR_clock_nanosleep, ANY, "waiting"},
    {__NR_nanosleep, ANY, "waiting"},
    {__NR_gettimeofday, ANY, "time, where the vdso does not serve it"},
    {__NR_time, ANY, "time, where the vdso does not serve it"},
    {__NR_getpid, ANY, "log lines"},
    {__NR_gettid, ANY, "abort and raise"},
    {__NR_getuid, ANY, "who am I"},
    {__NR_geteuid, ANY, "who am I"},
    {__NR_getgid, ANY, "who am I"},
    {__NR_getegid, ANY, "who am I"},
    {__NR_getresuid, ANY, "who am I"},
    {__NR_getresgid, ANY, "who am I"},
    {__NR_getrandom, ANY, "libsodium, malloc"},
    {__NR_rt_sigaction, ANY, "signals"},
    {__NR_rt_sigprocmask, ANY, "signals"},
    {__NR_rt_sigreturn, ANY, "signals"},
#ifdef REEVE_SANITIZE /* what AddressSanitizer's run time calls; in no other build */
    {__NR_sigaltstack, ANY, "sanitizers: their signal stack"},
    {__NR_prctl, EQ32(0, PR_SET_VMA), "sanitizers: name their maps"},
    {__NR_readlink, ANY, "sanitizers: find the program for a report"},
#endif
    {__NR_restart_syscall, ANY, "after a stop"},
    {__NR_sched_yield, ANY, "libc locks"},
    {__NR_exit, ANY, "ending"},
    {__NR_exit_group, ANY, "ending"},
};

static const struct sb_rule poll_rows[] = {
    {__NR_poll, ANY, "waiting on descriptors"},
    {__NR_ppoll, ANY, "waiting on descriptors"},
    {__NR_select, ANY, "waiting on descriptors"},
    {__NR_pselect6, ANY, "waiting on descriptors"},
    {__NR_epoll_create, ANY, "waiting on descriptors"},
    {__NR_epoll_create1, ANY, "waiting on descriptors"},
    {__NR_epoll_ctl, ANY, "waiting on descriptors"},
    {__NR_epoll_wait, ANY, "waiting on descriptors"},
    {__NR_epoll_pwait, ANY, "waiting on descriptors"},
};

static const struct sb_rule exec[] = {
    {__NR_execve, ANY, "the tool's own start"},
    {__NR_mmap,
	{{2, SB_MASK64, PROT_EXEC | PROT_WRITE, PROT_EXEC}, {3, SB_MASK64, MAP_ANONYMOUS, 0}},
	"text of shared objects: a file's, never writable"},
    {__NR_arch_prctl, ANY, "thread pointer, shadow stack query"},
    {__NR_set_tid_address, ANY, "libc start"},
    {__NR_set_robust_list, ANY, "libc start"},
    {__NR_rseq, ANY, "libc start"},
    {__NR_prlimit64, EQ64(0, 0), "libc start asks for its own stack limit; never another's"},
    {__NR_getrlimit, ANY, "own limits"},
    {__NR_uname, ANY, "ld.so asks for the kernel release"},
    {__NR_access, ANY, "ld.so looks for ld.so.preload"},
    {__NR_openat, MASK(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY), "libraries"},
    {__NR_newfstatat, ANY, "libraries"},
    {__NR_sysinfo, ANY, "libc start"},
    {__NR_sigaltstack, ANY, "runtimes with a signal stack"},
    {__NR_map_shadow_stack, ANY, "libc start of threads, with shadow stacks"},
    {__NR_mseal, ANY, "newer ld.so seals what it mapped"},
};

static const struct sb_rule files[] = {
    {__NR_open, MASK(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY), "reading"},
    {__NR_openat, MASK(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY), "reading"},
    {__NR_stat, ANY, "names"},
    {__NR_lstat, ANY, "names"},
    {__NR_newfstatat, ANY, "names"},
    {__NR_statx, ANY, "names"},
    {__NR_access, ANY, "names"},
    {__NR_faccessat, ANY, "names"},
    {__NR_faccessat2, ANY, "names"},
    {__NR_readlink, ANY, "names"},
    {__NR_readlinkat, ANY, "names"},
    {__NR_getdents64, ANY, "directories"},
    {__NR_getdents, ANY, "directories"},
    {__NR_getcwd, ANY, "names"},
    {__NR_statfs, ANY, "space"},
    {__NR_fstatfs, ANY, "space"},
    {__NR_fadvise64, ANY, "reading ahead"},
    {__NR_getxattrat, ANY, "attributes; newer libc"},
    {__NR_listxattrat, ANY, "attributes; newer libc"},
    {__NR_cachestat, ANY, "reading ahead; newer tools"},
};

static const struct sb_rule write_rows[] = {
    {__NR_open, ANY, "writing"},
    {__NR_openat, ANY, "writing"},
    {__NR_openat2, ANY, "writing"},
    {__NR_creat, ANY, "creating"},
    {__NR_mkdir, ANY, "creating"},
    {__NR_mkdirat, ANY, "creating"},
    {__NR_mknod, ANY, "FIFOs; devices need a capability too"},
    {__NR_mknodat, ANY, "FIFOs; devices need a capability too"},
    {__NR_link, ANY, "dpkg backs files up by links"},
    {__NR_linkat, ANY, "dpkg backs files up by links"},
    {__NR_symlink, ANY, "creating"},
    {__NR_symlinkat, ANY, "creating"},
    {__NR_unlink, ANY, "removing"},
    {__NR_unlinkat, ANY, "removing"},
    {__NR_rmdir, ANY, "removing"},
    {__NR_rename, ANY, "replacing"},
    {__NR_renameat, ANY, "replacing"},
    {__NR_renameat2, ANY, "replacing"},
    {__NR_truncate, ANY, "writing"},
    {__NR_ftruncate, ANY, "writing"},
    {__NR_fallocate, ANY, "writing"},
    {__NR_fsync, ANY, "durability"},
    {__NR_fdatasync, ANY, "durability"},
    {__NR_sync, ANY, "durability"},
    {__NR_syncfs, ANY, "durability"},
    {__NR_sync_file_range, ANY, "durability; dpkg"},
    {__NR_chmod, ANY, "modes"},
    {__NR_fchmod, ANY, "modes"},
    {__NR_fchmodat, ANY, "modes"},
    {__NR_fchmodat2, ANY, "modes; newer libc"},
    {__NR_chown, ANY, "owners; needs a capability too"},
    {__NR_fchown, ANY, "owners; needs a capability too"},
    {__NR_lchown, ANY, "owners; needs a capability too"},
    {__NR_fchownat, ANY, "owners; needs a capability too"},
    {__NR_utime, ANY, "times"},
    {__NR_utimes, ANY, "times"},
    {__NR_utimensat, ANY, "times"},
    {__NR_futimesat, ANY, "times"},
    {__NR_setxattr, ANY, "attributes"},
    {__NR_lsetxattr, ANY, "attributes"},
    {__NR_fsetxattr, ANY, "attributes"},
    {__NR_removexattr, ANY, "attributes"},
    {__NR_lremovexattr, ANY, "attributes"},
    {__NR_fremovexattr, ANY, "attributes"},
    {__NR_setxattrat, ANY, "attributes; newer libc"},
    {__NR_removexattrat, ANY, "attributes; newer libc"},
    {__NR_copy_file_range, ANY, "copying"},
    {__NR_sendfile, ANY, "copying"},
    {__NR_splice, ANY, "copying"},
    {__NR_umask, ANY, "modes"},
    {__NR_flock, ANY, "locks"},
};

static const struct sb_rule proc[] = {
    {__NR_clone, MASK(0, NEWFLAGS, 0), "fork and threads; never a namespace"},
    {__NR_fork, ANY, "children"},
    {__NR_vfork, ANY, "children"},
    {__NR_wait4, ANY, "children"},
    {__NR_waitid, ANY, "children"},
    {__NR_kill, ANY, "children; ids and the PID namespace bound it"},
    {__NR_tgkill, ANY, "abort and raise"},
    {__NR_tkill, ANY, "abort and raise"},
    {__NR_pidfd_open, ANY, "children"},
    {__NR_pidfd_send_signal, ANY, "children"},
    {__NR_getppid, ANY, "job control"},
    {__NR_getpgid, ANY, "job control"},
    {__NR_getpgrp, ANY, "job control"},
    {__NR_setpgid, ANY, "job control"},
    {__NR_getsid, ANY, "job control"},
    {__NR_setsid, ANY, "job control"},
    {__NR_dup, ANY, "redirection"},
    {__NR_dup2, ANY, "redirection"},
    {__NR_dup3, ANY, "redirection"},
    {__NR_pipe, ANY, "pipelines"},
    {__NR_pipe2, ANY, "pipelines"},
    {__NR_fcntl, ANY, "redirection, locks"},
    {__NR_close_range, ANY, "before an exec"},
    {__NR_chdir, ANY, "directories"},
    {__NR_fchdir, ANY, "directories"},
    {__NR_rt_sigpending, ANY, "signals"},
    {__NR_rt_sigsuspend, ANY, "signals"},
    {__NR_rt_sigtimedwait, ANY, "signals"},
    {__NR_rt_sigqueueinfo, ANY, "signals"},
    {__NR_rt_tgsigqueueinfo, ANY, "signals"},
    {__NR_pause, ANY, "signals"},
    {__NR_alarm, ANY, "timers"},
    {__NR_setitimer, ANY, "timers"},
    {__NR_getitimer, ANY, "timers"},
    {__NR_prlimit64, EQ64(0, 0), "own limits; never another process's"},
    {__NR_setrlimit, ANY, "own limits"},
    {__NR_getrusage, ANY, "own usage"},
    {__NR_times, ANY, "own usage"},
    {__NR_getgroups, ANY, "who am I"},
    {__NR_getpriority, ANY, "nice"},
    {__NR_setpriority, ANY, "nice"},
};

static const struct sb_rule ids[] = {
    {__NR_setuid, ANY, "apt's _apt, maintainer scripts"},
    {__NR_setgid, ANY, "apt's _apt, maintainer scripts"},
    {__NR_setreuid, ANY, "su, start-stop-daemon"},
    {__NR_setregid, ANY, "su, start-stop-daemon"},
    {__NR_setresuid, ANY, "apt's _apt"},
    {__NR_setresgid, ANY, "apt's _apt"},
    {__NR_setgroups, ANY, "apt's _apt"},
    {__NR_setfsuid, ANY, "servers started by maintainer scripts"},
    {__NR_setfsgid, ANY, "servers started by maintainer scripts"},
    {__NR_chroot, ANY, "dpkg --root, maintainer scripts"},
    {__NR_capset, ANY, "setcap, daemons that drop"},
};

static const struct sb_rule net[] = {
    {__NR_socket, EQ32(0, AF_INET), "IPv4"},
    {__NR_socket, EQ32(0, AF_INET6), "IPv6"},
    {__NR_socket, EQ32(0, AF_NETLINK), "addresses, routes"},
    {__NR_bind, ANY, "sockets of the families above"},
    {__NR_listen, ANY, "sockets of the families above"},
    {__NR_accept, ANY, "sockets of the families above"},
    {__NR_accept4, ANY, "sockets of the families above"},
    {__NR_connect, ANY, "sockets of the families above"},
};

static const struct sb_rule unix_rows[] = {
    {__NR_socket, EQ32(0, AF_UNIX), "local services"},
    {__NR_socketpair, EQ32(0, AF_UNIX), "children"},
    {__NR_connect, ANY, "local services"},
    {__NR_bind, ANY, "local services"},
    {__NR_listen, ANY, "local services"},
    {__NR_accept, ANY, "local services"},
    {__NR_accept4, ANY, "local services"},
};

static const struct sb_rule tool[] = {
    {__NR_ioctl, {{1, SB_NOT32, TIOCLINUX, TIOCSTI}},
	"terminals, file attributes, interfaces; never typing into a terminal"},
    {__NR_mmap, ANY, "runtimes that compile (pcre, JVM)"},
    {__NR_mprotect, ANY, "runtimes that compile (pcre, JVM)"},
    {__NR_msync, ANY, "mapped files (apt's cache)"},
    {__NR_mlock, ANY, "runtimes"},
    {__NR_mlock2, ANY, "runtimes"},
    {__NR_mlockall, ANY, "gpg-agent, databases"},
    {__NR_munlock, ANY, "runtimes"},
    {__NR_munlockall, ANY, "gpg-agent, databases"},
    {__NR_mincore, ANY, "runtimes"},
    {__NR_membarrier, ANY, "runtimes"},
    {__NR_sendto, ANY, "sockets"},
    {__NR_recvfrom, ANY, "sockets"},
    {__NR_sendmsg, ANY, "sockets"},
    {__NR_recvmsg, ANY, "sockets"},
    {__NR_sendmmsg, ANY, "resolver"},
    {__NR_recvmmsg, ANY, "resolver"},
    {__NR_shutdown, ANY, "sockets"},
    {__NR_getsockname, ANY, "sockets"},
    {__NR_getpeername, ANY, "sockets"},
    {__NR_setsockopt, ANY, "sockets"},
    {__NR_getsockopt, ANY, "sockets"},
    {__NR_eventfd, ANY, "event loops"},
    {__NR_eventfd2, ANY, "event loops"},
    {__NR_signalfd, ANY, "event loops"},
    {__NR_signalfd4, ANY, "event loops"},
    {__NR_timerfd_create, ANY, "event loops"},
    {__NR_timerfd_settime, ANY, "event loops"},
    {__NR_timerfd_gettime, ANY, "event loops"},
    {__NR_timer_create, ANY, "timers"},
    {__NR_timer_settime, ANY, "timers"},
    {__NR_timer_gettime, ANY, "timers"},
    {__NR_timer_delete, ANY, "timers"},
    {__NR_timer_getoverrun, ANY, "timers"},
    {__NR_inotify_init, ANY, "watching files"},
    {__NR_inotify_init1, ANY, "watching files"},
    {__NR_inotify_add_watch, ANY, "watching files"},
    {__NR_inotify_rm_watch, ANY, "watching files"},
    {__NR_clock_getres, ANY, "time"},
    {__NR_sched_getaffinity, ANY, "number of processors"},
    {__NR_sched_setaffinity, ANY, "parallel tools"},
    {__NR_sched_getparam, ANY, "runtimes"},
    {__NR_sched_setparam, ANY, "runtimes"},
    {__NR_sched_getattr, ANY, "runtimes, chrt"},
    {__NR_sched_setattr, ANY, "runtimes, chrt"},
    {__NR_sched_rr_get_interval, ANY, "runtimes"},
    {__NR_sched_getscheduler, ANY, "runtimes"},
    {__NR_sched_setscheduler, ANY, "background compression"},
    {__NR_sched_get_priority_max, ANY, "runtimes"},
    {__NR_sched_get_priority_min, ANY, "runtimes"},
    {__NR_getcpu, ANY, "runtimes"},
    {__NR_ioprio_set, ANY, "ionice"},
    {__NR_ioprio_get, ANY, "ionice"},
    {__NR_capget, ANY, "who am I"},
    {__NR_prctl, ANY, "names, parent-death signals; no_new_privs is set already"},
    {__NR_personality, EQ32(0, 0xffffffff), "asking, never changing"},
    {__NR_personality, EQ32(0, 0), "dpkg sets the plain one"},
    {__NR_seccomp, ANY, "tools that narrow themselves (man-db, apt, file)"},
    {__NR_landlock_create_ruleset, ANY, "tools that narrow themselves (xz)"},
    {__NR_landlock_add_rule, ANY, "tools that narrow themselves (xz)"},
    {__NR_landlock_restrict_self, ANY, "tools that narrow themselves (xz)"},
    {__NR_get_mempolicy, ANY, "databases' first start"},
    {__NR_set_mempolicy, ANY, "databases' first start"},
    {__NR_mbind, ANY, "databases' first start"},
    {__NR_io_setup, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_io_submit, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_io_getevents, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_io_pgetevents, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_io_cancel, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_io_destroy, ANY, "databases' first start: the old asynchronous reads"},
    {__NR_mq_open, ANY, "message queues of servers"},
    {__NR_mq_unlink, ANY, "message queues of servers"},
    {__NR_mq_timedsend, ANY, "message queues of servers"},
    {__NR_mq_timedreceive, ANY, "message queues of servers"},
    {__NR_mq_notify, ANY, "message queues of servers"},
    {__NR_mq_getsetattr, ANY, "message queues of servers"},
    {__NR_futex_waitv, ANY, "newer runtimes' locks"},
    {__NR_futex_wake, ANY, "newer runtimes' locks"},
    {__NR_futex_wait, ANY, "newer runtimes' locks"},
    {__NR_futex_requeue, ANY, "newer runtimes' locks"},
    {__NR_getxattr, ANY, "attributes"},
    {__NR_lgetxattr, ANY, "attributes"},
    {__NR_fgetxattr, ANY, "attributes"},
    {__NR_listxattr, ANY, "attributes"},
    {__NR_llistxattr, ANY, "attributes"},
    {__NR_flistxattr, ANY, "attributes"},
    {__NR_preadv, ANY, "reading"},
    {__NR_preadv2, ANY, "reading"},
    {__NR_pwritev, ANY, "writing"},
    {__NR_pwritev2, ANY, "writing"},
    {__NR_readahead, ANY, "reading"},
    {__NR_tee, ANY, "copying"},
    {__NR_vmsplice, ANY, "copying"},
    {__NR_epoll_pwait2, ANY, "event loops"},
    {__NR_get_robust_list, ANY, "threads"},
    {__NR_shmget, ANY, "fakeroot, databases' first start"},
    {__NR_shmat, ANY, "fakeroot, databases' first start"},
    {__NR_shmctl, ANY, "fakeroot, databases' first start"},
    {__NR_shmdt, ANY, "fakeroot, databases' first start"},
    {__NR_semget, ANY, "fakeroot, databases' first start"},
    {__NR_semop, ANY, "fakeroot, databases' first start"},
    {__NR_semctl, ANY, "fakeroot, databases' first start"},
    {__NR_semtimedop, ANY, "fakeroot, databases' first start"},
    {__NR_msgget, ANY, "fakeroot"},
    {__NR_msgsnd, ANY, "fakeroot"},
    {__NR_msgrcv, ANY, "fakeroot"},
    {__NR_msgctl, ANY, "fakeroot"},
};

static const struct sb_set sets[SBS_MAX] = {
    [SBS_BASE] = {"base", base, N(base)},
    [SBS_POLL] = {"poll", poll_rows, N(poll_rows)},
    [SBS_EXEC] = {"exec", exec, N(exec)},
    [SBS_FILES] = {"files", files, N(files)},
    [SBS_WRITE] = {"write", write_rows, N(write_rows)},
    [SBS_PROC] = {"proc", proc, N(proc)},
    [SBS_IDS] = {"ids", ids, N(ids)},
    [SBS_NET] = {"net", net, N(net)},
    [SBS_UNIX] = {"unix", unix_rows, N(unix_rows)},
    [SBS_TOOL] = {"tool", tool, N(tool)},
};

const struct sb_set *
sb_set(enum sb_setid id)
{
	return (unsigned int)id < SBS_MAX ? &sets[id] : NULL;
}

/* Denied with EPERM to privd and all that it ever starts. */
static const struct sb_rule never[] = {
    {__NR_kexec_load, ANY, "another kernel"},
    {__NR_kexec_file_load, ANY, "another kernel"},
    {__NR_init_module, ANY, "code in the kernel"},
    {__NR_finit_module, ANY, "code in the kernel"},
    {__NR_delete_module, ANY, "code in the kernel"},
    {__NR_bpf, ANY, "code in the kernel"},
    {__NR_perf_event_open, ANY, "reads the kernel and others"},
    {__NR_userfaultfd, ANY, "a favourite of exploits"},
    {__NR_io_uring_setup, ANY, "operations outside the syscall path"},
    {__NR_io_uring_enter, ANY, "operations outside the syscall path"},
    {__NR_io_uring_register, ANY, "operations outside the syscall path"},
    {__NR_swapon, ANY, "not ours"},
    {__NR_swapoff, ANY, "not ours"},
    {__NR_keyctl, ANY, "kernel keyrings"},
    {__NR_add_key, ANY, "kernel keyrings"},
    {__NR_request_key, ANY, "kernel keyrings"},
    {__NR_open_by_handle_at, ANY, "reads through mount namespaces"},
    {__NR_name_to_handle_at, ANY, "makes such handles"},
    {__NR_fanotify_init, ANY, "sees every file"},
    {__NR_fanotify_mark, ANY, "sees every file"},
    {__NR_setns, ANY, "another's namespaces"},
    {__NR_pivot_root, ANY, "another root"},
    {__NR_reboot, ANY, "the service manager's, never ours"},
    {__NR_modify_ldt, ANY, "16-bit code"},
    {__NR_uselib, ANY, "a relic"},
    {__NR_ioctl, EQ32(1, TIOCSTI), "typing into a terminal"},
    {__NR_ioctl, EQ32(1, TIOCLINUX), "typing into a terminal"},
    {__NR_ptrace, ANY, "another's memory"},
    {__NR_process_vm_readv, ANY, "another's memory"},
    {__NR_process_vm_writev, ANY, "another's memory"},
    {__NR_pidfd_getfd, ANY, "another's descriptors"},
    {__NR_acct, ANY, "not ours"},
    {__NR_iopl, ANY, "hardware"},
    {__NR_ioperm, ANY, "hardware"},
    {__NR_settimeofday, ANY, "the clock"},
    {__NR_clock_settime, ANY, "the clock"},
    {__NR_clock_adjtime, ANY, "the clock"},
    {__NR_adjtimex, ANY, "the clock"},
    {__NR_quotactl, ANY, "not ours"},
    {__NR_vhangup, ANY, "not ours"},
    {__NR_nfsservctl, ANY, "not ours"},
    {__NR_lookup_dcookie, ANY, "not ours"},
};

static const struct sb_set never_set = {"never", never, N(never)};

const struct sb_set *
sb_never_set(void)
{
	return &never_set;
}
