/*
 * The filters that the build compiled are those that the tables give now: a changed row that did
 * not reach a program would be a hole, or a tool that dies.
 */
#include <linux/filter.h>

#include <stdint.h>

#include "execd/filter.h"
#include "regress/check.h"

static int
same(const struct sb_prog *a, const struct sb_prog *b)
{
	const struct sock_fprog *x = sb_filter_bpf(a), *y = sb_filter_bpf(b);

	return x->len == y->len && x->len > 10 &&
	       memcmp(x->filter, y->filter, x->len * sizeof(*x->filter)) == 0;
}

/* What USE of P must be: compiled here and now. 1 when there is such a filter. */
static int
check_one(const struct profile *p, enum filter_use use)
{
	const struct sb_prog *built = filter_get(p, use);
	struct sb_prog *now;
	struct sb_filter f;
	struct errmsg e = {""};

	if (!filter_rows(p, use, &f)) {
		CHECKF(built == NULL, "%s has filter %d, and no rows for it", p->name, use);
		return 0;
	}
	CHECKF(built != NULL, "%s: filter %d was not built", p->name, use);
	now = sb_filter_compile(&f, &e);
	CHECKF(now != NULL, "%s: filter %d: %s", p->name, use, e.text);
	if (now != NULL && built != NULL)
		CHECKF(same(now, built), "%s: filter %d is not what its rows say", p->name, use);
	sb_filter_free(now);
	return 1;
}

static void
test_never(void)
{
	struct errmsg e = {""};
	struct sb_prog *now = sb_never_compile(&e);

	CHECKF(now != NULL, "%s", e.text);
	CHECK(now != NULL && same(now, sb_never()));
	sb_filter_free(now);
}

/* One row of another set in it shows: the comparison above can fail. */
static void
test_differs(void)
{
	const struct profile *p = profile_get(PR_SCRIPT);

	CHECK(!same(filter_get(p, FILTER_TOOL), filter_get(p, FILTER_IDS)));
	CHECK(!same(filter_get(p, FILTER_SUP), filter_get(p, FILTER_SUP_FILES)));
	CHECK(filter_get(p, FILTER_SUP) == filter_get(profile_get(PR_PKG), FILTER_SUP));
}

int
main(void)
{
	unsigned int ids = 0;

	for (uint32_t id = PR_NONE + 1; id < PR_MAX; id++) {
		const struct profile *p = profile_get(id);

		for (int use = 0; use < FILTER_MAX; use++)
			if (check_one(p, (enum filter_use)use) && use == FILTER_IDS)
				ids++;
	}
	CHECKF(ids == 1, "%u profiles have FILTER_IDS", ids);
	CHECK(filter_get(profile_get(PR_SCRIPT), FILTER_MAX) == NULL);
	test_never();
	test_differs();
	return check_done();
}
