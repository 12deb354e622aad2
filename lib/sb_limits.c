/* rlimits: only ever lower. */

#include <sys/resource.h>

#include <errno.h>

#include "lib/sb.h"

/* Lowers both limits to V; a hard limit that is lower already stays. */
static int
lower(int which, rlim_t v, const char *name, struct errmsg *e)
{
	struct rlimit rl;

	if (v == RLIM_INFINITY)
		return 0;
	if (getrlimit((__rlimit_resource_t)which, &rl) == -1)
		return err_errno(e, "%s", name);
	if (rl.rlim_max == RLIM_INFINITY || rl.rlim_max > v)
		rl.rlim_max = v;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit((__rlimit_resource_t)which, &rl) == -1)
		return err_errno(e, "%s", name);
	return 0;
}

int
sb_limits_apply(const struct sb *s, struct errmsg *e)
{
	if (lower(RLIMIT_CORE, 0, "core", e) == -1 || lower(RLIMIT_AS, s->as, "as", e) == -1 ||
	    lower(RLIMIT_FSIZE, s->fsize, "fsize", e) == -1 ||
	    lower(RLIMIT_NOFILE, s->nofile, "nofile", e) == -1 ||
	    lower(RLIMIT_NPROC, s->nproc, "nproc", e) == -1)
		return -1;
	return 0;
}
