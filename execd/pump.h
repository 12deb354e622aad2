/* Moves bytes between a running tool and the spool until the tool has ended and its pipes are dry.
 */
#ifndef EXECD_PUMP_H
#define EXECD_PUMP_H

#include "execd/work.h"

/*
 * Runs command N, whose tool waits for its go byte, to its end; SIGFD is the signalfd of CHLD and
 * TERM, UNTIL the deadline of the step (framer_mono()). Sets w->rec.end to how it ended.
 */
void pump_run(struct work *w, size_t n, int sigfd, uint64_t until);

#endif
