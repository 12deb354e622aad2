/* reeve: keys, tickets and signatures, on the operator's machine. No network, no root. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/site.h"
#include "lib/fdutil.h"
#include "version.h"

static void
print_verbs(FILE *f)
{
	const struct verb *v;
	size_t i;

	fprintf(f, "usage: reeve VERB ...\n       reeve [-hV] [--completion]\n\n");
	for (i = 0; (v = verb_nth(i)) != NULL; i++)
		fprintf(f, "    reeve %s%s%s %s\n        %s\n", v->group,
		    v->name[0] == '\0' ? "" : " ", v->name, v->args, v->does);
	fprintf(f, "\nreeve VERB --help says more; reeve(1) says all.\n");
}

/* 1 when WORD was an option of reeve itself and has been answered. */
static int
own_option(const char *word)
{
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
		printf("reeve %s\n", REEVE_VERSION);
	else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 ||
		 strcmp(word, "help") == 0)
		print_verbs(stdout);
	else if (strcmp(word, "--completion") == 0)
		completion_print();
	else
		return 0;
	return 1;
}

/* The verb of these words; NULL when there is none. *USED words name it. */
static const struct verb *
find_verb(int argc, char **argv, int *used)
{
	const struct verb *v;
	size_t i;

	for (i = 0; (v = verb_nth(i)) != NULL; i++) {
		if (strcmp(v->group, argv[1]) != 0)
			continue;
		*used = v->name[0] == '\0' ? 1 : 2;
		if (*used == 1 || (argc > 2 && strcmp(v->name, argv[2]) == 0))
			return v;
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct verb *v;
	int used, rv;

	if (fd_sane() == -1)
		return CLI_CANNOT;
	if (argc < 2) {
		print_verbs(stderr);
		return CLI_USAGE;
	}
	if (own_option(argv[1])) {
		cli_flush();
		return CLI_OK;
	}
	if ((v = find_verb(argc, argv, &used)) == NULL) {
		warnx("there is no verb \"%s%s%s\"; reeve --help lists them", argv[1],
		    argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
		return CLI_USAGE;
	}
	rv = v->run(v, argc - used, argv + used);
	cli_flush();
#ifndef REEVE_SANITIZE
	site_wipe();
	_exit(rv); /* without libcrypto's cleaning up, which takes longer than a round trip */
#endif
	return rv;
}
