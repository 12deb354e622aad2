/* Any bytes as a certificate: its PEM is made around them, so that the walk sees all of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "net/certname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n",
			  end[] = "\n-----END CERTIFICATE-----\n";
	size_t room = size * 2 + sizeof(begin) + sizeof(end) + 8, at = sizeof(begin) - 1;
	uint8_t *pem = malloc(room), *same;
	ssize_t n;
	int rc;

	if (pem == NULL)
		return 0;
	memcpy(pem, begin, at);
	if ((n = str_b64enc((char *)pem + at, room - at, data, size)) == -1)
		abort();
	at += (size_t)n;
	memcpy(pem + at, end, sizeof(end) - 1);
	at += sizeof(end) - 1;
	/* an exact copy: a byte too far is seen */
	if ((same = malloc(at)) == NULL)
		abort();
	memcpy(same, pem, at);
	rc = certname_has_san(same, at);
	if (rc < -1 || rc > 1)
		abort();
	certname_has_san(data, size);
	free(same);
	free(pem);
	return 0;
}
