/* The signed result record of a job, chained to the one before (reeve-result(5)). */
#ifndef PRIVD_RESULT_H
#define PRIVD_RESULT_H

#include "privd/jobs.h"

/*
 * Writes the next record into TEXT (RESULT_MAX bytes) and points REC's result at it, signed by the
 * host's result key. Nothing is remembered until result_commit(). 0 or -1 with E.
 */
int result_make(struct privd *p, const struct job *j, const struct exitrec *r, char *text,
    struct ledger_rec *rec, struct errmsg *e);
/* The record is in the ledger: the next one is chained to it. Also at replay. */
void result_commit(struct privd *p, const struct ledger_rec *rec);

#endif
