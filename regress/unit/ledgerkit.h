/* A ledger with each record several times, and what opening one shows: for the tests of the ledger.
 */
#ifndef REGRESS_LEDGERKIT_H
#define REGRESS_LEDGERKIT_H

#include "privd/ledger.h"
#include "privd/ledger_rec.h"
#include "regress/unit/statekit.h"

#define NOW	1795226400ULL
#define HEADLEN 15
#define MOST	64

/* What a replay showed: each record encoded again, so that it can be compared as bytes. */
struct seen {
	size_t n, len[MOST];
	off_t off[MOST];
	uint8_t frame[MOST][1024];
	enum ledger_type type[MOST];
	uint64_t cut;
	int stop_at;
};

static struct seen whole; /* of the pristine ledger */
static uint8_t *pristine;
static size_t pristine_len;

static inline int
collect(const struct ledger_rec *r, off_t off, void *arg)
{
	static uint8_t buf[LEDGER_FRAME_MAX];
	struct seen *s = arg;
	struct errmsg e;
	ssize_t len;

	if (s->stop_at > 0 && s->n + 1 == (size_t)s->stop_at)
		return -1;
	len = ledger_rec_put(buf, r, &e);
	if (s->n == MOST || len == -1 || (size_t)len > sizeof(s->frame[0]))
		errx(1, "collect: %zu records, one of %zd bytes", s->n, len);
	memcpy(s->frame[s->n], buf, (size_t)len);
	s->len[s->n] = (size_t)len;
	s->off[s->n] = off;
	s->type[s->n++] = r->type;
	if (r->type == LR_CUT)
		s->cut = r->number;
	return 0;
}

static inline struct ledger *
reopen(struct seen *s, struct errmsg *e)
{
	memset(s, 0, sizeof(*s));
	e->text[0] = '\0';
	return ledger_open(kit_fd, NOW + 100, collect, s, e);
}

/* 1 when the first N records of S are those of the pristine ledger. */
static inline int
same_prefix(const struct seen *s, size_t n)
{
	size_t i;

	if (s->n < n || whole.n < n)
		return 0;
	for (i = 0; i < n; i++)
		if (s->len[i] != whole.len[i] || s->off[i] != whole.off[i] ||
		    memcmp(s->frame[i], whole.frame[i], s->len[i]) != 0)
			return 0;
	return 1;
}

/* A record of TYPE with something in each field that the type has. */
static inline struct ledger_rec
sample(enum ledger_type type)
{
	static const char ticket[] = "reeve-job 1\nnot parsed by the ledger\nend\n";
	static const char result[] = "reeve-result 1\nnor is this\n";
	struct ledger_rec r = {
	    .type = type, .step = 1, .rollback = 1, .pid = 4711, .starttime = 123456};

	memset(r.id, 0xa0 + (int)type, sizeof(r.id));
	memset(r.nonce, 0x5a, sizeof(r.nonce));
	strcpy(r.origin, "local");
	strcpy(r.key, "ops");
	strcpy(r.holder, "ops-1");
	strcpy(r.who, "uid 0");
	r.fence = 77;
	r.ticket = (const uint8_t *)ticket;
	r.ticketlen = sizeof(ticket) - 1;
	r.nsigs = 2;
	memset(r.sig, 0x33, sizeof(r.sig));
	r.result = (const uint8_t *)result;
	r.resultlen = sizeof(result) - 1;
	memset(&r.resultsig, 0x44, sizeof(r.resultsig));
	r.number = 0x0102030405060708ULL;
	r.exit = (struct exitrec){.step = 1,
	    .end = END_EXIT,
	    .code = 3,
	    .effect = EFFECT_NONE,
	    .started = 1,
	    .ended = 2,
	    .outsize = 16};
	strcpy(r.exit.reason, "because");
	return r;
}

/* Each type in the order of the table, three times. */
static inline void
build(void)
{
	struct errmsg e;
	struct ledger *l;
	struct ledger_rec r;
	struct seen s;
	off_t off;
	int round, type;

	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0);
	CHECK(!kit_there(LEDGER_NEW));
	if ((l = reopen(&s, &e)) == NULL)
		errx(1, "%s", e.text);
	CHECK(s.n == 0 && ledger_seq(l) == 0 && ledger_flushes(l) == 0);
	for (round = 0; round < 3; round++)
		for (type = 1; type < LR_LIMIT; type++) {
			if (ledger_typename((uint8_t)type) == NULL)
				continue;
			r = sample((enum ledger_type)type);
			CHECKF(ledger_append(l, &r, NOW, &off, &e) == 0, "%s", e.text);
			CHECK(r.seq == ledger_seq(l) && r.time == NOW);
			CHECK(ledger_read(l, off, &r, &e) == 0 && r.seq == ledger_seq(l));
		}
	CHECK(ledger_flushes(l) < ledger_seq(l) && ledger_flushes(l) >= ledger_seq(l) - 3 * 2);
	CHECK(!ledger_broken(l));
	ledger_close(l);
	l = reopen(&whole, &e);
	CHECK(l != NULL && whole.n == 3 * 14 && ledger_seq(l) == whole.n);
	ledger_close(l);
	pristine = kit_get("ledger", &pristine_len);
}

/* Opens and insists that nothing was taken and nothing written; the reason holds WORD. */
static inline void
refused(const char *what, size_t at, const char *word)
{
	size_t len, before;
	uint8_t *old = kit_get("ledger", &before), *new;
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	l = reopen(&s, &e);
	CHECKF(l == NULL, "%s at %zu: not refused", what, at);
	CHECKF(strstr(e.text, word) != NULL, "%s at %zu: \"%s\" does not say \"%s\"", what, at,
	    e.text, word);
	ledger_close(l);
	new = kit_get("ledger", &len);
	CHECKF(len == before && memcmp(old, new, len) == 0, "%s at %zu: the file was changed", what,
	    at);
	free(old);
	free(new);
}

/* Opens and insists on KEEP good records, then the word that LOST bytes were cut; and it stays so.
 */
static inline void
was_cut(const char *what, size_t at, size_t keep, size_t lost)
{
	struct ledger_rec r = sample(LR_ACKED);
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	l = reopen(&s, &e);
	CHECKF(l != NULL && s.n == keep + 1 && same_prefix(&s, keep) && s.type[keep] == LR_CUT &&
		   s.cut == lost,
	    "%s at %zu: %s, %zu records", what, at, e.text, s.n);
	if (l != NULL)
		CHECK(ledger_append(l, &r, NOW, NULL, &e) == 0 && r.seq == keep + 2);
	ledger_close(l);
	l = reopen(&s, &e);
	CHECKF(l != NULL && s.n == keep + 2 && same_prefix(&s, keep) && s.type[keep] == LR_CUT,
	    "%s at %zu: the second time: %s", what, at, e.text);
	ledger_close(l);
}

static inline void
same(const char *what, size_t at, size_t n)
{
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	l = reopen(&s, &e);
	CHECKF(l != NULL && s.n == n && same_prefix(&s, n), "%s at %zu: %s, %zu records", what, at,
	    e.text, s.n);
	ledger_close(l);
}

#endif
