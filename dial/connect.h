/* Resolving and connecting: the only place of the agent that makes a network socket. */
#ifndef DIAL_CONNECT_H
#define DIAL_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#define DIAL_ADDRS   16	   /* addresses of one name that are tried; a resolver may lie at length */
#define DIAL_ADDR_MS 10000 /* for one address */
#define DIAL_ALL_MS  45000 /* for all of them together */
#define DIAL_WHY     257

/* Descriptors whose hang-up ends the attempt: nobody waits for it any more. */
struct dial_watch {
	int fd[2];
};

/*
 * Resolves HOST by getaddrinfo(3) and tries each address in the resolver's order (RFC 6724), both
 * families, a bounded time each. The socket is CLOEXEC, non-blocking, TCP_NODELAY. -1 with WHY,
 * printable text that names what was tried; -2 when a watched descriptor hung up.
 */
int dial_connect(const char *host, uint16_t port, const struct dial_watch *w, char why[DIAL_WHY]);

#endif
