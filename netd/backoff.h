/* How long to wait after a failure. Numbers that a server names are clamped here. */
#ifndef NETD_BACKOFF_H
#define NETD_BACKOFF_H

#include <stdint.h>

#define BACKOFF_BASE_MS 1000
#define BACKOFF_CAP_MS	60000
#define BACKOFF_MIN_MS	100 /* full jitter may say 0 */
#define BACKOFF_SLOW_MS 300000
#define BACKOFF_TOLD_S	3600 /* most that Retry-After is believed */

enum backoff_class {
	BACKOFF_NET,  /* full jitter: anything up to base * 2^tries, capped */
	BACKOFF_SLOW, /* what only a person can mend: five minutes, a fifth more or less */
	BACKOFF_TOLD  /* as the server said, clamped, never sooner, a tenth more at most */
};

struct backoff {
	unsigned int tries;
};

/* Milliseconds to wait now. TOLD: seconds of Retry-After, 0 none (then as BACKOFF_NET). */
uint64_t backoff_next(struct backoff *b, enum backoff_class class, uint64_t told);
void backoff_reset(struct backoff *b);

#endif
