/* Validators of the argument types. */

#include <arpa/inet.h>

#include <stdint.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* FIRST for the first byte, REST for the others, MIN..MAX bytes in all. */
static int
word(const char *s, const char *first, const char *rest, size_t min, size_t max)
{
	size_t n = strlen(s);

	if (n < min || n > max || n == 0 || strchr(first, s[0]) == NULL)
		return 0;
	return strspn(s + 1, rest) == n - 1;
}

int
valid_ident(const char *s)
{
	return word(s, LOWER UPPER DIGIT, LOWER UPPER DIGIT "._-", 1, 64);
}

int
valid_pkgname(const char *s)
{
	size_t n = strlen(s);

	return word(s, LOWER DIGIT, LOWER DIGIT ".+-", 2, 128) &&
	       strchr(LOWER DIGIT "+", s[n - 1]) != NULL;
}

int
valid_pkgver(const char *s)
{
	return word(s, LOWER UPPER DIGIT, LOWER UPPER DIGIT ".+:~-", 1, 128);
}

int
valid_pkgglob(const char *s)
{
	char prefix[130];
	size_t n = strlen(s);

	if (n < 2 || s[n - 1] != '*')
		return valid_pkgname(s);
	if (n > 128)
		return 0;
	memcpy(prefix, s, n - 1);
	prefix[n - 1] = '\0';
	return word(prefix, LOWER DIGIT, LOWER DIGIT ".+-", 1, 127);
}

int
valid_unit(const char *s)
{
	static const char *const suffix[] = {
	    ".service", ".socket", ".timer", ".target", ".path", ".mount", ".slice"};
	const char *dot = strrchr(s, '.');

	if (dot == NULL || dot == s ||
	    !word(s, LOWER UPPER DIGIT ":_@\\", LOWER UPPER DIGIT ":_.@\\-", 1, 240))
		return 0;
	for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++)
		if (strcmp(dot, suffix[i]) == 0)
			return 1;
	return 0;
}

int
valid_hostname(const char *s)
{
	size_t n = strlen(s), label;

	if (n == 0 || n > 253)
		return 0;
	for (;;) {
		label = strcspn(s, ".");
		if (label == 0 || label > 63 || s[0] == '-' || s[label - 1] == '-' ||
		    strspn(s, LOWER DIGIT "-") < label)
			return 0;
		if (s[label] == '\0')
			return 1;
		s += label + 1;
	}
}

int
valid_path(const char *s)
{
	size_t n = strlen(s), part;

	if (n < 2 || n > 1023 || s[0] != '/' || !str_printable(s, n))
		return 0;
	while (*s == '/') {
		part = strcspn(s + 1, "/");
		if (part == 0 || (part == 1 && s[1] == '.') ||
		    (part == 2 && s[1] == '.' && s[2] == '.') || part > 255)
			return 0;
		s += 1 + part;
	}
	return 1;
}

/* No bit set in the LEN bytes of ADDR after the first BITS. */
static int
host_bits_zero(const uint8_t *addr, size_t len, uint64_t bits)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t keep = bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);

		if (addr[i] & (uint8_t)~keep)
			return 0;
		bits = bits >= 8 ? bits - 8 : 0;
	}
	return 1;
}

int
valid_cidr(const char *s)
{
	char addr[INET6_ADDRSTRLEN], back[INET6_ADDRSTRLEN];
	const char *slash = strchr(s, '/');
	size_t n = slash != NULL ? (size_t)(slash - s) : strlen(s);
	uint8_t bin[16];
	int family;
	uint64_t bits, most;

	if (n == 0 || n >= sizeof(addr))
		return 0;
	memcpy(addr, s, n);
	addr[n] = '\0';
	family = strchr(addr, ':') != NULL ? AF_INET6 : AF_INET;
	most = family == AF_INET6 ? 128 : 32;
	if (inet_pton(family, addr, bin) != 1)
		return 0;
	/* one way to write an address: the one that inet_ntop() writes */
	if (inet_ntop(family, bin, back, sizeof(back)) == NULL || strcmp(addr, back) != 0)
		return 0;
	if (slash == NULL)
		return 1;
	return str_u64(slash + 1, 0, most, &bits) == 0 && host_bits_zero(bin, most / 8, bits);
}

int
valid_hex(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, DIGIT "abcdef") == digits;
}

int
valid_sha256(const char *s)
{
	return strncmp(s, "sha256:", 7) == 0 && valid_hex(s + 7, 64);
}

int
valid_text(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n >= 1 && n <= max && str_printable(s, n) && s[0] != '-';
}
