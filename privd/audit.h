/*
 * The audit trail: one logfmt line a decision, to syslog (LOG_AUTHPRIV) and to state/audit, chained
 * (reeve-audit(5)) under state/audit.key. At 4 MiB the file becomes audit.1, the one before
 * audit.2, up to 4; the chain goes on.
 *
 * A line is with syslog and the kernel when audit_event() returns; it is on the disk after
 * audit_sync(), which the core calls a second after the first line that waits for it. What must not
 * be lost is the ledger's to keep, which syncs every record: a power failure may take the last
 * second of the trail (audit.cut tells of a torn line), never a fact of a job.
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
 * Written, not synced, before it returns. -1 when it could not be written: the caller refuses the
 * job then.
 */
int audit_event(struct audit *a, const char *event, ...) __attribute__((sentinel));
/* Lines that wait for audit_sync(): 1 or 0. */
int audit_unsynced(const struct audit *a);
/*
 * Brings all lines to the disk; without any to bring it does nothing. At most once a second, and at
 * exit (audit_close() does). 0, or -1 after a log line: the trail then takes no more lines.
 */
int audit_sync(struct audit *a);
/* Newest sequence number and chain (32 hex digits and NUL). */
uint64_t audit_head(const struct audit *a, char chain[33]);

#endif
