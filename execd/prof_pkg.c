/* Profiles of the package kinds: the plan and the list, and the one that really installs. */
#include <sys/syscall.h>

#include <fcntl.h>

#include "execd/prof.h"

/* An ELF is executed by the descriptor that was checked. */
static const struct sb_rule exec_rules[] = {
    {__NR_execveat, {{4, SB_EQ32, 0, AT_EMPTY_PATH}}, "runs the tool by its checked descriptor"},
};

static const struct sb_set exec_own = {"execfd", exec_rules, PROF_N(exec_rules)};

static const struct profile pkg = {
    .id = PR_PKG,
    .name = "pkg",
    .cls = CLASS_C,
    .pu = PU_ROOT,
    .flags = PF_PROGRESS,
    .caps = PROF_ROOT_CAPS,
    .dflt = SB_EPERM,
    .sets = {SBS_BASE, SBS_POLL, SBS_EXEC, SBS_FILES, SBS_WRITE, SBS_PROC, SBS_IDS, SBS_NET,
	SBS_UNIX, SBS_TOOL},
    .nsets = 10,
    .own = &exec_own,
    .mem_max = 0,
    .pids_max = 4096,
    .nofile = 4096,
    .fsize = PROF_NOFSIZE,
    .why = "root, honestly so: maintainer scripts are root's own; what protects is which names "
	   "policy lets in. No PID namespace, because they start services; no memory limit, "
	   "because dpkg killed half way leaves half a package",
};

const struct profile *
prof_pkg(void)
{
	return &pkg;
}

/*
 * apt-get -s reads its state and asks dpkg for the foreign architectures. Programs are granted by
 * name: /usr/lib is readable, so ld.so could otherwise run any readable program.
 */
static const struct sb_path plan_paths[] = {
    {"/usr/bin/apt-get", SB_READ | SB_EXEC, 0},
    {"/usr/bin/apt-cache", SB_READ | SB_EXEC, 0},
    {"/usr/bin/dpkg", SB_READ | SB_EXEC, 0},
    {"/usr/lib/apt/methods", SB_READ | SB_EXEC, 0}, /* asked for what they can do, even by -s */
    {"/lib64/ld-linux-x86-64.so.2", SB_READ | SB_EXEC, 1},
    {"/lib/ld-linux-aarch64.so.1", SB_READ | SB_EXEC, 1},
    {"/lib", SB_READ, 1},
    {"/lib64", SB_READ, 1},
    {"/usr/lib", SB_READ, 0},
    {"/usr/share/dpkg", SB_READ, 1},
    {"/usr/share/locale", SB_READ, 1},
    {"/usr/share/zoneinfo", SB_READ, 1},
    {"/etc/ld.so.cache", SB_READ, 1},
    {"/etc/ld.so.preload", SB_READ, 1},
    {"/etc/localtime", SB_READ, 1},
    {"/etc/nsswitch.conf", SB_READ, 1},
    {"/etc/passwd", SB_READ, 1},
    {"/etc/group", SB_READ, 1},
    {"/etc/apt", SB_READ, 0},
    {"/etc/dpkg", SB_READ, 1},
    {"/var/lib/apt", SB_READ, 0},
    {"/var/lib/dpkg", SB_READ, 0},
    {"/var/cache/apt", SB_READ, 1},
    {"/tmp", SB_READ | SB_WRITE, 0}, /* a tmpfs of its own */
    {"/dev/null", SB_READ | SB_WRITE, 0},
};

/* apt puts the signed text of each InRelease into a temporary file before it reads it. */
static const struct sb_mount plan_mounts[] = {
    {SB_M_TMPFS, "/tmp"},
};

#define PLAN_ROW                                                                               \
	.cls = CLASS_A, .pu = PU_TABLE, .user = USER_PLAN,                                     \
	.flags = PF_NEWPID | PF_NEWNET | PF_NEWNS | PF_ROROOT | PF_APTLINKS, .dflt = SB_EPERM, \
	.sets = {SBS_BASE, SBS_POLL, SBS_EXEC, SBS_FILES, SBS_WRITE, SBS_PROC, SBS_TOOL},      \
	.nsets = 7, .own = &exec_own, .paths = plan_paths, .npaths = PROF_N(plan_paths),       \
	.mounts = plan_mounts, .nmounts = PROF_N(plan_mounts), .mem_max = 512 * PROF_MIB,      \
	.pids_max = 64, .nofile = 256, .fsize = 64 * PROF_MIB

static const struct profile pkgplan = {
    .id = PR_PKGPLAN,
    .name = "pkgplan",
    PLAN_ROW,
    .why = "apt-get -s as a user of its own: reads the package lists, writes only into a /tmp of "
	   "its own, no network",
};

static const struct profile pkglist = {
    .id = PR_PKGLIST,
    .name = "pkglist",
    PLAN_ROW,
    .why = "the same, for the list of installed and upgradable packages",
};

const struct profile *
prof_pkgplan(void)
{
	return &pkgplan;
}

const struct profile *
prof_pkglist(void)
{
	return &pkglist;
}
