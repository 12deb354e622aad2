/* privd's own confinement. */

#include <sys/prctl.h>

#include <linux/capability.h>

#include <stdint.h>

#include "execd/profile.h"
#include "lib/sb.h"
#include "privd/sandbox.h"

#define CAP(c) (1ULL << (c))

/*
 * privd and an executor before it is confined: becoming the tool's and the supervisor's user,
 * namespaces, mounts and filters, limits, ending what they started, files of other owners.
 */
#define OWN_CAPS                                                                           \
	(CAP(CAP_SETUID) | CAP(CAP_SETGID) | CAP(CAP_SETPCAP) | CAP(CAP_SYS_ADMIN) |       \
	    CAP(CAP_SYS_CHROOT) | CAP(CAP_SYS_RESOURCE) | CAP(CAP_KILL) | CAP(CAP_CHOWN) | \
	    CAP(CAP_FOWNER) | CAP(CAP_DAC_OVERRIDE) | CAP(CAP_DAC_READ_SEARCH))

static uint64_t
needed(const struct words *w)
{
	const struct profile *pr;
	const struct script *s;
	uint64_t caps = OWN_CAPS;

	for (uint32_t i = PR_NONE + 1; i < PR_MAX; i++)
		if ((pr = profile_get(i)) != NULL)
			caps |= pr->caps;
	for (unsigned int i = 0; (s = scripts_nth(w->scripts, i)) != NULL; i++)
		caps |= s->caps;
	return caps;
}

int
sandbox_apply(const struct words *w, struct errmsg *e)
{
	if (sb_bounding_cut(needed(w), e) == -1 || sb_filter_load(sb_never(), e) == -1)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(e, "dumpable");
	return 0;
}

int
sandbox_covers(const struct words *w, struct errmsg *e)
{
	const struct script *s;

	for (unsigned int i = 0; (s = scripts_nth(w->scripts, i)) != NULL; i++)
		for (unsigned long c = 0; c < 64; c++)
			if ((s->caps & CAP(c)) && prctl(PR_CAPBSET_READ, c, 0, 0, 0) != 1)
				return err_set(e,
				    "scripts.conf:%u: script %s asks for capability %lu, which "
				    "this agent gave up when it started: restart it",
				    s->line, s->name, c);
	return 0;
}
