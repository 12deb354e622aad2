/*
 * A second judge of JSON for t_jsonin: RFC 8259's grammar, production by production, by recursion
 * and without any of the product's code, with the product's limits added. Slow and plain.
 */
#ifndef REGRESS_JSONORACLE_H
#define REGRESS_JSONORACLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct oracle {
	const unsigned char *p, *end;
	unsigned int depth;
	unsigned long values;
};

/* A decoded string: code points. */
struct oracle_str {
	uint32_t *cp;
	size_t n;
};

static inline int
oracle_lit(struct oracle *o, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(o->end - o->p) < n || memcmp(o->p, s, n) != 0)
		return 0;
	o->p += n;
	return 1;
}

static inline void
oracle_ws(struct oracle *o)
{
	while (o->p < o->end && memchr(" \t\n\r", *o->p, 4) != NULL)
		o->p++;
}

/* One code point of UTF-8, by its definition: decode, then ask if it had to be that long. */
static inline int
oracle_utf8(struct oracle *o, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int c = *o->p++, more;

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	if (c >= 0xf8 || c < 0xc0)
		return 0;
	more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	*cp = c & (0x3fU >> more);
	for (unsigned int i = 0; i < more; i++) {
		if (o->p == o->end || *o->p / 64 != 2)
			return 0;
		*cp = *cp * 64 + *o->p++ % 64;
	}
	return *cp >= least[more + 1] && *cp <= 0x10ffff && *cp / 0x800 != 0xd800 / 0x800;
}

static inline int
oracle_hex(struct oracle *o, uint32_t *v)
{
	static const char abc[] = "0123456789abcdefABCDEF";

	*v = 0;
	for (int i = 0; i < 4; i++) {
		const char *at;

		if (o->p == o->end || *o->p == 0 || (at = strchr(abc, *o->p)) == NULL)
			return 0;
		*v = *v * 16 + (uint32_t)(at - abc < 16 ? at - abc : at - abc - 6);
		o->p++;
	}
	return 1;
}

static inline int
oracle_escape(struct oracle *o, uint32_t *cp)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint32_t low;

	if (o->p == o->end || *o->p == 0)
		return 0;
	if (*o->p != 'u') {
		at = strchr(from, *o->p++);
		*cp = at != NULL ? (uint32_t)to[at - from] : 0;
		return at != NULL;
	}
	o->p++;
	if (!oracle_hex(o, cp) || *cp == 0)
		return 0;
	if (*cp / 0x400 == 0xd800 / 0x400) {
		if (!oracle_lit(o, "\\u") || !oracle_hex(o, &low) || low / 0x400 != 0xdc00 / 0x400)
			return 0;
		*cp = 0x10000 + *cp % 0x400 * 0x400 + low % 0x400;
		return 1;
	}
	return *cp / 0x400 != 0xdc00 / 0x400;
}

static inline int
oracle_string(struct oracle *o, struct oracle_str *s)
{
	s->n = 0;
	s->cp = malloc(((size_t)(o->end - o->p) + 1) * sizeof(*s->cp));
	if (!oracle_lit(o, "\""))
		return 0;
	while (o->p < o->end && *o->p != '"') {
		if (*o->p < ' ')
			return 0;
		if (oracle_lit(o, "\\")) {
			if (!oracle_escape(o, &s->cp[s->n++]))
				return 0;
		} else if (!oracle_utf8(o, &s->cp[s->n++]))
			return 0;
	}
	return oracle_lit(o, "\"");
}

static inline int
oracle_digits(struct oracle *o)
{
	const unsigned char *from = o->p;

	while (o->p < o->end && *o->p >= '0' && *o->p <= '9')
		o->p++;
	return o->p > from;
}

static inline int
oracle_number(struct oracle *o)
{
	oracle_lit(o, "-");
	if (!oracle_lit(o, "0") && !oracle_digits(o))
		return 0;
	if (oracle_lit(o, ".") && !oracle_digits(o))
		return 0;
	if (oracle_lit(o, "e") || oracle_lit(o, "E")) {
		if (!oracle_lit(o, "+"))
			oracle_lit(o, "-");
		return oracle_digits(o);
	}
	return 1;
}

static inline int oracle_value(struct oracle *o);

static inline int
oracle_array(struct oracle *o)
{
	oracle_ws(o);
	if (oracle_lit(o, "]"))
		return 1;
	do {
		if (!oracle_value(o))
			return 0;
	} while (oracle_lit(o, ","));
	return oracle_lit(o, "]");
}

#define ORACLE_KEYS 64 /* of one object: no test has more */

static inline int
oracle_member(struct oracle *o, struct oracle_str *key, size_t *n)
{
	struct oracle_str *k = &key[(*n)++];

	oracle_ws(o);
	if (!oracle_string(o, k))
		return 0;
	for (size_t i = 0; i + 1 < *n; i++)
		if (key[i].n == k->n && memcmp(key[i].cp, k->cp, k->n * sizeof(*k->cp)) == 0)
			return 0;
	oracle_ws(o);
	return oracle_lit(o, ":") && oracle_value(o);
}

static inline int
oracle_object(struct oracle *o)
{
	struct oracle_str key[ORACLE_KEYS];
	size_t n = 0;
	int ok;

	oracle_ws(o);
	if (oracle_lit(o, "}"))
		return 1;
	do {
		ok = n < ORACLE_KEYS && oracle_member(o, key, &n);
	} while (ok && oracle_lit(o, ","));
	while (n > 0)
		free(key[--n].cp);
	return ok && oracle_lit(o, "}");
}

static inline int
oracle_nested(struct oracle *o, int object)
{
	int ok;

	if (++o->depth > 8)
		return 0;
	ok = object ? oracle_object(o) : oracle_array(o);
	o->depth--;
	return ok;
}

/* Blanks, a value, blanks. */
static inline int
oracle_value(struct oracle *o)
{
	struct oracle_str s = {NULL, 0};
	int ok;

	oracle_ws(o);
	if (++o->values > 65536)
		return 0;
	if (oracle_lit(o, "{"))
		ok = oracle_nested(o, 1);
	else if (oracle_lit(o, "["))
		ok = oracle_nested(o, 0);
	else if (o->p < o->end && *o->p == '"') {
		ok = oracle_string(o, &s);
		free(s.cp);
	} else
		ok = oracle_lit(o, "true") || oracle_lit(o, "false") || oracle_lit(o, "null") ||
		     oracle_number(o);
	oracle_ws(o);
	return ok;
}

/* 1 when BUF is a document that the product must accept. */
static inline int
oracle(const char *buf, size_t len)
{
	struct oracle o = {(const unsigned char *)buf, (const unsigned char *)buf + len, 0, 0};

	return oracle_value(&o) && o.p == o.end;
}

#endif
