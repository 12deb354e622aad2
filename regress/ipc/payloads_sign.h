/* The payloads of the control plane and its signer, as payloads.h has the host's. */
#ifndef REGRESS_IPC_PAYLOADS_SIGN_H
#define REGRESS_IPC_PAYLOADS_SIGN_H

#include "regress/ipc/payloads.h"

static struct ibuf *
hello_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_hello m = {.ca = sample_bytes, .calen = z == SAMPLE_MIN ? 1 : SIGN_PEM_MAX};
	struct pubkey k;

	(void)r;
	memset(&k, 5, sizeof(k));
	pubkey_write_b64(&k, m.online);
	return msg_hello_put(&m);
}

static int
hello_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_hello m;

	if (msg_hello_get(im, &m) == -1)
		return -1;
	*out = msg_hello_put(&m);
	return 0;
}

static struct ibuf *
csr_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_csr m = {.number = 77, .host_name = "w", .csr = sample_bytes, .len = 1};

	(void)r;
	memcpy(m.enrolment, sample_id, 16);
	memcpy(m.host_id, sample_id, 16);
	if (z == SAMPLE_MAX) {
		sample_hostname(m.host_name);
		m.len = SIGN_PEM_MAX;
	}
	return msg_csr_put(&m);
}

static int
csr_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_csr m;

	if (msg_csr_get(im, &m) == -1)
		return -1;
	*out = msg_csr_put(&m);
	return 0;
}

static struct ibuf *
numblk_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	return msg_numblk_put(77, sample_bytes, z == SAMPLE_MIN ? 1 : SIGN_PEM_MAX);
}

static int
numblk_again(const struct imsg *im, struct ibuf **out)
{
	const uint8_t *p;
	uint32_t n;
	size_t len;

	if (msg_numblk_get(im, &n, &p, &len) == -1)
		return -1;
	*out = msg_numblk_put(n, p, len);
	return 0;
}

static struct ibuf *
signconfirm_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_signconfirm m = {.number = 77, .host_name = "w"};

	(void)r;
	memcpy(m.host_id, sample_id, 16);
	memcpy(m.id, sample_id, 16);
	if (z == SAMPLE_MAX)
		sample_hostname(m.host_name);
	return msg_signconfirm_put(&m);
}

static int
signconfirm_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_signconfirm m;

	if (msg_signconfirm_get(im, &m) == -1)
		return -1;
	*out = msg_signconfirm_put(&m);
	return 0;
}

static struct ibuf *
signsig_make(const struct msg_row *r, enum sample_size z)
{
	struct sig s = sample_sig(3);

	(void)r;
	(void)z;
	return msg_signsig_put(77, &s);
}

static int
signsig_again(const struct imsg *im, struct ibuf **out)
{
	struct sig s;
	uint32_t n;

	if (msg_signsig_get(im, &n, &s) == -1)
		return -1;
	*out = msg_signsig_put(n, &s);
	return 0;
}

#endif
