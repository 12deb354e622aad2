/* reeve run: a script of the hosts' scripts.conf, on some of them. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"

static struct ask ask;

static void
add_word(const struct verb *v, const char *name, char *value)
{
	struct words *w = &ask.draft.words;

	if (w->n == TICKET_ARGS)
		cli_usage(v, "at most %d arguments", TICKET_ARGS);
	w->at[w->n].name = cli_keep(strdup(name));
	w->at[w->n++].value = value;
}

/* Words before "--": hosts and the script; those behind it: its arguments. */
int
cli_run(const struct verb *v, int argc, char **argv)
{
	int own = 1, i;

	while (own < argc && strcmp(argv[own], "--") != 0)
		own++;
	for (i = own + 1; i < argc; i++)
		add_word(v, "arg", argv[i]);
	argv[own] = NULL;
	ask_options(v, &ask, own, argv);
	if (ask.help) {
		cli_help(v);
		return CLI_OK;
	}
	if (own - optind < 2)
		cli_usage(v, "at least one HOST and a SCRIPT are needed");
	add_word(v, "name", argv[own - 1]);
	if (ask.username != NULL)
		add_word(v, "username", cli_keep(strdup(ask.username)));
	ask.draft.t.kind = kind_byname("script.run");
	ask_open(&ask);
	return ask_go(v, &ask, ask_hosts(v, &ask, argv + optind, (size_t)(own - 1 - optind)),
	    (size_t)(own - 1 - optind));
}
