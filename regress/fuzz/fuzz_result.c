/* Any bytes at the result's reader and, where they are long enough, at the exit record's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_exitrec(const uint8_t *data)
{
	uint8_t out[EXITREC_SIZE];
	struct exitrec x;

	if (exitrec_get(data, &x) == -1)
		return;
	exitrec_put(out, &x);
	if (memcmp(out, data, EXITREC_SIZE) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[RESULT_MAX + 1];
	struct result r;
	struct errmsg e;
	ssize_t n;

	if (size >= EXITREC_SIZE)
		try_exitrec(data);
	if (result_parse(&r, (const char *)data, size, &e) == -1)
		return 0;
	n = result_write(&r, out, sizeof(out), &e);
	if (n != (ssize_t)size || memcmp(out, data, size) != 0)
		abort();
	return 0;
}
