/* The host's own keys: result key (Ed25519) and seal key (X25519), made at first start with the
 * ledger. */
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

/*
 * state: result.sec, result.pub (signify), seal.pub ("reeve-seal 1\n" and base64 in one line),
 * seal.sec
 * ("reeve-seal-secret 1\n" and likewise), ledger.
 *
 * A first start is one transaction that ledger_make() commits: hostkeys_make() begins it with an
 * empty LEDGER_NEW and then writes the keys; ledger_make() fills LEDGER_NEW and renames it to
 * ledger. So keys beside LEDGER_NEW and no ledger are a first start that was interrupted and begins
 * again (no job was ever accepted, no key shown); keys without either are a lost ledger.
 */
enum first_start { FS_NEW, FS_COMPLETE, FS_NEEDS_REKEY };
/*
 * Tells a first start (none of them exists, or an interrupted one) from lost state (some of them);
 * E names what is missing then, or the error of looking. A LEDGER_NEW beside a ledger is removed,
 * so that it can never make a later loss look like a first start.
 */
enum first_start hostkeys_state(int statefd, struct errmsg *e);
/* All keys, new, durable; call it for FS_NEW alone, and ledger_make() after it. 0 or -1 with E. */
int hostkeys_make(int statefd, struct errmsg *e);
/* Loads all four files, checks owner and mode (secret ones 0600) and that each pair belongs
 * together. */
int hostkeys_load(int statefd, struct hostkeys *k, struct errmsg *e);
void hostkeys_wipe(struct hostkeys *k);

#endif
