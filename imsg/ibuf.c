/* ibuf: the payload of a message, put and got field by field, big endian, never past the end. */
#include <stdlib.h>
#include <string.h>

#include "imsg/imsg.h"

struct ibuf *
ibuf_open(size_t max)
{
	struct ibuf *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if ((b->buf = malloc(max > 0 ? max : 1)) == NULL) {
		free(b);
		return NULL;
	}
	b->size = max;
	return b;
}

void
ibuf_free(struct ibuf *b)
{
	if (b == NULL)
		return;
	explicit_bzero(b->buf, b->wpos); /* some hold keys */
	free(b->buf);
	free(b);
}

void
ibuf_from(struct ibuf *b, const void *buf, size_t len)
{
	memset(b, 0, sizeof(*b));
	/* The getters only read; a buffer made here is never put into: its room is used up. */
	b->buf = (uint8_t *)(uintptr_t)buf;
	b->size = b->wpos = len;
}

void
ibuf_put(struct ibuf *b, const void *p, size_t len)
{
	if (b->failed || len > b->size - b->wpos) {
		b->failed = 1;
		return;
	}
	if (len > 0)
		memcpy(b->buf + b->wpos, p, len);
	b->wpos += len;
}

/* The low N bytes of V, most significant first. */
static void
put_be(struct ibuf *b, uint64_t v, size_t n)
{
	uint8_t out[8];
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	ibuf_put(b, out, n);
}

void
ibuf_put_u8(struct ibuf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void
ibuf_put_u16(struct ibuf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void
ibuf_put_u32(struct ibuf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void
ibuf_put_u64(struct ibuf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void
ibuf_put_blk(struct ibuf *b, const void *p, size_t len)
{
	if (len > UINT16_MAX) {
		b->failed = 1;
		return;
	}
	ibuf_put_u16(b, (uint16_t)len);
	ibuf_put(b, p, len);
}

void
ibuf_put_str(struct ibuf *b, const char *s)
{
	ibuf_put_blk(b, s, strlen(s));
}

int
ibuf_get(struct ibuf *b, void *p, size_t len)
{
	if (len > b->wpos - b->rpos)
		return -1;
	if (len > 0)
		memcpy(p, b->buf + b->rpos, len);
	b->rpos += len;
	return 0;
}

static int
get_be(struct ibuf *b, uint64_t *v, size_t n)
{
	uint8_t in[8];
	size_t i;

	if (ibuf_get(b, in, n) == -1)
		return -1;
	for (*v = 0, i = 0; i < n; i++)
		*v = *v << 8 | in[i];
	return 0;
}

int
ibuf_get_u8(struct ibuf *b, uint8_t *v)
{
	return ibuf_get(b, v, 1);
}

int
ibuf_get_u16(struct ibuf *b, uint16_t *v)
{
	uint64_t u;

	if (get_be(b, &u, 2) == -1)
		return -1;
	*v = (uint16_t)u;
	return 0;
}

int
ibuf_get_u32(struct ibuf *b, uint32_t *v)
{
	uint64_t u;

	if (get_be(b, &u, 4) == -1)
		return -1;
	*v = (uint32_t)u;
	return 0;
}

int
ibuf_get_u64(struct ibuf *b, uint64_t *v)
{
	uint64_t u;

	if (get_be(b, &u, 8) == -1)
		return -1;
	*v = u;
	return 0;
}

int
ibuf_get_blk(struct ibuf *b, const uint8_t **p, size_t *len)
{
	size_t start = b->rpos;
	uint16_t n;

	if (ibuf_get_u16(b, &n) == -1)
		return -1;
	if (n > b->wpos - b->rpos) {
		b->rpos = start;
		return -1;
	}
	*p = b->buf + b->rpos;
	*len = n;
	b->rpos += n;
	return 0;
}

int
ibuf_get_str(struct ibuf *b, char *dst, size_t size)
{
	size_t start = b->rpos, len;
	const uint8_t *p;

	if (ibuf_get_blk(b, &p, &len) == -1)
		return -1;
	if (len >= size || memchr(p, '\0', len) != NULL) {
		b->rpos = start;
		return -1;
	}
	memcpy(dst, p, len);
	dst[len] = '\0';
	return 0;
}

int
ibuf_get_end(const struct ibuf *b)
{
	return b->rpos == b->wpos ? 0 : -1;
}
