/*
 * net/httpc.c against a server that does as it is told, after a real handshake.
 * Attack cl-te-matrix, redirects, no-decode. Bombs and drips: t_httpc_slow.
 */
#include "regress/unit/httpckit.h"

#define OK "HTTP/1.1 200 OK\\r\\n"

static struct netconf *conf;

/* ---- what should work ---- */

static void
test_keepalive(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/agent/v1/x?wait=5");
	int fd = hostile_start(&h, "-c server", "tls", "recv",
	    "expect:\r\nHost: localhost:7440\r\n", "expect:\r\nUser-Agent: reeve-test/1\r\n",
	    "expect:\r\nReeve: 1\r\n", "expect:\r\nAuthorization: Bearer aa55\r\n",
	    "send:" OK "Reeve: 1\\r\\nContent-Type: application/json\\r\\nContent-Length: 2"
	    "\\r\\n\\r\\n{}",
	    "again", NULL);
	struct httpc *c = kit_open(conf, fd, NULL, 10000);

	for (int i = 0; i < 3; i++) {
		r = kit_req(&s, "GET", "/agent/v1/x?wait=5");
		r.headers = "Reeve: 1\r\n";
		r.bearer = "aa55";
		CHECK(httpc_request(c, &r) == 0);
		CHECK(httpc_request(c, &r) == -1); /* one at a time */
		kit_drive(c, &s, 1, 10000);
		CHECKF(s.fault == NETF_NONE && s.status == 200 && s.reusable, "%s", s.why);
		CHECK(s.json && s.was_sent && s.len == 2);
		CHECK_STR(s.body, "{}");
		CHECK_STR(s.reeve, "1");
	}
	httpc_free(c);
	CHECK(hostile_end(&h) == 0);
	CHECKF(strstr(h.said, "missing") == NULL, "%s", h.said);
	CHECK(strstr(h.said, "request GET /agent/v1/x?wait=5 HTTP/1.1 0\n") != NULL);
}

/* A body of many records goes out whole, and the answer comes a byte in each record. */
static void
test_large_both_ways(void)
{
	size_t len = 3 << 20;
	char *big = malloc(len);
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "PUT", "/o");
	int fd = hostile_start(&h, "-c server -b 4096", "tls", "recv",
	    "expect:Content-Type: application/octet-stream\r\n",
	    "bytes:HTTP/1.1 100 x\\r\\n\\r\\n" OK
	    "Transfer-Encoding: chunked\\r\\n\\r\\n4\\r\\nwell\\r\\n5\\r\\n "
	    "done\\r\\n0\\r\\n\\r\\n",
	    "drain", NULL);

	memset(big, 'x', len);
	r.body = big;
	r.bodylen = len;
	r.type = "application/octet-stream";
	kit_shoot(conf, &h, fd, &r, &s);
	CHECKF(s.fault == NETF_NONE && s.status == 200, "%s", s.why);
	CHECK_STR(s.body, "well done");
	CHECK(strstr(h.said, "request PUT /o HTTP/1.1 3145728\n") != NULL);
	CHECK(strstr(h.said, "missing") == NULL);
	free(big);
}

static void
test_again_in_done(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/1"), next = r;
	int fd = hostile_start(&h, "-c server", "tls", "recv",
	    "send:" OK "Content-Length: 1\\r\\n\\r\\nx", "recv",
	    "send:HTTP/1.1 204 x\\r\\nConnection: close\\r\\n\\r\\n", NULL);
	struct httpc *c = kit_open(conf, fd, NULL, 10000);
	const char *why;

	next.path = "/2";
	s.habit = KIT_AGAIN_IN_DONE;
	s.next = &next;
	CHECK(httpc_request(c, &r) == 0);
	kit_drive(c, &s, 2, 10000);
	CHECKF(s.dones == 2 && s.status == 204 && s.fault == NETF_NONE, "%s", s.why);
	CHECK(!s.reusable && httpc_events(c) == 0 && httpc_request(c, &r) == -1);
	CHECK(httpc_fault(c, &why) == NETF_NONE && *why != '\0');
	httpc_free(c);
	hostile_end(&h);
	CHECK(strstr(h.said, "request GET /2 ") != NULL);
}

static void
test_head_method(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "HEAD", "/");
	int fd = hostile_start(&h, "-c server", "tls", "recv",
	    "send:" OK "Content-Length: 500\\r\\n\\r\\n", "drain", NULL);

	kit_shoot(conf, &h, fd, &r, &s);
	CHECKF(s.fault == NETF_NONE && s.len == 0 && s.reusable, "%s", s.why);
}

/* ---- requests that would not stay one ---- */

static void
test_injection(void)
{
	static const char *const words[] = {
	    "", "/a b", "/a\r\nX: y", "/a\n", "/\t", "/\x7f", "/\xc3"};
	static const char *const fields[] = {"X: y", "X: y\n", "X: y\r\n\r\n", "X y\r\n", ": y\r\n",
	    "X : y\r\n", " X: y\r\n", "X: a\rb\r\n", "X: a\nY: b\r\n", "Host: other\r\n",
	    "content-length: 5\r\n", "Transfer-Encoding: chunked\r\n", "CONNECTION: close\r\n",
	    "Expect: 100-continue\r\n", "X: y\r\nHOST: z\r\n", "Authorization: x\r\n"};
	struct hostile h;
	struct shot s;
	struct httpc_req r;
	struct httpc *c =
	    kit_open(conf, hostile_start(&h, "-c server", "tls", "drain", NULL), NULL, 10000);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		r = kit_req(&s, "GET", words[i]);
		CHECKF(httpc_request(c, &r) == -1, "path %zu", i);
		r = kit_req(&s, words[i], "/");
		CHECKF(httpc_request(c, &r) == -1, "method %zu", i);
		r = kit_req(&s, "GET", "/");
		r.bearer = words[i];
		CHECKF(httpc_request(c, &r) == -1, "bearer %zu", i);
		r = kit_req(&s, "GET", "/");
		r.type = i == 1 ? "" : words[i];
		CHECKF(httpc_request(c, &r) == -1, "type %zu", i);
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		r = kit_req(&s, "GET", "/");
		r.headers = fields[i];
		CHECKF(httpc_request(c, &r) == -1, "fields %zu", i);
	}
	r = kit_req(&s, "GET", "no-slash");
	CHECK(httpc_request(c, &r) == -1);
	r = kit_req(&s, "GET", "/a#b");
	CHECK(httpc_request(c, &r) == -1);
	CHECK(s.dones == 0);
	httpc_free(c);
	hostile_end(&h);
	CHECKF(h.in == 0, "%s", h.said);
}

/* ---- answers that are none ---- */

struct row {
	const char *name, *answer;
	enum net_fault fault;
	const char *why;
	int heads;
};

static const struct row rows[] = {
    /* cl-te-matrix: the parser's own rows stand in t_http */
    {"both lengths",
	OK "Content-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n",
	NETF_PROTOCOL, "both", 0},
    {"two lengths", OK "Content-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\nhello!", NETF_PROTOCOL,
	"twice", 0},
    {"2^64+1", OK "Content-Length: 18446744073709551617\\r\\n\\r\\nx", NETF_PROTOCOL, "number", 0},
    {"NUL", OK "X: a\\0b\\r\\nContent-Length: 0\\r\\n\\r\\n", NETF_PROTOCOL, "control byte", 0},
    {"bare LF", OK "Content-Length: 0\\n\\n", NETF_PROTOCOL, "LF alone", 0},
    {"oversized", OK "Content-Length: 4097\\r\\n\\r\\nx", NETF_LARGE, "more than 4096", 1},
    {"oversized chunks", OK "Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\nx\\r\\n1000\\r\\n",
	NETF_LARGE, "more than 4096", 1},
    {"truncated head", OK "Content-Le", NETF_CLOSED, "closed", 0},
    {"truncated body", OK "Content-Length: 9\\r\\n\\r\\nhello", NETF_CLOSED, "closed", 1},
    {"truncated chunks", OK "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n", NETF_CLOSED,
	"closed", 1},
    {"nothing", "", NETF_CLOSED, "closed", 0},
    {"only interim", "HTTP/1.1 100 x\\r\\n\\r\\n", NETF_CLOSED, "closed", 0},
    {"101", "HTTP/1.1 101 x\\r\\nUpgrade: x\\r\\n\\r\\n", NETF_PROTOCOL, "101", 0},
    {"body to the close", OK "\\r\\nhello", NETF_PROTOCOL, "without a length", 1},
    {"gzip (no-decode)",
	OK "Content-Encoding: gzip\\r\\nContent-Length: 4\\r\\n\\r\\n\\x1f\\x8b\\x08\\0",
	NETF_PROTOCOL, "Content-Encoding", 0},
    {"ssh", "SSH-2.0-OpenSSH_9.2\\r\\n", NETF_PROTOCOL, "does not begin", 0},
    {"HTTP/2 settings", "\\0\\0\\x12\\x04\\0\\0\\0\\0\\0\\0\\x03\\0\\0\\0\\x80\\r\\n",
	NETF_PROTOCOL, "does not begin", 0},
};

static void
test_rows(void)
{
	char step[1024];
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd;

		snprintf(step, sizeof(step), "send:%s", rows[i].answer);
		fd = hostile_start(&h, "-c server", "tls", "recv", step, "notify", NULL);
		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == rows[i].fault, "%s: %s %s", rows[i].name, net_fault_name(s.fault),
		    s.why);
		CHECKF(strstr(s.why, rows[i].why) != NULL, "%s: \"%s\"", rows[i].name, s.why);
		CHECKF(s.heads == rows[i].heads && !s.reusable, "%s", rows[i].name);
		CHECKF(s.was_sent, "%s", rows[i].name);
	}
}

/* A reset, and an end without close_notify, are ends too. */
static void
test_cut(void)
{
	static const char *const how[] = {"reset", "sleep"};
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < 2; i++) {
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd = hostile_start(&h, "-c server", "tls", "recv",
		    "send:" OK "Content-Length: 9\\r\\n\\r\\nhello", i == 0 ? how[0] : NULL, NULL);

		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(
		    s.fault == NETF_CLOSED && s.len == 5, "%s: %s", net_fault_name(s.fault), s.why);
	}
}

/* Attack redirects: an answer like others; nothing else is asked for, nobody else is called. */
static void
test_redirects(void)
{
	static const char *const status[] = {"301", "302", "303", "307", "308"};
	char step[256];
	struct hostile h;
	struct shot s;

	for (size_t i = 0; i < 5; i++) {
		struct httpc_req r = kit_req(&s, "GET", "/one");
		int fd;

		snprintf(step, sizeof(step),
		    "send:HTTP/1.1 %s x\\r\\nLocation: https://localhost:7440/two\\r\\n"
		    "Content-Length: 0\\r\\n\\r\\n",
		    status[i]);
		fd = hostile_start(&h, "-c server", "tls", "recv", step, "recv", NULL);
		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == NETF_NONE && s.status == atoi(status[i]), "%s", s.why);
		CHECK(s.reusable && strstr(h.said, "/two") == NULL);
	}
}

/* Another server's page: told with its status and without a Reeve field. */
static void
test_foreign(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	int fd = hostile_start(&h, "-c server", "tls", "recv",
	    "send:HTTP/1.1 404 Not Found\\r\\nServer: x\\r\\nContent-Type: text/html\\r\\n"
	    "Content-Length: 15\\r\\n\\r\\n<html>no</html>",
	    "notify", NULL);

	kit_shoot(conf, &h, fd, &r, &s);
	CHECK(s.fault == NETF_NONE && s.status == 404 && !s.json && s.reeve[0] == '\0');
}

/* Bytes after the answer: in its record, or in one of their own. */
static void
test_excess(void)
{
	static const char answer[] = "send:" OK "Content-Length: 2\\r\\n\\r\\nhi";
	struct hostile h;
	struct shot s;
	const char *why;

	for (int i = 0; i < 2; i++) {
		struct httpc_req r = kit_req(&s, "GET", "/");
		char step[128];
		struct httpc *c;

		snprintf(step, sizeof(step), "%s%s", answer, i == 0 ? OK : "");
		c = kit_open(conf,
		    hostile_start(&h, "-c server", "tls", "recv", step, "send:" OK, "drain", NULL),
		    NULL, 10000);
		CHECK(httpc_request(c, &r) == 0);
		kit_drive(c, &s, 1, 10000);
		CHECKF(s.fault == NETF_NONE && s.len == 2, "%s", s.why);
		CHECK(i == 1 || !s.reusable);
		kit_drive(c, &s, 2, 10000); /* until it is over */
		CHECK(httpc_events(c) == 0 && !httpc_reusable(c));
		CHECKF(httpc_fault(c, &why) == NETF_PROTOCOL, "%s", why);
		httpc_free(c);
		hostile_end(&h);
	}
}

/* A kept connection on which an answer waits before the request was written: not its answer. */
static void
test_waiting_answer(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	struct httpc *c = kit_open(conf,
	    hostile_start(&h, "-c server", "tls", "recv",
		"send:" OK "Content-Length: 1\\r\\n\\r\\n", "drip:100:x",
		"send:HTTP/1.1 503 x\\r\\nContent-Length: 4\\r\\n\\r\\nevil", "drain", NULL),
	    NULL, 10000);
	struct pollfd p = {.fd = httpc_fd(c), .events = POLLIN};

	CHECK(httpc_request(c, &r) == 0);
	while (s.dones == 0 && httpc_events(c) != 0) {
		p.events = httpc_events(c);
		poll(&p, 1, 1000);
		httpc_run(c);
	}
	p.events = POLLIN;
	if (httpc_events(c) != 0 && poll(&p, 1, 5000) == 1) {
		r = kit_req(&s, "POST", "/");
		CHECK(httpc_request(c, &r) == 0);
		kit_drive(c, &s, 1, 10000);
		CHECK(s.fault == NETF_PROTOCOL && !s.was_sent && s.len == 0);
	}
	CHECK(httpc_events(c) == 0);
	httpc_free(c);
	hostile_end(&h);
	CHECK(strstr(h.said, "POST") == NULL);
}

/* An answer before the request was written whole: an error counts, anything else does not. */
static void
test_early(void)
{
	static const char *const status[] = {"413", "200", "302"};
	size_t len = 8 << 20;
	char *big = calloc(1, len), step[128];
	struct hostile h;
	struct shot s;

	for (int i = 0; i < 3; i++) {
		struct httpc_req r = kit_req(&s, "PUT", "/");
		int fd;

		snprintf(step, sizeof(step),
		    "send:HTTP/1.1 %s x\\r\\nContent-Length: 0\\r\\n\\r\\n", status[i]);
		fd =
		    hostile_start(&h, "-c server -b 4096", "tls", "recv:100", step, "silent", NULL);
		r.body = big;
		r.bodylen = len;
		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == (i == 0 ? NETF_NONE : NETF_PROTOCOL), "%s: %s", status[i], s.why);
		CHECK(s.heads == (i == 0) && !s.reusable && !s.was_sent);
		CHECK(i != 0 || s.status == 413);
	}
	free(big);
}

/* ---- the owner's habits ---- */

static void
test_habits(void)
{
	static const enum kit_habit habits[] = {KIT_FREE_IN_HEAD, KIT_FREE_IN_PIECE,
	    KIT_FREE_IN_DONE, KIT_STOP_IN_HEAD, KIT_STOP_IN_PIECE};

	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		struct hostile h;
		struct shot s;
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd = hostile_start(&h, "-c server", "tls", "recv",
		    "send:" OK "Content-Length: 4\\r\\n\\r\\nbody", "drain", NULL);
		struct httpc *c = kit_open(conf, fd, NULL, 10000);

		s.habit = habits[i];
		CHECK(httpc_request(c, &r) == 0);
		kit_drive(c, &s, 1, 10000);
		CHECKF(s.freed || s.dones == 1, "habit %zu", i);
		CHECKF(s.dones == (i >= 2), "habit %zu: %d", i, s.dones);
		CHECK(i < 3 || (s.fault == NETF_LOCAL && !s.reusable));
		if (!s.freed)
			httpc_free(c);
		hostile_end(&h);
	}
}

/* The server goes while nothing is asked. */
static void
test_idle_close(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	struct httpc *c = kit_open(conf,
	    hostile_start(
		&h, "-c server", "tls", "recv", "send:HTTP/1.1 204 x\\r\\n\\r\\n", "notify", NULL),
	    NULL, 10000);
	const char *why;

	CHECK(httpc_request(c, &r) == 0);
	kit_drive(c, &s, 1, 10000);
	CHECK(s.fault == NETF_NONE);
	kit_drive(c, &s, 2, 10000);
	CHECK(httpc_events(c) == 0 && httpc_fault(c, &why) == NETF_CLOSED);
	CHECK(s.dones == 1 && httpc_request(c, &r) == -1);
	httpc_free(c);
	hostile_end(&h);
}

static void
test_simple(void)
{
	struct hostile h;
	struct httpc_req r = {.method = "POST", .path = "/x", .body = "{}", .bodylen = 2};
	struct simple_answer a;
	enum net_fault fault;
	struct errmsg e;
	struct httpc *c = kit_open(conf,
	    hostile_start(&h, "-c server", "tls", "recv",
		"send:HTTP/1.1 409 x\\r\\nReeve: 1\\r\\nContent-Length: 3\\r\\n\\r\\nnot", "recv",
		"send:" OK "Content-Length: 9\\r\\n\\r\\nhel", NULL),
	    NULL, 10000);

	CHECK(simple_call(c, &r, &a, &fault, &e) == 0 && fault == NETF_NONE);
	CHECK(a.head.status == 409 && a.len == 3);
	CHECK_STR(a.body, "not");
	free(a.body);
	CHECK(simple_call(c, &r, &a, &fault, &e) == -1 && fault == NETF_CLOSED && a.body == NULL);
	CHECK(simple_call(c, &r, &a, &fault, &e) == -1 && fault == NETF_CLOSED);
	httpc_free(c);
	hostile_end(&h);
}

int
main(void)
{
	conf = kit_conf("ca", NULL, "localhost", 0);
	test_keepalive();
	test_large_both_ways();
	test_again_in_done();
	test_head_method();
	test_injection();
	test_rows();
	test_cut();
	test_redirects();
	test_foreign();
	test_excess();
	test_waiting_answer();
	test_early();
	test_habits();
	test_idle_close();
	test_simple();
	netconf_free(conf);
	return check_done();
}
