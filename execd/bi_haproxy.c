/* haproxy.show and haproxy.server, over the one connected socket. */
#include <stdio.h>
#include <string.h>

#include "execd/bio.h"
#include "execd/framer.h"
#include "execd/hapcsv.h"
#include "execd/hapsock.h"
#include "execd/plan.h"
#include "execd/steps.h"
#include "lib/strutil.h"

static void
hap_start(struct hapsock *h, const struct setup *s)
{
	*h = (struct hapsock){.fd = TOOL_SOCK};
	/* a little before the supervisor would end us, so that there is a reason to read */
	h->until = framer_mono() + (uint64_t)s->start.seconds * 1000 - 300;
}

static int
hap_show(const struct setup *s)
{
	const char *what = ticket_argv(&s->ticket, "what");
	char cmd[64];
	struct hapsock h;
	struct jsonout j;
	struct errmsg e;
	int r = 0;

	hap_start(&h, s);
	snprintf(
	    cmd, sizeof(cmd), "show %s", strcmp(what, "servers") == 0 ? "servers state" : what);
	if (hapsock_last(&h, cmd, &e) == -1)
		return bio_verdict(END_EFFECT, "%s", e.text);
	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	if (strcmp(what, "stat") == 0)
		r = hap_stat(&j, what, h.buf, h.len, &e);
	else if (strcmp(what, "info") == 0)
		r = hap_info(&j, what, h.buf, h.len, &e);
	else if (strcmp(what, "servers") == 0)
		r = hap_servers(&j, what, h.buf, h.len, &e);
	else
		hap_lines(&j, what, h.buf);
	if (r == -1)
		return bio_verdict(END_EFFECT, "%s", e.text);
	jo_end(&j);
	if (bio_data(&j) == -1)
		return bio_verdict(
		    END_EFFECT, "the answer is longer than %d bytes", FRAME_DATA_MAX);
	return 0;
}

/* One server before, as it should be, and after. */
struct change {
	const char *backend, *server;
	const char *state;  /* wanted; NULL as it is */
	const char *weight; /* wanted; NULL as it is */
	unsigned int num;   /* weight as a number */
	struct hap_server before, after;
	char plan[512];
	char digest[8 + 64];
};

static int
read_server(struct hapsock *h, const struct change *c, struct hap_server *to, struct errmsg *e)
{
	char cmd[128];
	int r;

	snprintf(cmd, sizeof(cmd), "show servers state %s", c->backend);
	if (hapsock_ask(h, cmd, e) == -1)
		return -1;
	r = hap_find(h->buf, h->len, c->backend, c->server, to, e);
	return r == 0 ? err_set(e, "No such server.") : r == 1 ? 0 : -1;
}

static void
make_plan(struct change *c)
{
	size_t n = 0;

	if (c->state != NULL && strcmp(c->state, hap_statename(&c->before)) != 0)
		n = (size_t)snprintf(c->plan, sizeof(c->plan), "state %s/%s %s %s\n", c->backend,
		    c->server, hap_statename(&c->before), c->state);
	if (c->weight != NULL && c->num != c->before.weight)
		n += (size_t)snprintf(c->plan + n, sizeof(c->plan) - n, "weight %s/%s %u %u\n",
		    c->backend, c->server, c->before.weight, c->num);
	plan_digest(c->plan, n, c->digest);
}

/* HAProxy says nothing when it obeyed. */
static int
set_one(struct hapsock *h, const struct change *c, const char *what, const char *value,
    struct errmsg *e)
{
	char cmd[256];
	size_t n;

	snprintf(cmd, sizeof(cmd), "set server %s/%s %s %s", c->backend, c->server, what, value);
	if (hapsock_ask(h, cmd, e) == -1)
		return -1;
	n = strspn(h->buf, "\r\n");
	if (h->buf[n] == '\0')
		return 0;
	return err_set(e, "%.*s", (int)strcspn(h->buf + n, "\r\n"), h->buf + n);
}

static int
set_and_read(struct hapsock *h, struct change *c, struct errmsg *e)
{
	if (c->weight != NULL && c->num != c->before.weight &&
	    set_one(h, c, "weight", c->weight, e) == -1)
		return -1;
	if (c->state != NULL && strcmp(c->state, hap_statename(&c->before)) != 0 &&
	    set_one(h, c, "state", c->state, e) == -1)
		return -1;
	if (read_server(h, c, &c->after, e) == -1)
		return -1;
	if (c->state != NULL && strcmp(c->state, hap_statename(&c->after)) != 0)
		return err_set(e, "%s/%s is %s", c->backend, c->server, hap_statename(&c->after));
	if (c->weight != NULL && c->num != c->after.weight)
		return err_set(e, "%s/%s has weight %u", c->backend, c->server, c->after.weight);
	return 0;
}

static void
json_server(struct jsonout *j, const char *name, const struct hap_server *s)
{
	jo_obj(j, name);
	jo_str(j, "state", hap_statename(s));
	jo_u64(j, "weight", s->weight);
	jo_end(j);
}

static int
report(const struct change *c, int applied)
{
	struct jsonout j;

	bio_text(c->plan);
	bio_text("plan ");
	bio_text(c->digest);
	bio_text("\n");
	jo_init(&j, 4096);
	jo_obj(&j, NULL);
	jo_str(&j, "backend", c->backend);
	jo_str(&j, "server", c->server);
	jo_str(&j, "plan", c->digest);
	json_server(&j, "before", &c->before);
	if (applied)
		json_server(&j, "after", &c->after);
	jo_end(&j);
	return bio_data(&j);
}

static int
hap_server(const struct setup *s)
{
	const struct ticket *t = &s->ticket;
	const char *want = ticket_argv(t, "plan");
	struct change c = {.backend = ticket_argv(t, "backend"),
	    .server = ticket_argv(t, "server"),
	    .state = ticket_argv(t, "state"),
	    .weight = ticket_argv(t, "weight")};
	struct hapsock h;
	struct errmsg e;
	uint64_t num = 0;

	if (c.state == NULL && c.weight == NULL)
		return bio_verdict(END_REFUSED, "neither state nor weight is asked for");
	if (c.weight != NULL && str_u64(c.weight, 0, 256, &num) == -1)
		return bio_verdict(END_REFUSED, "weight: not a number from 0 to 256");
	c.num = (unsigned int)num;
	hap_start(&h, s);
	if (hapsock_begin(&h, &e) == -1 || read_server(&h, &c, &c.before, &e) == -1)
		return bio_verdict(END_EFFECT, "%s", e.text);
	make_plan(&c);
	if (want != NULL && strcmp(want, c.digest) != 0)
		return bio_verdict(END_REFUSED, "plan: it is now %s", c.digest);
	if (ticket_isplan(t))
		return report(&c, 0) == -1;
	if (set_and_read(&h, &c, &e) == -1)
		return bio_verdict(END_EFFECT, "%s", e.text);
	if (report(&c, 1) == -1)
		return 1;
	return bio_verdict(END_OK, "%s", "");
}

int
haproxy_prepare(struct work *w, struct errmsg *e)
{
	const char *path = w->in.host.haproxy_socket;
	struct command *c = &w->cmd[0];

	if (*path == '\0')
		return err_set(e, "agent.conf names no haproxy-socket");
	command_init(c, NULL);
	c->builtin = w->in.kind->id == KIND_HAPROXY_SHOW ? hap_show : hap_server;
	w->ncmds = 1;
	c->sock = hapsock_connect(path, e);
	return c->sock == -1 ? -1 : 0;
}
