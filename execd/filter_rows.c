/* Which rows each filter has. */
#include <sys/syscall.h>

#include <string.h>

#include "execd/filter.h"

/* What the supervisor needs beyond memory, held descriptors and waiting. */
static const struct sb_rule sup_rules[] = {
    {__NR_wait4, {{0, SB_ANY, 0, 0}}, "how the tool ended"},
    {__NR_fsync, {{0, SB_ANY, 0, 0}}, "the exit frame is on disk before anybody hears of it"},
    {__NR_ftruncate, {{0, SB_ANY, 0, 0}}, "a torn frame is cut off again"},
    {__NR_sendmsg, {{0, SB_ANY, 0, 0}}, "EXEC_READY, EXEC_FAIL, EXEC_EXIT"},
    {__NR_recvmsg, {{0, SB_ANY, 0, 0}}, "EXEC_GO"},
};

static const struct sb_set sup_own = {
    "supervisor", sup_rules, sizeof(sup_rules) / sizeof(sup_rules[0])};

static int
sup_rows(enum filter_use use, struct sb_filter *f)
{
	unsigned int n = 0;

	f->dflt = SB_KILL;
	f->sets[n++] = sb_set(SBS_BASE);
	f->sets[n++] = sb_set(SBS_POLL);
	if (use == FILTER_SUP_FILES)
		f->sets[n++] = sb_set(SBS_FILES);
	f->sets[n++] = &sup_own;
	return 1;
}

int
filter_rows(const struct profile *p, enum filter_use use, struct sb_filter *f)
{
	unsigned int i, n = 0;

	memset(f, 0, sizeof(*f));
	if (use == FILTER_SUP || use == FILTER_SUP_FILES)
		return sup_rows(use, f);
	if (use == FILTER_IDS && p->pu != PU_SCRIPT)
		return 0;
	f->dflt = p->dflt;
	for (i = 0; i < p->nsets; i++)
		f->sets[n++] = sb_set(p->sets[i]);
	if (use == FILTER_IDS)
		f->sets[n++] = sb_set(SBS_IDS);
	if (p->own != NULL)
		f->sets[n++] = p->own;
	return 1;
}
