/*
 * The word of the control plane that a host is still reachable after a change (reeve-confirm(5)):
 * the online key's signature over the host, the job and the nonce that the host made.
 *
 *	reeve-confirm 1
 *	host ID NAME
 *	job ID
 *	nonce HEX
 *	end
 */
#ifndef PROTO_CONFIRM_H
#define PROTO_CONFIRM_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "proto/signify.h"

#define CONFIRM_MAX 512

struct confirm {
	uint8_t host_id[16], job[16], nonce[32];
	const char *host_name; /* lower-case host name */
};

/* The exact bytes that are signed. Their length, or -1 when the name is none or SIZE too small. */
ssize_t confirm_write(const struct confirm *c, char *buf, size_t size);
/* Signs C. 0, or -1 as above. */
int confirm_sign(const struct confirm *c, const struct seckey *k, struct sig *out);
/* 1 when SIG over exactly C is K's, else 0. */
int confirm_verify(const struct confirm *c, const struct pubkey *k, const struct sig *sig);

#endif
