/* What is counted for each source address: connections, and credentials that failed. */
#ifndef CTLD_ADDRTAB_H
#define CTLD_ADDRTAB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/netaddr.h"

struct addrtab;

struct addrtab *addrtab_new(void);
void addrtab_free(struct addrtab *t);
/* Adds N (may be negative) to the connections of A; returns what that makes. */
size_t addrtab_conns(struct addrtab *t, const struct netaddr *a, int n);
/*
 * Failures: a bucket of ADDRTAB_BURST that refills by one each ADDRTAB_MS. addrtab_failed() takes
 * one out; addrtab_wait() says for how many seconds A must wait, 0 not. NOW is in milliseconds and
 * never goes back. For IPv6 the /64 counts: whoever has one address there has them all.
 */
#define ADDRTAB_BURST 10
#define ADDRTAB_MS    3000
void addrtab_failed(struct addrtab *t, const struct netaddr *a, uint64_t now);
unsigned int addrtab_wait(struct addrtab *t, const struct netaddr *a, uint64_t now);

#endif
