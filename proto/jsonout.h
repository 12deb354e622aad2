/*
 * JSON, written. A growing buffer with commas and escaping done here, so that no caller ever
 * prints a quote. Never reads JSON. RFC 8259; bytes outside ASCII that are not UTF-8 become U+FFFD.
 */
#ifndef PROTO_JSONOUT_H
#define PROTO_JSONOUT_H

#include <stddef.h>
#include <stdint.h>

struct jsonout {
	char *buf;
	size_t len, size, max;
	unsigned int depth;
	uint32_t comma; /* bit a level: a value stands before */
	uint32_t array; /* bit a level: closed by ] */
	int failed;	/* out of memory or over max: all later calls do nothing */
};

void jo_init(struct jsonout *j, size_t max);
void jo_free(struct jsonout *j);
/* NAME is NULL inside an array. */
void jo_obj(struct jsonout *j, const char *name);
void jo_arr(struct jsonout *j, const char *name);
void jo_end(struct jsonout *j); /* closes the innermost object or array */
/* VALUE must not be NULL: jo_null() says that there is none. */
void jo_str(struct jsonout *j, const char *name, const char *value);
void jo_strn(struct jsonout *j, const char *name, const char *value, size_t len);
void jo_u64(struct jsonout *j, const char *name, uint64_t v);
void jo_i64(struct jsonout *j, const char *name, int64_t v);
void jo_bool(struct jsonout *j, const char *name, int v);
void jo_null(struct jsonout *j, const char *name);
/* TEXT is a JSON value that json_gate() passed, and goes in as it is: its own levels are not
 * counted here. */
void jo_raw(struct jsonout *j, const char *name, const char *text, size_t len);
/* NUL-ended text, or NULL when something failed or a level is open. */
const char *jo_text(struct jsonout *j);

#endif
