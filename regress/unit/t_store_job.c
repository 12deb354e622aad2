/* ctld/jobq.c, store_job.c, store_run.c: the queue's states, leases and fences. */
#include "regress/unit/queuekit.h"

static void
test_submit(struct qkit *k)
{
	static const struct {
		const char *from, *to;
		enum api_errcode code;
		const char *words;
	} bad[] = {
	    {"fleet 3b7e", "fleet 4b7e", API_ERR_REFUSED, "another fleet"},
	    {"host 5f0c", "host 5f0d", API_ERR_REFUSED, "no host has this id"},
	    {"web1.", "web9.", API_ERR_REFUSED, "another name"},
	    {"kind agent.ping", "kind agent.pong", API_ERR_REFUSED, "line"},
	    {"notbefore 1795226400", "notbefore 1795226399", API_ERR_REFUSED, "line"},
	    {"reeve-job 1\n", "reeve-job 1\r\n", API_ERR_REFUSED, "line 1"},
	    {"end\n", "end\n\n", API_ERR_REFUSED, "ticket"},
	};
	char *good = qk_text(1, 1, "agent.ping", 0, 3600), *text;
	struct errmsg e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		text = kit_edit(good, bad[i].from, bad[i].to);
		CHECKF(qk_put(k, text, &e) == bad[i].code, "%s", bad[i].to);
		CHECKF(strstr(e.text, bad[i].words) != NULL, "\"%s\": %s", bad[i].to, e.text);
		free(text);
	}
	CHECK(qk_put(k, good, &e) == API_OK);
	CHECK(qk_put(k, good, &e) == API_OK); /* the very same */
	text = kit_edit(good, "ops-1", "ops-2");
	CHECK(qk_put(k, text, &e) == API_ERR_EXISTS);
	free(text);
	free(good);
	text = qk_text(2, 1, "agent.ping", 0, 10);
	k->q.now += 11;
	CHECK(qk_put(k, text, &e) == API_ERR_REFUSED && strstr(e.text, "window") != NULL);
	k->q.now -= 11 + 301;
	CHECK(qk_put(k, text, &e) == API_ERR_REFUSED && strstr(e.text, "future") != NULL);
	k->q.now = QK_NOW;
	free(text);
}

static void
test_hosts_judged(struct qkit *k)
{
	char *text = qk_text(3, 2, "agent.ping", 0, 3600);
	struct errmsg e;

	k->host[1].revoked = QK_NOW;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_put(k, text, &e) == API_ERR_REFUSED && strstr(e.text, "revoked") != NULL);
	k->host[1].revoked = 0;
	k->host[1].enrolled = 0;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_put(k, text, &e) == API_ERR_REFUSED && strstr(e.text, "enrolled") != NULL);
	k->host[1].enrolled = 1;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	free(text);
}

/* The plain path, and what each step leaves. */
static void
test_path(struct qkit *k)
{
	struct api_result m;
	uint64_t fence;
	struct errmsg e;
	struct run r;
	int already;

	qk_submit(k, 10, 1, "agent.ping");
	CHECK(qk_claim(k, 1, &fence, NULL) == 0);
	CHECK(qk_claim(k, 0, &fence, NULL) == 1 && fence == 1);
	CHECK(qk_claim(k, 0, &fence, NULL) == 0);
	CHECK(qk_report(k, 0, "accepted", 1, &r) == API_OK && r.state == RS_ACCEPTED);
	CHECK(qk_report(k, 0, "started", 1, &r) == API_OK && r.state == RS_STARTED);
	CHECK(r.started_at == k->q.now && r.leased_at == k->q.now);
	CHECK(qk_report(k, 0, "accepted", 1, &r) == API_OK && r.state == RS_STARTED);
	CHECK(qk_report(k, 0, "refused", 1, &r) == API_ERR_STATE);
	qk_record(k, 0, 1, NULL, &m);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 77, NULL, &r, &already, &e) == API_OK);
	CHECK(!already && r.state == RS_FINISHED && r.end == END_EXIT && r.code == 3);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 77, NULL, &r, &already, &e) == API_OK);
	CHECK(already && r.output == 77 && r.finished_at == k->q.now);
	CHECK(qk_report(k, 0, "started", 1, &r) == API_OK && r.state == RS_FINISHED);
}

/* A dead lease: offered again under a higher fence; the old one's word is refused. */
static void
test_fence(struct qkit *k)
{
	struct api_result m;
	uint64_t fence;
	struct errmsg e;
	struct run r;
	int wake, already;

	qk_submit(k, 20, 1, "agent.ping");
	CHECK(qk_report(k, 0, "accepted", 0, &r) == API_ERR_FENCED);
	CHECK(qk_report(k, 0, "accepted", 1, &r) == API_ERR_FENCED);
	CHECK(qk_claim(k, 0, &fence, NULL) == 1 && fence == 1);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(r.state == RS_LEASED && r.due == k->q.now + 60);
	k->q.now += 60;
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && wake && r.state == RS_QUEUED);
	CHECK(qk_claim(k, 0, &fence, NULL) == 1 && fence == 2);
	CHECK(qk_report(k, 0, "accepted", 1, &r) == API_ERR_FENCED);
	CHECK(qk_report(k, 0, "started", 1, &r) == API_ERR_FENCED && r.state == RS_LEASED);
	CHECK(qk_report(k, 0, "accepted", 3, &r) == API_ERR_FENCED);
	CHECK(qk_report(k, 0, "accepted", 2, &r) == API_OK && r.state == RS_ACCEPTED);
	/* the late result of the old fence is the truth all the same */
	qk_record(k, 0, 2, NULL, &m);
	CHECK(m.fence == 1);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) == API_OK);
	CHECK(r.state == RS_FINISHED);
	k->q.now = QK_NOW;
}

/* A run that the host has is never offered again, whatever the time. */
static void
test_started(struct qkit *k)
{
	struct run r, due[8];
	struct errmsg e;
	uint64_t fence;
	size_t n;
	int wake;

	qk_submit(k, 30, 1, "agent.ping");
	CHECK(qk_claim(k, 0, &fence, NULL) == 1);
	CHECK(qk_report(k, 0, "started", fence, &r) == API_OK && r.due == 0);
	CHECK(store_run_due(k->q.store, QK_NOW + 86400ULL * 3650, 8, due, &n, &e) == 0);
	for (size_t i = 0; i < n; i++)
		CHECK(strcmp(due[i].job_id, k->j.id) != 0);
	k->q.now += 100000;
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && !wake && r.state == RS_STARTED);
	CHECK(qk_claim(k, 0, NULL, NULL) == 0);
	k->q.now = QK_NOW;
	qk_submit(k, 31, 1, "agent.ping");
	CHECK(qk_claim(k, 0, &fence, NULL) == 1);
	CHECK(qk_report(k, 0, "accepted", fence, &r) == API_OK);
	k->q.now += 61;
	CHECK(store_run_due(k->q.store, k->q.now, 8, due, &n, &e) == 0);
	for (size_t i = 0; i < n; i++)
		CHECK(strcmp(due[i].job_id, k->j.id) != 0);
	CHECK(qk_claim(k, 0, NULL, NULL) == 0);
	k->q.now += 3600 + 8 * 86400;
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && !wake && r.state == RS_EXPIRED);
	/* it was there after all */
	CHECK(qk_report(k, 0, "started", fence, &r) == API_OK && r.state == RS_STARTED);
	k->q.now = QK_NOW;
}

static void
test_time(struct qkit *k)
{
	char *text = qk_text(40, 1, "agent.ping", 100, 200);
	struct errmsg e;
	struct run r;
	int wake;

	CHECK(qk_put(k, text, &e) == API_OK);
	free(text);
	CHECK(qk_claim(k, 0, NULL, NULL) == 0); /* not yet */
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(r.due == QK_NOW + 100);
	k->q.now += 100;
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && wake && r.state == RS_QUEUED);
	CHECK(r.due == QK_NOW + 201);
	k->q.now += 101;
	CHECK(qk_claim(k, 0, NULL, NULL) == 0); /* no more, expired or not */
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && !wake && r.state == RS_EXPIRED);
	CHECK(r.finished_at == k->q.now && r.due == 0);
	k->q.now = QK_NOW;
	text = qk_text(41, 1, "agent.ping", 0, 50);
	CHECK(qk_put(k, text, &e) == API_OK);
	free(text);
	CHECK(qk_claim(k, 0, NULL, NULL) == 1);
	k->q.now += 60; /* a dead lease after the window */
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && !wake && r.state == RS_EXPIRED);
	k->q.now = QK_NOW;
}

static void
test_claim_limits(struct qkit *k)
{
	struct api_claimed c;
	struct errmsg e;

	for (unsigned int i = 0; i < 20; i++)
		qk_submit(k, 50 + i, 2, i % 2 == 0 ? "agent.ping" : "pkg.list");
	CHECK(jobq_offer(&k->q, qk_ids[1], 0, UINT32_MAX, &c, &e) == API_OK && c.njobs == 0);
	CHECK(jobq_offer(&k->q, qk_ids[1], 1, 0, &c, &e) == API_OK && c.njobs == 0);
	CHECK(jobq_offer(&k->q, qk_ids[1], 16, 1U << KIND_AGENT_FACTS, &c, &e) == API_OK);
	CHECK(c.njobs == 0);
	CHECK(jobq_offer(&k->q, qk_ids[1], 16, 1U << KIND_PKG_LIST, &c, &e) == API_OK);
	CHECK(c.njobs == 10);
	for (size_t i = 0; i < c.njobs; i++)
		CHECK(strstr(c.job[i].ticket, "kind pkg.list") != NULL && c.job[i].nsigs == 1);
	qk_free(&c);
	CHECK(jobq_offer(&k->q, qk_ids[1], 3, UINT32_MAX, &c, &e) == API_OK && c.njobs == 3);
	CHECK(strstr(c.job[0].ticket, "id 00000000000000000000000000000032") != NULL);
	qk_free(&c);
	/* whoever may not work gets none, though its poll was let in before */
	k->host[1].maintenance = 1;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_claim(k, 1, NULL, NULL) == 0);
	k->host[1].maintenance = 0;
	k->host[1].clone = 1;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_claim(k, 1, NULL, NULL) == 0);
	k->host[1].clone = 0;
	k->host[1].revoked = 1;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_claim(k, 1, NULL, NULL) == 0);
	k->host[1].revoked = 0;
	CHECK(store_host_update(k->q.store, &k->host[1], &e) == 0);
	CHECK(qk_claim(k, 1, NULL, NULL) == 7);
	CHECK(qk_claim(k, 0, NULL, NULL) == 16 && qk_claim(k, 0, NULL, NULL) == 4);
}

/* Attack cross-host: every id is looked up with the caller's own host. */
static void
test_cross_host(struct qkit *k)
{
	struct api_result m;
	struct errmsg e;
	struct run r;
	int already;

	qk_submit(k, 80, 1, "agent.ping");
	CHECK(qk_claim(k, 1, NULL, NULL) == 0 && qk_claim(k, 0, NULL, NULL) == 1);
	CHECK(qk_report(k, 1, "accepted", 1, &r) == API_ERR_NOT_FOUND);
	qk_record(k, 1, 1, NULL, &m);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[1], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_NOT_FOUND);
	/* its own record under another's job, and another's under its own */
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_REFUSED);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0 && r.end == 0);
	CHECK(store_run_get(k->q.store, "x' OR 1=1 --", qk_ids[0], &r, &e) == 1);
	CHECK(store_run_get(k->q.store, k->j.id, "%", &r, &e) == 1);
}

static void
test_bad_results(struct qkit *k)
{
	struct api_result good, m;
	struct job mine = k->j;
	struct errmsg e;
	struct run r;
	int already;

	qk_record(k, 0, 5, NULL, &good);
	for (size_t i = 0; i < good.len; i += 7) { /* each change, whatever it makes */
		m = good;
		m.record[i] ^= 1;
		CHECKF(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
			   API_ERR_REFUSED,
		    "byte %zu", i);
	}
	m = good;
	m.sig.sig[3] ^= 4;
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_REFUSED);
	m = good;
	seckey_sign(&k->key[1], m.record, m.len, &m.sig);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_REFUSED);
	/* signed by the right key, but of another job or ticket */
	k->j.ticket[20] ^= 1;
	qk_record(k, 0, 5, NULL, &m);
	k->j = mine;
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_REFUSED);
	CHECK(strstr(e.text, "another ticket") != NULL);
	k->j.id[0] ^= 1;
	qk_record(k, 0, 5, NULL, &m);
	k->j = mine;
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_REFUSED);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(r.end == 0 && r.state == RS_LEASED);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &good, 0, NULL, &r, &already, &e) == API_OK);
	/* a second, other record of the same run: the first stays */
	qk_record(k, 0, 6, NULL, &m);
	CHECK(jobq_result(&k->q, k->j.id, &k->host[0], &m, 0, NULL, &r, &already, &e) ==
	      API_ERR_EXISTS);
}

static void
test_chain(struct qkit *k)
{
	static const uint64_t seq[] = {1, 2, 4, 3, 5};
	static const uint64_t breaks[] = {0, 0, 1, 2, 2};
	uint8_t before[32] = {0}, last4[32];
	struct chain_head h;
	struct api_result m;
	struct errmsg e;
	struct run r;
	int already;

	for (size_t i = 0; i < 5; i++) {
		qk_submit(k, 90 + (unsigned int)i, 3, "agent.ping");
		qk_record(k, 2, seq[i], i == 4 ? last4 : before, &m);
		CHECK(jobq_result(&k->q, k->j.id, &k->host[2], &m, 0, NULL, &r, &already, &e) ==
		      API_OK);
		ticket_hash(m.record, m.len, before);
		if (seq[i] == 4)
			memcpy(last4, before, 32);
		CHECK(store_chain_get(k->q.store, qk_ids[2], &h, &e) == 0);
		CHECKF(h.breaks == breaks[i], "after %d: %d", (int)i, (int)h.breaks);
	}
	CHECK(h.seq == 5);
}

static void
test_cancel(struct qkit *k)
{
	size_t cancels;
	struct errmsg e;
	struct run r;
	int wake;

	while (qk_claim(k, 0, NULL, NULL) > 0)
		;
	qk_submit(k, 100, 1, "agent.ping");
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(jobq_cancel(&k->q, &r, &e) == JQ_CANCELLED && r.state == RS_CANCELLED);
	CHECK(qk_claim(k, 0, NULL, &cancels) == 0 && cancels == 0);
	CHECK(jobq_cancel(&k->q, &r, &e) == JQ_REFUSED);
	qk_submit(k, 101, 1, "agent.ping");
	CHECK(qk_claim(k, 0, NULL, NULL) == 1);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(jobq_cancel(&k->q, &r, &e) == JQ_ASKED);
	CHECK(qk_claim(k, 0, NULL, &cancels) == 0 && cancels == 1);
	CHECK(qk_claim(k, 0, NULL, &cancels) == 0 && cancels == 0); /* told; not at once again */
	k->q.now += 10;
	CHECK(qk_claim(k, 0, NULL, &cancels) == 0 && cancels == 1);
	k->q.now += 50;
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(jobq_due(&k->q, &r, &wake, &e) == 0 && r.state == RS_CANCELLED && !wake);
	/* the host had it after all: the cancel is asked again */
	CHECK(qk_report(k, 0, "started", 1, &r) == API_OK && r.state == RS_STARTED);
	CHECK(qk_claim(k, 0, NULL, &cancels) == 0 && cancels == 1);
	k->q.now = QK_NOW;
	qk_submit(k, 102, 1, "pkg.refresh");
	CHECK(qk_claim(k, 0, NULL, NULL) == 1);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(jobq_cancel(&k->q, &r, &e) == JQ_REFUSED && strstr(e.text, "signed") != NULL);
}

/* What was committed is there after a restart, and old jobs go. */
static void
test_keep(struct qkit *k)
{
	int64_t seq[64];
	size_t n, before;
	struct errmsg e;
	struct run r;
	struct job j;

	CHECK(store_commit(k->q.store) == 0);
	CHECK(store_job_page(k->q.store, "", INT64_MAX, 64, seq, &before, &e) == 0);
	qk_reopen(k);
	CHECK(store_job_page(k->q.store, "", INT64_MAX, 64, seq, &n, &e) == 0 && n == before);
	CHECK(n > 2 && seq[0] > seq[1]);
	CHECK(store_job_page(k->q.store, qk_ids[2], INT64_MAX, 64, seq, &n, &e) == 0 && n == 5);
	CHECK(store_job_page(k->q.store, qk_ids[2], seq[1], 64, seq, &n, &e) == 0 && n == 3);
	CHECK(store_run_get(k->q.store, k->j.id, qk_ids[0], &r, &e) == 0);
	CHECK(r.state == RS_LEASED && r.fence == 1);
	CHECK(store_job_old(k->q.store, QK_NOW, 0, 64, seq, &n, &e) == 0 && n == 0);
	CHECK(store_job_old(k->q.store, QK_NOW + 100000, 0, 64, seq, &n, &e) == 0 && n > 0);
	for (size_t i = 0; i < n; i++) {
		struct run runs[TICKET_HOSTS];
		size_t m;

		CHECK(store_job_runs(k->q.store, seq[i], runs, &m, &e) == 0 && m > 0);
		while (m > 0)
			CHECK(run_state_final(runs[--m].state));
		CHECK(store_job_remove(k->q.store, seq[i], &e) == 0);
		CHECK(store_job_byseq(k->q.store, seq[i], &j, &e) == 1);
	}
	CHECK(
	    store_job_old(k->q.store, QK_NOW + 100000, UINT32_MAX, 64, seq, &n, &e) == 0 && n > 0);
}

int
main(void)
{
	static struct qkit k;

	qk_open(&k);
	test_submit(&k);
	test_hosts_judged(&k);
	CHECK(qk_claim(&k, 0, NULL, NULL) == 1);
	test_path(&k);
	test_fence(&k);
	test_started(&k);
	test_time(&k);
	test_claim_limits(&k);
	test_cross_host(&k);
	test_bad_results(&k);
	test_chain(&k);
	test_cancel(&k);
	test_keep(&k);
	qk_close(&k);
	return check_done();
}
