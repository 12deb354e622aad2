/*
 * Signatures first, over the exact bytes; then, and only then, the parser; then this host and its
 * clock. The caller's bytes may be hostile in every way.
 */

#include <stdlib.h>
#include <string.h>

#include "privd/verify.h"

struct verified {
	uint8_t *bytes;
	size_t len;
	uint8_t hash[32];
	const struct policy_key *signer[TICKET_SIGS];
	unsigned int nsigners;
};

/*
 * The key of POLICY that made SIG. Those with the signature's key number are tried first, the
 * others after: the number is only a hint, and two keys may have one.
 */
static const struct policy_key *
find_signer(const struct policy *policy, const uint8_t *bytes, size_t len, const struct sig *sig)
{
	const struct policy_key *k;

	for (int hinted = 1; hinted >= 0; hinted--)
		for (unsigned int i = 0; (k = policy_key(policy, i)) != NULL; i++)
			if ((memcmp(k->pub.keynum, sig->keynum, sizeof(sig->keynum)) == 0) ==
				hinted &&
			    pubkey_verify(&k->pub, bytes, len, sig))
				return k;
	return NULL;
}

/* A key counts once. */
static void
add_signer(struct verified *v, const struct policy_key *k)
{
	for (unsigned int i = 0; i < v->nsigners; i++)
		if (v->signer[i] == k)
			return;
	v->signer[v->nsigners++] = k;
}

static struct verified *
verified_new(const uint8_t *bytes, size_t len, struct errmsg *e)
{
	struct verified *v = calloc(1, sizeof(*v));

	if (v == NULL || (v->bytes = malloc(len)) == NULL) {
		err_errno(e, "ticket");
		free(v);
		return NULL;
	}
	memcpy(v->bytes, bytes, len);
	v->len = len;
	return v;
}

static int
check_sizes(size_t len, unsigned int nsigs, struct errmsg *e)
{
	if (len == 0 || len > TICKET_MAX)
		return err_set(e, "ticket: %zu bytes, must be 1 to %d", len, TICKET_MAX);
	if (nsigs == 0)
		return err_set(e, "ticket: is not signed");
	if (nsigs > TICKET_SIGS)
		return err_set(e, "ticket: %u signatures, at most %d", nsigs, TICKET_SIGS);
	return 0;
}

/* KEYS NULL: no key need be usable any more. */
static struct verified *
verify(const struct policy *policy, const struct keystore *keys, const uint8_t *bytes, size_t len,
    const struct sig *sigs, unsigned int nsigs, uint64_t now, struct errmsg *e)
{
	struct verified *v;

	if (check_sizes(len, nsigs, e) == -1 || (v = verified_new(bytes, len, e)) == NULL)
		return NULL;
	for (unsigned int i = 0; i < nsigs; i++) {
		const struct policy_key *k = find_signer(policy, v->bytes, v->len, &sigs[i]);

		if (k == NULL) {
			err_set(e, "signature %u: unknown key, or not a signature over this ticket",
			    i + 1);
			verified_free(v);
			return NULL;
		}
		if (keys != NULL && keystore_usable(keys, k, now, e) == -1) {
			err_prefix(e, "signature %u", i + 1);
			verified_free(v);
			return NULL;
		}
		add_signer(v, k);
	}
	ticket_hash((const char *)v->bytes, v->len, v->hash);
	return v;
}

struct verified *
verify_ticket(const struct policy *policy, const struct keystore *keys, const uint8_t *bytes,
    size_t len, const struct sig *sigs, unsigned int nsigs, uint64_t now, struct errmsg *e)
{
	if (keys == NULL) {
		err_set(e, "no key store");
		return NULL;
	}
	return verify(policy, keys, bytes, len, sigs, nsigs, now, e);
}

struct verified *
verify_stored(const struct policy *policy, const uint8_t *bytes, size_t len, const struct sig *sigs,
    unsigned int nsigs, struct errmsg *e)
{
	return verify(policy, NULL, bytes, len, sigs, nsigs, 0, e);
}

struct verified *
verified_from_ledger(const uint8_t *bytes, size_t len, struct errmsg *e)
{
	struct verified *v;

	if (check_sizes(len, 1, e) == -1 || (v = verified_new(bytes, len, e)) == NULL)
		return NULL;
	ticket_hash((const char *)v->bytes, v->len, v->hash);
	return v;
}

void
verified_free(struct verified *v)
{
	if (v == NULL)
		return;
	free(v->bytes);
	free(v);
}

int
verified_parse(const struct verified *v, struct ticket *t, struct errmsg *e)
{
	return ticket_parse(t, (const char *)v->bytes, v->len, e);
}

const uint8_t *
verified_bytes(const struct verified *v, size_t *len)
{
	*len = v->len;
	return v->bytes;
}

const uint8_t *
verified_hash(const struct verified *v)
{
	return v->hash;
}

unsigned int
verified_signers(const struct verified *v, const struct policy_key *out[TICKET_SIGS])
{
	for (unsigned int i = 0; i < v->nsigners; i++)
		out[i] = v->signer[i];
	return v->nsigners;
}

/* ---- this host, this clock ---- */

int
verify_host(const struct ticket *t, const struct conf *c, struct errmsg *e)
{
	if (strcmp(t->fleet, c->fleet) != 0)
		return err_set(
		    e, "fleet: the ticket is of fleet %s, this host of %s", t->fleet, c->fleet);
	for (size_t i = 0; i < t->nhosts; i++) {
		int id = strcmp(t->host[i].id, c->host_id) == 0;
		int name = strcmp(t->host[i].name, c->host_name) == 0;

		if (id && name)
			return 0;
		if (id)
			return err_set(e, "host: the id is this host's, but the name is %s, not %s",
			    t->host[i].name, c->host_name);
		if (name)
			return err_set(e, "host: the name is this host's, but the id is %s, not %s",
			    t->host[i].id, c->host_id);
	}
	return err_set(e, "host: the ticket is for another host than %s", c->host_name);
}

/* The ticket's own times, whatever the clock says (notbefore is never before issued). */
static int
check_span(const struct ticket *t, const struct conf *c, struct errmsg *e)
{
	if (t->notafter < t->issued || t->notafter - t->issued > c->max_span)
		return err_set(
		    e, "notafter: the ticket spans more than %u s (max-span)", c->max_span);
	return 0;
}

int
verify_time(const struct ticket *t, const struct conf *c, const struct clockstate *ck, int *expired,
    struct errmsg *e)
{
	unsigned long long now = ck->now;

	*expired = 0;
	if (ck->floor > ck->now && ck->floor - ck->now > VERIFY_SKEW)
		return err_set(e,
		    "clock: this host's clock (%llu) is behind what it has seen (%llu): set it",
		    now, (unsigned long long)ck->floor);
	if (check_span(t, c, e) == -1)
		return -1;
	if (ck->now > t->notafter) {
		*expired = 1;
		return err_set(e, "notafter: the ticket expired %llu s ago", now - t->notafter);
	}
	if (t->issued > ck->now && t->issued - ck->now > VERIFY_SKEW)
		return err_set(e, "issued: %llu s in the future", t->issued - now);
	/* one that is meant for later; an operator's clock that is a little ahead is not that */
	if (t->notbefore > t->issued && t->notbefore > ck->now)
		return err_set(e, "notbefore: not valid for another %llu s", t->notbefore - now);
	if (ck->cut != 0 && t->issued <= ck->cut + VERIFY_SKEW)
		return err_set(e,
		    "issued: the ledger was cut at %llu: tickets up to %d s after it are refused",
		    (unsigned long long)ck->cut, VERIFY_SKEW);
	return 0;
}
