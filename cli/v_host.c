/* reeve host: the hosts as the control plane knows them. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/net.h"

#define TOKEN_LIFE_MAX (30 * 86400)

static struct roster roster;

/* "any" or "ADDR,ADDR/BITS" as a JSON array; ctld judges each. */
static void
put_allow(struct jsonout *j, char *list)
{
	char *one;

	jo_arr(j, "allow");
	if (strcmp(list, "any") != 0)
		while ((one = strsep(&list, ",")) != NULL)
			jo_str(j, NULL, one);
	jo_end(j);
}

/* "any" for an empty list. */
static char *
allow_text(const struct json *j, int host)
{
	int v = j_sub(j, host, "allow", JSON_ARRAY);
	char *out = NULL, *more, one[64];
	size_t i;

	for (i = 0; i < json_len(j, v); i++) {
		if (json_str(j, json_at(j, v, i), one, sizeof(one)) == -1)
			one[0] = '\0';
		if (asprintf(
			&more, "%s%s%s", out == NULL ? "" : out, out == NULL ? "" : ",", one) == -1)
			err(CLI_CANNOT, NULL);
		free(out);
		out = more;
	}
	return out == NULL ? cli_keep(strdup("any")) : cli_clean(cli_keep(out));
}

static void
host_path(char *buf, size_t size, const char *name, const char *what)
{
	snprintf(buf, size, "/v1/hosts/%s%s%s", name, what[0] == '\0' ? "" : "/", what);
}

/* ---- list ---- */

struct listing {
	struct table *t;
	int json, first;
};

static const char *
state_words(const struct json *j, int v)
{
	return j_bool(j, v, "clone") ? "CLONE" : j_clean(j, v, "state");
}

static void
list_one(const struct json *j, int v, void *arg)
{
	struct listing *l = arg;
	struct roster_host h;
	size_t len;
	const char *raw;

	j_host(j, v, &h);
	if (l->json) {
		raw = json_raw(j, v, &len);
		fputs(l->first ? "" : ",", stdout);
		cli_put_json(stdout, raw, len);
		l->first = 0;
		return;
	}
	table_row(
	    l->t, (const char *[]){cli_clean(h.name), state_words(j, v),
		      net_time(j_u64(j, v, "last_contact")),
		      net_dash(j_clean(j, v, "seen_address")), net_dash(j_clean(j, v, "version")),
		      net_time(j_u64(j, v, "cert_expiry")), net_pinned(&roster, &h)});
}

int
cli_host_list(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	    {"json", no_argument, NULL, 'j'}, {"state", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0}};
	static const char *const cols[] = {
	    "HOST", "STATE", "LAST-CONTACT", "ADDRESS", "VERSION", "CERT-EXPIRY", "ROSTER"};
	struct listing l = {.first = 1};
	char path[200] = "/v1/hosts?", state[100];
	struct site *s;
	int ch;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		if (ch == 'j')
			l.json = 1;
		else {
			site_escape(optarg, state, sizeof(state));
			snprintf(path, sizeof(path), "/v1/hosts?state=%s&", state);
		}
	}
	if (optind != argc)
		cli_usage(v, "no word may follow");
	s = site_open();
	roster_load(&roster, &s->conf);
	if (l.json)
		printf("{\"hosts\":[");
	else
		l.t = table_new(cols, 7, 1);
	site_list(s, path, "hosts", list_one, &l);
	if (l.json)
		printf("]}\n");
	else
		table_print(l.t);
	return CLI_OK;
}

/* ---- one host ---- */

static void
show_beat(const struct json *j, int v, struct table *t)
{
	int beat = j_sub(j, v, "beat", JSON_OBJECT), tags = json_get(j, beat, "tags");
	char key[100], what[120], *value;
	size_t i, len;

	for (i = 0; i < json_len(j, tags); i++) {
		if (json_key(j, tags, i, key, sizeof(key)) == -1 ||
		    (value = json_strdup(j, json_at(j, tags, i), &len)) == NULL)
			continue;
		snprintf(what, sizeof(what), "tag %s", cli_clean(key));
		table_row(t, (const char *[]){what, cli_clean(cli_keep(value))});
	}
}

static void
show_table(const struct json *j, int v)
{
	static const char *const cols[] = {"WHAT", "VALUE"};
	struct table *t = table_new(cols, 2, 0);
	struct roster_host h;

	j_host(j, v, &h);
	table_row(t, (const char *[]){"name", cli_clean(h.name)});
	table_row(t, (const char *[]){"state", state_words(j, v)});
	table_row(t, (const char *[]){"id", net_dash(cli_clean(h.id))});
	table_row(t, (const char *[]){"allowed from", allow_text(j, v)});
	table_row(t,
	    (const char *[]){"identity", j_bool(j, v, "bearer") ? "bearer secret" : "certificate"});
	table_row(t, (const char *[]){"certificate until", net_time(j_u64(j, v, "cert_expiry"))});
	table_row(t, (const char *[]){"created", net_time(j_u64(j, v, "created"))});
	table_row(t, (const char *[]){"last contact", net_time(j_u64(j, v, "last_contact"))});
	table_row(t, (const char *[]){"seen from", net_dash(j_clean(j, v, "seen_address"))});
	table_row(t, (const char *[]){"version", net_dash(j_clean(j, v, "version"))});
	show_beat(j, v, t);
	table_row(t, (const char *[]){"result key", net_dash(cli_clean(h.result))});
	table_row(t, (const char *[]){"seal key", net_dash(cli_clean(h.seal))});
	if (roster.fleet[0] != '\0')
		table_row(t, (const char *[]){"fingerprint", net_print(roster.fleet, &h)});
	table_row(t, (const char *[]){"roster", net_pinned(&roster, &h)});
	table_print(t);
}

/* The {"host":H} of an answer. */
static int
show_answer(const struct answer *a, int json)
{
	int v = j_sub(a->j, 0, "host", JSON_OBJECT);

	if (json)
		j_print(a->j, v);
	else
		show_table(a->j, v);
	return CLI_OK;
}

int
cli_host_show(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 1, 1, "one HOST is needed");
	struct answer a;
	char path[400];
	struct site *s;

	if (json == -1)
		return CLI_OK;
	host_path(path, sizeof(path), net_hostname(v, argv[optind]), "");
	s = site_open();
	roster_load(&roster, &s->conf);
	memcpy(roster.fleet, net_fleet(s, &roster), sizeof(roster.fleet));
	site_call(s, "GET", path, NULL, &a);
	show_answer(&a, json);
	answer_free(&a);
	return CLI_OK;
}

/* POST /v1/hosts/NAME/WHAT with BODY; shows the host as it then is, quietly without --json. */
static int
change(struct site *s, const char *name, const char *what, struct jsonout *body, int json)
{
	struct answer a;
	char path[400];

	host_path(path, sizeof(path), name, what);
	site_call(s, "POST", path, jo_text(body), &a);
	jo_free(body);
	if (json)
		show_answer(&a, 1);
	answer_free(&a);
	return CLI_OK;
}

static void
empty_body(struct jsonout *j)
{
	jo_init(j, CLI_JSON_MAX);
	jo_obj(j, NULL);
	jo_end(j);
}

int
cli_host_rename(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 2, 2, "HOST and its new NAME are needed"), rv;
	const char *old, *new;
	struct jsonout j;

	if (json == -1)
		return CLI_OK;
	old = net_hostname(v, argv[optind]);
	new = net_hostname(v, argv[optind + 1]);
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "name", new);
	jo_end(&j);
	rv = change(site_open(), old, "rename", &j, json);
	warnx("now on the host: \"hostname %s\" in agent.conf; and here: reeve roster rename %s %s",
	    new, old, new);
	return rv;
}

int
cli_host_allow(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 2, 2, "HOST and ADDR,... or \"any\" are needed");
	struct jsonout j;

	if (json == -1)
		return CLI_OK;
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	put_allow(&j, argv[optind + 1]);
	jo_end(&j);
	return change(site_open(), net_hostname(v, argv[optind]), "allow", &j, json);
}

static int
plain_change(const struct verb *v, int argc, char **argv, const char *what)
{
	int json = net_options(v, argc, argv, 1, 1, "one HOST is needed");
	struct jsonout j;

	if (json == -1)
		return CLI_OK;
	empty_body(&j);
	return change(site_open(), net_hostname(v, argv[optind]), what, &j, json);
}

int
cli_host_revoke(const struct verb *v, int argc, char **argv)
{
	return plain_change(v, argc, argv, "revoke");
}

int
cli_host_unclone(const struct verb *v, int argc, char **argv)
{
	return plain_change(v, argc, argv, "unclone");
}

int
cli_host_maintenance(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 2, 2, "HOST and \"on\" or \"off\" are needed"), on;
	struct jsonout j;

	if (json == -1)
		return CLI_OK;
	on = strcmp(argv[optind + 1], "on") == 0;
	if (!on && strcmp(argv[optind + 1], "off") != 0)
		cli_usage(v, "must be \"on\" or \"off\", not \"%s\"", argv[optind + 1]);
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_bool(&j, "on", on);
	jo_end(&j);
	return change(site_open(), net_hostname(v, argv[optind]), "maintenance", &j, json);
}

int
cli_host_remove(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 1, 1, "one HOST is needed");
	struct answer a;
	char path[400];

	if (json == -1)
		return CLI_OK;
	host_path(path, sizeof(path), net_hostname(v, argv[optind]), "");
	site_call(site_open(), "DELETE", path, NULL, &a);
	if (json)
		j_print(a.j, 0);
	answer_free(&a);
	return CLI_OK;
}

/* ---- tokens of enrolment: on standard output the token alone, once ---- */

struct adding {
	char *allow;
	uint64_t expires;
	int bearer, json;
};

static int
add_options(const struct verb *v, int argc, char **argv, struct adding *d)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	    {"json", no_argument, NULL, 'j'}, {"allow", required_argument, NULL, 'a'},
	    {"expires", required_argument, NULL, 'e'}, {"bearer", no_argument, NULL, 'b'},
	    {NULL, 0, NULL, 0}};
	int ch;

	d->expires = 86400;
	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		switch (ch) {
		case 'h':
			cli_help(v);
			return -1;
		case 'j':
			d->json = 1;
			break;
		case 'a':
			d->allow = optarg;
			break;
		case 'b':
			d->bearer = 1;
			break;
		default:
			d->expires = cli_span(v, "--expires", optarg, TOKEN_LIFE_MAX);
			break;
		}
	}
	if (argc - optind != 1)
		cli_usage(v, "one HOST is needed");
	return 0;
}

static int
print_token(struct answer *a, const struct adding *d, const char *name)
{
	if (d->json)
		j_print(a->j, 0);
	else {
		printf("%s\n", j_clean(a->j, 0, "token"));
		cli_flush();
		warnx("shown once; on %s, as root, within %llu hours: reevectl enroll", name,
		    (unsigned long long)(d->expires + 3599) / 3600);
	}
	answer_free(a);
	return CLI_OK;
}

int
cli_host_add(const struct verb *v, int argc, char **argv)
{
	struct adding d = {.allow = NULL};
	struct answer a;
	struct jsonout j;
	char *name;

	if (add_options(v, argc, argv, &d) == -1)
		return CLI_OK;
	if (d.allow == NULL)
		cli_usage(v, "--allow is missing: the addresses that the host calls from, or any");
	name = net_hostname(v, argv[optind]);
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "name", name);
	put_allow(&j, d.allow);
	jo_bool(&j, "bearer", d.bearer);
	jo_u64(&j, "expires", d.expires);
	jo_end(&j);
	site_call(site_open(), "POST", "/v1/hosts", jo_text(&j), &a);
	jo_free(&j);
	return print_token(&a, &d, name);
}

int
cli_host_secret(const struct verb *v, int argc, char **argv)
{
	struct adding d = {.allow = NULL};
	struct answer a;
	struct jsonout j;
	char path[400], *name;

	if (add_options(v, argc, argv, &d) == -1)
		return CLI_OK;
	if (d.allow != NULL || d.bearer)
		cli_usage(v, "--allow and --bearer belong to \"reeve host add\"");
	name = net_hostname(v, argv[optind]);
	host_path(path, sizeof(path), name, "secret");
	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_u64(&j, "expires", d.expires);
	jo_end(&j);
	site_call(site_open(), "POST", path, jo_text(&j), &a);
	jo_free(&j);
	return print_token(&a, &d, name);
}
