/* reeve ticket show: what a ticket says, in a table and in its own words. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/strutil.h"

static void
row(struct table *t, const char *what, const char *value)
{
	table_row(t, (const char *[]){what, value});
}

static void
row_time(struct table *t, const char *what, uint64_t when)
{
	char buf[40];

	time_text(when, buf, sizeof(buf));
	row(t, what, buf);
}

static void
table_args(struct table *tb, const struct ticket *t)
{
	char what[80], value[TICKET_MAX * 4];
	size_t i;

	for (i = 0; i < t->nargs; i++) {
		const struct ticket_arg *a = &t->arg[i];

		snprintf(what, sizeof(what), "argument %s", a->def->name);
		if (a->sealed)
			snprintf(value, sizeof(value), "(sealed, %zu characters)", a->len);
		else if (strcmp(a->raw, a->value) == 0)
			snprintf(value, sizeof(value), "%s", a->value);
		else
			str_vis(value, sizeof(value), a->value, a->len);
		row(tb, what, value);
	}
}

static void
table_rest(struct table *tb, const struct ticket *t)
{
	char what[80], value[120], hex[65];
	size_t i;

	for (i = 0; i < t->nblobs; i++) {
		str_hex(hex, t->blob[i].sha256, 32);
		snprintf(what, sizeof(what), "blob %s", t->blob[i].def->name);
		snprintf(value, sizeof(value), "sha256:%s, %u bytes", hex, t->blob[i].size);
		row(tb, what, value);
	}
	snprintf(value, sizeof(value), "%u seconds%s", t->seconds,
	    t->has_seconds ? "" : " (the kind's own)");
	row(tb, "limit", value);
	snprintf(value, sizeof(value), "%llu bytes of output%s", (unsigned long long)t->output,
	    t->has_output ? "" : " (the kind's own)");
	row(tb, "limit", value);
	if (t->stall != 0) {
		snprintf(value, sizeof(value), "%u seconds without progress", t->stall);
		row(tb, "limit", value);
	}
}

static void
show_table(const struct ticket *t, const char *hash)
{
	static const char *const cols[] = {"WHAT", "VALUE"};
	struct table *tb = table_new(cols, 2, 0);
	char value[300];
	size_t i;

	snprintf(value, sizeof(value), "%s: %s%s", t->kind->name, t->kind->doc,
	    ticket_isplan(t) ? " (plan only)" : "");
	row(tb, "kind", value);
	for (i = 0; i < t->nhosts; i++) {
		snprintf(value, sizeof(value), "%s (%s)", t->host[i].name, t->host[i].id);
		row(tb, "host", value);
	}
	table_args(tb, t);
	table_rest(tb, t);
	row_time(tb, "issued", t->issued);
	row_time(tb, "not before", t->notbefore);
	row_time(tb, "not after", t->notafter);
	if (t->fresh != NULL)
		row(tb, "fresh", t->fresh);
	row(tb, "requester", t->requester);
	row(tb, "fleet", t->fleet);
	row(tb, "id", t->id);
	row(tb, "sha256", hash);
	table_print(tb);
}

static void
json_lists(struct jsonout *j, const struct ticket *t)
{
	char hex[65];
	size_t i;

	jo_arr(j, "hosts");
	for (i = 0; i < t->nhosts; i++) {
		jo_obj(j, NULL);
		jo_str(j, "id", t->host[i].id);
		jo_str(j, "name", t->host[i].name);
		jo_end(j);
	}
	jo_end(j);
	jo_arr(j, "args");
	for (i = 0; i < t->nargs; i++) {
		jo_obj(j, NULL);
		jo_str(j, "name", t->arg[i].def->name);
		jo_str(j, "raw", t->arg[i].raw);
		jo_strn(j, "value", t->arg[i].value, t->arg[i].len);
		jo_bool(j, "sealed", t->arg[i].sealed);
		jo_end(j);
	}
	jo_end(j);
	jo_arr(j, "blobs");
	for (i = 0; i < t->nblobs; i++) {
		str_hex(hex, t->blob[i].sha256, 32);
		jo_obj(j, NULL);
		jo_str(j, "name", t->blob[i].def->name);
		jo_str(j, "sha256", hex);
		jo_u64(j, "size", t->blob[i].size);
		jo_end(j);
	}
	jo_end(j);
}

static void
show_json(const struct ticket *t, const char *hash, const char *text, size_t len)
{
	struct jsonout j;

	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "id", t->id);
	jo_str(&j, "fleet", t->fleet);
	jo_str(&j, "kind", t->kind->name);
	jo_u64(&j, "issued", t->issued);
	jo_u64(&j, "notbefore", t->notbefore);
	jo_u64(&j, "notafter", t->notafter);
	if (t->fresh != NULL)
		jo_str(&j, "fresh", t->fresh);
	else
		jo_null(&j, "fresh");
	jo_str(&j, "requester", t->requester);
	json_lists(&j, t);
	jo_obj(&j, "limits");
	jo_u64(&j, "seconds", t->seconds);
	jo_u64(&j, "output", t->output);
	jo_u64(&j, "stall", t->stall);
	jo_end(&j);
	jo_str(&j, "sha256", hash);
	jo_strn(&j, "text", text, len);
	jo_end(&j);
	cli_json(&j);
}

int
cli_ticket_show(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	static struct ticket t;
	char hash[65], *text;
	int ch, json = 0;
	struct errmsg e;
	uint8_t raw[32];
	size_t len;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		json = 1;
	}
	if (argc - optind != 1)
		cli_usage(v, "one FILE is needed (- is standard input)");
	text = cli_read(argv[optind], TICKET_MAX, &len);
	if (ticket_parse(&t, text, len, &e) == -1)
		errx(CLI_NO, "%s: not a ticket: %s", argv[optind], e.text);
	ticket_hash(text, len, raw);
	str_hex(hash, raw, sizeof(raw));
	if (json)
		show_json(&t, hash, text, len);
	else {
		show_table(&t, hash);
		printf("\n%s", text);
	}
	free(text);
	return CLI_OK;
}
