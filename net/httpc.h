/*
 * One HTTPS connection to one server, over libtls on a connected non-blocking socket that the
 * caller brings: an enum of states that poll(2) or libevent drives. Shared by netd, reeve and the
 * enrolment child. One request at a time; keep-alive; never a redirect, never a content coding.
 *
 * Deadlines are absolute in CLOCK_BOOTTIME milliseconds, inclusive of every phase: a server that
 * drips one byte a second is as late as one that is silent.
 */
#ifndef NET_HTTPC_H
#define NET_HTTPC_H

#include <stddef.h>
#include <stdint.h>

#include "net/http.h"

/* What a client trusts and is; made before confinement, used by any number of connections. */
struct netconf;
struct netconf_in {
	const char *ca; /* PEM, one certificate or a bundle */
	size_t calen;
	const char *cert, *key; /* PEM, NULL none; NUL-ended. Wiped by the caller after */
	const char *name;	/* that the server's certificate must have; also the SNI */
	int no_verify; /* enrolment's first look only: the chain is then judged by its hash */
};
/* TLS 1.2 and 1.3, secure defaults of tls_config_new(3). NULL with E. */
struct netconf *netconf_new(const struct netconf_in *in, struct errmsg *e);
void netconf_free(struct netconf *c);

enum net_fault {
	NETF_NONE,
	NETF_CONNECT,  /* refused, unreachable, name unknown: as dial says */
	NETF_PROXY,    /* the proxy said no */
	NETF_TLS,      /* handshake: certificate, name, version, alert */
	NETF_CLOSED,   /* closed or reset before the answer was whole */
	NETF_TIME,     /* a deadline passed */
	NETF_PROTOCOL, /* not HTTP as we take it */
	NETF_LARGE,    /* a body over the cap */
	NETF_LOCAL     /* memory */
};
const char *net_fault_name(enum net_fault f);

struct httpc;

struct httpc_in {
	const struct netconf *conf;
	int fd;		       /* connected, non-blocking; taken */
	const char *host;      /* for the Host field: name, or name:port when not 443 */
	const char *proxy_to;  /* "host:port" to CONNECT to first; NULL: no proxy */
	const char *agent;     /* User-Agent */
	unsigned int setup_ms; /* for CONNECT and handshake together */
};
/* NULL with E; FD is then closed. The program must ignore SIGPIPE. */
struct httpc *httpc_new(const struct httpc_in *in, struct errmsg *e);
/*
 * close_notify if it can be sent now; closes the socket. A request under way is dropped without a
 * call of its done. May be called from within head, piece and done: the memory goes when
 * httpc_run() returns.
 */
void httpc_free(struct httpc *c);

struct httpc_req {
	const char *method, *path; /* path with prefix and query; printable, no spaces */
	const char *bearer;	   /* Authorization: Bearer; NULL none */
	const char *headers;	   /* more fields, each ended by CRLF; "" none */
	const char *type;	   /* Content-Type; NULL: application/json when there is a body */
	const void *body;	   /* copied; NULL with 0 bytes: none */
	size_t bodylen;
	uint64_t body_max;    /* of the answer */
	unsigned int send_ms; /* from now until the request is written */
	unsigned int head_ms; /* from then until the head is there: long polls add their wait */
	unsigned int body_ms; /* from then until the answer is whole; 0: body_idle_ms alone */
	unsigned int body_idle_ms; /* most between two pieces of a stream; 0 none */
	/* Each may be NULL. head and body return 0, or -1: give up, the connection is over. */
	int (*head)(struct httpc *c, const struct http_head *h, void *arg);
	int (*piece)(struct httpc *c, const uint8_t *p, size_t len, void *arg);
	/*
	 * The request is over, called exactly once: FAULT NETF_NONE and the answer whole, or what
	 * went wrong, in words. A new request may be made from within it when httpc_reusable().
	 */
	void (*done)(struct httpc *c, enum net_fault fault, const char *why, void *arg);
	void *arg;
};
/*
 * 0; -1 when one is under way, the connection is over, or a part of R could end its line (blanks,
 * CR, LF). Before the handshake it waits for it, and send_ms runs from there. Then look at
 * httpc_events() and httpc_deadline() anew.
 *
 * An answer that comes before the request is written whole counts when its status is 400 or more
 * (413 amid a large body), and ends the connection.
 */
int httpc_request(struct httpc *c, const struct httpc_req *r);
/* 1 idle and alive: another request may be made. */
int httpc_reusable(const struct httpc *c);
/* 1 when the request under way was written before anything went wrong: the server may have acted.
 */
int httpc_was_sent(const struct httpc *c);

/* What to wait for: POLLIN, POLLOUT, or both; 0 when the connection is over. */
short httpc_events(const struct httpc *c);
int httpc_fd(const struct httpc *c);
/* The next deadline (CLOCK_BOOTTIME ms), UINT64_MAX none; 0: call httpc_run() again at once. */
uint64_t httpc_deadline(const struct httpc *c);
/* Moves on: call when the socket is ready, or a deadline passed. May call head, piece, done. */
void httpc_run(struct httpc *c);
/*
 * Why the connection is over, when it is (httpc_events() 0): after a request failed what its done
 * was told; else what happened while idle, or bytes after the end of an answer (NETF_PROTOCOL, to
 * be logged). NETF_NONE with words: ended in order.
 */
enum net_fault httpc_fault(const struct httpc *c, const char **why);
uint64_t net_now(void);

/* The server's certificate chain as PEM (after the handshake), NULL; the certificate's end, 0. */
const uint8_t *httpc_chain(const struct httpc *c, size_t *len);
uint64_t httpc_peer_notafter(const struct httpc *c);

/* ---- poll(2) driven, for reeve and the enrolment child (net/simple.c) ---- */

struct simple_answer {
	struct http_head head;
	char *body; /* malloc'ed, NUL-ended */
	size_t len;
};
/* One whole request; drives C until it is over. R's callbacks and body caps are set here. 0, or -1
 * with FAULT and E. */
int simple_call(struct httpc *c, struct httpc_req *r, struct simple_answer *a,
    enum net_fault *fault, struct errmsg *e);
/* Resolves and connects, every address in turn, both families, TIMEOUT ms for all. fd, or -1 with
 * E. */
int simple_connect(const char *host, uint16_t port, unsigned int timeout, struct errmsg *e);

#endif
