/*
 * IP addresses and networks as numbers: allow lists, the peer of a socket, forwarding headers.
 * IPv4 and IPv6; an IPv4-mapped IPv6 address (::ffff:a.b.c.d) is the IPv4 address it maps. No
 * resolving here.
 */
#ifndef LIB_NETADDR_H
#define LIB_NETADDR_H

#include <sys/socket.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct netaddr {
	uint8_t len; /* 4 or 16; 0 is no address and matches nothing */
	uint8_t b[16];
};

struct netblock {
	struct netaddr addr;
	uint8_t bits; /* 0..32 or 0..128; host bits of addr are zero */
};

#define NETADDR_TEXT 48

/* "192.0.2.1", "2001:db8::1": the form that inet_pton(3) takes, no zone, no port. 0 or -1. */
int netaddr_parse(struct netaddr *a, const char *text);
void netaddr_text(const struct netaddr *a, char buf[NETADDR_TEXT]); /* "-" for none */
/* 0, or -1 when SA is neither AF_INET nor AF_INET6. */
int netaddr_from_sockaddr(struct netaddr *a, const struct sockaddr *sa);
/* An address, or ADDRESS/BITS with zero host bits. 0, or -1 with E saying what must be. */
int netblock_parse(struct netblock *n, const char *text, struct errmsg *e);
void netblock_text(const struct netblock *n, char *buf, size_t size);
/* 1 when A lies in N. */
int netblock_has(const struct netblock *n, const struct netaddr *a);

#endif
