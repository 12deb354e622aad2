/*
 * The key store file `reeve-keys 1` and the reset order `reeve-reset 1` (reeve-keys(5)); text,
 * canonical like a ticket, signed by admin keys. The formats are fixed here; privd/keys.c judges.
 */
#ifndef PROTO_KEYSFILE_H
#define PROTO_KEYSFILE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/signify.h"

#define KEYSFILE_MAX  23552 /* a message carries one whole, with its signatures */
#define KEYSFILE_KEYS 120

enum key_role { ROLE_ADMIN = 1, ROLE_OPERATOR, ROLE_AUTOMATION, ROLE_ONLINE, ROLE_MAX };
const char *role_name(enum key_role r);
int role_byname(const char *s); /* or -1 */

struct keysfile_key {
	struct pubkey pub;
	enum key_role role;
	char holder[65];
	uint64_t notafter; /* 0: no end */
	uint64_t revoked;  /* 0: not; else when */
};

struct keysfile {
	char fleet[33];
	uint64_t version;   /* from 1 */
	uint32_t threshold; /* admin signatures that the next version needs, 1..16 */
	struct keysfile_key key[KEYSFILE_KEYS]; /* sorted by their base64, unique */
	size_t nkeys;
};

int keysfile_parse(struct keysfile *k, const char *buf, size_t len, struct errmsg *e);
ssize_t keysfile_write(const struct keysfile *k, char *buf, size_t size, struct errmsg *e);

#define KEYSRESET_MAX 1024

struct keysreset {
	char fleet[33], host_id[33], host_name[254];
	char challenge[33]; /* the nonce that the host gave */
	uint64_t issued;
};

int keysreset_parse(struct keysreset *r, const char *buf, size_t len, struct errmsg *e);
ssize_t keysreset_write(const struct keysreset *r, char *buf, size_t size, struct errmsg *e);

#endif
