/* What is believed of a result, and of the output that came with it. */
#include "cli/run.h"
#include "lib/strutil.h"
#include "regress/check.h"

#define ID    "5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define JOB   "9f86d081884c7d659a2feaa0c55ad015"
#define OTHER "3b7e0c1a9d2f4e5860718293a4b5c6d7"

static struct roster_host pinned;
static struct seckey key;
static struct task task;
static uint8_t spool[4096];
static size_t spoollen, sealed;

static void
add(enum frame_type type, const void *data, size_t len)
{
	struct frame f = {.type = type, .step = 1, .ms = 5, .data = data, .len = (uint32_t)len};

	spoollen += frame_put(spool + spoollen, &f);
}

static void
setup(void)
{
	uint8_t rec[EXITREC_SIZE];
	struct exitrec x = {.step = 1, .end = END_OK, .effect = EFFECT_NONE};
	struct pubkey p;

	seckey_new(&key, &p);
	snprintf(pinned.name, sizeof(pinned.name), "web1");
	snprintf(pinned.id, sizeof(pinned.id), ID);
	pubkey_write_b64(&p, pinned.result);
	snprintf(task.id, sizeof(task.id), JOB);
	task.kind = kind_byname("script.run");
	memset(task.hash, 7, sizeof(task.hash));
	memcpy(spool, FRAME_HEAD, FRAME_HEADLEN);
	spoollen = FRAME_HEADLEN;
	add(FR_STDOUT, "out\n", 4);
	add(FR_PROGRESS, "50 half", 7);
	add(FR_STDERR, "err", 3);
	add(FR_DATA, "{\"a\":", 5);
	add(FR_DATA, "1}", 2);
	sealed = spoollen;
	exitrec_put(rec, &x);
	add(FR_EXIT, rec, sizeof(rec));
}

static struct result
good(void)
{
	struct result r = {.step = 1,
	    .end = END_EXIT,
	    .code = 3,
	    .effect = EFFECT_NONE,
	    .accepted = 1,
	    .started = 2,
	    .finished = 3,
	    .seq = 1};

	snprintf(r.host_id, sizeof(r.host_id), ID);
	snprintf(r.host_name, sizeof(r.host_name), "web1");
	snprintf(r.id, sizeof(r.id), JOB);
	snprintf(r.kind, sizeof(r.kind), "script.run");
	memcpy(r.ticket, task.hash, 32);
	r.outsize = sealed;
	crypto_hash_sha256(r.outsha, spool, sealed);
	return r;
}

/* A run whose spool came in pieces of STEP bytes, with this record, signed by K. */
static void
judged(struct run *r, const struct result *res, const struct seckey *k, size_t len, size_t step)
{
	static char record[RESULT_MAX + 1], b64[101];
	struct fan f = {.show = SHOW_KEEP};
	char text[SIGNIFY_TEXT_MAX];
	struct errmsg e;
	struct sig s;
	ssize_t n;
	size_t at, one;

	memset(r, 0, sizeof(*r));
	r->task = &task;
	r->name = "web1";
	r->id = ID;
	r->h = &pinned;
	snprintf(r->state, sizeof(r->state), "finished");
	for (at = 0; at < len; at += one) {
		one = len - at < step ? len - at : step;
		if (spool_feed(&f, r, spool + at, one) == -1)
			break;
	}
	n = result_write(res, record, sizeof(record), &e);
	CHECKF(n > 0, "%s", e.text);
	record[n] = '\0';
	seckey_sign(k, record, (size_t)n, &s);
	sig_write(&s, "x", text, sizeof(text));
	snprintf(b64, sizeof(b64), "%.100s", strchr(text, '\n') + 1);
	r->record = record;
	r->signature = b64;
	judge_run(r, 1);
}

static void
done(struct run *r)
{
	free(r->buf);
	free(r->out.p);
	free(r->errout.p);
	free(r->data.p);
}

static void
truth(void)
{
	struct result res = good();
	struct run r;
	size_t step;

	for (step = 1; step <= spoollen; step++) {
		judged(&r, &res, &key, spoollen, step);
		CHECKF(r.verdict == VD_TRUE, "in pieces of %zu: %s", step, r.lie.text);
		CHECK(r.result.end == END_EXIT && r.result.code == 3);
		CHECK_STR(r.out.p, "out\n");
		CHECK_STR(r.errout.p, "err");
		CHECK_STR(r.data.p, "{\"a\":1}");
		done(&r);
	}
}

static void
lie(const struct result *res, const struct seckey *k, size_t len, const char *why)
{
	struct run r;

	judged(&r, res, k, len, 100);
	CHECKF(r.verdict == VD_LIES, "%s", why);
	CHECKF(strstr(r.lie.text, why) != NULL, "\"%s\", not \"%s\"", r.lie.text, why);
	done(&r);
}

/* Attack "steal-the-server": every way in which a result can be another's. */
static void
lies(void)
{
	struct result res = good();
	struct seckey stranger;
	struct pubkey p;
	size_t i;

	seckey_new(&stranger, &p);
	lie(&res, &stranger, spoollen, "not signed by the key that is pinned");
	snprintf(res.id, sizeof(res.id), OTHER);
	lie(&res, &key, spoollen, "another job's");
	res = good();
	res.ticket[31] ^= 1;
	lie(&res, &key, spoollen, "another ticket");
	res = good();
	snprintf(res.host_id, sizeof(res.host_id), OTHER);
	lie(&res, &key, spoollen, "another host's");
	res = good();
	snprintf(res.host_name, sizeof(res.host_name), "web2");
	lie(&res, &key, spoollen, "another host's, web2");
	res = good();
	snprintf(res.kind, sizeof(res.kind), "agent.ping");
	lie(&res, &key, spoollen, "of kind agent.ping");
	res = good();
	res.outsha[0] ^= 1;
	lie(&res, &key, spoollen, "not the one that the host signed");
	res = good();
	for (i = 0; i < sealed; i++)
		lie(&res, &key, i, "not whole");
	/* all that the host signed, but its exit frame is cut */
	for (; i < spoollen; i++)
		lie(&res, &key, i, "other bytes");
	res.outsize = sealed - 1;
	lie(&res, &key, spoollen, "other bytes");
}

static void
damage(void)
{
	struct result res = good();
	struct run r;
	size_t i;

	for (i = 0; i < spoollen; i++) {
		spool[i] ^= 0x40;
		judged(&r, &res, &key, spoollen, 64);
		CHECKF(r.verdict == VD_LIES, "byte %zu", i);
		done(&r);
		spool[i] ^= 0x40;
	}
	add(FR_STDOUT, "more", 4);
	lie(&res, &key, spoollen, "other bytes");
	spoollen -= FRAME_FIXED + 4 + FRAME_CRC;
}

/* A host that died left no hash of its output: its word on the job counts, the output is nobody's.
 */
static void
unsealed(void)
{
	struct result res = good();
	struct run r;

	res.end = END_UNKNOWN;
	res.code = 0;
	res.outsize = 0;
	memset(res.outsha, 0, sizeof(res.outsha));
	judged(&r, &res, &key, spoollen - 5, 64);
	CHECK(r.verdict == VD_TRUE && r.result.end == END_UNKNOWN);
	done(&r);
	spool[40] ^= 1;
	judged(&r, &res, &key, spoollen, 64);
	CHECK(r.verdict == VD_TRUE && r.damaged);
	done(&r);
	spool[40] ^= 1;
}

static void
no_record(void)
{
	struct run r = {.task = &task, .name = "web1", .id = ID, .h = &pinned};

	snprintf(r.state, sizeof(r.state), "finished");
	judge_run(&r, 0);
	CHECK(r.verdict == VD_LIES);
	memset(&r, 0, sizeof(r));
	r.task = &task;
	r.h = &pinned;
	snprintf(r.state, sizeof(r.state), "refused");
	judge_run(&r, 0);
	CHECK(r.verdict == VD_UNSIGNED);
	r.verdict = VD_NONE;
	r.h = NULL;
	judge_run(&r, 0);
	CHECK(r.verdict == VD_UNPINNED);
}

static void
pretty(void)
{
	static const struct {
		const char *in, *want; /* NULL: is none */
	} row[] = {
	    {"1", "1\n"},
	    {"{}", "{}\n"},
	    {"[ ]", "[]\n"},
	    {"{\"a\":[1,{ }],\"b\":\"x\\\"y: {\"}",
		"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x\\\"y: {\"\n}\n"},
	    {"\"\\\\\"", "\"\\\\\"\n"},
	    {"\"\x7f\xc2\x9b\xc3\xa4\"", "\"\\u007f\\u009b\xc3\xa4\"\n"},
	    {"{\"a\":1,\"a\":2}", NULL},
	    {"\x1b[31m", NULL},
	    {"", NULL},
	};
	size_t i;
	char *out;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		out = report_pretty(row[i].in, strlen(row[i].in));
		CHECKF((out == NULL) == (row[i].want == NULL), "%s", row[i].in);
		if (out != NULL && row[i].want != NULL)
			CHECK_STR(out, row[i].want);
		free(out);
	}
}

int
main(void)
{
	setup();
	truth();
	lies();
	damage();
	unsealed();
	no_record();
	pretty();
	return check_done();
}
