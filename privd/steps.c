/*
 * The step machine: which job may start, its next step, and what the end of a step means. Each step
 * is in the ledger before it is set up, its start before EXEC_GO, its end before the next one.
 */

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "privd/control.h"
#include "privd/immediate.h"
#include "privd/intake.h"
#include "privd/jobs.h"
#include "privd/netside.h"
#include "privd/stephost.h"
#include "privd/verify.h"

#define DEADLINE_SLACK                                                            \
	5 /* seconds after which privd ends what its supervisor should have ended \
	   */

static void job_next(struct privd *, struct job *);

/* The context of a run's callbacks: one privd a process. */
static struct privd *ctx;

static int
append(struct privd *p, struct job *j, enum ledger_type type, const struct exitrec *exit,
    struct errmsg *e)
{
	struct ledger_rec rec = {
	    .type = type, .step = (uint8_t)j->step, .rollback = (uint8_t)j->rollback};
	int rc;

	memcpy(rec.id, j->id, 16);
	if (exit != NULL)
		rec.exit = *exit;
	if (type == LR_STARTED && j->run != NULL)
		rec.pid = (uint32_t)run_pid(j->run, &rec.starttime);
	rc = ledger_append(p->ledger, &rec, privd_now(p), NULL, e);
	if (rc == -1)
		log_warnx("job %s: %s", j->idhex, e->text);
	return rc;
}

uint8_t
job_stepno(const struct job *j)
{
	return (uint8_t)(j->step + 1);
}

static void
setup_failed(struct privd *p, struct job *j, const char *why)
{
	struct exitrec r = {.end = END_SETUP, .effect = EFFECT_NONE, .step = job_stepno(j)};

	snprintf(r.reason, sizeof(r.reason), "%.*s", REASON_MAX, why);
	j->last = r;
	j->run = NULL;
	job_finish(p, j, &r);
}

static void
on_deadline(void *arg)
{
	struct job *j = arg;

	log_warnx("job %s: its time is over and its supervisor did not end it", j->idhex);
	j->ordered = END_TIMEOUT;
	run_kill(j->run);
}

static uint64_t
seconds_left(struct privd *p, const struct job *j)
{
	uint64_t limit = stephost_seconds(p, j->t), used = 0, now = privd_now(p);

	if (j->started != 0 && now > j->started)
		used = now - j->started;
	return used >= limit ? 1 : limit - used;
}

static void
set_deadline(struct privd *p, struct job *j)
{
	loop_timer_set(&j->deadline,
	    (seconds_left(p, j) + j->t->kind->grace + DEADLINE_SLACK) * 1000, on_deadline, j);
}

/* Nothing starts of which the audit trail knows nothing. */
static int
audit_start(struct privd *p, const struct job *j)
{
	if (audit_event(p->audit, "job.start", "id", j->idhex, "kind", j->t->kind->name, "step",
		j->t->kind->steps[j->step].name, NULL) == -1)
		return -1;
	return stephost_audit(p, j->t);
}

/* The executor is confined and waits: durable start, then EXEC_GO. */
static void
on_ready(struct run *r, void *arg)
{
	struct job *j = arg;
	struct privd *p = ctx;
	struct errmsg e;

	if (j->ordered == 0 && audit_start(p, j) == -1)
		j->ordered = END_SETUP;
	if (j->ordered != 0 || append(p, j, LR_STARTED, NULL, &e) == -1) {
		run_kill(r);
		return;
	}
	j->step_started = privd_now(p);
	if (j->started == 0)
		j->started = j->step_started;
	if (!j->rollback)
		j->laststep = j->step;
	j->phase = JP_RUN;
	if (run_go(r, &e) == -1)
		log_warnx("job %s: %s", j->idhex, e.text);
	set_deadline(p, j);
	netside_job(p, j->id);
}

/* A step of which nobody left an exit record. */
static void
end_without_record(const struct job *j, const struct run_end *en, struct exitrec *r)
{
	memset(r, 0, sizeof(*r));
	r->step = job_stepno(j);
	r->effect = EFFECT_NONE;
	if (j->ordered == END_SETUP) {
		r->end = END_SETUP;
		snprintf(r->reason, sizeof(r->reason), "the audit trail cannot be written");
	} else if (j->ordered != 0) {
		r->end = j->ordered;
		snprintf(r->reason, sizeof(r->reason), "%s",
		    en->went ? "killed by reeve-privd" : "before it started");
	} else if (!en->went) {
		r->end = END_SETUP;
		snprintf(r->reason, sizeof(r->reason), "%.*s", REASON_MAX,
		    en->why[0] != '\0' ? en->why : "the executor ended before it was ready");
	} else if (!en->adopted && WIFSIGNALED(en->status) && WTERMSIG(en->status) == SIGSYS) {
		r->end = END_SANDBOX;
	} else {
		r->end = END_UNKNOWN;
		snprintf(r->reason, sizeof(r->reason), "%.*s", REASON_MAX,
		    en->breach ? en->why : "no exit record: killed from outside, or power failed");
	}
}

/*
 * How the present step ended: the last frame of its spool alone says, now as after a restart. The
 * supervisor's EXEC_EXIT only tells that it stands there, and one that broke the protocol says
 * nothing.
 */
static void
take_end(struct privd *p, struct job *j, const struct run_end *en, struct exitrec *r)
{
	struct errmsg e;
	int got = 0;

	if (en->went && !en->breach &&
	    (got = spool_exitrec(p->spool, j->id, job_stepno(j), r, &e)) == -1)
		log_warnx("job %s: spool: %s", j->idhex, e.text);
	if (got != 1)
		end_without_record(j, en, r);
	/* the supervisor saw a SIGKILL; its cgroup knows whose it was */
	if (got == 1 && en->oomed && r->end == END_SIGNAL && r->code == SIGKILL) {
		r->end = END_OOM;
		r->code = 0;
	}
}

static void
on_end(struct run *run, const struct run_end *en, void *arg)
{
	struct job *j = arg;
	struct privd *p = ctx;
	struct exitrec r;

	(void)run;
	j->run = NULL;
	loop_timer_clear(&j->deadline);
	if (j->redo) {
		job_redo(p, j);
		jobs_schedule(p);
		return;
	}
	take_end(p, j, en, &r);
	j->last = r;
	job_goon(p, j);
	jobs_schedule(p);
}

void
steps_init(struct privd *p)
{
	ctx = p;
}

const struct run_ops *
job_run_ops(void)
{
	static const struct run_ops ops = {on_ready, on_end};

	return &ops;
}

/* What undoes a change checks the stored ticket's signature, not its window (DESIGN 3). */
static int
rollback_allowed(struct privd *p, const struct job *j, struct errmsg *e)
{
	struct ledger_rec rec;
	struct verified *v;

	if (ledger_read(p->ledger, j->accepted_off, &rec, e) == -1)
		return -1;
	v = verify_stored(p->w.policy, rec.ticket, rec.ticketlen, rec.sig, rec.nsigs, e);
	verified_free(v);
	return v == NULL ? err_prefix(e, "rollback") : 0;
}

/* Sets the present step up in an executor. */
static void
start_step(struct privd *p, struct job *j)
{
	struct run_req req;
	struct errmsg e;

	if (append(p, j, LR_STEP, NULL, &e) == -1) {
		j->phase = JP_KEPT;
		return;
	}
	j->had_started = j->had_stepend = 0;
	j->phase = JP_SETUP;
	if ((j->rollback && rollback_allowed(p, j, &e) == -1) ||
	    stephost_request(p, j, seconds_left(p, j), &req, &e) == -1 ||
	    (j->run = run_start(p, &req, job_run_ops(), j, &e)) == NULL) {
		setup_failed(p, j, e.text);
		return;
	}
	control_spool(p, j->id);
	netside_job(p, j->id);
}

/* Index of the next rollback step after AFTER, -1 when there is none. */
static int
next_rollback(const struct kind *k, int after)
{
	for (int i = after + 1; i < (int)k->nsteps; i++)
		if (k->steps[i].flags & ST_ROLLBACK)
			return i;
	return -1;
}

static void
finish_rolledback(struct privd *p, struct job *j)
{
	struct exitrec r = j->last;
	char words[REASON_MAX + 64];

	result_describe(j->failed.end, j->failed.code, j->failed.reason, words, sizeof(words));
	if (j->last.end == END_OK) {
		r.end = END_ROLLEDBACK;
		snprintf(r.reason, sizeof(r.reason), "%.*s", REASON_MAX, words);
	} else
		snprintf(r.reason, sizeof(r.reason), "rollback failed after: %.*s", REASON_MAX - 30,
		    words);
	job_finish(p, j, &r);
}

/* The present step's end, once: after a restart the ledger may have it already. */
static int
step_ended(struct privd *p, struct job *j)
{
	struct errmsg e;

	if (j->had_stepend || append(p, j, LR_STEPEND, &j->last, &e) == 0)
		return 0;
	j->phase = JP_KEPT;
	return -1;
}

/* The present step ended well, or none has run: the next one, or the job's end. */
static void
job_next(struct privd *p, struct job *j)
{
	int next =
	    j->rollback ? next_rollback(j->t->kind, j->step) : ticket_nextstep(j->t, j->step);

	if (next == -1) {
		if (j->rollback)
			finish_rolledback(p, j);
		else
			job_finish(p, j, &j->last);
		return;
	}
	if (j->step != -1 && step_ended(p, j) == -1)
		return;
	if (!j->rollback && (privd_disabled(p) || p->stopping)) {
		if (p->stopping)
			return; /* the next start goes on */
		job_finish_as(p, j, END_REFUSED, "disabled between two steps");
		return;
	}
	j->step = next;
	start_step(p, j);
}

void
job_goon(struct privd *p, struct job *j)
{
	int first;

	if (j->last.end == END_OK) {
		job_next(p, j);
		return;
	}
	first = next_rollback(j->t->kind, -1);
	if (j->rollback) {
		finish_rolledback(p, j);
	} else if (first == -1 || j->laststep == -1) {
		job_finish(p, j, &j->last);
	} else if (step_ended(p, j) == 0) {
		j->failed = j->last;
		j->rollback = 1;
		j->step = first;
		start_step(p, j);
	}
}

void
job_adopted(struct privd *p, struct job *j)
{
	set_deadline(p, j);
}

void
job_redo(struct privd *p, struct job *j)
{
	j->redo = 0;
	if (j->ordered == END_CANCELLED && j->laststep == -1) {
		job_finish_as(p, j, END_CANCELLED, "before it started");
	} else if (j->laststep == -1) {
		/* no step of it ever ran: it is queued, and looked at afresh */
		j->step = -1;
		j->phase = JP_QUEUED;
	} else {
		start_step(p, j);
	}
}

/* May J start beside those that run? */
static int
may_start(struct privd *p, const struct job *j)
{
	const struct kind *k = j->t->kind;
	unsigned int running = 0, same = 0, limit = 1;
	const struct job *o;

	if (k->nsteps == 0)
		return 1; /* a cancel never waits for a job */
	TAILQ_FOREACH (o, &p->jobs->live, link) {
		if (o->run == NULL)
			continue;
		running++;
		if (o->t->kind->par != k->par)
			continue;
		if (k->par != KP_SCRIPT || stephost_samescript(o->t, j->t))
			same++;
	}
	if (running >= p->w.conf->max_jobs)
		return 0;
	if (k->par == KP_READ)
		return 1;
	if (k->par == KP_SCRIPT)
		limit = stephost_parallel(p, j->t);
	return same < limit;
}

static void
start_job(struct privd *p, struct job *j)
{
	struct exitrec r;
	struct errmsg e;

	if (intake_again(p, j, &e) == -1)
		return; /* it is finished: its window is over, or policy changed */
	if (j->t->kind->nsteps > 0) {
		job_next(p, j);
		return;
	}
	j->started = privd_now(p);
	immediate_run(p, j, &r);
	control_spool(p, j->id);
	netside_job(p, j->id);
	job_finish(p, j, &r);
}

/* The place of ORIGIN; one that is new here takes that of who had no start for the longest time. */
static struct turn *
turn_of(struct jobs *js, const char *origin)
{
	struct turn *t, *old = js->turn;

	for (t = js->turn; t < js->turn + JOBS_ORIGINS; t++) {
		if (strcmp(t->origin, origin) == 0)
			return t;
		if (t->at < old->at)
			old = t;
	}
	snprintf(old->origin, sizeof(old->origin), "%s", origin);
	old->at = 0;
	return old;
}

/*
 * Of each origin the first that may start; of those the one whose origin had no start for the
 * longest time: a server that orders much waits behind itself, not in front of the others.
 */
static struct job *
next_job(struct privd *p)
{
	struct job *j, *best = NULL;
	uint64_t at, first = UINT64_MAX;

	TAILQ_FOREACH (j, &p->jobs->live, link) {
		if (j->phase != JP_QUEUED || j->run != NULL)
			continue;
		at = turn_of(p->jobs, j->origin)->at;
		if (at >= first || !may_start(p, j))
			continue;
		best = j;
		first = at;
	}
	return best;
}

void
jobs_schedule(struct privd *p)
{
	struct job *j;

	while (!p->stopping && !ledger_broken(p->ledger) && (j = next_job(p)) != NULL) {
		turn_of(p->jobs, j->origin)->at = ++p->jobs->turns;
		start_job(p, j);
	}
}
