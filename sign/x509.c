/* The CA: made, loaded, and what it certifies. */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/netaddr.h"
#include "sign/x509.h"

#define CN_MAX 64 /* ub-common-name */

struct ca {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t spki[SPKI_LEN];
};

/* A P-256 key's SubjectPublicKeyInfo up to its point: id-ecPublicKey, prime256v1, uncompressed. */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    0x04};

/* OpenSSL's own reason goes with ours; its queue is left empty. */
static int
ssl_err(struct errmsg *e, const char *what)
{
	unsigned long n = ERR_get_error();
	const char *why = n != 0 ? ERR_reason_error_string(n) : NULL;

	ERR_clear_error();
	return err_set(e, "%s%s%s", what, why != NULL ? ": " : "", why != NULL ? why : "");
}

/* Nobody is asked for a passphrase: keys here have none, and a request is no secret. */
static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf;
	(void)size;
	(void)rw;
	(void)arg;
	return 0;
}

static int
spki_of(X509_PUBKEY *pub, uint8_t spki[SPKI_LEN])
{
	uint8_t *der = NULL;
	int len, rv = -1;

	len = i2d_X509_PUBKEY(pub, &der);
	if (len == SPKI_LEN && memcmp(der, spki_head, sizeof(spki_head)) == 0) {
		memcpy(spki, der, SPKI_LEN);
		rv = 0;
	}
	OPENSSL_free(der);
	return rv;
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

/* What BIO B holds, as a string; B is freed and its memory wiped. NULL without memory. */
static char *
bio_text(BIO *b, int ok)
{
	char *p, *text = NULL;
	long len;

	if (b == NULL)
		return NULL;
	len = BIO_get_mem_data(b, &p);
	if (ok && len > 0 && (text = malloc((size_t)len + 1)) != NULL) {
		memcpy(text, p, (size_t)len);
		text[len] = '\0';
	}
	if (len > 0)
		sodium_memzero(p, (size_t)len);
	BIO_free(b);
	return text;
}

static char *
cert_text(X509 *cert)
{
	BIO *b = BIO_new(BIO_s_mem());

	return bio_text(b, b != NULL && PEM_write_bio_X509(b, cert) == 1);
}

static char *
key_text(EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_mem());

	return bio_text(
	    b, b != NULL && PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL, NULL) == 1);
}

static int
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *x;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	if ((x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return -1;
	ok = X509_add_ext(cert, x, -1);
	X509_EXTENSION_free(x);
	return ok == 1 ? 0 : -1;
}

static int
add_name(X509_NAME *n, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(
		   n, field, MBSTRING_ASC, (const unsigned char *)value, -1, -1, 0) == 1
		   ? 0
		   : -1;
}

void
x509_serial(uint8_t serial[SERIAL_LEN])
{
	randombytes_buf(serial, SERIAL_LEN);
	/* positive, and of full length */
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
}

static int
set_serial(X509 *cert, const uint8_t serial[SERIAL_LEN])
{
	BIGNUM *bn = BN_bin2bn(serial, SERIAL_LEN, NULL);
	int ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)) != NULL;

	BN_free(bn);
	return ok ? 0 : -1;
}

static int
set_times(X509 *cert, uint64_t from, uint64_t to)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from) != NULL &&
		       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)to) != NULL
		   ? 0
		   : -1;
}

static int
ca_fill(X509 *cert, EVP_PKEY *key, const char *fleet)
{
	X509_NAME *name = X509_get_subject_name(cert);
	uint8_t serial[SERIAL_LEN];
	uint64_t now = (uint64_t)time(NULL);
	char cn[32];

	x509_serial(serial);
	snprintf(cn, sizeof(cn), "reeve CA %.8s", fleet);
	/* an hour back: a host whose clock is behind takes it too */
	if (X509_set_version(cert, 2) != 1 || set_serial(cert, serial) == -1 ||
	    set_times(cert, now - 3600, now + CA_DAYS * 86400ULL) == -1 ||
	    add_name(name, "CN", cn) == -1 || X509_set_issuer_name(cert, name) != 1 ||
	    X509_set_pubkey(cert, key) != 1 ||
	    add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") == -1 ||
	    add_ext(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") == -1 ||
	    add_ext(cert, cert, NID_subject_key_identifier, "hash") == -1)
		return -1;
	return X509_sign(cert, key, EVP_sha256()) > 0 ? 0 : -1;
}

int
x509_ca_make(const char *fleet, char **key, char **cert, struct errmsg *e)
{
	EVP_PKEY *k = key_new();
	X509 *x = X509_new();
	int rv = -1;

	*key = *cert = NULL;
	if (k == NULL || x == NULL || ca_fill(x, k, fleet) == -1)
		ssl_err(e, "the CA could not be made");
	else if ((*key = key_text(k)) == NULL || (*cert = cert_text(x)) == NULL)
		ssl_err(e, "the CA could not be written as text");
	else
		rv = 0;
	if (rv == -1 && *key != NULL) {
		sodium_memzero(*key, strlen(*key));
		free(*key);
		*key = NULL;
	}
	EVP_PKEY_free(k);
	X509_free(x);
	return rv;
}

static int
ca_judge(struct ca *ca, struct errmsg *e)
{
	if (spki_of(X509_get_X509_PUBKEY(ca->cert), ca->spki) == -1)
		return err_set(e, "the CA's key is not P-256");
	if (X509_check_private_key(ca->cert, ca->key) != 1)
		return ssl_err(e, "ca.key is not the key of ca.crt");
	if (X509_check_ca(ca->cert) != 1 || X509_get_pathlen(ca->cert) != 0 ||
	    (X509_get_extension_flags(ca->cert) & EXFLAG_INVALID) != 0 ||
	    X509_get_key_usage(ca->cert) != (KU_KEY_CERT_SIGN | KU_CRL_SIGN))
		return err_set(e, "ca.crt is not the certificate of a reeve CA");
	if (X509_verify(ca->cert, ca->key) != 1)
		return ssl_err(e, "ca.crt is not signed by its own key");
	return 0;
}

struct ca *
x509_ca_load(const char *key, const char *cert, struct errmsg *e)
{
	struct ca *ca = calloc(1, sizeof(*ca));
	BIO *kb = BIO_new_mem_buf(key, -1), *cb = BIO_new_mem_buf(cert, -1);
	int bad = 1;

	if (ca == NULL || kb == NULL || cb == NULL)
		err_errno(e, "the CA");
	else if ((ca->key = PEM_read_bio_PrivateKey(kb, NULL, no_passphrase, NULL)) == NULL)
		ssl_err(e, "ca.key is no private key in PEM");
	else if ((ca->cert = PEM_read_bio_X509(cb, NULL, no_passphrase, NULL)) == NULL)
		ssl_err(e, "ca.crt is no certificate in PEM");
	else
		bad = ca_judge(ca, e) == -1;
	BIO_free(kb);
	BIO_free(cb);
	if (bad) {
		x509_ca_free(ca);
		return NULL;
	}
	return ca;
}

void
x509_ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
	free(ca);
}

uint64_t
x509_ca_end(const struct ca *ca)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(ca->cert), &tm) != 1)
		return 0;
	return (uint64_t)timegm(&tm);
}

void
x509_ca_hash(const struct ca *ca, uint8_t sha256[32])
{
	unsigned int len = 32;

	memset(sha256, 0, 32);
	(void)X509_digest(ca->cert, EVP_sha256(), sha256, &len);
}

/* The request alone, in its one PEM form: what another reader might see otherwise is refused. */
static X509_REQ *
csr_read(const char *pem, size_t len, struct errmsg *e)
{
	static const char name[] = "CERTIFICATE REQUEST", begin[] = "-----BEGIN ";
	char *got = NULL, *head = NULL;
	unsigned char *der = NULL;
	const unsigned char *p;
	X509_REQ *req = NULL;
	BIO *b = NULL;
	long n = 0;

	if (len > X509_PEMMAX || len < sizeof(begin) || memchr(pem, '\0', len) != NULL ||
	    memcmp(pem, begin, sizeof(begin) - 1) != 0 ||
	    (b = BIO_new_mem_buf(pem, (int)len)) == NULL ||
	    PEM_read_bio(b, &got, &head, &der, &n) != 1 || strcmp(got, name) != 0 ||
	    *head != '\0' || BIO_pending(b) != 0)
		ssl_err(e, "the request is not one PKCS #10 request in PEM");
	else {
		p = der;
		if ((req = d2i_X509_REQ(NULL, &p, n)) == NULL || p != der + n) {
			ssl_err(e, "the request is malformed");
			X509_REQ_free(req);
			req = NULL;
		}
	}
	OPENSSL_free(got);
	OPENSSL_free(head);
	OPENSSL_free(der);
	BIO_free(b);
	ERR_clear_error();
	return req;
}

static int
csr_judge(const struct ca *ca, X509_REQ *req, uint8_t spki[SPKI_LEN], struct errmsg *e)
{
	EVP_PKEY *key;

	if (spki_of(X509_REQ_get_X509_PUBKEY(req), spki) == -1)
		return err_set(e, "the request's key is not P-256 (named curve, uncompressed)");
	if (memcmp(spki, ca->spki, SPKI_LEN) == 0)
		return err_set(e, "the request is for the CA's own key");
	if (X509_REQ_get_signature_nid(req) != NID_ecdsa_with_SHA256)
		return err_set(e, "the request is not signed by ECDSA with SHA-256");
	if ((key = X509_REQ_get0_pubkey(req)) == NULL || X509_REQ_verify(req, key) != 1)
		return ssl_err(e, "the request's own signature does not verify");
	return 0;
}

int
x509_csr_key(
    const struct ca *ca, const char *pem, size_t len, uint8_t spki[SPKI_LEN], struct errmsg *e)
{
	X509_REQ *req = csr_read(pem, len, e);
	int rv;

	if (req == NULL)
		return -1;
	rv = csr_judge(ca, req, spki, e);
	X509_REQ_free(req);
	return rv;
}

/* subjectAltName: a host's URN, or a server's names and addresses, each already judged. */
static int
san(const struct certwant *w, char *buf, size_t size)
{
	struct netaddr a;
	size_t i, n = 0;

	if (w->host_id != NULL)
		return snprintf(buf, size, "URI:urn:reeve:host:%s", w->host_id) < (int)size ? 0
											    : -1;
	for (i = 0; i < w->nnames && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s:%s", i > 0 ? "," : "",
		    netaddr_parse(&a, w->names[i]) == 0 ? "IP" : "DNS", w->names[i]);
	return n < size ? 0 : -1;
}

static int
cert_subject(X509 *cert, const struct certwant *w)
{
	X509_NAME *n = X509_get_subject_name(cert);
	/* a longer name does not fit there; the host's id is what counts */
	const char *cn = strlen(w->name) <= CN_MAX ? w->name : w->host_id;

	if (cn != NULL && add_name(n, "CN", cn) == -1)
		return -1;
	return w->host_id == NULL ? 0 : add_name(n, "serialNumber", w->host_id);
}

static int
cert_fill(X509 *cert, const struct ca *ca, const struct certwant *w, uint64_t end)
{
	char names[X509_NAMES * 260];

	if (X509_set_version(cert, 2) != 1 || set_serial(cert, w->serial) == -1 ||
	    set_times(cert, w->from - 3600, end) == -1 || cert_subject(cert, w) == -1 ||
	    X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)) != 1 ||
	    san(w, names, sizeof(names)) == -1)
		return -1;
	if (add_ext(cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") == -1 ||
	    add_ext(cert, ca->cert, NID_key_usage, "critical,digitalSignature") == -1 ||
	    add_ext(cert, ca->cert, NID_ext_key_usage,
		w->host_id != NULL ? "clientAuth" : "serverAuth") == -1 ||
	    add_ext(cert, ca->cert, NID_subject_alt_name, names) == -1 ||
	    add_ext(cert, ca->cert, NID_subject_key_identifier, "hash") == -1 ||
	    add_ext(cert, ca->cert, NID_authority_key_identifier, "keyid:always") == -1)
		return -1;
	return X509_sign(cert, ca->key, EVP_sha256()) > 0 ? 0 : -1;
}

char *
x509_certify(const struct ca *ca, const struct certwant *w, struct errmsg *e)
{
	uint64_t end = w->from + CERT_DAYS * 86400ULL, last = x509_ca_end(ca);
	const unsigned char *p = w->spki;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, SPKI_LEN);
	X509 *cert = X509_new();
	char *text = NULL;

	if (end > last)
		end = last;
	if (w->from >= end)
		err_set(e, "the CA's own certificate has ended: make a new site");
	else if (key == NULL || cert == NULL || X509_set_pubkey(cert, key) != 1 ||
		 cert_fill(cert, ca, w, end) == -1 || (text = cert_text(cert)) == NULL)
		ssl_err(e, "the certificate could not be made");
	EVP_PKEY_free(key);
	X509_free(cert);
	return text;
}
