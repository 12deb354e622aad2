/* The rows of the denial probes; included once, by t_profiles.c. */
#ifndef REGRESS_PROBE_TABLE_H
#define REGRESS_PROBE_TABLE_H

#include "regress/sandbox/probe.h"

#define NEVER(call)                                                   \
	{                                                             \
#call, PC_NEVER, __NR_##call, p_bad, PB_DENY, 0, NULL \
	}
#define NEVER_ARG(call, a, what)                                     \
	{                                                            \
		what, PC_NEVER, __NR_##call, p_arg, PB_DENY, a, NULL \
	}
#define FAMILY(f, t)                                                           \
	{                                                                      \
		"socket " #f " " #t, PC_NEVER, __NR_socket, p_socket, PB_DENY, \
		    (uint64_t)(f) << 16 | (t), NULL                            \
	}
#define INET(f, t, b)                                                                             \
	{                                                                                         \
		"socket " #f " " #t, PC_NET, __NR_socket, p_socket, b, (uint64_t)(f) << 16 | (t), \
		    NULL                                                                          \
	}
#define DOOR(path)                                                              \
	{                                                                       \
		"connect " path, PC_UNIX, __NR_socket, p_door, PB_DOOR, 0, path \
	}
#define OPEN(path, rootonly)                                                        \
	{                                                                           \
		"read " path, PC_READ, __NR_openat, p_read, PB_READ, rootonly, path \
	}
#define MAKE(path, rootonly)                                                          \
	{                                                                             \
		"make " path, PC_WRITE, __NR_openat, p_make, PB_WRITE, rootonly, path \
	}

static const struct probe probes[] = {
    /* files */
    OPEN("/etc/passwd", 0),
    OPEN("/etc/shadow", 1),
    OPEN("/proc/uptime", 0),
    OPEN("/root", 1),
    OPEN("/var/lib/dpkg/status", 0),
    OPEN("/etc/reeve/agent.conf", 1),
    OPEN("/var/lib/reeve/ledger", 1),
    {"read another's environment", PC_READ, __NR_openat, p_read, PB_DENY, 0, "/proc/1/environ"},
    {"openat2", PC_WRITE, __NR_openat2, p_openat2, PB_READ, 0, "/etc/passwd"},
    MAKE("/tmp/probe", 0),
    MAKE("/var/tmp/probe", 0),
    MAKE("/etc/probe", 1),
    MAKE("/usr/bin/probe", 1),
    MAKE("/var/lib/reeve/probe", 1),
    MAKE("/etc/cron.d/probe", 1),
    MAKE("/var/spool/cron/probe", 1),
    MAKE("/run/probe", 1),
    MAKE("/dev/shm/probe", 0),
    MAKE("/run/scope/probe", 1),
    {"mkdir", PC_WRITE, __NR_mkdirat, p_make, PB_WRITE, 0, "/tmp/probe.d"},
    {"symlink", PC_WRITE, __NR_symlinkat, p_make, PB_WRITE, 0, "/tmp/probe.l"},
    {"fifo", PC_WRITE, __NR_mknodat, p_make, PB_WRITE, 0, "/tmp/probe.f"},
    {"chmod", PC_WRITE, __NR_fchmodat, p_bad, PB_ANY, 0, NULL},
    {"chown", PC_WRITE, __NR_fchownat, p_bad, PB_ANY, 0, NULL},
    {"rename", PC_WRITE, __NR_renameat2, p_bad, PB_ANY, 0, NULL},
    {"unlink", PC_WRITE, __NR_unlinkat, p_bad, PB_ANY, 0, NULL},
    {"truncate", PC_WRITE, __NR_truncate, p_bad, PB_ANY, 0, NULL},
    {"setxattr", PC_WRITE, __NR_setxattr, p_bad, PB_ANY, 0, NULL},
    {"statx", PC_READ, __NR_statx, p_bad, PB_ANY, 0, NULL},
    {"readlinkat", PC_READ, __NR_readlinkat, p_bad, PB_ANY, 0, NULL},
    {"getdents64", PC_READ, __NR_getdents64, p_bad, PB_ANY, 0, NULL},
#ifdef __x86_64__
    {"open, the old way", PC_READ, __NR_open, p_read, PB_READ, 0, "/etc/passwd"},
    {"creat", PC_WRITE, __NR_creat, p_bad, PB_ANY, 0, NULL},
    {"stat", PC_READ, __NR_stat, p_bad, PB_ANY, 0, NULL},
#endif
    /* processes */
    {"fork", PC_PROC, __NR_clone, p_fork, PB_OK, SIGCHLD, NULL},
    NEVER_ARG(clone, CLONE_NEWUSER | SIGCHLD, "clone NEWUSER"),
    NEVER_ARG(clone, CLONE_NEWNS | SIGCHLD, "clone NEWNS"),
    NEVER_ARG(clone, CLONE_NEWPID | SIGCHLD, "clone NEWPID"),
    NEVER_ARG(clone, CLONE_NEWNET | SIGCHLD, "clone NEWNET"),
    NEVER_ARG(clone, CLONE_NEWIPC | SIGCHLD, "clone NEWIPC"),
    NEVER_ARG(clone, CLONE_NEWUTS | SIGCHLD, "clone NEWUTS"),
    NEVER_ARG(clone, CLONE_NEWCGROUP | SIGCHLD, "clone NEWCGROUP"),
    {"execve", PC_EXEC, __NR_execve, p_exec, PB_RUN, 0, "/bin/true"},
    {"execve of apt-get", PC_EXEC, __NR_execve, p_exec, PB_RUN, 0, "/usr/bin/apt-get"},
    {"kill root's", PC_PROC, __NR_kill, p_kill, PB_SIGNAL, 0, NULL},
    {"kill of the same uid", PC_PROC, __NR_kill, p_kill, PB_SIGNAL, 1, NULL},
    {"tgkill root's", PC_PROC, __NR_tgkill, p_kill, PB_SIGNAL, 0, NULL},
    {"tgkill of the same uid", PC_PROC, __NR_tgkill, p_kill, PB_SIGNAL, 1, NULL},
    {"pidfd_send_signal", PC_PROC, __NR_pidfd_open, p_kill, PB_SIGNAL, 1, NULL},
    {"ptrace root's", PC_NEVER, __NR_ptrace, p_other, PB_DENY, 0, NULL},
    {"ptrace of the same uid", PC_NEVER, __NR_ptrace, p_other, PB_DENY, 1, NULL},
    {"ptrace TRACEME", PC_NEVER, __NR_ptrace, p_arg, PB_DENY, 0, NULL},
    {"process_vm_readv", PC_NEVER, __NR_process_vm_readv, p_other, PB_DENY, 1, NULL},
    {"process_vm_writev", PC_NEVER, __NR_process_vm_writev, p_other, PB_DENY, 1, NULL},
    {"prlimit of root's", PC_NEVER, __NR_prlimit64, p_other, PB_DENY, 0, NULL},
    {"prlimit of the same uid", PC_NEVER, __NR_prlimit64, p_other, PB_DENY, 1, NULL},
    {"execveat of a descriptor", PC_OWN, __NR_execveat, p_exec, PB_ANY, 0, "/bin/true"},
    NEVER(execveat),
    NEVER(pidfd_getfd),
    NEVER(process_madvise),
    NEVER(kcmp),
    NEVER(move_pages),
    NEVER(migrate_pages),
    /* executable memory */
    {"mmap X", PC_TOOL, __NR_mmap, p_mmap, PB_OK, PROT_READ | PROT_EXEC, NULL},
    {"mmap W+X", PC_TOOL, __NR_mmap, p_mmap, PB_OK, PROT_READ | PROT_WRITE | PROT_EXEC, NULL},
    {"mprotect X", PC_TOOL, __NR_mprotect, p_mprotect, PB_OK, PROT_READ | PROT_EXEC, NULL},
    {"mprotect W+X", PC_TOOL, __NR_mprotect, p_mprotect, PB_OK, PROT_READ | PROT_WRITE | PROT_EXEC,
	NULL},
    NEVER(pkey_mprotect),
    NEVER(memfd_create),
    NEVER(memfd_secret),
    NEVER(modify_ldt),
    NEVER_ARG(personality, 0x0400000, "personality READ_IMPLIES_EXEC"),
    {"shmat", PC_TOOL, __NR_shmat, p_bad, PB_ANY, 0, NULL},
    /* sockets */
    INET(AF_INET, SOCK_STREAM, PB_OK),
    INET(AF_INET, SOCK_DGRAM, PB_OK),
    INET(AF_INET, SOCK_RAW, PB_DENY),
    INET(AF_INET6, SOCK_STREAM, PB_OK),
    INET(AF_INET6, SOCK_DGRAM, PB_OK),
    INET(AF_INET6, SOCK_RAW, PB_DENY),
    INET(AF_NETLINK, SOCK_RAW, PB_OK),
    {"socket AF_UNIX stream", PC_UNIX, __NR_socket, p_socket, PB_OK, AF_UNIX << 16 | SOCK_STREAM,
	NULL},
    {"socket AF_UNIX dgram", PC_UNIX, __NR_socket, p_socket, PB_OK, AF_UNIX << 16 | SOCK_DGRAM,
	NULL},
    {"socket AF_UNIX seqpacket", PC_UNIX, __NR_socket, p_socket, PB_OK,
	AF_UNIX << 16 | SOCK_SEQPACKET, NULL},
    {"socketpair", PC_UNIX, __NR_socketpair, p_socket, PB_ANY, AF_UNIX << 16 | SOCK_STREAM, NULL},
    FAMILY(AF_PACKET, SOCK_RAW),
    FAMILY(AF_PACKET, SOCK_DGRAM),
    FAMILY(AF_ALG, SOCK_SEQPACKET),
    FAMILY(AF_VSOCK, SOCK_STREAM),
    FAMILY(AF_KEY, SOCK_RAW),
    FAMILY(AF_BLUETOOTH, SOCK_RAW),
    FAMILY(AF_CAN, SOCK_RAW),
    FAMILY(AF_TIPC, SOCK_STREAM),
    FAMILY(AF_RDS, SOCK_SEQPACKET),
    FAMILY(AF_XDP, SOCK_RAW),
    FAMILY(AF_QIPCRTR, SOCK_DGRAM),
    FAMILY(AF_SMC, SOCK_STREAM),
    FAMILY(AF_KCM, SOCK_DGRAM),
    FAMILY(AF_NFC, SOCK_RAW),
    FAMILY(AF_PPPOX, SOCK_DGRAM),
    FAMILY(AF_AX25, SOCK_DGRAM),
    FAMILY(AF_RXRPC, SOCK_DGRAM),
    FAMILY(AF_PHONET, SOCK_DGRAM),
    {"tcp connect", PC_NET, __NR_connect, p_tcp, PB_TCP, 0, NULL},
    {"mptcp connect", PC_NET, __NR_connect, p_tcp, PB_ANY, 1, NULL},
    {"tcp bind", PC_NET, __NR_bind, p_tcp, PB_ANY, 0, NULL},
    {"listen", PC_NET, __NR_listen, p_bad, PB_ANY, 0, NULL},
    {"accept4", PC_NET, __NR_accept4, p_bad, PB_ANY, 0, NULL},
    {"SCM_RIGHTS", PC_TOOL, __NR_sendmsg, p_rights, PB_OK, 0, NULL},
    {"recvmsg", PC_TOOL, __NR_recvmsg, p_bad, PB_ANY, 0, NULL},
    {"sendto (fast open)", PC_TOOL, __NR_sendto, p_bad, PB_ANY, 0, NULL},
    DOOR("/run/systemd/private"),
    DOOR("/run/dbus/system_bus_socket"),
    DOOR("/run/docker.sock"),
    DOOR("/run/containerd/containerd.sock"),
    DOOR("/run/snapd.socket"),
    DOOR("/run/reeve/control.sock"),
    DOOR("/var/run/docker.sock"),
    DOOR("/run/user/900/systemd/private"),
    DOOR("/run/user/900/bus"),
    DOOR("/run/screen/S-postgres"),
    /* ids and capabilities */
    {"setuid 0", PC_IDS, __NR_setuid, p_ids, PB_ROOT, 0, NULL},
    {"setresuid 0", PC_IDS, __NR_setresuid, p_ids, PB_ROOT, 0, NULL},
    {"setgid 0", PC_IDS, __NR_setgid, p_ids, PB_ROOT, 0, NULL},
    {"setgroups", PC_IDS, __NR_setgroups, p_ids, PB_CAP, CAP_SETGID, NULL},
    {"capset of all", PC_IDS, __NR_capset, p_capset, PB_DENY, 0, NULL},
    {"chroot", PC_IDS, __NR_chroot, p_chroot, PB_CAP, CAP_SYS_CHROOT, "/"},
    /* terminals: a bad descriptor would say EBADF */
    {"TIOCSTI", PC_NEVER, __NR_ioctl, p_ioctl, PB_DENY, TIOCSTI, NULL},
    {"TIOCSTI | 1 << 32", PC_NEVER, __NR_ioctl, p_ioctl, PB_DENY, TIOCSTI | 1ULL << 32, NULL},
    {"TIOCLINUX", PC_NEVER, __NR_ioctl, p_ioctl, PB_DENY, TIOCLINUX, NULL},
    {"TIOCLINUX | 1 << 63", PC_NEVER, __NR_ioctl, p_ioctl, PB_DENY, TIOCLINUX | 1ULL << 63, NULL},
    {"TCGETS", PC_TOOL, __NR_ioctl, p_ioctl, PB_ANY, TCGETS, NULL},
    /* what no filter holds */
    NEVER(io_uring_setup),
    NEVER(io_uring_enter),
    NEVER(io_uring_register),
    NEVER(bpf),
    NEVER(perf_event_open),
    NEVER(userfaultfd),
    NEVER(keyctl),
    NEVER(add_key),
    NEVER(request_key),
    NEVER(name_to_handle_at),
    NEVER(open_by_handle_at),
    NEVER(fanotify_init),
    NEVER(fanotify_mark),
    NEVER(mount),
    NEVER(umount2),
    NEVER(fsopen),
    NEVER(fsconfig),
    NEVER(fsmount),
    NEVER(fspick),
    NEVER(open_tree),
    NEVER(open_tree_attr),
    NEVER(move_mount),
    NEVER(mount_setattr),
    NEVER(pivot_root),
    NEVER(setns),
    NEVER(unshare),
    NEVER(kexec_load),
    NEVER(kexec_file_load),
    NEVER(init_module),
    NEVER(finit_module),
    NEVER(delete_module),
    NEVER(swapon),
    NEVER(swapoff),
    NEVER(reboot),
    NEVER(clock_settime),
    NEVER(settimeofday),
    NEVER(adjtimex),
    NEVER(clock_adjtime),
    NEVER(iopl),
    NEVER(ioperm),
    NEVER(acct),
    NEVER(quotactl),
    NEVER(syslog),
    NEVER(sethostname),
    NEVER(setdomainname),
    NEVER(vhangup),
    NEVER_ARG(unshare, CLONE_NEWUSER, "unshare NEWUSER"),
    NEVER_ARG(unshare, CLONE_NEWNS, "unshare NEWNS"),
#ifdef __x86_64__
    {"x32 getpid", PC_NEVER, 0x40000000 | __NR_getpid, p_bad, PB_DENY, 0, NULL},
    {"int 0x80 getpid", PC_NEVER, -2, p_int80, PB_DENY, 20, NULL},
    {"int 0x80 execve", PC_NEVER, -2, p_int80, PB_DENY, 11, NULL},
#endif
};

#endif
