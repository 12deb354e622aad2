/* Any bytes at the readers of the key store and of the reset order; what is taken comes back the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/keysfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keysfile k;
	static char out[KEYSFILE_MAX + 1];
	struct keysreset r;
	struct errmsg e;
	ssize_t n;

	if (keysfile_parse(&k, (const char *)data, size, &e) == 0) {
		n = keysfile_write(&k, out, sizeof(out), &e);
		if (n != (ssize_t)size || memcmp(out, data, size) != 0)
			abort();
	}
	if (keysreset_parse(&r, (const char *)data, size, &e) == 0) {
		n = keysreset_write(&r, out, sizeof(out), &e);
		if (n != (ssize_t)size || memcmp(out, data, size) != 0)
			abort();
	}
	return 0;
}
