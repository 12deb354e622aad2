/* Profile of HAProxy's admin socket: one connected descriptor and nothing else. */
#include "execd/prof.h"

static const struct profile hapsock = {
    .id = PR_HAPSOCK,
    .name = "hapsock",
    .cls = CLASS_A,
    .pu = PU_TABLE,
    .user = USER_HAP,
    .flags = PF_NEWPID | PF_NEWNET | PF_BUILTIN,
    .dflt = SB_KILL,
    .sets = {SBS_BASE, SBS_POLL},
    .nsets = 2,
    .mem_max = 256 * PROF_MIB,
    .pids_max = 4,
    .nofile = 32,
    .fsize = 0,
    .why = "talks over the one socket that execd connected at its checked path before it dropped; "
	   "opens no file and makes no socket",
};

const struct profile *
prof_hapsock(void)
{
	return &hapsock;
}
