/* The body of a submission: a ticket, and signatures unless reeve-sign is to make one. */
#ifndef CTLD_SUBMISSION_H
#define CTLD_SUBMISSION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/signify.h"
#include "proto/ticket.h"

struct submission {
	char *ticket; /* NUL-ended; the caller frees it, after a failure too */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;
};

/* {ticket, signatures} when SIGS, else {ticket}. 0, or -1 with E. */
int submission_read(
    struct submission *m, const uint8_t *body, size_t len, int sigs, struct errmsg *e);

#endif
