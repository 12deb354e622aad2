/* JSON, written: commas, escapes and levels are kept here (RFC 8259). */
#include "proto/jsonout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/utf8.h"

#define DEPTH_MAX 31

void
jo_init(struct jsonout *j, size_t max)
{
	memset(j, 0, sizeof(*j));
	j->max = max;
}

void
jo_free(struct jsonout *j)
{
	free(j->buf);
	memset(j, 0, sizeof(*j));
}

/* Appends LEN bytes and keeps the text NUL-ended. */
static void
put(struct jsonout *j, const char *s, size_t len)
{
	size_t want = j->len + len + 1, size;
	char *p;

	if (j->failed)
		return;
	if (len > j->max || want - 1 > j->max) {
		j->failed = 1;
		return;
	}
	if (want > j->size) {
		size = j->size == 0 ? 256 : j->size * 2;
		size = size < want ? want : size;
		if ((p = realloc(j->buf, size)) == NULL) {
			j->failed = 1;
			return;
		}
		j->buf = p;
		j->size = size;
	}
	memcpy(j->buf + j->len, s, len);
	j->len += len;
	j->buf[j->len] = '\0';
}

static void
put_ascii(struct jsonout *j, unsigned char c)
{
	char esc[8];

	if (c == '"' || c == '\\')
		snprintf(esc, sizeof(esc), "\\%c", c);
	else if (c == '\n')
		snprintf(esc, sizeof(esc), "\\n");
	else if (c == '\t')
		snprintf(esc, sizeof(esc), "\\t");
	else if (c < 0x20 || c == 0x7f)
		snprintf(esc, sizeof(esc), "\\u%04x", c);
	else
		snprintf(esc, sizeof(esc), "%c", c);
	put(j, esc, strlen(esc));
}

static void
put_quoted(struct jsonout *j, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	size_t n;

	put(j, "\"", 1);
	for (; p < end; p += n) {
		n = 1;
		if (*p < 0x80)
			put_ascii(j, *p);
		else if ((n = utf8_len(p, (size_t)(end - p))) > 0)
			put(j, (const char *)p, n);
		else {
			put(j, "\xef\xbf\xbd", 3);
			n = 1;
		}
	}
	put(j, "\"", 1);
}

/* The comma and the name before a value. A second value at the top is a caller's error. */
static void
before(struct jsonout *j, const char *name)
{
	uint32_t bit = (uint32_t)1 << j->depth;

	if (j->comma & bit) {
		if (j->depth == 0)
			j->failed = 1;
		put(j, ",", 1);
	}
	j->comma |= bit;
	if (name != NULL) {
		put_quoted(j, name, strlen(name));
		put(j, ":", 1);
	}
}

static void
open_level(struct jsonout *j, const char *name, const char *bracket, int arr)
{
	before(j, name);
	if (j->depth == DEPTH_MAX) {
		j->failed = 1;
		return;
	}
	put(j, bracket, 1);
	j->depth++;
	j->comma &= ~((uint32_t)1 << j->depth);
	j->array &= ~((uint32_t)1 << j->depth);
	j->array |= (uint32_t)arr << j->depth;
}

void
jo_obj(struct jsonout *j, const char *name)
{
	open_level(j, name, "{", 0);
}

void
jo_arr(struct jsonout *j, const char *name)
{
	open_level(j, name, "[", 1);
}

void
jo_end(struct jsonout *j)
{
	if (j->depth == 0) {
		j->failed = 1;
		return;
	}
	put(j, j->array & (uint32_t)1 << j->depth ? "]" : "}", 1);
	j->depth--;
}

void
jo_strn(struct jsonout *j, const char *name, const char *value, size_t len)
{
	before(j, name);
	put_quoted(j, value, len);
}

void
jo_str(struct jsonout *j, const char *name, const char *value)
{
	jo_strn(j, name, value, strlen(value));
}

static void put_bare(struct jsonout *, const char *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
put_bare(struct jsonout *j, const char *name, const char *fmt, ...)
{
	char num[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(num, sizeof(num), fmt, ap);
	va_end(ap);
	before(j, name);
	put(j, num, strlen(num));
}

void
jo_u64(struct jsonout *j, const char *name, uint64_t v)
{
	put_bare(j, name, "%llu", (unsigned long long)v);
}

void
jo_i64(struct jsonout *j, const char *name, int64_t v)
{
	put_bare(j, name, "%lld", (long long)v);
}

void
jo_bool(struct jsonout *j, const char *name, int v)
{
	put_bare(j, name, "%s", v ? "true" : "false");
}

void
jo_null(struct jsonout *j, const char *name)
{
	put_bare(j, name, "null");
}

void
jo_raw(struct jsonout *j, const char *name, const char *text, size_t len)
{
	before(j, name);
	put(j, text, len);
}

const char *
jo_text(struct jsonout *j)
{
	return j->failed || j->depth != 0 || j->len == 0 ? NULL : j->buf;
}
