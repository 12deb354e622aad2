/*
 * Calls to the control plane over one connection. What can go wrong is told apart: it is not there,
 * it is not who the CA says, it is no reeve, it says no.
 */
#include <err.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/site.h"
#include "version.h"

#define CA_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define CA_MAX	  (4 * 1024 * 1024)
#define SETUP_MS  10000
#define ANSWER_MS 30000
#define PAGES	  100000 /* of one list: an endless one is no list */
#define FIELDS	  "Reeve: " API_VERSION "\r\nAccept: application/json\r\n"

static void
load_ca(struct site *s)
{
	const char *ca = s->conf.ca;
	struct netconf_in in = {.name = s->conf.url.host};
	struct errmsg e;
	char *pem;

	if (strcmp(ca, "bundle") == 0)
		ca = CA_BUNDLE;
	pem = cli_read_own(ca, "whom reeve trusts", 022, CA_MAX, &in.calen);
	in.ca = pem;
	if ((s->nc = netconf_new(&in, &e)) == NULL)
		errx(CLI_NO, "%s: %s", ca, e.text);
	free(pem);
}

static struct site the_site;

void
site_wipe(void)
{
	sodium_memzero(the_site.conf.token, sizeof(the_site.conf.token));
}

struct site *
site_open(void)
{
	struct site *s = &the_site;
	const struct url *u = &s->conf.url;
	const char *six;

	signal(SIGPIPE, SIG_IGN);
	if (atexit(site_wipe) != 0)
		errx(CLI_CANNOT, "atexit");
	cli_conf_load(&s->conf);
	load_ca(s);
	six = strchr(u->host, ':') != NULL ? "[" : "";
	snprintf(s->hostfield, sizeof(s->hostfield), "%s%s%s", six, u->host, *six ? "]" : "");
	if (u->port != 443)
		snprintf(s->hostfield + strlen(s->hostfield),
		    sizeof(s->hostfield) - strlen(s->hostfield), ":%u", u->port);
	return s;
}

struct httpc *
site_connect(struct site *s, enum net_fault *fault, struct errmsg *e)
{
	struct httpc_in in = {.conf = s->nc,
	    .host = s->hostfield,
	    .agent = "reeve/" REEVE_VERSION,
	    .setup_ms = SETUP_MS};
	struct httpc *c;

	*fault = NETF_CONNECT;
	in.fd = simple_connect(s->conf.url.host, s->conf.url.port, SETUP_MS, e);
	if (in.fd == -1)
		return NULL;
	if ((c = httpc_new(&in, e)) == NULL)
		*fault = NETF_LOCAL;
	return c;
}

void
site_request(const struct site *s, struct httpc_req *r, const char *method, const char *path,
    char *full, size_t size)
{
	memset(r, 0, sizeof(*r));
	if (snprintf(full, size, "%s%s", s->conf.url.prefix, path) >= (int)size)
		errx(CLI_CANNOT, "a path of the control plane is too long");
	r->method = method;
	r->path = full;
	r->bearer = s->conf.token;
	r->headers = FIELDS;
	r->body_max = JSON_MAX;
	r->send_ms = r->head_ms = r->body_ms = ANSWER_MS;
}

void
site_say_fault(const struct site *s, enum net_fault fault, const char *why)
{
	const char *url = s->conf.urltext;

	switch (fault) {
	case NETF_CONNECT:
		warnx("%s cannot be reached: %s; is the address right, and does reeve-ctld run "
		      "there?",
		    url, why);
		break;
	case NETF_PROXY:
		warnx("%s: the proxy said no: %s", url, why);
		break;
	case NETF_TLS:
		warnx("%s: TLS: %s; is \"ca\" (%s) this site's CA, and the clock right?", url, why,
		    s->conf.ca);
		break;
	case NETF_CLOSED:
		warnx("%s: closed the connection: %s; the log of reeve-ctld may say why", url, why);
		break;
	case NETF_TIME:
		warnx("%s: %s; it is there, but too slow: try again", url, why);
		break;
	case NETF_PROTOCOL:
		warnx("%s: does not answer as a reeve control plane does: %s", url, why);
		break;
	default:
		warnx("%s: %s", url, why);
		break;
	}
}

/* What an operator can do about each error. */
static const char *
advice(enum api_errcode code)
{
	switch (code) {
	case API_ERR_UNAUTHORIZED:
		return "the token is not known there, or has expired: an admin makes another by "
		       "\"reeve token add NAME\"";
	case API_ERR_FORBIDDEN:
		return "\"reeve whoami\" shows your role; an admin can give you another token";
	case API_ERR_ADDRESS_NOT_ALLOWED:
		return "an admin can allow this address";
	case API_ERR_NOT_FOUND:
		return "\"reeve host list\" and \"reeve job list\" show what there is";
	case API_ERR_EXISTS:
		return "\"list\" and \"show\" say what is there";
	case API_ERR_STATE:
		return "\"reeve job show\" or \"reeve host show\" says in which state it is";
	case API_ERR_GONE:
		return "make a new one";
	case API_ERR_BAD_REQUEST:
	case API_ERR_METHOD:
	case API_ERR_OLD:
		return "compare \"reeve --version\" with the server's in \"reeve whoami\"";
	case API_ERR_TOO_MANY:
	case API_ERR_UNAVAILABLE:
		return "try again later";
	case API_ERR_INTERNAL:
		return "the log of reeve-ctld says more";
	default:
		return NULL;
	}
}

void
site_say_error(const struct site *s, const struct answer *a)
{
	const char *more = advice(a->code);

	warnx("the control plane says no (%s): %s", api_err_code(a->code), cli_clean(a->message));
	if (a->retry_after != 0)
		warnx("it asks to wait %llu s", (unsigned long long)a->retry_after);
	if (more != NULL)
		warnx("%s", more);
	(void)s;
}

static int
not_reeve(const struct site *s, const char *why)
{
	warnx("%s: this is not a reeve control plane: %s; is the address right, and its prefix?",
	    s->conf.urltext, why);
	return -1;
}

/* An answer that is no 2xx. */
static int
take_error(
    const struct site *s, const struct http_head *h, const char *body, size_t len, struct answer *a)
{
	char code[65], words[80];

	if (api_error_get(code, a->message, body, len) == -1 ||
	    (a->code = api_err_byname(code)) == API_OK) {
		snprintf(
		    words, sizeof(words), "it answers %d, with no error of reeve's", h->status);
		return not_reeve(s, words);
	}
	a->retry_after = h->retry_after;
	return 0;
}

int
site_answer(
    const struct site *s, const struct http_head *h, const char *body, size_t len, struct answer *a)
{
	struct errmsg e;

	memset(a, 0, sizeof(*a));
	a->status = h->status;
	if (h->reeve[0] == '\0')
		return not_reeve(s, "its answer has no \"Reeve\" field");
	if (h->status < 200 || h->status > 299)
		return take_error(s, h, body, len, a);
	if (len > 0 && (a->j = json_parse(body, len, &e)) == NULL)
		return not_reeve(s, e.text);
	return 0;
}

/* One request and its answer. A kept connection that died before it was sent is made again. */
static void
exchange(struct site *s, struct httpc_req *r, struct answer *a)
{
	struct simple_answer got = {.body = NULL};
	enum net_fault fault = NETF_NONE;
	int fresh = s->c == NULL;
	struct errmsg e;

	for (;;) {
		if (s->c == NULL && (s->c = site_connect(s, &fault, &e)) == NULL)
			break;
		if (simple_call(s->c, r, &got, &fault, &e) == 0) {
			if (site_answer(s, &got.head, got.body, got.len, a) == -1)
				exit(CLI_NET);
			free(got.body);
			if (!httpc_reusable(s->c)) {
				httpc_free(s->c);
				s->c = NULL;
			}
			return;
		}
		if (fresh || fault != NETF_CLOSED || httpc_was_sent(s->c))
			break;
		httpc_free(s->c);
		s->c = NULL;
		fresh = 1;
	}
	site_say_fault(s, fault, e.text);
	exit(CLI_NET);
}

void
site_ask(struct site *s, const char *method, const char *path, const char *body, struct answer *a)
{
	struct httpc_req r;
	char full[2048];

	site_request(s, &r, method, path, full, sizeof(full));
	if (body != NULL) {
		r.body = body;
		r.bodylen = strlen(body);
	}
	exchange(s, &r, a);
}

static void
must(const struct site *s, const struct answer *a)
{
	if (a->code == API_OK)
		return;
	site_say_error(s, a);
	exit(CLI_SAID);
}

void
site_call(struct site *s, const char *method, const char *path, const char *body, struct answer *a)
{
	struct errmsg e;

	site_ask(s, method, path, body, a);
	must(s, a);
	if (a->j == NULL)
		a->j = json_parse("{}", 2, &e);
}

void
site_put(struct site *s, const char *path, const void *body, size_t len, struct answer *a)
{
	struct httpc_req r;
	char full[2048];

	site_request(s, &r, "POST", path, full, sizeof(full));
	r.body = body;
	r.bodylen = len;
	r.type = "application/octet-stream";
	exchange(s, &r, a);
	must(s, a);
}

void
answer_free(struct answer *a)
{
	json_free(a->j);
	a->j = NULL;
}

void
site_escape(const char *s, char *dst, size_t size)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t n = 0;

	for (; *s != '\0' && n + 4 <= size; s++)
		if (strchr(plain, *s) != NULL)
			dst[n++] = *s;
		else
			n += (size_t)snprintf(
			    dst + n, size - n, "%%%02X", (unsigned int)(unsigned char)*s);
	dst[n] = '\0';
}

void
site_list(struct site *s, const char *path, const char *name,
    void (*each)(const struct json *j, int v, void *arg), void *arg)
{
	site_some(s, path, name, UINT64_MAX, each, arg);
}

void
site_some(struct site *s, const char *path, const char *name, uint64_t most,
    void (*each)(const struct json *j, int v, void *arg), void *arg)
{
	char url[1024], key[600] = "", *next = NULL;
	struct answer a;
	uint64_t had = 0;
	size_t i;
	int page, v;

	for (page = 0; page < PAGES; page++) {
		snprintf(url, sizeof(url), "%slimit=500%s%s", path,
		    key[0] == '\0' ? "" : "&after=", key);
		site_call(s, "GET", url, NULL, &a);
		v = j_sub(a.j, 0, name, JSON_ARRAY);
		for (i = 0; i < json_len(a.j, v); i++)
			each(a.j, json_at(a.j, v, i), arg);
		had += json_len(a.j, v);
		next = j_str(a.j, 0, "next");
		answer_free(&a);
		if (next[0] == '\0' || had >= most)
			return;
		site_escape(next, key, sizeof(key));
	}
	errx(CLI_NET, "the control plane's list does not end");
}
