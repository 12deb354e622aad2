/* What a person is told when nothing comes: why a host is not at it, as far as ctld knows. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/net.h"
#include "cli/run.h"

/* 1 when the kinds of the newest heartbeat are there and lack KIND. */
static int
takes_not(const struct json *j, int host, const char *kind)
{
	int list = json_get(j, j_sub(j, host, "beat", JSON_OBJECT), "kinds");
	size_t i, n = json_len(j, list);
	char one[64];

	for (i = 0; i < n; i++)
		if (json_str(j, json_at(j, list, i), one, sizeof(one)) == 0 &&
		    strcmp(one, kind) == 0)
			return 0;
	return n > 0;
}

static void
explain(struct fan *f, const struct run *r)
{
	char path[400], *state;
	struct answer a;
	int v;

	snprintf(path, sizeof(path), "/v1/hosts/%s", r->name);
	site_ask(f->s, "GET", path, NULL, &a);
	if (a.code == API_OK && a.j != NULL) {
		v = j_sub(a.j, 0, "host", JSON_OBJECT);
		state = j_clean(a.j, v, "state");
		if (strcmp(state, "online") != 0)
			warnx("%s is %s, last contact %s: the job waits for it until %s", r->name,
			    state, net_time(j_u64(a.j, v, "last_contact")),
			    net_time(r->task->t->notafter));
		else if (takes_not(a.j, v, r->task->kind->name))
			warnx("%s: its policy takes no job of kind %s, so it will not come for it: "
			      "see policy.conf there, and reeve job cancel %s",
			    r->name, r->task->kind->name, r->task->id);
	}
	answer_free(&a);
}

void
fan_explain(struct fan *f)
{
	size_t i, told = 0;

	for (i = 0; i < f->nruns && told < FAN_EXPLAIN; i++) {
		const struct run *r = &f->run[i];

		if (r->told || r->final || r->got + r->have > 0)
			continue;
		explain(f, r);
		told++;
	}
}
