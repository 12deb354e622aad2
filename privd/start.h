/* Start-up: from configuration to a replayed ledger (DESIGN 11). */
#ifndef PRIVD_START_H
#define PRIVD_START_H

#include "lib/err.h"
#include "privd/privd.h"

#define EXIT_CONFIG 78 /* sysexits(3)'s EX_CONFIG: a restart does not help */

/* conf, policy, scripts. 0 or -1 with E. */
int start_words(struct privd *p, struct errmsg *e);
/* The least that this kernel must offer; less needs agent.conf's word. 0 or -1 with E. */
int start_probe(const struct privd *p, struct errmsg *e);
/*
 * State directory (made when missing, locked), audit, key store, host keys, spool, ledger. Lost or
 * damaged state is no failure: P then needs a rekey and takes no job. 0 or -1 with E.
 */
int start_state(struct privd *p, struct errmsg *e);
/* cgroup base and executor. 0 or -1 with E. */
int start_tools(struct privd *p, struct errmsg *e);
/* Closes and wipes all of it. */
void start_undo(struct privd *p);

#endif
