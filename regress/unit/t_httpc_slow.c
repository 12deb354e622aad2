/*
 * net/httpc.c against servers that send too much or too slowly. Attack header-bombs, slow-drip.
 */
#include <sys/resource.h>

#include "regress/unit/httpckit.h"

#define OK "HTTP/1.1 200 OK\\r\\n"

static struct netconf *conf;

/* Attack header-bombs: closed within 64 KiB of what the server could send, memory as before. */
static void
test_bombs(void)
{
	static const char *const bombs[][2] = {
	    {"send:" OK, "repeat:10000:X-Header: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\r\\n"},
	    {"send:" OK, "forever:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	    {"send:", "forever:HTTP/1.1 100 Continue\\r\\n\\r\\n"},
	    {"send:HTTP/1.1 103 x\\r\\n", "forever:Link: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\\r\\n"},
	    {"send:" OK "Transfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n", "forever:X: y\\r\\n"},
	    {"send:" OK "Transfer-Encoding: chunked\\r\\n\\r\\n", "forever:1\\r\\nx\\r\\n"},
	    {"send:", "forever:\\r\\n"},
	};
	struct rusage before, after;
	struct hostile h;
	struct shot s;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		struct httpc_req r = kit_req(&s, "GET", "/");
		int fd = hostile_start(
		    &h, "-c server -b 4096", "tls", "recv", bombs[i][0], bombs[i][1], NULL);

		kit_shoot(conf, &h, fd, &r, &s);
		CHECKF(s.fault == NETF_PROTOCOL || s.fault == NETF_LARGE, "%zu: %s %s", i,
		    net_fault_name(s.fault), s.why);
		CHECKF(h.out_bytes <= 65536, "%zu: %llu bytes went out", i, h.out_bytes);
		CHECKF(h.out_bytes > 0, "%zu: %s", i, h.said);
	}
	getrusage(RUSAGE_SELF, &after);
#ifndef REEVE_SANITIZE /* keeps what was freed */
	CHECKF(after.ru_maxrss - before.ru_maxrss <= 1024, "%ld KiB more",
	    after.ru_maxrss - before.ru_maxrss);
#endif
}

#define LATE 150 /* ms, of each phase */

/* R to a server of STEPS: late, in the phase that WORDS name, and not much later than LATE. */
static void
must_be_late(
    const char *const steps[3], const char *words, const struct httpc_req *r, struct shot *s)
{
	struct hostile h;
	uint64_t t0, took;
	int fd = hostile_start(&h, "-c server -b 4096", steps[0], steps[1], steps[2], NULL);
	struct httpc *c;

	t0 = net_now();
	c = kit_open(conf, fd, NULL, strcmp(steps[0], "tls") == 0 ? 10000 : LATE);
	CHECK(httpc_request(c, r) == 0);
	kit_drive(c, s, 1, 10000);
	took = net_now() - t0;
	CHECKF(s->fault == NETF_TIME, "%s: %s %s", words, net_fault_name(s->fault), s->why);
	CHECKF(strstr(s->why, words) != NULL, "\"%s\" is not \"%s\"", s->why, words);
	CHECKF(
	    took >= LATE && took < 20 * LATE, "%s: after %llu ms", words, (unsigned long long)took);
	httpc_free(c);
	hostile_end(&h);
}

/* Attack slow-drip: a byte now and then is as late as silence, in every phase. */
static void
test_drip(void)
{
	static const char *const steps[][3] = {
	    {"silent", NULL, NULL},
	    {"drip:20:"
	     "\\x16\\x03\\x03\\x40\\0\\x02\\0\\x3f\\xfc\\x03\\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		NULL, NULL},
	    {"tls", "silent", NULL},
	    {"tls", "drip:20:HTTP/1.1 200 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	    {"tls", "drip:20:HTTP/1.1 100 x\\r\\n\\r\\nHTTP/1.1 200 x\\r\\nX: aaaaaaaaaaaaaaaaaaaa",
		NULL},
	    {"tls", "send:" OK "Content-Length: 99\\r\\n\\r\\n",
		"drip:20:aaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	    {"tls", "send:" OK "Transfer-Encoding: chunked\\r\\n\\r\\n",
		"drip:5:"
		"1\\r\\na\\r\\n1\\r\\na\\r\\n1\\r\\na\\r\\n1\\r\\na\\r\\n1\\r\\na\\r\\n1\\r\\na\\r"
		"\\n"},
	    {"tls", "send:" OK "Content-Length: 9\\r\\n\\r\\na", "silent"},
	};
	static const char *const words[] = {"handshake", "handshake", "did not answer",
	    "did not answer", "did not answer", "did not end", "did not end", "did not end"};
	struct shot s;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct httpc_req r = kit_req(&s, "GET", "/");

		r.head_ms = LATE;
		r.body_ms = LATE;
		must_be_late(steps[i], words[i], &r, &s);
		CHECKF(s.heads == (i >= 5), "row %zu", i);
	}
}

/* A server that reads nothing of a large body; and a stream that stops after some pieces. */
static void
test_drip_more(void)
{
	static const char *const deaf[3] = {"tls", "silent", NULL};
	static const char *const stream[3] = {
	    "tls", "drip:10:" OK "Transfer-Encoding: chunked\\r\\n\\r\\n1\\r\\na\\r\\n", "silent"};
	size_t len = 8 << 20;
	char *big = calloc(1, len);
	struct shot s;
	struct httpc_req r = kit_req(&s, "PUT", "/");

	r.body = big;
	r.bodylen = len;
	r.send_ms = LATE;
	must_be_late(deaf, "could not be sent", &r, &s);
	CHECK(!s.was_sent);
	free(big);
	r = kit_req(&s, "GET", "/");
	r.body_ms = 0;
	r.body_idle_ms = LATE;
	must_be_late(stream, "did not end", &r, &s);
	CHECK(s.len == 1);
}

/* A stream without a whole deadline may last, as long as pieces come. */
static void
test_stream(void)
{
	struct hostile h;
	struct shot s;
	struct httpc_req r = kit_req(&s, "GET", "/");
	int fd = hostile_start(&h, "-c server", "tls", "recv",
	    "send:" OK "Transfer-Encoding: chunked\\r\\n\\r\\n",
	    "drip:8:1\\r\\na\\r\\n1\\r\\nb\\r\\n1\\r\\nc\\r\\n1\\r\\nd\\r\\n0\\r\\n\\r\\n", "drain",
	    NULL);

	r.body_ms = 0;
	r.body_idle_ms = 5000;
	kit_shoot(conf, &h, fd, &r, &s);
	CHECKF(s.fault == NETF_NONE, "%s", s.why);
	CHECK_STR(s.body, "abcd");
}

int
main(void)
{
	conf = kit_conf("ca", NULL, "localhost", 0);
	test_bombs();
	test_drip();
	test_drip_more();
	test_stream();
	netconf_free(conf);
	return check_done();
}
