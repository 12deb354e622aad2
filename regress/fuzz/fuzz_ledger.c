/*
 * Any bytes at the ledger's records. First byte 0: the rest is a file's bytes as they are. Else:
 * the type of a record whose payload is the rest, under a right head and CRC.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "privd/ledger_rec.h"
#include "proto/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was decoded is encoded again: the same bytes, or the decoder took what nobody writes. */
static void
try_frame(const uint8_t *frame, size_t len)
{
	static uint8_t out[LEDGER_FRAME_MAX];
	struct ledger_rec r;
	struct errmsg e;
	ssize_t n;

	if (ledger_rec_get(frame, len, &r, &e) == -1)
		return;
	n = ledger_rec_put(out, &r, &e);
	if (n != (ssize_t)len || memcmp(out, frame, len) != 0)
		abort();
}

static void
try_file(const uint8_t *data, size_t size)
{
	struct errmsg e;
	ssize_t head;
	size_t len;

	if ((head = ledger_head(data, size, &e)) == -1)
		return;
	for (data += head, size -= (size_t)head; (len = ledger_frame(data, size)) > 0;
	     data += len, size -= len)
		try_frame(data, len);
	if (ledger_torn(data, size) && size > LEDGER_FRAME_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[LEDGER_FRAME_MAX];
	size_t len = size > 0 ? size - 1 : 0;
	uint32_t crc;
	int i;

	if (size == 0 || len > LEDGER_PAYLOAD)
		return 0;
	if (data[0] == 0) {
		try_file(data + 1, len);
		return 0;
	}
	memset(frame, 0, LEDGER_FIXED);
	frame[2] = (uint8_t)(len >> 8);
	frame[3] = (uint8_t)len;
	frame[4] = data[0];
	memcpy(frame + LEDGER_FIXED, data + 1, len);
	crc = crc32_update(0, frame, LEDGER_FIXED + len);
	for (i = 0; i < LEDGER_CRC; i++)
		frame[LEDGER_FIXED + len + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
	if (ledger_frame(frame, LEDGER_FIXED + len + LEDGER_CRC) != LEDGER_FIXED + len + LEDGER_CRC)
		abort();
	try_frame(frame, LEDGER_FIXED + len + LEDGER_CRC);
	return 0;
}
