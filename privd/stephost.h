/* What this host says about one step of a ticket: its limits, user, script, sockets. */
#ifndef PRIVD_STEPHOST_H
#define PRIVD_STEPHOST_H

#include "privd/jobs.h"
#include "privd/run.h"

/* Seconds that the whole job may run: ticket's or kind's, cut by the script's timeout. */
uint64_t stephost_seconds(const struct privd *p, const struct ticket *t);
/* How many of the ticket's script may run at once. */
unsigned int stephost_parallel(const struct privd *p, const struct ticket *t);
int stephost_samescript(const struct ticket *a, const struct ticket *b);
/* Refuses before acceptance what this host cannot do: unlisted script, missing user. 0 or -1 with
 * E. */
int stephost_check(const struct privd *p, const struct ticket *t, struct errmsg *e);
/* Audits a run that is root-equivalent. 0, or -1 when that could not be written. */
int stephost_audit(struct privd *p, const struct ticket *t);
/* Fills EXEC_HOST for a profile and ticket (T NULL: an internal step). 0 or -1 with E. */
int stephost_fill(const struct privd *p, const struct profile *pr, const struct ticket *t,
    struct msg_host *h, struct errmsg *e);
/*
 * Builds the request for the job's present step: spool, blobs, limits, and the ticket's bytes,
 * which are good until the ledger's next call. 0 or -1 with E.
 */
int stephost_request(
    struct privd *p, const struct job *j, uint64_t seconds, struct run_req *req, struct errmsg *e);

#endif
