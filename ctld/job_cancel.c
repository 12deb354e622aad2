/* POST /v1/jobs/:id/cancel. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctld/queue.h"
#include "ctld/route.h"
#include "lib/log.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"

struct cancelling {
	struct run run[TICKET_HOSTS];
	size_t n;
	int want[TICKET_HOSTS];
	int end[TICKET_HOSTS]; /* enum jobq_cancelled */
	struct errmsg why[TICKET_HOSTS];
};

/* {"hosts":[NAME...]}: which runs are meant; none named: all. */
static int
read_hosts(const struct req *r, struct cancelling *k, struct errmsg *e)
{
	static const char *const names[] = {"hosts", NULL};
	struct json *j = json_parse((const char *)r->body, r->bodylen, e);
	int v, rc = 0;
	char name[254];
	size_t i, h;

	if (j == NULL)
		return -1;
	v = json_get(j, 0, "hosts");
	if (json_type(j, 0) != JSON_OBJECT || json_type(j, v) != JSON_ARRAY)
		rc = err_set(e, "must be {\"hosts\":[names]}");
	else
		rc = json_only(j, 0, names, e);
	for (h = 0; rc == 0 && h < json_len(j, v); h++) {
		if (json_str(j, json_at(j, v, h), name, sizeof(name)) == -1) {
			rc = err_set(e, "hosts: element %zu: must be a host name", h + 1);
			break;
		}
		for (i = 0; i < k->n && strcasecmp(k->run[i].host_name, name) != 0; i++)
			;
		if (i == k->n)
			rc = err_set(e, "hosts: element %zu: the job is not for it", h + 1);
		else
			k->want[i] = 1;
	}
	for (i = 0; rc == 0 && json_len(j, v) == 0 && i < k->n; i++)
		k->want[i] = 1;
	json_free(j);
	return rc;
}

static void
list(struct jsonout *o, const char *name, const struct cancelling *k, int end)
{
	jo_arr(o, name);
	for (size_t i = 0; i < k->n; i++) {
		if (!k->want[i] || k->end[i] != end)
			continue;
		if (end != JQ_REFUSED) {
			jo_str(o, NULL, k->run[i].host_name);
			continue;
		}
		jo_obj(o, NULL);
		jo_str(o, "host", k->run[i].host_name);
		jo_str(o, "reason", k->why[i].text);
		jo_end(o);
	}
	jo_end(o);
}

static char *
cancel_doc(const struct cancelling *k)
{
	const char *text;
	struct jsonout o;
	char *doc;

	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	list(&o, "cancelled", k, JQ_CANCELLED);
	list(&o, "asked", k, JQ_ASKED);
	list(&o, "refused", k, JQ_REFUSED);
	jo_end(&o);
	text = jo_text(&o);
	doc = text == NULL ? NULL : strdup(text);
	jo_free(&o);
	return doc;
}

static int
cancel_all(const struct req *r, struct cancelling *k, struct errmsg *e)
{
	struct jobq q = queue_jobq(r->c);

	for (size_t i = 0; i < k->n; i++) {
		if (!k->want[i])
			continue;
		if ((k->end[i] = jobq_cancel(&q, &k->run[i], &k->why[i])) == -1) {
			*e = k->why[i];
			return -1;
		}
		if (k->end[i] != JQ_REFUSED)
			log_info("job %s: operator %s cancels it on %s", k->run[i].job_id,
			    r->oper.name, k->run[i].host_name);
	}
	return 0;
}

static void
cancel(struct req *r, struct cancelling *k)
{
	char id[33];
	struct ctld *c = r->c;
	struct errmsg e = {""};

	if (read_hosts(r, k, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if (cancel_all(r, k, &e) == -1) {
		log_warnx("%s", e.text);
		req_error(r, API_ERR_INTERNAL, "the database failed");
		return;
	}
	memcpy(id, k->run[0].job_id, sizeof(id));
	req_json_durable(r, 200, cancel_doc(k));
	for (size_t i = 0; i < k->n; i++)
		if (k->want[i] && k->end[i] == JQ_ASKED)
			queue_wake(c, k->run[i].host_id);
	queue_moved(c, id);
}

void
on_job_cancel(struct req *r)
{
	struct cancelling *k = calloc(1, sizeof(*k));
	struct errmsg e = {""};
	struct job j;
	int rc;

	if (k == NULL) {
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
		return;
	}
	if ((rc = store_job_get(r->c->store, r->arg[0], &j, &e)) == 1)
		req_error(r, API_ERR_NOT_FOUND, "no such job");
	else if (rc == -1 || store_job_runs(r->c->store, j.seq, k->run, &k->n, &e) == -1)
		req_error(r, API_ERR_INTERNAL, "the database failed");
	else
		cancel(r, k);
	free(k);
}
