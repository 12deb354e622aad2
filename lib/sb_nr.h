/* Syscall numbers that an architecture or an older libc lacks; the rows of sb_sets.c name them all.
 */
#ifndef LIB_SB_NR_H
#define LIB_SB_NR_H

#include <sys/syscall.h>

#include "lib/sb.h"

/* The same number on every architecture since 424; a libc older than the kernel lacks the names. */
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake	   454
#define __NR_futex_wait	   455
#define __NR_futex_requeue 456
#endif
#ifndef __NR_mseal
#define __NR_mseal 462
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat	   463
#define __NR_getxattrat	   464
#define __NR_listxattrat   465
#define __NR_removexattrat 466
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

/* Calls of older architectures that newer ones were born without. */
#ifndef __NR_open
#define __NR_open	  SB_NR_NONE
#define __NR_creat	  SB_NR_NONE
#define __NR_stat	  SB_NR_NONE
#define __NR_lstat	  SB_NR_NONE
#define __NR_access	  SB_NR_NONE
#define __NR_readlink	  SB_NR_NONE
#define __NR_getdents	  SB_NR_NONE
#define __NR_mkdir	  SB_NR_NONE
#define __NR_rmdir	  SB_NR_NONE
#define __NR_unlink	  SB_NR_NONE
#define __NR_rename	  SB_NR_NONE
#define __NR_link	  SB_NR_NONE
#define __NR_symlink	  SB_NR_NONE
#define __NR_mknod	  SB_NR_NONE
#define __NR_chmod	  SB_NR_NONE
#define __NR_chown	  SB_NR_NONE
#define __NR_lchown	  SB_NR_NONE
#define __NR_utime	  SB_NR_NONE
#define __NR_utimes	  SB_NR_NONE
#define __NR_futimesat	  SB_NR_NONE
#define __NR_poll	  SB_NR_NONE
#define __NR_select	  SB_NR_NONE
#define __NR_epoll_create SB_NR_NONE
#define __NR_epoll_wait	  SB_NR_NONE
#define __NR_pipe	  SB_NR_NONE
#define __NR_dup2	  SB_NR_NONE
#define __NR_fork	  SB_NR_NONE
#define __NR_vfork	  SB_NR_NONE
#define __NR_getpgrp	  SB_NR_NONE
#define __NR_pause	  SB_NR_NONE
#define __NR_alarm	  SB_NR_NONE
#define __NR_time	  SB_NR_NONE
#define __NR_arch_prctl	  SB_NR_NONE
#define __NR_eventfd	  SB_NR_NONE
#define __NR_signalfd	  SB_NR_NONE
#define __NR_inotify_init SB_NR_NONE
#endif
#ifndef __NR_iopl
#define __NR_iopl	SB_NR_NONE
#define __NR_ioperm	SB_NR_NONE
#define __NR_modify_ldt SB_NR_NONE
#define __NR_uselib	SB_NR_NONE
#define __NR_sysfs	SB_NR_NONE
#endif
#ifndef __NR_renameat
#define __NR_renameat SB_NR_NONE
#endif
#ifndef __NR_kexec_file_load
#define __NR_kexec_file_load SB_NR_NONE
#endif

#endif
