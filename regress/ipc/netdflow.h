/* What netd is for, step by step, between the kit's three peers: one heartbeat, one job, one nonce.
 */
#ifndef REGRESS_NETDFLOW_H
#define REGRESS_NETDFLOW_H

#include <sys/inotify.h>

#include "lib/strutil.h"
#include "proto/api.h"
#include "regress/ipc/netdkit.h"

#define JOB "9f86d081884c7d659a2feaa0c55ad015"

static const char ticket[] = "reeve-job 1\nfleet fedcba9876543210fedcba9876543210\n"
			     "host 0123456789abcdef0123456789abcdef web1.example.net\nid " JOB
			     "\nissued 1795226400\nnotbefore 1795226400\nnotafter 1795230000\n"
			     "requester ops-1\nkind agent.ping\nend\n";

static uint8_t id[16]; /* of JOB */

/* An answer to a claim with one job. */
static inline char *
claimed(uint64_t fence, const char *text)
{
	struct api_claimed *c = calloc(1, sizeof(*c));
	char *out;

	c->njobs = 1;
	c->job[0].ticket = (char *)(uintptr_t)text;
	c->job[0].len = strlen(text);
	c->job[0].nsigs = 1;
	c->job[0].fence = fence;
	out = api_claimed_put(c);
	free(c);
	return out;
}

static inline void
state(struct kit *k, uint8_t s, const char *reason)
{
	struct msg_state m = {.state = s, .fence = 3};

	memcpy(m.id, id, 16);
	snprintf(m.reason, sizeof(m.reason), "%s", reason);
	kit_tell(k, MSG_JOB_STATE, msg_state_put(&m), NULL, 0);
}

static inline void
expect_state(struct kit *k, const char *want, uint64_t fence)
{
	struct kit_req *r = kit_request(k, "POST /agent/v1/job/" JOB "/state");
	struct api_state s;
	struct errmsg e;

	CHECK(api_state_get(&s, r->body, r->len, &e) == 0);
	CHECK_STR(s.state, want);
	CHECK(s.fence == fence);
	kit_answer(k, r, 200, "", "{\"already\":false}");
}

static inline int
spool_stream(struct kit *k, char *path)
{
	int fds[2], w;

	strcpy(path, "/tmp/spoolXXXXXX");
	if ((w = mkostemp(path, O_CLOEXEC)) == -1 ||
	    (fds[0] = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    (fds[1] = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1 ||
	    inotify_add_watch(fds[1], path, IN_MODIFY) == -1)
		abort();
	kit_tell(k, MSG_JOB_STREAM, msg_id_put(id), fds, 2);
	return w;
}

static inline void
expect_output(struct kit *k, uint64_t offset, const char *bytes)
{
	struct kit_req *r = kit_request(k, "PUT /agent/v1/job/" JOB "/output");
	char want[128], *a;

	snprintf(want, sizeof(want), "PUT /agent/v1/job/" JOB "/output?offset=%llu&fence=3",
	    (unsigned long long)offset);
	CHECK_STR(r->line, want);
	CHECKF(r->len == strlen(bytes) && memcmp(r->body, bytes, r->len) == 0, "%s", r->body);
	a = api_offset_put(offset + r->len);
	kit_answer(k, r, 200, "", a);
	free(a);
}

static inline void
send_exit(struct kit *k)
{
	static const char record[] = "reeve-result 1\nthe test's own\n";
	struct msg_exit m = {.record = (const uint8_t *)record, .len = sizeof(record) - 1};

	memcpy(m.id, id, 16);
	kit_tell(k, MSG_JOB_EXIT, msg_exit_put(&m), NULL, 0);
}

static inline void
flow_beat(struct kit *k)
{
	struct api_heartbeat *b = calloc(1, sizeof(*b));
	struct kit_req *r = kit_request(k, "POST /agent/v1/heartbeat");
	struct errmsg e = {""};

	CHECK(strstr(r->head, "\r\nReeve: 1\r\n") != NULL);
	CHECK(strstr(r->head, "\r\nHost-Name: web1.example.net\r\n") != NULL);
	CHECK(strstr(r->head, "\r\nHost: reeve.test:7440\r\n") != NULL);
	CHECKF(api_heartbeat_get(b, r->body, r->len, &e) == 0, "%s: %s", e.text, r->body);
	CHECK_STR(b->hostname, "web1.example.net");
	CHECK(b->seq == 1 && b->ledger_seq == 7 && b->audit_seq == 9 && b->ntags == 1 &&
	      b->nkinds == 2 && b->naddresses == 1);
	CHECK(strlen(b->boot_id) == 36);
	CHECK(b->vitals != NULL && strncmp(b->vitals, "{\"load\":[0.1]}", b->vitalslen) == 0);
	kit_answer(k, r, 200, "", KIT_BEAT);
	api_heartbeat_free(b);
	free(b);
}

static inline void
flow_job(struct kit *k)
{
	struct kit_req *r = kit_request(k, "POST /agent/v1/claim?wait=20");
	struct api_claim c;
	struct msg_submit s;
	struct errmsg e;
	struct imsg m;
	char path[32], *a;
	int w;

	CHECK(api_claim_get(&c, r->body, r->len, &e) == 0 && c.free == API_JOBS && c.nkinds == 2);
	kit_answer(k, r, 200, "", a = claimed(3, ticket));
	free(a);
	kit_message(k, MSG_JOB_SUBMIT, &m);
	CHECK(msg_submit_get(&m, &s) == 0 && s.fence == 3 && s.nsigs == 1 &&
	      s.len == strlen(ticket) && memcmp(s.ticket, ticket, s.len) == 0);
	imsg_free(&m);
	state(k, JS_ACCEPTED, "");
	expect_state(k, "accepted", 3);
	w = spool_stream(k, path);
	state(k, JS_STARTED, "");
	expect_state(k, "started", 3);
	CHECK(write(w, "first", 5) == 5);
	expect_output(k, 0, "first");
	CHECK(write(w, "second", 6) == 6);
	expect_output(k, 5, "second");
	CHECK(write(w, "last", 4) == 4);
	send_exit(k);
	expect_output(k, 11, "last");
	r = kit_request(k, "POST /agent/v1/job/" JOB "/result");
	CHECK(strstr(r->body, "\"output\":15") != NULL);
	kit_answer(k, r, 200, "", "{\"already\":false}");
	kit_message(k, MSG_RESULT_ACK, &m);
	CHECK(m.len == 16 && memcmp(m.data, id, 16) == 0);
	imsg_free(&m);
	close(w);
	unlink(path);
}

static inline void
flow_confirm(struct kit *k)
{
	uint8_t nonce[32] = {1, 2, 3}, got[32], jid[16];
	struct sig sig = {.keynum = {9}}, back;
	struct kit_req *r;
	struct errmsg e;
	struct imsg m;
	unsigned int dials = k->dials;
	char *a;

	kit_tell(k, MSG_CONFIRM_ASK, msg_confirmask_put(id, nonce), NULL, 0);
	r = kit_request(k, "POST /agent/v1/job/" JOB "/confirm");
	CHECK(api_nonce_get(got, r->body, r->len, &e) == 0 && memcmp(got, nonce, 32) == 0);
	CHECK(k->dials == dials + 1);
	kit_answer(k, r, 200, "", a = api_sig_put(&sig));
	free(a);
	kit_message(k, MSG_CONFIRM_SIG, &m);
	CHECK(msg_confirmsig_get(&m, jid, &back) == 0 && memcmp(jid, id, 16) == 0 &&
	      memcmp(&back, &sig, sizeof(sig)) == 0);
	imsg_free(&m);
}

/*
 * A job with one blob of SIZE bytes: it is fetched by its hash when privd asks for it. CHECK: and
 * it comes in pieces; otherwise nobody reads what netd sends.
 */
static inline void
flow_blob(struct kit *k, size_t size, int check)
{
	static const char hash[] =
	    "0f0e0d0c0b0a09080706050403020100ffeeddccbbaa99887766554433221100";
	char *text = malloc(sizeof(ticket) + 256), *body = malloc(size + 256), *a;
	struct kit_req *r;
	struct msg_blob b;
	struct imsg m;
	size_t got = 0;
	int n;

	snprintf(text, sizeof(ticket) + 256, "%s", ticket);
	snprintf(strstr(text, "end\n"), 200, "blob config sha256:%s %zu\nend\n", hash, size);
	r = kit_request(k, "POST /agent/v1/claim");
	kit_answer(k, r, 200, "", a = claimed(4, text));
	free(a);
	kit_message(k, MSG_JOB_SUBMIT, &m);
	imsg_free(&m);
	kit_tell(k, MSG_JOB_NEEDBLOB, msg_needblob_put(id, 0), NULL, 0);
	r = kit_request(k, "GET /agent/v1/blob/");
	CHECK(strncmp(r->line + strlen("GET /agent/v1/blob/"), hash, 65) == 0);
	n = sprintf(body, "HTTP/1.1 200 x\r\nReeve: 1\r\nContent-Length: %zu\r\n\r\n", size);
	for (size_t i = 0; i < size; i++)
		body[(size_t)n + i] = (char)(i * 7);
	kit_answer_raw(k, r, body, (size_t)n + size);
	while (check && got < size) {
		kit_message(k, MSG_JOB_BLOB, &m);
		if (msg_blob_get(&m, &b) == -1 || b.offset != got || b.index != 0 ||
		    memcmp(b.data, body + n + got, b.len) != 0)
			break;
		got += b.len;
		imsg_free(&m);
	}
	CHECKF(!check || got == size, "%zu of %zu", got, size);
	if (check) {
		state(k, JS_REFUSED, "no");
		expect_state(k, "refused", 4);
	}
	free(text);
	free(body);
}

/* All of it, on a kit that was just started. */
static inline void
flow_all(struct kit *k)
{
	if (str_unhex(id, 16, JOB) == -1)
		abort();
	k->manual_beat = 1;
	flow_beat(k);
	k->manual_beat = 0;
	flow_job(k);
	flow_confirm(k);
	flow_blob(k, 300000, 1);
}

#endif
