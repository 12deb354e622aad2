/*
 * One HTTP request being answered. server.c makes it from evhttp's after every check that needs no
 * handler: path, method, size, credentials, role. A handler answers exactly once, now or later; a
 * request whose client went away is told by gone().
 */
#ifndef CTLD_REQ_H
#define CTLD_REQ_H

#include <stddef.h>
#include <stdint.h>

#include "ctld/ctld.h"
#include "lib/netaddr.h"
#include "proto/api.h"

struct evhttp_request;

#define REQ_ARGS 3

struct req {
	struct ctld *c;
	struct evhttp_request *ev;
	const struct route *route;
	char arg[REQ_ARGS][256]; /* what stood for :x in the route's path, decoded and judged */
	const uint8_t *body;	 /* whole, contiguous; NULL when empty */
	size_t bodylen;
	struct netaddr peer; /* the caller's own address: behind a named proxy, as that says */
	struct host host;    /* agent routes: who it is; id "" otherwise */
	struct oper oper;    /* operator routes: who it is; name "" otherwise */
	void (*gone)(struct req *, void *); /* the client left before the answer; then R is freed */
	void *gone_arg;
	int answered;

	/* req.c's and server.c's own */
	struct conn *conn;
	int status;	     /* of a durable answer that waits */
	char *json;	     /* its body */
	int held, left;	     /* it waits; the client left meanwhile */
	struct event *ender; /* of a stream whose end is about to be written */
	uint64_t drains;     /* the connection's, at the last look */
	unsigned int calm, looks;
};

/* For server.c: EV on K, its body made one piece. NULL without memory. */
struct req *req_new(struct ctld *c, struct evhttp_request *ev, struct conn *k);

/*
 * R is answered later, perhaps much later: GONE(R, ARG) is called when the client leaves before,
 * and R is no more after that; R's body is gone at once. Answering ends it. Without memory it is
 * noticed late, by writing.
 */
void req_hold(struct req *r, void (*gone)(struct req *, void *), void *arg);

/* A query parameter, decoded; 0, or -1 when absent, twice or too long. */
int req_query(const struct req *r, const char *name, char *dst, size_t size);
/* 1 when NAME stands in the query in any form, malformed ones too. */
int req_has(const struct req *r, const char *name);
/* A number in the query: DEFLT when absent; -1 (answered with 400 already) when malformed. */
int req_query_u64(struct req *r, const char *name, uint64_t deflt, uint64_t max, uint64_t *out);
#define REQ_LIMIT     100
#define REQ_LIMIT_MAX 500
/* The page of a list that the query asks for: after=KEY ("" the first) and limit=N. 0; -1 it was
 * answered. */
int req_page(struct req *r, char *after, size_t size, size_t *limit);
/* A request header, NULL when absent. One that stands twice never gets here: 400. */
const char *req_header(const struct req *r, const char *name);

/* The values of all lines of that name, joined by ", ": malloc'ed, NULL when there is none. */
char *req_header_all(const struct req *r, const char *name);

/* Answers. JSON (malloc'ed) is taken; NULL answers 500. R is gone after any of these. */
void req_json(struct req *r, int status, char *json);
void req_error(struct req *r, enum api_errcode code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with Retry-After: SECONDS. */
void req_later(struct req *r, enum api_errcode code, uint64_t seconds, const char *msg);
void req_empty(struct req *r, int status);
void req_bytes(struct req *r, int status, const char *type, const void *p, size_t len);
/*
 * An answer that must not be given before what was written is on disk: it goes out after the
 * store's next commit (store_write()), or becomes 503 when that fails. Otherwise as req_json().
 */
void req_json_durable(struct req *r, int status, char *json);

/* A stream: chunked octets. req_stream() begins (200), req_piece() sends, req_stream_end() ends. */
void req_stream(struct req *r);
/* 0; -1 when the client is too slow or gone: stop. */
int req_piece(struct req *r, const void *p, size_t len);
/* Bytes not yet taken by the socket: hold back above 1 MiB. */
size_t req_backlog(const struct req *r);
void req_stream_end(struct req *r);

#endif
