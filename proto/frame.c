/* Spool frames and the CRC-32 that they and the ledger carry. */
#include <string.h>

#include "proto/frame.h"

const char *
frame_typename(enum frame_type t)
{
	switch (t) {
	case FR_STDOUT:
		return "stdout";
	case FR_STDERR:
		return "stderr";
	case FR_PROGRESS:
		return "progress";
	case FR_DATA:
		return "data";
	case FR_NOTE:
		return "note";
	case FR_EXIT:
		return "exit";
	case FR_MAX:
		break;
	}
	return "?";
}

#define CRC_SLICE 4096 /* from here on the further tables are worth their making */

/* One table for each byte of a word read at once (slicing by eight); the first one alone will do.
 */
struct crc {
	uint32_t t[8][256];
	unsigned int made;
};

static const struct crc *
crc_tables(size_t len)
{
	static struct crc c;
	unsigned int i, j;

	for (i = 0; c.made == 0 && i < 256; i++) {
		c.t[0][i] = i;
		for (j = 0; j < 8; j++)
			c.t[0][i] = c.t[0][i] >> 1 ^ ((c.t[0][i] & 1) ? 0xedb88320U : 0);
	}
	c.made = c.made == 0 ? 1 : c.made;
	for (i = 0; c.made < 8 && len >= CRC_SLICE && i < 256; i++)
		for (j = 1; j < 8; j++)
			c.t[j][i] = c.t[j - 1][i] >> 8 ^ c.t[0][c.t[j - 1][i] & 0xff];
	c.made = len >= CRC_SLICE ? 8 : c.made;
	return &c;
}

static uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t
crc32_update(uint32_t crc, const void *buf, size_t len)
{
	const struct crc *c = crc_tables(len);
	const uint8_t *p = buf;

	crc = ~crc;
	for (; c->made == 8 && len >= 8; len -= 8, p += 8) {
		uint32_t a = crc ^ get_le32(p), b = get_le32(p + 4);

		crc = c->t[7][a & 0xff] ^ c->t[6][a >> 8 & 0xff] ^ c->t[5][a >> 16 & 0xff] ^
		      c->t[4][a >> 24] ^ c->t[3][b & 0xff] ^ c->t[2][b >> 8 & 0xff] ^
		      c->t[1][b >> 16 & 0xff] ^ c->t[0][b >> 24];
	}
	for (; len > 0; len--, p++)
		crc = c->t[0][(crc ^ *p) & 0xff] ^ crc >> 8;
	return ~crc;
}

static void
put_be(uint8_t *p, uint64_t v, size_t n)
{
	while (n > 0) {
		p[--n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

size_t
frame_put(uint8_t *out, const struct frame *f)
{
	out[0] = (uint8_t)f->type;
	out[1] = f->step;
	put_be(out + 2, 0, 2);
	put_be(out + 4, f->len, 4);
	put_be(out + 8, f->ms, 8);
	if (f->len > 0)
		memcpy(out + FRAME_FIXED, f->data, f->len);
	put_be(out + FRAME_FIXED + f->len, crc32_update(0, out, FRAME_FIXED + f->len), FRAME_CRC);
	return FRAME_FIXED + f->len + FRAME_CRC;
}

ssize_t
frame_get(const uint8_t *buf, size_t len, struct frame *f)
{
	size_t n;

	if (len < FRAME_FIXED)
		return 0;
	n = (size_t)get_be(buf + 4, 4);
	if (buf[0] < FR_STDOUT || buf[0] >= FR_MAX || get_be(buf + 2, 2) != 0 || n > FRAME_PAYLOAD)
		return -1;
	if (len < FRAME_FIXED + n + FRAME_CRC)
		return 0;
	if (get_be(buf + FRAME_FIXED + n, FRAME_CRC) != crc32_update(0, buf, FRAME_FIXED + n))
		return -1;
	f->type = (enum frame_type)buf[0];
	f->step = buf[1];
	f->ms = get_be(buf + 8, 8);
	f->data = buf + FRAME_FIXED;
	f->len = (uint32_t)n;
	return (ssize_t)(FRAME_FIXED + n + FRAME_CRC);
}
