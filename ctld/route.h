/*
 * Every route, once: ctld/routes.def. What is not in the table is 404; a path with another method
 * is 405. The unauth-surface test and reeve-protocol(7) are made from it.
 *
 * ROUTE(METHOD, "/path/:arg", ACCESS, body_max, handler, "does")
 */
#ifndef CTLD_ROUTE_H
#define CTLD_ROUTE_H

#include <stddef.h>

#include "ctld/req.h"

enum access {
	ACC_NONE,   /* no credentials: /healthz */
	ACC_ENROLL, /* the token's MAC, judged by the handler */
	ACC_AGENT,  /* certificate or bearer, host name, address; clone_detected still gets in */
	ACC_WORK,   /* the same, and 409 clone_detected for a clone, 403 for a revoked one */
	ACC_VIEWER, /* operator tokens by role */
	ACC_OPERATOR,
	ACC_APPROVER,
	ACC_ADMIN
};

enum method { M_GET = 1, M_POST = 2, M_PUT = 4, M_DELETE = 8 };

struct route {
	enum method method;
	const char *path;
	enum access access;
	size_t body_max;
	void (*handler)(struct req *);
	const char *doc;
};

/*
 * The route of METHOD and PATH (no query). ARG gets the segments that stand for :args,
 * percent-decoded: each non-empty, printable, without '/'. NULL: *OTHER 1 when the path has another
 * method.
 */
const struct route *route_find(
    enum method m, const char *path, char arg[REQ_ARGS][256], int *other);
const struct route *route_nth(size_t n);
const char *route_method(enum method m);
/* Percent-decodes LEN bytes into printable ASCII. 0; -1 malformed, other bytes, or too long. */
int route_decode(char *dst, size_t size, const char *src, size_t len);

#define ROUTE(method, path, access, max, handler, doc) void handler(struct req *);
#include "ctld/routes.def"
#undef ROUTE

#endif
