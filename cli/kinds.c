/* Help on job kinds, all of it from the table in proto/. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

void
kinds_list(void)
{
	static const char *const cols[] = {"KIND", "CANCEL", "SECONDS", "DOES"};
	struct table *t = table_new(cols, 4, 1);
	const struct kind *k;
	char secs[48];
	size_t i;

	for (i = 0; (k = kind_nth(i)) != NULL; i++) {
		snprintf(secs, sizeof(secs), "%u (%u)", k->seconds, k->maxseconds);
		table_row(t, (const char *[]){k->name, kind_cancelname(k->cancel), secs, k->doc});
	}
	table_print(t);
}

static const char *
times_word(unsigned int flags)
{
	switch (flags & (AF_REQ | AF_REP)) {
	case AF_REQ:
		return "once";
	case AF_REP:
		return "any";
	case AF_REQ | AF_REP:
		return "one or more";
	default:
		return "may";
	}
}

void
kind_help(const struct kind *k)
{
	static const char *const cols[] = {"ARGUMENT", "TIMES", "TYPE", "MUST BE", "MEANS"};
	struct table *t;
	char must[200];
	size_t i;

	printf("%s: %s\n", k->name, k->doc);
	printf("limits: %u seconds (at most %u), %llu bytes of output; cancel: %s\n", k->seconds,
	    k->maxseconds, (unsigned long long)k->outcap, kind_cancelname(k->cancel));
	if (k->nargs == 0 && k->nblobs == 0) {
		printf("It takes no arguments.\n");
		return;
	}
	printf("\n");
	t = table_new(cols, 5, 1);
	for (i = 0; i < k->nargs; i++) {
		const struct kind_arg *a = &k->args[i];

		arg_must(a, must, sizeof(must));
		table_row(
		    t, (const char *[]){a->name, times_word(a->flags),
			   a->flags & AF_SEAL ? "sealed" : arg_typename(a->type), must, a->doc});
	}
	for (i = 0; i < k->nblobs; i++)
		table_row(t, (const char *[]){k->blobs[i].name, times_word(k->blobs[i].flags),
				 "blob", "a file of at most 1 MiB (--blob)", k->blobs[i].doc});
	table_print(t);
}
