/*
 * Any bytes as a spool's frames and exit records. First byte: 1 puts right checksums in first,
 * since no fuzzer finds one by luck. What is taken must be put again as the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_right(uint8_t *p, size_t left)
{
	size_t len = (size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];
	uint32_t c;
	int i;

	if (len > FRAME_PAYLOAD || left < FRAME_FIXED + len + FRAME_CRC)
		return;
	c = crc32_update(0, p, FRAME_FIXED + len);
	for (i = 0; i < FRAME_CRC; i++)
		p[FRAME_FIXED + len + (size_t)i] = (uint8_t)(c >> (24 - 8 * i));
}

static void
taken(const uint8_t *p, size_t n, const struct frame *f)
{
	static uint8_t out[FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC];
	uint8_t rec[EXITREC_SIZE];
	struct exitrec r;

	if (f->len > FRAME_PAYLOAD || n != FRAME_FIXED + f->len + FRAME_CRC)
		abort();
	if (frame_put(out, f) != n || memcmp(out, p, n) != 0)
		abort();
	if (f->type != FR_EXIT || f->len != EXITREC_SIZE || exitrec_get(f->data, &r) == -1)
		return;
	exitrec_put(rec, &r);
	if (memcmp(rec, f->data, EXITREC_SIZE) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy, *p;
	struct frame f;
	size_t left;
	ssize_t n;

	if (size < 1)
		return 0;
	left = size - 1;
	if ((copy = malloc(left + 1)) == NULL)
		return 0;
	memcpy(copy, data + 1, left);
	for (p = copy;; p += n, left -= (size_t)n) {
		if (data[0] == 1 && left >= FRAME_FIXED)
			put_right(p, left);
		if ((n = frame_get(p, left, &f)) <= 0)
			break;
		if ((size_t)n > left)
			abort();
		taken(p, (size_t)n, &f);
	}
	free(copy);
	return 0;
}
