/*
 * Attack strictness: proto/json_gate.c takes every valid document within the limits, and nothing
 * else. Tables of both kinds, cuts and NULs at every byte, mutations against a second judge, and
 * the time that the worst documents take.
 * regress: timeout 300
 */
#include <time.h>

#include "proto/jsonin.h"
#include "regress/check.h"
#include "regress/unit/jsonoracle.h"
#include "regress/unit/jsontable.h"

/* The gate and the reader behind it agree, and an error says where. */
static int
accepts(const char *s, size_t len)
{
	struct errmsg e = {.text = ""};
	struct json *j;
	/* a copy of just that size, so that a sanitizer sees a byte read too many */
	char *copy = malloc(len + (len == 0));
	int ok;

	memcpy(copy, s, len);
	ok = json_gate(copy, len, &e) == 0;
	if (!ok)
		CHECKF(strncmp(e.text, "byte ", 5) == 0, "%s", e.text);
	j = json_parse(copy, len, &e);
	CHECKF((j != NULL) == ok, "%.*s: gate %d", (int)len, s, ok);
	json_free(j);
	free(copy);
	return ok;
}

static void
test_tables(void)
{
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		CHECKF(accepts(valid[i].s, valid[i].len), "refused: %s", valid[i].s);
		CHECKF(oracle(valid[i].s, valid[i].len), "the oracle refuses %s", valid[i].s);
	}
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		CHECKF(!accepts(invalid[i].s, invalid[i].len), "accepted: %s", invalid[i].s);
		CHECKF(!oracle(invalid[i].s, invalid[i].len), "the oracle takes %s", invalid[i].s);
	}
}

static const char whole[] =
    "{\"k\\u00e9y\":[1.5e-3,-0,\"v\\ud83d\\ude00\xe2\x82\xac\",true,null,{}],"
    "\"o\":{\"p\":false,\"q\":[[],\"\\\\\"]}, \"n\" : 12 }";

/* Each cut is refused; each NUL, control character and broken byte that is put in or written over
 * is judged as the oracle judges it. */
static void
test_bytes(void)
{
	static const char bytes[] = "\0\x01 \n\v\x1f\x7f\x80\xc0\xff\"\\{}[],:0-.eEtu/+";
	size_t len = sizeof(whole) - 1;
	char buf[sizeof(whole) + 1];

	CHECK(accepts(whole, len));
	for (size_t n = 0; n < len; n++)
		CHECKF(!accepts(whole, n), "cut at %zu", n);
	for (size_t n = 0; n <= len; n++) {
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			memcpy(buf, whole, n);
			buf[n] = bytes[b];
			memcpy(buf + n + 1, whole + n, len - n);
			CHECKF(accepts(buf, len + 1) == oracle(buf, len + 1),
			    "byte %02x put in at %zu", bytes[b] & 255, n);
			CHECK(bytes[b] != '\0' || !accepts(buf, len + 1));
			memcpy(buf, whole, len);
			buf[n] = bytes[b];
			if (n < len)
				CHECKF(accepts(buf, len) == oracle(buf, len),
				    "byte %02x written over %zu", bytes[b] & 255, n);
		}
		memcpy(buf, whole, n);
		if (n < len)
			memcpy(buf + n, whole + n + 1, len - n - 1);
		CHECKF(n == len || accepts(buf, len - 1) == oracle(buf, len - 1),
		    "without byte %zu", n);
	}
}

/* xorshift: the same every time. */
static uint32_t
rnd(uint32_t n)
{
	static uint64_t x = 88172645463325252ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)((x >> 16) % n);
}

static const char *const bits[] = {"{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\u0061", "a",
    "\"a\"", "\"a\":", "\"\\u0061\":1", "0", "-", "1", ".", "e", "E+", "true", "null", "false", " ",
    "\n", "\t", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\xc3\xa9", "\xc3", "\xed\xa0\x80", "\x80",
    "[]", "{}", "[[", "]]", ",1", "\\n", "\\\"", "/", "\x7f", "\xef\xbb\xbf", "\\u0000"};

/* One edit: a piece put in, a stretch taken out, written twice or turned into another byte. */
static size_t
mutate(char *buf, size_t len, size_t size)
{
	const char *piece = bits[rnd(sizeof(bits) / sizeof(bits[0]))];
	size_t at = rnd((uint32_t)len + 1), n = strlen(piece);

	switch (rnd(5)) {
	case 0:
	case 1:
		if (len + n > size)
			return len;
		memmove(buf + at + n, buf + at, len - at);
		memcpy(buf + at, piece, n);
		return len + n;
	case 2:
		n = 1 + rnd(4);
		n = n > len - at ? len - at : n;
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 3:
		n = 1 + rnd(12);
		n = n > len - at ? len - at : n;
		if (len + n > size)
			return len;
		memmove(buf + at + n, buf + at, len - at);
		return len + n;
	default:
		if (at < len)
			buf[at] = (char)rnd(256);
		return len;
	}
}

static void
test_mutations(void)
{
	enum { ROUNDS = 150000, SIZE = 400 };
	size_t taken = 0, len, nvalid = sizeof(valid) / sizeof(valid[0]);
	char buf[SIZE];
	int ok;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		const struct text *t = &valid[rnd((uint32_t)nvalid)];

		if (i % 4 == 0) {
			memcpy(buf, whole, len = sizeof(whole) - 1);
		} else
			memcpy(buf, t->s, len = t->len);
		for (uint32_t edits = 1 + rnd(3); edits > 0; edits--)
			len = mutate(buf, len, SIZE);
		ok = accepts(buf, len);
		taken += (size_t)ok;
		CHECKF(ok == oracle(buf, len), "gate %d: %.*s", ok, (int)len, buf);
	}
	/* both answers were really asked for */
	CHECKF(taken > ROUNDS / 50 && taken < ROUNDS - ROUNDS / 50, "%zu taken", taken);
}

static char *big; /* JSON_MAX + 1 bytes */

/* N times PIECE between HEAD and TAIL in BIG, less the last byte of the last PIECE. */
static size_t
fill(const char *head, const char *piece, size_t n, const char *tail)
{
	size_t len = strlen(head), k = strlen(piece);

	memcpy(big, head, len);
	for (size_t i = 0; i < n; i++, len += k)
		memcpy(big + len, piece, k);
	len -= n > 0 && k > 1;
	memcpy(big + len, tail, strlen(tail));
	return len + strlen(tail);
}

static void
test_limits(void)
{
	struct errmsg e;
	size_t len;

	/* the array itself is a value too */
	len = fill("[", "0,", JSON_TOKENS - 1, "]");
	CHECK(accepts(big, len));
	len = fill("[", "0,", JSON_TOKENS, "]");
	CHECK(json_gate(big, len, &e) == -1 && strstr(e.text, "more than 65536 values") != NULL);
	memset(big, ' ', JSON_MAX + 1);
	big[0] = '1';
	CHECK(accepts(big, JSON_MAX));
	CHECK(json_gate(big, JSON_MAX + 1, &e) == -1 && strstr(e.text, "larger") != NULL);
	CHECK(json_parse(big, JSON_MAX + 1, &e) == NULL);
	CHECK(json_gate("1", 0, &e) == -1 && strstr(e.text, "empty") != NULL);
}

static void
test_words(void)
{
	static const struct {
		const char *in, *out;
	} row[] = {
	    {"{\"abcdefgh\":1,\"id\":1,\"id\":2}", "byte 22: duplicate key \"id\""},
	    {"{\"a\":1", "byte 7: ends where a comma or } must stand"},
	    {"[1,2", "byte 5: ends where a comma or ] must stand"},
	    {"[1}", "byte 3: a comma or ] must stand here"},
	    {"[[[[[[[[[", "byte 9: nested deeper than 8 levels"},
	    {"{} {}", "byte 4: the end must stand here"},
	    {"\"abc", "byte 5: ends within a string"},
	    {"[\"\xff\"]", "byte 3: not UTF-8"},
	    {"\"\\u0000\"", "byte 2: \\u0000 is not taken"},
	    {"\xef\xbb\xbf{}", "byte 1: a byte order mark must not stand here"},
	    {"01", "byte 2: the end must stand here"},
	};
	struct errmsg e;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CHECK(json_gate(row[i].in, strlen(row[i].in), &e) == -1);
		CHECK_STR(e.text, row[i].out);
	}
	CHECK(json_gate("[", 1, NULL) == -1 && json_parse("[", 1, NULL) == NULL);
}

/* Seconds of this process's own time that the quickest of five readings took. */
static double
quickest(size_t len)
{
	struct timespec a, b;
	double best = 1e9, t;

	for (int i = 0; i < 5; i++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		json_free(json_parse(big, len, NULL));
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		t = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
		best = t < best ? t : best;
	}
	return best;
}

/* {"0":0,"1":0,...}: as many different keys as there may be values. */
static size_t
many_keys(const char *prefix, unsigned int n)
{
	size_t len = 1;

	big[0] = '{';
	for (unsigned int i = 0; i < n; i++)
		len += (size_t)sprintf(big + len, "\"%s%u\":[],", prefix, i);
	big[len - 1] = '}';
	return len;
}

/*
 * 64 KiB of [ in under 5 ms, and nothing of the largest size that costs more than reading it a few
 * times: a second is a hundred times what each takes, and a thousandth of what a square would.
 */
static void
test_time(void)
{
	size_t len;

	memset(big, '[', JSON_MAX);
	CHECK(quickest(65536) < 0.005 && !accepts(big, 65536));
	CHECK(quickest(JSON_MAX) < 0.005);
	memset(big, '{', JSON_MAX);
	CHECK(quickest(65536) < 0.005);
	CHECK(quickest(fill("", "{\"a\":", 13000, "")) < 0.005);
	CHECK(quickest(len = many_keys("", JSON_TOKENS - 1)) < 1 && accepts(big, len));
	CHECK(quickest(len = many_keys("\\u0061", JSON_TOKENS - 1)) < 1 && accepts(big, len));
	CHECK(quickest(len = fill("[", "{\"a\":0},", JSON_TOKENS / 2 - 1, "]")) < 1 &&
	      accepts(big, len));
	CHECK(quickest(len = fill("[", "[],", JSON_TOKENS - 1, "]")) < 1 && accepts(big, len));
	CHECK(quickest(len = fill("[[[[[[[", "[],", JSON_TOKENS - 8, "]]]]]]]")) < 1 &&
	      accepts(big, len));
	CHECK(quickest(len = fill("\"", "x", JSON_MAX - 2, "\"")) < 1 && accepts(big, len));
	CHECK(quickest(len = fill("{\"", "x", JSON_MAX - 6, "\":1}")) < 1 && accepts(big, len));
	CHECK(quickest(len = fill("", "9", JSON_MAX, "")) < 1 && accepts(big, len));
	CHECK(quickest(len = fill("\"", "\\ud83d\\ude00", JSON_MAX / 12 - 2, "0\"")) < 1 &&
	      accepts(big, len));
	CHECK(quickest(fill("", "[0,", JSON_MAX / 3, "")) < 0.005);
}

int
main(void)
{
	if ((big = malloc(JSON_MAX + 64)) == NULL)
		return 1;
	test_tables();
	test_bytes();
	test_words();
	test_mutations();
	test_limits();
	test_time();
	free(big);
	return check_done();
}
