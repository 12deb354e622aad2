/* The text of a request, checked so that no value can end its line. */
#ifndef NET_HTTPREQ_H
#define NET_HTTPREQ_H

#include <stddef.h>
#include <stdint.h>

#include "net/httpc.h"

struct httpreq_text {
	uint8_t *p; /* malloc'ed; wiped by httpreq_free(): it holds the bearer */
	size_t len, done;
};

/* R's head and body, for HOST. 0; -1 with E: a part that may not stand there, or no memory. */
int httpreq_text(struct httpreq_text *t, const char *host, const char *agent,
    const struct httpc_req *r, struct errmsg *e);
/* CONNECT TO, for a proxy (RFC 9110 section 9.3.6). 0; -1 with E. */
int httpreq_connect(struct httpreq_text *t, const char *to, const char *agent, struct errmsg *e);
void httpreq_free(struct httpreq_text *t);

#endif
