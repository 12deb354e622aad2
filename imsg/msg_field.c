/* Fields that several payloads share: put and get next to each other. */
#include <string.h>

#include "imsg/msg_field.h"
#include "lib/strutil.h"

struct ibuf *
field_done(struct ibuf *b)
{
	if (b != NULL && b->failed) {
		ibuf_free(b);
		return NULL;
	}
	return b;
}

void
field_put_sig(struct ibuf *b, const struct sig *s)
{
	ibuf_put(b, s->keynum, sizeof(s->keynum));
	ibuf_put(b, s->sig, sizeof(s->sig));
}

int
field_get_sig(struct ibuf *b, struct sig *s)
{
	if (ibuf_get(b, s->keynum, sizeof(s->keynum)) == -1)
		return -1;
	return ibuf_get(b, s->sig, sizeof(s->sig));
}

int
field_get_bool(struct ibuf *b, uint8_t *v)
{
	uint8_t u;

	if (ibuf_get_u8(b, &u) == -1 || u > 1)
		return -1;
	*v = u;
	return 0;
}

int
field_get_text(struct ibuf *b, char *dst, size_t size, size_t min)
{
	size_t len;

	if (ibuf_get_str(b, dst, size) == -1)
		return -1;
	len = strlen(dst);
	return len >= min && str_printable(dst, len) ? 0 : -1;
}

int
field_get_blk(struct ibuf *b, const uint8_t **p, size_t *len, size_t min, size_t max)
{
	if (ibuf_get_blk(b, p, len) == -1)
		return -1;
	return *len >= min && *len <= max ? 0 : -1;
}

int
field_get_rest(struct ibuf *b, const uint8_t **p, size_t *len, size_t min, size_t max)
{
	*p = b->buf + b->rpos;
	*len = b->wpos - b->rpos;
	b->rpos = b->wpos;
	return *len >= min && *len <= max ? 0 : -1;
}
