/* Ledger records as bytes: one table says which fields each type has, put and get follow it. */
#include <string.h>

#include "imsg/imsg.h"
#include "lib/strutil.h"
#include "privd/ledger_rec.h"
#include "proto/frame.h"

/* The fields of a payload, in the order in which they stand. */
#define F_ID	 0x001 /* 16 bytes */
#define F_JOB	 0x002 /* origin, fence, ticket, signatures, key, holder */
#define F_STEP	 0x004 /* step, rollback */
#define F_PROC	 0x008 /* pid, start time */
#define F_EXIT	 0x010 /* exit record */
#define F_RESULT 0x020 /* signature, text */
#define F_WHO	 0x040
#define F_NONCE	 0x080 /* 32 bytes */
#define F_NUMBER 0x100

#define SIGSIZE 72

static unsigned int
rec_fields(enum ledger_type type)
{
	switch (type) {
	case LR_ACCEPTED:
		return F_ID | F_JOB;
	case LR_STEP:
		return F_ID | F_STEP;
	case LR_STARTED:
		return F_ID | F_STEP | F_PROC;
	case LR_STEPEND:
		return F_ID | F_STEP | F_EXIT;
	case LR_FINISHED:
		return F_ID | F_RESULT;
	case LR_ACKED:
		return F_ID;
	case LR_CANCEL:
		return F_ID | F_WHO;
	case LR_CHALLENGE:
	case LR_CHALLENGE_USED:
	case LR_CONFIRMED:
		return F_ID | F_NONCE;
	case LR_CUT:
	case LR_INTAKE:
		return F_NUMBER;
	case LR_CONFIRM:
		return F_ID | F_NONCE | F_NUMBER;
	case LR_RESET:
		return F_NONCE;
	case LR_LIMIT:
		break;
	}
	return 0;
}

int
ledger_lazy(enum ledger_type type)
{
	enum when { SYNC, LAZY };

	switch (type) {
#define X(num, name, when, doc) \
	case LR_##name:         \
		return when == LAZY;
		LEDGER_TABLE(X)
#undef X
	case LR_LIMIT:
		break;
	}
	return 0;
}

const char *
ledger_typename(uint8_t type)
{
	switch ((enum ledger_type)type) {
#define X(num, name, when, doc) \
	case LR_##name:         \
		return #name;
		LEDGER_TABLE(X)
#undef X
	case LR_LIMIT:
		break;
	}
	return NULL;
}

ssize_t
ledger_head(const uint8_t *buf, size_t len, struct errmsg *e)
{
	size_t word = strlen(LEDGER_WORD), end;
	const uint8_t *nl;
	uint64_t v;

	nl = memchr(buf, '\n', len < LEDGER_HEADMAX ? len : LEDGER_HEADMAX);
	if (nl == NULL || (end = (size_t)(nl - buf)) < word ||
	    memcmp(buf, LEDGER_WORD, word) != 0 ||
	    strn_u64((const char *)buf + word, end - word, 1, UINT32_MAX, &v) == -1)
		return err_set(
		    e, "ledger: is not a ledger (its first line is damaged): needs-rekey");
	if (v != LEDGER_VERSION)
		return err_set(e,
		    "ledger: is of version %llu, and this reeve knows version %d: install the "
		    "newer reeve "
		    "again",
		    (unsigned long long)v, LEDGER_VERSION);
	return (ssize_t)end + 1;
}

static void
put_sig(struct ibuf *b, const struct sig *s)
{
	ibuf_put(b, s->keynum, sizeof(s->keynum));
	ibuf_put(b, s->sig, sizeof(s->sig));
}

static int
get_sig(struct ibuf *b, struct sig *s)
{
	if (ibuf_get(b, s->keynum, sizeof(s->keynum)) == -1)
		return -1;
	return ibuf_get(b, s->sig, sizeof(s->sig));
}

/* A short text: printable, at most SIZE - 1 bytes. */
static void
put_text(struct ibuf *b, const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	if (len == size || !str_printable(s, len))
		b->failed = 1;
	else
		ibuf_put_str(b, s);
}

static int
get_text(struct ibuf *b, char *s, size_t size)
{
	if (ibuf_get_str(b, s, size) == -1 || !str_printable(s, strlen(s)))
		return -1;
	return 0;
}

static void
put_job(struct ibuf *b, const struct ledger_rec *r)
{
	unsigned int i;

	if (r->ticketlen == 0 || r->ticketlen > TICKET_MAX || r->nsigs > TICKET_SIGS) {
		b->failed = 1;
		return;
	}
	put_text(b, r->origin, sizeof(r->origin));
	ibuf_put_u64(b, r->fence);
	ibuf_put_blk(b, r->ticket, r->ticketlen);
	ibuf_put_u8(b, (uint8_t)r->nsigs);
	for (i = 0; i < r->nsigs; i++)
		put_sig(b, &r->sig[i]);
	put_text(b, r->key, sizeof(r->key));
	put_text(b, r->holder, sizeof(r->holder));
}

static int
get_job(struct ibuf *b, struct ledger_rec *r)
{
	uint8_t n;

	if (get_text(b, r->origin, sizeof(r->origin)) == -1 || ibuf_get_u64(b, &r->fence) == -1 ||
	    ibuf_get_blk(b, &r->ticket, &r->ticketlen) == -1 || r->ticketlen == 0 ||
	    r->ticketlen > TICKET_MAX || ibuf_get_u8(b, &n) == -1 || n > TICKET_SIGS)
		return -1;
	for (r->nsigs = 0; r->nsigs < n; r->nsigs++)
		if (get_sig(b, &r->sig[r->nsigs]) == -1)
			return -1;
	if (get_text(b, r->key, sizeof(r->key)) == -1)
		return -1;
	return get_text(b, r->holder, sizeof(r->holder));
}

static void
put_result(struct ibuf *b, const struct ledger_rec *r)
{
	if (r->resultlen == 0 || r->resultlen > RESULT_MAX) {
		b->failed = 1;
		return;
	}
	put_sig(b, &r->resultsig);
	ibuf_put_blk(b, r->result, r->resultlen);
}

static int
get_result(struct ibuf *b, struct ledger_rec *r)
{
	if (get_sig(b, &r->resultsig) == -1 || ibuf_get_blk(b, &r->result, &r->resultlen) == -1)
		return -1;
	return r->resultlen == 0 || r->resultlen > RESULT_MAX ? -1 : 0;
}

static void
put_step(struct ibuf *b, const struct ledger_rec *r)
{
	ibuf_put_u8(b, r->step);
	ibuf_put_u8(b, r->rollback);
	if (r->rollback > 1)
		b->failed = 1;
}

static int
get_step(struct ibuf *b, struct ledger_rec *r)
{
	if (ibuf_get_u8(b, &r->step) == -1 || ibuf_get_u8(b, &r->rollback) == -1)
		return -1;
	return r->rollback > 1 ? -1 : 0;
}

static void
put_proc(struct ibuf *b, const struct ledger_rec *r)
{
	ibuf_put_u32(b, r->pid);
	ibuf_put_u64(b, r->starttime);
}

static int
get_proc(struct ibuf *b, struct ledger_rec *r)
{
	if (ibuf_get_u32(b, &r->pid) == -1)
		return -1;
	return ibuf_get_u64(b, &r->starttime);
}

static void
put_exit(struct ibuf *b, const struct ledger_rec *r)
{
	uint8_t buf[EXITREC_SIZE];

	exitrec_put(buf, &r->exit);
	ibuf_put(b, buf, sizeof(buf));
}

static int
get_exit(struct ibuf *b, struct ledger_rec *r)
{
	uint8_t buf[EXITREC_SIZE];

	if (ibuf_get(b, buf, sizeof(buf)) == -1)
		return -1;
	return exitrec_get(buf, &r->exit);
}

static void
put_payload(struct ibuf *b, const struct ledger_rec *r, unsigned int f)
{
	if (f & F_ID)
		ibuf_put(b, r->id, sizeof(r->id));
	if (f & F_JOB)
		put_job(b, r);
	if (f & F_STEP)
		put_step(b, r);
	if (f & F_PROC)
		put_proc(b, r);
	if (f & F_EXIT)
		put_exit(b, r);
	if (f & F_RESULT)
		put_result(b, r);
	if (f & F_WHO)
		put_text(b, r->who, sizeof(r->who));
	if (f & F_NONCE)
		ibuf_put(b, r->nonce, sizeof(r->nonce));
	if (f & F_NUMBER)
		ibuf_put_u64(b, r->number);
}

static int
get_payload(struct ibuf *b, struct ledger_rec *r, unsigned int f)
{
	if ((f & F_ID) && ibuf_get(b, r->id, sizeof(r->id)) == -1)
		return -1;
	if ((f & F_JOB) && get_job(b, r) == -1)
		return -1;
	if ((f & F_STEP) && get_step(b, r) == -1)
		return -1;
	if ((f & F_PROC) && get_proc(b, r) == -1)
		return -1;
	if ((f & F_EXIT) && get_exit(b, r) == -1)
		return -1;
	if ((f & F_RESULT) && get_result(b, r) == -1)
		return -1;
	if ((f & F_WHO) && get_text(b, r->who, sizeof(r->who)) == -1)
		return -1;
	if ((f & F_NONCE) && ibuf_get(b, r->nonce, sizeof(r->nonce)) == -1)
		return -1;
	if ((f & F_NUMBER) && ibuf_get_u64(b, &r->number) == -1)
		return -1;
	return ibuf_get_end(b);
}

static void
put_fixed(uint8_t *buf, size_t payload, const struct ledger_rec *r)
{
	struct ibuf b = {.buf = buf, .size = LEDGER_FIXED};
	const uint8_t zero[3] = {0};

	ibuf_put_u32(&b, (uint32_t)payload);
	ibuf_put_u8(&b, (uint8_t)r->type);
	ibuf_put(&b, zero, sizeof(zero));
	ibuf_put_u64(&b, r->seq);
	ibuf_put_u64(&b, r->time);
}

ssize_t
ledger_rec_put(uint8_t buf[LEDGER_FRAME_MAX], const struct ledger_rec *r, struct errmsg *e)
{
	struct ibuf b = {.buf = buf + LEDGER_FIXED, .size = LEDGER_PAYLOAD};
	struct ibuf c = {.size = LEDGER_CRC};
	unsigned int f = rec_fields(r->type);

	if (f == 0)
		return err_set(e, "ledger: there is no record type %d", (int)r->type);
	put_payload(&b, r, f);
	if (b.failed)
		return err_set(e, "ledger: this %s record has a field out of its bounds",
		    ledger_typename((uint8_t)r->type));
	put_fixed(buf, b.wpos, r);
	c.buf = b.buf + b.wpos;
	ibuf_put_u32(&c, crc32_update(0, buf, LEDGER_FIXED + b.wpos));
	return (ssize_t)(LEDGER_FIXED + b.wpos + LEDGER_CRC);
}

/* The fixed part; 0, or -1 when it is none. SIZE gets the length of the whole frame. */
static int
get_fixed(
    const uint8_t *buf, size_t len, size_t *size, uint8_t *type, uint64_t *seq, uint64_t *when)
{
	struct ibuf b;
	uint8_t zero[3];
	uint32_t n;

	ibuf_from(&b, buf, len);
	if (ibuf_get_u32(&b, &n) == -1 || n > LEDGER_PAYLOAD || ibuf_get_u8(&b, type) == -1 ||
	    ibuf_get(&b, zero, sizeof(zero)) == -1 || (zero[0] | zero[1] | zero[2]) != 0 ||
	    ibuf_get_u64(&b, seq) == -1 || ibuf_get_u64(&b, when) == -1)
		return -1;
	*size = LEDGER_FIXED + n + LEDGER_CRC;
	return 0;
}

size_t
ledger_frame(const uint8_t *buf, size_t len)
{
	struct ibuf b;
	uint64_t seq, when;
	uint32_t crc;
	uint8_t type;
	size_t size;

	if (get_fixed(buf, len, &size, &type, &seq, &when) == -1 || size > len)
		return 0;
	ibuf_from(&b, buf + size - LEDGER_CRC, LEDGER_CRC);
	if (ibuf_get_u32(&b, &crc) == -1 || crc != crc32_update(0, buf, size - LEDGER_CRC))
		return 0;
	return size;
}

int
ledger_rec_get(const uint8_t *buf, size_t len, struct ledger_rec *r, struct errmsg *e)
{
	struct ibuf b;
	uint8_t type;
	size_t size;

	memset(r, 0, sizeof(*r));
	if (get_fixed(buf, len, &size, &type, &r->seq, &r->time) == -1 || size != len)
		return err_set(e, "is no frame");
	if (ledger_typename(type) == NULL)
		return err_set(e,
		    "has type %u, which this reeve does not know: install the newer reeve again",
		    type);
	r->type = (enum ledger_type)type;
	ibuf_from(&b, buf + LEDGER_FIXED, len - LEDGER_FIXED - LEDGER_CRC);
	if (get_payload(&b, r, rec_fields(r->type)) == -1)
		return err_set(e, "is not a %s record inside: needs-rekey", ledger_typename(type));
	return 0;
}

int
ledger_torn(const uint8_t *buf, size_t len)
{
	size_t i;

	/* Only one record is ever on its way to the disk. */
	if (len > LEDGER_FRAME_MAX)
		return 0;
	for (i = 1; i < len; i++)
		if (ledger_frame(buf + i, len - i) > 0)
			return 0;
	return 1;
}
