/*
 * The child of `reevectl enroll`: as _reeve and confined, it makes the TLS key and the request, and
 * calls the control plane. The one-use secret does not leave it: a MAC by its hash does.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/enroll.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "net/httpc.h"
#include "proto/api.h"
#include "version.h"

#define CONNECT_MS 15000
#define SETUP_MS   15000
#define ANSWER_MS  30000
#define CHAIN_MAX  65536
#define BUNDLE_MAX (4UL * 1024 * 1024)

struct call {
	const struct enroll_in *in;
	struct enroll_out *out;
	char where[280]; /* "host:port", with brackets where they must be */
};

static int give_up(struct call *c, int exit_status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Always -1. */
static int
give_up(struct call *c, int exit_status, const char *fmt, ...)
{
	struct errmsg e;
	char text[ERRMSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(&e, "%s", text);
	c->out->exit = exit_status;
	memcpy(c->out->words, e.text, sizeof(c->out->words));
	return -1;
}

static void
set_where(struct call *c)
{
	const struct url *u = &c->in->token.url;
	int six = strchr(u->host, ':') != NULL;

	snprintf(c->where, sizeof(c->where), u->port == 443 ? "%s%s%s" : "%s%s%s:%u",
	    six ? "[" : "", u->host, six ? "]" : "", u->port);
}

/* A connected socket to the control plane, or to the proxy that agent.conf names. -1 with E. */
static int
reach(const struct enroll_in *in, struct errmsg *e)
{
	const char *colon = strrchr(in->proxy, ':');
	char host[254];
	uint64_t port;
	size_t n;
	int fd;

	if (in->proxy[0] == '\0')
		return simple_connect(in->token.url.host, in->token.url.port, CONNECT_MS, e);
	if (colon == NULL || str_u64(colon + 1, 1, 65535, &port) == -1)
		return err_set(e, "agent.conf: proxy %s: must be HOST:PORT", in->proxy);
	n = (size_t)(colon - in->proxy);
	if (n > 2 && in->proxy[0] == '[' && in->proxy[n - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)n - 2, in->proxy + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)n, in->proxy);
	if ((fd = simple_connect(host, (uint16_t)port, CONNECT_MS, e)) == -1)
		(void)err_prefix(e, "the proxy %s", in->proxy);
	return fd;
}

/* A connection of a kind; NULL after give_up(). */
static struct httpc *
dial(struct call *c, const struct netconf *conf)
{
	struct httpc_in hi = {.conf = conf,
	    .host = c->where,
	    .agent = "reevectl/" REEVE_VERSION,
	    .setup_ms = SETUP_MS};
	const struct url *u = &c->in->token.url;
	struct httpc *h;
	struct errmsg e;
	char to[300];

	if (c->in->proxy[0] != '\0') {
		snprintf(to, sizeof(to), strchr(u->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
		    u->host, u->port);
		hi.proxy_to = to;
	}
	if ((hi.fd = reach(c->in, &e)) == -1) {
		give_up(c, CTL_EXIT_AGENT, "%s: no control plane can be reached there: %s",
		    c->where, e.text);
		return NULL;
	}
	if ((h = httpc_new(&hi, &e)) == NULL)
		give_up(c, CTL_EXIT_AGENT, "%s: %s", c->where, e.text);
	return h;
}

/* ---- the first look: whose chain is it ---- */

static void
handshake(struct httpc *h)
{
	size_t len;

	while (httpc_events(h) != 0 && httpc_chain(h, &len) == NULL) {
		struct pollfd p = {.fd = httpc_fd(h), .events = httpc_events(h)};
		uint64_t now = net_now(), end = httpc_deadline(h);

		(void)poll(&p, 1, end > now ? (int)(end - now > 1000 ? 1000 : end - now) : 0);
		httpc_run(h);
	}
}

static int
chain_ca(struct call *c, struct httpc *h, char ca[ENROLL_PEM + 1])
{
	const uint8_t *chain;
	const char *why;
	unsigned int found;
	size_t len;

	handshake(h);
	if ((chain = httpc_chain(h, &len)) == NULL) {
		httpc_fault(h, &why);
		return give_up(c, CTL_EXIT_AGENT, "%s: %s", c->where,
		    *why != '\0' ? why : "the TLS handshake did not end");
	}
	if (len > CHAIN_MAX || enroll_chain_find(chain, len, c->in->token.ca, ca, &found) == -1)
		return give_up(c, CTL_EXIT_REFUSED,
		    "%s: wrong CA: none of the certificates that it shows is the one that the "
		    "token "
		    "names. Either the token is of another control plane, or somebody stands in "
		    "between: nothing was sent",
		    c->where);
	return 0;
}

/* Nothing is sent on this connection, and nothing of it is believed but what the hash proves. */
static int
first_look(struct call *c, char ca[ENROLL_PEM + 1])
{
	struct netconf_in ni = {.name = c->in->token.url.host, .no_verify = 1};
	struct netconf *conf;
	struct errmsg e;
	struct httpc *h;
	int rv = -1;

	if ((conf = netconf_new(&ni, &e)) == NULL)
		return give_up(c, CTL_EXIT_AGENT, "TLS: %s", e.text);
	if ((h = dial(c, conf)) != NULL) {
		rv = chain_ca(c, h, ca);
		httpc_free(h);
	}
	netconf_free(conf);
	return rv;
}

/* ---- the call ---- */

/* What an error of ctld's means for who typed the command. */
static int
refused(struct call *c, int status, const char *code, const char *message)
{
	static const struct {
		const char *code, *words;
	} known[] = {
	    {"unauthorized",
		"this token is not known there, or its secret is another: \"reeve host "
		"secret NAME\" prints a new one"},
	    {"gone", "this token was used or has expired: \"reeve host secret NAME\" prints a new "
		     "one"},
	    {"hostname_mismatch",
		"the token is for another host name than this one: see --hostname, "
		"or \"reeve host rename\""},
	    {"address_not_allowed", "this host's address is not among those allowed: \"reeve host "
				    "allow\" changes them"},
	    {"address_unknown", "the proxy in front of it does not say whose call this is"},
	    {"revoked", "this host was revoked"},
	    {"protocol_too_old", "the control plane wants a newer reeve"},
	    {"unavailable", "not now: try again in a minute"},
	    {"too_many", "too many calls: try again in a minute"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].code, code) == 0)
			return give_up(c, CTL_EXIT_REFUSED, "%s: refused (%s): %s", c->where, code,
			    known[i].words);
	return give_up(
	    c, CTL_EXIT_REFUSED, "%s: refused (%d %s): %s", c->where, status, code, message);
}

static int
judge_answer(struct call *c, const struct simple_answer *a, struct api_enrolled *m)
{
	char code[65], message[257];
	struct errmsg e;

	if (a->head.reeve[0] == '\0')
		return give_up(c, CTL_EXIT_AGENT,
		    "%s: a server answers there (HTTP %d), but it is not a reeve control plane: is "
		    "the URL's port or path another?",
		    c->where, a->head.status);
	if (a->head.status == 200) {
		if (api_enrolled_get(m, a->body, a->len, &e) == 0)
			return 0;
		return give_up(
		    c, CTL_EXIT_AGENT, "%s: its answer cannot be used: %s", c->where, e.text);
	}
	if (api_error_get(code, message, a->body, a->len) == -1)
		return give_up(c, CTL_EXIT_AGENT, "%s: answers HTTP %d without a reason", c->where,
		    a->head.status);
	return refused(c, a->head.status, code, message);
}

static char *
body(struct call *c, const char *csr)
{
	const struct enroll_in *in = c->in;
	struct api_enroll *m = calloc(1, sizeof(*m));
	uint8_t h[32];
	char *json;

	if (m == NULL)
		return NULL;
	token_hash(in->token.secret, h);
	token_id(h, m->token);
	token_mac(h, csr, strlen(csr), m->mac);
	sodium_memzero(h, sizeof(h));
	snprintf(m->hostname, sizeof(m->hostname), "%s", in->hostname);
	snprintf(m->csr, sizeof(m->csr), "%s", csr);
	snprintf(m->machine, sizeof(m->machine), "%s", in->machine);
	snprintf(m->version, sizeof(m->version), "%s", REEVE_VERSION);
	snprintf(m->result_key, sizeof(m->result_key), "%s", in->result_key);
	snprintf(m->seal_key, sizeof(m->seal_key), "%s", in->seal_key);
	json = api_enroll_put(m);
	free(m);
	return json;
}

static int
call(struct call *c, struct httpc *h, const char *json, struct api_enrolled *m)
{
	char path[300], headers[320];
	struct httpc_req r = {.method = "POST",
	    .path = path,
	    .headers = headers,
	    .body = json,
	    .bodylen = strlen(json),
	    .body_max = API_BODY_MAX,
	    .head_ms = ANSWER_MS};
	struct simple_answer a;
	enum net_fault fault;
	struct errmsg e;
	int rv;

	snprintf(path, sizeof(path), "%s/agent/v1/enroll", c->in->token.url.prefix);
	snprintf(headers, sizeof(headers), "Host-Name: %s\r\nReeve: " API_VERSION "\r\n",
	    c->in->hostname);
	if (simple_call(h, &r, &a, &fault, &e) == -1)
		return give_up(c, CTL_EXIT_AGENT, "%s: %s%s", c->where, e.text,
		    fault == NETF_TLS ? "; nothing was sent" : "");
	rv = judge_answer(c, &a, m);
	sodium_memzero(a.body, a.len);
	free(a.body);
	return rv;
}

static int
take(struct call *c, const struct api_enrolled *m)
{
	struct enroll_out *o = c->out;

	if (strcasecmp(m->host_name, c->in->hostname) != 0)
		return give_up(c, CTL_EXIT_REFUSED, "%s: it enrolled %s, and this host is %s",
		    c->where, m->host_name, c->in->hostname);
	snprintf(o->fleet, sizeof(o->fleet), "%s", m->fleet);
	snprintf(o->host_id, sizeof(o->host_id), "%s", m->host_id);
	snprintf(o->host_name, sizeof(o->host_name), "%s", c->in->hostname);
	snprintf(o->cert, sizeof(o->cert), "%s", m->cert);
	snprintf(o->bearer, sizeof(o->bearer), "%s", m->bearer);
	snprintf(o->online_key, sizeof(o->online_key), "%s", m->online_key);
	o->exit = CTL_EXIT_OK;
	return 0;
}

/* By open(2): openat2(2) is not in the filter, and Landlock holds this process to such places. */
static char *
read_bundle(size_t *len, struct errmsg *e)
{
	int fd = open(ENROLL_BUNDLE, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *buf = NULL;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		err_errno(e, "%s", ENROLL_BUNDLE);
	else if (st.st_uid != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 022) != 0)
		err_set(e, "%s: is not a file that only root can write", ENROLL_BUNDLE);
	else if (fd_slurp(fd, BUNDLE_MAX, &buf, len, e) == -1)
		err_prefix(e, "%s", ENROLL_BUNDLE);
	if (fd != -1)
		close(fd);
	return buf;
}

/* Over a connection that is verified whole, with what the token pins. */
static int
enrol(struct call *c, const char *csr, const char *ca, size_t calen)
{
	struct netconf_in ni = {.name = c->in->token.url.host, .ca = ca, .calen = calen};
	struct api_enrolled *m = calloc(1, sizeof(*m));
	char *json = body(c, csr);
	struct netconf *conf = NULL;
	struct httpc *h = NULL;
	struct errmsg e;
	int rv = -1;

	if (m == NULL || json == NULL)
		give_up(c, CTL_EXIT_AGENT, "no memory for the request");
	else if ((conf = netconf_new(&ni, &e)) == NULL)
		give_up(c, CTL_EXIT_AGENT, "TLS: %s", e.text);
	else if ((h = dial(c, conf)) != NULL && (rv = call(c, h, json, m)) == 0)
		rv = take(c, m);
	httpc_free(h);
	netconf_free(conf);
	if (m != NULL)
		sodium_memzero(m, sizeof(*m));
	free(m);
	free(json);
	return rv;
}

void
enroll_work(const struct enroll_in *in, struct enroll_out *out)
{
	struct call c = {.in = in, .out = out};
	char *key = NULL, *csr = NULL, *bundle = NULL;
	struct errmsg e;
	size_t len = 0;

	set_where(&c);
	if (enroll_key_make(in->hostname, &key, &csr, &e) == -1)
		give_up(&c, CTL_EXIT_AGENT, "%s", e.text);
	else if (in->token.bundle && (bundle = read_bundle(&len, &e)) == NULL)
		give_up(&c, CTL_EXIT_AGENT, "%s", e.text);
	else if (in->token.bundle)
		enrol(&c, csr, bundle, len);
	else if (first_look(&c, out->ca) == 0)
		enrol(&c, csr, out->ca, strlen(out->ca));
	if (key != NULL) {
		snprintf(out->key, sizeof(out->key), "%s", key);
		sodium_memzero(key, strlen(key));
	}
	free(key);
	free(csr);
	free(bundle);
}

void
enroll_child(const struct enroll_in *in, int fd)
{
	static struct enroll_out out;
	struct errmsg e;
	int rv;

	if (enroll_confine(&e) == -1) {
		out.exit = CTL_EXIT_AGENT;
		memcpy(out.words, e.text, sizeof(out.words));
	} else
		enroll_work(in, &out);
	rv = enroll_send(fd, &out);
	sodium_memzero(&out, sizeof(out));
	_exit(rv == 0 ? 0 : 1);
}
