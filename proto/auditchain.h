/*
 * The form of an audit line and its chain (reeve-audit(5)): written by privd, verified by reevectl
 * on any machine that has the key.
 *
 *	event=EVENT seq=N time=SECONDS [key=value ...] chain=HEX
 *
 * chain is the first 16 bytes, in hex, of HMAC-SHA-256 (RFC 2104, FIPS 180-4) over the chain of the
 * line before (32 hex digits; zeros before the first) and this line up to " chain=".
 */
#ifndef PROTO_AUDITCHAIN_H
#define PROTO_AUDITCHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define AUDIT_LINE	1024 /* bytes of a line, its newline counted */
#define AUDIT_KEYLEN	32
#define AUDIT_CHAIN	33 /* 32 hex digits and NUL */
#define AUDIT_CHAIN_LEN 39 /* " chain=" and the digits */
#define AUDIT_FIRST	"00000000000000000000000000000000"
#define AUDIT_FILE_MAX	((size_t)256 * 1024 * 1024) /* that audit_verify() reads */

/* The chain of the LEN bytes of LINE (without " chain=") after a line whose chain is PREV. */
void auditchain_next(const uint8_t key[AUDIT_KEYLEN], const char prev[AUDIT_CHAIN],
    const char *line, size_t len, char out[AUDIT_CHAIN]);

/*
 * Takes LINE (LEN bytes, no newline) apart: its number and chain. 0, or -1 when it is not of the
 * form.
 */
int auditchain_split(const char *line, size_t len, uint64_t *seq, char chain[AUDIT_CHAIN]);

/*
 * Verifies the file FD with the key of KEYFD. *LAST and CHAIN are where the file before ended, or 0
 * and "" when that is not known: then the first line must be number 1, or an audit.rotate line,
 * which names the chain before it itself. 0 with *LAST and CHAIN where this file ends; -1 with E
 * naming the line.
 */
int audit_verify(int fd, int keyfd, uint64_t *last, char chain[AUDIT_CHAIN], struct errmsg *e);

#endif
