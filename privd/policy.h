/* policy.conf: the host's own word on who may do what (reeve-policy(5)). Default deny. */
#ifndef PRIVD_POLICY_H
#define PRIVD_POLICY_H

#include <stdint.h>

#include "lib/err.h"
#include "privd/conf.h"
#include "proto/keysfile.h"
#include "proto/ticket.h"

struct policy;

/* One [key NAME] section. */
struct policy_key {
	char name[65];
	struct pubkey pub;
	enum key_role role;
	char holder[65];
	unsigned int line;
};

/* NULL with E "FILE:LINE: ...". Key files are opened beneath conf's dir, root-owned, checked. */
struct policy *policy_load(const struct conf *c, struct errmsg *e);
/*
 * The same from LEN bytes of memory; READKEY gives the text of the key file NAME, malloc'ed, or -1
 * with E.
 */
typedef int (*policy_keyfn)(
    const void *arg, const char *name, char **buf, size_t *len, struct errmsg *e);
struct policy *policy_fromtext(const char *file, const char *buf, size_t len, policy_keyfn readkey,
    const void *arg, struct errmsg *e);
void policy_free(struct policy *p);
/* Key N in the order of the file, NULL after the last. */
const struct policy_key *policy_key(const struct policy *p, unsigned int n);

/*
 * May a ticket signed by these NSIGNERS keys (distinct, verified) run? 0 allowed, -1 denied;
 * either way E holds the deciding line ("policy.conf:4: key ops allows pkg.install"), or why none
 * did. Role rules are applied here: admin keys sign no jobs; online keys only harmless kinds.
 * agent.cancel: CANCELLED is the kind of the job to cancel, NULL otherwise.
 */
int policy_allows(const struct policy *p, const struct policy_key *const *signers,
    unsigned int nsigners, const struct ticket *t, const struct kind *cancelled, struct errmsg *e);

/* 1 when some key could ever get KIND allowed (heartbeat, status). */
int policy_accepts(const struct policy *p, const struct kind *k);

#endif
