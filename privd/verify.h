/*
 * Signatures over a ticket's exact bytes, before anything parses them. A struct verified can be
 * made here alone, and verified_parse() is the only way from bytes to a ticket in privd (lint: no
 * other file of privd calls ticket_parse()).
 */
#ifndef PRIVD_VERIFY_H
#define PRIVD_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "privd/keys.h"
#include "privd/policy.h"
#include "proto/ticket.h"

#define VERIFY_SKEW 300 /* seconds that two honest clocks may differ */

/* Bytes, and the keys that signed exactly them. The signers point into the policy: free it last. */
struct verified;

/*
 * Each of the NSIGS signatures must verify with a key of POLICY that KEYS lets be used at NOW; none
 * may be over; a key given twice counts once. NULL with E ("signature 2: unknown key").
 */
struct verified *verify_ticket(const struct policy *policy, const struct keystore *keys,
    const uint8_t *bytes, size_t len, const struct sig *sigs, unsigned int nsigs, uint64_t now,
    struct errmsg *e);
/* The same for a rollback: the bytes as stored in the ledger with their signatures; no key need be
 * usable any more. */
struct verified *verify_stored(const struct policy *policy, const uint8_t *bytes, size_t len,
    const struct sig *sigs, unsigned int nsigs, struct errmsg *e);
/* Bytes from our own ledger, verified when they were accepted; nobody's signature is claimed. */
struct verified *verified_from_ledger(const uint8_t *bytes, size_t len, struct errmsg *e);
void verified_free(struct verified *v);
int verified_parse(const struct verified *v, struct ticket *t, struct errmsg *e);
const uint8_t *verified_bytes(const struct verified *v, size_t *len);
const uint8_t *verified_hash(const struct verified *v); /* SHA-256, 32 bytes */
unsigned int verified_signers(const struct verified *v, const struct policy_key *out[TICKET_SIGS]);

/*
 * The ticket against this host and clock: fleet, host id and name on one line, issued, notbefore,
 * notafter, span (MAX_SPAN), clock floor. 0, or -1 with E; *EXPIRED tells "too late" from the rest.
 * Times are inclusive; issued may be 300 s ahead, and so may a notbefore that is not after it.
 */
struct clockstate {
	uint64_t now; /* seconds */
	/* newest of build time and issued of accepted tickets, each capped at now */
	uint64_t floor;
	/* a torn ledger was cut then: tickets issued up to cut + 300 are refused; 0 none */
	uint64_t cut;
};
int verify_host(const struct ticket *t, const struct conf *c, struct errmsg *e);
int verify_time(const struct ticket *t, const struct conf *c, const struct clockstate *ck,
    int *expired, struct errmsg *e);

#endif
