/*
 * net/http.c and http_head.c: answers of HTTP/1.1, each fed whole, split in two at every byte, and
 * a byte at a time. Attack cl-te-matrix, header-bombs, no-decode, redirects (the parser's part).
 */
#include <sys/resource.h>

#include <stdint.h>

#include "net/http.h"
#include "regress/check.h"

#define OK    "HTTP/1.1 200 OK\r\n"
#define CL(n) "Content-Length: " n "\r\n"
#define TE    "Transfer-Encoding: chunked\r\n"
#define CAP   1000

struct answer {
	enum http_event end; /* HTTP_DONE, HTTP_BREACH, or HTTP_MORE when the bytes ran out */
	int heads, large;
	struct http_head head;
	char body[4096];
	size_t len, rest; /* rest: bytes left over after HTTP_DONE */
	char why[ERRMSG_MAX];
};

/* Events of one piece into A. 1 when the answer is over. */
static int
feed(struct http_parser *p, struct answer *a, const char *s, size_t len)
{
	const uint8_t *buf = (const uint8_t *)s, *body;
	struct errmsg e = {""};
	size_t n;

	for (;;) {
		a->end = http_parser_feed(p, &buf, &len, &body, &n, &e);
		switch (a->end) {
		case HTTP_MORE:
			CHECK(len == 0);
			return 0;
		case HTTP_HEAD:
			a->heads++;
			a->head = *http_parser_head(p);
			break;
		case HTTP_BODY:
			CHECK(a->heads == 1 && n > 0 && a->len + n < sizeof(a->body));
			if (a->len + n >= sizeof(a->body))
				return 1;
			memcpy(a->body + a->len, body, n);
			a->len += n;
			break;
		case HTTP_BREACH:
			a->large = http_parser_large(p);
			snprintf(a->why, sizeof(a->why), "%s", e.text);
			return 1;
		case HTTP_DONE:
			a->rest = len;
			return 1;
		}
	}
}

/* S in pieces: SPLIT bytes, then STEP bytes each. */
static void
run(struct answer *a, const char *s, size_t len, size_t split, size_t step, int no_body)
{
	struct http_parser *p = http_parser_new(CAP, no_body);
	size_t at = 0, n = split;

	memset(a, 0, sizeof(*a));
	a->end = HTTP_MORE;
	while (at < len) {
		n = n < len - at ? n : len - at;
		if (feed(p, a, s + at, n)) {
			a->rest += len - at - n;
			break;
		}
		at += n;
		n = step;
	}
	if (a->end == HTTP_MORE) {
		struct errmsg e;

		CHECK(http_parser_eof(p, &e) == (len == 0 ? 0 : -1));
	}
	http_parser_free(p);
}

static void
check_same(const struct answer *a, const struct answer *b, const char *row, size_t split)
{
	CHECKF(a->end == b->end && a->len == b->len && memcmp(a->body, b->body, a->len) == 0 &&
		   a->heads == b->heads && a->head.status == b->head.status &&
		   strcmp(a->why, b->why) == 0 && (a->end != HTTP_DONE || a->rest == b->rest),
	    "%s: split at %zu: %d %s", row, split, b->end, b->why);
}

static struct answer
every_way(const char *row, const char *s, size_t len, int no_body)
{
	struct answer whole, part;

	run(&whole, s, len, len, len, no_body);
	for (size_t i = 1; i < len; i++) {
		run(&part, s, len, i, len, no_body);
		check_same(&whole, &part, row, i);
	}
	run(&part, s, len, 1, 1, no_body);
	check_same(&whole, &part, row, 0);
	return whole;
}

struct good {
	const char *name, *text, *body;
	int status;
	size_t rest;
};

static const struct good good[] = {
    {"length", OK CL("5") "\r\nhello", "hello", 200, 0},
    {"length 0", OK CL("0") "\r\n", "", 200, 0},
    {"chunked", OK TE "\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", 200, 0},
    {"chunk sizes", OK TE "\r\n00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
	"01234567890123456789", 200, 0},
    {"CODING in capitals", OK "TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n", "", 200, 0},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", "", 204, 0},
    {"204 with length 0", "HTTP/1.1 204 \r\n" CL("0") "\r\n", "", 204, 0},
    {"304 with a length", "HTTP/1.1 304 \r\n" CL("77") "\r\n", "", 304, 0},
    {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\n" OK CL("1") "\r\nx",
	"x", 200, 0},
    {"blanks around a value", OK "Content-Length: \t 2 \t \r\n\r\nok", "ok", 200, 0},
    {"no blank", OK "Content-Length:2\r\n\r\nok", "ok", 200, 0},
    {"empty value", OK "X:\r\n" CL("0") "\r\n", "", 200, 0},
    {"no reason", "HTTP/1.1 200 \r\n" CL("0") "\r\n", "", 200, 0},
    {"latin reason", "HTTP/1.1 404 n\xe4h\r\n" CL("0") "\r\n", "", 404, 0},
    {"redirect", "HTTP/1.1 302 x\r\nLocation: https://evil.test/\r\n" CL("2") "\r\nxy", "xy", 302,
	0},
    {"excess", OK CL("1") "\r\nxHTTP/1.1 200", "x", 200, 12},
    {"excess after chunks", OK TE "\r\n1\r\nx\r\n0\r\n\r\n!", "x", 200, 1},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\n" CL("1") "\r\nx", "x", 200, 0},
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good *g = &good[i];
		struct answer a = every_way(g->name, g->text, strlen(g->text), 0);

		CHECKF(a.end == HTTP_DONE, "%s: %d %s", g->name, a.end, a.why);
		CHECKF(
		    a.heads == 1 && a.head.status == g->status, "%s: %d", g->name, a.head.status);
		CHECKF(
		    a.len == strlen(g->body) && memcmp(a.body, g->body, a.len) == 0, "%s", g->name);
		CHECKF(a.rest == g->rest, "%s: %zu bytes left over", g->name, a.rest);
	}
}

struct bad {
	const char *name, *text, *why;
	size_t len; /* 0: strlen */
};

#define BAD(name, text, why)                      \
	{                                         \
		name, text, why, sizeof(text) - 1 \
	}

/* Attack cl-te-matrix. */
static const struct bad cl_te[] = {
    BAD("+5", OK CL("+5") "\r\nhello", "no plain number"),
    BAD("-5", OK CL("-5") "\r\nhello", "no plain number"),
    BAD("0x5", OK CL("0x5") "\r\nhello", "no plain number"),
    BAD("05", OK CL("05") "\r\nhello", "no plain number"),
    BAD("5.0", OK CL("5.0") "\r\nhello", "no plain number"),
    BAD("5 5", OK CL("5 5") "\r\nhello", "no plain number"),
    BAD("5,5", OK CL("5,5") "\r\nhello", "no plain number"),
    BAD("5;", OK CL("5;") "\r\nhello", "no plain number"),
    BAD("empty", OK CL("") "\r\nhello", "no plain number"),
    BAD("2^63", OK CL("9223372036854775808") "\r\n", "no plain number"),
    BAD("2^64", OK CL("18446744073709551616") "\r\n", "no plain number"),
    BAD("2^64+1", OK CL("18446744073709551617") "\r\nh", "no plain number"),
    BAD("2^64+5 in hundreds of digits", OK CL("000000000000000018446744073709551621") "\r\n",
	"no plain number"),
    BAD("two lengths", OK CL("5") CL("6") "\r\nhello", "stands twice"),
    BAD("the same twice", OK CL("5") CL("5") "\r\nhello", "stands twice"),
    BAD("with chunked", OK CL("5") TE "\r\n0\r\n\r\n", "both"),
    BAD("chunked first", OK TE CL("5") "\r\n0\r\n\r\n", "both"),
    BAD("TE : chunked", OK "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "name and colon"),
    BAD("CL : 5", OK "Content-Length : 5\r\n\r\nhello", "name and colon"),
    BAD("tab before colon", OK "Content-Length\t: 5\r\n\r\nhello", "name and colon"),
    BAD("chunked twice", OK TE TE "\r\n0\r\n\r\n", "stands twice"),
    BAD("chunked, chunked", OK "Transfer-Encoding: chunked, chunked\r\n\r\n", "other than chunked"),
    BAD("gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked"),
    BAD("identity", OK "Transfer-Encoding: identity\r\n" CL("5") "\r\n", "other than chunked"),
    BAD("xchunked", OK "Transfer-Encoding: xchunked\r\n\r\n", "other than chunked"),
    BAD("chunked;q", OK "Transfer-Encoding: chunked;q=1\r\n\r\n", "other than chunked"),
    BAD("TE with vertical tab",
	OK "Transfer-Encoding: \x0b"
	   "chunked\r\n\r\n",
	"control byte"),
    BAD("TE empty", OK "Transfer-Encoding:\r\n\r\n", "other than chunked"),
    BAD("TE in HTTP/1.0", "HTTP/1.0 200 OK\r\n" TE "\r\n0\r\n\r\n", "HTTP/1.0"),
    BAD("obs-fold", OK "X: a\r\n b\r\n" CL("0") "\r\n", "folded"),
    BAD("obs-fold by tab", OK "Transfer-Encoding:\r\n\tchunked\r\n\r\n", "other than chunked"),
    BAD("fold as first field", OK " X: a\r\n\r\n", "folded"),
    BAD("bare LF in head", OK "X: a\n" CL("0") "\r\n", "LF alone"),
    BAD("bare LF ends head", OK CL("0") "\n", "LF alone"),
    BAD("bare LF after status", "HTTP/1.1 200 OK\n" CL("0") "\r\n", "LF alone"),
    BAD("CR in value", OK "X: a\rb\r\n\r\n", "CR without"),
    BAD("CR CR LF", OK "X: a\r\r\n\r\n", "CR without"),
    BAD("NUL in value", OK "X: a\0b\r\n\r\n", "control byte"),
    BAD("NUL in name", OK "X\0Y: a\r\n\r\n", "name and colon"),
    BAD("NUL in length", OK CL("5\0") "\r\nhello", "control byte"),
    BAD("NUL in status", "HTTP/1.1 200 O\0K\r\n\r\n", "does not begin"),
    BAD("DEL", OK "X: a\x7f\r\n\r\n", "control byte"),
    BAD("name empty", OK ": a\r\n\r\n", "name and colon"),
    BAD("no colon", OK "Content-Length\r\n\r\n", "name and colon"),
    BAD("name with blank", OK "Content Length: 5\r\n\r\n", "name and colon"),
    BAD("name in latin", OK "X\xe4: 5\r\n\r\n", "name and colon"),
    BAD("204 with a body", "HTTP/1.1 204 x\r\n" CL("5") "\r\nhello", "status without body"),
    BAD("204 chunked", "HTTP/1.1 204 x\r\n" TE "\r\n0\r\n\r\n", "status without body"),
    BAD("100 with a length", "HTTP/1.1 100 x\r\n" CL("5") "\r\n", "interim answer with a body"),
    BAD("100 chunked", "HTTP/1.1 100 x\r\n" TE "\r\n", "interim answer with a body"),
    BAD("to the close", OK "\r\nhello", "without a length"),
    BAD("to the close, 1.0", "HTTP/1.0 200 OK\r\n\r\nhello", "without a length"),
    BAD("too large", OK CL("1001") "\r\n", "more than 1000 bytes"),
    BAD("far too large", OK CL("9223372036854775807") "\r\n", "more than 1000 bytes"),
};

static const struct bad chunks[] = {
    BAD("extension", OK TE "\r\n5;a=b\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("blank after size", OK TE "\r\n5 \r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("blank before size", OK TE "\r\n 5\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("+5", OK TE "\r\n+5\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("-1", OK TE "\r\n-1\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("0x5", OK TE "\r\n0x5\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("5_0", OK TE "\r\n5_0\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("NUL", OK TE "\r\n5\0\r\nhello\r\n0\r\n\r\n", "hexadecimal"),
    BAD("no size", OK TE "\r\n\r\nhello\r\n0\r\n\r\n", "without a size"),
    BAD("17 digits", OK TE "\r\n00000000000000005\r\nhello\r\n", "too long"),
    BAD("2^64 - 1", OK TE "\r\nffffffffffffffff\r\nhello\r\n", "more than 1000 bytes"),
    BAD("sum over the cap", OK TE "\r\n1\r\nx\r\n3e8\r\n", "more than 1000 bytes"),
    BAD("sum wraps", OK TE "\r\n1\r\nx\r\nffffffffffffffff\r\n", "more than 1000 bytes"),
    BAD("longer than its size", OK TE "\r\n4\r\nhello\r\n0\r\n\r\n", "longer than its size"),
    BAD("LF after size", OK TE "\r\n5\nhello\r\n0\r\n\r\n", "LF alone"),
    BAD("LF after data", OK TE "\r\n5\r\nhello\n0\r\n\r\n", "longer than its size"),
    BAD("CR after data", OK TE "\r\n5\r\nhello\rX0\r\n\r\n", "CR without"),
    BAD("trailer", OK TE "\r\n0\r\nX: y\r\n\r\n", "trailers"),
    BAD("length in a trailer", OK TE "\r\n0\r\n" CL("5") "\r\n", "trailers"),
    BAD("LF at the end", OK TE "\r\n0\r\n\n", "trailers"),
};

static const struct bad heads[] = {
    BAD("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "does not begin"),
    BAD("HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", "does not begin"),
    BAD("HTTP/2 short", "HTTP/2 200 OK-OK\r\n\r\n", "does not begin"),
    BAD("http/1.1", "http/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("HTTP/1.10", "HTTP/1.10 200 OK\r\n\r\n", "does not begin"),
    BAD("ICY", "ICY 200 OK and more\r\n\r\n", "does not begin"),
    BAD("blank line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("blank first", " HTTP/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("two blanks", "HTTP/1.1  200 OK\r\n\r\n", "does not begin"),
    BAD("no blank after status", "HTTP/1.1 200\r\n\r\n", "does not begin"),
    BAD("2000", "HTTP/1.1 2000 OK\r\n\r\n", "does not begin"),
    BAD("099", "HTTP/1.1 099 OK\r\n\r\n", "does not begin"),
    BAD("600", "HTTP/1.1 600 OK\r\n\r\n", "does not begin"),
    BAD("999", "HTTP/1.1 999 OK\r\n\r\n", "does not begin"),
    BAD("+20", "HTTP/1.1 +20 OK\r\n\r\n", "does not begin"),
    BAD("tab after version", "HTTP/1.1\t200 OK\r\n\r\n", "does not begin"),
    BAD("101", "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "status 101"),
    BAD("five interim",
	"HTTP/1.1 100 \r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 "
	"100 \r\n\r\nHTTP/1.1 100 \r\n\r\n" OK CL("0") "\r\n",
	"interim answers"),
    /* Attack no-decode: none was asked for, and none is taken apart */
    BAD("gzip", OK "Content-Encoding: gzip\r\n" CL("5") "\r\n\x1f\x8b...", "Content-Encoding"),
    BAD("identity", OK "content-encoding: identity\r\n" CL("5") "\r\nhello", "Content-Encoding"),
    BAD("empty", OK "Content-Encoding:\r\n" CL("5") "\r\nhello", "Content-Encoding"),
    BAD("Reeve twice", OK "Reeve: 1\r\nReeve: 2\r\n\r\n", "stands twice"),
    BAD("Reeve long", OK "Reeve: 12345678901234567890123456789012\r\n\r\n", "no version"),
    BAD("Reeve empty", OK "Reeve: \r\n\r\n", "no version"),
    BAD("Reeve with tab", OK "Reeve: 1\t1\r\n\r\n", "no version"),
    BAD("two types", OK "Content-Type: a/b\r\nContent-Type: application/json\r\n\r\n", "twice"),
    BAD("two Retry-After", OK "Retry-After: 1\r\nRetry-After: 99\r\n\r\n", "twice"),
    BAD("HTML and nothing else", "<html><body>400</body></html>\r\n\r\n", "does not begin"),
    BAD("a TLS alert", "\x15\x03\x01\0\x02\x02\x46........\r\n", "does not begin"),
};

static void
test_bad(const struct bad *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct answer a = every_way(rows[i].name, rows[i].text, rows[i].len, 0);

		CHECKF(a.end == HTTP_BREACH, "%s: %d", rows[i].name, a.end);
		CHECKF(strstr(a.why, rows[i].why) != NULL, "%s: \"%s\"", rows[i].name, a.why);
		CHECKF(a.large == (strstr(rows[i].why, "1000 bytes") != NULL), "%s", rows[i].name);
	}
}

static struct http_head
head_of(const char *fields)
{
	char text[2048];
	struct answer a;

	snprintf(text, sizeof(text), OK "%s" CL("0") "\r\n", fields);
	run(&a, text, strlen(text), strlen(text), 1, 0);
	CHECKF(a.end == HTTP_DONE, "%s: %s", fields, a.why);
	return a.head;
}

static void
test_fields(void)
{
	struct http_head h = head_of("");

	CHECK(!h.close && !h.json && !h.chunked && h.has_length && h.length == 0);
	CHECK(h.retry_after == 0 && h.reeve[0] == '\0' && !h.http10);
	CHECK(head_of("Content-Type: application/json\r\n").json);
	CHECK(head_of("content-type: Application/JSON ; charset=utf-8\r\n").json);
	CHECK(!head_of("Content-Type: application/jsonx\r\n").json);
	CHECK(!head_of("Content-Type: text/html; application/json\r\n").json);
	CHECK(!head_of("Content-Type:\r\n").json);
	CHECK(head_of("Connection: close\r\n").close);
	CHECK(head_of("Connection: keep-alive ,\t Close\r\n").close);
	CHECK(head_of("Connection: x\r\nConnection: close\r\n").close);
	CHECK(!head_of("Connection: closed, keep-alive,,\r\n").close);
	CHECK(head_of("Retry-After: 120\r\n").retry_after == 120);
	CHECK(head_of("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n").retry_after == 0);
	CHECK(head_of("Retry-After: -5\r\n").retry_after == 0);
	CHECK(head_of("Retry-After: 99999999999999999999\r\n").retry_after == 0);
	CHECK_STR(head_of("REEVE: 1\r\n").reeve, "1");
}

/* No body whatever the head says: HEAD, and a proxy's answer to CONNECT. */
static void
test_no_body(void)
{
	static const char *const rows[] = {OK "\r\n", OK CL("77") "\r\n", OK TE "\r\n",
	    "HTTP/1.0 200 Connection established\r\n\r\n"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = every_way(rows[i], rows[i], strlen(rows[i]), 1);

		CHECKF(a.end == HTTP_DONE && a.len == 0 && a.rest == 0, "%s", rows[i]);
	}
}

/* A head whose body will be refused is told all the same: 404 and no Reeve is another's server. */
static void
test_told_first(void)
{
	struct answer a;
	static const char html[] = "HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n<html>no</html>";
	static const char large[] = OK "Reeve: 1\r\n" CL("5000") "\r\nx";

	a = every_way("html", html, sizeof(html) - 1, 0);
	CHECK(a.end == HTTP_BREACH && a.heads == 1 && a.head.status == 404);
	CHECK(a.head.reeve[0] == '\0' && a.len == 0);
	a = every_way("large", large, sizeof(large) - 1, 0);
	CHECK(a.end == HTTP_BREACH && a.heads == 1 && a.large && a.len == 0);
	CHECK_STR(a.head.reeve, "1");
}

/* Each good answer cut short anywhere: never done, and eof says so. */
static void
test_truncated(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = strlen(good[i].text) - good[i].rest;
		struct answer a;

		for (size_t n = 0; n < len; n++) {
			run(&a, good[i].text, n, n, 1, 0);
			CHECKF(a.end == HTTP_MORE, "%s cut at %zu: %d", good[i].name, n, a.end);
		}
	}
}

/* Feeds TEXT until the parser ends it: bytes that it took. */
static size_t
bomb(const char *first, const char *text, size_t most, struct answer *a)
{
	struct http_parser *p = http_parser_new(CAP, 0);
	size_t n = strlen(first);

	memset(a, 0, sizeof(*a));
	feed(p, a, first, n);
	while (a->end != HTTP_BREACH && a->end != HTTP_DONE && n < most) {
		feed(p, a, text, strlen(text));
		n += strlen(text);
	}
	http_parser_free(p);
	return n;
}

/* Attack header-bombs: each ends within 64 KiB, and memory does not grow. */
static void
test_bombs(void)
{
	static const char *const rows[][2] = {
	    {OK, "X: y\r\n"},					      /* 10,000 headers */
	    {OK, "Xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, /* a name without end */
	    {OK "X: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}, /* a value */
	    {"", "HTTP/1.1 100 Continue\r\n\r\n"}, /* interim answers for ever */
	    {"HTTP/1.1 103 x\r\n", "Link: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"},
	    {"", "H"}, {"HTTP/1.1 200 ", "reason "}, {"", "\r\n"},
	    {OK TE "\r\n0\r\n", "X: y\r\n"},			 /* trailers for ever */
	    {OK TE "\r\n", "0"},				 /* a chunk's size without end */
	    {OK TE "\r\n1;", "a"}, {OK TE "\r\n", "1\r\nx\r\n"}, /* chunks of a byte: the cap */
	};
	struct rusage before, after;
	struct answer a;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = bomb(rows[i][0], rows[i][1], 1 << 20, &a);

		CHECKF(a.end == HTTP_BREACH && n <= 65536, "bomb %zu: %d after %zu", i, a.end, n);
	}
	getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_maxrss - before.ru_maxrss <= 1024);
}

/* The limits are where http.h says. */
static void
test_limits(void)
{
	char text[HTTP_HEAD_MAX + 64], fields[HTTP_FIELDS * 8];
	struct answer a;
	size_t n;

	for (int over = 0; over < 2; over++) {
		n = (size_t)snprintf(text, sizeof(text), OK CL("0") "X: ");
		memset(text + n, 'y', HTTP_HEAD_MAX - 1 - 4 - n + (size_t)over);
		n = HTTP_HEAD_MAX - 1 - 4 + (size_t)over;
		memcpy(text + n, "\r\n\r\n", 5);
		run(&a, text, n + 4, n + 4, 1, 0);
		CHECKF(a.end == (over ? HTTP_BREACH : HTTP_DONE), "%zu bytes: %s", n + 4, a.why);
		fields[0] = '\0';
		for (int i = 0; i < HTTP_FIELDS - 1 + over; i++)
			strcat(fields, "X: y\r\n");
		n = (size_t)snprintf(text, sizeof(text), OK "%s" CL("0") "\r\n", fields);
		run(&a, text, n, n, 1, 0);
		CHECKF(
		    a.end == (over ? HTTP_BREACH : HTTP_DONE), "%d fields: %s", 63 + over, a.why);
	}
}

/* After a breach nothing more is taken, whatever comes. */
static void
test_stays_broken(void)
{
	struct http_parser *p = http_parser_new(CAP, 0);
	struct answer a;

	memset(&a, 0, sizeof(a));
	CHECK(feed(p, &a, "x\n", 2) == 1 && a.end == HTTP_BREACH);
	CHECK(feed(p, &a, OK CL("0") "\r\n", strlen(OK CL("0") "\r\n")) == 1);
	CHECK(a.end == HTTP_BREACH && a.heads == 0);
	http_parser_free(p);
}

int
main(void)
{
	test_good();
	test_bad(cl_te, sizeof(cl_te) / sizeof(cl_te[0]));
	test_bad(chunks, sizeof(chunks) / sizeof(chunks[0]));
	test_bad(heads, sizeof(heads) / sizeof(heads[0]));
	test_fields();
	test_no_body();
	test_told_first();
	test_truncated();
	test_bombs();
	test_limits();
	test_stays_broken();
	return check_done();
}
