/* Any bytes at the roster's reader: what it takes is written back byte for byte, and holds each
 * host once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roster r;
	struct errmsg e;
	size_t len, i;
	char *text;

	if (roster_parse(&r, (const char *)data, size, &e) == -1)
		return 0;
	text = roster_write(&r, &len);
	if (text == NULL || len != size || memcmp(text, data, size) != 0)
		abort();
	for (i = 0; i < r.n; i++)
		if (roster_find(&r, r.host[i].name) != &r.host[i] ||
		    roster_byid(&r, r.host[i].id) != &r.host[i])
			abort();
	free(text);
	roster_free(&r);
	return 0;
}
