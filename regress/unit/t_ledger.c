/* The ledger: what is appended comes back; torn-state, full disks, foreign files, other versions.
 */
#include <sys/mount.h>
#include <sys/resource.h>

#include <sched.h>
#include <seccomp.h>

#include "lib/log.h"
#include "privd/ledger.h"
#include "privd/ledger_rec.h"
#include "proto/frame.h"
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

static int
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

static int
count(const struct ledger_rec *r, off_t off, void *arg)
{
	(void)off;
	*(uint64_t *)arg += r->ticketlen;
	return 0;
}

static struct ledger *
reopen(struct seen *s, struct errmsg *e)
{
	memset(s, 0, sizeof(*s));
	e->text[0] = '\0';
	return ledger_open(kit_fd, NOW + 100, collect, s, e);
}

/* 1 when the first N records of S are those of the pristine ledger. */
static int
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
static struct ledger_rec
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
static void
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
	CHECK(ledger_flushes(l) == ledger_seq(l) && !ledger_broken(l));
	ledger_close(l);
	l = reopen(&whole, &e);
	CHECK(l != NULL && whole.n == 3 * 14 && ledger_seq(l) == whole.n);
	ledger_close(l);
	pristine = kit_get("ledger", &pristine_len);
}

/* Every field of every type comes back as it went in. */
static void
t_fields(void)
{
	static uint8_t buf[LEDGER_FRAME_MAX];
	struct ledger_rec r, back;
	struct errmsg e;
	ssize_t n;
	int type;

	for (type = 1; type < LR_LIMIT; type++) {
		if (ledger_typename((uint8_t)type) == NULL)
			continue;
		r = sample((enum ledger_type)type);
		r.seq = 9;
		n = ledger_rec_put(buf, &r, &e);
		CHECK(n > 0 && ledger_frame(buf, (size_t)n) == (size_t)n);
		CHECK(ledger_rec_get(buf, (size_t)n, &back, &e) == 0 && back.type == r.type &&
		      back.seq == 9);
		switch (r.type) {
		case LR_ACCEPTED:
			CHECK_STR(back.origin, "local");
			CHECK_STR(back.key, "ops");
			CHECK_STR(back.holder, "ops-1");
			CHECK(back.fence == 77 && back.nsigs == 2 &&
			      back.ticketlen == r.ticketlen &&
			      memcmp(back.ticket, r.ticket, r.ticketlen) == 0 &&
			      memcmp(back.sig, r.sig, 2 * sizeof(r.sig[0])) == 0);
			break;
		case LR_STARTED:
			CHECK(back.pid == 4711 && back.starttime == 123456 && back.step == 1 &&
			      back.rollback == 1);
			break;
		case LR_STEPEND:
			CHECK(back.exit.end == END_EXIT && back.exit.code == 3 &&
			      back.exit.outsize == 16);
			CHECK_STR(back.exit.reason, "because");
			break;
		case LR_FINISHED:
			CHECK(back.resultlen == r.resultlen &&
			      memcmp(back.result, r.result, r.resultlen) == 0 &&
			      memcmp(&back.resultsig, &r.resultsig, sizeof(r.resultsig)) == 0);
			break;
		case LR_CANCEL:
			CHECK_STR(back.who, "uid 0");
			break;
		case LR_CHALLENGE:
		case LR_RESET:
			CHECK(memcmp(back.nonce, r.nonce, sizeof(r.nonce)) == 0);
			break;
		default:
			break;
		}
	}
}

static void
t_bounds(void)
{
	static uint8_t buf[LEDGER_FRAME_MAX], big[TICKET_MAX + 1];
	struct ledger_rec r = sample(LR_ACCEPTED), back;
	struct ledger *l;
	struct seen s;
	struct errmsg e;
	ssize_t n;

	r.ticket = big;
	r.ticketlen = TICKET_MAX;
	r.nsigs = TICKET_SIGS;
	memset(r.origin, 'o', 64);
	memset(r.key, 'k', 64);
	memset(r.holder, 'h', 64);
	r.origin[64] = r.key[64] = r.holder[64] = '\0';
	n = ledger_rec_put(buf, &r, &e);
	CHECK(n > TICKET_MAX && n <= LEDGER_FRAME_MAX);
	CHECK(ledger_rec_get(buf, (size_t)n, &back, &e) == 0 && back.nsigs == TICKET_SIGS);
	r.ticketlen++;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_ACCEPTED);
	r.nsigs = TICKET_SIGS + 1;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_CANCEL);
	strcpy(r.who, "line\nfeed");
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_STEP);
	r.rollback = 2;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	/* and a ledger that is asked for one of these goes on */
	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0 && (l = reopen(&s, &e)) != NULL);
	CHECK(ledger_append(l, &r, NOW, NULL, &e) == -1 && !ledger_broken(l));
	r = sample(LR_STEP);
	CHECK(ledger_append(l, &r, NOW, NULL, &e) == 0 && ledger_seq(l) == 1);
	CHECK(ledger_read(l, 3, &r, &e) == -1 && ledger_read(l, 1 << 20, &r, &e) == -1);
	ledger_close(l);
}

static void
t_make_and_lock(void)
{
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	kit_new();
	CHECK(ledger_open(kit_fd, NOW, collect, &s, &e) == NULL);
	CHECK(ledger_make(kit_fd, &e) == 0);
	CHECK(ledger_make(kit_fd, &e) == -1 && strstr(e.text, "exists") != NULL);
	CHECK((l = reopen(&s, &e)) != NULL);
	CHECK(reopen(&s, &e) == NULL && strstr(e.text, "lock") != NULL);
	ledger_close(l);
	CHECK((l = reopen(&s, &e)) != NULL);
	ledger_close(l);
	kit_put("ledger", pristine, pristine_len);
	memset(&s, 0, sizeof(s));
	s.stop_at = 5;
	CHECK(ledger_open(kit_fd, NOW, collect, &s, &e) == NULL && s.n == 4);
}

/* Opens and insists that nothing was taken and nothing written; the reason holds WORD. */
static void
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
static void
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

static void
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

static void
t_paths(void)
{
	const char *what;
	struct ledger *l;
	struct errmsg e;
	struct seen s;
	unsigned int n;

	for (n = 0;; n++) {
		kit_new();
		CHECK(ledger_make(kit_fd, &e) == 0);
		if ((what = kit_attack("ledger", n, 0)) == NULL)
			break;
		CHECKF(reopen(&s, &e) == NULL && e.text[0] != '\0', "%s taken for a ledger", what);
		CHECKF(ledger_make(kit_fd, &e) == -1, "made over a %s", what);
	}
	CHECK(n == 9);
	/* what lies in wait under the temporary name is replaced, not written through */
	kit_new();
	kit_put("victim", "precious", 8);
	kit_must(symlinkat("victim", kit_fd, LEDGER_NEW), "symlink");
	CHECK(ledger_make(kit_fd, &e) == 0);
	free(kit_get("victim", &(size_t){0}));
	CHECK((l = reopen(&s, &e)) != NULL);
	ledger_close(l);
}

/* A write that the disk takes in part: refused, taken back, and the ledger is broken for good. */
static void
t_short_write(void)
{
	struct rlimit old, now;
	struct ledger_rec r = sample(LR_ACCEPTED);
	struct ledger *l;
	struct seen s;
	struct errmsg e;
	size_t len, room;

	signal(SIGXFSZ, SIG_IGN);
	kit_must(getrlimit(RLIMIT_FSIZE, &old), "getrlimit");
	for (room = 0; room < 60; room += 7) {
		kit_new();
		kit_put("ledger", pristine, pristine_len);
		CHECK((l = reopen(&s, &e)) != NULL);
		now = old;
		now.rlim_cur = pristine_len + room;
		kit_must(setrlimit(RLIMIT_FSIZE, &now), "setrlimit");
		CHECK(ledger_append(l, &r, NOW, NULL, &e) == -1 && ledger_broken(l));
		CHECKF(strstr(e.text, "write") != NULL, "%s", e.text);
		kit_must(setrlimit(RLIMIT_FSIZE, &old), "setrlimit");
		CHECK(
		    ledger_append(l, &r, NOW, NULL, &e) == -1 && strstr(e.text, "broken") != NULL);
		CHECK(ledger_seq(l) == whole.n);
		CHECK(ledger_read(l, whole.off[2], &r, &e) == 0 && r.type == LR_STARTED);
		r = sample(LR_ACCEPTED);
		ledger_close(l);
		free(kit_get("ledger", &len));
		CHECK(len == pristine_len);
		same("after a short write", room, whole.n);
	}
}

/* In a child: a file system of 64 KiB that fills up. Exit 0 all well, 77 no mount here, else a
 * line. */
static int
child_full(void)
{
	static struct ledger_rec r;
	static struct seen s;
	struct ledger *l;
	struct errmsg e;
	char mnt[sizeof(kit_dir) + 8];
	uint64_t n, sum = 0;

	snprintf(mnt, sizeof(mnt), "%s/mnt", kit_dir);
	if (mkdir(mnt, 0700) == -1 || unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", mnt, "tmpfs", 0, "size=16k,mode=0700") == -1)
		return 77;
	if ((kit_fd = open(mnt, O_RDONLY | O_DIRECTORY)) == -1 || ledger_make(kit_fd, &e) == -1 ||
	    (l = reopen(&s, &e)) == NULL)
		return 1;
	r = sample(LR_STEP);
	for (n = 0; n < 10000 && ledger_append(l, &r, NOW, NULL, &e) == 0; n++)
		continue;
	if (n == 10000 || !ledger_broken(l) ||
	    (strstr(e.text, "No space") == NULL && strstr(e.text, "disk is full") == NULL))
		return 2;
	if (ledger_seq(l) != n)
		return 3;
	ledger_close(l);
	/* all that was promised is there, and nothing else */
	l = ledger_open(kit_fd, NOW, count, &sum, &e);
	return l != NULL && ledger_seq(l) == n ? 0 : 4;
}

/* In a child: fsync fails with EIO. The record that was written must not come back. */
static int
child_eio(void)
{
	struct ledger_rec r = sample(LR_ACCEPTED);
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	static struct seen s;
	struct ledger *l;
	struct errmsg e;

	if ((l = reopen(&s, &e)) == NULL)
		return 1;
	if (f == NULL || seccomp_rule_add(f, SCMP_ACT_ERRNO(EIO), SCMP_SYS(fsync), 0) != 0 ||
	    seccomp_load(f) != 0)
		return 77;
	if (ledger_append(l, &r, NOW, NULL, &e) != -1 || strstr(e.text, "fsync") == NULL)
		return 2;
	if (!ledger_broken(l) || ledger_append(l, &r, NOW, NULL, &e) != -1)
		return 3;
	return 0;
}

static void
t_full_and_eio(void)
{
	int rv;

	kit_new();
	rv = kit_child(child_full);
	CHECKF(rv == 0, "child for a full disk: %d", rv);
	kit_new();
	kit_put("ledger", pristine, pristine_len);
	rv = kit_child(child_eio);
	CHECKF(rv == 0, "child for a failing fsync: %d", rv);
	same("after a failed fsync", 0, whole.n);
}

/* A ledger of 18 MB is replayed with the memory of a small one. */
static void
t_streaming(void)
{
	static uint8_t frame[LEDGER_FRAME_MAX], ticket[TICKET_MAX];
	struct ledger_rec r = sample(LR_ACCEPTED);
	struct rusage before, after;
	struct errmsg e;
	struct ledger *l;
	uint64_t sum = 0;
	ssize_t n;
	int fd;

	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0);
	if ((fd = openat(kit_fd, "ledger", O_WRONLY | O_APPEND)) == -1)
		err(1, "ledger");
	memset(ticket, 't', sizeof(ticket));
	r.ticket = ticket;
	r.ticketlen = sizeof(ticket);
	for (r.seq = 1; r.seq <= 2000; r.seq++) {
		n = ledger_rec_put(frame, &r, &e);
		if (n == -1 || write(fd, frame, (size_t)n) != n)
			err(1, "write");
	}
	close(fd);
	getrusage(RUSAGE_SELF, &before);
	l = ledger_open(kit_fd, NOW, count, &sum, &e);
	getrusage(RUSAGE_SELF, &after);
	CHECKF(l != NULL && ledger_seq(l) == 2000 && sum == 2000 * sizeof(ticket), "%s", e.text);
#ifndef REEVE_SANITIZE
	CHECKF(after.ru_maxrss - before.ru_maxrss < 2048, "%ld KiB more",
	    after.ru_maxrss - before.ru_maxrss);
#endif
	ledger_close(l);
}

int
main(void)
{
	log_init("t_ledger", 0, 0);
	alarm(240);
	build();
	t_fields();
	t_bounds();
	t_make_and_lock();
	kit_fast = 1;
	t_truncate();
	t_flip();
	t_cut_twice();
	kit_fast = 0;
	t_wrong_inside();
	t_longer_than_torn();
	t_versions();
	t_paths();
	t_short_write();
	t_full_and_eio();
	t_streaming();
	free(pristine);
	kit_clean();
	return check_done();
}
