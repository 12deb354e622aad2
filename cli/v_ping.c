/*
 * reeve ping: a signed round trip to each host, and what the control plane knows of those that are
 * silent. The answer counts when the pinned host signed it; all else in the table is ctld's word.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"

#define PING_TIMEOUT  10  /* seconds */
#define PING_VALIDITY 120 /* for hosts that are slow to come */

static struct ask ask;

/* What ctld says of one host. */
struct known {
	const struct roster_host *h;
	const char *state, *version;
	uint64_t contact, expiry;
	int clone;
};

static struct known *known;
static uint64_t began;

static void
ask_known(struct known *k)
{
	struct roster_host said;
	char path[400];
	struct answer a;
	struct errmsg e;
	int v;

	snprintf(path, sizeof(path), "/v1/hosts/%s", k->h->name);
	k->state = k->version = "";
	site_ask(ask.fan.s, "GET", path, NULL, &a);
	if (a.code == API_ERR_NOT_FOUND) {
		k->state = "unknown";
		return;
	}
	if (a.code != API_OK) {
		site_say_error(ask.fan.s, &a);
		exit(CLI_SAID);
	}
	v = j_sub(a.j, 0, "host", JSON_OBJECT);
	j_host(a.j, v, &said);
	if (strcmp(said.name, k->h->name) != 0 || roster_agrees(&ask.roster, &said, &e) == -1)
		errx(CLI_LIES, "the control plane says of %s what is not pinned: %s", k->h->name,
		    strcmp(said.name, k->h->name) != 0 ? "another name" : e.text);
	k->state = j_clean(a.j, v, "state");
	k->version = j_clean(a.j, v, "version");
	k->contact = j_u64(a.j, v, "last_contact");
	k->expiry = j_u64(a.j, v, "cert_expiry");
	k->clone = j_bool(a.j, v, "clone");
	answer_free(&a);
}

static const struct known *
known_of(const struct run *r)
{
	size_t i;

	for (i = 0; i < ask.fan.nruns; i++)
		if (known[i].h != NULL && strcmp(known[i].h->name, r->name) == 0)
			return &known[i];
	errx(CLI_CANNOT, "%s: nobody asked for it", r->name);
}

/* Nobody waits for a host that does not even heartbeat. */
static int
is_silent(const struct run *r)
{
	return strcmp(known_of(r)->state, "online") != 0;
}

static const char *
status(const struct run *r, const struct known *k)
{
	switch (r->verdict) {
	case VD_TRUE:
		return r->result.end == END_OK ? "ok" : report_words(r);
	case VD_NONE:
		return k->clone ? "CLONE" : is_silent(r) ? k->state : "no answer";
	case VD_LIES:
		return "LIES";
	default:
		return r->state;
	}
}

/* The host's own "version X", signed; ctld's word without. */
static const char *
version(const struct run *r, const struct known *k)
{
	static const char word[] = "version ";
	const char *p = r->out.p;
	char *one;

	if (r->verdict != VD_TRUE || p == NULL || strncmp(p, word, sizeof(word) - 1) != 0)
		return net_dash(k->version);
	p += sizeof(word) - 1;
	if ((one = strndup(p, strcspn(p, "\n"))) == NULL)
		err(CLI_CANNOT, NULL);
	return cli_clean(cli_keep(one));
}

static void
rtt(const struct run *r, char *buf, size_t size)
{
	if (r->verdict == VD_TRUE)
		snprintf(buf, size, "%llu ms", (unsigned long long)(r->ended_ms - began));
	else
		snprintf(buf, size, "-");
}

static void
print_table(void)
{
	static const char *const cols[] = {
	    "HOST", "STATUS", "RTT", "LAST-CONTACT", "CERT-EXPIRY", "VERSION"};
	struct table *t = table_new(cols, 6, 1);
	char ms[32];
	size_t i;

	for (i = 0; i < ask.fan.nruns; i++) {
		const struct run *r = &ask.fan.run[i];
		const struct known *k = known_of(r);

		rtt(r, ms, sizeof(ms));
		table_row(t, (const char *[]){r->name, status(r, k), ms, net_time(k->contact),
				 net_time(k->expiry), version(r, k)});
	}
	table_print(t);
	for (i = 0; i < ask.fan.nruns; i++)
		if (ask.fan.run[i].verdict == VD_LIES)
			warnx(
			    "WARNING: %s: %s", ask.fan.run[i].name, report_words(&ask.fan.run[i]));
}

static void
print_json(void)
{
	struct jsonout j;
	size_t i;

	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_arr(&j, "hosts");
	for (i = 0; i < ask.fan.nruns; i++) {
		const struct run *r = &ask.fan.run[i];
		const struct known *k = known_of(r);

		jo_obj(&j, NULL);
		jo_str(&j, "host", r->name);
		jo_str(&j, "status", status(r, k));
		if (r->verdict == VD_TRUE)
			jo_u64(&j, "rtt_ms", r->ended_ms - began);
		else
			jo_null(&j, "rtt_ms");
		jo_u64(&j, "last_contact", k->contact);
		jo_u64(&j, "cert_expiry", k->expiry);
		jo_str(&j, "version", version(r, k));
		jo_str(&j, "words", report_words(r));
		jo_end(&j);
	}
	jo_end(&j);
	jo_end(&j);
	cli_json(&j);
}

/* What nobody answered must not be answered later. Says nothing when it cannot be. */
static void
withdraw(void)
{
	struct jsonout j;
	struct answer a;
	char path[100];
	size_t i, k, n;

	for (i = 0; i < ask.fan.ntasks; i++) {
		const struct task *t = &ask.fan.task[i];

		jo_init(&j, CLI_JSON_MAX);
		jo_obj(&j, NULL);
		jo_arr(&j, "hosts");
		for (n = 0, k = t->first; k < t->first + t->n; k++)
			if (ask.fan.run[k].verdict == VD_NONE && ++n > 0)
				jo_str(&j, NULL, ask.fan.run[k].name);
		jo_end(&j);
		jo_end(&j);
		snprintf(path, sizeof(path), "/v1/jobs/%s/cancel", t->id);
		if (n > 0) {
			site_ask(ask.fan.s, "POST", path, jo_text(&j), &a);
			answer_free(&a);
		}
		jo_free(&j);
	}
}

static int
ping_exit(int rc)
{
	int ok = 1, lies = 0;
	size_t i;

	for (i = 0; i < ask.fan.nruns; i++) {
		const struct run *r = &ask.fan.run[i];

		ok &= r->verdict == VD_TRUE && r->result.end == END_OK;
		lies |= r->verdict == VD_LIES;
	}
	return lies ? CLI_LIES : rc == CLI_STOPPED ? rc : ok ? CLI_OK : CLI_NO;
}

int
cli_ping(const struct verb *v, int argc, char **argv)
{
	const struct roster_host **host;
	size_t n, i;
	int rc;

	ask_options(v, &ask, argc, argv);
	if (ask.help) {
		cli_help(v);
		return CLI_OK;
	}
	if (optind == argc)
		cli_usage(v, "at least one HOST is needed");
	n = (size_t)(argc - optind);
	if (ask.timeout == 0)
		ask.timeout = PING_TIMEOUT;
	ask.draft.valid = PING_VALIDITY;
	ask.draft.t.kind = kind_byname("agent.ping");
	ask_open(&ask);
	if (ask.order.nkeys == 0 && ask.fan.s->conf.key == NULL)
		ask.order.online = 1;
	host = ask_hosts(v, &ask, argv + optind, n);
	known = cli_keep(calloc(n, sizeof(*known)));
	for (i = 0; i < n; i++) {
		known[i].h = host[i];
		ask_known(&known[i]);
	}
	if (ask.order.online)
		order_online(v, &ask.draft);
	order_make(v, &ask.fan, &ask.draft, &ask.roster, host, n);
	began = net_now();
	order_submit(&ask.fan, &ask.order, &ask.draft);
	ask.fan.show = SHOW_KEEP;
	ask.fan.enough = is_silent;
	rc = fan_follow(&ask.fan);
	if (ask.json)
		print_json();
	else
		print_table();
	cli_flush();
	withdraw();
	return ping_exit(rc);
}
