/* Jobs and runs as the operator API shows them (reeve-api(7)). */
#include <stdlib.h>
#include <string.h>

#include "ctld/queue.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "proto/job.h"
#include "proto/jsonout.h"

#define DOC_MAX (4 * 1024 * 1024)

static void
result_json(struct jsonout *o, const struct ctld *c, const struct run *r, enum job_detail detail)
{
	char record[RESULT_MAX + 1], b64[101];
	struct sig sig;
	struct errmsg e;
	size_t len;

	if (r->end == 0)
		jo_null(o, "end");
	else
		jo_str(o, "end", end_name((enum end)r->end));
	jo_i64(o, "code", r->code);
	if (r->end == 0 || detail == JD_LIST ||
	    store_run_record(c->store, r, record, &len, &sig, &e) != 0) {
		jo_null(o, "record");
		jo_null(o, "signature");
		return;
	}
	sig_write_b64(&sig, b64);
	jo_strn(o, "record", record, len);
	jo_str(o, "signature", b64);
}

static void
run_json(struct jsonout *o, const struct ctld *c, const struct run *r, enum job_detail detail)
{
	uint64_t held = r->output;

	if (r->state != RS_FINISHED && r->fence != 0)
		held = output_size(c, r->job_id, r->host_id);
	jo_obj(o, NULL);
	jo_str(o, "host", r->host_name);
	jo_str(o, "host_id", r->host_id);
	jo_str(o, "state", run_state_name(r->state));
	jo_str(o, "reason", r->reason);
	jo_u64(o, "output", held);
	jo_u64(o, "leased_at", r->leased_at);
	jo_u64(o, "started_at", r->started_at);
	jo_u64(o, "finished_at", r->finished_at);
	result_json(o, c, r, detail);
	jo_end(o);
}

static int
runs_json(struct jsonout *o, const struct ctld *c, const struct job *j, enum job_detail detail,
    size_t *final, struct errmsg *e)
{
	struct run *run = calloc(TICKET_HOSTS, sizeof(*run));
	size_t n, i;

	if (run == NULL)
		return err_set(e, "out of memory");
	if (store_job_runs(c->store, j->seq, run, &n, e) == -1) {
		free(run);
		return -1;
	}
	jo_arr(o, "runs");
	for (* final = i = 0; i < n; i++) {
		*final += (size_t)run_state_final(run[i].state);
		run_json(o, c, &run[i], detail);
	}
	jo_end(o);
	free(run);
	return 0;
}

static void
ticket_json(struct jsonout *o, const struct job *j)
{
	char b64[101];

	jo_strn(o, "ticket", j->ticket, j->len);
	jo_arr(o, "signatures");
	for (size_t i = 0; i < j->nsigs; i++) {
		sig_write_b64(&j->sig[i], b64);
		jo_str(o, NULL, b64);
	}
	jo_end(o);
}

static int
put_job(struct jsonout *o, const struct ctld *c, const struct job *j, enum job_detail detail,
    size_t *final, struct errmsg *e)
{
	const struct kind *k = kind_bynum(j->kind);
	int rc;

	jo_obj(o, NULL);
	jo_str(o, "id", j->id);
	jo_str(o, "kind", k == NULL ? "?" : k->name);
	jo_str(o, "requester", j->requester);
	jo_u64(o, "submitted", j->submitted);
	jo_str(o, "submitted_by", j->by);
	jo_u64(o, "notafter", j->notafter);
	rc = runs_json(o, c, j, detail, final, e);
	if (detail == JD_SHOW)
		ticket_json(o, j);
	jo_end(o);
	return rc;
}

int
job_json(struct jsonout *o, const struct ctld *c, const struct job *j, enum job_detail detail,
    struct errmsg *e)
{
	size_t final;

	return put_job(o, c, j, detail, &final, e);
}

char *
job_doc(const struct ctld *c, const struct job *j, enum job_detail detail, size_t *final)
{
	const char *text;
	struct jsonout o;
	struct errmsg e;
	size_t n;
	char *doc = NULL;

	jo_init(&o, DOC_MAX);
	if (put_job(&o, c, j, detail, final == NULL ? &n : final, &e) == 0 &&
	    (text = jo_text(&o)) != NULL)
		doc = strdup(text);
	jo_free(&o);
	return doc;
}
