/*
 * HTTPS: listening sockets, TLS, connections and their limits, over evhttp. One evhttp a listen
 * line, so that each has its own certificate.
 */
#ifndef CTLD_SERVER_H
#define CTLD_SERVER_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "ctld/ctld.h"
#include "lib/netaddr.h"

struct ssl_ctx_st;
struct x509_store_st;
struct server;

#define SERVER_CONNS	16384	    /* at once; never more than the descriptors allow */
#define SERVER_PER_ADDR 1024	    /* of them from one address (a proxy holds many) */
#define SERVER_STRANGER (16 * 1024) /* a larger body is read only from who is known */
#define SERVER_TLS_MS	10000	    /* from accept to the end of the handshake */
#define SERVER_HEAD_MS	15000	    /* from a request's first byte to its head's end */
#define SERVER_BODY_MS	60000	    /* from there to its body's end */
#define SERVER_WRITE_MS 60000	    /* without the client taking a byte of an answer */
#define SERVER_FRESH_MS 30000	    /* after the handshake without a request */
#define SERVER_IDLE_MS	330000	    /* between requests: heartbeats are at most 300 s apart */

/* What is made before privileges are dropped: sockets and TLS contexts, one a listen line. */
struct listeners {
	size_t n;
	struct listener {
		int fd;
		struct ssl_ctx_st *tls;
		struct server *server; /* that serves it */
	} of[CONF_LISTENS];
};

/*
 * Binds every listen line of CONF, or takes the sockets that the service manager gave
 * (sd_listen_fds(3): as many, in the same order), and loads certificates and keys. For who has the
 * rights. 0, or -1 with E and nothing left open.
 */
int listeners_open(struct listeners *ls, const struct conf *conf, struct errmsg *e);
/* Whether certificates and keys of CONF load; binds nothing. 0 or -1 with E. */
int listeners_check(const struct conf *conf, struct errmsg *e);
/* Client certificates are judged by CA (PEM) from now on. Before any connection. 0 or -1 with E. */
int listeners_trust(struct listeners *ls, const char *ca, struct errmsg *e);
/*
 * Loads certificates and keys again, for the same listen addresses: all of them, or -1 with E and
 * nothing changed. New connections get the new ones.
 */
int listeners_renew(struct listeners *ls, const struct conf *old, const struct conf *conf,
    const char *ca, struct errmsg *e);
void listeners_close(struct listeners *ls);

/* Serves on LS, which it then owns. NULL with E. */
struct server *server_new(struct ctld *c, struct listeners *ls, struct errmsg *e);
/* Takes no more connections and ends all. */
void server_free(struct server *s);
/* The address table, for auth.c. */
struct addrtab *server_addrs(struct server *s);

#endif
