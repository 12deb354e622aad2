/* A bash completion, made from the verb table and the kinds. */
#include <stdio.h>
#include <string.h>

#include "cli/net.h"

/* The options that stand at the starts of the help's lines: "-x" or "--long". */
static void
print_options(const char *options)
{
	const char *p = options;

	printf("--help");
	for (; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
		while (*p == ' ')
			p++;
		if (*p == '-')
			printf(" %.*s", (int)strcspn(p, " =\n"), p);
	}
}

static void
print_names(const char *group)
{
	const struct verb *v;
	size_t i;

	for (i = 0; (v = verb_nth(i)) != NULL; i++)
		if (group != NULL && strcmp(v->group, group) == 0 && v->name[0] != '\0')
			printf("%s ", v->name);
		else if (group == NULL && (i == 0 || strcmp(verb_nth(i - 1)->group, v->group) != 0))
			printf("%s ", v->group);
}

static void
print_verb(const struct verb *v)
{
	const struct kind *k;
	size_t i;

	printf("\t\"%s%s%s\") words=\"", v->group, v->name[0] == '\0' ? "" : " ", v->name);
	print_options(v->options);
	if (v->run == cli_ticket_new || v->run == cli_job_submit || v->run == cli_job_kinds)
		for (i = 0; (k = kind_nth(i)) != NULL; i++)
			printf(" %s", k->name);
	printf("\" ;;\n");
}

void
completion_print(void)
{
	const struct verb *v;
	size_t i;

	printf("# bash completion for reeve(1); printed by reeve --completion\n"
	       "_reeve() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words='' verb=${COMP_WORDS[1]}\n"
	       "\tcase $verb in\n");
	for (i = 0; (v = verb_nth(i)) != NULL; i++) {
		if (v->name[0] == '\0' || (i > 0 && strcmp(verb_nth(i - 1)->group, v->group) == 0))
			continue;
		printf("\t%s)\n\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then words=\"", v->group);
		print_names(v->group);
		printf("\"; fi\n\t\tverb=\"$verb ${COMP_WORDS[2]}\" ;;\n");
	}
	printf("\tesac\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"");
	print_names(NULL);
	printf(
	    "--help --version --completion\"\n\tfi\n\tif [ -z \"$words\" ]; then case $verb in\n");
	for (i = 0; (v = verb_nth(i)) != NULL; i++)
		print_verb(v);
	printf("\tesac; fi\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -f -- \"$cur\")\n"
	       "}\n"
	       "complete -o filenames -F _reeve reeve\n");
}
