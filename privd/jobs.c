/* The list of live jobs, the notes of finished ones, and how a job ends. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/control.h"
#include "privd/jobs.h"
#include "privd/netside.h"
#include "privd/result.h"
#include "privd/verify.h"

int
jobs_init(struct privd *p, struct errmsg *e)
{
	if ((p->jobs = calloc(1, sizeof(*p->jobs))) == NULL)
		return err_set(e, "out of memory");
	TAILQ_INIT(&p->jobs->live);
	return 0;
}

struct job *
jobs_find(struct privd *p, const uint8_t id[16])
{
	struct job *j;

	TAILQ_FOREACH (j, &p->jobs->live, link)
		if (memcmp(j->id, id, 16) == 0)
			return j;
	return NULL;
}

/* Where ID stands in the sorted notes, or would. */
static size_t
known_place(const struct jobs *js, const uint8_t id[16])
{
	size_t lo = 0, hi = js->nknown, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (memcmp(js->known[mid].id, id, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct known *
known_find(struct privd *p, const uint8_t id[16])
{
	size_t i = known_place(p->jobs, id);

	if (i < p->jobs->nknown && memcmp(p->jobs->known[i].id, id, 16) == 0)
		return &p->jobs->known[i];
	return NULL;
}

void
known_add(struct privd *p, const struct known *k)
{
	struct jobs *js = p->jobs;
	size_t i = known_place(js, k->id);

	if (js->nknown == js->size) {
		js->size = js->size != 0 ? js->size * 2 : 64;
		js->known = reallocarray(js->known, js->size, sizeof(*js->known));
		if (js->known == NULL)
			fatalx("out of memory");
	}
	memmove(&js->known[i + 1], &js->known[i], (js->nknown - i) * sizeof(*k));
	js->known[i] = *k;
	js->nknown++;
}

void
known_prune(struct privd *p, uint64_t now)
{
	uint64_t keep = (uint64_t)p->w.conf->keep_days * 86400;
	struct jobs *js = p->jobs;
	size_t n = 0;

	for (size_t i = 0; i < js->nknown; i++) {
		const struct known *k = &js->known[i];
		int old = now > k->notafter && now > k->finished + keep;

		if (old && !k->acked)
			spool_remove(p->spool, k->id);
		/* whoever sets the clock forward makes it old, and sets it back: the id is free
		 * only when the floor, which signed tickets alone raise, is past its window */
		if (!old || p->floor <= k->notafter + VERIFY_SKEW)
			js->known[n++] = *k;
	}
	js->nknown = n;
}

struct job *
job_new(struct privd *p, struct ticket *t, const uint8_t hash[32])
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL || str_unhex(j->id, 16, t->id) == -1) {
		free(j);
		return NULL;
	}
	memcpy(j->hash, hash, 32);
	snprintf(j->idhex, sizeof(j->idhex), "%s", t->id);
	j->t = t;
	j->phase = JP_QUEUED;
	j->step = j->laststep = -1;
	TAILQ_INSERT_TAIL(&p->jobs->live, j, link);
	p->jobs->nlive++;
	return j;
}

void
job_free(struct privd *p, struct job *j)
{
	loop_timer_clear(&j->deadline);
	TAILQ_REMOVE(&p->jobs->live, j, link);
	p->jobs->nlive--;
	free(j->t);
	free(j);
}

const char *
job_phasename(const struct job *j)
{
	static const char *const names[] = {"queued", "running", "running", "ended"};

	return names[j->phase];
}

static void
audit_finish(struct privd *p, const struct job *j, const struct exitrec *r)
{
	char words[REASON_MAX + 64];

	result_describe(r->end, r->code, r->reason, words, sizeof(words));
	(void)audit_event(p->audit, r->end == END_ROLLEDBACK ? "job.rollback" : "job.finish", "id",
	    j->idhex, "kind", j->t->kind->name, "key", j->key, "holder", j->holder, "end",
	    end_name(r->end), "detail", words, NULL);
}

void
job_finish(struct privd *p, struct job *j, const struct exitrec *r)
{
	struct ledger_rec rec = {.type = LR_FINISHED};
	struct known k = {.accepted_off = j->accepted_off, .notafter = j->t->notafter};
	char text[RESULT_MAX];
	struct errmsg e;

	memcpy(rec.id, j->id, 16);
	if (result_make(p, j, r, text, &rec, &e) == -1 ||
	    ledger_append(p->ledger, &rec, privd_now(p), &k.finished_off, &e) == -1) {
		/* the spool's exit frame keeps what happened: the next start writes the result */
		log_warnx("job %s: its result cannot be written: %s", j->idhex, e.text);
		j->phase = JP_KEPT;
		return;
	}
	result_commit(p, &rec);
	memcpy(k.id, j->id, 16);
	k.finished = privd_now(p);
	known_add(p, &k);
	audit_finish(p, j, r);
	control_finished(p, j->id, &rec);
	job_free(p, j);
	netside_job(p, k.id);
}

void
job_finish_as(struct privd *p, struct job *j, enum end end, const char *reason)
{
	struct exitrec r = {.end = end, .effect = EFFECT_NONE};

	snprintf(r.reason, sizeof(r.reason), "%s", reason);
	job_finish(p, j, &r);
}

int
job_ack(struct privd *p, const uint8_t id[16], struct errmsg *e)
{
	struct ledger_rec rec = {.type = LR_ACKED};
	struct known *k = known_find(p, id);

	if (k == NULL)
		return err_set(
		    e, jobs_find(p, id) != NULL ? "the job is not finished" : "no such job");
	if (k->acked)
		return 0;
	memcpy(rec.id, id, 16);
	if (ledger_append(p->ledger, &rec, privd_now(p), NULL, e) == -1)
		return -1;
	k->acked = 1;
	spool_remove(p->spool, id);
	return 0;
}

static int
cancel_record(struct privd *p, const struct job *j, const char *who, struct errmsg *e)
{
	struct ledger_rec rec = {.type = LR_CANCEL};

	memcpy(rec.id, j->id, 16);
	snprintf(rec.who, sizeof(rec.who), "%s", who);
	if (ledger_append(p->ledger, &rec, privd_now(p), NULL, e) == -1)
		return -1;
	(void)audit_event(
	    p->audit, "job.cancel", "id", j->idhex, "kind", j->t->kind->name, "by", who, NULL);
	return 0;
}

int
job_cancel(struct privd *p, const uint8_t id[16], const char *who, int is_signed, struct errmsg *e)
{
	struct job *j = jobs_find(p, id);
	enum kind_cancel c;

	if (j == NULL)
		return err_set(
		    e, known_find(p, id) != NULL ? "the job is finished already" : "no such job");
	if (j->phase == JP_KEPT)
		return err_set(
		    e, "the job has ended; its result waits for a restart of reeve-privd");
	c = j->t->kind->cancel;
	if (c == KC_NEVER || (c == KC_SIGNED && !is_signed))
		return err_set(e,
		    c == KC_NEVER ? "%s cannot be cancelled"
				  : "%s is cancelled by a signed ticket only",
		    j->t->kind->name);
	/* said again while it ends: one line and one record are enough, who asks may be hostile */
	if (j->ordered != END_CANCELLED && cancel_record(p, j, who, e) == -1)
		return -1;
	j->ordered = END_CANCELLED;
	if (j->run == NULL)
		job_finish_as(p, j, END_CANCELLED, "before it started");
	else if (j->phase == JP_SETUP)
		run_kill(j->run);
	else if (run_term(j->run) == -1)
		log_warnx("job %s: its supervisor is gone already", j->idhex);
	return 0;
}
