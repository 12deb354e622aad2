/*
 * The real netd and a control plane that does not answer as it should: every status, other people's
 * web servers, rubbish, servers that lie about offsets and lengths, certificates that are not the
 * server's (Attack resolver-lies: dial was led to another machine). What is asked each time: what
 * netd does next, what it says, and that it goes on.
 */
#include "regress/ipc/netdflow.h"

#define ERR(code) "{\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}"

static struct kit k;

static void
begin(const char *key, const char *value)
{
	kit_start(&k, key, value, NULL);
	if (str_unhex(id, 16, JOB) == -1)
		abort();
}

static void
end(void)
{
	CHECKF(kit_end(&k) == 0, "%s", k.log);
}

/* ---- statuses, told to a heartbeat ---- */

struct row {
	int status;
	const char *fields, *body, *said;
	int min, max; /* ms until the next heartbeat may come; MAX 0: not within this test */
};

static const struct row rows[] = {
    {401, "", ERR("unauthorized"), "enroll this host again", 0, 0},
    {403, "", ERR("address_not_allowed"), "reeve host allow", 0, 0},
    {403, "", ERR("address_unknown"), "trusted-proxy", 0, 0},
    {403, "", ERR("hostname_mismatch"), "enrolled under another name", 0, 0},
    {403, "", ERR("revoked"), "revoked", 0, 0},
    {404, "", ERR("not_found"), "404 not_found", 0, 0},
    {426, "", ERR("protocol_too_old"), "upgrade reeve", 0, 0},
    {400, "", ERR("bad_request"), "400 bad_request", 0, 0},
    {429, "Retry-After: 2\r\n", ERR("too_many"), "429 too_many", 1900, 3500},
    {503, "Retry-After: 1\r\n", ERR("unavailable"), "503 unavailable", 900, 2500},
    {500, "", ERR("internal"), "500 internal", 0, 3000},
    {409, "", ERR("clone_detected"), "two machines use this identity", 0, 3000},
    {302, "Location: https://elsewhere.test/\r\n", "", "302", 0, 0},
};

/* After an answer with an interval of 1 s, the ROW; then: is there another heartbeat in time? */
static void
test_status(const struct row *w)
{
	struct kit_req *r;
	struct imsg m;
	int64_t at;
	int n;

	begin("heartbeat", "1");
	k.manual_beat = 1;
	r = kit_request(&k, "POST /agent/v1/heartbeat");
	kit_answer(&k, r, w->status, w->fields, w->body);
	at = kit_now();
	n = kit_wait(&k, 0, &m, "POST /agent/v1/heartbeat", &r, w->max != 0 ? w->max : 1300);
	CHECKF((n == 2) == (w->max != 0), "%d %s: %s", w->status, w->body,
	    n == 2 ? "asked again too soon" : "not asked again");
	CHECKF(n != 2 || kit_now() - at >= w->min, "%d: asked again after %d ms", w->status,
	    (int)(kit_now() - at));
	CHECKF(kit_said(&k, w->said), "%d: said %s", w->status, k.log);
	end();
}

/* The server's interval wins over the configured one. */
static void
test_interval(void)
{
	struct kit_req *r;
	struct imsg m;

	begin("heartbeat", "300");
	k.manual_beat = 1;
	r = kit_request(&k, "POST /agent/v1/heartbeat");
	kit_answer(
	    &k, r, 200, "", "{\"interval\":1,\"server_time\":1,\"seen_address\":\"192.0.2.7\"}");
	CHECK(kit_wait(&k, 0, &m, "POST /agent/v1/heartbeat", &r, 500) == 0);
	CHECK(kit_wait(&k, 0, &m, "POST /agent/v1/heartbeat", &r, 2500) == 2);
	end();
}

/* ---- not a reeve ---- */

static const struct {
	const char *text, *said;
} strangers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
	"not a reeve control plane"},
    {"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>",
	"not a reeve control plane"},
    {"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/\r\nContent-Length: 0\r\n\r\n",
	"redirects"},
    {"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>",
	"a proxy answers 502"},
    {"HTTP/1.1 200 OK\r\nServer: x\r\nConnection: close\r\n\r\n<html>",
	"not a reeve control plane"},
    {"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 99999999\r\n\r\n<html>",
	"not a reeve control plane"},
    {"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP answer"},
    {"HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
	"no HTTP answer"},
    {"HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
	"no HTTP answer"},
    {"HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Length: 2\r\n\r\n{}", "heartbeat: the answer"},
    {"HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Length: 9\r\n\r\n[[[[[[[[[", "heartbeat: the answer"},
};

static void
test_stranger(const char *text, const char *said)
{
	struct kit_req *r;

	begin("verbose", "1");
	k.manual_beat = 1;
	r = kit_request(&k, "POST /agent/v1/heartbeat");
	kit_answer_raw(&k, r, text, strlen(text));
	for (int i = 0; i < 40 && !kit_said(&k, said); i++)
		kit_pass(&k, 50);
	CHECKF(kit_said(&k, said), "%.40s: said %s", text, k.log);
	CHECK(!k.gone);
	end();
}

/* ---- connections ---- */

static const struct {
	const char *cert, *said;
} certs[] = {
    {"wrong-name", "TLS"},
    {"other-server", "TLS"},
    {"expired", "TLS"},
    {"self-signed", "TLS"},
    {"client-as-server", "TLS"},
};

/* Attack resolver-lies: another machine answers. It gets no byte of a request. */
static void
test_cert(const char *cert, const char *said)
{
	begin("verbose", "1");
	k.cert = cert;
	k.manual_beat = 1;
	for (int i = 0; i < 40 && !kit_said(&k, said); i++)
		kit_pass(&k, 50);
	CHECKF(kit_said(&k, said), "%s: said %s", cert, k.log);
	for (int i = 0; i < KIT_CONNS; i++)
		CHECKF(k.conn[i].r.line[0] == '\0', "%s: it asked %s", cert, k.conn[i].r.line);
	/* the right machine again: it goes on by itself */
	k.cert = "server";
	kit_request(&k, "POST /agent/v1/heartbeat");
	end();
}

/* A server that is down: said once, asked again with pauses, and no tight loop. */
static void
test_down(void)
{
	begin("verbose", "0");
	k.refuse = "reeve.test port 7440: 192.0.2.1: Connection refused";
	kit_pass(&k, 1500);
	CHECKF(kit_said(&k, "claim: no connection: reeve.test port 7440"), "%s", k.log);
	CHECKF(k.dials >= 2 && k.dials <= 60, "%u times in 1.5 s", k.dials);
	CHECK(strstr(strstr(k.log, "claim: no conn") + 1, "claim: no conn") == NULL);
	k.refuse = NULL;
	kit_request(&k, "POST /agent/v1/claim");
	kit_pass(&k, 300);
	end();
}

/* ---- claims ---- */

/* Nothing new at once, again and again: not a tight loop. A clone claims nothing until told. */
static void
test_claims(void)
{
	struct kit_req *r;
	struct imsg m;
	int n = 0;
	int64_t until;

	begin("verbose", "1");
	until = kit_now() + 1500;
	while (kit_now() < until)
		if (kit_wait(&k, 0, &m, "POST /agent/v1/claim", &r, 200) == 2) {
			kit_answer(&k, r, 204, "", "");
			n++;
		}
	CHECKF(n >= 1 && n <= 3, "%d claims in 1.5 s", n);
	end();
}

/* Plain polling: once an interval, with room for jobs or without. */
static void
test_plain(void)
{
	struct kit_req *r;
	struct imsg m;
	int64_t until;
	char *a;
	int n = 0;

	kit_start(&k, "poll-wait", "0", "heartbeat", "1", "free", "1", NULL);
	k.manual_beat = 1; /* not answered: its interval stays */
	r = kit_request(&k, "POST /agent/v1/claim?wait=0");
	kit_answer(&k, r, 200, "", a = claimed(3, ticket));
	free(a);
	until = kit_now() + 2500;
	while (kit_now() < until) {
		if (kit_wait(&k, 0, &m, "POST /agent/v1/claim?wait=0", &r, 100) == 2) {
			kit_answer(&k, r, 204, "", "");
			n++;
		}
	}
	CHECKF(n >= 1 && n <= 3, "%d polls in 2.5 s", n);
	end();
}

static void
test_clone(void)
{
	struct kit_req *r;
	struct imsg m;

	begin("heartbeat", "1");
	k.manual_beat = 1;
	r = kit_request(&k, "POST /agent/v1/claim");
	kit_answer(&k, r, 409, "", ERR("clone_detected"));
	for (int i = 0; i < 3; i++) {
		r = kit_request(&k, "POST /agent/v1/heartbeat");
		CHECK(kit_wait(&k, 0, &m, "POST /agent/v1/claim", &r, 1) == 0);
		r = kit_request(&k, "POST /agent/v1/heartbeat");
		kit_answer(&k, r, 409, "", ERR("clone_detected"));
	}
	CHECK(kit_wait(&k, 0, &m, "POST /agent/v1/claim", &r, 500) == 0);
	r = kit_request(&k, "POST /agent/v1/heartbeat");
	kit_answer(&k, r, 200, "", KIT_BEAT);
	kit_request(&k, "POST /agent/v1/claim");
	end();
}

/* More tickets than asked for, no ticket at all, and rubbish: nothing of it reaches privd twice. */
static void
test_claim_rubbish(void)
{
	static const char *const bad[] = {"[]", "{\"jobs\":[],\"cancel\":[],\"x\":1}",
	    "{\"jobs\":[{\"ticket\":\"reeve-job "
	    "2\\n\",\"signatures\":[],\"fence\":1}],\"cancel\":[]}",
	    "{\"jobs\":{},\"cancel\":[]}", "nonsense"};
	struct kit_req *r;
	struct imsg m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin("verbose", "1");
		r = kit_request(&k, "POST /agent/v1/claim");
		kit_answer(&k, r, 200, "", bad[i]);
		CHECKF(kit_wait(&k, MSG_JOB_SUBMIT, &m, "POST /agent/v1/claim", &r, 3000) == 2,
		    "%s", bad[i]);
		CHECKF(kit_said(&k, "claim: "), "%s: %s", bad[i], k.log);
		end();
	}
}

/* ---- one job ---- */

/* A job that privd says is running, with OUT in its spool; netd was started after it. */
static int
running(const char *out, char *path)
{
	int w;

	state(&k, JS_STARTED, "");
	w = spool_stream(&k, path);
	if (write(w, out, strlen(out)) != (ssize_t)strlen(out))
		abort();
	expect_state(&k, "started", 3);
	return w;
}

static struct kit_req *
output_at(uint64_t offset, const char *bytes)
{
	struct kit_req *r = kit_request(&k, "PUT /agent/v1/job/" JOB "/output");
	char want[128];

	snprintf(want, sizeof(want), "PUT /agent/v1/job/" JOB "/output?offset=%llu&fence=3",
	    (unsigned long long)offset);
	CHECK_STR(r->line, want);
	CHECKF(r->len == strlen(bytes) && memcmp(r->body, bytes, r->len) == 0, "%s", r->body);
	return r;
}

static void
result(uint64_t output, int status, const char *body)
{
	struct kit_req *r = kit_request(&k, "POST /agent/v1/job/" JOB "/result");
	char want[64];

	snprintf(want, sizeof(want), "\"output\":%llu", (unsigned long long)output);
	CHECKF(strstr(r->body, want) != NULL, "%s", r->body);
	CHECK(strstr(r->body, "\"fence\":3") != NULL);
	kit_answer(&k, r, status, "", body);
}

static void
acked(void)
{
	struct imsg m;

	kit_message(&k, MSG_RESULT_ACK, &m);
	imsg_free(&m);
}

/* 416: on at the offset that it names, forward and back; one that cannot be is not believed. */
static void
test_offsets(void)
{
	char path[32];
	int w;

	begin("verbose", "1");
	w = running("0123456789", path);
	kit_answer(&k, output_at(0, "0123456789"), 416, "", "{\"offset\":4}");
	kit_answer(&k, output_at(4, "456789"), 200, "", "{\"offset\":10}");
	CHECK(write(w, "ab", 2) == 2);
	kit_answer(&k, output_at(10, "ab"), 416, "", "{\"offset\":2}");
	kit_answer(&k, output_at(2, "23456789ab"), 200, "", "{\"offset\":12}");
	CHECK(write(w, "cd", 2) == 2);
	kit_answer(&k, output_at(12, "cd"), 200, "", "{\"offset\":1000000}");
	send_exit(&k);
	result(12, 200, "{\"already\":false}");
	acked();
	CHECK(kit_said(&k, "more output than there is"));
	close(w);
	unlink(path);
	end();
}

/* 416 that never agrees: some tries, then pauses. */
static void
test_offset_loop(void)
{
	struct kit_req *r;
	struct imsg m;
	char path[32];
	int w, n = 0;

	begin("verbose", "1");
	w = running("0123456789", path);
	while (n < 100 && kit_wait(&k, 0, &m, "PUT ", &r, 400) == 2) {
		kit_answer(&k, r, 416, "", "{\"offset\":0}");
		n++;
	}
	CHECKF(n > 2 && n < 30, "%d tries without a pause", n);
	close(w);
	unlink(path);
	end();
}

/* 413: the rest is given up, the result is not, and says what was taken. */
static void
test_large(void)
{
	char path[32];
	int w;

	begin("verbose", "1");
	w = running("0123456789", path);
	kit_answer(&k, output_at(0, "0123456789"), 200, "", "{\"offset\":10}");
	CHECK(write(w, "ab", 2) == 2);
	kit_answer(&k, output_at(10, "ab"), 413, "", ERR("too_large"));
	CHECK(write(w, "cd", 2) == 2);
	send_exit(&k);
	result(10, 200, "{\"already\":true}");
	acked();
	CHECK(kit_said(&k, "413"));
	close(w);
	unlink(path);
	end();
}

/*
 * A result that is refused is kept, and holds up nobody: another job's goes on. ACK comes for no
 * answer but 200 with the words.
 */
static void
test_result_refused(void)
{
	static const struct {
		int status;
		const char *body;
	} no[] = {{404, ERR("not_found")}, {409, ERR("fenced")}, {422, ERR("refused")},
	    {413, ERR("too_large")}, {200, "{}"}, {200, "{\"already\":1}"}, {200, ""}};
	struct kit_req *r;
	struct imsg m;

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		begin("verbose", "1");
		state(&k, JS_STARTED, "");
		expect_state(&k, "started", 3);
		send_exit(&k);
		result(0, no[i].status, no[i].body);
		CHECKF(kit_wait(&k, MSG_RESULT_ACK, &m, NULL, &r, 300) == 0, "%d %s acknowledged",
		    no[i].status, no[i].body);
		id[0] ^= 1;
		state(&k, JS_ACCEPTED, "");
		kit_request(&k, "POST /agent/v1/job/");
		id[0] ^= 1;
		end();
	}
}

/* The link is cut in the middle of a call and comes back: nothing is lost, nothing goes twice to
 * privd. */
static void
test_cut(void)
{
	struct kit_req *r;
	char path[32];
	int w;

	begin("verbose", "1");
	w = running("0123456789", path);
	r = output_at(0, "0123456789");
	kit_conn_gone(&k, r->conn);
	kit_answer(&k, output_at(0, "0123456789"), 200, "", "{\"offset\":10}");
	send_exit(&k);
	r = kit_request(&k, "POST /agent/v1/job/" JOB "/result");
	kit_conn_gone(&k, r->conn);
	result(10, 200, "{\"already\":true}");
	acked();
	close(w);
	unlink(path);
	end();
}

/* Blobs: a wrong length and a 404 reach privd as nothing, and are asked for again. */
static void
test_blobs(void)
{
	char *text = malloc(4096), *a;
	struct kit_req *r;
	struct imsg m;

	snprintf(text, 4096, "%s", ticket);
	strcpy(strstr(text, "end\n"),
	    "blob config sha256:0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100 "
	    "4\nend\n");
	begin("verbose", "1");
	r = kit_request(&k, "POST /agent/v1/claim");
	kit_answer(&k, r, 200, "", a = claimed(4, text));
	free(a);
	kit_message(&k, MSG_JOB_SUBMIT, &m);
	imsg_free(&m);
	kit_tell(&k, MSG_JOB_NEEDBLOB, msg_needblob_put(id, 0), NULL, 0);
	kit_answer(&k, kit_request(&k, "GET /agent/v1/blob/"), 404, "", ERR("not_found"));
	kit_answer(&k, kit_request(&k, "GET /agent/v1/blob/"), 200, "", "12345");
	CHECK(kit_wait(&k, MSG_JOB_BLOB, &m, "GET /agent/v1/blob/", &r, 8000) == 2);
	kit_answer(&k, r, 200, "", "1234");
	kit_message(&k, MSG_JOB_BLOB, &m);
	imsg_free(&m);
	free(text);
	end();
}

/* Room: a poll that said "none" is not waited for when a job has ended. */
static void
test_room(void)
{
	struct api_claim c;
	struct kit_req *r;
	struct errmsg e;
	struct imsg m;
	char *a;

	begin("free", "1");
	r = kit_request(&k, "POST /agent/v1/claim");
	CHECK(api_claim_get(&c, r->body, r->len, &e) == 0 && c.free == 1);
	kit_answer(&k, r, 200, "", a = claimed(3, ticket));
	free(a);
	kit_message(&k, MSG_JOB_SUBMIT, &m);
	imsg_free(&m);
	r = kit_request(&k, "POST /agent/v1/claim");
	CHECK(api_claim_get(&c, r->body, r->len, &e) == 0 && c.free == 0);
	send_exit(&k);
	k.conn[r->conn].waiting = 0; /* left without an answer */
	r = kit_request(&k, "POST /agent/v1/claim");
	CHECK(api_claim_get(&c, r->body, r->len, &e) == 0 && c.free == 1);
	end();
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_status(&rows[i]);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		test_stranger(strangers[i].text, strangers[i].said);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		test_cert(certs[i].cert, certs[i].said);
	test_interval();
	test_down();
	test_claims();
	test_plain();
	test_clone();
	test_claim_rubbish();
	test_offsets();
	test_offset_loop();
	test_large();
	test_result_refused();
	test_cut();
	test_blobs();
	test_room();
	return check_done();
}
