/* Profile of a script that scripts.conf lists. */
#include "execd/prof.h"

/*
 * The doors to root: what would let a process that is not confined work for us. Covered in a mount
 * namespace of the script's own. Order matters: the fresh /proc comes first, then what is beneath.
 */
static const struct sb_mount script_mounts[] = {
    {SB_M_PROC, "/proc"},
    {SB_M_RO, "/proc/sys"},
    {SB_M_HIDE, "/proc/sys/kernel/core_pattern"},
    {SB_M_HIDE, "/sys/kernel/uevent_helper"},
    {SB_M_HIDE, "/run/systemd"},
    {SB_M_HIDE, "/run/dbus"},
    {SB_M_HIDE, "/run/udev"},
    {SB_M_HIDE, "/run/docker"},
    {SB_M_HIDE, "/run/docker.sock"},
    {SB_M_HIDE, "/run/containerd"},
    {SB_M_HIDE, "/run/podman"},
    {SB_M_HIDE, "/run/crio"},
    {SB_M_HIDE, "/run/libvirt"},
    {SB_M_HIDE, "/run/snapd.socket"},
    {SB_M_HIDE, "/run/snapd-snap.socket"},
    {SB_M_HIDE, "/run/cron.reboot"},
    {SB_M_HIDE, "/run/user"}, /* the user's own manager and bus run what they are told, outside */
    {SB_M_HIDE, "/run/screen"},
    {SB_M_HIDE, "/var/lib/docker"},
    {SB_M_HIDE, "/var/lib/containerd"},
    {SB_M_HIDE, "/var/spool/cron"},
    {SB_M_HIDE, "/var/spool/at"},
    {SB_M_HIDE, "/var/spool/anacron"},
    {SB_M_HIDE, "/etc/crontab"},
    {SB_M_HIDE, "/etc/cron.d"},
    {SB_M_HIDE, "/etc/cron.hourly"},
    {SB_M_HIDE, "/etc/cron.daily"},
    {SB_M_HIDE, "/etc/cron.weekly"},
    {SB_M_HIDE, "/etc/cron.monthly"},
    {SB_M_HIDE, "/etc/cron.yearly"},
    {SB_M_HIDE, "/etc/anacrontab"},
    {SB_M_HIDE, "/etc/reeve"},
    {SB_M_HIDE, "/var/lib/reeve"},
    {SB_M_HIDE, "/run/reeve"},
    {SB_M_TMPFS, "/tmp"},
    {SB_M_TMPFS, "/var/tmp"},
};

/* confine.c adds the directories that the script's line lists after write=. */
static const struct sb_path script_paths[] = {
    {"/", SB_READ | SB_EXEC, 0}, /* what the script's user may read by its uid */
    {"/tmp", SB_READ | SB_EXEC | SB_WRITE, 0}, {"/var/tmp", SB_READ | SB_EXEC | SB_WRITE, 1},
    {"/dev/null", SB_READ | SB_WRITE, 0}, {"/dev/zero", SB_READ | SB_WRITE, 1},
    {"/dev/full", SB_READ | SB_WRITE, 1}, {"/dev/tty", SB_READ | SB_WRITE, 1},
    {"/dev/shm", SB_READ | SB_WRITE, 1},
    {"/proc/self", SB_READ | SB_WRITE, 1}, /* oom_score_adj, comm of its own */
};

static const struct profile script = {
    .id = PR_SCRIPT,
    .name = "script",
    .cls = CLASS_A,
    .pu = PU_SCRIPT,
    .flags = PF_NEWPID | PF_NEWNS | PF_ROROOT,
    .caps = PROF_ROOT_CAPS, /* of one that is root-equivalent and names none */
    .dflt = SB_EPERM,
    .sets = {SBS_BASE, SBS_POLL, SBS_EXEC, SBS_FILES, SBS_WRITE, SBS_PROC, SBS_NET, SBS_UNIX,
	SBS_TOOL},
    .nsets = 9,
    .paths = script_paths,
    .npaths = PROF_N(script_paths),
    .mounts = script_mounts,
    .nmounts = PROF_N(script_mounts),
    .mem_max = 2048 * PROF_MIB,
    .pids_max = 512,
    .nofile = 4096,
    .fsize = PROF_NOFSIZE,
    .why = "runs as the user that scripts.conf names, with the capabilities and the writable "
	   "directories that it names; the doors to root are closed; one that is marked "
	   "root-equivalent runs as uid 0 and is class (c)",
};

const struct profile *
prof_script(void)
{
	return &script;
}
