/*
 * HTTP/1.1 responses, read strictly (RFC 9110, RFC 9112): bytes in, events out, no allocation that
 * grows with what the server sends, no I/O. Refused: anything but HTTP/1.1 and HTTP/1.0 status
 * lines, bare LF, CR without LF, obs-fold, NUL, spaces before a colon, heads over HTTP_HEAD_MAX
 * bytes or HTTP_FIELDS fields, more than HTTP_INTERIM interim (1xx) answers, Content-Length that is
 * signed, has leading zeros or other than digits, stands twice or beside Transfer-Encoding, any
 * coding but "chunked", any Content-Encoding, chunk extensions, trailers, and a body that ends at
 * close (no length). 101 is refused. Redirects are answers like others: Location is never looked
 * at.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define HTTP_HEAD_MAX 16384 /* bytes of one head, and of all interim ones together */
#define HTTP_FIELDS   64
#define HTTP_INTERIM  4

struct http_head {
	int status; /* 200..599 */
	int http10;
	int has_length;
	uint64_t length;
	int chunked;
	int close;	      /* Connection: close, or HTTP/1.0 */
	int json;	      /* Content-Type is application/json */
	uint64_t retry_after; /* seconds, 0 none; a date form counts as none */
	char reeve[32]; /* value of the field "Reeve": which version the server speaks; "" none */
};

struct http_parser;

/*
 * BODY_MAX: bytes of body taken, chunks together. NO_BODY: no body whatever the head says (HEAD;
 * also CONNECT's 2xx). NULL with errno.
 */
struct http_parser *http_parser_new(uint64_t body_max, int no_body);
void http_parser_free(struct http_parser *p);

enum http_event {
	HTTP_MORE,  /* give it more bytes */
	HTTP_HEAD,  /* the head is there: http_parser_head() */
	HTTP_BODY,  /* *BODY, *BODYLEN point into the bytes given */
	HTTP_DONE,  /* the whole answer was read; what is left over is a breach */
	HTTP_BREACH /* E says what; the connection must be closed */
};
/*
 * Takes bytes at *BUF, moving *BUF and *LEN on. Call again until HTTP_MORE, HTTP_DONE or
 * HTTP_BREACH. A head whose body is refused (too large, without a length) is told first, since it
 * says who answered; the breach is the next event.
 */
enum http_event http_parser_feed(struct http_parser *p, const uint8_t **buf, size_t *len,
    const uint8_t **body, size_t *bodylen, struct errmsg *e);
const struct http_head *http_parser_head(const struct http_parser *p);
/* 1 when the breach was a body over BODY_MAX. */
int http_parser_large(const struct http_parser *p);
/* The peer closed: 0 when nothing was begun, -1 with E (truncated). */
int http_parser_eof(const struct http_parser *p, struct errmsg *e);

#endif
