/* How long to wait after a failure. */
#include <sodium.h>

#include "netd/backoff.h"

/* 0..MAX */
static uint64_t
jitter(uint64_t max)
{
	return randombytes_uniform((uint32_t)max + 1);
}

static uint64_t
net(struct backoff *b)
{
	uint64_t cap = BACKOFF_CAP_MS, ms;

	if (b->tries < 6)
		cap = (uint64_t)BACKOFF_BASE_MS << b->tries;
	if (b->tries < 64)
		b->tries++;
	if (cap > BACKOFF_CAP_MS)
		cap = BACKOFF_CAP_MS;
	ms = jitter(cap);
	return ms < BACKOFF_MIN_MS ? BACKOFF_MIN_MS : ms;
}

uint64_t
backoff_next(struct backoff *b, enum backoff_class class, uint64_t told)
{
	if (class == BACKOFF_SLOW)
		return BACKOFF_SLOW_MS - BACKOFF_SLOW_MS / 5 + jitter(2 * BACKOFF_SLOW_MS / 5);
	if (class == BACKOFF_NET || told == 0)
		return net(b);
	if (told > BACKOFF_TOLD_S)
		told = BACKOFF_TOLD_S;
	return told * 1000 + jitter(told * 100);
}

void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
}
