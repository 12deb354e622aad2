/* The queue's state machine (ctld/jobq.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctld/jobq.h"
#include "lib/log.h"
#include "lib/strutil.h"

/* A host that accepted a run and was never heard of again: so long after the window's end. */
#define ACCEPTED_GRACE (7 * 86400)
/* A cancel is told again after so many seconds while the run goes on. */
#define CANCEL_AGAIN 10
#define TICKETS_MAX  (128 * 1024) /* bytes of tickets in one answer */

static enum api_errcode
internal(const struct errmsg *e)
{
	log_warnx("%s", e->text);
	return API_ERR_INTERNAL;
}

static void
finish(const struct jobq *q, struct run *r, enum run_state state, const char *why)
{
	r->state = state;
	r->finished_at = q->now;
	r->due = 0;
	r->cancel = RC_NONE;
	reason_set(r->reason, why);
}

/* ---- submit ---- */

static enum api_errcode
refuse(struct errmsg *e, const char *what, const char *name, const char *why)
{
	(void)err_set(e, "%s%s%s", what, name, why);
	return API_ERR_REFUSED;
}

static enum api_errcode
check_host(const struct jobq *q, const struct ticket_host *th, struct errmsg *e)
{
	struct host h;
	int rc = store_host_byid(q->store, th->id, &h, e);

	if (rc == -1)
		return internal(e);
	if (rc == 1)
		return refuse(
		    e, "host ", th->name, ": no host has this id here: look at reeve host list");
	if (strcasecmp(h.name, th->name) != 0)
		return refuse(e, "host ", th->name,
		    ": the host of this id has another name: run reeve roster for it again");
	if (h.revoked != 0)
		return refuse(e, "host ", th->name, ": it is revoked");
	if (!h.enrolled)
		return refuse(e, "host ", th->name, ": it has not enrolled yet");
	return API_OK;
}

static enum api_errcode
check_blobs(const struct jobq *q, const struct ticket *t, struct errmsg *e)
{
	char hex[65];
	uint64_t size;
	size_t i;
	int rc;

	for (i = 0; i < t->nblobs; i++) {
		str_hex(hex, t->blob[i].sha256, 32);
		if ((rc = store_blob_get(q->store, hex, &size, e)) == -1)
			return internal(e);
		if (rc == 1)
			return refuse(e, "blob ", hex, ": it is not here: upload it first");
		if (size != t->blob[i].size)
			return refuse(e, "blob ", hex, ": its size is another");
	}
	return API_OK;
}

static enum api_errcode
check_ticket(const struct jobq *q, const struct ticket *t, struct errmsg *e)
{
	enum api_errcode rc = API_OK;

	if (strcmp(t->fleet, q->fleet) != 0)
		return refuse(e, "fleet ", t->fleet, ": this control plane has another fleet");
	if (t->notafter < q->now)
		return refuse(e, "notafter", "", ": the ticket's window is over");
	if (t->issued > q->now + 300)
		return refuse(
		    e, "issued", "", ": the ticket comes from the future: check the clocks");
	for (size_t i = 0; i < t->nhosts && rc == API_OK; i++)
		rc = check_host(q, &t->host[i], e);
	return rc == API_OK ? check_blobs(q, t, e) : rc;
}

static void
fill_job(const struct jobq *q, struct job *j, const struct ticket *t, const char *by)
{
	memset(j, 0, sizeof(*j));
	(void)snprintf(j->id, sizeof(j->id), "%s", t->id);
	(void)snprintf(j->requester, sizeof(j->requester), "%s", t->requester);
	(void)snprintf(j->by, sizeof(j->by), "%s", by);
	j->kind = t->kind->id;
	j->submitted = q->now;
	j->notafter = t->notafter;
}

enum api_errcode
jobq_submit(const struct jobq *q, const char *text, size_t len, const struct sig *sig, size_t nsigs,
    const char *by, struct job *j, struct ticket *t, int *isnew, struct errmsg *e)
{
	enum api_errcode code;
	int rc;

	*isnew = 0;
	if (nsigs == 0 || nsigs > TICKET_SIGS) {
		(void)err_set(e, "signatures: 1 to %d", TICKET_SIGS);
		return API_ERR_BAD_REQUEST;
	}
	if (ticket_parse(t, text, len, e) == -1) {
		(void)err_prefix(e, "ticket");
		return API_ERR_REFUSED;
	}
	if ((rc = store_job_get(q->store, t->id, j, e)) == -1)
		return internal(e);
	if (rc == 0) {
		if (j->len == len && memcmp(j->ticket, text, len) == 0)
			return API_OK;
		(void)err_set(e, "job %s: another ticket has this id", t->id);
		return API_ERR_EXISTS;
	}
	if ((code = check_ticket(q, t, e)) != API_OK)
		return code;
	fill_job(q, j, t, by);
	memcpy(j->ticket, text, len);
	j->len = len;
	memcpy(j->sig, sig, nsigs * sizeof(*sig));
	j->nsigs = nsigs;
	*isnew = 1;
	return store_job_add(q->store, j, t, e) == -1 ? internal(e) : API_OK;
}

/* ---- claim ---- */

uint32_t
jobq_kinds(const struct api_claim *m)
{
	const struct kind *k;
	uint32_t bits = 0;

	_Static_assert(KIND_MAX <= 32, "a bit for each kind");
	for (size_t i = 0; i < m->nkinds; i++)
		if ((k = kind_byname(m->kind[i])) != NULL)
			bits |= 1U << k->id;
	return bits;
}

/* May the host have jobs now? It may have changed while its poll was held. 1, 0 or -1. */
static int
may_work(const struct jobq *q, const char *host_id, struct errmsg *e)
{
	struct host h;
	int rc = store_host_byid(q->store, host_id, &h, e);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	return h.enrolled && h.revoked == 0 && !h.maintenance && !h.clone;
}

/* Hands one run out under a new fence. */
static int
lease(const struct jobq *q, struct run *r, struct api_job *out, struct errmsg *e)
{
	struct job j;
	int rc = store_job_byseq(q->store, r->job, &j, e);

	if (rc != 0)
		return rc == -1 ? -1 : err_set(e, "job %s has a run and no ticket", r->job_id);
	if ((out->ticket = malloc(j.len + 1)) == NULL)
		return err_set(e, "out of memory");
	memcpy(out->ticket, j.ticket, j.len);
	out->ticket[j.len] = '\0';
	out->len = j.len;
	memcpy(out->sig, j.sig, sizeof(out->sig));
	out->nsigs = j.nsigs;
	out->fence = ++r->fence;
	r->state = RS_LEASED;
	r->leased_at = q->now;
	r->due = q->now + q->lease;
	return store_run_update(q->store, r, e);
}

static int
offer_jobs(const struct jobq *q, const char *host_id, uint32_t want, uint32_t kinds,
    struct api_claimed *out, struct errmsg *e)
{
	struct run run[API_JOBS];
	size_t n, i, bytes = 0;

	if (want > API_JOBS)
		want = API_JOBS;
	if (want == 0 || kinds == 0)
		return 0;
	if (store_run_offers(q->store, host_id, q->now, kinds, want, run, &n, e) == -1)
		return -1;
	for (i = 0; i < n && bytes + TICKET_MAX <= TICKETS_MAX; i++) {
		if (lease(q, &run[i], &out->job[out->njobs++], e) == -1)
			return -1;
		bytes += out->job[i].len;
	}
	return 0;
}

static int
offer_cancels(const struct jobq *q, const char *host_id, struct api_claimed *out, struct errmsg *e)
{
	struct run run[API_CANCELS];
	uint64_t told = q->now > CANCEL_AGAIN ? q->now - CANCEL_AGAIN : 0;
	size_t n, i;

	if (store_run_cancels(q->store, host_id, told, API_CANCELS, run, &n, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (str_unhex(out->cancel[out->ncancels], 16, run[i].job_id) == -1)
			continue;
		out->ncancels++;
		run[i].cancel = RC_TOLD;
		run[i].told = q->now;
		if (store_run_update(q->store, &run[i], e) == -1)
			return -1;
	}
	return 0;
}

enum api_errcode
jobq_offer(const struct jobq *q, const char *host_id, uint32_t want, uint32_t kinds,
    struct api_claimed *out, struct errmsg *e)
{
	int may;

	memset(out, 0, sizeof(*out));
	if ((may = may_work(q, host_id, e)) == -1)
		return internal(e);
	if (may && offer_jobs(q, host_id, want, kinds, out, e) == -1)
		return internal(e);
	if (may && offer_cancels(q, host_id, out, e) == -1)
		return internal(e);
	return API_OK;
}

/* ---- the host's word ---- */

static enum api_errcode
find(const struct jobq *q, const char *id, const char *host_id, struct run *r, struct errmsg *e)
{
	int rc = store_run_get(q->store, id, host_id, r, e);

	if (rc == -1)
		return internal(e);
	if (rc == 0)
		return API_OK;
	(void)err_set(e, "this host has no such job");
	return API_ERR_NOT_FOUND;
}

static int
cancel_any(const struct run *r)
{
	const struct kind *k = kind_bynum(r->kind);

	return k != NULL && k->cancel == KC_ANY;
}

/* The host has it: no lease is waited for any more. What the queue gave up comes back to life. */
static void
taken(const struct jobq *q, struct run *r, enum run_state state)
{
	if (r->state == RS_CANCELLED && cancel_any(r))
		r->cancel = RC_ASKED;
	r->state = state;
	r->finished_at = 0;
	r->reason[0] = '\0';
	r->due = 0;
	if (state == RS_ACCEPTED)
		r->due = r->notafter + ACCEPTED_GRACE;
	else if (r->started_at == 0)
		r->started_at = q->now;
}

/* 1 R changed, 0 it did not, -1 that cannot follow. */
static int
follow(const struct jobq *q, struct run *r, const struct api_state *m)
{
	int open = r->state == RS_QUEUED || r->state == RS_LEASED || r->state == RS_EXPIRED ||
		   r->state == RS_CANCELLED;

	if (strcmp(m->state, "refused") == 0) {
		if (r->state == RS_STARTED)
			return -1;
		if (!open && r->state != RS_ACCEPTED)
			return 0;
		finish(q, r, RS_REFUSED, m->reason);
		return 1;
	}
	if (strcmp(m->state, "accepted") == 0) {
		if (!open)
			return 0;
		taken(q, r, RS_ACCEPTED);
		return 1;
	}
	/* started; or finished, and its result comes next */
	if (!open && r->state != RS_ACCEPTED)
		return 0;
	taken(q, r, RS_STARTED);
	return 1;
}

enum api_errcode
jobq_report(const struct jobq *q, const char *id, const char *host_id, const struct api_state *m,
    struct run *run, struct errmsg *e)
{
	enum api_errcode code = find(q, id, host_id, run, e);
	int rc;

	if (code != API_OK)
		return code;
	if (run->fence == 0 || m->fence != run->fence) {
		(void)err_set(e, "job %s: the lease of fence %llu is over", run->job_id,
		    (unsigned long long)m->fence);
		return API_ERR_FENCED;
	}
	if ((rc = follow(q, run, m)) == -1) {
		(void)err_set(e, "job %s: it is %s", run->job_id, run_state_name(run->state));
		return API_ERR_STATE;
	}
	if (rc == 1 && store_run_update(q->store, run, e) == -1)
		return internal(e);
	return API_OK;
}

/* ---- results ---- */

static enum api_errcode
judge(const struct jobq *q, const struct run *run, const struct host *h, const struct api_result *m,
    struct result *res, struct errmsg *e)
{
	struct pubkey key;
	struct job j;
	uint8_t hash[32];

	if (pubkey_parse_b64(&key, h->result_key, strlen(h->result_key)) == -1 ||
	    !pubkey_verify(&key, m->record, m->len, &m->sig))
		return refuse(e, "result", "", ": the signature is not of this host's result key");
	if (result_parse(res, m->record, m->len, e) == -1)
		return API_ERR_REFUSED;
	if (store_job_byseq(q->store, run->job, &j, e) != 0)
		return internal(e);
	ticket_hash(j.ticket, j.len, hash);
	if (strcmp(res->host_id, run->host_id) != 0 || strcmp(res->id, run->job_id) != 0)
		return refuse(e, "result", "", ": it is of another host or job");
	if (strcmp(res->host_name, run->host_name) != 0 && strcasecmp(res->host_name, h->name) != 0)
		return refuse(e, "result", "", ": it is of another host name");
	if (memcmp(res->ticket, hash, sizeof(hash)) != 0)
		return refuse(e, "result", "", ": it is of another ticket");
	return API_OK;
}

/*
 * Each record names the one before it, so a host that was set back, or whose results somebody
 * holds back, can be seen. A host of several control planes has gaps here by nature: noted only.
 */
static int
note_chain(const struct jobq *q, const struct run *run, const struct result *res,
    const struct api_result *m, struct errmsg *e)
{
	struct chain_head head;
	int rc = store_chain_get(q->store, run->host_id, &head, e);

	if (rc == -1)
		return -1;
	if (rc == 0 && (res->seq != head.seq + 1 || memcmp(res->previous, head.hash, 32) != 0)) {
		head.breaks++;
		log_warnx("host %s: result %llu of job %s does not follow result %llu%s",
		    run->host_name, (unsigned long long)res->seq, run->job_id,
		    (unsigned long long)head.seq, res->seq <= head.seq ? ": a step backwards" : "");
	}
	if (res->seq > head.seq) {
		head.seq = res->seq;
		ticket_hash(m->record, m->len, head.hash);
	}
	return store_chain_put(q->store, run->host_id, &head, e);
}

static enum api_errcode
again(const struct jobq *q, const struct run *run, const struct api_result *m, struct errmsg *e)
{
	char record[RESULT_MAX + 1];
	struct sig sig;
	size_t len;

	if (store_run_record(q->store, run, record, &len, &sig, e) != 0)
		return internal(e);
	if (len == m->len && memcmp(record, m->record, len) == 0)
		return API_OK;
	log_warnx("host %s: a second result of job %s differs from the first: the first stays",
	    run->host_name, run->job_id);
	(void)err_set(e, "job %s: another result is stored", run->job_id);
	return API_ERR_EXISTS;
}

static enum api_errcode
keep(const struct jobq *q, struct run *run, const struct result *res, const struct api_result *m,
    const uint8_t *small, struct errmsg *e)
{
	int rc;

	finish(q, run, RS_FINISHED, res->reason);
	run->end = (int)res->end;
	run->code = res->code;
	if (run->started_at == 0 && res->started != 0)
		run->started_at = res->started;
	if (store_run_result(q->store, run, m->record, m->len, &m->sig, small, e) == -1)
		return internal(e);
	rc = note_chain(q, run, res, m, e);
	return rc == -1 ? internal(e) : API_OK;
}

enum api_errcode
jobq_result(const struct jobq *q, const char *id, const struct host *h, const struct api_result *m,
    uint64_t output, const uint8_t *small, struct run *run, int *already, struct errmsg *e)
{
	enum api_errcode code = find(q, id, h->id, run, e);
	struct result res;

	*already = 0;
	if (code != API_OK)
		return code;
	if ((code = judge(q, run, h, m, &res, e)) != API_OK)
		return code;
	if (run->end != 0) {
		*already = 1;
		return again(q, run, m, e);
	}
	run->output = output;
	return keep(q, run, &res, m, small, e);
}

/* ---- cancel, and time ---- */

int
jobq_cancel(const struct jobq *q, struct run *run, struct errmsg *e)
{
	if (run_state_final(run->state)) {
		(void)err_set(e, "it is %s already", run_state_name(run->state));
		return JQ_REFUSED;
	}
	if (run->state == RS_QUEUED) {
		finish(q, run, RS_CANCELLED, "");
		return store_run_update(q->store, run, e) == -1 ? -1 : JQ_CANCELLED;
	}
	if (!cancel_any(run)) {
		(void)err_set(e, "needs a signed agent.cancel: reeve job cancel --sign");
		return JQ_REFUSED;
	}
	run->cancel = RC_ASKED;
	run->told = 0;
	return store_run_update(q->store, run, e) == -1 ? -1 : JQ_ASKED;
}

int
jobq_lost(const struct jobq *q, struct run *run, const char *why, struct errmsg *e)
{
	int had = run->state == RS_ACCEPTED || run->state == RS_STARTED;

	finish(q, run, had ? RS_EXPIRED : RS_CANCELLED, why);
	return store_run_update(q->store, run, e);
}

/* A lease ended without a word. */
static void
lease_over(const struct jobq *q, struct run *r, int *wake)
{
	if (r->cancel != RC_NONE) {
		finish(q, r, RS_CANCELLED, "");
		return;
	}
	r->state = RS_QUEUED;
	r->due = r->notafter + 1;
	*wake = 1;
}

int
jobq_due(const struct jobq *q, struct run *r, int *wake, struct errmsg *e)
{
	*wake = 0;
	if (r->state == RS_LEASED && r->notafter >= q->now)
		lease_over(q, r, wake);
	else if (r->state == RS_ACCEPTED)
		finish(q, r, RS_EXPIRED, "accepted, and nothing was heard of it again");
	else if (r->state != RS_QUEUED && r->state != RS_LEASED)
		r->due = 0;
	else if (r->notafter < q->now)
		finish(q, r, RS_EXPIRED, "");
	else {
		/* its window has opened */
		r->due = r->notafter + 1;
		*wake = 1;
	}
	return store_run_update(q->store, r, e);
}
