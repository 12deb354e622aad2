/* Profiles of the agent's own steps: facts of the host, and the self-test of the confinement. */
#include <sys/syscall.h>

#include <signal.h>

#include "execd/prof.h"

static const struct sb_rule facts_rules[] = {
    {__NR_uname, {{0, SB_ANY, 0, 0}}, "kernel release and architecture"},
};

static const struct sb_set facts_own = {"facts", facts_rules, PROF_N(facts_rules)};

static const struct sb_path facts_paths[] = {
    {"/proc", SB_READ, 0}, /* uptime, load, memory, mounts, addresses, processes by name */
    {"/etc/os-release", SB_READ, 1}, /* usually a link to the next */
    {"/usr/lib/os-release", SB_READ, 1},
    {"/etc/debian_version", SB_READ, 1},
    {"/etc/localtime", SB_READ, 1},
    {"/var/lib/dpkg/status", SB_READ, 1},
    {"/etc/ufw/ufw.conf", SB_READ, 1},
    {"/run/reboot-required", SB_READ, 1},
    {"/var/run/reboot-required", SB_READ, 1},
    {"/run/reboot-required.pkgs", SB_READ, 1},
};

static const struct profile facts = {
    .id = PR_FACTS,
    .name = "facts",
    .cls = CLASS_A,
    .pu = PU_TABLE,
    .user = USER_FACTS,
    .flags = PF_NEWPID | PF_BUILTIN,
    .dflt = SB_KILL,
    .sets = {SBS_BASE, SBS_FILES},
    .nsets = 2,
    .own = &facts_own,
    .paths = facts_paths,
    .npaths = PROF_N(facts_paths),
    .mem_max = 128 * PROF_MIB,
    .pids_max = 16,
    .nofile = 32,
    .fsize = 0,
    .why = "reads what any user may read of the host, by name; makes no socket, writes no file, "
	   "executes nothing; keeps the network namespace, because the addresses are a fact",
};

const struct profile *
prof_facts(void)
{
	return &facts;
}

static const struct sb_path vitals_paths[] = {
    {"/proc", SB_READ, 0}, /* uptime, load, memory, addresses, boot id */
    {"/etc/os-release", SB_READ, 1},
    {"/usr/lib/os-release", SB_READ, 1},
};

static const struct profile vitals = {
    .id = PR_VITALS,
    .name = "vitals",
    .cls = CLASS_A,
    .pu = PU_TABLE,
    .user = USER_FACTS,
    .flags = PF_NEWPID | PF_BUILTIN,
    .dflt = SB_KILL,
    .sets = {SBS_BASE, SBS_FILES, SBS_POLL},
    .nsets = 3,
    .own = &facts_own,
    .paths = vitals_paths,
    .npaths = PROF_N(vitals_paths),
    .mem_max = 64 * PROF_MIB,
    .pids_max = 16,
    .nofile = 32,
    .fsize = 0,
    .why = "the heartbeat's figures, a few files by name and the one HAProxy socket that execd "
	   "connected before it dropped; makes no socket, writes no file, executes nothing",
};

const struct profile *
prof_vitals(void)
{
	return &vitals;
}

/* The self-test tries forbidden calls in children of its own, that die of them. */
static const struct sb_rule selftest_rules[] = {
    {__NR_clone, {{0, SB_EQ64, 0, SIGCHLD}, {1, SB_EQ64, 0, 0}}, "one child a probe: it may die"},
    {__NR_wait4, {{0, SB_ANY, 0, 0}}, "how the probe died"},
};

static const struct sb_set selftest_own = {"selftest", selftest_rules, PROF_N(selftest_rules)};

static const struct sb_path selftest_paths[] = {
    {"/proc", SB_READ, 0}, /* its own status, as the kernel sees it */
};

static const struct profile selftest = {
    .id = PR_SELFTEST,
    .name = "selftest",
    .cls = CLASS_A,
    .pu = PU_TABLE,
    .user = USER_SELF,
    .flags = PF_NEWPID | PF_NEWNET | PF_BUILTIN,
    .dflt = SB_KILL,
    .sets = {SBS_BASE, SBS_FILES},
    .nsets = 2,
    .own = &selftest_own,
    .paths = selftest_paths,
    .npaths = PROF_N(selftest_paths),
    .mem_max = 64 * PROF_MIB,
    .pids_max = 16,
    .nofile = 32,
    .fsize = 0,
    .why = "reports the confinement that it measures on itself; forks probes that must fail",
};

const struct profile *
prof_selftest(void)
{
	return &selftest;
}
