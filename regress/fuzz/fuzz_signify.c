/* Any bytes at the readers of keys and signatures; the base64 of what is taken comes back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/signify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* OUT (LEN bytes, with an empty comment) must end in the same line as the input. */
static void
same_line(const char *in, size_t inlen, const char *out, ssize_t len)
{
	const char *a = memchr(in, '\n', inlen), *b;

	if (len <= 0 || a == NULL || (b = memchr(out, '\n', (size_t)len)) == NULL)
		abort();
	if (inlen - (size_t)(a - in) != (size_t)len - (size_t)(b - out) ||
	    memcmp(a, b, inlen - (size_t)(a - in)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char out[SIGNIFY_TEXT_MAX];
	struct pubkey p;
	struct seckey k;
	struct errmsg e;
	struct sig s;

	if (pubkey_parse(&p, text, size, &e) == 0) {
		same_line(text, size, out, pubkey_write(&p, "", out, sizeof(out)));
		pubkey_usable(&p);
	}
	if (sig_parse(&s, text, size, &e) == 0)
		same_line(text, size, out, sig_write(&s, "", out, sizeof(out)));
	if (seckey_parse(&k, text, size, NULL, &e) == 0)
		seckey_public(&k, &p);
	return 0;
}
