/*
 * X.509 as reeve-sign makes it: a CA of one level, P-256 and ECDSA with SHA-256 throughout. What a
 * request asks for is never looked at but its key: subject, extensions and lifetime come from the
 * caller. RFC 5280, RFC 2986, RFC 5480.
 */
#ifndef SIGN_X509_H
#define SIGN_X509_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define CERT_DAYS   365
#define CA_DAYS	    3653 /* ten years */
#define SERIAL_LEN  20
#define X509_NAMES  32
#define SPKI_LEN    91 /* of an uncompressed P-256 key, in its one DER form */
#define X509_PEMMAX 8192

struct ca; /* key and certificate */

/* A new CA for FLEET (32 hex): its key and its certificate in PEM, malloc'ed. 0, or -1 with E. */
int x509_ca_make(const char *fleet, char **key, char **cert, struct errmsg *e);
/* Takes both; they must belong together and be such a CA, of P-256. NULL with E. */
struct ca *x509_ca_load(const char *key, const char *cert, struct errmsg *e);
void x509_ca_free(struct ca *ca);
/* When the CA's certificate ends. */
uint64_t x509_ca_end(const struct ca *ca);
/* SHA-256 of the CA certificate's DER. */
void x509_ca_hash(const struct ca *ca, uint8_t sha256[32]);

/*
 * The key that a PKCS #10 request in PEM asks to have certified: the text is one such request and
 * nothing else, its signature verifies, the key is P-256 in its named, uncompressed form, and not
 * the CA's own. 0, or -1 with E.
 */
int x509_csr_key(
    const struct ca *ca, const char *pem, size_t len, uint8_t spki[SPKI_LEN], struct errmsg *e);

/* What a certificate says. */
struct certwant {
	const uint8_t *spki;
	uint8_t serial[SERIAL_LEN];
	uint64_t from;		  /* seconds; it ends CERT_DAYS later, or with the CA */
	const char *name;	  /* host's, or the server's first */
	const char *host_id;	  /* 32 hex; NULL: a server's certificate */
	const char *const *names; /* server: all its names and addresses */
	size_t nnames;
};
void x509_serial(uint8_t serial[SERIAL_LEN]);
/* The certificate in PEM, malloc'ed; NULL with E. */
char *x509_certify(const struct ca *ca, const struct certwant *w, struct errmsg *e);

#endif
