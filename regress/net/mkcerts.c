/*
 * mkcerts DIR: writes the certificates that TLS tests need into DIR, each as NAME.pem (for servers
 * the chain: certificate, then CA) and NAME.key. libcrypto only.
 *
 *   ca          the CA that clients of the tests trust (P-256)
 *   server      good: SAN DNS:localhost, DNS:reeve.test, IP 127.0.0.1, ::1; EKU serverAuth
 *   client      good client certificate: CN web1, SAN URI urn:reeve:host:..., EKU clientAuth
 *   other-ca    another CA; other-server: good in all but who signed it
 * and bad ones, all as a server's (the bad-cert-matrix):
 *   self-signed expired not-yet wrong-name cn-only uri-only wrong-eku sha1 rsa1024 client-as-server
 *   other-server foreign-san
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define DAY 86400L
#define SAN "DNS:localhost,DNS:reeve.test,IP:127.0.0.1,IP:::1"

struct pair {
	X509 *cert;
	EVP_PKEY *key;
};

/* What a certificate says; NULL is left out. */
struct spec {
	const char *name, *cn, *san, *eku;
	long from, until; /* days from now */
	int rsa_bits;	  /* 0: P-256 */
	int sha1, self, other;
};

static const struct spec specs[] = {
    {"server", "reeve.test", SAN, "serverAuth", -1, 30, 0, 0, 0, 0},
    {"client", "web1", "URI:urn:reeve:host:0123456789abcdef", "clientAuth", -1, 30, 0, 0, 0, 0},
    {"self-signed", "localhost", SAN, "serverAuth", -1, 30, 0, 0, 1, 0},
    {"other-server", "localhost", SAN, "serverAuth", -1, 30, 0, 0, 0, 1},
    {"expired", "localhost", SAN, "serverAuth", -30, -1, 0, 0, 0, 0},
    {"not-yet", "localhost", SAN, "serverAuth", 1, 30, 0, 0, 0, 0},
    {"wrong-name", "localhost", "DNS:elsewhere.test", "serverAuth", -1, 30, 0, 0, 0, 0},
    {"cn-only", "localhost", NULL, "serverAuth", -1, 30, 0, 0, 0, 0},
    {"uri-only", "localhost", "URI:urn:reeve:host:localhost", "serverAuth", -1, 30, 0, 0, 0, 0},
    {"foreign-san", "localhost", "email:root@localhost", "serverAuth", -1, 30, 0, 0, 0, 0},
    {"wrong-eku", "localhost", SAN, "codeSigning", -1, 30, 0, 0, 0, 0},
    {"client-as-server", "localhost", SAN, "clientAuth", -1, 30, 0, 0, 0, 0},
    {"sha1", "localhost", SAN, "serverAuth", -1, 30, 0, 1, 0, 0},
    {"rsa1024", "localhost", SAN, "serverAuth", -1, 30, 1024, 0, 0, 0},
};

static const char *dir;
static long serial = 1000;

static void
need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "mkcerts: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void
extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *x;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	need(x != NULL && X509_add_ext(cert, x, -1) == 1, value);
	X509_EXTENSION_free(x);
}

static X509 *
begin(const char *cn, EVP_PKEY *key, long from, long until)
{
	X509 *c = X509_new();
	X509_NAME *n;

	need(c != NULL, "X509_new");
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c), from * DAY);
	X509_gmtime_adj(X509_getm_notAfter(c), until * DAY);
	n = X509_get_subject_name(c);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	need(X509_set_pubkey(c, key) == 1, "X509_set_pubkey");
	return c;
}

static FILE *
out(const char *name, const char *suffix)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
	f = fopen(path, "w");
	need(f != NULL, path);
	return f;
}

static void
put(const char *name, const struct pair *p, const struct pair *chain)
{
	FILE *f = out(name, "pem");

	need(PEM_write_X509(f, p->cert) == 1, "PEM_write_X509");
	if (chain != NULL)
		need(PEM_write_X509(f, chain->cert) == 1, "PEM_write_X509");
	need(fclose(f) == 0, name);
	f = out(name, "key");
	need(PEM_write_PKCS8PrivateKey(f, p->key, NULL, NULL, 0, NULL, NULL) == 1, "key");
	need(fclose(f) == 0, name);
}

static struct pair
make_ca(const char *name)
{
	struct pair ca;

	ca.key = EVP_EC_gen("P-256");
	need(ca.key != NULL, "EVP_EC_gen");
	ca.cert = begin(name, ca.key, -60, 60);
	X509_set_issuer_name(ca.cert, X509_get_subject_name(ca.cert));
	extension(ca.cert, ca.cert, NID_basic_constraints, "critical,CA:TRUE");
	extension(ca.cert, ca.cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	extension(ca.cert, ca.cert, NID_subject_key_identifier, "hash");
	need(X509_sign(ca.cert, ca.key, EVP_sha256()) > 0, "X509_sign");
	put(name, &ca, NULL);
	return ca;
}

static void
make(const struct spec *s, const struct pair *ca)
{
	struct pair p;

	p.key = s->rsa_bits > 0 ? EVP_RSA_gen((unsigned int)s->rsa_bits) : EVP_EC_gen("P-256");
	need(p.key != NULL, "key");
	p.cert = begin(s->cn, p.key, s->from, s->until);
	X509_set_issuer_name(p.cert, X509_get_subject_name(s->self ? p.cert : ca->cert));
	extension(p.cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE");
	if (s->san != NULL)
		extension(p.cert, ca->cert, NID_subject_alt_name, s->san);
	if (s->eku != NULL)
		extension(p.cert, ca->cert, NID_ext_key_usage, s->eku);
	need(X509_sign(p.cert, s->self ? p.key : ca->key, s->sha1 ? EVP_sha1() : EVP_sha256()) > 0,
	    "X509_sign");
	put(s->name, &p, s->self ? NULL : ca);
	X509_free(p.cert);
	EVP_PKEY_free(p.key);
}

int
main(int argc, char *argv[])
{
	struct pair ca, other;

	if (argc != 2) {
		fprintf(stderr, "usage: mkcerts DIR\n");
		return 2;
	}
	dir = argv[1];
	need(mkdir(dir, 0755) == 0 || access(dir, W_OK) == 0, dir);
	ca = make_ca("ca");
	other = make_ca("other-ca");
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		make(&specs[i], specs[i].other ? &other : &ca);
	X509_free(ca.cert);
	X509_free(other.cert);
	EVP_PKEY_free(ca.key);
	EVP_PKEY_free(other.key);
	return 0;
}
