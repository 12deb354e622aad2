/* net/certname.c: whether a certificate names somebody in its subjectAltName. */

#include "net/certname.h"
#include "regress/check.h"
#include "regress/net/hostile.h"

static int
look(const char *name)
{
	char *pem = hostile_file(name);
	int rc = certname_has_san((const uint8_t *)pem, strlen(pem));

	free(pem);
	return rc;
}

/* Cut anywhere, and with any one byte of the base64 another: never a crash, never a wrong yes. */
static void
test_damaged(void)
{
	char *pem = hostile_file("cn-only.pem");
	size_t len = strlen(pem), end = (size_t)(strstr(pem, "-----END") - pem);

	for (size_t n = 0; n < len; n++) {
		int rc = certname_has_san((const uint8_t *)pem, n);

		CHECKF(rc == (n < end + 8 ? -1 : 0), "cut at %zu: %d", n, rc);
	}
	for (size_t i = strlen("-----BEGIN CERTIFICATE-----\n"); i < end; i++) {
		char was = pem[i];

		pem[i] = was == 'A' ? '/' : 'A';
		CHECKF(certname_has_san((const uint8_t *)pem, len) != 1, "byte %zu", i);
		pem[i] = was;
	}
	free(pem);
}

int
main(void)
{
	static const char *const none[] = {"", "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMIAAAA==\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMIT/////\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"};

	CHECK(look("server.pem") == 1 && look("other-server.pem") == 1);
	CHECK(look("cn-only.pem") == 0 && look("ca.pem") == 0);
	CHECK(look("uri-only.pem") == 0 && look("foreign-san.pem") == 0 && look("client.pem") == 0);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECKF(certname_has_san((const uint8_t *)none[i], strlen(none[i])) == -1, "%s",
		    none[i]);
	test_damaged();
	return check_done();
}
