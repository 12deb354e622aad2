/* What run, ping and job submit have in common. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "lib/strutil.h"
#include "lib/valid.h"

#define TIMEOUT_MAX (30 * 86400)

enum {
	OPT_JSON = 256,
	OPT_WAIT,
	OPT_NOWAIT,
	OPT_TIMEOUT,
	OPT_VALIDITY,
	OPT_REQUESTER,
	OPT_ONLINE,
	OPT_SHOW,
	OPT_LIMIT,
	OPT_BLOB,
	OPT_SEAL,
	OPT_FRESH,
	OPT_USERNAME,
	OPT_TICKET,
	OPT_SIG
};

static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPT_JSON}, {"wait", no_argument, NULL, OPT_WAIT},
    {"no-wait", no_argument, NULL, OPT_NOWAIT}, {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"validity", required_argument, NULL, OPT_VALIDITY},
    {"requester", required_argument, NULL, OPT_REQUESTER},
    {"online", no_argument, NULL, OPT_ONLINE}, {"show", no_argument, NULL, OPT_SHOW},
    {"limit", required_argument, NULL, OPT_LIMIT}, {"blob", required_argument, NULL, OPT_BLOB},
    {"seal", required_argument, NULL, OPT_SEAL}, {"fresh", required_argument, NULL, OPT_FRESH},
    {"username", required_argument, NULL, OPT_USERNAME},
    {"ticket", required_argument, NULL, OPT_TICKET}, {"sig", required_argument, NULL, OPT_SIG},
    {"quiet", no_argument, NULL, 'q'}, {NULL, 0, NULL, 0}};

/* Only what this verb's help lists is an option of it. */
static void
check_known(const struct verb *v, int ch)
{
	const struct option *o;
	char word[40];

	for (o = longs; o->name != NULL; o++)
		if (o->val == ch)
			break;
	if (ch == 'h' || o->name == NULL)
		return;
	snprintf(word, sizeof(word), "--%s", o->name);
	if (strstr(v->options, word) == NULL)
		cli_usage(v, "%s: no such option", word);
}

/* What goes into the ticket. 1 when CH was one of those. */
static int
ticket_option(const struct verb *v, struct draft *d, int ch)
{
	switch (ch) {
	case OPT_VALIDITY:
		d->valid = cli_span(v, "--validity", optarg, TICKET_SPAN_MAX);
		return 1;
	case OPT_REQUESTER:
		d->t.requester = optarg;
		return 1;
	case OPT_LIMIT:
		draft_limit(v, d, optarg);
		return 1;
	case OPT_BLOB:
		draft_word(v, &d->blobs, "--blob", optarg);
		return 1;
	case OPT_SEAL:
		draft_word(v, &d->seals, "--seal", optarg);
		return 1;
	case OPT_FRESH:
		d->t.fresh = optarg;
		return 1;
	default:
		return 0;
	}
}

static void
take_one(const char **list, size_t *n, const struct verb *v, const char *what)
{
	if (*n == TICKET_SIGS)
		cli_usage(v, "%s: at most %d of them", what, TICKET_SIGS);
	list[(*n)++] = optarg;
}

static void
own_option(const struct verb *v, struct ask *a, int ch)
{
	switch (ch) {
	case 'h':
		a->help = 1;
		break;
	case 's':
		take_one(a->order.keys, &a->order.nkeys, v, "-s");
		break;
	case 'q':
		a->fan.quiet = 1;
		break;
	case OPT_JSON:
		a->json = 1;
		break;
	case OPT_WAIT:
	case OPT_NOWAIT:
		a->nowait = ch == OPT_NOWAIT;
		break;
	case OPT_TIMEOUT:
		a->timeout = cli_span(v, "--timeout", optarg, TIMEOUT_MAX);
		break;
	case OPT_ONLINE:
		a->order.online = 1;
		break;
	case OPT_SHOW:
		a->order.show = 1;
		break;
	case OPT_USERNAME:
		a->username = optarg;
		break;
	case OPT_TICKET:
		a->ticket = optarg;
		break;
	default:
		take_one(a->sigfile, &a->nsigs, v, "--sig");
		break;
	}
}

void
ask_options(const struct verb *v, struct ask *a, int argc, char **argv)
{
	int ch;

	a->draft.valid = 3600;
	a->fan.judge_output = 1;
	while ((ch = cli_getopt(v, argc, argv, "s:qh", longs)) != -1) {
		check_known(v, ch);
		if (!ticket_option(v, &a->draft, ch))
			own_option(v, a, ch);
	}
	if (a->draft.t.fresh != NULL && !valid_hex(a->draft.t.fresh, JOB_IDLEN))
		cli_usage(
		    v, "--fresh: must be 32 lower-case hex digits, not \"%s\"", a->draft.t.fresh);
	if (a->order.online && a->order.nkeys > 0)
		cli_usage(v, "--online and -s are two ways to sign: one of them");
}

void
ask_open(struct ask *a)
{
	a->fan.s = site_open();
	roster_load(&a->roster, &a->fan.s->conf);
	a->fan.timeout_ms = a->timeout * 1000;
	if (a->draft.t.requester == NULL)
		a->draft.t.requester = a->fan.s->conf.requester;
}

const struct roster_host **
ask_hosts(const struct verb *v, struct ask *a, char **words, size_t n)
{
	const struct roster_host **h = cli_keep(calloc(n + 1, sizeof(*h)));
	static uint8_t seal[32];
	size_t i;

	for (i = 0; i < n; i++)
		h[i] = roster_need(&a->roster, net_hostname(v, words[i]));
	if (a->draft.seals.n > 0) {
		if (n != 1)
			cli_usage(v, "--seal: each host has a seal key of its own: one HOST");
		if (str_b64dec(seal, sizeof(seal), h[0]->seal, strlen(h[0]->seal)) != 32)
			errx(CLI_NO, "%s: no seal key is pinned", h[0]->name);
		a->draft.sealraw = seal;
	}
	return h;
}

int
ask_follow(struct ask *a)
{
	int rc;

	if (a->json)
		a->fan.show = SHOW_KEEP;
	rc = fan_follow(&a->fan);
	if (a->json)
		report_json(&a->fan);
	cli_flush();
	return report_exit(&a->fan, rc);
}

int
ask_go(const struct verb *v, struct ask *a, const struct roster_host *const *host, size_t n)
{
	if (a->order.online)
		order_online(v, &a->draft);
	order_make(v, &a->fan, &a->draft, &a->roster, host, n);
	order_submit(&a->fan, &a->order, &a->draft);
	return ask_told(a);
}

int
ask_told(struct ask *a)
{
	size_t i;

	if (a->nowait) {
		if (a->json)
			report_json(&a->fan);
		for (i = 0; i < a->fan.ntasks && !a->json; i++)
			printf("%s\n", a->fan.task[i].id);
		return CLI_OK;
	}
	a->fan.show = a->fan.nruns == 1 ? SHOW_LIVE : SHOW_PREFIX;
	return ask_follow(a);
}
