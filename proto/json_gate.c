/*
 * The strict gate: RFC 8259 and what jsonin.h adds, in one pass over the bytes. Each byte is looked
 * at a bounded number of times whatever it is: no recursion, and keys are found again by a hash
 * with a random key, so that no document can make its keys collide.
 */
#include "proto/json_gate.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/json_str.h"
#include "proto/jsonin.h"

/* A key that was seen. The objects of a document are numbered from 1; 0 is an empty slot. */
struct slot {
	uint32_t object;
	uint64_t hash;
};

struct gate {
	const char *s;
	size_t len, pos;
	unsigned int depth, outer;   /* levels that are open; that stand around the document */
	uint32_t object[JSON_DEPTH]; /* number of the object at that level; 0 is an array */
	uint32_t nobjects;
	size_t values, keys;
	struct slot *slot;
	size_t nslots; /* a power of two, at least twice the keys; 0 before the first */
	struct errmsg *e;
};

enum state { VALUE, VALUE_OR_END, KEY, KEY_OR_END, AFTER, DONE, BAD };

static const uint8_t *
hash_key(void)
{
	static uint8_t key[crypto_shorthash_KEYBYTES];
	static int made;

	if (!made) {
		if (sodium_init() == -1)
			abort();
		crypto_shorthash_keygen(key);
		made = 1;
	}
	return key;
}

/* SipHash-2-4 of the decoded key: "a" and "\u0061" are one. 0 or -1 with E. */
static int
hash_of(struct gate *g, const char *raw, size_t len, uint64_t *hash)
{
	char small[256], *dst = small;
	size_t n;

	if (len >= sizeof(small) && (dst = malloc(len + 1)) == NULL)
		return err_set(g->e, "out of memory");
	n = json_unescape(dst, len + 1, raw, len);
	crypto_shorthash((uint8_t *)hash, (const uint8_t *)dst, n, hash_key());
	if (dst != small)
		free(dst);
	return 0;
}

/* The slot of that key, or the empty one where it belongs. */
static struct slot *
find(struct slot *slot, size_t nslots, uint32_t object, uint64_t hash)
{
	size_t i = (size_t)(hash + object * 0x9e3779b97f4a7c15ULL) & (nslots - 1);

	while (slot[i].object != 0 && (slot[i].object != object || slot[i].hash != hash))
		i = (i + 1) & (nslots - 1);
	return &slot[i];
}

static int
grow(struct gate *g)
{
	size_t n = g->nslots == 0 ? 64 : g->nslots * 2;
	struct slot *new = calloc(n, sizeof(*new));

	if (new == NULL)
		return err_set(g->e, "out of memory");
	for (size_t i = 0; i < g->nslots; i++)
		if (g->slot[i].object != 0)
			*find(new, n, g->slot[i].object, g->slot[i].hash) = g->slot[i];
	free(g->slot);
	g->slot = new;
	g->nslots = n;
	return 0;
}

/*
 * Two different keys with one hash of 64 bits would be refused as duplicates. That takes luck, not
 * work, since nobody outside knows the hash's key, and a refusal is the safe side.
 */
static int
new_key(struct gate *g, size_t at, const char *raw, size_t len)
{
	uint32_t object = g->object[g->depth - 1];
	struct slot *sl;
	uint64_t hash;

	if (2 * (g->keys + 1) > g->nslots && grow(g) == -1)
		return -1;
	if (hash_of(g, raw, len, &hash) == -1)
		return -1;
	sl = find(g->slot, g->nslots, object, hash);
	if (sl->object != 0)
		return err_set(g->e, "byte %zu: duplicate key \"%.*s\"", at + 1,
		    len > 64 ? 64 : (int)len, raw);
	sl->object = object;
	sl->hash = hash;
	g->keys++;
	return 0;
}

static enum state
bad(struct gate *g, const char *what)
{
	if (g->pos >= g->len)
		err_set(g->e, "byte %zu: ends where %s must stand", g->len + 1, what);
	else
		err_set(g->e, "byte %zu: %s must stand here", g->pos + 1, what);
	return BAD;
}

static void
blanks(struct gate *g)
{
	while (g->pos < g->len && (g->s[g->pos] == ' ' || g->s[g->pos] == '\t' ||
				      g->s[g->pos] == '\n' || g->s[g->pos] == '\r'))
		g->pos++;
}

/* A string, from quote to quote. 0, or -1 with E. */
static int
string(struct gate *g)
{
	const char *why;
	size_t at;

	if ((why = json_string(g->s, g->len, &g->pos, &at)) == NULL)
		return 0;
	return err_set(g->e, "byte %zu: %s", at + 1, why);
}

static size_t
digits(struct gate *g)
{
	size_t from = g->pos;

	while (g->pos < g->len && g->s[g->pos] >= '0' && g->s[g->pos] <= '9')
		g->pos++;
	return g->pos - from;
}

static int
is(const struct gate *g, char a, char b)
{
	return g->pos < g->len && (g->s[g->pos] == a || g->s[g->pos] == b);
}

static enum state
number(struct gate *g)
{
	if (is(g, '-', '-'))
		g->pos++;
	if (is(g, '0', '0'))
		g->pos++;
	else if (digits(g) == 0)
		return bad(g, "a digit");
	if (is(g, '.', '.')) {
		g->pos++;
		if (digits(g) == 0)
			return bad(g, "a digit");
	}
	if (is(g, 'e', 'E')) {
		g->pos++;
		if (is(g, '+', '-'))
			g->pos++;
		if (digits(g) == 0)
			return bad(g, "a digit");
	}
	return AFTER;
}

static enum state
word(struct gate *g, const char *text)
{
	size_t n = strlen(text);

	if (g->len - g->pos < n || memcmp(g->s + g->pos, text, n) != 0)
		return bad(g, "a value");
	g->pos += n;
	return AFTER;
}

static enum state
open_level(struct gate *g, int object)
{
	if (g->depth + g->outer >= JSON_DEPTH) {
		err_set(g->e, "byte %zu: nested deeper than %d levels", g->pos + 1, JSON_DEPTH);
		return BAD;
	}
	g->object[g->depth++] = object ? ++g->nobjects : 0;
	g->pos++;
	return object ? KEY_OR_END : VALUE_OR_END;
}

static enum state
close_level(struct gate *g)
{
	g->depth--;
	g->pos++;
	return AFTER;
}

static enum state
value(struct gate *g)
{
	if (g->pos == g->len)
		return bad(g, "a value");
	if (++g->values > JSON_TOKENS) {
		err_set(g->e, "byte %zu: more than %d values", g->pos + 1, JSON_TOKENS);
		return BAD;
	}
	switch (g->s[g->pos]) {
	case '{':
		return open_level(g, 1);
	case '[':
		return open_level(g, 0);
	case '"':
		return string(g) == -1 ? BAD : AFTER;
	case 't':
		return word(g, "true");
	case 'f':
		return word(g, "false");
	case 'n':
		return word(g, "null");
	default:
		return is(g, '-', '-') || (g->s[g->pos] >= '0' && g->s[g->pos] <= '9')
			   ? number(g)
			   : bad(g, "a value");
	}
}

static enum state
key(struct gate *g)
{
	size_t at = g->pos;

	if (!is(g, '"', '"'))
		return bad(g, "a key in quotes");
	if (string(g) == -1 || new_key(g, at, g->s + at + 1, g->pos - at - 2) == -1)
		return BAD;
	blanks(g);
	if (!is(g, ':', ':'))
		return bad(g, "a colon");
	g->pos++;
	return VALUE;
}

static enum state
after(struct gate *g)
{
	int object;

	if (g->depth == 0)
		return g->pos == g->len ? DONE : bad(g, "the end");
	object = g->object[g->depth - 1] != 0;
	if (is(g, ',', ',')) {
		g->pos++;
		return object ? KEY : VALUE;
	}
	if (is(g, object ? '}' : ']', object ? '}' : ']'))
		return close_level(g);
	return bad(g, object ? "a comma or }" : "a comma or ]");
}

static enum state
next(struct gate *g, enum state st)
{
	blanks(g);
	switch (st) {
	case KEY_OR_END:
		return is(g, '}', '}') ? close_level(g) : key(g);
	case KEY:
		return key(g);
	case VALUE_OR_END:
		return is(g, ']', ']') ? close_level(g) : value(g);
	case VALUE:
		return value(g);
	case AFTER:
		return after(g);
	default:
		return BAD;
	}
}

int
json_gate_at(const char *buf, size_t len, unsigned int levels, size_t *tokens, struct errmsg *e)
{
	struct gate g = {.s = buf, .len = len, .outer = levels, .e = e};
	enum state st = VALUE;

	if (len == 0)
		return err_set(e, "byte 1: the document is empty");
	if (len > JSON_MAX)
		return err_set(e, "the document is larger than %d bytes", JSON_MAX);
	if (len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0)
		return err_set(e, "byte 1: a byte order mark must not stand here");
	while (st != DONE && st != BAD)
		st = next(&g, st);
	free(g.slot);
	if (st == BAD)
		return -1;
	if (tokens != NULL)
		*tokens = g.values + g.keys;
	return 0;
}

int
json_gate(const char *buf, size_t len, struct errmsg *e)
{
	return json_gate_at(buf, len, 0, NULL, e);
}
