/* reeve roster: hosts are pinned when a person has compared their fingerprint, and not before. */
#include <bsd/string.h>
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/net.h"

static struct roster roster;

static void
json_host(struct jsonout *j, const struct roster_host *h)
{
	jo_obj(j, NULL);
	jo_str(j, "name", h->name);
	jo_str(j, "id", h->id);
	jo_str(j, "fingerprint", net_print(roster.fleet, h));
	jo_str(j, "result_key", h->result);
	jo_str(j, "seal_key", h->seal);
	jo_end(j);
}

int
roster_list(const struct verb *v, int argc, char **argv)
{
	static const char *const cols[] = {"HOST", "ID", "FINGERPRINT"};
	struct cli_conf c;
	struct jsonout j;
	struct table *t;
	int json;
	size_t i;

	if ((json = net_options(v, argc, argv, 0, 0, "no word may follow")) == -1)
		return CLI_OK;
	cli_conf_local(&c);
	roster_load(&roster, &c);
	if (json) {
		jo_init(&j, JSON_MAX);
		jo_obj(&j, NULL);
		jo_str(&j, "fleet", roster.fleet);
		jo_arr(&j, "hosts");
		for (i = 0; i < roster.n; i++)
			json_host(&j, &roster.host[i]);
		jo_end(&j);
		jo_end(&j);
		cli_json(&j);
		return CLI_OK;
	}
	t = table_new(cols, 3, 1);
	for (i = 0; i < roster.n; i++)
		table_row(t, (const char *[]){roster.host[i].name, roster.host[i].id,
				 net_print(roster.fleet, &roster.host[i])});
	table_print(t);
	return CLI_OK;
}

int
roster_show(const struct verb *v, int argc, char **argv)
{
	static const char *const cols[] = {"WHAT", "VALUE"};
	const struct roster_host *h;
	struct cli_conf c;
	struct jsonout j;
	struct table *t;
	int json;

	if ((json = net_options(v, argc, argv, 1, 1, "one HOST is needed")) == -1)
		return CLI_OK;
	cli_conf_local(&c);
	roster_load(&roster, &c);
	h = roster_need(&roster, net_hostname(v, argv[optind]));
	if (json) {
		jo_init(&j, CLI_JSON_MAX);
		json_host(&j, h);
		cli_json(&j);
		return CLI_OK;
	}
	t = table_new(cols, 2, 0);
	table_row(t, (const char *[]){"name", h->name});
	table_row(t, (const char *[]){"id", h->id});
	table_row(t, (const char *[]){"fleet", roster.fleet});
	table_row(t, (const char *[]){"fingerprint", net_print(roster.fleet, h)});
	table_row(t, (const char *[]){"result key", h->result});
	table_row(t, (const char *[]){"seal key", h->seal});
	table_print(t);
	return CLI_OK;
}

/* Groups and capitals are for the eye: neither counts. */
static int
same_print(const char *a, const char *b)
{
	for (;;) {
		while (*a == '-' || *a == ' ')
			a++;
		while (*b == '-' || *b == ' ')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return 0;
		if (*a == '\0')
			return 1;
		a++, b++;
	}
}

static int
compare_by_eye(const struct roster_host *h, const char *print)
{
	char line[80];

	printf("host         %s\nid           %s\nfingerprint  %s\n\n", h->name, h->id, print);
	printf("On %s itself, as root, \"reevectl fingerprint\" must show the same.\n"
	       "Type what it shows there, or \"yes\" when you have compared them: ",
	    h->name);
	cli_flush();
	if (fgets(line, sizeof(line), stdin) == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, "yes") == 0 || same_print(line, print);
}

/* What the control plane says of the host; only a person can tell whether it is true. */
static void
ask_host(struct site *s, const char *name, struct roster_host *h)
{
	char path[400];
	struct answer a;

	snprintf(path, sizeof(path), "/v1/hosts/%s", name);
	site_call(s, "GET", path, NULL, &a);
	j_host(a.j, j_sub(a.j, 0, "host", JSON_OBJECT), h);
	answer_free(&a);
	if (strcmp(h->name, name) != 0)
		errx(CLI_LIES, "asked for %s, the control plane speaks of %s", name,
		    cli_clean(h->name));
	if (h->id[0] == '\0' || h->result[0] == '\0')
		errx(CLI_NO,
		    "%s is not enrolled yet: run \"reevectl enroll\" there with its token first",
		    name);
}

/* The host as it is pinned now, in words of TEXT's or as JSON. */
static void
say_host(const char *name, const char *text, int json)
{
	const struct roster_host *h = roster_find(&roster, name);
	struct jsonout j;

	if (!json) {
		printf("%s %s, id %s, fingerprint %s\n", name, text, h->id,
		    net_print(roster.fleet, h));
		return;
	}
	jo_init(&j, CLI_JSON_MAX);
	json_host(&j, h);
	cli_json(&j);
}

static void
pin(struct site *s, const char *name, const char *given, int json)
{
	const char *fleet = net_fleet(s, &roster), *print;
	struct roster_host h;
	struct errmsg e;

	ask_host(s, name, &h);
	if (roster_agrees(&roster, &h, &e) == -1)
		errx(CLI_LIES,
		    "NOT pinned: %s. Was the host made anew? If you know why, \"reeve roster "
		    "remove %s\" first",
		    e.text, name);
	print = net_print(fleet, &h);
	if (roster_find(&roster, name) != NULL) {
		say_host(name, "is pinned already", json);
		return;
	}
	memcpy(roster.fleet, fleet, sizeof(roster.fleet));
	if (given == NULL && !isatty(STDIN_FILENO))
		errx(CLI_NO,
		    "%s: --fingerprint is needed where nobody can be asked: what \"reevectl "
		    "fingerprint\" shows on the host",
		    name);
	if (given != NULL ? !same_print(given, print) : !compare_by_eye(&h, print))
		errx(CLI_NO,
		    "NOT pinned: by what the control plane says, %s has the fingerprint %s. If the "
		    "host itself shows another, the control plane lies",
		    name, print);
	if (roster_add(&roster, &h, &e) == -1)
		errx(CLI_NO, "%s", e.text);
	roster_save(&roster);
	say_host(name, "pinned", json);
}

int
roster_pin(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	    {"json", no_argument, NULL, 'j'}, {"fingerprint", required_argument, NULL, 'f'},
	    {NULL, 0, NULL, 0}};
	const char *given = NULL;
	struct site *s;
	int ch, json = 0;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		if (ch == 'j')
			json = 1;
		else
			given = optarg;
	}
	if (argc - optind != 1)
		cli_usage(v, "one HOST is needed");
	s = site_open();
	roster_load(&roster, &s->conf);
	pin(s, net_hostname(v, argv[optind]), given, json);
	return CLI_OK;
}

int
roster_remove(const struct verb *v, int argc, char **argv)
{
	struct cli_conf c;
	char *name;

	if (net_options(v, argc, argv, 1, 1, "one HOST is needed") == -1)
		return CLI_OK;
	cli_conf_local(&c);
	roster_load(&roster, &c);
	name = net_hostname(v, argv[optind]);
	roster_need(&roster, name);
	roster_drop(&roster, name);
	roster_save(&roster);
	return CLI_OK;
}

/* The host has a new name: id and keys stay what they were, so nothing is believed anew. */
int
roster_rename(const struct verb *v, int argc, char **argv)
{
	struct roster_host h;
	struct cli_conf c;
	struct errmsg e;
	int json;

	if ((json = net_options(v, argc, argv, 2, 2, "HOST and its new NAME are needed")) == -1)
		return CLI_OK;
	cli_conf_local(&c);
	roster_load(&roster, &c);
	h = *roster_need(&roster, net_hostname(v, argv[optind]));
	roster_drop(&roster, h.name);
	strlcpy(h.name, net_hostname(v, argv[optind + 1]), sizeof(h.name));
	if (roster_add(&roster, &h, &e) == -1)
		errx(CLI_NO, "%s", e.text);
	roster_save(&roster);
	say_host(h.name, "is its name now", json);
	return CLI_OK;
}
