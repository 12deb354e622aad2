/* X.509, in the child alone: a key, the request for its certificate, a CA found by its hash. */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/enroll.h"

#define CN_MAX 64 /* ub-common-name; the signer takes the name from elsewhere anyway */

/* What BIO B holds, as a string; B is freed and its memory wiped. */
static char *
bio_text(BIO *b, int ok)
{
	char *p, *text = NULL;
	long len;

	if (b == NULL)
		return NULL;
	len = BIO_get_mem_data(b, &p);
	if (ok && len > 0 && len <= ENROLL_PEM)
		text = strndup(p, (size_t)len);
	if (len > 0)
		sodium_memzero(p, (size_t)len);
	BIO_free(b);
	return text;
}

static EVP_PKEY *
key_new(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) <= 0 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) <= 0 ||
	    EVP_PKEY_keygen(ctx, &key) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int
request_fill(X509_REQ *req, EVP_PKEY *key, const char *hostname)
{
	if (X509_REQ_set_version(req, 0) != 1 || X509_REQ_set_pubkey(req, key) != 1)
		return -1;
	if (strlen(hostname) <= CN_MAX &&
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_ASC,
		(const unsigned char *)hostname, -1, -1, 0) != 1)
		return -1;
	return X509_REQ_sign(req, key, EVP_sha256()) > 0 ? 0 : -1;
}

int
enroll_key_make(const char *hostname, char **key, char **csr, struct errmsg *e)
{
	EVP_PKEY *k = key_new();
	X509_REQ *req = X509_REQ_new();
	BIO *b;

	*key = *csr = NULL;
	if (k != NULL && req != NULL && request_fill(req, k, hostname) == 0) {
		b = BIO_new(BIO_s_mem());
		*csr = bio_text(b, b != NULL && PEM_write_bio_X509_REQ(b, req) == 1);
		b = BIO_new(BIO_s_mem());
		*key = bio_text(b, b != NULL && PEM_write_bio_PKCS8PrivateKey(
						    b, k, NULL, NULL, 0, NULL, NULL) == 1);
	}
	EVP_PKEY_free(k);
	X509_REQ_free(req);
	ERR_clear_error();
	if (*key != NULL && *csr != NULL)
		return 0;
	return err_set(e, "a key and its request could not be made");
}

static int
one_cert(BIO *in, const uint8_t sha256[32], char dst[ENROLL_PEM + 1])
{
	char *name = NULL, *head = NULL, *text = NULL;
	unsigned char *der = NULL;
	uint8_t hash[32];
	long n = 0;
	int rv = -1;
	BIO *b;

	if (PEM_read_bio(in, &name, &head, &der, &n) == 1) {
		crypto_hash_sha256(hash, der, (unsigned long long)n);
		rv = strcmp(name, PEM_STRING_X509) == 0 && memcmp(hash, sha256, 32) == 0;
		b = rv == 1 ? BIO_new(BIO_s_mem()) : NULL;
		if (rv == 1)
			text = bio_text(
			    b, b != NULL && PEM_write_bio(b, PEM_STRING_X509, "", der, n) > 0);
		if (rv == 1 && text == NULL)
			rv = 0;
		else if (rv == 1)
			memcpy(dst, text, strlen(text) + 1);
	}
	free(text);
	OPENSSL_free(name);
	OPENSSL_free(head);
	OPENSSL_free(der);
	ERR_clear_error();
	return rv;
}

int
enroll_chain_find(const uint8_t *pem, size_t len, const uint8_t sha256[32],
    char dst[ENROLL_PEM + 1], unsigned int *found)
{
	BIO *in = BIO_new_mem_buf(pem, (int)len);
	int n = -1;

	*found = 0;
	while (in != NULL && (n = one_cert(in, sha256, dst)) == 0)
		(*found)++;
	BIO_free(in);
	return n == 1 ? 0 : -1;
}
