/* Enrolment and heartbeat: what is judged there, for tests. The handlers are in routes.def. */
#ifndef CTLD_AGENTS_H
#define CTLD_AGENTS_H

#include "ctld/req.h"

/*
 * 1 when heartbeat M cannot come from the machine that H was last seen as. BOOT_SEEN: M's boot id
 * was noted for H before.
 */
int agents_is_clone(const struct host *h, const struct api_heartbeat *m, int boot_seen);

#endif
