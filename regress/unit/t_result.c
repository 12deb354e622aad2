/* proto/result.c: names, exit records on the wire, result records as text. */
#include <stdint.h>

#include "proto/job.h"
#include "proto/result.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

#define Z32 "00000000000000000000000000000000"
#define F32 "ffffffffffffffffffffffffffffffff"
#define GOOD                                                                                  \
	"reeve-result 1\nhost " KIT_HOST " web1.example.net\nid " KIT_ID "\nticket " F32 F32  \
	"\nkind pkg.install\nstep 2\nend exit 3\nreason -\neffect none\noutput 1834 " F32 F32 \
	"\ncut 0\naccepted 1795226401\nstarted 1795226402\nfinished 1795226410\nseq "         \
	"7\nprevious " Z32 Z32 "\n"

static void
test_names(void)
{
	int i;

	for (i = 1; i < END_MAX; i++)
		CHECKF(end_byname(end_name((enum end)i)) == i, "end %d", i);
	CHECK_STR(end_name((enum end)0), "?");
	CHECK_STR(end_name(END_MAX), "?");
	CHECK_STR(end_name(END_ROLLEDBACK), "rolled-back");
	CHECK(end_byname("") == -1 && end_byname("OK") == -1 && end_byname("?") == -1);
	for (i = 1; i < EFFECT_MAX; i++)
		CHECKF(effect_byname(effect_name((enum effect)i)) == i, "effect %d", i);
	CHECK_STR(effect_name(EFFECT_MAX), "?");
	CHECK(effect_byname("yes") == -1);
}

static void
test_reason(void)
{
	char r[REASON_MAX + 1], big[400];

	memset(r, 'x', sizeof(r));
	reason_set(r, " a\tb\xff ");
	CHECK_STR(r, "a?b?");
	CHECK(r[REASON_MAX] == '\0' && r[REASON_MAX - 1] == '\0');
	reason_set(r, "-");
	CHECK_STR(r, "");
	reason_set(r, " - ");
	CHECK_STR(r, "");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	big[REASON_MAX - 1] = ' ';
	reason_set(r, big);
	CHECK(strlen(r) == REASON_MAX - 1);
	snprintf(r, sizeof(r), "%s", "  same place ");
	reason_set(r, r);
	CHECK_STR(r, "same place");
}

static const struct exitrec record = {2, END_EFFECT, 0, EFFECT_FAILED, 1795226402001, 1795226410002,
    0x0102030405060708, {1, 2, 3}, 77, "version 1.0 is installed"};

static int
spoil(size_t at, uint8_t to)
{
	uint8_t buf[EXITREC_SIZE];
	struct exitrec r;

	exitrec_put(buf, &record);
	buf[at] = to;
	return exitrec_get(buf, &r);
}

static void
test_exitrec(void)
{
	static const uint8_t head[] = {2, END_EFFECT, 0, 0, 0, 0, EFFECT_FAILED, 0, 0, 1};
	uint8_t buf[EXITREC_SIZE];
	struct exitrec r = record;
	size_t i;

	exitrec_put(buf, &record);
	CHECK(EXITREC_SIZE == 272 && memcmp(buf, head, sizeof(head)) == 0);
	CHECK(buf[23] == 1 && buf[30] == 8 && buf[31] == 1 && buf[70] == 77 && buf[71] == 24);
	memset(&r, 0, sizeof(r));
	CHECK(exitrec_get(buf, &r) == 0);
	CHECK(r.step == 2 && r.end == END_EFFECT && r.effect == EFFECT_FAILED && r.code == 0);
	CHECK(r.started == record.started && r.ended == record.ended && r.cut == 77);
	CHECK(r.outsize == record.outsize && memcmp(r.outsha, record.outsha, 32) == 0);
	CHECK_STR(r.reason, record.reason);
	CHECK(spoil(0, KIND_STEPS) == 0 && spoil(0, KIND_STEPS + 1) == -1);
	CHECK(spoil(1, 0) == -1 && spoil(1, END_MAX) == -1 && spoil(1, 255) == -1);
	CHECK(spoil(1, END_OK) == 0 && spoil(1, END_EXIT) == -1); /* exit needs a code */
	CHECK(spoil(5, 1) == -1 && spoil(2, 0x80) == -1);	  /* a code that has no place */
	CHECK(spoil(6, 0) == -1 && spoil(6, EFFECT_MAX) == -1);
	CHECK(spoil(71, REASON_MAX + 1) == -1 && spoil(71, 23) == -1 && spoil(71, 25) == -1);
	CHECK(spoil(72, '\n') == -1 && spoil(72, ' ') == -1 && spoil(72, 0) == -1);
	for (i = 72 + 24; i < EXITREC_SIZE; i++)
		CHECKF(spoil(i, 'x') == -1, "padding %zu", i);
	r.end = END_EXIT;
	r.code = 255;
	exitrec_put(buf, &r);
	CHECK(exitrec_get(buf, &r) == 0 && r.code == 255);
	r.code = 256;
	exitrec_put(buf, &r);
	CHECK(exitrec_get(buf, &r) == -1);
	r.code = -1;
	exitrec_put(buf, &r);
	CHECK(exitrec_get(buf, &r) == -1);
}

static void
test_good(void)
{
	char out[RESULT_MAX];
	struct result r;
	struct errmsg e;
	ssize_t n;

	CHECKF(result_parse(&r, GOOD, strlen(GOOD), &e) == 0, "%s", e.text);
	CHECK_STR(r.host_name, "web1.example.net");
	CHECK_STR(r.kind, "pkg.install");
	CHECK(r.step == 2 && r.end == END_EXIT && r.code == 3 && r.effect == EFFECT_NONE);
	CHECK(r.outsize == 1834 && r.outsha[31] == 0xff && r.cut == 0 && r.seq == 7);
	CHECK(r.accepted == 1795226401 && r.started == 1795226402 && r.finished == 1795226410);
	CHECK(r.reason[0] == '\0' && r.ticket[0] == 0xff && r.previous[0] == 0);
	n = result_write(&r, out, sizeof(out), &e);
	CHECK(n == (ssize_t)strlen(GOOD) && memcmp(out, GOOD, strlen(GOOD)) == 0);
	CHECK(result_write(&r, out, strlen(GOOD), &e) == -1);
	snprintf(r.reason, sizeof(r.reason), " it\nsaid no ");
	n = result_write(&r, out, sizeof(out), &e);
	CHECK(n > 0 && strstr(out, "\nreason it?said no\n") != NULL);
	CHECK(result_parse(&r, out, (size_t)n, &e) == 0);
	CHECK_STR(r.reason, "it?said no");
}

static const struct {
	const char *from, *to, *why; /* WHY is NULL where TO is fine */
} edits[] = {
    {"reeve-result 1", "reeve-result 2", "line 1"},
    {"web1.example.net", "Web1", "line 2: host"},
    {" web1.example.net", "", "line 2: host"},
    {"id 9f", "id 9F", "line 3: id"},
    {"ticket ff", "ticket f", "line 4: ticket"},
    {"kind pkg.install", "kind pkg install", "line 5: kind"},
    {"kind pkg.install", "kind future.kind", NULL},
    {"kind pkg.install", "kind pkg.installxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	"line 5: kind"},
    {"step 2", "step 9", "line 6: step"},
    {"step 2", "step 8", NULL},
    {"step 2", "step 02", "line 6: step"},
    {"end exit 3", "end exit 0", "line 7: end"},
    {"end exit 3", "end exit 256", "line 7: end"},
    {"end exit 3", "end exit 255", NULL},
    {"end exit 3", "end exit 03", "line 7: end"},
    {"end exit 3", "end exit", "line 7: end"},
    {"end exit 3", "end ok", NULL},
    {"end exit 3", "end ok 0", "line 7: end"},
    {"end exit 3", "end signal 64", NULL},
    {"end exit 3", "end signal 65", "line 7: end"},
    {"end exit 3", "end signal 0", "line 7: end"},
    {"end exit 3", "end sandbox 0", NULL},
    {"end exit 3", "end sandbox 2147483648", "line 7: end"},
    {"end exit 3", "end sandbox", "line 7: end"},
    {"end exit 3", "end fine", "line 7: end: \"fine\" is not an end"},
    {"reason -\n", "", "line 8"},
    {"reason -\n", "reason --\n", NULL},
    {"reason -\n", "reason  x\n", "line 8: reason"},
    {"effect none", "effect maybe", "line 9: effect"},
    {"effect none", "effect ok", NULL},
    {"output 1834", "output -1", "line 10: output"},
    {"output 1834", "output 18446744073709551615", NULL},
    {"output 1834", "output 18446744073709551616", "line 10: output"},
    {"output 1834 ", "output 1834 f", "line 10: output"},
    {"cut 0", "cut 00", "line 11: cut"},
    {"accepted 17", "accepted x17", "line 12: accepted"},
    {"started 1795226402", "started 0", NULL},
    {"started 1795226402", "started 253402300800", "line 13: started"},
    {"finished", "ended", "line 14"},
    {"seq 7", "seq 0", "line 15: seq"},
    {"previous 0", "previous ", "line 16: previous"},
    {"previous", "end\nprevious", "line 16"},
    {"cut 0\n", "cut 0\ncut 0\n", "line 12"},
    {"cut 0\n", "", "line 11"},
};

static void
test_edits(void)
{
	char out[RESULT_MAX], *s;
	struct result r;
	struct errmsg e;
	size_t i;
	int rv;

	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		s = kit_edit(GOOD, edits[i].from, edits[i].to);
		memset(&e, 0, sizeof(e));
		rv = result_parse(&r, s, strlen(s), &e);
		CHECKF((rv == 0) == (edits[i].why == NULL), "%s: %s", edits[i].to, e.text);
		if (rv == -1 && edits[i].why != NULL)
			CHECKF(strncmp(e.text, edits[i].why, strlen(edits[i].why)) == 0, "%s: %s",
			    edits[i].to, e.text);
		if (rv == 0)
			CHECKF(result_write(&r, out, sizeof(out), &e) == (ssize_t)strlen(s) &&
				   memcmp(out, s, strlen(s)) == 0,
			    "%s", edits[i].to);
		free(s);
	}
	for (i = 0; i < strlen(GOOD); i++)
		CHECKF(result_parse(&r, GOOD, i, &e) == -1, "cut at %zu", i);
	s = kit_edit(GOOD, "reeve-result 1\n", "reeve-result 1\n");
	CHECK(result_parse(&r, s, strlen(s) + 1, &e) == -1);
	free(s);
}

static void
test_write_refuses(void)
{
	struct result good, r;
	char out[RESULT_MAX];
	struct errmsg e;

	CHECK(result_parse(&good, GOOD, strlen(GOOD), &e) == 0);
#define REFUSED(change)                                              \
	do {                                                         \
		r = good;                                            \
		change;                                              \
		CHECK(result_write(&r, out, sizeof(out), &e) == -1); \
	} while (0)
	REFUSED(r.host_id[0] = 'G');
	REFUSED(r.host_name[0] = '\0');
	REFUSED(r.id[3] = '\0');
	REFUSED(r.kind[3] = '\n');
	REFUSED(r.step = KIND_STEPS + 1);
	REFUSED(r.end = END_MAX);
	REFUSED(r.end = (enum end)0);
	REFUSED(r.code = 0);
	REFUSED(r.end = END_OK);
	REFUSED(r.effect = EFFECT_MAX);
	REFUSED(r.seq = 0);
	REFUSED(r.finished = UINT64_MAX);
}

static void
test_describe(void)
{
	char buf[256];

	result_describe(END_EXIT, 3, "", buf, sizeof(buf));
	CHECK_STR(buf, "exit 3");
	result_describe(END_EFFECT, 0, "version 1.0 is installed", buf, sizeof(buf));
	CHECK_STR(buf, "effect-failed: version 1.0 is installed");
	result_describe(END_OK, 0, NULL, buf, sizeof(buf));
	CHECK_STR(buf, "ok");
	result_describe(END_SANDBOX, 0, NULL, buf, sizeof(buf));
	CHECK_STR(buf, "sandbox");
	result_describe(END_MAX, 3, NULL, buf, sizeof(buf));
	CHECK_STR(buf, "?");
}

int
main(void)
{
	test_names();
	test_reason();
	test_exitrec();
	test_good();
	test_edits();
	test_write_refuses();
	test_describe();
	return check_done();
}
