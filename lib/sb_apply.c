/* The one order in which a process is confined, and the start-up probe of what that needs. */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <linux/seccomp.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/sb.h"

void
sb_init(struct sb *s)
{
	memset(s, 0, sizeof(*s));
	s->uid = (uid_t)-1;
	s->gid = (gid_t)-1;
	s->as = s->fsize = s->nofile = s->nproc = RLIM_INFINITY;
}

static int
apply_nnp(const struct sb *s, struct errmsg *e)
{
	(void)s;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_errno(e, "no_new_privs");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(e, "no_new_privs did not stick");
	return 0;
}

static int
apply_landlock(const struct sb *s, struct errmsg *e)
{
	return s->landlock ? sb_landlock_apply(s, e) : 0;
}

static int
apply_dumpable(const struct sb *s, struct errmsg *e)
{
	if (prctl(PR_SET_DUMPABLE, s->dumpable != 0, 0, 0, 0) == -1)
		return err_errno(e, "dumpable");
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != (s->dumpable != 0))
		return err_set(e, "dumpable did not stick");
	return 0;
}

static int
apply_seccomp(const struct sb *s, struct errmsg *e)
{
	if (s->prog == NULL)
		return err_set(e, "no filter");
	return sb_filter_load(s->prog, e);
}

static const struct {
	const char *name;
	int (*fn)(const struct sb *, struct errmsg *);
	int root; /* takes rights that a process dropped by privdrop() no longer has */
} order[] = {
    {"mounts", sb_mounts_apply, 1},
    {"ids", sb_ids_apply, 1},
    {"nnp", apply_nnp, 0},
    {"landlock", apply_landlock, 0},
    {"dumpable", apply_dumpable, 0},
    {"rlimits", sb_limits_apply, 0},
    {"seccomp", apply_seccomp, 0},
};

static int
apply(const struct sb *s, int dropped, const char **stage, struct errmsg *e)
{
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (dropped && order[i].root)
			continue;
		*stage = order[i].name;
		if (order[i].fn(s, e) == -1)
			return -1;
	}
	*stage = NULL;
	return 0;
}

int
sb_apply(const struct sb *s, const char **stage, struct errmsg *e)
{
	return apply(s, 0, stage, e);
}

int
sb_apply_dropped(const struct sb *s, const char **stage, struct errmsg *e)
{
	*stage = "ids";
	if (s->newns || s->newnet || s->newipc || s->newuts || s->caps != 0)
		return err_set(e, "a process without privileges cannot have that");
	if (geteuid() == 0 || getegid() == 0)
		return err_set(e, "still root");
	return apply(s, 1, stage, e);
}

/* Calls that a kernel of that age has, but that a container's own filter may take away. */
static int
probe_calls(struct errmsg *e)
{
	static const struct {
		int nr;
		const char *name;
	} need[] = {
	    {__NR_clone3, "clone3"},
	    {__NR_close_range, "close_range"},
	    {__NR_execveat, "execveat"},
	    {__NR_mount_setattr, "mount_setattr"},
	    {__NR_move_mount, "move_mount"},
	    {__NR_openat2, "openat2"},
	    {__NR_pidfd_open, "pidfd_open"},
	    {__NR_pidfd_send_signal, "pidfd_send_signal"},
	};

	/* -1 is no descriptor, no pointer and no pid: nothing happens but the error */
	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (syscall(need[i].nr, -1L, -1L, -1L, -1L, -1L, 0L) == -1 &&
		    (errno == ENOSYS || errno == EPERM))
			return err_errno(e, "system call %s", need[i].name);
	return 0;
}

int
sb_probe_minimum(struct errmsg *e)
{
	uint32_t kill = SECCOMP_RET_KILL_PROCESS;
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) == -1 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return err_set(e, "the kernel does not tell its release");
	if (major < SB_KERNEL_MAJOR || (major == SB_KERNEL_MAJOR && minor < SB_KERNEL_MINOR))
		return err_set(e, "kernel %u.%u: %d.%d or newer is needed", major, minor,
		    SB_KERNEL_MAJOR, SB_KERNEL_MINOR);
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) == -1)
		return err_errno(e, "seccomp filters");
	if (probe_calls(e) == -1)
		return -1;
	if (sb_landlock_abi() < SB_LANDLOCK_MIN)
		return err_set(e,
		    "Landlock ABI %d: %d or newer is needed (is landlock in the lsm= list?)",
		    sb_landlock_abi(), SB_LANDLOCK_MIN);
	return 0;
}
