/*
 * Any payload at every message's getter. First byte: the message's number; the rest: its payload.
 * What a getter takes must be put again as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "regress/ipc/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imsg im = {.fd = {-1, -1}};
	const struct msg_row *r;
	struct ibuf *out = NULL;

	if (size < 1 || (r = msg_row(data[0])) == NULL)
		return 0;
	im.type = r->num;
	im.data = data + 1;
	im.len = size - 1;
	/* The gate's sizes hold for every getter; a room never sees others. */
	if (im.len < r->min || im.len > r->max)
		return 0;
	if (codec_of(r->num)->again(&im, &out) == 0 &&
	    (out == NULL || out->failed || out->wpos != im.len ||
		memcmp(out->buf, im.data, im.len) != 0))
		abort();
	ibuf_free(out);
	return 0;
}
