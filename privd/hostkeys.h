/* The host's own keys: result key (Ed25519) and seal key (X25519), made at first start with the ledger. */
#ifndef PRIVD_HOSTKEYS_H
#define PRIVD_HOSTKEYS_H

#include <stdint.h>

#include "lib/err.h"
#include "proto/signify.h"

struct hostkeys {
	struct seckey result;
	struct pubkey result_pub;
	uint8_t seal[32], seal_pub[32];
};

/* state: result.sec, result.pub (signify), seal.sec, seal.pub ("reeve-seal 1" and base64), ledger. */
enum first_start { FS_NEW, FS_COMPLETE, FS_NEEDS_REKEY };
/* Tells a first start (none of them exists) from lost state (some of them); E names what is missing. */
enum first_start hostkeys_state(int statefd, struct errmsg *e);
int hostkeys_make(int statefd, struct errmsg *e); /* all, durable; the ledger is made last by its owner */
int hostkeys_load(int statefd, struct hostkeys *k, struct errmsg *e);
void hostkeys_wipe(struct hostkeys *k);

#endif
