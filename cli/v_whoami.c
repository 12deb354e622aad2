/* reeve whoami: that the way to the control plane works, and who the operator is there. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/net.h"

#define CLOCK_SLACK 60 /* seconds; hosts refuse tickets that are 300 off */

static void
check_clock(uint64_t there)
{
	int64_t off = (int64_t)there - (int64_t)time(NULL);

	if (off > CLOCK_SLACK || off < -CLOCK_SLACK)
		warnx("this machine's clock and the control plane's are %lld s apart; tickets are "
		      "made by this one",
		    (long long)(off < 0 ? -off : off));
}

int
cli_whoami(const struct verb *v, int argc, char **argv)
{
	static const char *const cols[] = {"WHAT", "VALUE"};
	static struct roster r;
	struct site *s;
	struct answer a;
	struct table *t;
	int json, rv = CLI_OK;

	if ((json = net_options(v, argc, argv, 0, 0, "no word may follow")) == -1)
		return CLI_OK;
	s = site_open();
	roster_load(&r, &s->conf);
	site_call(s, "GET", "/v1/whoami", NULL, &a);
	if (json)
		j_print(a.j, 0);
	else {
		t = table_new(cols, 2, 0);
		table_row(t, (const char *[]){"name", j_clean(a.j, 0, "name")});
		table_row(t, (const char *[]){"role", j_clean(a.j, 0, "role")});
		table_row(t, (const char *[]){"control plane", s->conf.urltext});
		table_row(t, (const char *[]){"version", j_clean(a.j, 0, "version")});
		table_row(t, (const char *[]){"fleet", j_clean(a.j, 0, "fleet")});
		table_row(t, (const char *[]){"its time", net_time(j_u64(a.j, 0, "server_time"))});
		table_row(t, (const char *[]){"online key", j_clean(a.j, 0, "online_key")});
		table_row(t, (const char *[]){"CA sha256", j_clean(a.j, 0, "ca_sha256")});
		table_print(t);
	}
	check_clock(j_u64(a.j, 0, "server_time"));
	if (r.fleet[0] != '\0' && strcmp(r.fleet, j_str(a.j, 0, "fleet")) != 0) {
		warnx("WARNING: your roster (%s) is of another fleet: %s", r.path, r.fleet);
		rv = CLI_LIES;
	}
	answer_free(&a);
	roster_free(&r);
	return rv;
}
