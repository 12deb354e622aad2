/* The texts of the key store and of the reset order; what they mean is judged in privd/keys.c. */
#include "proto/keysfile.h"

#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/text.h"
#include "proto/ticket.h"

#define THRESHOLD_MAX 16

static const char *const roles[ROLE_MAX] = {[ROLE_ADMIN] = "admin",
    [ROLE_OPERATOR] = "operator",
    [ROLE_AUTOMATION] = "automation",
    [ROLE_ONLINE] = "online"};

const char *
role_name(enum key_role r)
{
	return (unsigned int)r >= ROLE_ADMIN && (unsigned int)r < ROLE_MAX ? roles[r] : "?";
}

int
role_byname(const char *s)
{
	int i;

	for (i = ROLE_ADMIN; i < ROLE_MAX; i++)
		if (strcmp(roles[i], s) == 0)
			return i;
	return -1;
}

/* One after another: sorted by base64, and no key twice under two numbers. */
static int
check_key(struct text *t, const struct keysfile *k, const struct keysfile_key *new, const char *b64)
{
	char last[57];
	size_t i;

	if (!pubkey_usable(&new->pub))
		return text_err(t, "key: is not a point that a key may be");
	if (k->nkeys == 0)
		return 0;
	pubkey_write_b64(&k->key[k->nkeys - 1].pub, last);
	if (strcmp(last, b64) > 0)
		return text_err(t, "key: must be sorted by their text");
	for (i = 0; i < k->nkeys; i++)
		if (memcmp(k->key[i].pub.key, new->pub.key, sizeof(new->pub.key)) == 0)
			return text_err(t, "key: stands twice");
	return 0;
}

static int
parse_key(struct text *t, struct keysfile *k)
{
	struct keysfile_key *new = &k->key[k->nkeys];
	const char *v = text_value(t, "key");
	int role;

	if (v == NULL)
		return -1;
	if (k->nkeys == KEYSFILE_KEYS)
		return text_err(t, "key: at most %d of them", KEYSFILE_KEYS);
	if (pubkey_parse_b64(&new->pub, v, strlen(v)) == -1)
		return text_err(t, "key: must be the base64 line of a signify public key");
	if (check_key(t, k, new, v) == -1 || (v = text_value(t, "role")) == NULL)
		return -1;
	if ((role = role_byname(v)) == -1)
		return text_err(t, "role: must be admin, operator, automation or online");
	new->role = (enum key_role)role;
	if ((v = text_value(t, "holder")) == NULL)
		return -1;
	if (!valid_ident(v))
		return text_err(t, "holder: must be letters, digits and . _ -, at most 64");
	memcpy(new->holder, v, strlen(v) + 1);
	if (text_u64(t, "notafter", 0, TICKET_TIME_MAX, &new->notafter) == -1 ||
	    text_u64(t, "revoked", 0, TICKET_TIME_MAX, &new->revoked) == -1)
		return -1;
	k->nkeys++;
	return 0;
}

static int
parse_keys(struct text *t, struct keysfile *k)
{
	const char *fleet;
	uint64_t threshold;

	if (text_fixed(t, "reeve-keys 1") == -1 ||
	    (fleet = text_hex(t, "fleet", JOB_IDLEN)) == NULL ||
	    text_u64(t, "version", 1, UINT64_MAX, &k->version) == -1 ||
	    text_u64(t, "threshold", 1, THRESHOLD_MAX, &threshold) == -1)
		return -1;
	memcpy(k->fleet, fleet, sizeof(k->fleet));
	k->threshold = (uint32_t)threshold;
	do {
		if (parse_key(t, k) == -1)
			return -1;
	} while (text_is(t, "key"));
	return text_last(t);
}

int
keysfile_parse(struct keysfile *k, const char *buf, size_t len, struct errmsg *e)
{
	char *copy = malloc(KEYSFILE_MAX + 1);
	struct text t;
	int rv = -1;

	memset(k, 0, sizeof(*k));
	if (copy == NULL)
		return err_errno(e, "key store");
	if (text_open(&t, copy, KEYSFILE_MAX, buf, len, "key store", e) == 0)
		rv = parse_keys(&t, k);
	free(copy);
	if (rv == -1)
		memset(k, 0, sizeof(*k));
	return rv;
}

/* What was written must parse; nothing else leaves here. */
ssize_t
keysfile_write(const struct keysfile *k, char *buf, size_t size, struct errmsg *e)
{
	struct keysfile *again;
	struct textout o;
	char b64[57];
	size_t i;
	int rv;

	textout_init(&o, buf, size);
	textout_put(&o, "reeve-keys 1\nfleet %s\nversion %llu\nthreshold %u\n", k->fleet,
	    (unsigned long long)k->version, k->threshold);
	for (i = 0; i < k->nkeys; i++) {
		const struct keysfile_key *key = &k->key[i];

		pubkey_write_b64(&key->pub, b64);
		textout_put(&o, "key %s\nrole %s\nholder %s\nnotafter %llu\nrevoked %llu\n", b64,
		    role_name(key->role), key->holder, (unsigned long long)key->notafter,
		    (unsigned long long)key->revoked);
	}
	textout_put(&o, "end\n");
	if (textout_done(&o, "key store", e) == -1)
		return -1;
	if ((again = malloc(sizeof(*again))) == NULL)
		return err_errno(e, "key store");
	rv = keysfile_parse(again, buf, o.len, e);
	free(again);
	return rv == -1 ? -1 : (ssize_t)o.len;
}

static int
parse_reset(struct text *t, struct keysreset *r)
{
	const char *fleet, *id, *challenge;
	char *v;

	if (text_fixed(t, "reeve-reset 1") == -1 ||
	    (fleet = text_hex(t, "fleet", JOB_IDLEN)) == NULL ||
	    (v = text_value(t, "host")) == NULL)
		return -1;
	id = text_word(&v);
	if (id == NULL || !valid_hex(id, JOB_IDLEN) || !valid_hostname(v))
		return text_err(t, "host: must be 32 lower-case hex digits and a host name");
	memcpy(r->fleet, fleet, sizeof(r->fleet));
	memcpy(r->host_id, id, sizeof(r->host_id));
	memcpy(r->host_name, v, strlen(v) + 1);
	if ((challenge = text_hex(t, "challenge", JOB_IDLEN)) == NULL ||
	    text_u64(t, "issued", 0, TICKET_TIME_MAX, &r->issued) == -1)
		return -1;
	memcpy(r->challenge, challenge, sizeof(r->challenge));
	return text_last(t);
}

int
keysreset_parse(struct keysreset *r, const char *buf, size_t len, struct errmsg *e)
{
	char copy[KEYSRESET_MAX + 1];
	struct text t;

	memset(r, 0, sizeof(*r));
	if (text_open(&t, copy, KEYSRESET_MAX, buf, len, "reset order", e) == 0 &&
	    parse_reset(&t, r) == 0)
		return 0;
	memset(r, 0, sizeof(*r));
	return -1;
}

ssize_t
keysreset_write(const struct keysreset *r, char *buf, size_t size, struct errmsg *e)
{
	struct keysreset again;
	struct textout o;

	textout_init(&o, buf, size);
	textout_put(&o, "reeve-reset 1\nfleet %s\nhost %s %s\nchallenge %s\nissued %llu\nend\n",
	    r->fleet, r->host_id, r->host_name, r->challenge, (unsigned long long)r->issued);
	if (textout_done(&o, "reset order", e) == -1 ||
	    keysreset_parse(&again, buf, o.len, e) == -1)
		return -1;
	return (ssize_t)o.len;
}
