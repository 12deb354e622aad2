/* reeve token: who may speak with the control plane, and as what. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/net.h"
#include "lib/valid.h"

#define LIFE_MAX (3650ULL * 86400)

int
cli_token_add(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	    {"json", no_argument, NULL, 'j'}, {"role", required_argument, NULL, 'r'},
	    {"expires", required_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
	const char *role = "viewer";
	uint64_t expires = 365 * 86400;
	struct jsonout j;
	struct answer a;
	int ch, json = 0;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		if (ch == 'j')
			json = 1;
		else if (ch == 'r')
			role = optarg;
		else
			expires = cli_span(v, "--expires", optarg, LIFE_MAX);
	}
	if (argc - optind != 1 || !valid_ident(argv[optind]))
		cli_usage(v, "one NAME is needed: letters, digits and . _ -");
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "name", argv[optind]);
	jo_str(&j, "role", role);
	jo_u64(&j, "expires", expires);
	jo_end(&j);
	site_call(site_open(), "POST", "/v1/tokens", jo_text(&j), &a);
	jo_free(&j);
	if (json)
		j_print(a.j, 0);
	else
		printf("%s\n", j_clean(a.j, 0, "token"));
	answer_free(&a);
	return CLI_OK;
}

struct listing {
	struct table *t;
	int json, first;
};

static void
list_one(const struct json *j, int v, void *arg)
{
	struct listing *l = arg;
	const char *raw;
	size_t len;

	if (l->json) {
		raw = json_raw(j, v, &len);
		fputs(l->first ? "" : ",", stdout);
		cli_put_json(stdout, raw, len);
		l->first = 0;
		return;
	}
	table_row(l->t, (const char *[]){j_clean(j, v, "name"), j_clean(j, v, "role"),
			    net_time(j_u64(j, v, "created")), net_time(j_u64(j, v, "expires")),
			    net_time(j_u64(j, v, "last"))});
}

int
cli_token_list(const struct verb *v, int argc, char **argv)
{
	static const char *const cols[] = {"NAME", "ROLE", "CREATED", "EXPIRES", "LAST-USE"};
	struct listing l = {.first = 1};

	if ((l.json = net_options(v, argc, argv, 0, 0, "no word may follow")) == -1)
		return CLI_OK;
	if (l.json)
		printf("{\"tokens\":[");
	else
		l.t = table_new(cols, 5, 1);
	site_list(site_open(), "/v1/tokens?", "tokens", list_one, &l);
	if (l.json)
		printf("]}\n");
	else
		table_print(l.t);
	return CLI_OK;
}

int
cli_token_remove(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 1, 1, "one NAME is needed");
	char path[400], name[200];
	struct answer a;

	if (json == -1)
		return CLI_OK;
	site_escape(argv[optind], name, sizeof(name));
	snprintf(path, sizeof(path), "/v1/tokens/%s", name);
	site_call(site_open(), "DELETE", path, NULL, &a);
	if (json)
		j_print(a.j, 0);
	answer_free(&a);
	return CLI_OK;
}
