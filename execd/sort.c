/* Heap sort (Williams, Floyd 1964): in place, N log N at worst, not stable. */
#include "execd/sort.h"

static void
swap(char *a, char *b, size_t size)
{
	char t;

	while (size-- > 0) {
		t = *a;
		*a++ = *b;
		*b++ = t;
	}
}

/* Lets element I sink until both below it are smaller; the heap has N elements. */
static void
sink(char *base, size_t i, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	size_t next;

	for (; (next = 2 * i + 1) < n; i = next) {
		if (next + 1 < n && cmp(base + next * size, base + (next + 1) * size) < 0)
			next++;
		if (cmp(base + i * size, base + next * size) >= 0)
			return;
		swap(base + i * size, base + next * size, size);
	}
}

void
sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *b = base;
	size_t i;

	for (i = n / 2; i-- > 0;)
		sink(b, i, n, size, cmp);
	for (i = n; i-- > 1;) {
		swap(b, b + i * size, size);
		sink(b, 0, i, size, cmp);
	}
}
