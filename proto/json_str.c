/* Strings of JSON (RFC 8259, section 7): escapes, surrogates, UTF-8. */
#include "proto/json_str.h"

#include <stdint.h>
#include <string.h>

#include "proto/json_gate.h"
#include "proto/utf8.h"

/* The four hex digits at S, or -1. */
static int32_t
hex4(const char *s, size_t left)
{
	int32_t v = 0;

	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			v = v << 4 | (s[i] - '0');
		else if (s[i] >= 'a' && s[i] <= 'f')
			v = v << 4 | (s[i] - 'a' + 10);
		else if (s[i] >= 'A' && s[i] <= 'F')
			v = v << 4 | (s[i] - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* The second half of a pair, as \uDC00 to \uDFFF at S, or -1. */
static int32_t
low_half(const char *s, size_t left)
{
	int32_t v;

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	v = hex4(s + 2, left - 2);
	return v >= 0xdc00 && v <= 0xdfff ? v : -1;
}

/* Behind \u at S: the bytes that belong to it in *N. NULL, or why not. */
static const char *
judge_u(const char *s, size_t left, size_t *n)
{
	int32_t v = hex4(s, left);

	*n = 4;
	if (v == -1)
		return "four hex digits must follow \\u";
	if (v == 0)
		return "\\u0000 is not taken";
	if (v >= 0xdc00 && v <= 0xdfff)
		return "a low surrogate without its high one";
	if (v >= 0xd800 && v <= 0xdbff) {
		if (low_half(s + 4, left - 4) == -1)
			return "a high surrogate without its low one";
		*n = 10;
	}
	return NULL;
}

/* One character at S, escaped or not; LEFT is at least 1. Its bytes in *N. NULL, or why not. */
static const char *
judge_char(const char *s, size_t left, size_t *n)
{
	const char *why;

	*n = 1;
	if ((unsigned char)*s < 0x20)
		return "a control character must be escaped";
	if ((unsigned char)*s >= 0x80) {
		*n = utf8_len((const unsigned char *)s, left);
		return *n == 0 ? "not UTF-8" : NULL;
	}
	if (*s != '\\')
		return NULL;
	*n = 2;
	if (left < 2)
		return "the string ends in an escape";
	if (s[1] == 'u') {
		why = judge_u(s + 2, left - 2, n);
		*n += 2;
		return why;
	}
	return s[1] != '\0' && strchr("\"\\/bfnrt", s[1]) != NULL ? NULL : "an unknown escape";
}

const char *
json_string(const char *s, size_t len, size_t *pos, size_t *at)
{
	const char *why;
	size_t p = *pos + 1, n;

	while (p < len && s[p] != '"') {
		*at = p;
		if ((why = judge_char(s + p, len - p, &n)) != NULL)
			return why;
		p += n;
	}
	*at = len;
	if (p >= len)
		return "ends within a string";
	*pos = p + 1;
	return NULL;
}

/* UTF-8 of U+V, which is neither a surrogate nor above U+10FFFF, into OUT. Its length. */
static size_t
encode(char out[4], uint32_t v)
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

/* The next byte or escape at *RAW, decoded into OUT; goes on behind it. Its length. */
static size_t
decode(const char **raw, const char *end, char out[4])
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *s = *raw, *p;
	int32_t v, low;

	if (*s != '\\') {
		*raw = s + 1;
		out[0] = *s;
		return 1;
	}
	*raw = s + 2;
	if (s[1] != 'u') {
		p = strchr(from, s[1]);
		out[0] = p != NULL ? to[p - from] : s[1];
		return 1;
	}
	v = hex4(s + 2, (size_t)(end - s) - 2);
	*raw = s + 6;
	if (v >= 0xd800 && v <= 0xdbff) {
		low = low_half(s + 6, (size_t)(end - s) - 6);
		*raw = s + 12;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	return encode(out, (uint32_t)v);
}

size_t
json_unescape(char *dst, size_t size, const char *raw, size_t len)
{
	const char *end = raw + len;
	size_t total = 0, n;
	char one[4];

	while (raw < end) {
		n = decode(&raw, end, one);
		if (total + n < size)
			memcpy(dst + total, one, n);
		total += n;
	}
	if (size > 0)
		dst[total < size ? total : 0] = '\0';
	return total;
}

int
json_same(const char *raw, size_t len, const char *name)
{
	const char *end = raw + len;
	size_t left = strlen(name), n;
	char one[4];

	while (raw < end) {
		n = decode(&raw, end, one);
		if (n > left || memcmp(one, name, n) != 0)
			return 0;
		name += n;
		left -= n;
	}
	return left == 0;
}
