/* One connection, for server.c, conn.c, req.c and auth.c. */
#ifndef CTLD_CONN_H
#define CTLD_CONN_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ctld/gate.h"
#include "ctld/server.h"

struct bufferevent;
struct event;
struct evhttp_request;
struct ssl_st;
struct x509_store_ctx_st;

enum conn_phase {
	CP_TLS,	 /* the handshake */
	CP_IDLE, /* between requests */
	CP_HEAD, /* a request has begun */
	CP_BODY,
	CP_WORK, /* the handler has it, or the answer goes out */
	CP_DEAD	 /* refused: the answer goes out, then it ends */
};

struct conn {
	TAILQ_ENTRY(conn) next, fresh;
	struct server *s;
	struct ssl_st *ssl;
	struct bufferevent *bev;
	int fd; /* -1 until it is known */
	struct netaddr peer;
	enum conn_phase phase;
	uint64_t since;	     /* of this phase, monotonic milliseconds */
	uint64_t in, out;    /* bytes that came into and left the input buffer */
	uint64_t head;	     /* where in that stream the next head begins */
	size_t looked;	     /* bytes of it looked at */
	uint64_t drains;     /* how often bytes of output were taken */
	int took;	     /* the client took bytes of output since the last look */
	int certerr;	     /* X509_V_ERR_*: the client certificate is not good */
	int served;	     /* a request was answered on it */
	int known;	     /* one of them came with good credentials */
	int counted;	     /* in the table of addresses */
	int waking;	     /* in the server's list of what needs a look from the loop */
	enum api_errcode no; /* what it was refused with, 0 not */
	struct event *left;  /* while a request is held: the client closed its side */
};

/* Makes the TLS side of a connection: for evhttp, which then gives it its descriptor. */
struct bufferevent *conn_new(struct server *s, struct ssl_ctx_st *tls);
struct conn *conn_of(struct evhttp_request *ev);
/* Answers by itself, before evhttp has a request, and ends the connection soon. */
void conn_refuse(struct conn *k, enum api_errcode code, const char *why);
/* A handler has the request on it. */
void conn_work(struct conn *k);
/* The handler holds it for long, ON 1: evhttp reads nothing meanwhile, so that the client left is
 * looked for apart from it. 0 or -1 without memory. */
int conn_watch(struct conn *k, int on);
/* The request on it was answered and all of that is in the socket. */
void conn_answered(struct conn *k);
/* Looks at the time: 1 when it must be closed now. */
int conn_overdue(struct conn *k, uint64_t now);
void conn_close(struct conn *k);
/* For SSL_CTX_set_verify(): notes what is wrong with a certificate; auth.c refuses, and says why.
 */
int conn_verify(int ok, struct x509_store_ctx_st *ctx);
/* SHA-256 of the client certificate's DER: 0; 1 there is none; -1 it is not good (*WHY). */
int conn_cert(const struct conn *k, uint8_t sha256[32], const char **why);

/* server.c, for conn.c */
void server_conn_add(struct server *s, struct conn *k);
void server_conn_del(struct server *s, struct conn *k);
struct event_base *server_base(struct server *s);
struct ctld *server_ctld(struct server *s);
/* Gives a new connection its descriptor's due, from the loop; and lets a refused one write. */
void server_wake(struct server *s, struct conn *k);
uint64_t server_ms(void);

#endif
