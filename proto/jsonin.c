/*
 * JSON, read: jsmn's tokens over bytes that the gate passed, with the children of each value in one
 * array, so that the nth of them is one look-up and no walk over a document is quadratic.
 */
#include "proto/jsonin.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "proto/json_gate.h"

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS
#include <jsmn.h>

struct json {
	char *text; /* a copy, and a blank behind: jsmn wants one after a number */
	size_t len;
	jsmntok_t *tok;
	int ntok;
	int *first; /* of each token: where its children begin in kid */
	int *kid;   /* elements of arrays, keys of objects */
};

static int
holds(const struct json *j, int v)
{
	return j->tok[v].type == JSMN_OBJECT || j->tok[v].type == JSMN_ARRAY;
}

/* What jsmn found must hang together: it is another's parser, and the gate does not speak for it.
 */
static int
link_kids(struct json *j)
{
	int off = 0, p;

	for (int v = 0; v < j->ntok; v++) {
		j->first[v] = off;
		if (holds(j, v))
			off += j->tok[v].size;
		if (off < 0 || off > j->ntok)
			return -1;
		j->tok[v].size = 0;
	}
	for (int v = 1; v < j->ntok; v++) {
		p = j->tok[v].parent;
		if (p < 0 || p >= v)
			return -1;
		j->tok[p].size++;
		if (!holds(j, p)) {
			/* a key has one value, the token behind it */
			if (v != p + 1 || j->tok[p].type != JSMN_STRING)
				return -1;
			continue;
		}
		off = j->first[p] + j->tok[p].size - 1;
		if (off >= (p + 1 < j->ntok ? j->first[p + 1] : j->ntok))
			return -1;
		j->kid[off] = v;
	}
	return 0;
}

static int
cut(struct json *j, const char *buf, size_t ntok, struct errmsg *e)
{
	jsmn_parser p;

	j->text = malloc(j->len + 1);
	j->tok = calloc(ntok, sizeof(*j->tok));
	j->first = calloc(ntok, sizeof(*j->first));
	j->kid = calloc(ntok, sizeof(*j->kid));
	if (j->text == NULL || j->tok == NULL || j->first == NULL || j->kid == NULL)
		return err_set(e, "out of memory");
	memcpy(j->text, buf, j->len);
	j->text[j->len] = ' ';
	jsmn_init(&p);
	j->ntok = jsmn_parse(&p, j->text, j->len + 1, j->tok, (unsigned int)ntok);
	if (j->ntok < 1 || (size_t)j->ntok != ntok || link_kids(j) == -1)
		return err_set(e, "the document passed the gate and is no JSON");
	return 0;
}

struct json *
json_parse(const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	size_t ntok;

	if (json_gate_at(buf, len, 0, &ntok, e) == -1)
		return NULL;
	if ((j = calloc(1, sizeof(*j))) == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	j->len = len;
	if (cut(j, buf, ntok, e) == -1) {
		json_free(j);
		return NULL;
	}
	return j;
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	if (j->text != NULL)
		sodium_memzero(j->text, j->len); /* secrets travel in some documents */
	free(j->text);
	free(j->tok);
	free(j->first);
	free(j->kid);
	free(j);
}

enum json_type
json_type(const struct json *j, int v)
{
	if (v < 0 || v >= j->ntok)
		return 0;
	switch (j->tok[v].type) {
	case JSMN_OBJECT:
		return JSON_OBJECT;
	case JSMN_ARRAY:
		return JSON_ARRAY;
	case JSMN_STRING:
		return JSON_STRING;
	default:
		break;
	}
	switch (j->text[j->tok[v].start]) {
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

size_t
json_len(const struct json *j, int v)
{
	return v >= 0 && v < j->ntok && holds(j, v) ? (size_t)j->tok[v].size : 0;
}

/* The Nth element of an array, the Nth key of an object; N is in range. */
static int
kid(const struct json *j, int v, size_t n)
{
	return j->kid[(size_t)j->first[v] + n];
}

/* The bytes of a token, without a string's quotes. */
static const char *
bytes(const struct json *j, int v, size_t *len)
{
	*len = (size_t)(j->tok[v].end - j->tok[v].start);
	return j->text + j->tok[v].start;
}

int
json_get(const struct json *j, int v, const char *name)
{
	const char *raw;
	size_t len;

	if (json_type(j, v) != JSON_OBJECT)
		return -1;
	for (size_t n = 0; n < json_len(j, v); n++) {
		raw = bytes(j, kid(j, v, n), &len);
		if (json_same(raw, len, name))
			return kid(j, v, n) + 1;
	}
	return -1;
}

int
json_at(const struct json *j, int v, size_t n)
{
	if (n >= json_len(j, v))
		return -1;
	return kid(j, v, n) + (json_type(j, v) == JSON_OBJECT);
}

/* The string token V into DST: 0, or -1 when it does not fit. */
static int
copy(const struct json *j, int v, char *dst, size_t size)
{
	size_t len, n;
	const char *raw = bytes(j, v, &len);

	if (size == 0)
		return -1;
	n = json_unescape(dst, size, raw, len);
	if (n < size)
		return 0;
	dst[0] = '\0';
	return -1;
}

int
json_key(const struct json *j, int v, size_t n, char *dst, size_t size)
{
	if (json_type(j, v) != JSON_OBJECT || n >= json_len(j, v))
		return -1;
	return copy(j, kid(j, v, n), dst, size);
}

int
json_str(const struct json *j, int v, char *dst, size_t size)
{
	return json_type(j, v) == JSON_STRING ? copy(j, v, dst, size) : -1;
}

char *
json_strdup(const struct json *j, int v, size_t *len)
{
	const char *raw;
	char *s;
	size_t n;

	if (json_type(j, v) != JSON_STRING)
		return NULL;
	raw = bytes(j, v, &n);
	if ((s = malloc(n + 1)) == NULL)
		return NULL;
	n = json_unescape(s, n + 1, raw, n);
	if (len != NULL)
		*len = n;
	return s;
}

int
json_u64(const struct json *j, int v, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *raw;
	size_t len;

	if (json_type(j, v) != JSON_NUMBER)
		return -1;
	raw = bytes(j, v, &len);
	return strn_u64(raw, len, min, max, out);
}

int
json_i64(const struct json *j, int v, int64_t min, int64_t max, int64_t *out)
{
	uint64_t u;
	const char *raw;
	size_t len;
	int64_t i;

	if (json_type(j, v) != JSON_NUMBER)
		return -1;
	raw = bytes(j, v, &len);
	if (*raw == '-') {
		/* -0 is none: there is one way to write each value */
		if (strn_u64(raw + 1, len - 1, 1, (uint64_t)INT64_MAX + 1, &u) == -1)
			return -1;
		i = -(int64_t)(u - 1) - 1;
	} else {
		if (strn_u64(raw, len, 0, INT64_MAX, &u) == -1)
			return -1;
		i = (int64_t)u;
	}
	if (i < min || i > max)
		return -1;
	*out = i;
	return 0;
}

int
json_bool(const struct json *j, int v, int *out)
{
	if (json_type(j, v) != JSON_BOOL)
		return -1;
	*out = j->text[j->tok[v].start] == 't';
	return 0;
}

const char *
json_raw(const struct json *j, int v, size_t *len)
{
	const char *raw;

	if (json_type(j, v) == 0)
		return NULL;
	raw = bytes(j, v, len);
	if (json_type(j, v) != JSON_STRING)
		return raw;
	*len += 2; /* with its quotes */
	return raw - 1;
}

int
json_only(const struct json *j, int v, const char *const *names, struct errmsg *e)
{
	const char *raw;
	size_t len, i;

	for (size_t n = 0; n < json_len(j, v); n++) {
		raw = bytes(j, kid(j, v, n), &len);
		for (i = 0; names[i] != NULL; i++)
			if (json_same(raw, len, names[i]))
				break;
		if (names[i] == NULL)
			return err_set(e, "unknown member \"%.*s\"", len > 64 ? 64 : (int)len, raw);
	}
	return 0;
}
