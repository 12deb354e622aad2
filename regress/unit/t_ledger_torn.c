/* torn-state of the ledger: cut off after every byte, every byte changed, wrong inside, what a
 * power failure may leave of records that wait for a sync, newer versions. */
#include "lib/log.h"
#include "proto/frame.h"
#include "regress/unit/ledgerkit.h"

/* torn-state: cut off after every byte. */
static void
t_truncate(void)
{
	size_t at, k;

	kit_new();
	for (at = 0; at <= pristine_len; at++) {
		kit_put("ledger", pristine, at);
		for (k = 0; k < whole.n && (size_t)whole.off[k] + whole.len[k] <= at; k++)
			continue;
		if (at < HEADLEN)
			refused("truncated", at, "first line");
		else if (at == HEADLEN ||
			 (k > 0 && at == (size_t)whole.off[k - 1] + whole.len[k - 1]))
			same("truncated", at, k);
		else
			was_cut("truncated", at, k, at - (size_t)whole.off[k]);
	}
}

/* torn-state: every byte changed, to its opposite and in one bit. */
static void
t_flip(void)
{
	const uint8_t mask[] = {0xff, 0x01, 0x80};
	size_t at, i, last = whole.n - 1;

	kit_new();
	for (at = 0; at < pristine_len; at++)
		for (i = 0; i < sizeof(mask); i++) {
			pristine[at] ^= mask[i];
			kit_put("ledger", pristine, pristine_len);
			pristine[at] ^= mask[i];
			if (at < (size_t)whole.off[last])
				refused("flipped", at, at < HEADLEN ? "ledger" : "needs-rekey");
			else
				was_cut("flipped", at, last, whole.len[last]);
		}
}

/* A crash while the word of the cut is written: the torn record, its first J bytes overwritten. */
static void
t_cut_twice(void)
{
	static uint8_t frame[LEDGER_FRAME_MAX];
	size_t torn, j, last = whole.n - 1, at = (size_t)whole.off[last];
	struct ledger_rec cut = {.type = LR_CUT, .seq = whole.n, .time = NOW, .number = 5};
	struct errmsg e;
	struct ledger *l;
	struct seen s;
	ssize_t n;

	kit_new();
	if ((n = ledger_rec_put(frame, &cut, &e)) == -1)
		errx(1, "%s", e.text);
	for (torn = 1; torn < whole.len[last]; torn += 3)
		for (j = 0; j <= (size_t)n; j++) {
			uint8_t *p = malloc(at + torn + (size_t)n);
			size_t len = j > torn ? at + j : at + torn;

			memcpy(p, pristine, at + torn);
			memcpy(p + at, frame, j);
			kit_put("ledger", p, len);
			free(p);
			l = reopen(&s, &e);
			CHECKF(l != NULL && same_prefix(&s, last) && s.n > last &&
				   s.type[s.n - 1] == LR_CUT,
			    "torn at %zu, cut at %zu: %s", torn, j, e.text);
			ledger_close(l);
		}
}

/* Appends a frame for R, made by hand, to the pristine ledger without its last record. */
static void
with_frame(struct ledger_rec *r, int type, size_t shorter)
{
	static uint8_t frame[LEDGER_FRAME_MAX];
	size_t at = (size_t)whole.off[whole.n - 1];
	uint8_t *p = malloc(at + LEDGER_FRAME_MAX);
	struct errmsg e;
	uint32_t crc;
	ssize_t n;
	int i;

	if (p == NULL || (n = ledger_rec_put(frame, r, &e)) == -1)
		errx(1, "%s", e.text);
	n -= (ssize_t)shorter;
	frame[2] = (uint8_t)((n - LEDGER_FIXED - LEDGER_CRC) >> 8);
	frame[3] = (uint8_t)(n - LEDGER_FIXED - LEDGER_CRC);
	frame[4] = (uint8_t)type;
	crc = crc32_update(0, frame, (size_t)n - LEDGER_CRC);
	for (i = 0; i < 4; i++)
		frame[n - 4 + i] = (uint8_t)(crc >> (24 - 8 * i));
	memcpy(p, pristine, at);
	memcpy(p + at, frame, (size_t)n);
	kit_put("ledger", p, at + (size_t)n);
	free(p);
}

/* What no torn write explains, though its CRC is right: never cut, never skipped. */
static void
t_wrong_inside(void)
{
	struct ledger_rec r = sample(LR_ACKED);
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	kit_new();
	r.seq = whole.n;
	r.time = NOW;
	with_frame(&r, LR_ACKED, 0);
	CHECK((l = reopen(&s, &e)) != NULL && s.n == whole.n && same_prefix(&s, whole.n - 1));
	ledger_close(l);
	with_frame(&r, 31, 0);
	refused("unknown type", 31, "type 31");
	with_frame(&r, 200, 0);
	refused("unknown type", 200, "type 200");
	with_frame(&r, LR_ACKED, 1);
	refused("payload short", 1, "ACKED record inside");
	with_frame(&r, LR_CUT, 0);
	refused("payload long", 1, "CUT record inside");
	r.seq = whole.n - 1;
	with_frame(&r, LR_ACKED, 0);
	refused("number twice", 0, "needs-rekey");
	r.seq = whole.n + 1;
	with_frame(&r, LR_ACKED, 0);
	refused("number left out", 0, "needs-rekey");
}

/* One record may be torn, no more. */
static void
t_longer_than_torn(void)
{
	size_t big = pristine_len + LEDGER_FRAME_MAX + 1;
	uint8_t *p = calloc(1, big);

	if (p == NULL)
		err(1, "calloc");
	kit_new();
	memcpy(p, pristine, pristine_len);
	kit_put("ledger", p, pristine_len + 7);
	was_cut("zeros after the last record", 7, whole.n, 7);
	kit_put("ledger", p, pristine_len + LEDGER_FRAME_MAX);
	was_cut("a record of zeros", LEDGER_FRAME_MAX, whole.n, LEDGER_FRAME_MAX);
	kit_put("ledger", p, big);
	refused("more than a record of zeros", big, "needs-rekey");
	free(p);
}

/* A ledger as it was written: where each record ends, and what was synced when it did. */
struct story {
	uint8_t *bytes;
	size_t n, end[MOST + 1], synced[MOST + 1];
};

static void
write_story(struct story *st)
{
	static const enum ledger_type order[] = {LR_ACCEPTED, LR_STEP, LR_STARTED, LR_FINISHED,
	    LR_ACKED, LR_ACKED, LR_ACKED, LR_STEP, LR_STEP, LR_CANCEL, LR_ACKED};
	struct errmsg e;
	struct ledger *l;
	struct seen s;
	uint64_t flushes = 0;
	size_t len, k;

	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0 && (l = reopen(&s, &e)) != NULL);
	st->n = 44;
	st->end[0] = st->synced[0] = HEADLEN;
	for (k = 1; k <= st->n; k++) {
		struct ledger_rec r = sample(order[k % (sizeof(order) / sizeof(order[0]))]);

		CHECK(ledger_append(l, &r, NOW, NULL, &e) == 0);
		free(kit_get("ledger", &len));
		st->end[k] = len;
		st->synced[k] = ledger_flushes(l) == flushes ? st->synced[k - 1] : len;
		flushes = ledger_flushes(l);
	}
	ledger_close(l);
	st->bytes = kit_get("ledger", &len);
}

/* The power fails while record K is written: of the sectors that were not synced, MASK came to the
 * disk, and the file is SIZE long. What was synced is there, and nothing refuses the rest. */
static void
fails(const struct story *st, size_t k, unsigned int mask, size_t size)
{
	size_t from = st->synced[k - 1], at, keep = 0;
	uint8_t *p = malloc(size + 1);
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	memcpy(p, st->bytes, size);
	for (at = from; at < size; at++)
		if (!(mask >> (at / 512 - from / 512) & 1))
			p[at] = 0;
	kit_put("ledger", p, size);
	free(p);
	while (keep < st->n && st->end[keep + 1] <= from)
		keep++;
	l = reopen(&s, &e);
	CHECKF(l != NULL && s.n >= keep, "record %zu, sectors %#x, %zu bytes: %s, %zu of %zu", k,
	    mask, size, e.text, s.n, keep);
	for (at = 0; l != NULL && at < keep; at++)
		CHECK(s.off[at] == (off_t)st->end[at] && s.type[at] != LR_CUT);
	ledger_close(l);
}

static void
t_power(void)
{
	struct story st;
	unsigned int waited = 0;

	write_story(&st);
	for (size_t k = 1; k <= st.n; k++) {
		size_t from = st.synced[k - 1] / 512, to = (st.end[k] - 1) / 512;

		waited += st.synced[k] != st.end[k];
		for (unsigned int mask = 0; mask < 1U << (to - from + 1); mask++) {
			fails(&st, k, mask, st.end[k]);
			fails(&st, k, mask, st.end[k - 1]);
			fails(&st, k, mask, st.synced[k - 1]);
		}
	}
	CHECKF(waited > 10, "%u records waited", waited);
	free(st.bytes);
}

static void
t_versions(void)
{
	kit_new();
	kit_put("ledger", "reeve-ledger 2\nanything", 23);
	refused("newer", 0, "version 2");
	kit_put("ledger", "reeve-ledger 01\n", 16);
	refused("leading zero", 0, "first line");
	kit_put("ledger", "", 0);
	refused("empty", 0, "first line");
}

int
main(void)
{
	log_init("t_ledger_torn", 0, 0);
	alarm(240);
	kit_fast = 1;
	build();
	t_truncate();
	t_flip();
	t_cut_twice();
	t_wrong_inside();
	t_longer_than_torn();
	t_power();
	t_versions();
	free(pristine);
	kit_clean();
	return check_done();
}
