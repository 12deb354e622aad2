/*
 * The jobs of this host: those that are not finished (struct job, all of it re-creatable from the
 * ledger), and a short note of every other that the ledger remembers (struct known: replay).
 */
#ifndef PRIVD_JOBS_H
#define PRIVD_JOBS_H

#include <sys/queue.h>

#include <stdint.h>

#include "imsg/msg_codec.h"
#include "privd/loop.h"
#include "privd/privd.h"
#include "privd/run.h"

enum job_phase {
	JP_QUEUED, /* accepted; waits for its turn */
	JP_SETUP,  /* an executor confines itself */
	JP_RUN,	   /* EXEC_GO was sent, or is about to be */
	JP_KEPT,   /* ended, but its result could not be written: only a restart helps */
};

struct job {
	TAILQ_ENTRY(job) link;
	uint8_t id[16];
	char idhex[33];
	uint8_t hash[32]; /* of the ticket */
	enum job_phase phase;
	struct ticket *t;
	char origin[65], key[65], holder[65];
	uint64_t fence;
	off_t accepted_off;
	unsigned int generation;    /* of the words that allowed it; 0: an earlier process's */
	uint64_t accepted, started; /* seconds; started 0 before the first step runs */
	uint64_t step_started;	    /* of the present step */
	int step;		    /* index of the present step, -1 before the first */
	int laststep;		    /* newest forward step that ran, -1 none */
	int rollback;		    /* the present step undoes */
	int redo;	       /* what is left of this step is being killed; then it starts again */
	int had_started;       /* adoption: LR_STARTED stands for the present step */
	int had_stepend;       /* adoption: and LR_STEPEND, which is not written twice */
	struct exitrec failed; /* why rollback steps run */
	struct exitrec last;   /* the newest exit record */
	enum end ordered;   /* what privd ordered: CANCELLED, TIMEOUT; SETUP: no audit; 0 nothing */
	uint32_t pid;	    /* adoption: of the supervisor, in LR_STARTED */
	uint64_t starttime; /* and its start in ticks: a pid alone is nobody */
	struct run *run;
	struct loop_timer deadline;
};

/* One that is finished. */
struct known {
	uint8_t id[16];
	off_t accepted_off, finished_off;
	uint64_t notafter; /* remembered until then, and until acknowledged */
	uint64_t finished;
	int acked;
};

/* Where jobs come from: each server block, and root at the host. */
#define JOBS_ORIGINS (CONF_SERVERS + 1)

struct jobs {
	TAILQ_HEAD(, job) live;
	unsigned int nlive;
	struct turn {
		char origin[65];
		uint64_t at; /* of all starts, the number of its newest */
	} turn[JOBS_ORIGINS];
	uint64_t turns;
	struct known *known; /* sorted by id */
	size_t nknown, size;
	struct challenge {
		uint8_t nonce[16];
		uint64_t given;
	} challenge[32]; /* unused ones, newest last */
	unsigned int nchallenges;
};

int jobs_init(struct privd *p, struct errmsg *e);
struct job *jobs_find(struct privd *p, const uint8_t id[16]);
struct known *known_find(struct privd *p, const uint8_t id[16]);
/* Remembers a finished job. fatal() without memory: a forgotten id could run again. */
void known_add(struct privd *p, const struct known *k);
/* Forgets those that are acknowledged, out of their window and older than keep-days. */
void known_prune(struct privd *p, uint64_t now);

/* A live job from an accepted ticket; T is taken. NULL without memory. */
struct job *job_new(struct privd *p, struct ticket *t, const uint8_t hash[32]);
void job_free(struct privd *p, struct job *j);
/* "queued", "running", "ended". */
const char *job_phasename(const struct job *j);

/*
 * Ends a job: signed result record, ledger, audit, those that wait. R's step, end, code, reason,
 * effect and output count. The job is freed, or kept (JP_KEPT) when the ledger failed.
 */
void job_finish(struct privd *p, struct job *j, const struct exitrec *r);
/* The same without a step having ended: REFUSED, EXPIRED, CANCELLED, SETUP, UNKNOWN. */
void job_finish_as(struct privd *p, struct job *j, enum end end, const char *reason);
/* Delivered: LR_ACKED, spool removed. 0 or -1 with E. */
int job_ack(struct privd *p, const uint8_t id[16], struct errmsg *e);
/*
 * Cancels by WHO's order ("local", a key's name). SIGNED: a signature stands behind it, or local
 * root. 0, or -1 with E (no such job, finished already, its kind cannot be cancelled).
 */
int job_cancel(
    struct privd *p, const uint8_t id[16], const char *who, int is_signed, struct errmsg *e);

/* ---- schedule and steps (steps.c) ---- */

/* Starts whatever may start now: order of acceptance, parallelism by class, max-jobs. */
void jobs_schedule(struct privd *p);
/* Before any other function of steps.c: the context of the callbacks. */
void steps_init(struct privd *p);
/* The present step ended as j->last says: the next one, a rollback, or the job's end. */
void job_goon(struct privd *p, struct job *j);
/* The present step was set up and never started: sets it up again, or queues the job afresh. */
void job_redo(struct privd *p, struct job *j);
/* A step that an earlier privd started is watched again: its deadline goes on. */
void job_adopted(struct privd *p, struct job *j);
/* The present step as exit records and spool frames count it: from 1. */
uint8_t job_stepno(const struct job *j);
/* What a job's run tells (steps.c); the argument is the job. */
const struct run_ops *job_run_ops(void);

/* ---- adopt.c ---- */

/* Replays one ledger record into memory; ledger_open()'s callback with a struct privd. */
int adopt_record(const struct ledger_rec *r, off_t off, void *arg);
/* After the replay: goes on with every live job, and kills cgroups that are nobody's. */
void adopt_jobs(struct privd *p);

#endif
