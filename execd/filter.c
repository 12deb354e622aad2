/* Finds the compiled filter of a profile. */
#include "execd/filter.h"
#include "lib/sb_prog.h"

struct built {
	enum profile_id profile; /* PR_NONE: whatever the profile */
	enum filter_use use;
	struct sb_prog prog;
};

#include "filters.h"

const struct sb_prog *
filter_get(const struct profile *p, enum filter_use use)
{
	enum profile_id id = use < FILTER_SUP ? p->id : PR_NONE;

	for (size_t i = 0; i < sizeof(built) / sizeof(built[0]); i++)
		if (built[i].profile == id && built[i].use == use)
			return &built[i].prog;
	return NULL;
}
