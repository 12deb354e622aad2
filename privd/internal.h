/* An internal step: a builtin profile without a ticket, which the ledger never hears of. */
#ifndef PRIVD_INTERNAL_H
#define PRIVD_INTERNAL_H

#include "privd/run.h"

struct internal {
	enum profile_id profile;
	enum internal_step step;
	uint8_t id[16]; /* of its spool file; random */
	uint32_t seconds, grace;
	uint64_t output; /* cap of its spool file */
};
/* Starts it. NULL with E. The caller removes its spool file. */
struct run *internal_start(struct privd *p, const struct internal *in, const struct run_ops *ops,
    void *arg, struct errmsg *e);

#endif
