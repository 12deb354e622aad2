/*
 * A pair of functions for each payload: NAME_make() makes the smallest or the largest one of a row,
 * NAME_again() takes one apart and puts it together again. For samples.h alone.
 */
#ifndef REGRESS_IPC_PAYLOADS_H
#define REGRESS_IPC_PAYLOADS_H

#include <string.h>

#include "imsg/msg_codec.h"

enum sample_size { SAMPLE_MIN, SAMPLE_MAX };

static uint8_t sample_bytes[MSG_PAYLOAD_MAX];
static const uint8_t sample_id[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* N bytes of text with an ending NUL; one buffer, valid until the next call. */
static const char *
sample_text(size_t n)
{
	static char text[MSG_PAYLOAD_MAX + 1];

	memset(text, 'a', sizeof(text) - 1);
	text[n] = '\0';
	return text;
}

static struct sig
sample_sig(uint8_t n)
{
	struct sig s;

	memset(&s, n, sizeof(s));
	return s;
}

/* ---- one pair a payload ---- */

static struct ibuf *
none_make(const struct msg_row *r, enum sample_size z)
{
	(void)z;
	return ibuf_open(r->max);
}

static int
none_again(const struct imsg *im, struct ibuf **out)
{
	*out = ibuf_open(0);
	return im->len == 0 ? 0 : -1;
}

static struct ibuf *
submit_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_submit m = {.fence = 7, .ticket = sample_bytes, .len = 1};
	size_t i;

	(void)r;
	if (z == SAMPLE_MAX) {
		m.len = TICKET_MAX;
		for (i = 0; i < TICKET_SIGS; i++)
			m.sig[m.nsigs++] = sample_sig((uint8_t)i);
	}
	return msg_submit_put(&m);
}

static int
submit_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_submit m;

	if (msg_submit_get(im, &m) == -1)
		return -1;
	*out = msg_submit_put(&m);
	return 0;
}

static struct ibuf *
keys_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_keys m = {.text = sample_bytes, .len = 1};
	size_t i;

	(void)r;
	if (z == SAMPLE_MAX) {
		m.len = KEYSFILE_MAX;
		for (i = 0; i < TICKET_SIGS; i++)
			m.sig[m.nsigs++] = sample_sig((uint8_t)i);
	}
	return msg_keys_put(&m);
}

static int
keys_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_keys m;

	if (msg_keys_get(im, &m) == -1)
		return -1;
	*out = msg_keys_put(&m);
	return 0;
}

static struct ibuf *
blob_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_blob m = {.index = 1, .offset = 5, .data = sample_bytes};

	(void)r;
	memcpy(m.id, sample_id, 16);
	m.len = z == SAMPLE_MIN ? 1 : MSG_PIECE;
	return msg_blob_put(&m);
}

static int
blob_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_blob m;

	if (msg_blob_get(im, &m) == -1)
		return -1;
	*out = msg_blob_put(&m);
	return 0;
}

static struct ibuf *
id_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_id_put(sample_id);
}

static int
id_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t id[16];

	if (msg_id_get(im, id) == -1)
		return -1;
	*out = msg_id_put(id);
	return 0;
}

static struct ibuf *
needblob_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_needblob_put(sample_id, 3);
}

static int
needblob_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t id[16], index;

	if (msg_needblob_get(im, id, &index) == -1)
		return -1;
	*out = msg_needblob_put(id, index);
	return 0;
}

static struct ibuf *
state_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_state m = {.state = JS_REFUSED};

	(void)r;
	memcpy(m.id, sample_id, 16);
	memcpy(m.reason, sample_text(REASON_MAX), REASON_MAX + 1);
	if (z == SAMPLE_MIN)
		m.reason[0] = '\0';
	return msg_state_put(&m);
}

static int
state_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_state m;

	if (msg_state_get(im, &m) == -1)
		return -1;
	*out = msg_state_put(&m);
	return 0;
}

static struct ibuf *
exit_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_exit m = {.record = sample_bytes, .len = z == SAMPLE_MIN ? 1 : RESULT_MAX};

	(void)r;
	memcpy(m.id, sample_id, 16);
	m.sig = sample_sig(9);
	return msg_exit_put(&m);
}

static int
exit_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_exit m;

	if (msg_exit_get(im, &m) == -1)
		return -1;
	*out = msg_exit_put(&m);
	return 0;
}

static struct ibuf *
ready_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_ready_put();
}

static int
ready_again(const struct imsg *im, struct ibuf **out)
{
	if (msg_ready_get(im) == -1)
		return -1;
	*out = msg_ready_put();
	return 0;
}

static struct ibuf *
execready_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_execready_put(PR_FACTS);
}

static int
execready_again(const struct imsg *im, struct ibuf **out)
{
	uint32_t profile;

	if (msg_execready_get(im, &profile) == -1)
		return -1;
	*out = msg_execready_put(profile);
	return 0;
}

static struct ibuf *
execblob_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_execblob_put(0);
}

static int
execblob_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t index;

	if (msg_execblob_get(im, &index) == -1)
		return -1;
	*out = msg_execblob_put(index);
	return 0;
}

static struct ibuf *
seal_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_seal_put(sample_bytes);
}

static int
seal_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t key[32];

	if (msg_seal_get(im, key) == -1)
		return -1;
	*out = msg_seal_put(key);
	return 0;
}

/* A path that fills SIZE bytes with its NUL. */
static void
sample_path(char *dst, size_t size)
{
	memcpy(dst, sample_text(size - 1), size);
	dst[0] = '/';
}

/* The longest host name: 253 bytes in labels of at most 63. */
static void
sample_hostname(char *dst)
{
	memcpy(dst, sample_text(253), 254);
	dst[63] = dst[127] = dst[191] = '.';
}

static void
sample_host(struct msg_host *m, enum sample_size z)
{
	memset(m, 0, sizeof(*m));
	m->run_uid = 901;
	m->run_gid = 902;
	m->tool_uid = 903;
	m->tool_gid = 904;
	m->script_caps = 1ULL << 40;
	m->script_net = 1;
	m->lock_wait = 60;
	memcpy(m->host_id, "5f0c2c9d8e7f40a1b2c3d4e5f6071829", 33);
	memcpy(m->host_name, "w", 2);
	if (z == SAMPLE_MIN)
		return;
	sample_path(m->haproxy_socket, sizeof(m->haproxy_socket));
	sample_path(m->script, sizeof(m->script));
	sample_path(m->script_home, sizeof(m->script_home));
	sample_path(m->script_write, sizeof(m->script_write));
	memcpy(m->version, sample_text(sizeof(m->version) - 1), sizeof(m->version));
	memcpy(m->script_user, sample_text(sizeof(m->script_user) - 1), sizeof(m->script_user));
	sample_hostname(m->host_name);
}

static struct ibuf *
host_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_host m;

	(void)r;
	sample_host(&m, z);
	return msg_host_put(&m);
}

static int
host_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_host m;

	if (msg_host_get(im, &m) == -1)
		return -1;
	*out = msg_host_put(&m);
	return 0;
}

static struct ibuf *
start_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_start m = {.profile = PR_SELFTEST, .seconds = 10, .grace = 2, .output = 4096};

	(void)r;
	memcpy(m.id, sample_id, 16);
	if (z == SAMPLE_MAX) {
		m.kind = KIND_AGENT_FACTS;
		m.ticket = sample_bytes;
		m.len = TICKET_MAX;
	}
	return msg_start_put(&m);
}

static int
start_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_start m;

	if (msg_start_get(im, &m) == -1)
		return -1;
	*out = msg_start_put(&m);
	return 0;
}

static struct ibuf *
execexit_make(const struct msg_row *r, enum sample_size z)
{
	struct exitrec x = {
	    .step = 1, .end = END_OK, .effect = EFFECT_OK, .started = 1, .ended = 2};

	(void)r;
	(void)z;
	return msg_execexit_put(&x);
}

static int
execexit_again(const struct imsg *im, struct ibuf **out)
{
	struct exitrec x;

	if (msg_execexit_get(im, &x) == -1)
		return -1;
	*out = msg_execexit_put(&x);
	return 0;
}

static struct ibuf *
text_make(const struct msg_row *r, enum sample_size z)
{
	return msg_text_put(sample_text(z == SAMPLE_MIN ? r->min : r->max));
}

static int
text_again(const struct imsg *im, struct ibuf **out)
{
	char text[MSG_TEXT_MAX + 1];

	if (msg_text_get(im, text, sizeof(text)) == -1)
		return -1;
	*out = msg_text_put(text);
	return 0;
}

static struct ibuf *
item_make(const struct msg_row *r, enum sample_size z)
{
	struct ibuf *b = msg_item_open();

	msg_item_add(b, "k", sample_text(z == SAMPLE_MIN ? 0 : r->max - 3));
	return b;
}

static int
item_again(const struct imsg *im, struct ibuf **out)
{
	const char *key, *value;
	size_t pos = 0;
	int n;

	*out = msg_item_open();
	while ((n = msg_item_next(im, &pos, &key, &value)) == 1)
		msg_item_add(*out, key, value);
	return n;
}

static struct ibuf *
setting_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_setting m = {.key = "k", .value = sample_bytes};

	m.len = z == SAMPLE_MIN ? 0 : r->max - 3;
	return msg_setting_put(&m);
}

static int
setting_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_setting m;

	if (msg_setting_get(im, &m) == -1)
		return -1;
	*out = msg_setting_put(&m);
	return 0;
}

static struct ibuf *
dialconf_make(const struct msg_row *r, enum sample_size z)
{
	char host[254] = "c";

	(void)r;
	if (z == SAMPLE_MAX)
		sample_hostname(host);
	return msg_dialconf_put(443, host);
}

static int
dialconf_again(const struct imsg *im, struct ibuf **out)
{
	char host[254];
	uint16_t port;

	if (msg_dialconf_get(im, &port, host) == -1)
		return -1;
	*out = msg_dialconf_put(port, host);
	return 0;
}

static struct ibuf *
num_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_num_put(77);
}

static int
num_again(const struct imsg *im, struct ibuf **out)
{
	uint32_t n;

	if (msg_num_get(im, &n) == -1)
		return -1;
	*out = msg_num_put(n);
	return 0;
}

static struct ibuf *
dialfail_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	return msg_dialfail_put(77, sample_text(z == SAMPLE_MIN ? 1 : 256));
}

static int
dialfail_again(const struct imsg *im, struct ibuf **out)
{
	char why[257];
	uint32_t n;

	if (msg_dialfail_get(im, &n, why) == -1)
		return -1;
	*out = msg_dialfail_put(n, why);
	return 0;
}

static struct ibuf *
alive_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_alive_put(1ULL << 33);
}

static int
alive_again(const struct imsg *im, struct ibuf **out)
{
	uint64_t n;

	if (msg_alive_get(im, &n) == -1)
		return -1;
	*out = msg_alive_put(n);
	return 0;
}

static struct ibuf *
heads_make(const struct msg_row *r, enum sample_size z)
{
	struct msg_heads m = {.ledger = 1, .audit = 2, .ids = sample_bytes};

	(void)r;
	m.nids = z == SAMPLE_MIN ? 0 : MSG_HEADS_MAX;
	return msg_heads_put(&m);
}

static int
heads_again(const struct imsg *im, struct ibuf **out)
{
	struct msg_heads m;

	if (msg_heads_get(im, &m) == -1)
		return -1;
	*out = msg_heads_put(&m);
	return 0;
}

static struct ibuf *
confirmask_make(const struct msg_row *r, enum sample_size z)
{
	(void)r;
	(void)z;
	return msg_confirmask_put(sample_id, sample_bytes);
}

static int
confirmask_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t id[16], nonce[32];

	if (msg_confirmask_get(im, id, nonce) == -1)
		return -1;
	*out = msg_confirmask_put(id, nonce);
	return 0;
}

static struct ibuf *
confirmsig_make(const struct msg_row *r, enum sample_size z)
{
	struct sig s = sample_sig(3);

	(void)r;
	(void)z;
	return msg_confirmsig_put(sample_id, &s);
}

static int
confirmsig_again(const struct imsg *im, struct ibuf **out)
{
	uint8_t id[16];
	struct sig s;

	if (msg_confirmsig_get(im, id, &s) == -1)
		return -1;
	*out = msg_confirmsig_put(id, &s);
	return 0;
}

#endif
