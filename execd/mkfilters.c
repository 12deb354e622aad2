/*
 * mkfilters never|filters: compiles every filter with libseccomp and writes it as C, for the build
 * (build/gen/never.h for lib/sb_never.c, build/gen/filters.h for execd/filter.c). Part of no
 * installed program.
 */
#include <stdio.h>
#include <string.h>

#include "execd/filter.h"
#include "lib/sb_mk.h"
#include "lib/sb_prog.h"

static const char *const uses[FILTER_MAX] = {
    [FILTER_TOOL] = "FILTER_TOOL",
    [FILTER_IDS] = "FILTER_IDS",
    [FILTER_SUP] = "FILTER_SUP",
    [FILTER_SUP_FILES] = "FILTER_SUP_FILES",
};

static int
put_never(void)
{
	struct errmsg e;
	struct sb_prog *p = sb_never_compile(&e);

	if (p == NULL) {
		fprintf(stderr, "mkfilters: never: %s\n", e.text);
		return 1;
	}
	sb_mk_array("never", p);
	sb_filter_free(p);
	return 0;
}

/* The array of one filter and, into ROWS, its row of the table. */
static int
put_one(const struct profile *p, enum filter_use use, FILE *rows)
{
	unsigned int id = p != NULL ? p->id : PR_NONE;
	char name[32];
	struct sb_filter f;

	if (!filter_rows(p, use, &f))
		return 0;
	snprintf(name, sizeof(name), "%u_%d", id, (int)use);
	fprintf(rows, "    {%u, %s, SB_PROG(filter_%s)},\n", id, uses[use], name);
	return sb_mk_print(name, &f) == -1;
}

static int
put_filters(void)
{
	char table[8192];
	FILE *rows = fmemopen(table, sizeof(table), "w");
	const struct profile *p;
	int rc = 0;

	if (rows == NULL)
		return 1;
	for (uint32_t id = PR_NONE + 1; id < PR_MAX; id++)
		if ((p = profile_get(id)) != NULL)
			rc |= put_one(p, FILTER_TOOL, rows) | put_one(p, FILTER_IDS, rows);
	rc |= put_one(NULL, FILTER_SUP, rows) | put_one(NULL, FILTER_SUP_FILES, rows);
	if (fclose(rows) != 0)
		return 1;
	printf("static const struct built built[] = {\n%s};\n", table);
	return rc;
}

int
main(int argc, char *argv[])
{
	int rc = 2;

	if (argc == 2 && strcmp(argv[1], "never") == 0)
		rc = put_never();
	else if (argc == 2 && strcmp(argv[1], "filters") == 0)
		rc = put_filters();
	else
		fprintf(stderr, "usage: mkfilters never|filters\n");
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = 1;
	return rc;
}
