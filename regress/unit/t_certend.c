/* When netd's own certificate ends: against libcrypto's own answer, and on what is cut or changed.
 */
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <time.h>

#include "netd/certend.h"
#include "regress/check.h"

static char pem[4096];

static void
make(time_t end, int version)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *b = BIO_new(BIO_s_mem());
	int n;

	X509_set_version(x, version);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 0x7fffff);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"web1", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ASN1_TIME_set(X509_getm_notBefore(x), 1000000);
	ASN1_TIME_set(X509_getm_notAfter(x), end);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	PEM_write_bio_X509(b, x);
	n = BIO_read(b, pem, sizeof(pem) - 1);
	pem[n > 0 ? n : 0] = '\0';
	BIO_free(b);
	X509_free(x);
	EVP_PKEY_free(key);
}

int
main(void)
{
	static const time_t ends[] = {
	    1795226400, 1, 946684799, 2524607999, 2524608000, 4102444800, 253402300799};
	char copy[4096];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		for (int v = 0; v < 3; v += 2) {
			make(ends[i], v);
			CHECKF(certend_of(pem) == (uint64_t)ends[i], "%lld: %llu",
			    (long long)ends[i], (unsigned long long)certend_of(pem));
		}
	}
	CHECK(certend_of("") == 0);
	CHECK(certend_of("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n") == 0);
	CHECK(certend_of("-----BEGIN CERTIFICATE-----\n") == 0);
	CHECK(certend_of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n") == 0);
	/* every byte changed: an answer or none, never a fault (the sanitizers look on) */
	make(1795226400, 2);
	for (size_t i = 28; pem[i] != '\0'; i++) {
		memcpy(copy, pem, sizeof(copy));
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		(void)certend_of(copy);
		copy[i] = '\0';
		CHECK(certend_of(copy) == 0 || i > strlen(pem) - 30);
	}
	return check_done();
}
