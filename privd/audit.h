/*
 * The audit trail: one logfmt line a decision, to syslog (LOG_AUTHPRIV) and to state/audit, chained
 * (reeve-audit(5)) under state/audit.key. At 4 MiB the file becomes audit.1, the one before
 * audit.2, up to 4; the chain goes on.
 */
#ifndef PRIVD_AUDIT_H
#define PRIVD_AUDIT_H

#include <stdint.h>

#include "lib/err.h"
#include "proto/auditchain.h" /* audit_verify() is there, for reevectl too */

struct audit;

/* Opens or makes audit and audit.key beneath STATEFD; reads the last line to go on from it. NULL
 * with E. */
struct audit *audit_open(int statefd, struct errmsg *e);
void audit_close(struct audit *a);

/*
 * One line: event=EVENT seq=N time=SECONDS, then the pairs (key, value, ..., NULL) in the given
 * order; values are vis(3)-encoded and the line is at most 1 KiB. A value NULL leaves its pair out.
 * Written and synced before it returns. -1 when it could not be written: the caller refuses the job
 * then.
 */
int audit_event(struct audit *a, const char *event, ...) __attribute__((sentinel));
/* Newest sequence number and chain (32 hex digits and NUL). */
uint64_t audit_head(const struct audit *a, char chain[33]);

#endif
