/* Jobs for operators: submit, show, list, cancel (reeve-api(7)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctld/queue.h"
#include "ctld/route.h"
#include "ctld/signer.h"
#include "ctld/submission.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"

#define PAGE_BYTES (1024 * 1024) /* a page of the list ends behind so much */
#define PAGE_LOOK  5000		 /* jobs looked at for one page of a filtered list */

static void
failed(struct req *r, const struct errmsg *e)
{
	log_warnx("%s", e->text);
	req_error(r, API_ERR_INTERNAL, "the database failed");
}

/* ---- submit ---- */

static void
wake_hosts(struct ctld *c, const struct ticket *t)
{
	for (size_t i = 0; i < t->nhosts; i++)
		queue_wake(c, t->host[i].id);
}

/* Into the queue, answered, and the hosts' polls too: one flush of the disk for all of it. */
static void
enqueue(struct req *r, const struct submission *m)
{
	struct ticket *t = malloc(sizeof(*t));
	struct jobq q = queue_jobq(r->c);
	struct ctld *c = r->c;
	enum api_errcode code;
	struct errmsg e = {""};
	struct job j;
	int isnew;

	if (t == NULL) {
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
		return;
	}
	code =
	    jobq_submit(&q, m->ticket, m->len, m->sig, m->nsigs, r->oper.name, &j, t, &isnew, &e);
	if (code != API_OK)
		req_error(r, code, "%s", e.text);
	else {
		if (isnew)
			log_info("job %s: %s for %zu hosts, from operator %s", j.id, t->kind->name,
			    t->nhosts, j.by);
		req_json_durable(r, isnew ? 201 : 200, job_doc(c, &j, JD_RUNS, NULL));
		if (isnew)
			wake_hosts(c, t);
	}
	free(t);
}

/* POST /v1/jobs */
void
on_jobs_submit(struct req *r)
{
	struct submission m;
	struct errmsg e = {""};

	if (submission_read(&m, r->body, r->bodylen, 1, &e) == -1)
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
	else
		enqueue(r, &m);
	free(m.ticket);
}

/* ---- submit by the online key ---- */

struct online {
	struct req *r;
	struct signer *signer;
	uint32_t number;
	struct submission m;
};

static void
online_free(struct online *o)
{
	free(o->m.ticket);
	free(o);
}

static void
online_gone(struct req *r, void *arg)
{
	struct online *o = arg;

	(void)r;
	signer_forget(o->signer, o->number);
	online_free(o);
}

static void
online_done(const struct signer_answer *a, void *arg)
{
	struct online *o = arg;

	o->r->gone = NULL;
	switch (a->end) {
	case SIGNER_OK:
		o->m.sig[0] = a->sig;
		o->m.nsigs = 1;
		enqueue(o->r, &o->m);
		break;
	case SIGNER_NO:
		req_error(o->r, API_ERR_REFUSED, "reeve-sign: %s", a->why);
		break;
	case SIGNER_AWAY:
		req_later(o->r, API_ERR_UNAVAILABLE, 2, "reeve-sign does not answer");
		break;
	}
	online_free(o);
}

/* POST /v1/jobs/online: reeve-sign judges the kind, not ctld. */
void
on_jobs_online(struct req *r)
{
	struct online *o = calloc(1, sizeof(*o));
	struct errmsg e = {""};

	if (o == NULL) {
		req_later(r, API_ERR_UNAVAILABLE, 10, "out of memory");
		return;
	}
	if (submission_read(&o->m, r->body, r->bodylen, 0, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		online_free(o);
		return;
	}
	o->r = r;
	o->signer = r->c->signer;
	o->number =
	    signer_ticket(o->signer, o->m.ticket, o->m.len, (struct signer_cb){online_done, o});
	if (o->number == 0) {
		req_later(r, API_ERR_UNAVAILABLE, 2, "reeve-sign does not answer");
		online_free(o);
		return;
	}
	req_hold(r, online_gone, o);
}

/* ---- show and list ---- */

/* 0 with J; -1 answered. */
static int
find_job(struct req *r, struct job *j)
{
	struct errmsg e;
	int rc = store_job_get(r->c->store, r->arg[0], j, &e);

	if (rc == -1)
		failed(r, &e);
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "no such job");
	return rc == 0 ? 0 : -1;
}

void
on_job_show(struct req *r)
{
	struct job j;

	if (find_job(r, &j) == 0)
		req_json_durable(r, 200, job_doc(r->c, &j, JD_SHOW, NULL));
}

struct page {
	char host_id[33];
	int state;	/* enum run_state, 0 any */
	int64_t before; /* key */
	size_t limit, n;
};

/* 1 when a run of job SEQ (at the page's host, if it names one) is in the page's state. */
static int
in_state(struct ctld *c, const struct page *p, int64_t seq, struct errmsg *e)
{
	struct run *run;
	size_t n;
	int hit = 0;

	if (p->state == 0)
		return 1;
	if ((run = calloc(TICKET_HOSTS, sizeof(*run))) == NULL)
		return err_set(e, "out of memory");
	if (store_job_runs(c->store, seq, run, &n, e) == -1)
		hit = -1;
	else
		while (n-- > 0 && !hit)
			hit = (int)run[n].state == p->state &&
			      (p->host_id[0] == '\0' || strcmp(run[n].host_id, p->host_id) == 0);
	free(run);
	return hit;
}

static int
put_one(struct ctld *c, struct page *p, struct jsonout *o, int64_t seq, struct errmsg *e)
{
	struct job j;
	int rc = in_state(c, p, seq, e);

	if (rc != 1)
		return rc;
	if ((rc = store_job_byseq(c->store, seq, &j, e)) != 0)
		return rc == 1 ? 0 : -1;
	p->n++;
	return job_json(o, c, &j, JD_LIST, e);
}

/* Fills the array; p->before is then the key of the next page, 0 after the last. */
static int
put_page(struct ctld *c, struct page *p, struct jsonout *o, struct errmsg *e)
{
	int64_t seq[64];
	size_t n, i, looked = 0;

	do {
		if (store_job_page(c->store, p->host_id, p->before, 64, seq, &n, e) == -1)
			return -1;
		for (i = 0; i < n; i++, looked++) {
			if (p->n == p->limit || o->len > PAGE_BYTES || looked == PAGE_LOOK)
				return 0;
			if (put_one(c, p, o, seq[i], e) == -1)
				return -1;
			p->before = seq[i];
		}
	} while (n == 64);
	p->before = 0;
	return 0;
}

/* host=NAME or its id; an unknown one has no jobs. 0, or -1 answered. */
static int
filters(struct req *r, struct page *p)
{
	char host[254], state[32];
	struct errmsg e;
	struct host h;
	int rc;

	if (req_has(r, "state") && (req_query(r, "state", state, sizeof(state)) == -1 ||
				       (p->state = run_state_byname(state)) == -1)) {
		req_error(r, API_ERR_BAD_REQUEST,
		    "state: queued, leased, accepted, started, finished, refused, expired or "
		    "cancelled");
		return -1;
	}
	if (!req_has(r, "host"))
		return 0;
	if (req_query(r, "host", host, sizeof(host)) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "host: a name or an id");
		return -1;
	}
	if (valid_hex(host, 32)) {
		memcpy(p->host_id, host, sizeof(p->host_id));
		return 0;
	}
	if ((rc = store_host_byname(r->c->store, host, &h, &e)) == -1)
		failed(r, &e);
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "no such host");
	else
		memcpy(p->host_id, h.id, sizeof(p->host_id));
	return rc == 0 ? 0 : -1;
}

static char *
page_doc(struct ctld *c, struct page *p)
{
	struct errmsg e = {""};
	struct jsonout o;
	const char *text;
	char key[24], *doc = NULL;

	jo_init(&o, JSON_MAX);
	jo_obj(&o, NULL);
	jo_arr(&o, "jobs");
	if (put_page(c, p, &o, &e) == 0) {
		jo_end(&o);
		snprintf(key, sizeof(key), "%lld", (long long)p->before);
		if (p->before == 0)
			jo_null(&o, "next");
		else
			jo_str(&o, "next", key);
		jo_end(&o);
		if ((text = jo_text(&o)) != NULL)
			doc = strdup(text);
	} else
		log_warnx("%s", e.text);
	jo_free(&o);
	return doc;
}

/* GET /v1/jobs?host&state&after&limit */
void
on_jobs_list(struct req *r)
{
	struct page p = {.before = INT64_MAX};
	char after[32];
	uint64_t key;

	if (req_page(r, after, sizeof(after), &p.limit) == -1 || filters(r, &p) == -1)
		return;
	if (after[0] != '\0') {
		if (str_u64(after, 1, INT64_MAX, &key) == -1) {
			req_error(r, API_ERR_BAD_REQUEST, "after: not a key of this list");
			return;
		}
		p.before = (int64_t)key;
	}
	req_json(r, 200, page_doc(r->c, &p));
}
