/* Hosts, for operators: the list, one, and what an admin changes. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ctld/hostdoc.h"
#include "ctld/queue.h"
#include "ctld/route.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/token.h"

#define DAY	    86400
#define EXPIRES_MAX (30ULL * DAY)

void
host_doc(struct jsonout *j, const char *name, const struct ctld *c, const struct host *h, int show,
    const char *beat)
{
	char block[NETADDR_TEXT + 5], print[HOSTPRINT_LEN] = "";

	if (h->result_key[0] != '\0')
		hostprint(c->fleet, h->id, h->name, h->result_key, h->seal_key, print);
	jo_obj(j, name);
	jo_str(j, "name", h->name);
	jo_str(j, "id", h->id);
	jo_str(j, "state", host_state_name(host_state(h, ctld_now(), c->conf->interval)));
	jo_arr(j, "allow");
	for (size_t i = 0; i < h->nallows; i++) {
		netblock_text(&h->allow[i], block, sizeof(block));
		jo_str(j, NULL, block);
	}
	jo_end(j);
	jo_bool(j, "bearer", h->bearer);
	jo_str(j, "version", h->version);
	jo_u64(j, "last_contact", h->last);
	jo_str(j, "seen_address", h->seen);
	jo_u64(j, "cert_expiry", h->cert_end);
	jo_str(j, "result_key", h->result_key);
	jo_str(j, "seal_key", h->seal_key);
	jo_str(j, "fingerprint", print);
	jo_u64(j, "ledger_seq", h->ledger_seq);
	jo_u64(j, "audit_seq", h->audit_seq);
	jo_str(j, "audit_chain", h->audit_chain);
	jo_bool(j, "clone", h->clone);
	jo_u64(j, "created", h->created);
	if (show && beat != NULL)
		jo_raw(j, "beat", beat, strlen(beat));
	else if (show)
		jo_null(j, "beat");
	jo_end(j);
}

/* {host:H}, and the token where there is one. */
static char *
one_doc(const struct ctld *c, const struct host *h, const char *token)
{
	struct jsonout j;

	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	host_doc(&j, "host", c, h, 0, NULL);
	if (token != NULL)
		jo_str(&j, "token", token);
	jo_end(&j);
	return oper_doc(&j);
}

/* The state that the query asks for: 0 any; -1 answered. */
static int
wanted_state(struct req *r)
{
	char text[16];

	if (req_query(r, "state", text, sizeof(text)) == -1)
		return 0;
	for (int s = HS_NEW; s <= HS_REVOKED; s++)
		if (strcmp(host_state_name((enum host_state)s), text) == 0)
			return s;
	req_error(
	    r, API_ERR_BAD_REQUEST, "state: must be new, online, silent, maintenance or revoked");
	return -1;
}

/*
 * States are made of the clock, so they are picked here and not by the database: a page may hold
 * fewer than asked for and still have a next one.
 */
void
on_hosts(struct req *r)
{
	struct jsonout j;
	struct host *all;
	struct errmsg e;
	char after[256];
	size_t n, max;
	int want;

	if (req_page(r, after, sizeof(after), &max) == -1 || (want = wanted_state(r)) == -1)
		return;
	if ((all = calloc(max + 1, sizeof(*all))) == NULL) {
		req_error(r, API_ERR_INTERNAL, "out of memory");
		return;
	}
	if (store_host_list(r->c->store, after, max + 1, all, &n, &e) == -1) {
		free(all);
		oper_failed(r, &e);
		return;
	}
	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	jo_arr(&j, "hosts");
	for (size_t i = 0; i < n && i < max; i++)
		if (want == 0 || (int)host_state(&all[i], ctld_now(), r->c->conf->interval) == want)
			host_doc(&j, NULL, r->c, &all[i], 0, NULL);
	jo_end(&j);
	if (n > max)
		jo_str(&j, "next", all[max - 1].name);
	else
		jo_null(&j, "next");
	jo_end(&j);
	free(all);
	req_json(r, 200, oper_doc(&j));
}

/* The host of the path: 0; -1 answered. */
static int
named(struct req *r, struct host *h)
{
	struct errmsg e;
	int rc = store_host_byname(r->c->store, r->arg[0], h, &e);

	if (rc == -1)
		oper_failed(r, &e);
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "there is no host %s", r->arg[0]);
	return rc == 0 ? 0 : -1;
}

void
on_host(struct req *r)
{
	struct errmsg e;
	struct jsonout j;
	struct host h;
	char *beat;

	if (named(r, &h) == -1)
		return;
	if (store_host_beat(r->c->store, &h, &beat, &e) == -1) {
		oper_failed(r, &e);
		return;
	}
	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	host_doc(&j, "host", r->c, &h, 1, beat);
	jo_end(&j);
	free(beat);
	req_json(r, 200, oper_doc(&j));
}

static void
changed(struct req *r, const struct host *h, const char *what)
{
	struct errmsg e;
	int rc = store_host_update(r->c->store, h, &e);

	if (rc == -1) {
		oper_failed(r, &e);
		return;
	}
	if (rc == 1) {
		req_error(r, API_ERR_EXISTS, "there is a host of that name");
		return;
	}
	log_info("host %s: %s by %s", h->name, what, r->oper.name);
	req_json_durable(r, 200, one_doc(r->c, h, NULL));
}

/* Names are kept in lower case: DNS knows no other. */
static int
read_name(const struct json *j, char *dst, size_t size)
{
	if (json_str(j, json_get(j, 0, "name"), dst, size) == -1)
		return -1;
	for (char *p = dst; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return valid_hostname(dst) ? 0 : -1;
}

static int
read_allow(const struct json *j, struct host *h, struct errmsg *e)
{
	int list = json_get(j, 0, "allow");
	char text[NETADDR_TEXT + 5];

	if (json_type(j, list) != JSON_ARRAY)
		return err_set(
		    e, "allow: must be a list of addresses; an empty one is: from anywhere");
	if (json_len(j, list) > HOST_ALLOWS)
		return err_set(e, "allow: more than %d addresses", HOST_ALLOWS);
	h->nallows = 0;
	for (size_t i = 0; i < json_len(j, list); i++) {
		if (json_str(j, json_at(j, list, i), text, sizeof(text)) == -1)
			return err_set(e, "allow: not an address");
		if (netblock_parse(&h->allow[i], text, e) == -1)
			return err_prefix(e, "allow");
		h->nallows++;
	}
	return 0;
}

static int
read_expires(const struct json *j, uint64_t *expires, struct errmsg *e)
{
	int v = json_get(j, 0, "expires");

	*expires = DAY;
	if (v != -1 && json_u64(j, v, 60, EXPIRES_MAX, expires) == -1)
		return err_set(e, "expires: must be 60 to %llu seconds", EXPIRES_MAX);
	return 0;
}

/* Makes the one-use secret of H: TEXT, shown once. The hash alone is kept. */
static int
new_token(
    struct req *r, const struct host *h, uint64_t expires, char text[TOKEN_MAX], struct errmsg *e)
{
	struct enrolment en = {.bearer = h->bearer, .expires = ctld_now() + expires};
	char hex[TOKEN_SECRET + 1];
	struct token t = {0};
	int rc;

	secret_new(hex);
	if (url_parse(&t.url, r->c->conf->url, e) == -1 || secret_parse(t.secret, hex, e) == -1)
		return -1;
	t.bundle = r->c->conf->url_bundle;
	memcpy(t.ca, r->c->ca_sha256, sizeof(t.ca));
	token_hash(t.secret, en.hash);
	token_id(en.hash, en.id);
	memcpy(en.host_id, h->id, sizeof(en.host_id));
	if ((rc = store_enrolment_add(r->c->store, &en, e)) == 0)
		token_text(&t, text, TOKEN_MAX);
	sodium_memzero(&t, sizeof(t));
	sodium_memzero(hex, sizeof(hex));
	return rc;
}

static int
read_new(struct req *r, struct host *h, uint64_t *expires)
{
	static const char *const names[] = {"name", "allow", "bearer", "expires", NULL};
	struct json *j = oper_body(r, names);
	struct errmsg e;
	uint8_t id[16];
	int rc = -1;

	if (j == NULL)
		return -1;
	if (read_name(j, h->name, sizeof(h->name)) == -1)
		(void)err_set(&e, "name: must be a host name");
	else if (json_get(j, 0, "bearer") != -1 &&
		 json_bool(j, json_get(j, 0, "bearer"), &h->bearer) == -1)
		(void)err_set(&e, "bearer: must be true or false");
	else if (read_allow(j, h, &e) == 0 && read_expires(j, expires, &e) == 0)
		rc = 0;
	json_free(j);
	if (rc == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return -1;
	}
	randombytes_buf(id, sizeof(id));
	str_hex(h->id, id, sizeof(id));
	h->created = ctld_now();
	return 0;
}

void
on_host_add(struct req *r)
{
	struct store *s = r->c->store;
	char text[TOKEN_MAX];
	struct host h = {0};
	struct errmsg e = {0};
	uint64_t expires;
	int rc;

	if (read_new(r, &h, &expires) == -1)
		return;
	if (store_begin(s, &e) == -1) {
		oper_failed(r, &e);
		return;
	}
	rc = store_host_add(s, &h, &e);
	if (rc == 0)
		rc = new_token(r, &h, expires, text, &e);
	if (store_end(s, rc == 0, &e) == -1)
		rc = -1;
	if (rc == -1) {
		oper_failed(r, &e);
	} else if (rc == 1) {
		req_error(r, API_ERR_EXISTS, "there is a host %s: see reeve host secret", h.name);
	} else {
		log_info("host %s, %s: added by %s", h.name, h.id, r->oper.name);
		req_json_durable(r, 201, one_doc(r->c, &h, text));
	}
	sodium_memzero(text, sizeof(text));
}

void
on_host_secret(struct req *r)
{
	static const char *const names[] = {"expires", NULL};
	char text[TOKEN_MAX];
	struct errmsg e = {0};
	uint64_t expires;
	struct json *j;
	struct host h;
	int rc;

	if (named(r, &h) == -1 || (j = oper_body(r, names)) == NULL)
		return;
	rc = read_expires(j, &expires, &e);
	json_free(j);
	if (rc == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
		return;
	}
	if (h.revoked != 0) {
		req_error(r, API_ERR_STATE, "this host is revoked: remove it and add it again");
		return;
	}
	if (new_token(r, &h, expires, text, &e) == -1) {
		oper_failed(r, &e);
	} else {
		log_info("host %s: new enrolment secret by %s", h.name, r->oper.name);
		req_json_durable(r, 200, one_doc(r->c, &h, text));
	}
	sodium_memzero(text, sizeof(text));
}

void
on_host_rename(struct req *r)
{
	static const char *const names[] = {"name", NULL};
	struct json *j;
	struct host h;
	int rc;

	if (named(r, &h) == -1 || (j = oper_body(r, names)) == NULL)
		return;
	rc = read_name(j, h.name, sizeof(h.name));
	json_free(j);
	if (rc == -1)
		req_error(r, API_ERR_BAD_REQUEST, "name: must be a host name");
	else {
		/* a poll that was judged before must ask again */
		queue_poll_end(r->c, h.id);
		changed(r, &h, "renamed");
	}
}

void
on_host_allow(struct req *r)
{
	static const char *const names[] = {"allow", NULL};
	struct errmsg e;
	struct json *j;
	struct host h;
	int rc;

	if (named(r, &h) == -1 || (j = oper_body(r, names)) == NULL)
		return;
	rc = read_allow(j, &h, &e);
	json_free(j);
	if (rc == -1)
		req_error(r, API_ERR_BAD_REQUEST, "%s", e.text);
	else {
		queue_poll_end(r->c, h.id);
		changed(r, &h, "addresses changed");
	}
}

/* No members: 0; -1 answered. */
static int
no_body(struct req *r)
{
	static const char *const names[] = {NULL};
	struct json *j = oper_body(r, names);

	json_free(j);
	return j == NULL ? -1 : 0;
}

void
on_host_revoke(struct req *r)
{
	struct errmsg e;
	struct host h;

	if (named(r, &h) == -1 || no_body(r) == -1)
		return;
	if (h.revoked == 0)
		h.revoked = ctld_now();
	/* first what must hold even if the rest fails; the credential stays known, so that the host
	 * is told why; a secret not yet used ends */
	if (store_host_update(r->c->store, &h, &e) == -1 ||
	    store_enrolment_drop(r->c->store, &h, &e) == -1 ||
	    queue_host_lost(r->c, h.id, "the host was revoked", &e) == -1)
		oper_failed(r, &e);
	else
		changed(r, &h, "revoked");
}

void
on_host_maintenance(struct req *r)
{
	static const char *const names[] = {"on", NULL};
	struct ctld *c = r->c;
	struct json *j;
	struct host h;
	int rc;

	if (named(r, &h) == -1 || (j = oper_body(r, names)) == NULL)
		return;
	rc = json_bool(j, json_get(j, 0, "on"), &h.maintenance);
	json_free(j);
	if (rc == -1) {
		req_error(r, API_ERR_BAD_REQUEST, "on: must be true or false");
		return;
	}
	changed(r, &h, h.maintenance ? "maintenance begun" : "maintenance ended");
	queue_wake(c, h.id);
}

void
on_host_unclone(struct req *r)
{
	struct errmsg e;
	struct host h;

	if (named(r, &h) == -1 || no_body(r) == -1)
		return;
	h.clone = 0;
	h.boot_id[0] = h.audit_chain[0] = '\0';
	h.ledger_seq = h.audit_seq = 0;
	if (store_host_forget_boots(r->c->store, &h, &e) == -1)
		oper_failed(r, &e);
	else
		changed(r, &h, "clone mark taken off");
}

void
on_host_remove(struct req *r)
{
	struct errmsg e;
	struct host h;

	if (named(r, &h) == -1)
		return;
	if (queue_host_lost(r->c, h.id, "the host was removed", &e) == -1 ||
	    store_host_remove(r->c->store, &h, &e) == -1) {
		oper_failed(r, &e);
		return;
	}
	log_info("host %s, %s: removed by %s", h.name, h.id, r->oper.name);
	req_json_durable(r, 200, strdup("{\"removed\":true}"));
}
