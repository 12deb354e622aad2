/* The key store: state/keystore, the newest `reeve-keys 1` (reeve-keys(5)). */
#ifndef PRIVD_KEYS_H
#define PRIVD_KEYS_H

#include <stdint.h>

#include "lib/err.h"
#include "privd/policy.h"
#include "proto/keysfile.h"

struct keystore;

/*
 * Loads "keystore" beneath STATEFD. A missing file is an empty store: then policy.conf's keys count
 * alone. A file of a newer version of the format, or one that does not parse, is refused with E.
 */
struct keystore *keystore_load(int statefd, const char *fleet, struct errmsg *e);
void keystore_free(struct keystore *k);
uint64_t keystore_version(const struct keystore *k);

/*
 * May KEY be used at NOW? With a store: it must be in it with the same role and holder, not
 * revoked, not past its notafter. 0, or -1 with E saying which.
 */
int keystore_usable(
    const struct keystore *k, const struct policy_key *key, uint64_t now, struct errmsg *e);

/*
 * Judges a new key store file: version exactly N+1, fleet, thresholds of N and N+1 met by distinct
 * admin keys (of the store, or of policy.conf when there is none), revocations only grow. On
 * success it replaces the file durably and *K.
 */
int keystore_update(struct keystore **k, const struct policy *p, int statefd, const char *text,
    size_t len, const struct sig *sigs, unsigned int nsigs, uint64_t now, struct errmsg *e);

#endif
