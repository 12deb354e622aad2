/* Keys and signatures in the formats of signify(1); Ed25519 by libsodium. */
#include "proto/signify.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"

/*
 * What the base64 line holds:
 *	public key	"Ed" number[8] key[32]
 *	signature	"Ed" number[8] signature[64]
 *	secret key	"Ed" "BK" rounds[4] salt[16] checksum[8] number[8] key[64]
 * A secret key with 0 rounds is not encrypted. Its checksum is the start of SHA-512 of the key.
 */
#define PUB_LEN	  42
#define SIG_LEN	  74
#define SEC_LEN	  104
#define SEC_SALT  8
#define SEC_CHECK 24
#define SEC_NUM	  32
#define SEC_KEY	  40

#define COMMENT	   "untrusted comment: "
#define COMMENTLEN (sizeof(COMMENT) - 1)

static void
crypto_start(void)
{
	if (sodium_init() == -1)
		abort();
}

/* Judges the comment line of TEXT. Returns what stands behind it, or NULL with E. */
static const char *
skip_comment(const char *text, size_t len, const char *what, struct errmsg *e)
{
	const char *p, *lf = memchr(text, '\n', len);

	if (lf == NULL || len < COMMENTLEN || memcmp(text, COMMENT, COMMENTLEN) != 0) {
		err_set(e, "%s: line 1 must begin with \"%s\"", what, COMMENT);
		return NULL;
	}
	if ((size_t)(lf - text) > COMMENTLEN + SIGNIFY_COMMENT_MAX) {
		err_set(
		    e, "%s: line 1: comment is longer than %d bytes", what, SIGNIFY_COMMENT_MAX);
		return NULL;
	}
	for (p = text; p < lf; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			err_set(e, "%s: line 1: comment holds a control character", what);
			return NULL;
		}
	return lf + 1;
}

/* The two lines of WHAT: WANT bytes into OUT, which begin with "Ed". 0 or -1 with E. */
static int
parse_text(
    uint8_t *out, size_t want, const char *text, size_t len, const char *what, struct errmsg *e)
{
	const char *b64, *lf;

	if (len > SIGNIFY_TEXT_MAX)
		return err_set(e, "%s: longer than %d bytes", what, SIGNIFY_TEXT_MAX);
	if ((b64 = skip_comment(text, len, what, e)) == NULL)
		return -1;
	len -= (size_t)(b64 - text);
	if ((lf = memchr(b64, '\n', len)) == NULL)
		return err_set(e, "%s: line 2 must end with a newline", what);
	if ((size_t)(lf + 1 - b64) != len)
		return err_set(e, "%s: nothing may stand after line 2", what);
	if (len - 1 != (want + 2) / 3 * 4 || str_b64dec(out, want, b64, len - 1) != (ssize_t)want)
		return err_set(e, "%s: line 2 must be the base64 of %zu bytes", what, want);
	if (memcmp(out, "Ed", 2) != 0)
		return err_set(e, "%s: not an Ed25519 %s of signify", what, what);
	return 0;
}

int
pubkey_parse(struct pubkey *k, const char *text, size_t len, struct errmsg *e)
{
	uint8_t raw[PUB_LEN];

	if (parse_text(raw, sizeof(raw), text, len, "public key", e) == -1)
		return -1;
	memcpy(k->keynum, raw + 2, 8);
	memcpy(k->key, raw + 10, 32);
	return 0;
}

int
sig_parse(struct sig *s, const char *text, size_t len, struct errmsg *e)
{
	uint8_t raw[SIG_LEN];

	if (parse_text(raw, sizeof(raw), text, len, "signature", e) == -1)
		return -1;
	memcpy(s->keynum, raw + 2, 8);
	memcpy(s->sig, raw + 10, 64);
	return 0;
}

/* The checks on an unencrypted key: the file's checksum, and that both halves belong together. */
static int
check_secret(const uint8_t raw[SEC_LEN], struct errmsg *e)
{
	uint8_t digest[64], pub[32], sec[64];
	int bad;

	crypto_start();
	crypto_hash_sha512(digest, raw + SEC_KEY, 64);
	bad = sodium_memcmp(digest, raw + SEC_CHECK, 8) != 0;
	sodium_memzero(digest, sizeof(digest));
	if (bad)
		return err_set(e, "secret key: the checksum does not fit; the file is damaged");
	crypto_sign_seed_keypair(pub, sec, raw + SEC_KEY);
	bad = sodium_memcmp(sec, raw + SEC_KEY, 64) != 0;
	sodium_memzero(sec, sizeof(sec));
	if (bad)
		return err_set(e, "secret key: its public half is another key's");
	return 0;
}

int
seckey_parse(struct seckey *k, const char *text, size_t len, int *encrypted, struct errmsg *e)
{
	static const uint8_t zero[4];
	uint8_t raw[SEC_LEN];
	int rv = -1, locked = 0;

	if (parse_text(raw, sizeof(raw), text, len, "secret key", e) == -1)
		goto done;
	if (memcmp(raw + 2, "BK", 2) != 0) {
		err_set(e, "secret key: unknown key derivation");
		goto done;
	}
	if (memcmp(raw + 4, zero, 4) != 0) {
		locked = 1;
		err_set(e, "secret key: protected by a passphrase");
		goto done;
	}
	if (check_secret(raw, e) == -1)
		goto done;
	memcpy(k->keynum, raw + SEC_NUM, 8);
	memcpy(k->key, raw + SEC_KEY, 64);
	rv = 0;
done:
	if (encrypted != NULL)
		*encrypted = locked;
	sodium_memzero(raw, sizeof(raw));
	return rv;
}

static ssize_t
write_text(const uint8_t *raw, size_t rawlen, const char *comment, char *buf, size_t size)
{
	char b64[(SEC_LEN + 2) / 3 * 4 + 1];
	int n;

	if (strlen(comment) > SIGNIFY_COMMENT_MAX || strchr(comment, '\n') != NULL ||
	    str_b64enc(b64, sizeof(b64), raw, rawlen) == -1)
		return -1;
	n = snprintf(buf, size, "%s%s\n%s\n", COMMENT, comment, b64);
	sodium_memzero(b64, sizeof(b64));
	return n < 0 || (size_t)n >= size ? -1 : n;
}

/* "Ed", number, key or signature. */
static void
put_raw(uint8_t *raw, const uint8_t keynum[8], const uint8_t *body, size_t len)
{
	memcpy(raw, "Ed", 2);
	memcpy(raw + 2, keynum, 8);
	memcpy(raw + 10, body, len);
}

ssize_t
pubkey_write(const struct pubkey *k, const char *comment, char *buf, size_t size)
{
	uint8_t raw[PUB_LEN];

	put_raw(raw, k->keynum, k->key, 32);
	return write_text(raw, sizeof(raw), comment, buf, size);
}

ssize_t
sig_write(const struct sig *s, const char *comment, char *buf, size_t size)
{
	uint8_t raw[SIG_LEN];

	put_raw(raw, s->keynum, s->sig, 64);
	return write_text(raw, sizeof(raw), comment, buf, size);
}

ssize_t
seckey_write(const struct seckey *k, const char *comment, char *buf, size_t size)
{
	uint8_t raw[SEC_LEN] = {'E', 'd', 'B', 'K'}, digest[64];
	ssize_t n;

	crypto_start();
	randombytes_buf(raw + SEC_SALT, SEC_CHECK - SEC_SALT);
	crypto_hash_sha512(digest, k->key, 64);
	memcpy(raw + SEC_CHECK, digest, 8);
	memcpy(raw + SEC_NUM, k->keynum, 8);
	memcpy(raw + SEC_KEY, k->key, 64);
	n = write_text(raw, sizeof(raw), comment, buf, size);
	sodium_memzero(raw, sizeof(raw));
	sodium_memzero(digest, sizeof(digest));
	return n;
}

int
pubkey_parse_b64(struct pubkey *k, const char *b64, size_t len)
{
	uint8_t raw[PUB_LEN];

	if (len != PUB_LEN / 3 * 4 || str_b64dec(raw, sizeof(raw), b64, len) != PUB_LEN ||
	    memcmp(raw, "Ed", 2) != 0)
		return -1;
	memcpy(k->keynum, raw + 2, 8);
	memcpy(k->key, raw + 10, 32);
	return 0;
}

void
pubkey_write_b64(const struct pubkey *k, char out[57])
{
	uint8_t raw[PUB_LEN];

	put_raw(raw, k->keynum, k->key, 32);
	if (str_b64enc(out, 57, raw, sizeof(raw)) == -1)
		abort();
}

int
sig_parse_b64(struct sig *s, const char *b64, size_t len)
{
	uint8_t raw[SIG_LEN];

	if (len != (SIG_LEN + 2) / 3 * 4 || str_b64dec(raw, sizeof(raw), b64, len) != SIG_LEN ||
	    memcmp(raw, "Ed", 2) != 0)
		return -1;
	memcpy(s->keynum, raw + 2, 8);
	memcpy(s->sig, raw + 10, 64);
	return 0;
}

void
sig_write_b64(const struct sig *s, char out[101])
{
	uint8_t raw[SIG_LEN];

	put_raw(raw, s->keynum, s->sig, 64);
	if (str_b64enc(out, 101, raw, sizeof(raw)) == -1)
		abort();
}

void
seckey_new(struct seckey *k, struct pubkey *p)
{
	crypto_start();
	randombytes_buf(k->keynum, sizeof(k->keynum));
	crypto_sign_keypair(p->key, k->key);
	memcpy(p->keynum, k->keynum, sizeof(p->keynum));
}

void
seckey_public(const struct seckey *k, struct pubkey *p)
{
	memcpy(p->keynum, k->keynum, sizeof(p->keynum));
	memcpy(p->key, k->key + 32, 32);
}

void
seckey_sign(const struct seckey *k, const void *msg, size_t len, struct sig *out)
{
	crypto_start();
	memcpy(out->keynum, k->keynum, sizeof(out->keynum));
	crypto_sign_detached(out->sig, NULL, msg, len, k->key);
}

int
pubkey_verify(const struct pubkey *k, const void *msg, size_t len, const struct sig *sig)
{
	crypto_start();
	return crypto_sign_verify_detached(sig->sig, msg, len, k->key) == 0;
}

/*
 * A point of the main subgroup, canonically written. This refuses the eight small-order points (the
 * zero bytes are one of them) and keys with a small-order part, which no key generator makes.
 */
int
pubkey_usable(const struct pubkey *k)
{
	crypto_start();
	return crypto_core_ed25519_is_valid_point(k->key) == 1;
}
