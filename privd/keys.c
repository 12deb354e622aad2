/* The key store: who may sign, as the fleet's admins last said. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "privd/keys.h"

#define STORE	   "keystore"
#define STORE_HEAD "reeve-keys "

struct keystore {
	char fleet[33];
	int present; /* 0: no file, FILE counts for nothing */
	struct keysfile file;
};

/* A newer format is told apart from a damaged file, so that nobody "repairs" it. */
static int
check_version(const char *text, size_t len, struct errmsg *e)
{
	const size_t head = strlen(STORE_HEAD);
	const char *nl = memchr(text, '\n', len);

	if (nl == NULL || (size_t)(nl - text) <= head || memcmp(text, STORE_HEAD, head) != 0)
		return 0; /* the parser will say what it is */
	if ((size_t)(nl - text) == head + 1 && text[head] == '1')
		return 0;
	return err_set(e,
	    "key store: its format is \"%.*s\", this version of reeve knows \"reeve-keys 1\" only",
	    (int)(nl - text < 64 ? nl - text : 64), text);
}

static int
parse_store(struct keysfile *f, const char *text, size_t len, const char *fleet, struct errmsg *e)
{
	if (check_version(text, len, e) == -1)
		return -1;
	if (keysfile_parse(f, text, len, e) == -1)
		return err_prefix(e, "key store");
	if (strcmp(f->fleet, fleet) != 0)
		return err_set(e, "key store: is of fleet %s, this host of %s", f->fleet, fleet);
	return 0;
}

/* 1 read, 0 there is none, -1 E. */
static int
read_store(int statefd, char **buf, size_t *len, struct errmsg *e)
{
	struct stat st;
	int fd, rv = -1;

	fd = fd_openat(statefd, STORE, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd == -1)
		return errno == ENOENT ? 0 : err_errno(e, STORE);
	if (fstat(fd, &st) == -1)
		err_errno(e, STORE);
	else if (!S_ISREG(st.st_mode))
		err_set(e, STORE ": not a regular file");
	else if (fd_check_trusted(fd, STORE, FD_TRUST_PRIVATE, e) == 0) {
		if (fd_slurp(fd, KEYSFILE_MAX, buf, len, e) == 0)
			rv = 1;
		else
			err_prefix(e, STORE);
	}
	close(fd);
	return rv;
}

struct keystore *
keystore_load(int statefd, const char *fleet, struct errmsg *e)
{
	struct keystore *k = calloc(1, sizeof(*k));
	char *buf;
	size_t len;
	int rv = -1;

	if (k == NULL) {
		err_errno(e, STORE);
		return NULL;
	}
	memcpy(k->fleet, fleet, strnlen(fleet, sizeof(k->fleet) - 1));
	if ((k->present = read_store(statefd, &buf, &len, e)) == 1) {
		rv = parse_store(&k->file, buf, len, k->fleet, e);
		free(buf);
	} else if (k->present == 0)
		rv = 0;
	if (rv == -1) {
		free(k);
		return NULL;
	}
	return k;
}

void
keystore_free(struct keystore *k)
{
	free(k);
}

uint64_t
keystore_version(const struct keystore *k)
{
	return k->present ? k->file.version : 0;
}

static const struct keysfile_key *
find_key(const struct keysfile *f, const struct pubkey *pub)
{
	for (size_t i = 0; i < f->nkeys; i++)
		if (memcmp(f->key[i].pub.key, pub->key, sizeof(pub->key)) == 0)
			return &f->key[i];
	return NULL;
}

int
keystore_usable(
    const struct keystore *k, const struct policy_key *key, uint64_t now, struct errmsg *e)
{
	const struct keysfile_key *f;

	if (!k->present)
		return 0;
	if ((f = find_key(&k->file, &key->pub)) == NULL)
		return err_set(e, "key %s is not in the key store", key->name);
	if (f->revoked != 0)
		return err_set(e, "key %s was revoked", key->name);
	if (f->notafter != 0 && now > f->notafter)
		return err_set(e, "key %s expired", key->name);
	if (f->role != key->role)
		return err_set(e, "key %s is %s in the key store, %s in policy.conf", key->name,
		    role_name(f->role), role_name(key->role));
	if (strcmp(f->holder, key->holder) != 0)
		return err_set(e, "key %s is held by %s in the key store, by %s in policy.conf",
		    key->name, f->holder, key->holder);
	return 0;
}

/* ---- a new one ---- */

static int
admin_now(const struct keysfile_key *f, uint64_t now)
{
	return f->role == ROLE_ADMIN && f->revoked == 0 && (f->notafter == 0 || now <= f->notafter);
}

/* The admin key of FILE that made SIG over TEXT; its index, or -1. */
static int
store_signer(
    const struct keysfile *f, const char *text, size_t len, const struct sig *sig, uint64_t now)
{
	for (size_t i = 0; i < f->nkeys; i++)
		if (admin_now(&f->key[i], now) && pubkey_verify(&f->key[i].pub, text, len, sig))
			return (int)i;
	return -1;
}

static int
policy_signer(const struct policy *p, const char *text, size_t len, const struct sig *sig)
{
	const struct policy_key *key;

	for (unsigned int i = 0; (key = policy_key(p, i)) != NULL; i++)
		if (key->role == ROLE_ADMIN && pubkey_verify(&key->pub, text, len, sig))
			return (int)i;
	return -1;
}

#define SIGNERS_MAX (2 * KEYSFILE_KEYS)

struct count {
	uint8_t seen[SIGNERS_MAX]; /* which keys have counted */
	unsigned int n;
};

/* A key counts once, however often it signed. */
static int
count_signer(struct count *c, int signer)
{
	if (signer < 0 || signer >= SIGNERS_MAX)
		return 0;
	if (!c->seen[signer]) {
		c->seen[signer] = 1;
		c->n++;
	}
	return 1;
}

/* Signatures against the thresholds of the present store (or policy) and of the new file. */
static int
check_signers(const struct keystore *k, const struct policy *p, const struct keysfile *new,
    const char *text, size_t len, const struct sig *sigs, unsigned int nsigs, uint64_t now,
    struct errmsg *e)
{
	uint32_t need = k->present ? k->file.threshold : 1;
	struct count old = {.n = 0}, next = {.n = 0};

	for (unsigned int i = 0; i < nsigs; i++) {
		int byold =
		    count_signer(&old, k->present ? store_signer(&k->file, text, len, &sigs[i], now)
						  : policy_signer(p, text, len, &sigs[i]));
		int bynew = count_signer(&next, store_signer(new, text, len, &sigs[i], now));

		if (!byold && !bynew)
			return err_set(e, "signature %u: not by an admin key that may sign", i + 1);
	}
	if (old.n < need)
		return err_set(
		    e, "signed by %u of the present admin keys, %u are needed", old.n, need);
	if (next.n < new->threshold)
		return err_set(
		    e, "signed by %u of its own admin keys, %u are needed", next.n, new->threshold);
	return 0;
}

/* Whoever was revoked stays in the file, and stays revoked from the same time or an earlier one. */
static int
check_revoked(const struct keystore *k, const struct keysfile *new, struct errmsg *e)
{
	for (size_t i = 0; k->present && i < k->file.nkeys; i++) {
		const struct keysfile_key *was = &k->file.key[i], *is;

		if (was->revoked == 0)
			continue;
		is = find_key(new, &was->pub);
		if (is == NULL || is->revoked == 0 || is->revoked > was->revoked)
			return err_set(e, "a key of %s was revoked and must stay so", was->holder);
	}
	return 0;
}

int
keystore_update(struct keystore **k, const struct policy *p, int statefd, const char *text,
    size_t len, const struct sig *sigs, unsigned int nsigs, uint64_t now, struct errmsg *e)
{
	struct keystore *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return err_errno(e, STORE);
	memcpy(new->fleet, (*k)->fleet, sizeof(new->fleet));
	new->present = 1;
	if (parse_store(&new->file, text, len, (*k)->fleet, e) == -1)
		goto fail;
	if (new->file.version - 1 != keystore_version(*k)) {
		err_set(e, "key store: version %llu does not follow %llu",
		    (unsigned long long)new->file.version,
		    (unsigned long long)keystore_version(*k));
		goto fail;
	}
	if (check_signers(*k, p, &new->file, text, len, sigs, nsigs, now, e) == -1 ||
	    check_revoked(*k, &new->file, e) == -1) {
		err_prefix(e, "key store");
		goto fail;
	}
	if (fd_replace(statefd, STORE, 0600, text, len, e) == -1)
		goto fail;
	keystore_free(*k);
	*k = new;
	return 0;
fail:
	keystore_free(new);
	return -1;
}
