/*
 * Validators of the argument types (ident, pkgname, unit, hostname, path, cidr, ...).
 * Each takes a NUL-ended string and returns 1 when it is of the type, else 0. None accepts a
 * leading '-', a byte outside printable ASCII, or an empty string.
 */
#ifndef LIB_VALID_H
#define LIB_VALID_H

#include <stddef.h>

/* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
int valid_ident(const char *s);
/* Debian package: [a-z0-9][a-z0-9.+-]*[a-z0-9+], 2..128 bytes (deb-control(5)) */
int valid_pkgname(const char *s);
/* Debian version: [0-9A-Za-z][0-9A-Za-z.+:~-]{0,127} (deb-version(7)) */
int valid_pkgver(const char *s);
/* a package name, or a prefix of one followed by '*' */
int valid_pkgglob(const char *s);
/* systemd unit: [A-Za-z0-9:_.@\\-]{1,240} with a known suffix, not '-' or '.' first */
int valid_unit(const char *s);
/* RFC 1123 labels, at most 253 bytes, lower-case: capitals are refused */
int valid_hostname(const char *s);
/* absolute and normalised: no "//", ".", "..", trailing '/'; at most 1023 bytes */
int valid_path(const char *s);
/* IPv4 or IPv6 address as inet_ntop(3) writes it, with or without /prefix, host bits zero */
int valid_cidr(const char *s);
/* exactly DIGITS lower-case hex digits */
int valid_hex(const char *s, size_t digits);
/* "sha256:" and 64 lower-case hex digits */
int valid_sha256(const char *s);
/* printable ASCII, 1..MAX bytes */
int valid_text(const char *s, size_t max);

#endif
