/*
 * After a restart: the ledger is replayed into memory, and every job that is not finished goes on
 * from exactly where the ledger, its cgroup and its spool say it was (DESIGN 3).
 */

#include <sys/syscall.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/jobs.h"
#include "privd/result.h"
#include "privd/verify.h"

static int
replay_accepted(struct privd *p, const struct ledger_rec *r, off_t off)
{
	struct ticket *t = calloc(1, sizeof(*t));
	struct verified *v = NULL;
	uint8_t hash[32];
	uint64_t seen;
	struct errmsg e;
	struct job *j;

	if (t == NULL)
		return -1;
	ticket_hash((const char *)r->ticket, r->ticketlen, hash);
	v = verified_from_ledger(r->ticket, r->ticketlen, &e);
	if (v == NULL || verified_parse(v, t, &e) == -1 || (j = job_new(p, t, hash)) == NULL) {
		log_warnx("ledger record %llu: %s", (unsigned long long)r->seq, e.text);
		verified_free(v);
		free(t);
		return -1;
	}
	verified_free(v);
	j->accepted = r->time;
	j->accepted_off = off;
	j->fence = r->fence;
	memcpy(j->origin, r->origin, sizeof(j->origin));
	memcpy(j->key, r->key, sizeof(j->key));
	memcpy(j->holder, r->holder, sizeof(j->holder));
	seen = t->issued < r->time ? t->issued : r->time;
	if (seen > p->floor)
		p->floor = seen;
	return 0;
}

static void
replay_step(struct job *j, const struct ledger_rec *r)
{
	switch (r->type) {
	case LR_STEP:
		if (r->rollback && !j->rollback)
			j->failed = j->last;
		j->step = r->step;
		j->rollback = r->rollback;
		j->had_started = j->had_stepend = 0;
		break;
	case LR_STARTED:
		j->had_started = 1;
		j->pid = r->pid;
		j->starttime = r->starttime;
		j->step_started = r->time;
		if (j->started == 0)
			j->started = r->time;
		if (!j->rollback)
			j->laststep = j->step;
		break;
	case LR_STEPEND:
		j->had_stepend = 1;
		j->last = r->exit;
		break;
	case LR_CANCEL:
		j->ordered = END_CANCELLED;
		break;
	default:
		break;
	}
}

static void
replay_finished(struct privd *p, struct job *j, const struct ledger_rec *r, off_t off)
{
	struct known k = {.accepted_off = j->accepted_off,
	    .finished_off = off,
	    .notafter = j->t->notafter,
	    .finished = r->time};

	memcpy(k.id, r->id, 16);
	known_add(p, &k);
	result_commit(p, r);
	job_free(p, j);
}

static void
replay_challenge(struct privd *p, const struct ledger_rec *r)
{
	struct jobs *js = p->jobs;
	const unsigned int most = sizeof(js->challenge) / sizeof(js->challenge[0]);

	if (r->type == LR_CHALLENGE) {
		if (js->nchallenges == most)
			memmove(&js->challenge[0], &js->challenge[1],
			    (size_t)--js->nchallenges * sizeof(js->challenge[0]));
		memcpy(js->challenge[js->nchallenges].nonce, r->nonce, 16);
		js->challenge[js->nchallenges++].given = r->time;
		return;
	}
	for (unsigned int i = 0; i < js->nchallenges; i++) {
		if (memcmp(js->challenge[i].nonce, r->nonce, 16) != 0)
			continue;
		memmove(&js->challenge[i], &js->challenge[i + 1],
		    (js->nchallenges - i - 1) * sizeof(js->challenge[0]));
		js->nchallenges--;
		return;
	}
}

/* Records that belong to a live job. 0, or -1 when there is no such job: the ledger is wrong. */
static int
replay_job(struct privd *p, const struct ledger_rec *r, off_t off)
{
	struct job *j = jobs_find(p, r->id);

	if (j == NULL)
		return -1;
	if (r->type == LR_FINISHED)
		replay_finished(p, j, r, off);
	else
		replay_step(j, r);
	return 0;
}

int
adopt_record(const struct ledger_rec *r, off_t off, void *arg)
{
	struct privd *p = arg;
	struct known *k;

	if (r->time > p->lastnow)
		p->lastnow = r->time; /* a clock that went back since is audited */
	switch (r->type) {
	case LR_ACCEPTED:
		return replay_accepted(p, r, off);
	case LR_STEP:
	case LR_STARTED:
	case LR_STEPEND:
	case LR_FINISHED:
	case LR_CANCEL:
		return replay_job(p, r, off);
	case LR_ACKED:
		if ((k = known_find(p, r->id)) == NULL)
			return -1;
		k->acked = 1;
		return 0;
	case LR_CHALLENGE:
	case LR_CHALLENGE_USED:
		replay_challenge(p, r);
		return 0;
	case LR_CUT:
		p->cut = r->time;
		return 0;
	default:
		return 0; /* later features' records say nothing about jobs */
	}
}

/* The present step was started: take its end from the spool, or watch it until it ends. */
static void
adopt_started(struct privd *p, struct job *j, struct cgroup *g)
{
	struct errmsg e;

	j->phase = JP_RUN;
	if ((j->run = run_adopt(p, g, job_run_ops(), j, &e)) == NULL)
		fatalx("job %s: %s", j->idhex, e.text);
	job_adopted(p, j);
	if (j->ordered == END_CANCELLED)
		(void)run_term(j->run);
}

/* The present step was not started: its tool never ran. What stands in its cgroup goes first. */
static void
adopt_unstarted(struct privd *p, struct job *j, struct cgroup *g)
{
	struct errmsg e;

	j->phase = JP_SETUP;
	j->redo = 1;
	if ((j->run = run_adopt(p, g, job_run_ops(), j, &e)) == NULL)
		fatalx("job %s: %s", j->idhex, e.text);
	run_kill(j->run);
}

/*
 * The supervisor of a started step on a host without cgroup2, told by pid, start time and that this
 * boot is not a later one. A pidfd, or -1: it is gone.
 */
static int
supervisor_bypid(struct privd *p, const struct job *j)
{
	uint64_t up = loop_now() / 1000, now = privd_now(p);
	int fd;

	if (j->pid == 0 || (now > up && j->step_started + 2 < now - up))
		return -1;
	if ((fd = (int)syscall(SYS_pidfd_open, (pid_t)j->pid, 0)) == -1)
		return -1;
	if (fd_pid_starttime((pid_t)j->pid) == j->starttime)
		return fd;
	close(fd);
	return -1;
}

/* 1 when the step goes on without a cgroup, and is watched. */
static int
adopt_bypid(struct privd *p, struct job *j)
{
	struct errmsg e;
	int fd;

	if (p->cgroup != NULL || !j->had_started || (fd = supervisor_bypid(p, j)) == -1)
		return 0;
	j->phase = JP_RUN;
	if ((j->run = run_adopt_pid(p, fd, job_run_ops(), j, &e)) == NULL)
		fatalx("job %s: %s", j->idhex, e.text);
	job_adopted(p, j);
	if (j->ordered == END_CANCELLED)
		(void)run_term(j->run);
	return 1;
}

/* No cgroup is left of the present step. */
static void
adopt_gone(struct privd *p, struct job *j)
{
	struct errmsg e;
	int got;

	if (!j->had_started) { /* set it up again, from the step before */
		job_redo(p, j);
		return;
	}
	got = spool_exitrec(p->spool, j->id, job_stepno(j), &j->last, &e);
	if (got == -1)
		log_warnx("job %s: spool: %s", j->idhex, e.text);
	j->phase = JP_RUN;
	if (got != 1) {
		memset(&j->last, 0, sizeof(j->last));
		j->last.step = job_stepno(j);
		j->last.effect = EFFECT_NONE;
		j->last.end = END_UNKNOWN;
		snprintf(j->last.reason, sizeof(j->last.reason),
		    "no exit record: killed from outside, or power failed");
	}
	job_goon(p, j);
}

static void
adopt_job(struct privd *p, struct job *j)
{
	struct cgroup g;
	struct errmsg e;
	int there = 0;

	if (j->step == -1) {
		if (j->ordered == END_CANCELLED)
			job_finish_as(p, j, END_CANCELLED, "before it started");
		return; /* queued: jobs_schedule() looks at it afresh */
	}
	if (j->had_stepend) {
		j->phase = JP_RUN;
		job_goon(p, j);
		return;
	}
	if (p->cgroup != NULL &&
	    (there = cgroup_open(p->cgroup, j->idhex, (unsigned int)j->step, &g, &e)) == -1)
		fatalx("job %s: %s", j->idhex, e.text);
	log_info("job %s: found again in step %d, %s", j->idhex, j->step,
	    there ? "its cgroup is there" : "its cgroup is gone");
	if (there && j->had_started)
		adopt_started(p, j, &g);
	else if (there)
		adopt_unstarted(p, j, &g);
	else if (!adopt_bypid(p, j))
		adopt_gone(p, j);
}

/* Cgroups of no live job: an executor whose job is finished has nothing to do any more. */
static void
stray(const char *name, void *arg)
{
	struct privd *p = arg;
	struct cgroup g = {.dir = -1};
	struct errmsg e;
	char hex[33];
	uint8_t id[16];
	uint64_t step;

	snprintf(hex, sizeof(hex), "%.32s", name);
	if (str_unhex(id, 16, hex) == -1 || str_u64(name + 33, 0, 255, &step) == -1 ||
	    jobs_find(p, id) != NULL ||
	    cgroup_open(p->cgroup, hex, (unsigned int)step, &g, &e) != 1)
		return;
	log_warnx("cgroup %s belongs to no job: killed", name);
	if (cgroup_kill(&g) == -1 || cgroup_remove(p->cgroup, &g) == -1)
		log_debug("cgroup %s goes at the next start", name);
	cgroup_close(&g);
}

void
adopt_jobs(struct privd *p)
{
	struct job *j, *next;

	for (j = TAILQ_FIRST(&p->jobs->live); j != NULL; j = next) {
		next = TAILQ_NEXT(j, link);
		adopt_job(p, j);
	}
	if (p->cgroup != NULL && cgroup_each(p->cgroup, stray, p) == -1)
		log_warn("cgroups cannot be listed");
	jobs_schedule(p);
}
