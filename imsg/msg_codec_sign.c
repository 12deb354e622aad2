/* Payloads of the control plane's keys: ctld's conversation with reeve-sign. */
#include <string.h>

#include "imsg/msg_codec.h"
#include "imsg/msg_field.h"
#include "lib/valid.h"

#define ONLINE_B64 56 /* of a public key, as pubkey_write_b64() */

static int
online_ok(const char *b64)
{
	struct pubkey k;

	return strlen(b64) == ONLINE_B64 && pubkey_parse_b64(&k, b64, ONLINE_B64) == 0;
}

struct ibuf *
msg_hello_put(const struct msg_hello *m)
{
	struct ibuf *b;

	if (!online_ok(m->online) || m->calen < 1 || m->calen > SIGN_PEM_MAX ||
	    (b = ibuf_open(8 + 2 + ONLINE_B64 + 2 + m->calen)) == NULL)
		return NULL;
	ibuf_put_u64(b, msg_table_hash());
	ibuf_put_str(b, m->online);
	ibuf_put_blk(b, m->ca, m->calen);
	return field_done(b);
}

int
msg_hello_get(const struct imsg *im, struct msg_hello *m)
{
	struct ibuf b;
	uint64_t h;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, &h) == -1 || h != msg_table_hash() ||
	    ibuf_get_str(&b, m->online, sizeof(m->online)) == -1 || !online_ok(m->online) ||
	    field_get_blk(&b, &m->ca, &m->calen, 1, SIGN_PEM_MAX) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_csr_put(const struct msg_csr *m)
{
	struct ibuf *b;

	if (!valid_hostname(m->host_name) || m->len < 1 || m->len > SIGN_PEM_MAX ||
	    (b = ibuf_open(4 + 16 + 16 + 2 + strlen(m->host_name) + 2 + m->len)) == NULL)
		return NULL;
	ibuf_put_u32(b, m->number);
	ibuf_put(b, m->enrolment, sizeof(m->enrolment));
	ibuf_put(b, m->host_id, sizeof(m->host_id));
	ibuf_put_str(b, m->host_name);
	ibuf_put_blk(b, m->csr, m->len);
	return field_done(b);
}

int
msg_csr_get(const struct imsg *im, struct msg_csr *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, &m->number) == -1 ||
	    ibuf_get(&b, m->enrolment, sizeof(m->enrolment)) == -1 ||
	    ibuf_get(&b, m->host_id, sizeof(m->host_id)) == -1 ||
	    ibuf_get_str(&b, m->host_name, sizeof(m->host_name)) == -1 ||
	    !valid_hostname(m->host_name) ||
	    field_get_blk(&b, &m->csr, &m->len, 1, SIGN_PEM_MAX) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_numblk_put(uint32_t number, const void *p, size_t len)
{
	struct ibuf *b;

	if (len < 1 || len > SIGN_PEM_MAX || (b = ibuf_open(4 + len)) == NULL)
		return NULL;
	ibuf_put_u32(b, number);
	ibuf_put(b, p, len);
	return field_done(b);
}

int
msg_numblk_get(const struct imsg *im, uint32_t *number, const uint8_t **p, size_t *len)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, number) == -1)
		return -1;
	return field_get_rest(&b, p, len, 1, SIGN_PEM_MAX);
}

struct ibuf *
msg_signconfirm_put(const struct msg_signconfirm *m)
{
	struct ibuf *b;

	if (!valid_hostname(m->host_name) ||
	    (b = ibuf_open(4 + 16 + 16 + 32 + 2 + strlen(m->host_name))) == NULL)
		return NULL;
	ibuf_put_u32(b, m->number);
	ibuf_put(b, m->host_id, sizeof(m->host_id));
	ibuf_put(b, m->id, sizeof(m->id));
	ibuf_put(b, m->nonce, sizeof(m->nonce));
	ibuf_put_str(b, m->host_name);
	return field_done(b);
}

int
msg_signconfirm_get(const struct imsg *im, struct msg_signconfirm *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, &m->number) == -1 ||
	    ibuf_get(&b, m->host_id, sizeof(m->host_id)) == -1 ||
	    ibuf_get(&b, m->id, sizeof(m->id)) == -1 ||
	    ibuf_get(&b, m->nonce, sizeof(m->nonce)) == -1 ||
	    ibuf_get_str(&b, m->host_name, sizeof(m->host_name)) == -1 ||
	    !valid_hostname(m->host_name))
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_signsig_put(uint32_t number, const struct sig *sig)
{
	struct ibuf *b;

	if ((b = ibuf_open(4 + FIELD_SIG)) == NULL)
		return NULL;
	ibuf_put_u32(b, number);
	field_put_sig(b, sig);
	return field_done(b);
}

int
msg_signsig_get(const struct imsg *im, uint32_t *number, struct sig *sig)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, number) == -1 || field_get_sig(&b, sig) == -1)
		return -1;
	return ibuf_get_end(&b);
}
