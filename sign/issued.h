/*
 * The register of what the CA certified: DIR/issued, append-only, one line a certificate, on disk
 * before the certificate leaves (reeve-sign(8)):
 *
 *	ENROLMENT HOST-ID NAME SHA256-OF-KEY SERIAL TIME
 */
#ifndef SIGN_ISSUED_H
#define SIGN_ISSUED_H

#include <stdint.h>

#include "lib/err.h"
#include "sign/x509.h"

struct issued_row {
	uint8_t enrolment[16], host_id[16];
	char name[254];
	uint8_t key[32]; /* SHA-256 of the SubjectPublicKeyInfo */
	uint8_t serial[SERIAL_LEN];
	uint64_t when;
};

struct issued;

/*
 * Reads the register from FD (open for reading and appending; taken). A last line without its end
 * was never answered for: it is cut off. Any other damage is refused. NULL with E.
 */
struct issued *issued_open(int fd, struct errmsg *e);
void issued_free(struct issued *is);
const struct issued_row *issued_byenrolment(const struct issued *is, const uint8_t enrolment[16]);
const struct issued_row *issued_bykey(const struct issued *is, const uint8_t key[32]);
/* Appends and syncs. 0, or -1 with E: then nothing may be answered, and no more be added. */
int issued_add(struct issued *is, const struct issued_row *r, struct errmsg *e);

#endif
