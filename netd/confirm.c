/*
 * Confirmations: a nonce of privd's goes to the control plane over a new connection, which is the
 * point of it, and the online key's signature comes back.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "netd/netd.h"

static void
drop_first(struct netd *n)
{
	n->nconfirms--;
	memmove(&n->confirm[0], &n->confirm[1], n->nconfirms * sizeof(n->confirm[0]));
	sodium_memzero(&n->confirm[n->nconfirms], sizeof(n->confirm[0]));
}

void
netd_confirm_ask(struct netd *n, const uint8_t id[16], const uint8_t nonce[32])
{
	struct confirm *f;

	if (n->nconfirms == NETD_CONFIRMS) {
		log_warnx("too many confirmations at once: the oldest is given up");
		drop_first(n);
	}
	f = &n->confirm[n->nconfirms++];
	memcpy(f->id, id, sizeof(f->id));
	memcpy(f->nonce, nonce, sizeof(f->nonce));
	f->until = net_now() + (uint64_t)NETD_CONFIRM_S * 1000;
	netd_wake(&n->client[CL_CONFIRM]);
}

int
netd_confirm_wanted(const struct netd *n)
{
	return n->nconfirms > 0;
}

int
netd_confirm_send(struct client *c)
{
	struct confirm *f = &c->n->confirm[0];
	struct netd_call call = {.kind = CALL_CONFIRM, .method = "POST", .max = API_BODY_MAX};
	char path[80], hex[33], *text;
	int rv;

	if ((text = api_nonce_put(f->nonce)) == NULL)
		return 0;
	str_hex(hex, f->id, sizeof(f->id));
	snprintf(path, sizeof(path), "job/%s/confirm", hex);
	memcpy(c->confirming, f->id, sizeof(c->confirming));
	call.path = path;
	call.body = text;
	call.len = strlen(text);
	rv = netd_client_call(c, &call);
	free(text);
	return rv == 0;
}

void
netd_confirm_reply(struct client *c, const struct reply *r)
{
	struct netd *n = c->n;
	enum disposition d = netd_judge(c, r, 1);
	struct confirm first;
	struct errmsg e;
	struct sig sig;

	netd_client_drop(c);
	if (n->nconfirms == 0 || memcmp(n->confirm[0].id, c->confirming, 16) != 0)
		return; /* given up meanwhile */
	if (d == D_OK && api_sig_get(&sig, r->body, r->len, &e) == 0) {
		netd_tell(n, MSG_CONFIRM_SIG, msg_confirmsig_put(n->confirm[0].id, &sig));
		drop_first(n);
		return;
	}
	if (d == D_OK)
		log_warnx("confirm: the answer: %s", e.text);
	if (d == D_OK || d == D_JOB || d == D_LARGE || d == D_OFFSET || d == D_CLONE)
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_NET, 0));
	first = n->confirm[0];
	drop_first(n);
	if (net_now() < first.until) /* behind the others */
		n->confirm[n->nconfirms++] = first;
}
