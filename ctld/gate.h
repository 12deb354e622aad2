/*
 * What a request's head must be before evhttp sees it (RFC 9110, RFC 9112, more narrowly): evhttp
 * takes bare LF, folded fields, two lengths, names with blanks. A request that two readers could
 * cut differently is refused and its connection closed, so nothing can be smuggled past a proxy.
 */
#ifndef CTLD_GATE_H
#define CTLD_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "ctld/route.h"

#define GATE_HEAD_MAX 16384
#define GATE_FIELDS   64
#define GATE_PATH_MAX 2048

struct gate {
	enum method method;
	char path[GATE_PATH_MAX]; /* without the query */
	uint64_t length;	  /* of the body; 0 without Content-Length */
	char auth[64];		  /* Authorization; "" without one, or one that is longer */
};

/*
 * Judges LEN bytes that end with the head's empty line. 0; -1 with *WHY, a fixed text.
 * Taken: HTTP/1.1 and 1.0; GET, POST, PUT, DELETE; a path that begins with '/'; CRLF lines of
 * printable ASCII; no folding, no blank before the colon, no Transfer-Encoding, no
 * Content-Encoding, one plain Content-Length, one Host; a field that reeve reads at most once
 * (X-Forwarded-For and Forwarded may stand more often: proxies add lines).
 */
int gate_head(struct gate *g, const char *head, size_t len, const char **why);

#endif
