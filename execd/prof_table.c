/* The profile table: a checked find over the rows that prof_*.c hold. */
#include "execd/prof.h"

/* A profile without a row fails at link time: its function is missing. */
static const struct profile *(*const rows[])(void) = {
    [PR_FACTS] = prof_facts,
    [PR_SELFTEST] = prof_selftest,
    [PR_SCRIPT] = prof_script,
    [PR_PKG] = prof_pkg,
    [PR_PKGPLAN] = prof_pkgplan,
    [PR_PKGLIST] = prof_pkglist,
    [PR_HAPSOCK] = prof_hapsock,
    [PR_VITALS] = prof_vitals,
};

_Static_assert(PROF_N(rows) == PR_MAX, "a profile has no row");

const struct profile *
profile_get(uint32_t id)
{
	const struct profile *p;

	if (id >= PR_MAX || rows[id] == NULL)
		return NULL;
	p = rows[id]();
	return p->id == id ? p : NULL;
}
