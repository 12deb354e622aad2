/* A certificate in PEM, looked at. */

#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "ctld/x509.h"

int
x509_look(const char *pem, uint8_t sha256[32], uint64_t *notafter, struct errmsg *e)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	struct tm tm;
	int len, rc = -1;

	BIO_free(bio);
	if (cert != NULL && (len = i2d_X509(cert, &der)) > 0 &&
	    ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1) {
		(void)SHA256(der, (size_t)len, sha256);
		*notafter = (uint64_t)timegm(&tm);
		rc = 0;
	}
	OPENSSL_free(der);
	X509_free(cert);
	return rc == 0 ? 0 : err_set(e, "not a certificate");
}
