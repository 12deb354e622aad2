/* Strict numbers and encodings. */

#include <stdio.h>
#include <string.h>

#include "lib/strutil.h"

int
strn_u64(const char *s, size_t len, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (len == 0 || len > 20 || (s[0] == '0' && len > 1))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return -1;
	}
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int
str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	return strn_u64(s, strlen(s), min, max, out);
}

void
str_hex(char *dst, const void *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = src;

	for (size_t i = 0; i < len; i++) {
		dst[2 * i] = digits[p[i] >> 4];
		dst[2 * i + 1] = digits[p[i] & 15];
	}
	dst[2 * len] = '\0';
}

static int
hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
str_unhex(void *dst, size_t len, const char *src)
{
	uint8_t *p = dst;
	int hi, lo;

	if (strlen(src) != 2 * len)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if ((hi = hexval(src[2 * i])) == -1 || (lo = hexval(src[2 * i + 1])) == -1)
			return -1;
		p[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static ssize_t
b64enc(const char *abc, int pad, char *dst, size_t dstsize, const uint8_t *src, size_t len)
{
	size_t n = 0;
	uint32_t v;
	int left;

	if (dstsize <
	    (pad ? (len + 2) / 3 * 4 : len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1)) + 1)
		return -1;
	for (size_t i = 0; i < len; i += 3) {
		left = len - i >= 3 ? 3 : (int)(len - i);
		v = (uint32_t)src[i] << 16;
		if (left > 1)
			v |= (uint32_t)src[i + 1] << 8;
		if (left > 2)
			v |= src[i + 2];
		for (int k = 0; k < 4; k++) {
			if (k <= left)
				dst[n++] = abc[v >> (18 - 6 * k) & 63];
			else if (pad)
				dst[n++] = '=';
		}
	}
	dst[n] = '\0';
	return (ssize_t)n;
}

static ssize_t
b64dec(const char *abc, uint8_t *dst, size_t dstsize, const char *src, size_t len)
{
	size_t n = 0, bits = 0;
	uint32_t v = 0;
	const char *p;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (src[i] == '\0' || (p = strchr(abc, src[i])) == NULL)
			return -1;
		v = v << 6 | (uint32_t)(p - abc);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (n == dstsize)
				return -1;
			dst[n++] = (uint8_t)(v >> bits);
			v &= (1U << bits) - 1;
		}
	}
	return v == 0 ? (ssize_t)n : -1; /* unused bits must be zero */
}

ssize_t
str_b64enc(char *dst, size_t dstsize, const void *src, size_t len)
{
	return b64enc(b64_std, 1, dst, dstsize, src, len);
}

ssize_t
str_b64dec(void *dst, size_t dstsize, const char *src, size_t srclen)
{
	size_t len = srclen;

	if (srclen % 4 != 0)
		return -1;
	while (len > 0 && srclen - len < 2 && src[len - 1] == '=')
		len--;
	return b64dec(b64_std, dst, dstsize, src, len);
}

ssize_t
str_b64uenc(char *dst, size_t dstsize, const void *src, size_t len)
{
	return b64enc(b64_url, 0, dst, dstsize, src, len);
}

ssize_t
str_b64udec(void *dst, size_t dstsize, const char *src, size_t srclen)
{
	return b64dec(b64_url, dst, dstsize, src, srclen);
}

int
str_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

int
str_glob(const char *pattern, const char *s)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, s, n - 1) == 0;
	return strcmp(pattern, s) == 0;
}

void
str_vis(char *dst, size_t dstsize, const char *src, size_t len)
{
	size_t n = 0;

	if (dstsize == 0)
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)src[i];
		int plain = c > 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '`';

		if (n + (plain ? 1 : 4) >= dstsize)
			break;
		if (plain)
			dst[n++] = (char)c;
		else
			n += (size_t)snprintf(dst + n, 5, "\\%03o", c);
	}
	dst[n] = '\0';
}
