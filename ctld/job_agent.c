/* What a host says of its jobs: states, results, confirmations (agent side of the protocol). */
#include <stdlib.h>
#include <string.h>

#include "ctld/queue.h"
#include "ctld/route.h"
#include "ctld/signer.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"

/* POST job/ID/state */
void
on_job_state(struct req *r)
{
	struct jobq q = queue_jobq(r->c);
	struct ctld *c = r->c;
	struct api_state m;
	struct errmsg e = {""};
	enum api_errcode code;
	struct run run;

	if (api_state_get(&m, (const char *)r->body, r->bodylen, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if ((code = jobq_report(&q, r->arg[0], r->host.id, &m, &run, &e)) != API_OK) {
		req_error(r, code, "%s", e.text);
		return;
	}
	req_json_durable(r, 200, strdup("{}"));
	queue_moved(c, run.job_id);
}

/*
 * POST job/ID/result. Once this is answered the host forgets its output: a small one goes into the
 * database with the record, which is one flush of the disk for both; a large one is flushed before.
 */
void
on_job_result(struct req *r)
{
	struct jobq q = queue_jobq(r->c);
	struct ctld *c = r->c;
	struct api_result m;
	struct errmsg e = {""};
	enum api_errcode code;
	uint8_t small[OUTPUT_SMALL];
	struct run run;
	ssize_t n;
	int already;

	if (api_result_get(&m, (const char *)r->body, r->bodylen, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if (!valid_hex(r->arg[0], 32)) {
		req_error(r, API_ERR_NOT_FOUND, "this host has no such job");
		return;
	}
	n = output_small(c, r->arg[0], r->host.id, small);
	if (n == -1 && output_sync(c, r->arg[0], r->host.id, &e) == -1) {
		log_warnx("%s", e.text);
		req_later(r, API_ERR_UNAVAILABLE, 30, "the output could not be written");
		return;
	}
	code = jobq_result(&q, r->arg[0], &r->host, &m,
	    n == -1 ? output_size(c, r->arg[0], r->host.id) : (uint64_t)n, n == -1 ? NULL : small,
	    &run, &already, &e);
	if (code != API_OK) {
		log_warnx("host %s: job %s: %s", r->host.name, r->arg[0], e.text);
		req_error(r, code, "%s", e.text);
		return;
	}
	req_json_durable(r, 200, api_already_put(already));
	queue_moved(c, run.job_id);
}

/* ---- POST job/ID/confirm ---- */

struct confirming {
	struct req *r; /* NULL: the host left */
	uint32_t number;
	struct signer *signer;
};

static void
confirm_gone(struct req *r, void *arg)
{
	struct confirming *k = arg;

	(void)r;
	signer_forget(k->signer, k->number);
	free(k);
}

static void
confirm_done(const struct signer_answer *a, void *arg)
{
	struct confirming *k = arg;
	struct req *r = k->r;

	free(k);
	r->gone = NULL;
	switch (a->end) {
	case SIGNER_OK:
		req_json(r, 200, api_sig_put(&a->sig));
		return;
	case SIGNER_NO:
		req_error(r, API_ERR_REFUSED, "reeve-sign: %s", a->why);
		return;
	case SIGNER_AWAY:
		break;
	}
	req_later(r, API_ERR_UNAVAILABLE, 2, "reeve-sign does not answer");
}

static void
confirm_ask(struct req *r, const struct run *run, const uint8_t nonce[32])
{
	struct confirming *k = calloc(1, sizeof(*k));
	uint8_t host_id[16], job[16];

	if (k == NULL || str_unhex(host_id, 16, run->host_id) == -1 ||
	    str_unhex(job, 16, run->job_id) == -1) {
		free(k);
		req_error(r, API_ERR_INTERNAL, "out of memory");
		return;
	}
	k->r = r;
	k->signer = r->c->signer;
	/* the name that the ticket gives the host, which is the one that the host checks */
	k->number = signer_confirm(
	    r->c->signer, host_id, run->host_name, job, nonce, (struct signer_cb){confirm_done, k});
	if (k->number == 0) {
		free(k);
		req_later(r, API_ERR_UNAVAILABLE, 2, "reeve-sign does not answer");
		return;
	}
	req_hold(r, confirm_gone, k);
}

void
on_job_confirm(struct req *r)
{
	struct errmsg e = {""};
	uint8_t nonce[32];
	struct run run;
	int rc;

	if (api_nonce_get(nonce, (const char *)r->body, r->bodylen, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if ((rc = store_run_get(r->c->store, r->arg[0], r->host.id, &run, &e)) == -1)
		req_error(r, API_ERR_INTERNAL, "the database failed");
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "this host has no such job");
	else if (run.state != RS_STARTED && run.state != RS_ACCEPTED)
		req_error(r, API_ERR_STATE, "the job is %s", run_state_name(run.state));
	else
		confirm_ask(r, &run, nonce);
}
