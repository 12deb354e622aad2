/* Who is calling, and whether it may: everything before a handler sees the request. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "ctld/addrtab.h"
#include "ctld/auth.h"
#include "ctld/conn.h"
#include "ctld/route.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "proto/token.h"

static int
refuse(struct req *r, enum api_errcode code, const char *msg)
{
	req_error(r, code, "%s", msg);
	return -1;
}

static int
store_failed(struct req *r)
{
	req_later(r, API_ERR_UNAVAILABLE, 10, "the database could not be read");
	return -1;
}

/*
 * A wrong secret or certificate: noted against the address, then 401, or 429 when it tries too
 * often. Good credentials are never turned away so: who shares an address with a guesser still
 * works.
 */
static int
unknown(struct req *r, const char *msg)
{
	if (auth_failed(r) == 0)
		return refuse(r, API_ERR_UNAUTHORIZED, msg);
	return -1;
}

static int
find_peer(struct req *r)
{
	char *xff = req_header_all(r, "X-Forwarded-For"), *fwd = req_header_all(r, "Forwarded");
	enum forward f;

	f = forward_peer(
	    r->c->conf, &r->conn->peer, req_header(r, "CF-Connecting-IP"), xff, fwd, &r->peer);
	free(xff);
	free(fwd);
	if (f == FORWARD_OK)
		return 0;
	return refuse(r, API_ERR_ADDRESS_UNKNOWN,
	    "the proxy did not say whose call this is: have it set the header that ctld.conf "
	    "names");
}

int
auth_failed(struct req *r)
{
	struct addrtab *t = server_addrs(r->conn->s);
	uint64_t now = server_ms();
	char who[NETADDR_TEXT];
	unsigned int wait;

	addrtab_failed(t, &r->peer, now);
	if ((wait = addrtab_wait(t, &r->peer, now)) > 0) {
		req_later(
		    r, API_ERR_TOO_MANY, wait, "too many wrong credentials from this address");
		return -1;
	}
	netaddr_text(&r->peer, who);
	log_info("%s: credentials refused", who);
	return 0;
}

/* SHA-256 of the 24 bytes of "Bearer 48-hex". 0, or -1 it is not that. */
static int
bearer_hash(const char *v, uint8_t h[32])
{
	uint8_t secret[24];
	struct errmsg e;

	if (strncasecmp(v, "Bearer ", 7) != 0 || secret_parse(secret, v + 7, &e) == -1)
		return -1;
	token_hash(secret, h);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}

/* Of the field Authorization. 0; 1 none; -1 answered. */
static int
get_bearer(struct req *r, uint8_t h[32])
{
	const char *v = req_header(r, "Authorization");

	if (v == NULL)
		return 1;
	if (bearer_hash(v, h) == -1)
		return unknown(r, "Authorization must be Bearer and 48 hex digits");
	return 0;
}

static int
host_known(struct ctld *c, const struct conn *k, const char *auth)
{
	const char *why;
	struct host host;
	struct errmsg e;
	uint8_t h[32];
	int rc = conn_cert(k, h, &why);

	if (rc == 0)
		rc = store_host_bycert(c->store, h, &host, &e);
	else if (rc == 1 && bearer_hash(auth, h) == 0)
		rc = store_host_bybearer(c->store, h, &host, &e);
	else
		return 0;
	return rc == -1 ? -1 : rc == 0 && host.revoked == 0;
}

int
auth_known(struct ctld *c, const struct conn *k, const struct route *route, const char *auth)
{
	struct errmsg e;
	struct oper o;
	uint8_t h[32];
	int rc;

	if (route->access == ACC_NONE || route->access == ACC_ENROLL)
		return 0;
	if (route->access == ACC_AGENT || route->access == ACC_WORK)
		return host_known(c, k, auth);
	if (bearer_hash(auth, h) == -1)
		return 0;
	rc = store_oper_bytoken(c->store, h, &o, &e);
	return rc == -1 ? -1 : rc == 0 && (o.expires == 0 || o.expires > ctld_now());
}

static int
find_host(struct req *r)
{
	const char *why;
	struct errmsg e;
	uint8_t h[32];
	int rc;

	switch (conn_cert(r->conn, h, &why)) {
	case 0:
		rc = store_host_bycert(r->c->store, h, &r->host, &e);
		break;
	case 1:
		if ((rc = get_bearer(r, h)) == -1)
			return -1;
		if (rc == 1)
			return unknown(r, "a client certificate or a bearer secret is needed");
		rc = store_host_bybearer(r->c->store, h, &r->host, &e);
		sodium_memzero(h, sizeof(h));
		break;
	default:
		if (auth_failed(r) == 0)
			req_error(r, API_ERR_UNAUTHORIZED,
			    "the client certificate is not good (%s): enroll this host again", why);
		return -1;
	}
	if (rc == -1)
		return store_failed(r);
	if (rc == 1) {
		memset(&r->host, 0, sizeof(r->host));
		return unknown(r, "no host has these credentials: enroll this host again");
	}
	return 0;
}

int
auth_allowed(struct req *r, const struct host *h)
{
	char peer[NETADDR_TEXT];

	for (size_t i = 0; i < h->nallows; i++)
		if (netblock_has(&h->allow[i], &r->peer))
			return 1;
	if (h->nallows == 0)
		return 1;
	netaddr_text(&r->peer, peer);
	req_error(r, API_ERR_ADDRESS_NOT_ALLOWED, "%s may not call from %s: see reeve host allow",
	    h->name, peer);
	return 0;
}

static int
agent(struct req *r)
{
	const char *name = req_header(r, "Host-Name");

	if (find_host(r) == -1)
		return -1;
	if (r->host.revoked != 0)
		return refuse(r, API_ERR_REVOKED, "this host was revoked");
	if (!auth_allowed(r, &r->host))
		return -1;
	if (name == NULL || strcasecmp(name, r->host.name) != 0) {
		req_error(r, API_ERR_HOSTNAME_MISMATCH,
		    "this host was enrolled as %s: see hostname in agent.conf", r->host.name);
		return -1;
	}
	if (r->host.clone && r->route->access == ACC_WORK)
		return refuse(r, API_ERR_CLONE,
		    "two machines use this identity: neither gets jobs until an operator decides");
	return 0;
}

/* Noted once a minute at most: a list that is polled does not write each time. */
static void
note_use(struct req *r, uint64_t now)
{
	struct errmsg e;

	if (now >= r->oper.last && now - r->oper.last < 60)
		return;
	store_lazy(r->c->store, 1);
	(void)store_oper_used(r->c->store, r->oper.name, now, &e);
	store_lazy(r->c->store, 0);
}

static int
operator(struct req *r)
{
	uint64_t now = ctld_now();
	struct errmsg e;
	enum role need;
	uint8_t h[32];
	int rc;

	if ((rc = get_bearer(r, h)) == -1)
		return -1;
	if (rc == 1)
		return unknown(r, "an operator's token is needed");
	rc = store_oper_bytoken(r->c->store, h, &r->oper, &e);
	sodium_memzero(h, sizeof(h));
	if (rc == -1)
		return store_failed(r);
	if (rc == 1 || (r->oper.expires != 0 && r->oper.expires <= now)) {
		memset(&r->oper, 0, sizeof(r->oper));
		return unknown(r, rc == 1 ? "there is no such token" : "this token has expired");
	}
	need = (enum role)(r->route->access - ACC_VIEWER + ROLE_VIEWER);
	if (r->oper.role < need) {
		req_error(r, API_ERR_FORBIDDEN, "this needs the role %s and the token %s has %s",
		    oper_role_name(need), r->oper.name, oper_role_name(r->oper.role));
		return -1;
	}
	note_use(r, now);
	return 0;
}

/* Agents say which version they speak: an older one is told so, not misunderstood. */
static int
speaks(struct req *r)
{
	const char *v = req_header(r, "Reeve");
	uint64_t n;

	if (v != NULL && str_u64(v, 1, 1000000, &n) == 0)
		return 0;
	return refuse(r, API_ERR_OLD, "the field Reeve must name version 1 or newer");
}

static int
judged(struct req *r)
{
	if (find_peer(r) == -1)
		return -1;
	switch (r->route->access) {
	case ACC_ENROLL:
		return speaks(r);
	case ACC_AGENT:
	case ACC_WORK:
		return speaks(r) == -1 ? -1 : agent(r);
	default:
		return operator(r);
	}
}

int
auth_request(struct req *r)
{
	struct conn *k = r->conn;

	if (r->route->access == ACC_NONE)
		return 0;
	if (judged(r) == -1)
		return -1;
	if (r->route->access != ACC_ENROLL)
		k->known = 1;
	return 0;
}
