/* UTF-8 (RFC 3629), for the JSON writer and the JSON gate: one judge for both. */
#ifndef PROTO_UTF8_H
#define PROTO_UTF8_H

#include <stddef.h>

/*
 * Length of the sequence of two to four bytes at S, of which LEFT (at least 1) may be read; 0 when
 * it is none: no surrogates, nothing overlong, nothing above U+10FFFF, no single byte.
 */
size_t utf8_len(const unsigned char *s, size_t left);

#endif
