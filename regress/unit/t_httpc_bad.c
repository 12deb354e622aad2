/* net/: whom a client believes. Attack bad-cert-matrix, client-cert-confusion. */

#include "regress/unit/httpckit.h"

struct row {
	const char *cert, *name, *why;
};

static const struct row matrix[] = {
    {"self-signed", "localhost", "certificate verification failed"},
    {"other-server", "localhost", "certificate verification failed"},
    {"expired", "localhost", "expired"},
    {"not-yet", "localhost", "not yet valid"},
    {"wrong-name", "localhost", "not present in server certificate"},
    {"server", "other.test", "not present in server certificate"},
    {"server", "127.0.0.2", "not present in server certificate"},
    {"server", "sub.reeve.test", "not present in server certificate"},
    {"cn-only", "localhost", "no subjectAltName"},
    {"uri-only", "localhost", "no subjectAltName"},
    {"foreign-san", "localhost", "no subjectAltName"},
    {"wrong-eku", "localhost", "certificate purpose"},
    {"sha1", "localhost", "digest algorithm too weak"},
    {"rsa1024", "localhost", "key too weak"},
    /* client-cert-confusion */
    {"client", "web1", "certificate purpose"},
    {"client-as-server", "localhost", "certificate purpose"},
    {"ca", "ca", NULL},
};

/* SERVER's options and a client of CONF: fails as WHY says, and no byte of the request came. */
static void
must_fail(const struct netconf *conf, const char *options, const char *why, const char *what)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "POST", "/secret");
	int fd = hostile_start(&h, options, "tls", "drain", NULL);

	r.bearer = "000000000000000000000000000000000000000000000000";
	r.body = "secret";
	r.bodylen = 6;
	kit_shoot(conf, &h, fd, &r, &s);
	CHECKF(s.fault == NETF_TLS, "%s: %s: %s", what, net_fault_name(s.fault), s.why);
	CHECKF(why == NULL || strstr(s.why, why) != NULL, "%s: \"%s\"", what, s.why);
	CHECKF(s.heads == 0 && !s.was_sent, "%s", what);
	CHECKF(strncmp(h.said, "tls ", 4) == 0, "%s: no handshake was seen: %s", what, h.said);
	CHECKF(h.in == 0, "%s: %llu bytes of the application were sent", what, h.in);
}

/* Attack bad-cert-matrix: not one byte of the application, in either version. */
static void
test_matrix(void)
{
	static const char *const versions[] = {"1.2", "1.3"};

	for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
		struct netconf *conf = kit_conf("ca", "client", matrix[i].name, 0);

		for (size_t v = 0; v < 2; v++) {
			char options[128];

			snprintf(
			    options, sizeof(options), "-c %s -v %s", matrix[i].cert, versions[v]);
			must_fail(conf, options, matrix[i].why, options);
		}
		netconf_free(conf);
	}
}

static void
test_old_versions(void)
{
	struct netconf *conf = kit_conf("ca", NULL, "localhost", 0);

	must_fail(conf, "-c server -v 1.1", NULL, "TLS 1.1 only");
	netconf_free(conf);
}

/* The same request, by whom it should be answered. */
static void
test_good(void)
{
	static const char *const names[] = {"localhost", "reeve.test", "127.0.0.1", "::1"};
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct netconf *conf = kit_conf("ca", "client", names[i], 0);
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd = hostile_start(&h, "-c server -C ca.pem", "tls", "recv",
		    "send:HTTP/1.1 204 x\\r\\n\\r\\n", "drain", NULL);

		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == NETF_NONE && s.status == 204, "%s: %s", names[i], s.why);
		CHECKF(strstr(h.said, "tls TLSv1.3 web1\n") == h.said, "%s", h.said);
		netconf_free(conf);
	}
}

/* A server that wants a certificate: none, one of another CA, one that is a server's. */
static void
test_refused_client(void)
{
	static const char *const certs[] = {NULL, "other-server", "server"};
	static const char *const options[] = {
	    "-c server -C ca.pem -v 1.2", "-c server -C ca.pem -v 1.3"};
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < 6; i++) {
		struct netconf *conf = kit_conf("ca", certs[i / 2], "localhost", 0);
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd = hostile_start(&h, options[i % 2], "tls", "drain", NULL);

		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == NETF_TLS, "%zu: %s %s", i, net_fault_name(s.fault), s.why);
		/* TLS 1.3 tells it late: then the words must say what it may mean */
		if (i % 2 == 1 && certs[i / 2] != NULL)
			CHECKF(
			    strstr(s.why, "does it know this certificate?") != NULL, "%s", s.why);
		CHECKF(s.heads == 0 && strstr(h.said, "tls failed") == h.said, "%s", h.said);
		netconf_free(conf);
	}
}

static void
test_bad_conf(void)
{
	char *pem = hostile_file("server.pem"), *key = hostile_file("client.key");
	char *ca = hostile_file("ca.pem");
	static const char broken[] =
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	struct netconf_in rows[] = {
	    {.name = "x"},
	    {.name = "x", .ca = "", .calen = 0},
	    {.name = "x", .ca = "no PEM at all\n", .calen = 14},
	    {.name = "x", .ca = broken, .calen = sizeof(broken) - 1},
	    {.name = "x", .ca = ca, .calen = strlen(ca), .cert = pem, .key = key},
	    {.name = "x", .ca = ca, .calen = strlen(ca), .cert = "bad", .key = "bad"},
	};
	struct errmsg e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct netconf *conf;

		e.text[0] = '\0';
		conf = netconf_new(&rows[i], &e);
		CHECKF(conf == NULL && e.text[0] != '\0', "row %zu", i);
		netconf_free(conf);
	}
	free(pem);
	free(key);
	free(ca);
}

/* Enrolment's first look: anybody's certificate, whose chain is then judged by its hash. */
static void
test_no_verify(void)
{
	struct netconf_in in = {.name = "localhost", .no_verify = 1};
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	struct errmsg e;
	struct netconf *conf = netconf_new(&in, &e);
	int fd = hostile_start(
	    &h, "-c other-server", "tls", "recv", "send:HTTP/1.1 204 x\\r\\n\\r\\n", "drain", NULL);
	struct httpc *c = kit_open(conf, fd, NULL, 10000);
	const uint8_t *pem;
	size_t len = 0;

	CHECK(httpc_chain(c, &len) == NULL && httpc_peer_notafter(c) == 0);
	CHECK(httpc_request(c, &r) == 0);
	kit_drive(c, &s, 1, 10000);
	CHECKF(s.fault == NETF_NONE && s.status == 204, "%s", s.why);
	pem = httpc_chain(c, &len);
	CHECK(pem != NULL && len > 0);
	if (pem != NULL) {
		char *own = hostile_file("other-server.pem");

		CHECK(len == strlen(own) && memcmp(pem, own, len) == 0);
		free(own);
	}
	CHECK(httpc_peer_notafter(c) > 0);
	httpc_free(c);
	hostile_end(&h);
	netconf_free(conf);
}

int
main(void)
{
	test_good();
	test_matrix();
	test_old_versions();
	test_refused_client();
	test_bad_conf();
	test_no_verify();
	return check_done();
}
