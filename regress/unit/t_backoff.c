/* netd's waiting: full jitter within its bounds, numbers of the server's clamped. */
#include "netd/backoff.h"
#include "regress/check.h"

#define ROUNDS 2000

static void
test_net(void)
{
	uint64_t ms, lo, hi;

	for (unsigned int tries = 0; tries <= 64; tries++) {
		uint64_t cap = tries < 6 ? 1000ULL << tries : 60000;

		if (cap > 60000)
			cap = 60000;
		lo = UINT64_MAX;
		hi = 0;
		for (int i = 0; i < ROUNDS / 10; i++) {
			struct backoff b = {.tries = tries};

			ms = backoff_next(&b, BACKOFF_NET, 0);
			CHECK(b.tries > 0 && b.tries <= 64);
			lo = ms < lo ? ms : lo;
			hi = ms > hi ? ms : hi;
		}
		CHECKF(lo >= BACKOFF_MIN_MS && hi <= cap, "%u: %llu..%llu", tries,
		    (unsigned long long)lo, (unsigned long long)hi);
		/* it is jitter, over the whole width */
		CHECKF(lo < cap / 4 + 100 && hi > cap / 2, "%u: %llu..%llu", tries,
		    (unsigned long long)lo, (unsigned long long)hi);
	}
}

static void
test_slow(void)
{
	struct backoff b = {.tries = 3};

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t ms = backoff_next(&b, BACKOFF_SLOW, 7);

		CHECK(ms >= 240000 && ms <= 360000);
	}
	CHECK(b.tries == 3);
}

static void
test_told(void)
{
	static const struct {
		uint64_t told, min, max;
	} rows[] = {{1, 1000, 1100}, {60, 60000, 66000}, {3600, 3600000, 3960000},
	    {3601, 3600000, 3960000}, {86400, 3600000, 3960000}, {UINT64_MAX, 3600000, 3960000}};
	struct backoff b = {.tries = 0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int n = 0; n < ROUNDS / 10; n++) {
			uint64_t ms = backoff_next(&b, BACKOFF_TOLD, rows[i].told);

			CHECKF(ms >= rows[i].min && ms <= rows[i].max, "%llu: %llu",
			    (unsigned long long)rows[i].told, (unsigned long long)ms);
		}
	}
	CHECK(b.tries == 0);
	/* 0 is no word: as any other failure */
	CHECK(backoff_next(&b, BACKOFF_TOLD, 0) <= 1000 && b.tries == 1);
	backoff_reset(&b);
	CHECK(b.tries == 0);
}

int
main(void)
{
	test_net();
	test_slow();
	test_told();
	return check_done();
}
