/* Shared by what answers operators: bodies read, documents made. */
#ifndef CTLD_HOSTDOC_H
#define CTLD_HOSTDOC_H

#include "ctld/req.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"

/* R's body as an object with no members but NAMES; "{}" when it is empty. NULL: it was answered. */
struct json *oper_body(struct req *r, const char *const *names);
/* The finished text as its own memory, J freed; NULL when something failed. */
char *oper_doc(struct jsonout *j);
/* The database failed: logged, 503. */
void oper_failed(struct req *r, const struct errmsg *e);
/* One host as an object of J, NAME as jo_obj() has it; BEAT (may be NULL) as its newest heartbeat,
 * left out when SHOW is 0. */
void host_doc(struct jsonout *j, const char *name, const struct ctld *c, const struct host *h,
    int show, const char *beat);

#endif
