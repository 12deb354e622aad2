/* The agent's own calls: enrolment and heartbeat. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/sha.h>
#include <sodium.h>

#include "ctld/agents.h"
#include "ctld/auth.h"
#include "ctld/queue.h"
#include "ctld/route.h"
#include "ctld/signer.h"
#include "ctld/x509.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "proto/token.h"

/* One enrolment that waits for the signer. */
struct enrolling {
	struct req *r;
	struct enrolment en;
	struct host host;
	struct api_enroll m;
	uint32_t ask;
};

static void
unready(struct req *r, const struct errmsg *e)
{
	log_warnx("enroll: %s", e->text);
	req_later(r, API_ERR_UNAVAILABLE, 10, "the database failed");
}

static void
answer(struct req *r, const struct host *h, const char *cert, const char *bearer)
{
	struct api_enrolled *a = calloc(1, sizeof(*a));
	char *doc = NULL;

	if (a != NULL) {
		memcpy(a->fleet, r->c->fleet, sizeof(a->fleet));
		memcpy(a->host_id, h->id, sizeof(a->host_id));
		memcpy(a->host_name, h->name, sizeof(a->host_name));
		memcpy(a->cert, cert, strlen(cert) + 1);
		memcpy(a->ca, r->c->ca, strlen(r->c->ca) + 1);
		memcpy(a->bearer, bearer, strlen(bearer) + 1);
		memcpy(a->online_key, r->c->online, sizeof(a->online_key));
		a->server_time = ctld_now();
		doc = api_enrolled_put(a);
		sodium_memzero(a, sizeof(*a));
		free(a);
	}
	req_json_durable(r, 200, doc);
}

/* What a host is after it was enrolled: a machine that nothing is known of but its keys. */
static void
fresh_host(struct host *h, const struct api_enroll *m, uint64_t cert_end)
{
	h->enrolled = 1;
	h->clone = 0;
	h->last = 0;
	h->cert_end = cert_end;
	h->boot_id[0] = h->audit_chain[0] = h->seen[0] = '\0';
	h->ledger_seq = h->audit_seq = 0;
	memcpy(h->version, m->version, sizeof(h->version));
	memcpy(h->result_key, m->result_key, sizeof(h->result_key));
	memcpy(h->seal_key, m->seal_key, sizeof(h->seal_key));
}

/* All of an enrolment's writes, or none. 0, 1 it was used meanwhile, -1. */
static int
write_all(
    struct req *r, struct enrolment *en, struct host *h, const uint8_t cred[32], struct errmsg *e)
{
	struct store *s = r->c->store;
	int rc;

	if (store_begin(s, e) == -1)
		return -1;
	if ((rc = store_enrolment_use(s, en, e)) == 0 &&
	    (store_credential_set(s, h, cred, en->bearer, e) == -1 ||
		store_host_forget_boots(s, h, e) == -1 || store_host_update(s, h, e) != 0))
		rc = -1;
	return store_end(s, rc == 0, e) == -1 ? -1 : rc;
}

static void
finish(struct req *r, struct enrolment *en, struct host *h, const struct api_enroll *m,
    const uint8_t cred[32], uint64_t cert_end, const char *bearer)
{
	struct errmsg e = {0};
	int rc;

	en->used = ctld_now();
	fresh_host(h, m, cert_end);
	if ((rc = write_all(r, en, h, cred, &e)) == -1) {
		unready(r, &e);
		return;
	}
	if (rc == 1) {
		req_error(r, API_ERR_GONE, "this token was used meanwhile");
		return;
	}
	/* the machine of before may hold a poll */
	queue_poll_end(r->c, h->id);
	log_info("enrolled: host %s, %s", h->name, h->id);
	answer(r, h, en->cert, bearer);
}

static void
enrolling_free(struct enrolling *g)
{
	sodium_memzero(g, sizeof(*g));
	free(g);
}

/* A host behind a proxy gets a standing secret; its SHA-256 alone stays. */
static void
give_bearer(struct enrolling *g)
{
	char hex[TOKEN_SECRET + 1];
	uint8_t secret[24], h[32];
	struct errmsg e;

	secret_new(hex);
	if (secret_parse(secret, hex, &e) == -1) {
		req_error(g->r, API_ERR_INTERNAL, "no secret could be made");
	} else {
		token_hash(secret, h);
		finish(g->r, &g->en, &g->host, &g->m, h, 0, hex);
	}
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(secret, sizeof(secret));
	enrolling_free(g);
}

/* The very same request again, since its answer was lost: the same certificate again. */
static void
again(struct enrolling *g)
{
	if (g->en.bearer)
		req_error(
		    g->r, API_ERR_GONE, "this token was used: make a new one by reeve host secret");
	else
		answer(g->r, &g->host, g->en.cert, "");
	enrolling_free(g);
}

static int
mac_is_good(const struct enrolling *g)
{
	char mac[65];

	token_mac(g->en.hash, g->m.csr, strlen(g->m.csr), mac);
	return sodium_memcmp(mac, g->m.mac, sizeof(mac)) == 0;
}

/*
 * The token's row and its proof. 0; -1 answered. An unknown token and a wrong proof look the same,
 * and what else is wrong is said only to who has the secret.
 */
static int
judge_token(struct enrolling *g)
{
	struct req *r = g->r;
	struct errmsg e;
	int rc, good;

	if ((rc = store_enrolment_get(r->c->store, g->m.token, &g->en, &e)) == -1) {
		unready(r, &e);
		return -1;
	}
	good = mac_is_good(g);
	if (rc == 1 || !good) {
		if (auth_failed(r) == 0)
			req_error(r, API_ERR_UNAUTHORIZED, "there is no such token");
		return -1;
	}
	if ((rc = store_host_byid(r->c->store, g->en.host_id, &g->host, &e)) != 0) {
		unready(r, &e);
		return -1;
	}
	return 0;
}

static int
judge_host(struct enrolling *g, int *used)
{
	struct req *r = g->r;
	uint8_t csr[32];

	if (g->host.revoked != 0) {
		req_error(r, API_ERR_REVOKED, "this host was revoked");
		return -1;
	}
	if (!auth_allowed(r, &g->host))
		return -1;
	if (strcasecmp(g->m.hostname, g->host.name) != 0) {
		req_error(r, API_ERR_HOSTNAME_MISMATCH,
		    "this token is for %s: set hostname in agent.conf, or make one for this name",
		    g->host.name);
		return -1;
	}
	(void)SHA256((const uint8_t *)g->m.csr, strlen(g->m.csr), csr);
	*used = g->en.used != 0;
	if (*used && sodium_memcmp(csr, g->en.csr, sizeof(csr)) == 0)
		return 0;
	if (*used || g->en.expires <= ctld_now()) {
		req_error(r, API_ERR_GONE,
		    "this token was used or has expired: make a new one by "
		    "reeve host secret");
		return -1;
	}
	memcpy(g->en.csr, csr, sizeof(csr));
	return 0;
}

/*
 * The certificate is there. What an operator changed while the signer was asked counts: the host is
 * read and judged again, since all of its row is written.
 */
static void
on_signed(const struct signer_answer *a, void *arg)
{
	struct enrolling *g = arg;
	struct req *r = g->r;
	uint8_t sha256[32];
	struct errmsg e;
	uint64_t end;
	int used;

	r->gone = NULL;
	if (a->end == SIGNER_NO) {
		req_error(r, API_ERR_REFUSED, "the signer refused: %s", a->why);
	} else if (a->end != SIGNER_OK) {
		req_later(r, API_ERR_UNAVAILABLE, 10, "the signer is not there");
	} else if (strlen(a->pem) >= sizeof(g->en.cert) ||
		   x509_look(a->pem, sha256, &end, &e) == -1) {
		req_error(r, API_ERR_INTERNAL, "the signer's certificate cannot be read");
	} else if (judge_token(g) == 0 && judge_host(g, &used) == 0) {
		if (used) {
			again(g);
			return;
		}
		memcpy(g->en.cert, a->pem, strlen(a->pem) + 1);
		finish(r, &g->en, &g->host, &g->m, sha256, end, "");
	}
	enrolling_free(g);
}

static void
on_gone(struct req *r, void *arg)
{
	struct enrolling *g = arg;

	signer_forget(r->c->signer, g->ask);
	enrolling_free(g);
}

static void
ask_signer(struct enrolling *g)
{
	const struct signer_cb cb = {on_signed, g};
	struct req *r = g->r;
	uint8_t id[16], host[16];

	if (str_unhex(id, sizeof(id), g->en.id) == -1 ||
	    str_unhex(host, sizeof(host), g->host.id) == -1) {
		req_error(r, API_ERR_INTERNAL, "the database holds a bad id");
		enrolling_free(g);
		return;
	}
	r->gone = on_gone;
	r->gone_arg = g;
	g->ask = signer_certify(r->c->signer, id, host, g->host.name, g->m.csr, cb);
	if (g->ask != 0)
		return;
	r->gone = NULL;
	req_later(r, API_ERR_UNAVAILABLE, 10, "the signer is not there");
	enrolling_free(g);
}

void
on_enroll(struct req *r)
{
	struct enrolling *g = calloc(1, sizeof(*g));
	struct errmsg e;
	int used;

	if (g == NULL) {
		req_error(r, API_ERR_INTERNAL, "out of memory");
		return;
	}
	g->r = r;
	if (api_enroll_get(&g->m, (const char *)r->body, r->bodylen, &e) == -1)
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
	else if (judge_token(g) == 0 && judge_host(g, &used) == 0) {
		if (used)
			again(g);
		else if (g->en.bearer)
			give_bearer(g);
		else
			ask_signer(g);
		return;
	}
	enrolling_free(g);
}

/*
 * Two machines of one identity disagree sooner or later: a boot id that another one replaced comes
 * back, or within one boot the audit trail goes back or has another chain at the same place.
 */
int
agents_is_clone(const struct host *h, const struct api_heartbeat *m, int boot_seen)
{
	if (h->boot_id[0] == '\0' || m->boot_id[0] == '\0')
		return 0;
	if (strcmp(h->boot_id, m->boot_id) != 0)
		return boot_seen;
	if (m->audit_seq < h->audit_seq)
		return 1;
	return m->audit_seq == h->audit_seq && h->audit_chain[0] != '\0' &&
	       m->audit_chain[0] != '\0' && strcmp(m->audit_chain, h->audit_chain) != 0;
}

static void
take_in(struct host *h, const struct api_heartbeat *m, const struct netaddr *peer)
{
	h->last = ctld_now();
	netaddr_text(peer, h->seen);
	memcpy(h->version, m->version, sizeof(h->version));
	if (m->boot_id[0] != '\0')
		memcpy(h->boot_id, m->boot_id, sizeof(h->boot_id));
	h->ledger_seq = m->ledger_seq;
	h->audit_seq = m->audit_seq;
	memcpy(h->audit_chain, m->audit_chain, sizeof(h->audit_chain));
}

/* 0 alive, 1 a clone, -1 with E. */
static int
beat(struct req *r, const struct api_heartbeat *m, struct errmsg *e)
{
	struct store *s = r->c->store;
	int seen = 0;

	if (m->boot_id[0] != '\0' &&
	    (seen = store_host_boot(s, &r->host, m->boot_id, ctld_now(), e)) == -1)
		return -1;
	if (!r->host.clone && agents_is_clone(&r->host, m, seen)) {
		log_warnx("host %s: two machines use this identity: no jobs for either until "
			  "reeve host unclone or a new enrolment",
		    r->host.name);
		r->host.clone = 1;
	}
	if (r->host.clone) {
		r->host.last = ctld_now();
		return store_host_update(s, &r->host, e) == 0 ? 1 : -1;
	}
	take_in(&r->host, m, &r->peer);
	if (store_host_update(s, &r->host, e) != 0 ||
	    store_host_beat_put(s, &r->host, (const char *)r->body, r->bodylen, e) == -1)
		return -1;
	return 0;
}

static void
answer_beat(struct req *r)
{
	struct api_beat b = {.interval = r->c->conf->interval, .server_time = ctld_now()};

	netaddr_text(&r->peer, b.seen_address);
	req_json(r, 200, api_beat_put(&b));
}

void
on_heartbeat(struct req *r)
{
	struct api_heartbeat m;
	struct errmsg e = {0};
	int rc;

	if (api_heartbeat_get(&m, (const char *)r->body, r->bodylen, &e) == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if (strcasecmp(m.hostname, r->host.name) != 0) {
		req_error(
		    r, API_ERR_HOSTNAME_MISMATCH, "this host was enrolled as %s", r->host.name);
		api_heartbeat_free(&m);
		return;
	}
	store_lazy(r->c->store, 1);
	rc = beat(r, &m, &e);
	store_lazy(r->c->store, 0);
	switch (rc) {
	case 0:
		answer_beat(r);
		break;
	case 1:
		req_error(r, API_ERR_CLONE,
		    "two machines use this identity: neither gets jobs until an operator decides");
		break;
	default:
		unready(r, &e);
	}
	api_heartbeat_free(&m);
}
