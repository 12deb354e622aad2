/* Counters by source address, bounded: a row lives while it says something. */

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ctld/addrtab.h"

#define BUCKETS 1024
#define ROWS	65536 /* beyond them failures of new addresses count for all of them together */

struct row {
	LIST_ENTRY(row) next;
	struct netaddr addr;
	size_t conns;
	uint64_t full; /* when its bucket of failures is full again; 0 it is */
};

LIST_HEAD(rows, row);

struct addrtab {
	struct rows bucket[BUCKETS];
	uint8_t
	    key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose addresses of one bucket */
	size_t nrows;
	struct row rest;
};

struct addrtab *
addrtab_new(void)
{
	struct addrtab *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&t->bucket[i]);
	randombytes_buf(t->key, sizeof(t->key));
	return t;
}

void
addrtab_free(struct addrtab *t)
{
	struct row *r;

	if (t == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((r = LIST_FIRST(&t->bucket[i])) != NULL) {
			LIST_REMOVE(r, next);
			free(r);
		}
	free(t);
}

static struct netaddr
widened(const struct netaddr *a)
{
	struct netaddr w = *a;

	if (w.len == 16)
		memset(w.b + 8, 0, 8);
	return w;
}

static struct row *
find(struct addrtab *t, const struct netaddr *a, int make)
{
	struct netaddr w = widened(a);
	uint8_t h[crypto_shorthash_BYTES];
	struct rows *b;
	struct row *r;

	crypto_shorthash(h, w.b, w.len, t->key);
	b = &t->bucket[(h[0] | h[1] << 8) % BUCKETS];
	LIST_FOREACH (r, b, next)
		if (r->addr.len == w.len && memcmp(r->addr.b, w.b, w.len) == 0)
			return r;
	if (!make)
		return t->nrows < ROWS ? NULL : &t->rest;
	if (t->nrows >= ROWS || (r = calloc(1, sizeof(*r))) == NULL)
		return &t->rest;
	r->addr = w;
	LIST_INSERT_HEAD(b, r, next);
	t->nrows++;
	return r;
}

static void
drop_idle(struct addrtab *t, struct row *r)
{
	if (r == &t->rest || r->conns > 0 || r->full != 0)
		return;
	LIST_REMOVE(r, next);
	free(r);
	t->nrows--;
}

size_t
addrtab_conns(struct addrtab *t, const struct netaddr *a, int n)
{
	struct row *r = find(t, a, 1);
	size_t have;

	if (n > 0)
		r->conns += (size_t)n;
	else
		r->conns -= r->conns < (size_t)-n ? r->conns : (size_t)-n;
	have = r->conns;
	drop_idle(t, r);
	return have;
}

/* Rows whose failures are forgotten go, one bucket at a time, so that nothing grows for ever. */
static void
sweep(struct addrtab *t, uint64_t now)
{
	struct row *r, *more;

	for (r = LIST_FIRST(&t->bucket[randombytes_uniform(BUCKETS)]); r != NULL; r = more) {
		more = LIST_NEXT(r, next);
		if (r->full <= now)
			r->full = 0;
		drop_idle(t, r);
	}
}

void
addrtab_failed(struct addrtab *t, const struct netaddr *a, uint64_t now)
{
	struct row *r;

	sweep(t, now);
	r = find(t, a, 1);
	if (r->full < now)
		r->full = now;
	/* no longer than ten refills over: a guesser at work does not shut others out for hours */
	if (r->full < now + 2ULL * ADDRTAB_BURST * ADDRTAB_MS)
		r->full += ADDRTAB_MS;
}

unsigned int
addrtab_wait(struct addrtab *t, const struct netaddr *a, uint64_t now)
{
	const struct row *r = find(t, a, 0);
	uint64_t owed, most = (uint64_t)ADDRTAB_BURST * ADDRTAB_MS;

	if (r == NULL || r->full <= now)
		return 0;
	owed = r->full - now;
	return owed < most ? 0 : (unsigned int)((owed - most) / 1000 + 1);
}
