/* Payloads of one step of a job: privd's conversation with reeve-execd. */
#include <stddef.h>
#include <string.h>

#include "imsg/msg_codec.h"
#include "imsg/msg_field.h"
#include "lib/strutil.h"
#include "lib/valid.h"

static int
profile_known(uint32_t p)
{
	return p > PR_NONE && p < PR_MAX;
}

struct ibuf *
msg_ready_put(void)
{
	struct ibuf *b;

	if ((b = ibuf_open(8)) == NULL)
		return NULL;
	ibuf_put_u64(b, msg_table_hash());
	return field_done(b);
}

int
msg_ready_get(const struct imsg *im)
{
	struct ibuf b;
	uint64_t h;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, &h) == -1 || h != msg_table_hash())
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_execready_put(uint32_t profile)
{
	struct ibuf *b;

	if (!profile_known(profile) || (b = ibuf_open(12)) == NULL)
		return NULL;
	ibuf_put_u64(b, msg_table_hash());
	ibuf_put_u32(b, profile);
	return field_done(b);
}

int
msg_execready_get(const struct imsg *im, uint32_t *profile)
{
	struct ibuf b;
	uint64_t h;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u64(&b, &h) == -1 || h != msg_table_hash() ||
	    ibuf_get_u32(&b, profile) == -1 || !profile_known(*profile))
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_execblob_put(uint8_t index)
{
	struct ibuf *b;

	if (index >= TICKET_BLOBS || (b = ibuf_open(1)) == NULL)
		return NULL;
	ibuf_put_u8(b, index);
	return field_done(b);
}

int
msg_execblob_get(const struct imsg *im, uint8_t *index)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get_u8(&b, index) == -1 || *index >= TICKET_BLOBS)
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_seal_put(const uint8_t key[32])
{
	struct ibuf *b;

	if ((b = ibuf_open(32)) == NULL)
		return NULL;
	ibuf_put(b, key, 32);
	return field_done(b);
}

int
msg_seal_get(const struct imsg *im, uint8_t key[32])
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, key, 32) == -1)
		return -1;
	return ibuf_get_end(&b);
}

/* EXEC_HOST: one row a field, in the order of the wire, so that put and get cannot drift apart. */
enum host_form {
	HF_U32,
	HF_UID, /* u32, never root and never nobody */
	HF_U64,
	HF_BOOL, /* u8 */
	HF_TEXT, /* str, printable */
	HF_PATH, /* str, "" or printable and absolute */
	HF_HEX,	 /* str, hex digits to its full size */
	HF_NAME, /* str, a host name */
};

struct host_field {
	enum host_form form;
	size_t offset, size;
};

#define HOST(form, member)                                    \
	{                                                     \
		HF_##form, offsetof(struct msg_host, member), \
		    sizeof(((struct msg_host *)NULL)->member) \
	}
static const struct host_field host_fields[] = {
    HOST(UID, run_uid),
    HOST(UID, run_gid),
    HOST(U32, tool_uid),
    HOST(U32, tool_gid),
    HOST(PATH, haproxy_socket),
    HOST(TEXT, version),
    HOST(PATH, script),
    HOST(PATH, script_home),
    HOST(TEXT, script_user),
    HOST(U64, script_caps),
    HOST(BOOL, script_net),
    HOST(BOOL, script_root),
    HOST(PATH, script_write),
    HOST(HEX, host_id),
    HOST(NAME, host_name),
    HOST(BOOL, below_minimum),
    HOST(U32, lock_wait),
};
#undef HOST
#define NFIELDS (sizeof(host_fields) / sizeof(host_fields[0]))

static int
host_text_ok(const struct host_field *f, const char *s)
{
	size_t len = strnlen(s, f->size);

	if (len == f->size || !str_printable(s, len))
		return 0;
	switch (f->form) {
	case HF_PATH:
		return len == 0 || s[0] == '/';
	case HF_HEX:
		return valid_hex(s, f->size - 1);
	case HF_NAME:
		return valid_hostname(s);
	default:
		return 1;
	}
}

static int
host_uid_ok(const struct host_field *f, uint32_t v)
{
	return f->form != HF_UID || (v != 0 && v != UINT32_MAX);
}

static int
host_field_put(struct ibuf *b, const struct host_field *f, const uint8_t *m)
{
	uint32_t u32;
	uint64_t u64;

	switch (f->form) {
	case HF_U32:
	case HF_UID:
		memcpy(&u32, m + f->offset, sizeof(u32));
		ibuf_put_u32(b, u32);
		return host_uid_ok(f, u32) ? 0 : -1;
	case HF_U64:
		memcpy(&u64, m + f->offset, sizeof(u64));
		ibuf_put_u64(b, u64);
		return 0;
	case HF_BOOL:
		ibuf_put_u8(b, m[f->offset]);
		return m[f->offset] <= 1 ? 0 : -1;
	default:
		if (!host_text_ok(f, (const char *)m + f->offset))
			return -1;
		ibuf_put_str(b, (const char *)m + f->offset);
		return 0;
	}
}

static int
host_field_get(struct ibuf *b, const struct host_field *f, uint8_t *m)
{
	uint32_t u32;
	uint64_t u64;

	switch (f->form) {
	case HF_U32:
	case HF_UID:
		if (ibuf_get_u32(b, &u32) == -1)
			return -1;
		memcpy(m + f->offset, &u32, sizeof(u32));
		return host_uid_ok(f, u32) ? 0 : -1;
	case HF_U64:
		if (ibuf_get_u64(b, &u64) == -1)
			return -1;
		memcpy(m + f->offset, &u64, sizeof(u64));
		return 0;
	case HF_BOOL:
		return field_get_bool(b, m + f->offset);
	default:
		if (ibuf_get_str(b, (char *)m + f->offset, f->size) == -1)
			return -1;
		return host_text_ok(f, (const char *)m + f->offset) ? 0 : -1;
	}
}

struct ibuf *
msg_host_put(const struct msg_host *m)
{
	struct ibuf *b;
	size_t i;

	if ((b = ibuf_open(msg_row(MSG_EXEC_HOST)->max)) == NULL)
		return NULL;
	for (i = 0; i < NFIELDS; i++)
		if (host_field_put(b, &host_fields[i], (const uint8_t *)m) == -1)
			b->failed = 1;
	return field_done(b);
}

int
msg_host_get(const struct imsg *im, struct msg_host *m)
{
	struct ibuf b;
	size_t i;

	memset(m, 0, sizeof(*m));
	ibuf_from(&b, im->data, im->len);
	for (i = 0; i < NFIELDS; i++)
		if (host_field_get(&b, &host_fields[i], (uint8_t *)m) == -1)
			return -1;
	return ibuf_get_end(&b);
}

/* Numbers that mean something, and a ticket for every kind but the internal steps, which have none.
 */
static int
start_ok(const struct msg_start *m)
{
	if (m->kind != KIND_NONE && kind_bynum(m->kind) == NULL)
		return 0;
	if (m->step >= KIND_STEPS || m->rollback > 1 || !profile_known(m->profile))
		return 0;
	return m->len <= TICKET_MAX && (m->len == 0) == (m->kind == KIND_NONE);
}

struct ibuf *
msg_start_put(const struct msg_start *m)
{
	struct ibuf *b;

	if (!start_ok(m) || (b = ibuf_open(48 + m->len)) == NULL)
		return NULL;
	ibuf_put(b, m->id, sizeof(m->id));
	ibuf_put_u32(b, m->kind);
	ibuf_put_u8(b, m->step);
	ibuf_put_u8(b, m->rollback);
	ibuf_put_u32(b, m->profile);
	ibuf_put_u32(b, m->seconds);
	ibuf_put_u32(b, m->grace);
	ibuf_put_u64(b, m->output);
	ibuf_put_u32(b, m->stall);
	ibuf_put_blk(b, m->ticket, m->len);
	return field_done(b);
}

int
msg_start_get(const struct imsg *im, struct msg_start *m)
{
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, m->id, sizeof(m->id)) == -1 || ibuf_get_u32(&b, &m->kind) == -1 ||
	    ibuf_get_u8(&b, &m->step) == -1 || field_get_bool(&b, &m->rollback) == -1 ||
	    ibuf_get_u32(&b, &m->profile) == -1 || ibuf_get_u32(&b, &m->seconds) == -1 ||
	    ibuf_get_u32(&b, &m->grace) == -1 || ibuf_get_u64(&b, &m->output) == -1 ||
	    ibuf_get_u32(&b, &m->stall) == -1 ||
	    field_get_blk(&b, &m->ticket, &m->len, 0, TICKET_MAX) == -1 || !start_ok(m))
		return -1;
	return ibuf_get_end(&b);
}

struct ibuf *
msg_execexit_put(const struct exitrec *r)
{
	uint8_t buf[EXITREC_SIZE];
	struct ibuf *b;

	if ((b = ibuf_open(sizeof(buf))) == NULL)
		return NULL;
	exitrec_put(buf, r);
	ibuf_put(b, buf, sizeof(buf));
	return field_done(b);
}

int
msg_execexit_get(const struct imsg *im, struct exitrec *r)
{
	uint8_t buf[EXITREC_SIZE];
	struct ibuf b;

	ibuf_from(&b, im->data, im->len);
	if (ibuf_get(&b, buf, sizeof(buf)) == -1 || exitrec_get(buf, r) == -1)
		return -1;
	return ibuf_get_end(&b);
}
