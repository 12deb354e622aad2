/*
 * reeve ticket new: a ticket from the command line. Arguments, hosts and blobs may be given in any
 * order; the ticket has them in its own. What is wrong is said before anything is written.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/draft.h"
#include "lib/strutil.h"
#include "lib/valid.h"

enum {
	OPT_HOST = 256,
	OPT_FLEET,
	OPT_REQUESTER,
	OPT_VALID,
	OPT_NOTBEFORE,
	OPT_ISSUED,
	OPT_FRESH,
	OPT_BLOB,
	OPT_LIMIT,
	OPT_SEAL,
	OPT_SEALKEY
};

static const struct option longs[] = {{"host", required_argument, NULL, OPT_HOST},
    {"fleet", required_argument, NULL, OPT_FLEET},
    {"requester", required_argument, NULL, OPT_REQUESTER},
    {"valid", required_argument, NULL, OPT_VALID},
    {"notbefore", required_argument, NULL, OPT_NOTBEFORE},
    {"issued", required_argument, NULL, OPT_ISSUED}, {"fresh", required_argument, NULL, OPT_FRESH},
    {"blob", required_argument, NULL, OPT_BLOB}, {"limit", required_argument, NULL, OPT_LIMIT},
    {"seal", required_argument, NULL, OPT_SEAL}, {"seal-key", required_argument, NULL, OPT_SEALKEY},
    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static uint64_t
get_time(const struct verb *v, const char *option)
{
	uint64_t t;

	if (str_u64(optarg, 0, TICKET_TIME_MAX, &t) == -1)
		cli_usage(v, "%s: must be seconds since 1970, not \"%s\"", option, optarg);
	return t;
}

/* One option into the draft. */
static void
take_option(const struct verb *v, struct draft *d, int ch)
{
	switch (ch) {
	case OPT_HOST:
		draft_host(v, d, optarg);
		break;
	case OPT_FLEET:
		d->t.fleet = optarg;
		break;
	case OPT_REQUESTER:
		d->t.requester = optarg;
		break;
	case OPT_VALID:
		d->valid = cli_span(v, "--valid", optarg, TICKET_SPAN_MAX);
		break;
	case OPT_NOTBEFORE:
		d->t.notbefore = get_time(v, "--notbefore");
		break;
	case OPT_ISSUED:
		d->t.issued = get_time(v, "--issued");
		break;
	case OPT_FRESH:
		d->t.fresh = optarg;
		break;
	case OPT_BLOB:
		draft_word(v, &d->blobs, "--blob", optarg);
		break;
	case OPT_LIMIT:
		draft_limit(v, d, optarg);
		break;
	case OPT_SEAL:
		draft_word(v, &d->seals, "--seal", optarg);
		break;
	case OPT_SEALKEY:
		d->sealkey = optarg;
		break;
	default:
		d->out = optarg;
		break;
	}
}

/* The options that were left out. */
static void
fill_in(const struct verb *v, struct draft *d)
{
	struct ticket *t = &d->t;

	if (t->fleet == NULL)
		cli_usage(
		    v, "--fleet is missing: the 32 hex digits that the hosts' agent.conf has");
	if (!valid_hex(t->fleet, JOB_IDLEN))
		cli_usage(v, "--fleet: must be 32 lower-case hex digits, not \"%s\"", t->fleet);
	if (t->nhosts == 0)
		cli_usage(v, "--host ID:NAME is missing");
	draft_requester(v, d);
	if (t->fresh != NULL && !valid_hex(t->fresh, JOB_IDLEN))
		cli_usage(v, "--fresh: must be 32 lower-case hex digits, not \"%s\"", t->fresh);
	draft_stamp(d);
}

static void
help(const struct verb *v, const char *name)
{
	const struct kind *k;

	if (name == NULL) {
		cli_help(v);
		printf("\nKinds (reeve ticket new KIND --help for one):\n\n");
		kinds_list();
		return;
	}
	if ((k = kind_byname(name)) == NULL)
		errx(CLI_NO, "there is no job kind \"%s\"; reeve ticket new --help lists them",
		    name);
	kind_help(k);
}

static void
write_out(const struct draft *d)
{
	char text[TICKET_MAX + 1];
	struct errmsg e;
	ssize_t n = ticket_write(&d->t, text, sizeof(text), &e);

	if (n == -1)
		errx(CLI_NO, "no ticket was made: %s", e.text);
	if (d->out != NULL)
		cli_write(d->out, 0644, 0, text, (size_t)n);
	else
		fwrite(text, 1, (size_t)n, stdout);
}

int
cli_ticket_new(const struct verb *v, int argc, char **argv)
{
	static struct draft d;
	int ch, want_help = 0;
	const char *name;

	d.valid = 3600;
	while ((ch = cli_getopt(v, argc, argv, "o:h", longs)) != -1) {
		if (ch == 'h')
			want_help = 1;
		else
			take_option(v, &d, ch);
	}
	name = optind < argc ? argv[optind] : NULL;
	if (want_help) {
		help(v, name);
		return CLI_OK;
	}
	if (name == NULL)
		cli_usage(v, "a KIND is needed; reeve ticket new --help lists them");
	if ((d.t.kind = kind_byname(name)) == NULL)
		errx(CLI_NO, "there is no job kind \"%s\"; reeve ticket new --help lists them",
		    name);
	while (++optind < argc)
		draft_word(v, &d.words, "argument", argv[optind]);
	fill_in(v, &d);
	draft_finish(v, &d);
	write_out(&d);
	return CLI_OK;
}
