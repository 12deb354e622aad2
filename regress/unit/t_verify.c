/* privd/verify.c: signature-matrix, and what of replay-matrix host and clock decide. */
#include <stddef.h>

#include "privd/verify.h"
#include "regress/unit/confkit.h"
#include "regress/unit/ticketkit.h"

#define NOW 1795226400ULL
#define N   6 /* 0 ops, 1 ops2 (same number as ops), 2 revoked, 3 expired, 4 admin, 5 stranger */

static struct errmsg e;
static struct seckey sec[N];
static struct pubkey pub[N];
static struct policy *pol;
static struct keystore *keys, *nokeys;

static int
readkey(const void *arg, const char *name, char **buf, size_t *len, struct errmsg *err)
{
	(void)arg, (void)err;
	if ((*buf = malloc(SIGNIFY_TEXT_MAX)) == NULL)
		abort();
	*len = (size_t)pubkey_write(&pub[name[1] - '0'], name, *buf, SIGNIFY_TEXT_MAX);
	return 0;
}

static const char policytext[] = "[key ops]\nfile k0\nrole operator\nholder ops-1\nallow *\n"
				 "[key ops2]\nfile k1\nrole operator\nholder ops-2\n"
				 "[key old]\nfile k2\nrole operator\nholder o\n"
				 "[key late]\nfile k3\nrole operator\nholder o\n"
				 "[key root]\nfile k4\nrole admin\nholder anna\n";

/* A store with keys 0 to 4, one of them revoked, one past its end. */
static void
make_store(void)
{
	static const enum key_role roles[] = {
	    ROLE_OPERATOR, ROLE_OPERATOR, ROLE_OPERATOR, ROLE_OPERATOR, ROLE_ADMIN};
	static const char *const holders[] = {"ops-1", "ops-2", "o", "o", "anna"};
	char text[4096], b64[5][57], best[57];
	int n, done[5] = {0};

	for (int i = 0; i < 5; i++)
		pubkey_write_b64(&pub[i], b64[i]);
	n = sprintf(text, "reeve-keys 1\nfleet " CK_FLEET "\nversion 1\nthreshold 1\n");
	for (int out = 0; out < 5; out++) {
		int min = -1;

		for (int i = 0; i < 5; i++)
			if (!done[i] && (min == -1 || strcmp(b64[i], best) < 0)) {
				min = i;
				memcpy(best, b64[i], sizeof(best));
			}
		done[min] = 1;
		n += sprintf(text + n, "key %s\nrole %s\nholder %s\nnotafter %llu\nrevoked %d\n",
		    b64[min], role_name(roles[min]), holders[min], min == 3 ? NOW - 1 : 0ULL,
		    min == 2 ? 5 : 0);
	}
	n += sprintf(text + n, "end\n");
	kit_put("keystore", text, (size_t)n);
}

/* ---- signatures ---- */

static void
sign(struct sig *s, int key, const void *msg, size_t len)
{
	seckey_sign(&sec[key], msg, len, s);
}

static struct verified *
verify(const struct keystore *k, const char *text, const struct sig *s, unsigned int n)
{
	e.text[0] = '\0';
	return verify_ticket(pol, k, (const uint8_t *)text, strlen(text), s, n, NOW, &e);
}

static void
refused(const struct keystore *k, const char *text, const struct sig *s, unsigned int n,
    const char *why)
{
	struct verified *v = verify(k, text, s, n);

	CHECKF(v == NULL, "taken: %s", why);
	CHECKF(strcmp(e.text, why) == 0, "said \"%s\", must \"%s\"", e.text, why);
	verified_free(v);
}

#define UNKNOWN "signature %d: unknown key, or not a signature over this ticket"

static void
test_good(void)
{
	const struct policy_key *out[TICKET_SIGS];
	struct ticket *t = malloc(sizeof(*t));
	struct sig s[3];
	struct verified *v;
	uint8_t hash[32];
	size_t len;

	for (int i = 0; i < 3; i++)
		sign(&s[i], i == 2 ? 0 : i, KIT_GOOD, strlen(KIT_GOOD));
	v = verify(keys, KIT_GOOD, s, 1);
	CHECKF(v != NULL, "%s", e.text);
	CHECK(verified_signers(v, out) == 1);
	CHECK_STR(out[0]->name, "ops");
	CHECK(memcmp(verified_bytes(v, &len), KIT_GOOD, strlen(KIT_GOOD)) == 0);
	CHECK(len == strlen(KIT_GOOD));
	ticket_hash(KIT_GOOD, len, hash);
	CHECK(memcmp(verified_hash(v), hash, sizeof(hash)) == 0);
	CHECKF(verified_parse(v, t, &e) == 0, "%s", e.text);
	CHECK_STR(t->kind->name, "pkg.install");
	verified_free(v);
	/* two keys with one number are two keys; the third signature is the first key's again */
	CHECK(memcmp(pub[0].keynum, pub[1].keynum, 8) == 0);
	v = verify(keys, KIT_GOOD, s, 3);
	CHECKF(v != NULL && verified_signers(v, out) == 2, "%s", e.text);
	CHECK(out[0] != out[1]);
	verified_free(v);
	v = verify(keys, KIT_GOOD, &s[1], 1);
	CHECKF(v != NULL, "%s", e.text);
	verified_free(v);
	/* the number is a hint only */
	memset(s[0].keynum, 0xee, sizeof(s[0].keynum));
	v = verify(keys, KIT_GOOD, s, 1);
	CHECKF(v != NULL, "%s", e.text);
	verified_free(v);
	free(t);
}

static void
test_matrix(void)
{
	struct sig s[TICKET_SIGS + 1];
	char want[100];

	for (int i = 0; i <= TICKET_SIGS; i++)
		sign(&s[i], 0, KIT_GOOD, strlen(KIT_GOOD));
	refused(keys, KIT_GOOD, s, 0, "ticket: is not signed");
	refused(keys, KIT_GOOD, s, TICKET_SIGS + 1, "ticket: 9 signatures, at most 8");
	refused(keys, "", s, 1, "ticket: 0 bytes, must be 1 to 8192");
	refused(NULL, KIT_GOOD, s, 1, "no key store");
	sign(&s[1], 5, KIT_GOOD, strlen(KIT_GOOD));
	snprintf(want, sizeof(want), UNKNOWN, 2);
	refused(keys, KIT_GOOD, s, 2, want); /* none may be left over */
	snprintf(want, sizeof(want), UNKNOWN, 1);
	refused(keys, KIT_GOOD, &s[1], 1, want);
	memcpy(s[1].keynum, pub[0].keynum, sizeof(s[1].keynum));
	refused(keys, KIT_GOOD, &s[1], 1, want);
	sign(&s[0], 2, KIT_GOOD, strlen(KIT_GOOD));
	refused(keys, KIT_GOOD, s, 1, "signature 1: key old was revoked");
	sign(&s[0], 3, KIT_GOOD, strlen(KIT_GOOD));
	refused(keys, KIT_GOOD, s, 1, "signature 1: key late expired");
	sign(&s[0], 0, KIT_HEAD, strlen(KIT_HEAD));
	refused(keys, KIT_GOOD, s, 1, want);
	memset(&s[0], 0, sizeof(s[0]));
	refused(keys, KIT_GOOD, s, 1, want);
}

static void
test_bits(void)
{
	char text[sizeof(KIT_GOOD)];
	struct sig s;

	sign(&s, 0, KIT_GOOD, strlen(KIT_GOOD));
	memcpy(text, KIT_GOOD, sizeof(text));
	for (size_t i = 0; i < strlen(KIT_GOOD) * 8; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		CHECKF(verify_ticket(
			   pol, keys, (uint8_t *)text, strlen(KIT_GOOD), &s, 1, NOW, &e) == NULL,
		    "ticket bit %zu", i);
		text[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t i = 0; i < sizeof(s.sig) * 8; i++) {
		s.sig[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECKF(verify(keys, KIT_GOOD, &s, 1) == NULL, "signature bit %zu", i);
		s.sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 1; i < strlen(KIT_GOOD); i++)
		CHECKF(
		    verify_ticket(pol, keys, (const uint8_t *)KIT_GOOD, i, &s, 1, NOW, &e) == NULL,
		    "cut at %zu", i);
}

/* A good signature over other text: it verifies, and is no ticket. */
static void
test_other_text(void)
{
	static const char *const texts[] = {"untrusted comment: release\n" KIT_GOOD,
	    "reeve-keys 1\nfleet " CK_FLEET "\n", "reeve-job 2\n", KIT_GOOD "\n", " " KIT_GOOD};
	struct ticket *t = malloc(sizeof(*t));
	struct verified *v;
	struct sig s;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		sign(&s, 0, texts[i], strlen(texts[i]));
		v = verify(keys, texts[i], &s, 1);
		CHECKF(v != NULL, "text %zu: %s", i, e.text);
		CHECKF(verified_parse(v, t, &e) == -1, "text %zu", i);
		verified_free(v);
	}
	free(t);
}

/* For a rollback the time of a key does not count, its signature still does. */
static void
test_stored(void)
{
	struct verified *v;
	struct sig s;
	const uint8_t *good = (const uint8_t *)KIT_GOOD;

	for (int key = 0; key < N; key++) {
		sign(&s, key, KIT_GOOD, strlen(KIT_GOOD));
		v = verify_stored(pol, good, strlen(KIT_GOOD), &s, 1, &e);
		CHECKF((v != NULL) == (key != 5), "key %d: %s", key, e.text);
		verified_free(v);
		CHECK(verify_stored(pol, good, strlen(KIT_GOOD) - 1, &s, 1, &e) == NULL);
	}
	CHECK(verify_stored(pol, good, strlen(KIT_GOOD), &s, 0, &e) == NULL);
}

/* Without a store policy.conf's keys count alone. */
static void
test_no_store(void)
{
	struct verified *v;
	struct sig s;

	for (int key = 0; key < N; key++) {
		sign(&s, key, KIT_GOOD, strlen(KIT_GOOD));
		v = verify(nokeys, KIT_GOOD, &s, 1);
		CHECKF((v != NULL) == (key != 5), "key %d: %s", key, e.text);
		verified_free(v);
	}
}

/* ---- host ---- */

#define OTHERID "00000000000000000000000000000001"

static const struct {
	const char *fleet, *hosts, *why; /* why NULL: taken */
} hosts[] = {
    {CK_FLEET, "host " CK_HOST " " CK_NAME "\n", NULL},
    {CK_FLEET, "host " OTHERID " a\nhost " CK_HOST " " CK_NAME "\n", NULL},
    {CK_FLEET, "host " CK_HOST " web2.example.net\n",
	"host: the id is this host's, but the name is web2.example.net, not " CK_NAME},
    {CK_FLEET, "host " OTHERID " " CK_NAME "\n",
	"host: the name is this host's, but the id is " OTHERID ", not " CK_HOST},
    {CK_FLEET, "host " OTHERID " web2.example.net\n",
	"host: the ticket is for another host than " CK_NAME},
    {CK_FLEET, "host " OTHERID " " CK_NAME "\nhost " CK_HOST " web2.example.net\n",
	"host: the name is this host's, but the id is " OTHERID ", not " CK_HOST},
    {OTHERID, "host " CK_HOST " " CK_NAME "\n",
	"fleet: the ticket is of fleet " OTHERID ", this host of " CK_FLEET},
};

static const struct ticket *
ticket(const char *fleet, const char *hostlines, uint64_t issued, uint64_t nb, uint64_t na)
{
	static struct ticket t;
	char text[TICKET_MAX];
	int n = snprintf(text, sizeof(text),
	    "reeve-job 1\nfleet %s\n%sid " KIT_ID "\nissued %llu\nnotbefore %llu\nnotafter %llu\n"
	    "requester ops-1\nkind agent.ping\nend\n",
	    fleet, hostlines, (unsigned long long)issued, (unsigned long long)nb,
	    (unsigned long long)na);

	if (ticket_parse(&t, text, (size_t)n, &e) == -1)
		errx(1, "%s: %s", text, e.text);
	return &t;
}

static void
test_host(const struct conf *c)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const struct ticket *t =
		    ticket(hosts[i].fleet, hosts[i].hosts, NOW, NOW, NOW + 3600);
		int rv = verify_host(t, c, &e);

		CHECKF((rv == 0) == (hosts[i].why == NULL), "row %zu: %s", i, e.text);
		if (hosts[i].why != NULL)
			CHECK_STR(e.text, hosts[i].why);
	}
}

/* ---- time ---- */

static const struct {
	int64_t issued, nb, na; /* from NOW */
	int64_t floor, cut;	/* from NOW; cut 0: none */
	int expired;
	const char *why;
} times[] = {
    {0, 0, 3600, 0, 0, 0, NULL},
    {-3600, -3600, 0, 0, 0, 0, NULL},
    {-3600, -3600, -1, 0, 0, 1, "notafter: the ticket expired 1 s ago"},
    {-3601, -3601, -1, 0, 0, 1, "notafter: the ticket expired 1 s ago"},
    {0, 0, 3601, 0, 0, 0, "notafter: the ticket spans more than 3600 s (max-span)"},
    {-10, 0, 3600, 0, 0, 0, "notafter: the ticket spans more than 3600 s (max-span)"},
    {300, 300, 400, 0, 0, 0, NULL},
    {301, 301, 400, 0, 0, 0, "issued: 301 s in the future"},
    {0, 1, 400, 0, 0, 0, "notbefore: not valid for another 1 s"},
    {-60, 0, 400, 0, 0, 0, NULL},
    {-60, 1, 400, 0, 0, 0, "notbefore: not valid for another 1 s"},
    {200, 300, 400, 0, 0, 0, "notbefore: not valid for another 300 s"},
    {0, 0, 400, 300, 0, 0, NULL},
    {0, 0, 400, 301, 0, 0,
	"clock: this host's clock (1795226400) is behind what it has seen (1795226701): set it"},
    {0, 0, 400, -86400, 0, 0, NULL},
    {-100, -100, 400, 0, -401, 0, NULL},
    {-100, -100, 400, 0, -400, 0,
	"issued: the ledger was cut at 1795226000: tickets up to 300 s after it are refused"},
    {200, 200, 400, 0, -50, 0,
	"issued: the ledger was cut at 1795226350: tickets up to 300 s after it are refused"},
};

static void
test_time(const struct conf *c)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		const struct ticket *t =
		    ticket(CK_FLEET, hosts[0].hosts, NOW + (uint64_t)times[i].issued,
			NOW + (uint64_t)times[i].nb, NOW + (uint64_t)times[i].na);
		struct clockstate ck = {.now = NOW,
		    .floor = NOW + (uint64_t)times[i].floor,
		    .cut = times[i].cut == 0 ? 0 : NOW + (uint64_t)times[i].cut};
		int expired = 2, rv = verify_time(t, c, &ck, &expired, &e);

		CHECKF((rv == 0) == (times[i].why == NULL), "row %zu: %s", i, e.text);
		CHECKF(expired == times[i].expired, "row %zu", i);
		if (times[i].why != NULL)
			CHECKF(strcmp(e.text, times[i].why) == 0, "row %zu: %s", i, e.text);
	}
}

/* clock-steps: nothing wraps at either end of time. */
static void
test_clocks(const struct conf *c)
{
	static const uint64_t nows[] = {0, 1, 299, 2147483647, 2147483648, 4294967296, UINT64_MAX};
	const struct ticket *t = ticket(CK_FLEET, hosts[0].hosts, NOW, NOW, NOW + 3600);
	int expired;

	for (size_t i = 0; i < sizeof(nows) / sizeof(nows[0]); i++) {
		struct clockstate ck = {.now = nows[i], .floor = NOW, .cut = 0};

		CHECKF(verify_time(t, c, &ck, &expired, &e) == -1, "now %llu",
		    (unsigned long long)nows[i]);
		CHECK(expired == (nows[i] > NOW));
	}
	t = ticket(
	    CK_FLEET, hosts[0].hosts, TICKET_TIME_MAX - 10, TICKET_TIME_MAX - 10, TICKET_TIME_MAX);
	CHECK(verify_time(t, c, &(struct clockstate){.now = TICKET_TIME_MAX}, &expired, &e) == 0);
	CHECK(verify_time(t, c, &(struct clockstate){.now = NOW}, &expired, &e) == -1);
}

int
main(void)
{
	struct conf *c = conf_fromtext("/etc/reeve/agent.conf", CK_AGENT, strlen(CK_AGENT), &e);

	for (int i = 0; i < N; i++)
		seckey_new(&sec[i], &pub[i]);
	memcpy(pub[1].keynum, pub[0].keynum, sizeof(pub[1].keynum));
	memcpy(sec[1].keynum, sec[0].keynum, sizeof(sec[1].keynum));
	pol = policy_fromtext("policy.conf", policytext, sizeof(policytext) - 1, readkey, NULL, &e);
	kit_new();
	nokeys = keystore_load(kit_fd, CK_FLEET, &e);
	make_store();
	keys = keystore_load(kit_fd, CK_FLEET, &e);
	if (c == NULL || pol == NULL || nokeys == NULL || keys == NULL)
		errx(1, "%s", e.text);
	test_good();
	test_matrix();
	test_bits();
	test_other_text();
	test_stored();
	test_no_store();
	test_host(c);
	test_time(c);
	test_clocks(c);
	keystore_free(keys);
	keystore_free(nokeys);
	policy_free(pol);
	free(c);
	kit_clean();
	return check_done();
}
