/* Payloads of jobs and of reevectl's conversation. Each get must use up its bytes exactly. */
#include <stdio.h>
#include <string.h>

#include "imsg/msg_codec.h"
#include "imsg/msg_field.h"
#include "lib/strutil.h"
#include "lib/valid.h"

_Static_assert(MSG_TICKETREQ_MAX == 8 + 2 + TICKET_MAX + 1 + TICKET_SIGS * FIELD_SIG, "submit");

static void
put_sigs(struct ibuf *b, const struct sig *sig, size_t n)
{
	ibuf_put_u8(b, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		field_put_sig(b, &sig[i]);
}

static int
get_sigs(struct ibuf *b, struct sig sig[TICKET_SIGS], size_t *nsigs)
{
	uint8_t n;

	if (ibuf_get_u8(b, &n) == -1 || n > TICKET_SIGS)
		return -1;
	for (*nsigs = 0; *nsigs < n; (*nsigs)++)
		if (field_get_sig(b, &sig[*nsigs]) == -1)
			return -1;
	return 0;
}

struct ibuf *
msg_submit_put(const struct msg_submit *m)
{
	struct ibuf *b;

	if (m->len < 1 || m->len > TICKET_MAX || m->nsigs > TICKET_SIGS)
		return NULL;
	if ((b = ibuf_open(MSG_TICKETREQ_MAX)) == NULL)
		return NULL;
	ibuf_put_u64(b, m->fence);
	ibuf_put_blk(b, m->ticket, m->len);
	put_sigs(b, m->sig, m->nsigs);
	return field_done(b);
}

int
msg_submit_get(const struct imsg *im, struct msg_submit *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, &m->fence) == -1 ||
	    field_get_blk(&b, &m->ticket, &m->len, 1, TICKET_MAX) == -1 ||
	    get_sigs(&b, m->sig, &m->nsigs) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_keys_put(const struct msg_keys *m)
{
	struct ibuf *b;

	if (m->len < 1 || m->len > KEYSFILE_MAX || m->nsigs > TICKET_SIGS)
		return NULL;
	if ((b = ibuf_open(MSG_KEYS_MAX)) == NULL)
		return NULL;
	ibuf_put_blk(b, m->text, m->len);
	put_sigs(b, m->sig, m->nsigs);
	return field_done(b);
}

int
msg_keys_get(const struct imsg *im, struct msg_keys *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (field_get_blk(&b, &m->text, &m->len, 1, KEYSFILE_MAX) == -1 ||
	    get_sigs(&b, m->sig, &m->nsigs) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_blob_put(const struct msg_blob *m)
{
	struct ibuf *b;

	if (m->len < 1 || m->len > MSG_PIECE || m->index >= TICKET_BLOBS)
		return NULL;
	if ((b = ibuf_open(21 + m->len)) == NULL)
		return NULL;
	ibuf_put(b, m->id, sizeof(m->id));
	ibuf_put_u8(b, m->index);
	ibuf_put_u32(b, m->offset);
	ibuf_put(b, m->data, m->len);
	return field_done(b);
}

int
msg_blob_get(const struct imsg *im, struct msg_blob *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, m->id, sizeof(m->id)) == -1 || ibuf_get_u8(&b, &m->index) == -1 ||
	    m->index >= TICKET_BLOBS || ibuf_get_u32(&b, &m->offset) == -1)
		return -1;
	return field_get_rest(&b, &m->data, &m->len, 1, MSG_PIECE);
}

struct ibuf *
msg_id_put(const uint8_t id[16])
{
	struct ibuf *b;

	if ((b = ibuf_open(16)) == NULL)
		return NULL;
	ibuf_put(b, id, 16);
	return field_done(b);
}

int
msg_id_get(const struct imsg *im, uint8_t id[16])
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, id, 16) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_needblob_put(const uint8_t id[16], uint8_t index)
{
	struct ibuf *b;

	if (index >= TICKET_BLOBS || (b = ibuf_open(17)) == NULL)
		return NULL;
	ibuf_put(b, id, 16);
	ibuf_put_u8(b, index);
	return field_done(b);
}

int
msg_needblob_get(const struct imsg *im, uint8_t id[16], uint8_t *index)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, id, 16) == -1 || ibuf_get_u8(&b, index) == -1 || *index >= TICKET_BLOBS)
		return -1;
	return ibuf_get_end(&b);
}

static int
state_known(uint8_t s)
{
	return s >= JS_ACCEPTED && s < JS_MAX;
}

struct ibuf *
msg_state_put(const struct msg_state *m)
{
	struct ibuf *b;

	if (!state_known(m->state) || !str_printable(m->reason, strlen(m->reason)))
		return NULL;
	if ((b = ibuf_open(27 + REASON_MAX)) == NULL)
		return NULL;
	ibuf_put(b, m->id, sizeof(m->id));
	ibuf_put_u8(b, m->state);
	ibuf_put_str(b, m->reason);
	ibuf_put_u64(b, m->fence);
	return field_done(b);
}

int
msg_state_get(const struct imsg *im, struct msg_state *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, m->id, sizeof(m->id)) == -1 || ibuf_get_u8(&b, &m->state) == -1 ||
	    !state_known(m->state) || field_get_text(&b, m->reason, sizeof(m->reason), 0) == -1 ||
	    ibuf_get_u64(&b, &m->fence) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_exit_put(const struct msg_exit *m)
{
	struct ibuf *b;

	if (m->len < 1 || m->len > RESULT_MAX)
		return NULL;
	if ((b = ibuf_open(16 + FIELD_SIG + 2 + m->len)) == NULL)
		return NULL;
	ibuf_put(b, m->id, sizeof(m->id));
	field_put_sig(b, &m->sig);
	ibuf_put_blk(b, m->record, m->len);
	return field_done(b);
}

int
msg_exit_get(const struct imsg *im, struct msg_exit *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, m->id, sizeof(m->id)) == -1 || field_get_sig(&b, &m->sig) == -1 ||
	    field_get_blk(&b, &m->record, &m->len, 1, RESULT_MAX) == -1)
		return -1;
	return ibuf_get_end(&b);
}

/* Bytes of text that get would refuse become '?'. */
static void
put_clean(struct ibuf *b, const char *s, size_t len, int lf)
{
	size_t i;

	for (i = 0; i < len; i++) {
		int ok = (s[i] >= 0x20 && s[i] <= 0x7e) || (lf && s[i] == '\n');

		ibuf_put_u8(b, ok ? (uint8_t)s[i] : '?');
	}
}

struct ibuf *
msg_text_put(const char *s)
{
	size_t len = strnlen(s, MSG_TEXT_MAX);
	struct ibuf *b;

	if ((b = ibuf_open(len)) == NULL)
		return NULL;
	put_clean(b, s, len, 0);
	return field_done(b);
}

int
msg_text_get(const struct imsg *im, char *dst, size_t size)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (im->len >= size || ibuf_get(&b, dst, im->len) == -1 || !str_printable(dst, im->len))
		return -1;
	dst[im->len] = '\0';
	return 0;
}

struct ibuf *
msg_item_open(void)
{
	return ibuf_open(msg_row(MSG_CTL_ITEM)->max);
}

void
msg_item_add(struct ibuf *b, const char *key, const char *value)
{
	if (b == NULL)
		return;
	if (!valid_ident(key))
		b->failed = 1;
	ibuf_put(b, key, strlen(key) + 1);
	put_clean(b, value, strlen(value), 1);
	ibuf_put_u8(b, 0);
}

void
msg_item_addu(struct ibuf *b, const char *key, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)value);
	msg_item_add(b, key, buf);
}

/* One NUL-ended string at *POS, which goes on behind it; NULL when none ends there. */
static const char *
item_string(const struct imsg *im, size_t *pos)
{
	const uint8_t *s = im->data + *pos, *nul;

	if (*pos >= im->len || (nul = memchr(s, '\0', im->len - *pos)) == NULL)
		return NULL;
	*pos += (size_t)(nul - s) + 1;
	return (const char *)s;
}

int
msg_item_next(const struct imsg *im, size_t *pos, const char **key, const char **value)
{
	const char *p;

	if (*pos == im->len)
		return 0;
	if ((*key = item_string(im, pos)) == NULL || !valid_ident(*key) ||
	    (*value = item_string(im, pos)) == NULL)
		return -1;
	for (p = *value; *p != '\0'; p++)
		if (*p != '\n' && !str_printable(p, 1))
			return -1;
	return 1;
}
