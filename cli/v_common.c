/* What the verbs on the network share. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/net.h"
#include "lib/valid.h"

int
net_options(const struct verb *v, int argc, char **argv, int min, int max, const char *want)
{
	static const struct option longs[] = {
	    {"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	int ch, json = 0;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return -1;
		}
		json = 1;
	}
	if (argc - optind < min || argc - optind > max)
		cli_usage(v, "%s", want);
	return json;
}

char *
net_hostname(const struct verb *v, const char *word)
{
	char *name = cli_keep(strdup(word)), *p;

	for (p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!valid_hostname(name))
		cli_usage(v, "\"%s\" is not a host name", cli_clean(word));
	return name;
}

char *
net_time(uint64_t t)
{
	char buf[64];

	if (t == 0)
		return cli_keep(strdup("-"));
	if (t > TICKET_TIME_MAX)
		t = TICKET_TIME_MAX;
	time_text(t, buf, sizeof(buf));
	return cli_keep(strdup(buf));
}

const char *
net_dash(const char *s)
{
	return s[0] == '\0' ? "-" : s;
}

char *
net_print(const char *fleet, const struct roster_host *h)
{
	char out[HOSTPRINT_LEN];

	if (h->id[0] == '\0' || h->result[0] == '\0' || h->seal[0] == '\0')
		return cli_keep(strdup("-"));
	hostprint(fleet, h->id, h->name, h->result, h->seal, out);
	return cli_keep(strdup(out));
}

const char *
net_pinned(const struct roster *r, const struct roster_host *h)
{
	struct errmsg e;

	if (roster_agrees(r, h, &e) == -1) {
		warnx(
		    "WARNING: the control plane says that %s. Tickets go by your roster; find out "
		    "why before you change it.",
		    e.text);
		return "DIFFERS";
	}
	return roster_find(r, h->name) != NULL ? "pinned" : "-";
}

const char *
net_fleet(struct site *s, const struct roster *r)
{
	static char fleet[33];
	struct answer a;
	char *said;

	site_call(s, "GET", "/v1/whoami", NULL, &a);
	said = j_str(a.j, 0, "fleet");
	if (!valid_hex(said, JOB_IDLEN))
		errx(CLI_NET, "the control plane's answer has no right \"fleet\"");
	if (r->fleet[0] != '\0' && strcmp(r->fleet, said) != 0)
		errx(CLI_LIES,
		    "the control plane says that it has fleet %s, your roster is of fleet %s (%s)",
		    said, r->fleet, r->path);
	memcpy(fleet, said, sizeof(fleet));
	answer_free(&a);
	return fleet;
}
