/* net/httpc_proxy.c: CONNECT, and proxies that answer it oddly. Attack slow-drip (its phase). */

#include "regress/unit/httpckit.h"

#define OK "HTTP/1.1 200 Connection established\\r\\n"

static struct netconf *conf;

/* One request through a proxy of these steps. */
static void
shoot(struct hostile *h, struct shot *s, const char *answer, const char *then, unsigned int ms)
{
	struct httpc_req r = kit_req(s, "GET", "/agent/v1/x");
	int fd = hostile_start(h, "-c server -b 4096", "recv",
	    "expect:CONNECT localhost:7440 HTTP/1.1\r\nHost: localhost:7440\r\n", answer, then,
	    "recv", "send:HTTP/1.1 204 x\\r\\n\\r\\n", "drain", NULL);
	struct httpc *c = kit_open(conf, fd, "localhost:7440", ms);

	r.bearer = "secretsecret";
	CHECK(httpc_request(c, &r) == 0);
	kit_drive(c, s, 1, 15000);
	CHECKF(s->dones == 1, "%s: done was called %d times", answer, s->dones);
	httpc_free(c);
	hostile_end(h);
	CHECKF(strstr(h->said, "missing") == NULL, "%s", h->said);
}

static void
test_good(void)
{
	static const char *const answers[] = {"send:" OK "\\r\\n",
	    "send:HTTP/1.0 200 OK\\r\\nVia: x\\r\\n\\r\\n",
	    "bytes:" OK "Content-Length: 7\\r\\n\\r\\n",
	    "bytes:HTTP/1.1 100 x\\r\\n\\r\\n" OK "Transfer-Encoding: chunked\\r\\n\\r\\n"};
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		shoot(&h, &s, answers[i], "tls", 10000);
		CHECKF(s.fault == NETF_NONE && s.status == 204 && s.reusable, "%zu: %s", i, s.why);
		CHECKF(strstr(h.said, "request GET /agent/v1/x ") != NULL, "%s", h.said);
	}
}

struct row {
	const char *answer, *why;
};

static const struct row rows[] = {
    {"send:HTTP/1.1 407 x\\r\\nProxy-Authenticate: Basic\\r\\nContent-Length: 0\\r\\n\\r\\n",
	"wants a user"},
    {"send:HTTP/1.1 403 x\\r\\nContent-Length: 99\\r\\n\\r\\n", "answered 403"},
    {"send:HTTP/1.1 502 x\\r\\n\\r\\n", "answered 502"},
    {"send:HTTP/1.1 204 x\\r\\n\\r\\n", "answered 204"},
    {"send:HTTP/1.1 302 x\\r\\nLocation: http://evil.test/\\r\\n\\r\\n", "answered 302"},
    {"send:HTTP/1.1 101 x\\r\\n\\r\\n", "status 101"},
    {"send:" OK "\\r\\n\\x16\\x03\\x03", "bytes after its answer"},
    {"send:" OK "Content-Length: 2\\r\\n\\r\\nhi", "bytes after its answer"},
    {"send:" OK "X : y\\r\\n\\r\\n", "name and colon"},
    {"send:" OK "\\n", "LF alone"},
    {"send:SSH-2.0-OpenSSH_9.2\\r\\n", "does not begin"},
    {"send:HTTP/1.1 200 O", "closed the connection"},
    {"send:", "closed the connection"},
    {"reset", "closed the connection"},
    {"forever:HTTP/1.1 100 x\\r\\n\\r\\n", "interim answers"},
    {"forever:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "too long"},
};

/* The bearer never went out: the request came nowhere. */
static void
test_bad(void)
{
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		shoot(&h, &s, rows[i].answer, "reset", 10000);
		CHECKF(s.fault == NETF_PROXY, "%s: %s %s", rows[i].answer, net_fault_name(s.fault),
		    s.why);
		CHECKF(strstr(s.why, rows[i].why) != NULL, "%s: \"%s\"", rows[i].answer, s.why);
		CHECKF(s.heads == 0 && !s.was_sent && h.out_bytes <= 65536, "%s", h.said);
		CHECKF(strstr(h.said, "GET") == NULL, "%s", h.said);
	}
}

/* A proxy that says yes and then speaks TLS itself, with a certificate that is not the server's. */
static void
test_liar(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	int fd =
	    hostile_start(&h, "-c other-server", "recv", "send:" OK "\\r\\n", "tls", "drain", NULL);
	struct httpc *c = kit_open(conf, fd, "localhost:7440", 10000);

	CHECK(httpc_request(c, &r) == 0);
	kit_drive(c, &s, 1, 10000);
	CHECKF(s.fault == NETF_TLS && s.heads == 0, "%s", s.why);
	httpc_free(c);
	hostile_end(&h);
	CHECK(strstr(h.said, "tls failed") != NULL && h.in == 0);
}

/* Attack slow-drip: CONNECT and handshake share one deadline. */
static void
test_drip(void)
{
	static const char *const answers[] = {"silent",
	    "drip:20:" OK "X: aaaaaaaaaaaaaaaaaaaaaaaaa",
	    "drip:20:HTTP/1.1 100 x\\r\\n\\r\\nHTTP/1.1 100 x\\r\\n\\r\\n", "send:" OK "\\r\\n"};
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		uint64_t t0 = net_now();

		shoot(&h, &s, answers[i], "silent", 150);
		CHECKF(s.fault == NETF_TIME, "%zu: %s %s", i, net_fault_name(s.fault), s.why);
		CHECKF(net_now() - t0 >= 150, "%zu", i);
	}
}

static void
test_name(void)
{
	static const char *const bad[] = {"", "a b:1", "a:1\r\nX: y", "a\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct httpc_in in = {.conf = conf, .host = "x", .proxy_to = bad[i]};
		struct errmsg e;
		int sv[2];

		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
		in.fd = sv[0];
		CHECKF(httpc_new(&in, &e) == NULL, "name %zu", i);
		CHECK(fcntl(sv[0], F_GETFD) == -1); /* it was taken */
		close(sv[1]);
	}
}

int
main(void)
{
	conf = kit_conf("ca", NULL, "localhost", 0);
	test_good();
	test_bad();
	test_liar();
	test_drip();
	test_name();
	netconf_free(conf);
	return check_done();
}
