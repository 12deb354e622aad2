/* The inside of a connection, shared by httpc.c, httpc_answer.c and httpc_proxy.c. */
#ifndef NET_HTTPC_STATE_H
#define NET_HTTPC_STATE_H

#include "net/httpc.h"
#include "net/httpreq.h"

#define HTTPC_READ  16384 /* a whole TLS record, so that none stays behind unseen by poll(2) */
#define HTTPC_NEVER UINT64_MAX

enum httpc_state {
	CS_PROXY_ASK,
	CS_PROXY_ANSWER,
	CS_HANDSHAKE,
	CS_IDLE,
	CS_SEND,
	CS_HEAD,
	CS_BODY,
	CS_OVER
};

enum httpc_step { STEP_ON, STEP_WAIT, STEP_OVER };

struct httpc {
	enum httpc_state state;
	struct tls *tls;
	int fd, has_cert, no_verify;
	char *host, *agent;
	short events;
	uint64_t deadline, body_end;

	struct httpc_req r;
	int busy;     /* a request waits or is under way */
	int sent;     /* it was written whole */
	int early;    /* its answer began before that */
	int read_any; /* any byte came through TLS */
	struct httpreq_text out;
	struct http_parser *parser;
	struct httpreq_text ask; /* CONNECT */
	struct http_parser *proxy;
	int secure; /* the handshake is done */

	enum net_fault fault; /* of the connection */
	struct errmsg why;
	int depth, doomed; /* within callbacks; freed there */
	int again;	   /* left off with work to do */
	uint8_t in[HTTPC_READ];
};

/* Now and MS milliseconds. */
uint64_t httpc_after(unsigned int ms);
/* The connection is over; c->why says why. */
void httpc_over(struct httpc *c, enum net_fault fault);
/* The request is over: its memory goes, then its owner hears of it, and may make another. */
void httpc_request_done(struct httpc *c, enum net_fault fault, const char *why);
/* Both, for the fault that c->why tells. Returns STEP_OVER. */
enum httpc_step httpc_fail(struct httpc *c, enum net_fault fault);
/* One read in the states after the handshake. */
enum httpc_step httpc_read_step(struct httpc *c);
/* One write or read while the proxy is asked. */
enum httpc_step httpc_proxy_step(struct httpc *c);

#endif
