/* reevectl fingerprint: this host's identity and keys in a form that two people can compare. */

#include <err.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "proto/jsonout.h"
#include "proto/token.h"

struct identity {
	char id[33], name[254], fleet[33], result[57], seal[45];
};

/* A value of the item into DST; "" when it is not there or does not fit. */
static void
take(const struct imsg *m, const char *key, char *dst, size_t size)
{
	const char *v = ctl_item(m, key);

	if (v != NULL && strlen(v) < size)
		memcpy(dst, v, strlen(v) + 1);
}

static void
take_agent(const struct imsg *m, struct identity *w)
{
	const char *what = ctl_item(m, "what");
	char host[300] = "", *name;

	if (what == NULL || strcmp(what, "agent") != 0)
		return;
	take(m, "host", host, sizeof(host));
	if ((name = strchr(host, ' ')) != NULL) {
		*name++ = '\0';
		snprintf(w->id, sizeof(w->id), "%.32s", host);
		snprintf(w->name, sizeof(w->name), "%.253s", name);
	}
	take(m, "fleet", w->fleet, sizeof(w->fleet));
	take(m, "result_key", w->result, sizeof(w->result));
	take(m, "seal_key", w->seal, sizeof(w->seal));
}

static int
print_json(const struct identity *w, const char *print)
{
	struct jsonout j;
	const char *text;

	jo_init(&j, 4096);
	jo_obj(&j, NULL);
	jo_str(&j, "fingerprint", print);
	jo_str(&j, "name", w->name);
	jo_str(&j, "id", w->id);
	jo_str(&j, "fleet", w->fleet);
	jo_str(&j, "result_key", w->result);
	jo_str(&j, "seal_key", w->seal);
	jo_end(&j);
	if ((text = jo_text(&j)) != NULL)
		puts(text);
	jo_free(&j);
	return text != NULL ? CTL_EXIT_OK : CTL_EXIT_AGENT;
}

int
verb_fingerprint(struct ctl *c, int argc, char **argv)
{
	struct identity w = {.id = ""};
	char print[HOSTPRINT_LEN];
	struct imsg m;
	int end = 0;

	(void)argv;
	if (argc != 1)
		return ctl_usage("fingerprint");
	for (ctl_send(c, MSG_CTL_STATUS, NULL); !end; imsg_free(&m)) {
		ctl_recv(c, &m);
		end = m.type != MSG_CTL_ITEM;
		if (!end)
			take_agent(&m, &w);
	}
	if (w.id[0] == '\0') {
		warnx("this host is not enrolled: run reevectl enroll TOKEN first");
		return CTL_EXIT_REFUSED;
	}
	if (w.result[0] == '\0' || w.seal[0] == '\0') {
		warnx("this host has lost its keys: see reevectl status");
		return CTL_EXIT_REFUSED;
	}
	hostprint(w.fleet, w.id, w.name, w.result, w.seal, print);
	if (c->json)
		return print_json(&w, print);
	printf("%s\n%s %s\nfleet %s\n", print, w.name, w.id, w.fleet);
	return CTL_EXIT_OK;
}
