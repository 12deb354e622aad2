/* Between the gate and the reader of JSON (proto/jsonin.h): nobody else's business. */
#ifndef PROTO_JSON_GATE_H
#define PROTO_JSON_GATE_H

#include <stddef.h>

#include "lib/err.h"

/*
 * json_gate() for a value that is to stand LEVELS deep in another document (0: on its own), and the
 * number of tokens that jsmn will make of it: values and keys. TOKENS may be NULL.
 */
int json_gate_at(
    const char *buf, size_t len, unsigned int levels, size_t *tokens, struct errmsg *e);

/*
 * Decodes the LEN bytes between the quotes of a string that the gate passed into DST, as far as
 * they fit in SIZE with a NUL behind; SIZE 0 writes nothing. Returns the length of the whole.
 */
size_t json_unescape(char *dst, size_t size, const char *raw, size_t len);
/* 1 when those bytes decode to NAME. */
int json_same(const char *raw, size_t len, const char *name);

#endif
