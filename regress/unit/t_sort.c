/* Sorting in place: every small order, many equal ones, and a large one against what must come out.
 */
#include "execd/sort.h"
#include "regress/check.h"

struct item {
	unsigned int key;
	char pad[9];
};

static int
by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Sorts N items; counts those out of place, wrong in their pad, or lost (SUM of the keys). */
static void
judge(struct item *v, size_t n, const char *what)
{
	unsigned long before = 0, after = 0;

	for (size_t i = 0; i < n; i++) {
		memset(v[i].pad, (int)(v[i].key & 0x7f), sizeof(v[i].pad));
		before += v[i].key;
	}
	sort(v, n, sizeof(*v), by_key);
	for (size_t i = 0; i < n; i++) {
		after += v[i].key;
		CHECKF(i == 0 || v[i - 1].key <= v[i].key, "%s of %zu: order at %zu", what, n, i);
		CHECKF(v[i].pad[8] == (char)(v[i].key & 0x7f), "%s of %zu: pad at %zu", what, n, i);
	}
	CHECKF(before == after, "%s of %zu: something was lost", what, n);
}

/* All sequences of up to six items of three keys. */
static void
t_small(void)
{
	struct item v[6];

	for (size_t n = 0; n <= 6; n++) {
		unsigned int all = 1;

		for (size_t i = 0; i < n; i++)
			all *= 3;
		for (unsigned int code = 0; code < all; code++) {
			unsigned int c = code;

			for (size_t i = 0; i < n; i++, c /= 3)
				v[i].key = c % 3;
			judge(v, n, "small");
		}
	}
}

static void
t_large(void)
{
	static struct item v[3001];
	size_t n = sizeof(v) / sizeof(v[0]);
	unsigned int x = 1;

	for (size_t i = 0; i < n; i++)
		v[i].key = x = x * 1103515245U + 12345U;
	judge(v, n, "mixed");
	judge(v, n, "sorted");
	for (size_t i = 0; i < n; i++)
		v[i].key = (unsigned int)(n - i);
	judge(v, n, "backwards");
	for (size_t i = 0; i < n; i++)
		CHECK(v[i].key == i + 1);
}

int
main(void)
{
	t_small();
	t_large();
	return check_done();
}
