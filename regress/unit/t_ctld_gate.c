/* ctld/gate.c and ctld/route.c: heads that are taken, heads that are refused, and what a path
 * names. */
#include "ctld/gate.h"
#include "regress/check.h"

static struct gate g;
static const char *why;

static int
judge(const char *head, size_t len)
{
	why = "";
	return gate_head(&g, head, len, &why);
}

#define H	"Host: a\r\n"
#define OK(s)	CHECKF(judge(s, sizeof(s) - 1) == 0, "%s: %s", s, why)
#define NO(s)	CHECKF(judge(s, sizeof(s) - 1) == -1 && why[0] != '\0', "%s", s)
#define LINE(l) "GET / HTTP/1.1\r\n" H l "\r\n\r\n"

static void
test_request_line(void)
{
	OK("GET / HTTP/1.1\r\n" H "\r\n");
	CHECK(g.method == M_GET && g.length == 0);
	CHECK_STR(g.path, "/");
	OK("PUT /a/b?c=d HTTP/1.1\r\n" H "Content-Length: 7\r\n\r\n");
	CHECK(g.method == M_PUT && g.length == 7);
	CHECK_STR(g.path, "/a/b");
	OK("DELETE / HTTP/1.0\r\n\r\n");
	NO("");
	NO("\r\n");
	NO("GET / HTTP/1.1\r\n\r\n"); /* no Host */
	NO("GET / HTTP/1.1\r\n" H);
	NO("GET / HTTP/1.1\n" H "\r\n");
	NO("GET / HTTP/1.1\r" H "\r\n");
	NO("GET /\r\n" H "\r\n");
	NO("GET / HTTP/1.2\r\n" H "\r\n");
	NO("GET / HTTP/2.0\r\n" H "\r\n");
	NO("GET / http/1.1\r\n" H "\r\n");
	NO("GET / HTTP/1.1 \r\n" H "\r\n");
	NO("GET  / HTTP/1.1\r\n" H "\r\n");
	NO(" GET / HTTP/1.1\r\n" H "\r\n");
	NO("GET / x HTTP/1.1\r\n" H "\r\n");
	NO("GET a HTTP/1.1\r\n" H "\r\n");
	NO("GET * HTTP/1.1\r\n" H "\r\n");
	NO("GET http://a/ HTTP/1.1\r\n" H "\r\n");
	NO("GET /#a HTTP/1.1\r\n" H "\r\n");
	NO("GET /\x01 HTTP/1.1\r\n" H "\r\n");
	NO("GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n");
	NO("GET /\0 HTTP/1.1\r\n" H "\r\n");
	NO("HEAD / HTTP/1.1\r\n" H "\r\n");
	NO("get / HTTP/1.1\r\n" H "\r\n");
	NO("GETX / HTTP/1.1\r\n" H "\r\n");
	NO("CONNECT a:1 HTTP/1.1\r\n" H "\r\n");
	NO("GET / HTTP/1.1\r\n" H "\r\nx");
}

static void
test_fields(void)
{
	OK(LINE("A:b"));
	OK(LINE("A:"));
	OK(LINE("A: \t b \t"));
	OK(LINE("X-Forwarded-For: 1\r\nX-Forwarded-For: 2"));
	OK(LINE("Forwarded: for=1\r\nForwarded: for=2"));
	OK(LINE("content-length:  12 "));
	CHECK(g.length == 12);
	OK(LINE("Content-Length: 1099511627776"));
	OK(LINE("Expect: 100-Continue"));
	NO(LINE("A"));
	NO(LINE(":b"));
	NO(LINE("A : b"));
	NO(LINE(" A: b"));
	NO(LINE("\tA: b"));
	NO(LINE("A b: c"));
	NO(LINE("A(: c"));
	NO(LINE("A: b\r\n c"));
	NO(LINE("A: b\n"));
	NO(LINE("A: b\rB: c"));
	NO(LINE("A: b\0c"));
	NO(LINE("A: b\x7f"));
	NO(LINE("A: b\x80"));
	NO(LINE("A\0: b"));
	NO(LINE("Host: b"));
	NO(LINE("Content-Length: 1\r\nContent-Length: 1"));
	NO(LINE("Content-Length: 1, 1"));
	NO(LINE("Content-Length: +1"));
	NO(LINE("Content-Length: -1"));
	NO(LINE("Content-Length: 01"));
	NO(LINE("Content-Length: 0x1"));
	NO(LINE("Content-Length: 1 1"));
	NO(LINE("Content-Length:"));
	NO(LINE("Content-Length: 1099511627777"));
	NO(LINE("Content-Length: 18446744073709551617"));
	NO(LINE("Transfer-Encoding: chunked"));
	NO(LINE("transfer-encoding: identity"));
	NO(LINE("Transfer-Encoding:"));
	NO(LINE("Content-Encoding: gzip"));
	NO(LINE("Expect: 200-ok"));
	NO(LINE("Authorization: a\r\nauthorization: a"));
	NO(LINE("Host-Name: a\r\nHost-Name: a"));
	NO(LINE("Reeve: 1\r\nReeve: 1"));
	NO(LINE("CF-Connecting-IP: 1\r\nCF-Connecting-IP: 1"));
	NO(LINE("Content-Type: a\r\nContent-Type: b"));
	NO(LINE("Expect: 100-continue\r\nExpect: 100-continue"));
}

static void
test_bounds(void)
{
	static char buf[20000];
	size_t n;

	n = (size_t)snprintf(buf, sizeof(buf), "GET / HTTP/1.1\r\n" H);
	for (int i = 1; i < GATE_FIELDS; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "A%d: b\r\n", i);
	memcpy(buf + n, "\r\n", 2);
	CHECK(judge(buf, n + 2) == 0);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "B: c\r\n\r\n");
	CHECK(judge(buf, n) == -1);
	n = (size_t)snprintf(buf, sizeof(buf), "GET /%02046d HTTP/1.1\r\n" H "\r\n", 0);
	CHECK(judge(buf, n) == 0);
	n = (size_t)snprintf(buf, sizeof(buf), "GET /%02047d HTTP/1.1\r\n" H "\r\n", 0);
	CHECK(judge(buf, n) == -1);
	/* cut anywhere it is no head */
	n = (size_t)snprintf(
	    buf, sizeof(buf), "POST /a?b HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n");
	CHECK(judge(buf, n) == 0);
	for (size_t i = 0; i < n; i++)
		CHECKF(judge(buf, i) == -1, "cut at %zu", i);
}

static const struct route *
find(enum method m, const char *path, char arg[REQ_ARGS][256], int *other)
{
	return route_find(m, path, arg, other);
}

static void
test_routes(void)
{
	char arg[REQ_ARGS][256];
	const struct route *r;
	int other;

	r = find(M_GET, "/v1/hosts/web1.example.net", arg, &other);
	CHECK(r != NULL && strcmp(r->path, "/v1/hosts/:name") == 0);
	CHECK_STR(arg[0], "web1.example.net");
	r = find(M_GET, "/v1/hosts/a%2Db%20c", arg, &other);
	CHECK(r != NULL && strcmp(arg[0], "a-b c") == 0);
	CHECK(find(M_PUT, "/v1/hosts/a", arg, &other) == NULL && other == 1);
	static const char *const none[] = {"", "/", "v1/hosts", "/v1/hosts/", "//v1/hosts",
	    "/v1//hosts", "/v1/hosts/a/", "/v1/hosts//", "/v1/hosts/a/b", "/V1/hosts",
	    "/v1/hosts/%", "/v1/hosts/%4", "/v1/hosts/%zz", "/v1/hosts/a%2fb", "/v1/hosts/a%00",
	    "/v1/hosts/%0a", "/v1/hosts/%ff", "/v1/hosts/.", "/v1/hosts/..", "/v1/hosts/%2e%2E",
	    "/healthz/", "/healthzx", "/healthz?x"};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECKF(find(M_GET, none[i], arg, &other) == NULL && other == 0, "%s", none[i]);
	char longer[600];
	snprintf(longer, sizeof(longer), "/v1/hosts/%0255d", 0);
	CHECK(find(M_GET, longer, arg, &other) != NULL);
	snprintf(longer, sizeof(longer), "/v1/hosts/%0256d", 0);
	CHECK(find(M_GET, longer, arg, &other) == NULL);
}

/* Each row of the table finds itself, and none is hidden by one before it. */
static void
test_table(void)
{
	char arg[REQ_ARGS][256], path[256];
	const struct route *r;
	int other;

	for (size_t n = 0; (r = route_nth(n)) != NULL; n++) {
		size_t k = 0;

		for (const char *p = r->path; *p != '\0' && k < sizeof(path) - 1; p++)
			path[k++] = *p == ':' ? 'x' : *p;
		path[k] = '\0';
		CHECKF(find(r->method, path, arg, &other) == r, "%s", r->path);
		CHECKF(r->method == M_GET || r->method == M_DELETE ? r->body_max == 0
								   : r->body_max <= 1048576,
		    "%s", r->path);
		CHECKF(
		    strncmp(r->path, "/agent/", 7) == 0
			? r->access == ACC_ENROLL || r->access == ACC_AGENT || r->access == ACC_WORK
		    : strncmp(r->path, "/v1/", 4) == 0 ? r->access >= ACC_VIEWER
						       : r->access == ACC_NONE,
		    "%s: access", r->path);
	}
	CHECK(route_nth(1000) == NULL);
}

int
main(void)
{
	test_request_line();
	test_fields();
	test_bounds();
	test_routes();
	test_table();
	return check_done();
}
