/* What operators ask about hosts and tokens, and change of them. */

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ctld/hostdoc.h"
#include "ctld/queue.h"
#include "ctld/route.h"
#include "ctld/signer.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"
#include "proto/token.h"
#include "version.h"

#define DAY	    86400
#define EXPIRES_MAX (30 * DAY)
#define TOKEN_YEARS (10ULL * 365 * DAY)

void
oper_failed(struct req *r, const struct errmsg *e)
{
	log_warnx("%s: %s", r->route->path, e->text);
	req_later(r, API_ERR_UNAVAILABLE, 10, "the database failed");
}

char *
oper_doc(struct jsonout *j)
{
	const char *text = jo_text(j);
	char *doc = text == NULL ? NULL : strdup(text);

	jo_free(j);
	return doc;
}

struct json *
oper_body(struct req *r, const char *const *names)
{
	struct errmsg e;
	struct json *j;

	/* verbs without arguments may come without a body */
	j = r->bodylen == 0 ? json_parse("{}", 2, &e)
			    : json_parse((const char *)r->body, r->bodylen, &e);
	if (j != NULL && json_type(j, 0) == JSON_OBJECT && json_only(j, 0, names, &e) == 0)
		return j;
	if (j != NULL && json_type(j, 0) != JSON_OBJECT)
		(void)err_set(&e, "must be an object");
	json_free(j);
	req_error(r, API_ERR_BAD_REQUEST, "the body: %s", e.text);
	return NULL;
}

void
on_whoami(struct req *r)
{
	char ca[65];
	struct jsonout j;

	str_hex(ca, r->c->ca_sha256, 32);
	jo_init(&j, 4096);
	jo_obj(&j, NULL);
	jo_str(&j, "name", r->oper.name);
	jo_str(&j, "role", oper_role_name(r->oper.role));
	jo_str(&j, "fleet", r->c->fleet);
	jo_str(&j, "version", REEVE_VERSION);
	jo_u64(&j, "server_time", ctld_now());
	jo_str(&j, "online_key", r->c->online);
	jo_str(&j, "ca_sha256", ca);
	jo_end(&j);
	req_json(r, 200, oper_doc(&j));
}

/* ---- tokens ---- */

static void
token_doc(struct jsonout *j, const struct oper *o)
{
	jo_obj(j, NULL);
	jo_str(j, "name", o->name);
	jo_str(j, "role", oper_role_name(o->role));
	jo_u64(j, "created", o->created);
	jo_u64(j, "expires", o->expires);
	jo_u64(j, "last", o->last);
	jo_end(j);
}

void
on_tokens(struct req *r)
{
	struct oper *all;
	struct jsonout j;
	struct errmsg e;
	char after[256];
	size_t n, max;

	if (req_page(r, after, sizeof(after), &max) == -1)
		return;
	if ((all = calloc(max + 1, sizeof(*all))) == NULL) {
		req_error(r, API_ERR_INTERNAL, "out of memory");
		return;
	}
	/* one more than asked for tells whether there are more */
	if (store_oper_list(r->c->store, after, max + 1, all, &n, &e) == -1) {
		free(all);
		oper_failed(r, &e);
		return;
	}
	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	jo_arr(&j, "tokens");
	for (size_t i = 0; i < n && i < max; i++)
		token_doc(&j, &all[i]);
	jo_end(&j);
	if (n > max)
		jo_str(&j, "next", all[max - 1].name);
	else
		jo_null(&j, "next");
	jo_end(&j);
	free(all);
	req_json(r, 200, oper_doc(&j));
}

/* 0; -1 answered. */
static int
read_token(struct req *r, struct oper *o)
{
	static const char *const names[] = {"name", "role", "expires", NULL};
	struct json *j = oper_body(r, names);
	uint64_t expires = 0;
	char role[16];
	int n = -1, ok;

	if (j == NULL)
		return -1;
	ok = json_str(j, json_get(j, 0, "name"), o->name, sizeof(o->name)) == 0 &&
	     valid_ident(o->name) && json_str(j, json_get(j, 0, "role"), role, sizeof(role)) == 0 &&
	     (n = oper_role_byname(role)) != -1;
	if (ok && json_get(j, 0, "expires") != -1)
		ok = json_u64(j, json_get(j, 0, "expires"), 0, TOKEN_YEARS, &expires) == 0;
	json_free(j);
	if (!ok) {
		req_error(r, API_ERR_BAD_REQUEST,
		    "must be {name, role, expires}: role one of viewer, operator, approver, admin; "
		    "expires in seconds from now, 0 never");
		return -1;
	}
	o->role = (enum role)n;
	o->created = ctld_now();
	o->expires = expires == 0 ? 0 : o->created + expires;
	return 0;
}

static char *
secret_doc(const char *hex)
{
	struct jsonout j;

	jo_init(&j, 1024);
	jo_obj(&j, NULL);
	jo_str(&j, "token", hex);
	jo_end(&j);
	return oper_doc(&j);
}

void
on_token_add(struct req *r)
{
	char hex[TOKEN_SECRET + 1];
	struct oper o = {0};
	uint8_t secret[24], h[32];
	struct errmsg e;
	int rc;

	if (read_token(r, &o) == -1)
		return;
	secret_new(hex);
	if (secret_parse(secret, hex, &e) == -1) {
		req_error(r, API_ERR_INTERNAL, "no secret could be made");
		return;
	}
	token_hash(secret, h);
	rc = store_oper_add(r->c->store, &o, h, &e);
	if (rc == -1)
		oper_failed(r, &e);
	else if (rc == 1)
		req_error(r, API_ERR_EXISTS, "there is a token of that name: remove it first");
	else {
		log_info("token %s, %s: made by %s", o.name, oper_role_name(o.role), r->oper.name);
		req_json_durable(r, 201, secret_doc(hex));
	}
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(secret, sizeof(secret));
}

void
on_token_remove(struct req *r)
{
	struct errmsg e;
	int rc;

	if (strcmp(r->arg[0], r->oper.name) == 0) {
		req_error(
		    r, API_ERR_STATE, "this is the token that you use: use another to remove it");
		return;
	}
	if ((rc = store_oper_remove(r->c->store, r->arg[0], &e)) == -1) {
		oper_failed(r, &e);
		return;
	}
	if (rc == 1) {
		req_error(r, API_ERR_NOT_FOUND, "there is no such token");
		return;
	}
	queue_oper_lost(r->c, r->arg[0]);
	log_info("token %s: removed by %s", r->arg[0], r->oper.name);
	req_json_durable(r, 200, strdup("{\"removed\":true}"));
}
