/*
 * What the tests of reeve-sign share: a state directory, keys of any kind, requests that ask for
 * anything, messages and the signer's answers to them.
 */
#ifndef REGRESS_UNIT_SIGNKIT_H
#define REGRESS_UNIT_SIGNKIT_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg/msg_codec.h"
#include "sign/sign.h"

/* "P-256", "P-384", "rsa", "ed25519". They are kept until the test ends. */
static inline EVP_PKEY *
kit_key(const char *kind)
{
	static EVP_PKEY *kept[64];
	static size_t n;
	EVP_PKEY *k;

	if (strcmp(kind, "rsa") == 0)
		k = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (strcmp(kind, "ed25519") == 0)
		k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		k = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	if (k == NULL || n == sizeof(kept) / sizeof(kept[0]))
		abort();
	return kept[n++] = k;
}

struct kit_csr {
	EVP_PKEY *key;
	EVP_PKEY *signer; /* NULL: the key itself */
	const EVP_MD *md; /* NULL: SHA-256 (none for ed25519) */
	const char *cn;	  /* NULL: no subject */
	int nid[4];	  /* extensions that it asks for */
	const char *value[4];
};

static inline void
kit_ext(STACK_OF(X509_EXTENSION) * exts, int nid, const char *value)
{
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (x == NULL || sk_X509_EXTENSION_push(exts, x) == 0)
		abort();
}

/* A request in PEM; malloc'ed. */
static inline char *
kit_request(const struct kit_csr *c)
{
	X509_REQ *r = X509_REQ_new();
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	BIO *b = BIO_new(BIO_s_mem());
	const EVP_MD *md = c->md;
	char *p, *text;
	long len;

	if (md == NULL && EVP_PKEY_get_base_id(c->key) != EVP_PKEY_ED25519)
		md = EVP_sha256();
	X509_REQ_set_pubkey(r, c->key);
	if (c->cn != NULL)
		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(r), "CN", MBSTRING_ASC,
		    (const unsigned char *)c->cn, -1, -1, 0);
	for (int i = 0; i < 4 && c->value[i] != NULL; i++)
		kit_ext(exts, c->nid[i], c->value[i]);
	if (sk_X509_EXTENSION_num(exts) > 0)
		X509_REQ_add_extensions(r, exts);
	if (X509_REQ_sign(r, c->signer != NULL ? c->signer : c->key, md) <= 0 ||
	    PEM_write_bio_X509_REQ(b, r) != 1)
		abort();
	len = BIO_get_mem_data(b, &p);
	if ((text = strndup(p, (size_t)len)) == NULL)
		abort();
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(r);
	BIO_free(b);
	return text;
}

static inline X509 *
kit_cert(const char *pem)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);

	BIO_free(b);
	return x;
}

/* A new directory with a state in it, which the caller removes by kit_remove(). */
static inline const char *
kit_dir(void)
{
	static char dir[64];
	struct errmsg e;

	snprintf(dir, sizeof(dir), "/tmp/reeve-sign.XXXXXX");
	if (mkdtemp(dir) == NULL || state_init(dir, NULL, &e) != 0) {
		fprintf(stderr, "%s: %s\n", dir, e.text);
		exit(1);
	}
	return dir;
}

static inline void
kit_remove(const char *dir)
{
	static const char *const names[] = {
	    "fleet", "ca.key", "ca.crt", "online.sec", "online.pub", "issued", "s.sock"};
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

#endif
