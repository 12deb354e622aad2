/*
 * JSON, read. Two stages, so that nothing lax is ever seen: json_gate() is a strict RFC 8259
 * checker of our own (one pass, no recursion), then jsmn cuts the checked bytes into tokens.
 *
 * Beyond RFC 8259 it refuses: duplicate keys in one object (compared decoded), depth over
 * JSON_DEPTH, more than JSON_TOKENS values, invalid UTF-8, lone surrogates, \u0000, a BOM, bytes
 * after the value, documents over the caller's cap. Numbers are checked by grammar; only
 * json_u64() and json_i64() give values: integers without fraction or exponent.
 */
#ifndef PROTO_JSONIN_H
#define PROTO_JSONIN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define JSON_DEPTH  8
#define JSON_TOKENS 65536
#define JSON_MAX    (4 * 1024 * 1024) /* bytes of any document */

/* 0, or -1 with E: "byte 17: duplicate key \"id\"". LEN 0 is refused. Linear in LEN. */
int json_gate(const char *buf, size_t len, struct errmsg *e);

struct json;

/* Gate, then tokens. BUF is copied. NULL with E. */
struct json *json_parse(const char *buf, size_t len, struct errmsg *e);
void json_free(struct json *j);

enum json_type { JSON_OBJECT = 1, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_BOOL, JSON_NULL };

/* Values are numbers: 0 is the root, -1 is none; every call takes -1 and then says "none". */
enum json_type json_type(const struct json *j, int v); /* 0 for -1 */
/* Member NAME of object V, -1 when V is no object or has none. */
int json_get(const struct json *j, int v, const char *name);
/* Element N of array V (or member N of object V: its value), -1 past the end. */
int json_at(const struct json *j, int v, size_t n);
/* Name of member N of object V, decoded into DST. 0 or -1. */
int json_key(const struct json *j, int v, size_t n, char *dst, size_t size);
/* Elements of an array, members of an object; 0 for anything else. */
size_t json_len(const struct json *j, int v);

/* Each 0; or -1 when V is none, of another type, or does not fit. Strings are decoded UTF-8 and
 * NUL-ended. */
int json_str(const struct json *j, int v, char *dst, size_t size);
/* The same into malloc'ed memory, with its length; NULL. */
char *json_strdup(const struct json *j, int v, size_t *len);
int json_u64(const struct json *j, int v, uint64_t min, uint64_t max, uint64_t *out);
int json_i64(const struct json *j, int v, int64_t min, int64_t max, int64_t *out);
int json_bool(const struct json *j, int v, int *out);
/* The value's own bytes (an object from { to }), pointing into J; for passing on what was gated. */
const char *json_raw(const struct json *j, int v, size_t *len);

/* The names that object V may have, NULL-ended: 0, or -1 with E naming one that is not among them.
 */
int json_only(const struct json *j, int v, const char *const *names, struct errmsg *e);

#endif
