/* imsg/ibuf.c: what is put is got, nothing is read or written past an end, a failed get changes
 * nothing. */
#include "imsg/imsg.h"
#include "regress/check.h"

static void
numbers(void)
{
	static const uint8_t want[] = {
	    0x12, 0x12, 0x34, 0x12, 0x34, 0x56, 0x78, 1, 2, 3, 4, 5, 6, 7, 8};
	struct ibuf *b = ibuf_open(15), g;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	ibuf_put_u8(b, 0x12);
	ibuf_put_u16(b, 0x1234);
	ibuf_put_u32(b, 0x12345678);
	ibuf_put_u64(b, 0x0102030405060708ULL);
	CHECK(!b->failed && b->wpos == sizeof(want));
	CHECK(memcmp(b->buf, want, sizeof(want)) == 0);
	ibuf_from(&g, b->buf, b->wpos);
	CHECK(ibuf_get_u8(&g, &u8) == 0 && u8 == 0x12);
	CHECK(ibuf_get_u16(&g, &u16) == 0 && u16 == 0x1234);
	CHECK(ibuf_get_u32(&g, &u32) == 0 && u32 == 0x12345678);
	CHECK(ibuf_get_end(&g) == -1);
	CHECK(ibuf_get_u64(&g, &u64) == 0 && u64 == 0x0102030405060708ULL);
	CHECK(ibuf_get_end(&g) == 0);
	ibuf_free(b);
}

static void
overflow(void)
{
	struct ibuf *b = ibuf_open(3);

	ibuf_put_u32(b, 1);
	CHECK(b->failed && b->wpos == 0);
	/* Once failed, even what would fit stays out: a payload is whole or not at all. */
	ibuf_put_u8(b, 1);
	CHECK(b->failed && b->wpos == 0);
	ibuf_free(b);

	b = ibuf_open(70000);
	ibuf_put_blk(b, b->buf, 65536);
	CHECK(b->failed);
	ibuf_free(b);

	b = ibuf_open(0);
	ibuf_put(b, NULL, 0);
	CHECK(!b->failed);
	ibuf_put_u8(b, 1);
	CHECK(b->failed);
	ibuf_free(b);
	ibuf_free(NULL);

	/* A buffer to get from has no room to put. */
	{
		uint8_t bytes[2] = {1, 2};
		struct ibuf g;

		ibuf_from(&g, bytes, sizeof(bytes));
		ibuf_put_u8(&g, 9);
		CHECK(g.failed && bytes[0] == 1 && bytes[1] == 2);
	}
}

static void
too_few(void)
{
	static const uint8_t bytes[8] = {0, 7};
	uint8_t u8 = 0xaa, raw[8] = {0xaa};
	uint16_t u16 = 0xaaaa;
	uint32_t u32 = 0xaaaaaaaa;
	uint64_t u64 = 0xaaaaaaaaaaaaaaaaULL;
	const uint8_t *p = raw;
	size_t len = 99;
	char s[8] = "kept";
	struct ibuf g;

	ibuf_from(&g, bytes, 0);
	CHECK(ibuf_get_u8(&g, &u8) == -1 && u8 == 0xaa);
	ibuf_from(&g, bytes, 1);
	CHECK(ibuf_get_u16(&g, &u16) == -1 && u16 == 0xaaaa && g.rpos == 0);
	ibuf_from(&g, bytes, 3);
	CHECK(ibuf_get_u32(&g, &u32) == -1 && u32 == 0xaaaaaaaa && g.rpos == 0);
	ibuf_from(&g, bytes, 7);
	CHECK(ibuf_get_u64(&g, &u64) == -1 && u64 == 0xaaaaaaaaaaaaaaaaULL && g.rpos == 0);
	CHECK(ibuf_get(&g, raw, 8) == -1 && raw[0] == 0xaa && g.rpos == 0);
	CHECK(ibuf_get(&g, raw, SIZE_MAX) == -1 && g.rpos == 0);
	/* The block says 7, five are there. */
	CHECK(ibuf_get_blk(&g, &p, &len) == -1 && p == raw && len == 99 && g.rpos == 0);
	CHECK(ibuf_get_str(&g, s, sizeof(s)) == -1 && strcmp(s, "kept") == 0 && g.rpos == 0);
}

static void
strings(void)
{
	struct ibuf *b = ibuf_open(64), g;
	const uint8_t *p;
	char s[6];
	size_t len;

	ibuf_put_str(b, "hello");
	ibuf_put_str(b, "");
	ibuf_put_blk(b, "a\0b", 3);
	ibuf_from(&g, b->buf, b->wpos);
	CHECK(ibuf_get_str(&g, s, 5) == -1 && g.rpos == 0);
	CHECK(ibuf_get_str(&g, s, 6) == 0 && strcmp(s, "hello") == 0);
	CHECK(ibuf_get_str(&g, s, 0) == -1);
	CHECK(ibuf_get_str(&g, s, 1) == 0 && s[0] == '\0');
	CHECK(ibuf_get_str(&g, s, sizeof(s)) == -1);
	CHECK(ibuf_get_blk(&g, &p, &len) == 0 && len == 3 && memcmp(p, "a\0b", 3) == 0);
	CHECK(ibuf_get_end(&g) == 0);
	ibuf_free(b);
}

int
main(void)
{
	numbers();
	overflow();
	too_few();
	strings();
	return check_done();
}
