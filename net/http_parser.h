/* The inside of the response parser, shared by http.c (framing) and http_head.c (head). */
#ifndef NET_HTTP_PARSER_H
#define NET_HTTP_PARSER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "net/http.h"

enum http_state {
	HS_STATUS,
	HS_FIELDS,
	HS_HEAD_OUT, /* the head is whole and not yet told */
	HS_LENGTH,
	HS_CHUNK_SIZE,
	HS_CHUNK_DATA,
	HS_CHUNK_END, /* CRLF after a chunk's data */
	HS_LAST,      /* CRLF after the last chunk; anything else is a trailer */
	HS_DONE,
	HS_REFUSED, /* the head was told; what refuses its body comes next */
	HS_BROKEN
};

/* Fields that may stand once only. */
enum http_once { HO_LENGTH = 1, HO_CODING = 2, HO_TYPE = 4, HO_RETRY = 8, HO_REEVE = 16 };

struct http_parser {
	enum http_state state;
	struct http_head head;
	uint64_t body_max;
	uint64_t seen; /* body bytes announced by lengths so far */
	uint64_t left; /* of this body or chunk */
	int no_body;
	int begun; /* any byte came */
	int large;
	unsigned int once; /* enum http_once */
	unsigned int fields, interim;
	size_t head_bytes;     /* of all heads of this answer */
	size_t len;	       /* of line */
	struct errmsg refusal; /* for HS_REFUSED */
	char line[HTTP_HEAD_MAX];
};

/* A whole line without its CRLF, in HS_STATUS or HS_FIELDS. 0, or -1 with E. */
int http_head_line(struct http_parser *p, const char *s, size_t len, struct errmsg *e);
/* One field's name or a method: tchar of RFC 9110 section 5.6.2. */
int http_is_tchar(unsigned char c);

#endif
