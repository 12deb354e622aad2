/* libtls, as a client uses it: one configuration, contexts on sockets, and words for its errors. */
#ifndef NET_TLSCONN_H
#define NET_TLSCONN_H

#include <tls.h>

#include "lib/err.h"
#include "net/httpc.h"

struct netconf {
	struct tls_config *tls;
	char *name;
	int has_cert;
	int no_verify;
};

/* A context on the connected socket FD, before its handshake. NULL with E. */
struct tls *tlsconn_new(const struct netconf *conf, int fd, struct errmsg *e);
/* After the handshake, before a byte is sent: what libtls leaves unchecked. 0, or -1 with E. */
int tlsconn_judge(struct tls *tls, int no_verify, struct errmsg *e);
/* Why tls_handshake() failed. Returns -1. */
int tlsconn_handshake_words(struct tls *tls, struct errmsg *e);
/*
 * Why a read or write failed after the handshake; FIRST when nothing had been read yet. The fault
 * is NETF_TLS for an alert, else NETF_CLOSED.
 */
enum net_fault tlsconn_io_words(struct tls *tls, int first, struct errmsg *e);

#endif
