/* How the documents of proto/api.h are read and written: by tables, a row for each member. */
#ifndef PROTO_API_FIELD_H
#define PROTO_API_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"

enum api_fmt {
	FMT_HEX,     /* as many lower-case digits as the member holds */
	FMT_HOST,    /* host name; capitals too, which count as small letters */
	FMT_VERSION, /* of a program */
	FMT_UUID,    /* as the kernel writes boot ids */
	FMT_PEM,
	FMT_ADDR, /* IPv4 or IPv6 */
	FMT_IDENT,
	FMT_KIND,
	FMT_PUBKEY, /* a line of signify's */
	FMT_KEY32,  /* base64 of 32 bytes */
	FMT_STATE,
	FMT_TEXT, /* printable ASCII, as far as there is room */
	FMT_U32,
	FMT_U64,
	FMT_OTHER /* must be there; the caller reads and writes it */
};

struct api_field {
	const char *name;
	enum api_fmt fmt;
	unsigned int empty; /* a string may be "" */
	size_t off, size;   /* where in the struct; bytes of it (of one element) */
	uint64_t min, max;  /* of a number; of a list: max elements, and where its count stands */
	int list;
};

#define API_ROWS 16 /* members of a document, at most */

#define FIELD_STR(st, m, name, fmt, empty)                                                     \
	{                                                                                      \
		name, fmt, empty, offsetof(struct st, m), sizeof(((struct st *)0)->m), 0, 0, 0 \
	}
#define FIELD_NUM(st, m, name, fmt, min, max)                                                  \
	{                                                                                      \
		name, fmt, 0, offsetof(struct st, m), sizeof(((struct st *)0)->m), min, max, 0 \
	}
#define FIELD_LIST(st, m, count, name, fmt)                                           \
	{                                                                             \
		name, fmt, 0, offsetof(struct st, m), sizeof(((struct st *)0)->m[0]), \
		    offsetof(struct st, count),                                       \
		    sizeof(((struct st *)0)->m) / sizeof(((struct st *)0)->m[0]), 1   \
	}
#define FIELD_OTHER(name)                         \
	{                                         \
		name, FMT_OTHER, 0, 0, 0, 0, 0, 0 \
	}
#define FIELD_ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* Parses BUF, which must hold an object. NULL with E. */
struct json *api_open(const char *buf, size_t len, struct errmsg *e);
/*
 * Reads object V of J by N rows into M. Each member must be there and no other may be. 0, or -1
 * with E ("member \"csr\": must be ...").
 */
int api_fields_get(
    const struct json *j, int v, const struct api_field *f, size_t n, void *m, struct errmsg *e);
/* The same for a whole document. */
int api_doc_get(
    const char *buf, size_t len, const struct api_field *f, size_t n, void *m, struct errmsg *e);
/* One string by FMT into DST. 0 or -1 with E ("must be ..."). */
int api_str_get(const struct json *j, int v, enum api_fmt fmt, int empty, char *dst, size_t size,
    struct errmsg *e);

/* Writes the rows of M but FMT_OTHER's, in order. A list that counts too many fails the document.
 */
void api_fields_put(struct jsonout *o, const struct api_field *f, size_t n, const void *m);
char *api_doc_put(const struct api_field *f, size_t n, const void *m);
/* What was written, malloc'ed, or NULL; O is freed. */
char *api_done(struct jsonout *o);

#endif
