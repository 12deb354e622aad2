/*
 * reeve job cancel: by the control plane's word where the kind allows that; where it does not, by a
 * ticket of kind agent.cancel that the operator signs.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "lib/valid.h"

static struct ask ask;

/* The hosts that want a signature; each line says what became of the others. */
static size_t
tell(const struct json *j, char **want)
{
	static const char *const names[] = {"cancelled", "asked"};
	int list, v;
	size_t i, k, n = 0;
	char host[254];

	for (k = 0; k < 2; k++) {
		list = j_sub(j, 0, names[k], JSON_ARRAY);
		for (i = 0; i < json_len(j, list); i++)
			if (json_str(j, json_at(j, list, i), host, sizeof(host)) == 0 && !ask.json)
				printf("%s: %s\n", cli_clean(host),
				    k == 0 ? "cancelled before it began" : "asked to cancel");
	}
	list = j_sub(j, 0, "refused", JSON_ARRAY);
	for (i = 0; i < json_len(j, list) && n < TICKET_HOSTS; i++) {
		v = json_at(j, list, i);
		if (!ask.json)
			printf("%s: %s\n", j_clean(j, v, "host"), j_clean(j, v, "reason"));
		if (strstr(j_str(j, v, "reason"), "signed") != NULL)
			want[n++] = j_str(j, v, "host");
	}
	cli_flush();
	return n;
}

static void
put_hosts(const struct verb *v, struct jsonout *j, int argc, char **argv)
{
	int i;

	jo_init(j, CLI_JSON_MAX);
	jo_obj(j, NULL);
	jo_arr(j, "hosts");
	for (i = optind + 1; i < argc; i++)
		jo_str(j, NULL, net_hostname(v, argv[i]));
	jo_end(j);
	jo_end(j);
}

/* An order to cancel, signed here, to the hosts that want one. */
static int
order_cancel(const struct verb *v, const char *id, char **want, size_t n)
{
	struct words *w = &ask.draft.words;

	if (ask.order.nkeys == 0 && ask.fan.s->conf.key == NULL)
		errx(CLI_NO,
		    "a signed agent.cancel is needed, and there is no key: \"key FILE\" in "
		    "reeve.conf, REEVE_KEY or -s FILE");
	ask.draft.t.kind = kind_byname("agent.cancel");
	w->at[0].name = cli_keep(strdup("id"));
	w->at[0].value = cli_keep(strdup(id));
	w->n = 1;
	return ask_go(v, &ask, ask_hosts(v, &ask, want, n), n);
}

int
cli_job_cancel(const struct verb *v, int argc, char **argv)
{
	char path[100], *want[TICKET_HOSTS];
	struct jsonout j;
	struct answer a;
	size_t n;

	ask_options(v, &ask, argc, argv);
	if (ask.help) {
		cli_help(v);
		return CLI_OK;
	}
	if (optind == argc || !valid_hex(argv[optind], JOB_IDLEN))
		cli_usage(v, "a job's ID is needed, 32 lower-case hex digits");
	put_hosts(v, &j, argc, argv);
	ask_open(&ask);
	snprintf(path, sizeof(path), "/v1/jobs/%s/cancel", argv[optind]);
	site_call(ask.fan.s, "POST", path, jo_text(&j), &a);
	jo_free(&j);
	if (ask.json)
		j_print(a.j, 0);
	n = tell(a.j, want);
	answer_free(&a);
	return n == 0 ? CLI_OK : order_cancel(v, argv[optind], want, n);
}
