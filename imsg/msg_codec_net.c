/* Payloads of netd's and dial's conversations. */
#include <string.h>

#include "imsg/msg_codec.h"
#include "imsg/msg_field.h"
#include "lib/strutil.h"
#include "lib/valid.h"

struct ibuf *
msg_setting_put(const struct msg_setting *m)
{
	size_t max = msg_row(MSG_NETD_CONF)->max, keylen = strlen(m->key);
	struct ibuf *b;

	if (!valid_ident(m->key) || m->len > max - 2 - keylen)
		return NULL;
	if ((b = ibuf_open(2 + keylen + m->len)) == NULL)
		return NULL;
	ibuf_put_str(b, m->key);
	ibuf_put(b, m->value, m->len);
	return field_done(b);
}

int
msg_setting_get(const struct imsg *im, struct msg_setting *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_str(&b, m->key, sizeof(m->key)) == -1 || !valid_ident(m->key))
		return -1;
	return field_get_rest(&b, &m->value, &m->len, 0, MSG_PAYLOAD_MAX);
}

/* A name or a bare address, both only of characters that a resolver takes. */
static int
dial_host_ok(const char *host)
{
	return valid_hostname(host) || (valid_cidr(host) && strchr(host, '/') == NULL);
}

struct ibuf *
msg_dialconf_put(uint16_t port, const char *host)
{
	struct ibuf *b;

	if (port == 0 || !dial_host_ok(host) || (b = ibuf_open(4 + strlen(host))) == NULL)
		return NULL;
	ibuf_put_u16(b, port);
	ibuf_put_str(b, host);
	return field_done(b);
}

int
msg_dialconf_get(const struct imsg *im, uint16_t *port, char host[254])
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u16(&b, port) == -1 || *port == 0 || ibuf_get_str(&b, host, 254) == -1 ||
	    !dial_host_ok(host))
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_num_put(uint32_t number)
{
	struct ibuf *b;

	if ((b = ibuf_open(4)) == NULL)
		return NULL;
	ibuf_put_u32(b, number);
	return field_done(b);
}

int
msg_num_get(const struct imsg *im, uint32_t *number)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, number) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_dialfail_put(uint32_t number, const char *why)
{
	size_t len = strlen(why);
	struct ibuf *b;

	if (len < 1 || len > 256 || !str_printable(why, len) || (b = ibuf_open(4 + len)) == NULL)
		return NULL;
	ibuf_put_u32(b, number);
	ibuf_put(b, why, len);
	return field_done(b);
}

int
msg_dialfail_get(const struct imsg *im, uint32_t *number, char why[257])
{
	const uint8_t *p;
	struct ibuf b;
	size_t len;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u32(&b, number) == -1 || field_get_rest(&b, &p, &len, 1, 256) == -1 ||
	    !str_printable((const char *)p, len))
		return -1;
	memcpy(why, p, len);
	why[len] = '\0';
	return 0;
}

struct ibuf *
msg_alive_put(uint64_t turns)
{
	struct ibuf *b;

	if ((b = ibuf_open(8)) == NULL)
		return NULL;
	ibuf_put_u64(b, turns);
	return field_done(b);
}

int
msg_alive_get(const struct imsg *im, uint64_t *turns)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, turns) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_heads_put(const struct msg_heads *m)
{
	struct ibuf *b;

	if (m->nids > MSG_HEADS_MAX || (b = ibuf_open(34 + 16 * m->nids)) == NULL)
		return NULL;
	ibuf_put_u64(b, m->ledger);
	ibuf_put_u64(b, m->audit);
	ibuf_put(b, m->chain, sizeof(m->chain));
	ibuf_put_u16(b, (uint16_t)m->nids);
	ibuf_put(b, m->ids, 16 * m->nids);
	return field_done(b);
}

int
msg_heads_get(const struct imsg *im, struct msg_heads *m)
{
	struct ibuf b;
	uint16_t n;
	size_t len;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, &m->ledger) == -1 || ibuf_get_u64(&b, &m->audit) == -1 ||
	    ibuf_get(&b, m->chain, sizeof(m->chain)) == -1 || ibuf_get_u16(&b, &n) == -1 ||
	    n > MSG_HEADS_MAX)
		return -1;
	m->nids = n;
	return field_get_rest(&b, &m->ids, &len, 16 * m->nids, 16 * m->nids);
}

struct ibuf *
msg_confirmask_put(const uint8_t id[16], const uint8_t nonce[32])
{
	struct ibuf *b;

	if ((b = ibuf_open(48)) == NULL)
		return NULL;
	ibuf_put(b, id, 16);
	ibuf_put(b, nonce, 32);
	return field_done(b);
}

int
msg_confirmask_get(const struct imsg *im, uint8_t id[16], uint8_t nonce[32])
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, id, 16) == -1 || ibuf_get(&b, nonce, 32) == -1)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_confirmsig_put(const uint8_t id[16], const struct sig *sig)
{
	struct ibuf *b;

	if ((b = ibuf_open(16 + FIELD_SIG)) == NULL)
		return NULL;
	ibuf_put(b, id, 16);
	field_put_sig(b, sig);
	return field_done(b);
}

int
msg_confirmsig_get(const struct imsg *im, uint8_t id[16], struct sig *sig)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, id, 16) == -1 || field_get_sig(&b, sig) == -1)
		return -1;
	return ibuf_get_end(&b);
}
