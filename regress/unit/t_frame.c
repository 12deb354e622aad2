/* proto/frame.c: frames and CRC-32. */
#include <stdint.h>

#include "proto/frame.h"
#include "regress/check.h"

/* Bit by bit, as the standard describes it. */
static uint32_t
crc_slow(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;
	int i;

	while (len-- > 0) {
		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = (crc & 1) ? crc >> 1 ^ 0xedb88320U : crc >> 1;
	}
	return ~crc;
}

static void
crc(void)
{
	uint8_t buf[300];
	size_t len, at;

	CHECK(crc32_update(0, "123456789", 9) == 0xcbf43926U);
	CHECK(crc32_update(0, "", 0) == 0);
	for (len = 0; len < sizeof(buf); len++)
		buf[len] = (uint8_t)(len * 37 + 11);
	for (len = 0; len < sizeof(buf); len++)
		CHECK(crc32_update(0, buf + len % 9, len - len % 9) ==
		      crc_slow(buf + len % 9, len - len % 9));
	for (at = 0; at <= sizeof(buf); at++)
		CHECK(crc32_update(crc32_update(0, buf, at), buf + at, sizeof(buf) - at) ==
		      crc_slow(buf, sizeof(buf)));
}

static void
round_trip(enum frame_type type, uint32_t len)
{
	static uint8_t data[FRAME_PAYLOAD], out[FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC + 1];
	struct frame f = {.type = type, .step = 3, .ms = 0x0102030405060708ULL, .data = data}, g;
	size_t n, i;

	memset(data, 0x5a, sizeof(data));
	f.len = len;
	n = frame_put(out, &f);
	CHECK(n == FRAME_FIXED + len + FRAME_CRC);
	CHECK(frame_get(out, n, &g) == (ssize_t)n);
	CHECK(g.type == type && g.step == 3 && g.ms == f.ms && g.len == len);
	CHECK(memcmp(g.data, data, len) == 0);
	CHECK(frame_get(out, n + 1, &g) == (ssize_t)n);
	for (i = 0; i<n; i += len> 64 ? 997 : 1)
		CHECKF(frame_get(out, i, &g) == 0, "cut at %zu", i);
}

static void
damage(void)
{
	static const uint8_t golden[] = {1, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 'h', 'i'};
	uint8_t out[64], bad[64];
	struct frame f = {.type = FR_STDOUT, .step = 2, .ms = 9}, g;
	uint32_t c;
	size_t n, i, bit;

	f.data = (const uint8_t *)"hi";
	f.len = 2;
	n = frame_put(out, &f);
	CHECK(n == sizeof(golden) + 4 && memcmp(out, golden, sizeof(golden)) == 0);
	c = crc_slow(golden, sizeof(golden));
	CHECK(out[18] == c >> 24 && out[19] == (c >> 16 & 0xff) && out[20] == (c >> 8 & 0xff) &&
	      out[21] == (c & 0xff));
	/* A changed length may ask for more bytes than are there: never a good frame, that is all.
	 */
	for (i = 0; i < n; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(bad, out, n);
			bad[i] ^= (uint8_t)(1U << bit);
			CHECKF(frame_get(bad, n, &g) <= 0, "byte %zu bit %zu", i, bit);
		}
	/* Known to be bad from the head alone, before the rest came: */
	memcpy(bad, out, n);
	bad[0] = 0;
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
	bad[0] = FR_MAX;
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
	bad[0] = 255;
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
	memcpy(bad, out, n);
	bad[3] = 1;
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
	memcpy(bad, out, n);
	bad[5] = 1;
	bad[7] = 1;
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
	bad[7] = 0; /* 65536 */
	CHECK(frame_get(bad, FRAME_FIXED, &g) == 0);
	memset(bad + 4, 0xff, 4);
	CHECK(frame_get(bad, FRAME_FIXED, &g) == -1);
}

int
main(void)
{
	int t;

	CHECK(sizeof(FRAME_HEAD) - 1 == FRAME_HEADLEN);
	crc();
	for (t = FR_STDOUT; t < FR_MAX; t++) {
		round_trip((enum frame_type)t, 0);
		round_trip((enum frame_type)t, 13);
		CHECK(strcmp(frame_typename((enum frame_type)t), "?") != 0);
	}
	round_trip(FR_STDOUT, FRAME_PAYLOAD);
	damage();
	CHECK_STR(frame_typename(FR_MAX), "?");
	CHECK_STR(frame_typename((enum frame_type)0), "?");
	return check_done();
}
