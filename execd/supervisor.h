/* The supervisor of one step: forks the tools, drops, confines itself, frames, limits, ends. */
#ifndef EXECD_SUPERVISOR_H
#define EXECD_SUPERVISOR_H

#include "execd/work.h"
#include "imsg/imsg.h"

/*
 * Runs the step of W from the fork to EXEC_EXIT. Called once, as root, with W->in read and checked.
 * Returns the process's exit status: 0 the exit frame is on disk (or privd went away before the
 * go); 1 it is not, and EXEC_FAIL was sent where that was still possible.
 */
int supervise(struct work *w, struct imsgbuf *ch);

#endif
