/* Strict numbers and encodings: one way to write each value, everything else refused. */
#ifndef LIB_STRUTIL_H
#define LIB_STRUTIL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

/* Decimal without sign, blank or leading zero ("0" is fine), MIN..MAX. 0 or -1. */
int str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);
/* The same for LEN bytes without an ending NUL. */
int strn_u64(const char *s, size_t len, uint64_t min, uint64_t max, uint64_t *out);

/* Lower-case hex. str_hex writes 2*LEN+1 bytes. str_unhex takes exactly 2*LEN lower-case digits. */
void str_hex(char *dst, const void *src, size_t len);
int str_unhex(void *dst, size_t len, const char *src);

/*
 * base64 with padding (RFC 4648 section 4), canonical only. Return bytes written, or -1 (no digit,
 * unused bits set, no room). The encoders also need room for a NUL, which they do not count.
 */
ssize_t str_b64enc(char *dst, size_t dstsize, const void *src, size_t len);
ssize_t str_b64dec(void *dst, size_t dstsize, const char *src, size_t srclen);
/* base64url without padding (RFC 4648 section 5), canonical only (unused bits zero). */
ssize_t str_b64uenc(char *dst, size_t dstsize, const void *src, size_t len);
ssize_t str_b64udec(void *dst, size_t dstsize, const char *src, size_t srclen);

/* Every byte of LEN printable ASCII 0x20-0x7e. */
int str_printable(const char *s, size_t len);

/*
 * Glob for policy lists: '*' at the end only ("lib*", "*"); otherwise equality. Returns 1 or 0.
 * A '*' elsewhere is a literal that no typed value can hold.
 */
int str_glob(const char *pattern, const char *s);

/*
 * vis(3)-encodes SRC (LEN bytes) into DST: printable ASCII stays, blanks, quotes, '\\' and the rest
 * become \ooo. Cuts at DSTSIZE, never inside an escape.
 */
void str_vis(char *dst, size_t dstsize, const char *src, size_t len);

#endif
