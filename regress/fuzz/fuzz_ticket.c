/* Any bytes at the ticket's reader; what it takes must be written again as the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ticket t;
	char out[TICKET_MAX + 1];
	struct errmsg e;
	ssize_t n;
	size_t i;

	if (ticket_parse(&t, (const char *)data, size, &e) == -1)
		return 0;
	n = ticket_write(&t, out, sizeof(out), &e);
	if (n != (ssize_t)size || memcmp(out, data, size) != 0)
		abort();
	for (i = 0; i < t.nargs; i++)
		t.arg[i].raw = NULL;
	n = ticket_write(&t, out, sizeof(out), &e);
	if (n != (ssize_t)size || memcmp(out, data, size) != 0)
		abort();
	return 0;
}
