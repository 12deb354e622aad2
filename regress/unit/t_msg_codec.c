/*
 * imsg/msg_codec.c, msg_codec_exec.c, msg_codec_net.c, msg_codec_sign.c, msg_field.c: every
 * payload of the table fits its row exactly, survives being taken apart, and is refused one byte
 * shorter, longer or out of range.
 */
#include "regress/check.h"
#include "regress/ipc/samples.h"

static struct imsg
message(uint32_t type, const void *data, size_t len)
{
	return (struct imsg){.type = type, .data = data, .len = len, .fd = {-1, -1}};
}

static void
check_again(const struct msg_row *r, const struct codec *c, const uint8_t *p, size_t len)
{
	struct imsg im = message(r->num, p, len);
	struct ibuf *out = NULL;

	CHECKF(c->again(&im, &out) == 0, "%s", r->name);
	CHECKF(out != NULL && !out->failed && out->wpos == len && memcmp(out->buf, p, len) == 0,
	    "%s: put after get gives other bytes", r->name);
	ibuf_free(out);
}

/* 1 when the getter takes the payload and it is not simply another valid one. */
static int
takes(const struct msg_row *r, const struct codec *c, const uint8_t *p, size_t len)
{
	struct imsg im = message(r->num, p, len);
	struct ibuf *out = NULL;
	int n = c->again(&im, &out);

	ibuf_free(out);
	return n == 0;
}

/* Payloads whose end is wherever the message ends: a shorter one is another valid one. */
static int
open_ended(const struct codec *c)
{
	return c->make == blob_make || c->make == text_make || c->make == setting_make ||
	       c->make == dialfail_make || c->make == numblk_make;
}

static void
row(const struct msg_row *r)
{
	static uint8_t p[MSG_PAYLOAD_MAX + 1];
	const struct codec *c = codec_of(r->num);
	struct ibuf *b;
	size_t len;
	int z;

	CHECKF(c != NULL, "%s: no codec in regress/ipc/samples.h", r->name);
	if (c == NULL)
		return;
	for (z = SAMPLE_MIN; z <= SAMPLE_MAX; z++) {
		b = c->make(r, (enum sample_size)z);
		CHECKF(b != NULL && !b->failed, "%s", r->name);
		if (b == NULL)
			continue;
		CHECKF(b->wpos == (z == SAMPLE_MIN ? r->min : r->max),
		    "%s: sample %d has %zu bytes", r->name, z, b->wpos);
		len = b->wpos;
		memcpy(p, b->buf, len);
		ibuf_free(b);
		check_again(r, c, p, len);
		if (open_ended(c))
			continue;
		p[len] = 0;
		CHECKF(!takes(r, c, p, len + 1), "%s: a byte left over is taken", r->name);
		/* An item of no pair at all is simply at its end; the row's least size refuses it.
		 */
		while (len-- > (c->make == item_make ? 1 : 0))
			CHECKF(!takes(r, c, p, len), "%s: taken at %zu bytes", r->name, len);
	}
}

/* The row's sample with byte AT set to V must be refused. */
static void
refused_at(uint32_t type, enum sample_size z, size_t at, uint8_t v)
{
	const struct msg_row *r = msg_row(type);
	struct ibuf *b = codec_of(type)->make(r, z);

	CHECK(at < b->wpos);
	b->buf[at] = v;
	CHECKF(!takes(r, codec_of(type), b->buf, b->wpos), "%s: byte %zu = %u", r->name, at, v);
	ibuf_free(b);
}

static void
ranges(void)
{
	refused_at(MSG_JOB_STATE, SAMPLE_MIN, 16, 0);
	refused_at(MSG_JOB_STATE, SAMPLE_MIN, 16, JS_MAX);
	refused_at(MSG_JOB_STATE, SAMPLE_MIN, 16, 255);
	refused_at(MSG_JOB_STATE, SAMPLE_MAX, 19, '\n');
	refused_at(MSG_JOB_STATE, SAMPLE_MAX, 100, 0);
	refused_at(MSG_CTL_NEEDBLOB, SAMPLE_MIN, 16, TICKET_BLOBS);
	refused_at(MSG_JOB_BLOB, SAMPLE_MIN, 16, TICKET_BLOBS);
	refused_at(MSG_CTL_BLOB, SAMPLE_MIN, 16, 255);
	refused_at(MSG_EXEC_BLOB, SAMPLE_MIN, 0, TICKET_BLOBS);
	refused_at(MSG_NETD_READY, SAMPLE_MIN, 7, msg_table_hash() & 0xff ? 0 : 1);
	refused_at(MSG_EXEC_READY, SAMPLE_MIN, 0, (uint8_t)(msg_table_hash() >> 56) ^ 1);
	refused_at(MSG_EXEC_READY, SAMPLE_MIN, 11, PR_NONE);
	refused_at(MSG_EXEC_READY, SAMPLE_MIN, 11, PR_MAX);
	refused_at(MSG_EXEC_READY, SAMPLE_MIN, 8, 1);
	refused_at(MSG_JOB_SUBMIT, SAMPLE_MAX, 8, 0xff);
	refused_at(MSG_CTL_SUBMIT, SAMPLE_MIN, 11, 1);
	refused_at(MSG_CTL_SUBMIT, SAMPLE_MIN, 9, 0);
	refused_at(MSG_JOB_EXIT, SAMPLE_MIN, 89, 0);
	refused_at(MSG_HEADS, SAMPLE_MIN, 33, 1);
	refused_at(MSG_HEADS, SAMPLE_MAX, 33, 1);
	refused_at(MSG_NETD_CONF, SAMPLE_MIN, 2, ' ');
	refused_at(MSG_NETD_CONF, SAMPLE_MIN, 1, 0);
	refused_at(MSG_DIAL_CONF, SAMPLE_MIN, 4, '/');
	refused_at(MSG_DIAL_CONF, SAMPLE_MAX, 4, '-');
	refused_at(MSG_DIAL_FAIL, SAMPLE_MAX, 200, 0x7f);
	refused_at(MSG_CTL_OK, SAMPLE_MAX, 0, 0);
	refused_at(MSG_CTL_ERR, SAMPLE_MIN, 0, 0x1b);
	refused_at(MSG_EXEC_FAIL, SAMPLE_MAX, 399, 0x80);
	refused_at(MSG_CTL_ITEM, SAMPLE_MIN, 0, ' ');
	refused_at(MSG_CTL_ITEM, SAMPLE_MIN, 0, 0);
	refused_at(MSG_CTL_ITEM, SAMPLE_MIN, 2, 'x');
	refused_at(MSG_CTL_ITEM, SAMPLE_MAX, 9, 0x1b);
	refused_at(MSG_SIGN_HELLO, SAMPLE_MIN, 0, (uint8_t)(msg_table_hash() >> 56) ^ 1);
	refused_at(MSG_SIGN_HELLO, SAMPLE_MIN, 10, '*');
	refused_at(MSG_SIGN_HELLO, SAMPLE_MIN, 65, '=');
	refused_at(MSG_SIGN_CSR, SAMPLE_MIN, 38, '*');
	refused_at(MSG_SIGN_CSR, SAMPLE_MIN, 38, '-');
	refused_at(MSG_SIGN_CSR, SAMPLE_MIN, 38, 'A');
	refused_at(MSG_SIGN_CONFIRM, SAMPLE_MIN, 70, 0);
	refused_at(MSG_SIGN_CONFIRM, SAMPLE_MAX, 100, '/');
	refused_at(MSG_SIGN_NO, SAMPLE_MAX, 200, 0x7f);
	refused_at(MSG_EXEC_EXIT, SAMPLE_MIN, 1, END_MAX);
	refused_at(MSG_EXEC_EXIT, SAMPLE_MIN, 1, 0);
	refused_at(MSG_EXEC_EXIT, SAMPLE_MIN, EXITREC_SIZE - 1, 1);
}

static void
ports(void)
{
	static const uint8_t zero[] = {0, 0, 0, 1, 'c'}, slash[] = {0, 1, 0, 4, '1', ':', ':', '/'};
	char host[254];
	uint16_t port;
	struct imsg im = message(MSG_DIAL_CONF, zero, sizeof(zero));

	CHECK(msg_dialconf_get(&im, &port, host) == -1);
	im = message(MSG_DIAL_CONF, slash, sizeof(slash));
	CHECK(msg_dialconf_get(&im, &port, host) == -1);
	CHECK(msg_dialconf_put(0, "c.example") == NULL);
	CHECK(msg_dialconf_put(1, "a b") == NULL);
	CHECK(msg_dialconf_put(1, "10.0.0.0/8") == NULL);
	/* What a resolver said may begin with anything printable. */
	im = message(MSG_DIAL_FAIL, "\0\0\0\1-x", 6);
	check_again(msg_row(MSG_DIAL_FAIL), codec_of(MSG_DIAL_FAIL), im.data, im.len);
}

static void
start(void)
{
	struct msg_start m = {.profile = PR_SELFTEST};

#define START(field, value, ok)                                   \
	do {                                                      \
		struct msg_start x = m;                           \
		struct ibuf *b;                                   \
		x.field = (value);                                \
		b = msg_start_put(&x);                            \
		CHECKF((b != NULL) == (ok), #field " = " #value); \
		ibuf_free(b);                                     \
	} while (0)
	START(step, 0, 1);
	START(step, KIND_STEPS - 1, 1);
	START(step, KIND_STEPS, 0);
	START(rollback, 1, 1);
	START(rollback, 2, 0);
	START(profile, PR_NONE, 0);
	START(profile, PR_MAX, 0);
	START(profile, UINT32_MAX, 0);
	START(kind, KIND_AGENT_FACTS, 0); /* a kind without its ticket */
	m.ticket = sample_bytes;
	m.len = 1;
	START(kind, KIND_NONE, 0); /* a ticket without its kind */
	START(kind, KIND_AGENT_FACTS, 1);
	START(kind, KIND_MAX, 0);
	START(kind, UINT32_MAX, 0);
	m.kind = KIND_AGENT_FACTS;
	START(len, TICKET_MAX + 1, 0);
#undef START
	/* The getter judges the same, from the wire. */
	refused_at(MSG_EXEC_START, SAMPLE_MAX, 16, 1);		/* kind */
	refused_at(MSG_EXEC_START, SAMPLE_MAX, 19, KIND_NONE);	/* kind */
	refused_at(MSG_EXEC_START, SAMPLE_MIN, 19, 1);		/* kind */
	refused_at(MSG_EXEC_START, SAMPLE_MIN, 20, KIND_STEPS); /* step */
	refused_at(MSG_EXEC_START, SAMPLE_MIN, 21, 2);		/* rollback */
	refused_at(MSG_EXEC_START, SAMPLE_MIN, 25, PR_NONE);	/* profile */
	refused_at(MSG_EXEC_START, SAMPLE_MIN, 25, PR_MAX);	/* profile */
}

/* Every byte of the struct that a field owns comes over: none is forgotten in the list of fields.
 */
static void
host_fields_all(void)
{
	const struct msg_row *r = msg_row(MSG_EXEC_HOST);
	struct msg_host m, g;
	struct imsg im;
	struct ibuf *b;

	CHECK(sizeof(m.haproxy_socket) + sizeof(m.version) + sizeof(m.script) +
		  sizeof(m.script_home) + sizeof(m.script_user) + sizeof(m.script_write) +
		  sizeof(m.host_id) + sizeof(m.host_name) + 3 + 5 * 4 + 8 <=
	      sizeof(m));
	CHECK(sizeof(m) - (108 + 32 + 3 * 1024 + 64 + 33 + 254 + 3 + 5 * 4 + 8) < 24);
	sample_host(&m, SAMPLE_MAX);
	m.script_root = m.below_minimum = 1;
	m.tool_uid = 0; /* root-equivalent steps */
	b = msg_host_put(&m);
	CHECK(b != NULL && b->wpos == r->max);
	im = message(r->num, b->buf, b->wpos);
	memset(&g, 0xff, sizeof(g));
	CHECK(msg_host_get(&im, &g) == 0);
	CHECK(memcmp(&m, &g, sizeof(m)) == 0);
	ibuf_free(b);
}

static void
host(void)
{
	struct msg_host m, x;
	struct ibuf *b;

	sample_host(&m, SAMPLE_MIN);
#define HOST(change)                        \
	do {                                \
		x = m;                      \
		change;                     \
		b = msg_host_put(&x);       \
		CHECKF(b == NULL, #change); \
		ibuf_free(b);               \
	} while (0)
	HOST(x.run_uid = 0);
	HOST(x.run_uid = UINT32_MAX);
	HOST(x.run_gid = 0);
	HOST(x.run_gid = UINT32_MAX);
	HOST(x.script_net = 2);
	HOST(x.below_minimum = 255);
	HOST(x.script[0] = 'r');
	HOST(x.version[0] = '\n');
	HOST(memset(x.version, 'v', sizeof(x.version)));
	HOST(x.host_id[31] = '\0');
	HOST(x.host_id[0] = 'A');
	HOST(x.host_name[0] = '\0');
	HOST(x.host_name[0] = '-');
#undef HOST
	refused_at(MSG_EXEC_HOST, SAMPLE_MAX, 18, 'r'); /* haproxy_socket not absolute */
	refused_at(MSG_EXEC_HOST, SAMPLE_MAX, 40, 0);	/* a NUL in it */
	refused_at(MSG_EXEC_HOST, SAMPLE_MAX, 40, 0x7f);
	refused_at(MSG_EXEC_HOST, SAMPLE_MIN, 34, 2);	/* script_net */
	refused_at(MSG_EXEC_HOST, SAMPLE_MIN, 41, 'g'); /* host_id */
	host_fields_all();
}

static void
identity_zero(void)
{
	const struct msg_row *r = msg_row(MSG_EXEC_HOST);
	struct ibuf *b = host_make(r, SAMPLE_MIN);

	memset(b->buf, 0, 4);
	CHECK(!takes(r, codec_of(r->num), b->buf, b->wpos));
	memset(b->buf, 0xff, 4);
	CHECK(!takes(r, codec_of(r->num), b->buf, b->wpos));
	ibuf_free(b);
}

/* What our own callers may hand in and must not get out. */
static void
own_limits(void)
{
	struct msg_submit s = {.ticket = sample_bytes};
	struct msg_blob bl = {.data = sample_bytes, .len = MSG_PIECE + 1};
	struct msg_exit ex = {.record = sample_bytes, .len = RESULT_MAX + 1};
	struct msg_state st = {.state = JS_MAX};
	struct msg_heads h = {.ids = sample_bytes, .nids = MSG_HEADS_MAX + 1};
	struct msg_setting set = {.key = "not an ident"};

	CHECK(msg_submit_put(&s) == NULL);
	s.len = TICKET_MAX + 1;
	CHECK(msg_submit_put(&s) == NULL);
	s.len = 1;
	s.nsigs = TICKET_SIGS + 1;
	CHECK(msg_submit_put(&s) == NULL);
	CHECK(msg_blob_put(&bl) == NULL);
	bl.len = 0;
	CHECK(msg_blob_put(&bl) == NULL);
	CHECK(msg_exit_put(&ex) == NULL);
	CHECK(msg_state_put(&st) == NULL);
	CHECK(msg_heads_put(&h) == NULL);
	CHECK(msg_setting_put(&set) == NULL);
	CHECK(msg_needblob_put(sample_id, TICKET_BLOBS) == NULL);
	CHECK(msg_execblob_put(TICKET_BLOBS) == NULL);
	CHECK(msg_execready_put(PR_MAX) == NULL);
	CHECK(msg_dialfail_put(1, "") == NULL);
	CHECK(msg_dialfail_put(1, "line\nbreak") == NULL);
	CHECK(msg_dialfail_put(1, sample_text(257)) == NULL);
}

/* Answers always get out: what may not be sent becomes '?'. */
static void
text(void)
{
	struct ibuf *b = msg_text_put("a\nb\x1b[0m\xc3\xa9");
	char dst[16], small[5];
	struct imsg im;

	im = message(MSG_CTL_ERR, b->buf, b->wpos);
	CHECK(msg_text_get(&im, dst, sizeof(dst)) == 0);
	CHECK_STR(dst, "a?b?[0m??");
	CHECK(msg_text_get(&im, dst, 10) == 0 && msg_text_get(&im, dst, 9) == -1);
	ibuf_free(b);
	b = msg_text_put("1234");
	im = message(MSG_CTL_ERR, b->buf, b->wpos);
	CHECK(msg_text_get(&im, small, sizeof(small)) == 0 && strcmp(small, "1234") == 0);
	CHECK(msg_text_get(&im, small, 0) == -1);
	ibuf_free(b);
	b = msg_text_put(sample_text(MSG_TEXT_MAX + 50));
	CHECK(b->wpos == MSG_TEXT_MAX);
	ibuf_free(b);
}

static void
items(void)
{
	struct ibuf *b = msg_item_open();
	const char *k, *v;
	struct imsg im;
	size_t pos = 0;

	msg_item_add(b, "what", "job");
	msg_item_add(b, "ticket", "line 1\nline 2\r");
	msg_item_addu(b, "seq", UINT64_MAX);
	im = message(MSG_CTL_ITEM, b->buf, b->wpos);
	CHECK(msg_item_next(&im, &pos, &k, &v) == 1 && !strcmp(k, "what") && !strcmp(v, "job"));
	CHECK(msg_item_next(&im, &pos, &k, &v) == 1 && !strcmp(v, "line 1\nline 2?"));
	CHECK(msg_item_next(&im, &pos, &k, &v) == 1 && !strcmp(v, "18446744073709551615"));
	CHECK(msg_item_next(&im, &pos, &k, &v) == 0);
	CHECK(msg_item_next(&im, &pos, &k, &v) == 0);
	im.len--;
	pos = 0;
	while (msg_item_next(&im, &pos, &k, &v) == 1)
		;
	CHECK(msg_item_next(&im, &pos, &k, &v) == -1);
	msg_item_add(b, "bad key", "x");
	CHECK(b->failed);
	ibuf_free(b);
	b = msg_item_open();
	msg_item_add(b, "k", sample_text(20000));
	CHECK(b->failed);
	ibuf_free(b);
	msg_item_add(NULL, "k", "v");
}

int
main(void)
{
	const struct msg_row *r;
	size_t i;

	for (i = 0; (r = msg_nth(i)) != NULL; i++)
		row(r);
	for (i = 0; i < NCODECS; i++)
		CHECKF(msg_row(codecs[i].num) != NULL, "codec %u has no row", codecs[i].num);
	ranges();
	ports();
	start();
	host();
	identity_zero();
	own_limits();
	text();
	items();
	return check_done();
}
