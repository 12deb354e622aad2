/* proto/auditchain.c: what is written verifies; what is altered, missing, swapped or torn does not.
 */
#include <sys/mman.h>

#include <sodium.h>
#include <unistd.h>

#include "lib/strutil.h"
#include "proto/auditchain.h"
#include "regress/check.h"

#define ROW 160 /* bytes that a line of a trail here takes at most */

static const uint8_t key[AUDIT_KEYLEN] = {1, 2, 3};
static struct errmsg e;

/* Where a trail stands. */
struct trail {
	uint64_t seq;
	char chain[AUDIT_CHAIN];
};

static const struct trail fresh = {0, AUDIT_FIRST};

/* Adds the line "event=EVENT seq= time= REST" behind T to TEXT. Returns its length. */
static size_t
make(struct trail *t, char *text, const char *event, const char *rest)
{
	int n = sprintf(
	    text, "event=%s seq=%llu time=1795226400%s", event, (unsigned long long)++t->seq, rest);

	auditchain_next(key, t->chain, text, (size_t)n, t->chain);
	return (size_t)n + (size_t)sprintf(text + n, " chain=%s\n", t->chain);
}

/* A trail of N lines behind T, in TEXT. Returns its length. */
static size_t
trail(struct trail *t, char *text, int n)
{
	size_t len = 0;
	char rest[32];

	for (int i = 0; i < n; i++) {
		snprintf(rest, sizeof(rest), " id=00ff reason=word\\040%d", i);
		len += make(t, text + len, "job.refuse", rest);
	}
	return len;
}

static int
memfile(const void *data, size_t len)
{
	int fd = memfd_create("t_auditchain", MFD_CLOEXEC);

	if (fd == -1 || write(fd, data, len) != (ssize_t)len)
		abort();
	return fd;
}

/* audit_verify() over LEN bytes of TEXT, going on from V. */
static int
check_key(struct trail *v, const char *text, size_t len, const void *k, size_t klen)
{
	int fd = memfile(text, len), keyfd = memfile(k, klen), r;

	memset(&e, 0, sizeof(e));
	r = audit_verify(fd, keyfd, &v->seq, v->chain, &e);
	close(fd);
	close(keyfd);
	return r;
}

static int
check(struct trail *v, const char *text, size_t len)
{
	return check_key(v, text, len, key, sizeof(key));
}

/* The same, knowing nothing of what stood before. *LINES: the good ones, when it starts with seq 1.
 */
static int
check_new(const char *text, size_t len, uint64_t *lines)
{
	struct trail v = {0, ""};
	int r = check(&v, text, len);

	*lines = v.seq;
	return r;
}

/* The start of line N (from 0). */
static char *
line(char *text, int n)
{
	while (n-- > 0)
		text = strchr(text, '\n') + 1;
	return text;
}

static void
test_definition(void)
{
	static const char body[] = "event=job.start seq=1 time=1795226400 reason=a\\040b";
	char text[ROW], want[256], hex[65], in[256];
	struct trail t = fresh;
	uint8_t mac[32];
	uint64_t seq;
	size_t n;

	n = make(&t, text, "job.start", " reason=a\\040b");
	CHECK(n == strlen(text));
	/* by another road: HMAC in one piece over 32 zeros and the body */
	snprintf(in, sizeof(in), "%032d%s", 0, body);
	crypto_auth_hmacsha256(mac, (const uint8_t *)in, strlen(in), key);
	str_hex(hex, mac, 32);
	snprintf(want, sizeof(want), "%s chain=%.32s\n", body, hex);
	CHECK_STR(text, want);
	memset(t.chain, 0, sizeof(t.chain));
	CHECK(auditchain_split(text, n - 1, &seq, t.chain) == 0 && seq == 1);
	CHECK(strncmp(t.chain, hex, 32) == 0 && t.chain[32] == '\0');
	CHECK(auditchain_split(text, n, &seq, t.chain) == -1);
	CHECK(auditchain_split(text, n - 2, &seq, t.chain) == -1);
}

static void
test_whole(void)
{
	static char text[2000 * ROW];
	static const uint8_t other[AUDIT_KEYLEN] = {1, 2, 4};
	struct trail t = fresh, v = {0, ""};
	uint64_t lines;
	size_t len;

	len = trail(&t, text, 2000);
	CHECK(check(&v, text, len) == 0 && v.seq == 2000);
	CHECK_STR(v.chain, t.chain);
	CHECK(check_new("", 0, &lines) == 0 && lines == 0);
	v = (struct trail){0, ""};
	CHECK(check_key(&v, text, len, other, sizeof(other)) == -1);
	CHECK_STR(e.text, "line 1: the chain does not hold: this line or the one before it was "
			  "changed, or the key is another");
	CHECK(check_key(&v, text, len, key, sizeof(key) - 1) == -1);
	CHECK_STR(e.text, "audit key: 31 bytes, must be 32");
	CHECK(check_key(&v, text, len, text, 33) == -1);
	CHECK(strncmp(e.text, "audit key", 9) == 0);
}

/* Each byte of a trail, changed in one bit, is noticed, and on its own line or the next. */
static void
test_edited(void)
{
	struct trail t = fresh;
	char text[5 * ROW], want[32], next[32], *p;
	uint64_t lines;
	size_t len;
	int n = 1;

	len = trail(&t, text, 5);
	for (size_t at = 0; at < len; at++) {
		snprintf(want, sizeof(want), "line %d:", n);
		snprintf(next, sizeof(next), "line %d:", n + 1);
		text[at] ^= 1;
		CHECKF(check_new(text, len, &lines) == -1 &&
			   (strncmp(e.text, want, 7) == 0 || strncmp(e.text, next, 7) == 0),
		    "byte %zu: %s", at, e.text);
		text[at] ^= 1;
		n += text[at] == '\n';
	}
	p = strstr(line(text, 2), "word");
	memcpy(p, "w0rd", 4);
	CHECK(check_new(text, len, &lines) == -1);
	CHECK(strncmp(e.text, "line 3: the chain does not hold", 31) == 0);
}

static void
test_removed(void)
{
	char text[5 * ROW], cut[5 * ROW], want[32];
	struct trail t = fresh;
	uint64_t lines;

	trail(&t, text, 5);
	for (int n = 0; n < 4; n++) {
		size_t head = (size_t)(line(text, n) - text);

		memcpy(cut, text, head);
		strcpy(cut + head, line(text, n + 1));
		snprintf(want, sizeof(want), "line %d:", n + 1);
		CHECKF(check_new(cut, strlen(cut), &lines) == -1 && strncmp(e.text, want, 7) == 0,
		    "line %d removed: %s", n + 1, e.text);
	}
	CHECK_STR(e.text, "line 4: seq 5 follows 3: lines are missing or moved");
	CHECK(check_new(line(text, 1), strlen(line(text, 1)), &lines) == -1);
	CHECK_STR(e.text, "line 1: starts with seq 2: lines before it are missing (give the file "
			  "before it first)");
}

static void
test_swapped(void)
{
	char text[5 * ROW], mixed[6 * ROW], *a, *b, *end;
	struct trail t = fresh;
	uint64_t lines;

	trail(&t, text, 5);
	a = line(text, 1);
	b = line(text, 2);
	end = line(text, 3);
	snprintf(mixed, sizeof(mixed), "%.*s%.*s%.*s%s", (int)(a - text), text, (int)(end - b), b,
	    (int)(b - a), a, end);
	CHECK(check_new(mixed, strlen(mixed), &lines) == -1);
	CHECK_STR(e.text, "line 2: seq 3 follows 1: lines are missing or moved");
	snprintf(mixed, sizeof(mixed), "%.*s%s", (int)(b - text), text, a);
	CHECK(check_new(mixed, strlen(mixed), &lines) == -1);
	CHECK_STR(e.text, "line 3: seq 2 follows 2: lines are missing or moved");
}

static void
test_torn(void)
{
	char text[5 * ROW];
	struct trail t = fresh;
	uint64_t lines;
	size_t len, last;

	len = trail(&t, text, 5);
	last = (size_t)(line(text, 4) - text);
	for (size_t cut = last + 1; cut < len; cut++) {
		CHECKF(check_new(text, cut, &lines) == -1, "cut at %zu", cut);
		CHECK_STR(e.text, "line 5: torn: no newline at its end");
	}
	/* whole lines missing at the end: only the newest seq and chain of the agent tell that */
	CHECK(check_new(text, last, &lines) == 0 && lines == 4);
}

static void
test_malformed(void)
{
	static const char chain[] = " chain=0123456789abcdef0123456789abcdef";
	static const char *const rows[] = {
	    "",
	    "event=a seq=1 time=1 chain=0123456789ABCDEF0123456789abcdef",
	    "event=a seq=1 time=1 chain=0123456789abcdef0123456789abcde",
	    "event=a seq=1 time=1 chain=0123456789abcdef0123456789abcdef ",
	    "event=a\tseq=1 time=1",
	    " event=a seq=1 time=1",
	    "seq=1 event=a time=1",
	    "event=a seq=01 time=1",
	    "event=a seq=0 time=1",
	    "event=a seq=+1 time=1",
	    "event=a seq=18446744073709551616 time=1",
	    "event=a seq= time=1",
	    "event=a seq=1",
	    "event=a seq=1x time=1",
	    "event=a  seq=1 time=1",
	};
	static char big[2 * AUDIT_LINE];
	uint64_t lines;
	size_t n;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = (size_t)snprintf(big, sizeof(big), "%s%s\n", rows[i], i < 4 ? "" : chain);
		CHECKF(check_new(big, n, &lines) == -1, "row %zu", i);
		CHECK_STR(e.text, "line 1: not an audit line");
	}
	memset(big, 'a', sizeof(big));
	memcpy(big, "event=a seq=1 time=1 a=", 23);
	memcpy(big + sizeof(big) - strlen(chain) - 1, chain, strlen(chain));
	big[sizeof(big) - 1] = '\n';
	CHECK(check_new(big, sizeof(big), &lines) == -1);
	CHECK_STR(e.text, "line 1: not an audit line");
}

/* Three files, each after the first begun by an audit.rotate line. */
static void
test_rotated(void)
{
	char f[3][6 * ROW], rest[64];
	struct trail t = fresh, v = {0, ""};
	size_t len[3], n;

	len[0] = trail(&t, f[0], 4);
	for (int i = 1; i < 3; i++) {
		snprintf(rest, sizeof(rest), " previous=%s", t.chain);
		n = make(&t, f[i], "audit.rotate", rest);
		len[i] = n + trail(&t, f[i] + n, 4);
	}
	for (int i = 0; i < 3; i++)
		CHECK(check(&v, f[i], len[i]) == 0 && v.seq == (uint64_t)(4 + 5 * i));
	CHECK_STR(v.chain, t.chain);
	/* the newest alone verifies from its own first line on */
	v = (struct trail){0, ""};
	CHECK(check(&v, f[2], len[2]) == 0 && v.seq == 14);
	/* not in order, one left out */
	v = (struct trail){0, ""};
	CHECK(check(&v, f[1], len[1]) == 0 && check(&v, f[0], len[0]) == -1);
	CHECK_STR(e.text, "line 1: seq 1 follows 9: lines are missing or moved");
	v = (struct trail){0, ""};
	CHECK(check(&v, f[0], len[0]) == 0 && check(&v, f[2], len[2]) == -1);
	CHECK_STR(e.text, "line 1: seq 10 follows 4: lines are missing or moved");
	/* what it says of the chain before it cannot be made up */
	memcpy(strstr(f[2], "previous=") + 9, AUDIT_FIRST, AUDIT_CHAIN - 1);
	v = (struct trail){0, ""};
	CHECK(check(&v, f[2], len[2]) == -1);
	CHECK(strncmp(e.text, "line 1: the chain does not hold", 31) == 0);
	/* and no other event may name it */
	t = fresh;
	t.seq = 9;
	n = make(&t, f[0], "job.refuse", " previous=" AUDIT_FIRST);
	v = (struct trail){0, ""};
	CHECK(check(&v, f[0], n) == -1);
	CHECK(strncmp(e.text, "line 1: starts with seq 10", 26) == 0);
}

int
main(void)
{
	test_definition();
	test_whole();
	test_edited();
	test_removed();
	test_swapped();
	test_torn();
	test_malformed();
	test_rotated();
	return check_done();
}
