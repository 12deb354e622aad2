/* Who is calling: from which address, as which host or operator, and whether it may. */
#ifndef CTLD_AUTH_H
#define CTLD_AUTH_H

#include "ctld/req.h"
#include "ctld/route.h"

struct conn;

/*
 * Judges R by its route's access alone, and fills peer, host, oper. 0: the handler may have it; -1:
 * it was answered.
 */
int auth_request(struct req *r);
/*
 * Whether who sends a head for ROUTE on K, with this field Authorization, has credentials that are
 * known there: a glance before a large body is read. 1 yes, 0 no, -1 the database failed.
 */
int auth_known(struct ctld *c, const struct conn *k, const struct route *route, const char *auth);
/* A credential of R's address failed. 0; -1: too many did, and 429 was answered. */
int auth_failed(struct req *r);

/* 1 when H may call from R's address; else 0, and it was answered. */
int auth_allowed(struct req *r, const struct host *h);

enum forward { FORWARD_OK, FORWARD_UNKNOWN };
/*
 * The caller's own address. SOCK is the socket's peer. From a proxy that CONF names its header
 * counts, and its absence or any doubt is FORWARD_UNKNOWN, never the proxy's address; from anybody
 * else no header counts. CF, XFF, FWD: the fields' values, several lines joined by ", ", NULL for
 * none. Each proxy appends what it saw: the last entry that is no named proxy itself counts.
 */
enum forward forward_peer(const struct conf *conf, const struct netaddr *sock, const char *cf,
    const char *xff, const char *fwd, struct netaddr *out);

#endif
