/*
 * What privd takes from itself. Filters, Landlock and no_new_privs are inherited over exec, so it
 * cannot filter itself narrowly: its bounding set is cut to the union of the profile rows and of
 * what it needs, a short list of calls is denied to it and to all that it starts, and it cannot be
 * traced (DESIGN 11).
 */
#ifndef PRIVD_SANDBOX_H
#define PRIVD_SANDBOX_H

#include "lib/err.h"
#include "privd/privd.h"

/* Every step checked. 0 or -1 with E: the caller must exit. */
int sandbox_apply(const struct words *w, struct errmsg *e);
/* A new set of words must not need a capability that was given up at start. 0 or -1 with E. */
int sandbox_covers(const struct words *w, struct errmsg *e);

#endif
