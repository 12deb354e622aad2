/*
 * proto/signify.c: what signify(1) made is read, and TESTING's signature-matrix as far as one key
 * and one signature go: wrong, unknown key, two keys one number, S+L, small order, zero, each bit
 * flipped.
 */
#include <stdint.h>

#include <sodium.h>

#include "lib/strutil.h"
#include "proto/signify.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

/* Made by signify-openbsd -G -n and -S over "hello\n". */
#define B64_PUB "RWQi0QhPwti/kdtrR6/QVCVH5Kp1KXvfYC+uB65fDLxlwDppfkVVXrPQ"
#define PUB	"untrusted comment: test key public key\n" B64_PUB "\n"
#define SEC                                                                              \
	"untrusted comment: test key secret key\n"                                       \
	"RWRCSwAAAAA+/bHY9UqmVVqB8H647X0/rGyf3QbS4Qsi0QhPwti/kdkXQZ09k37mnO7pMSL8Y45dpz" \
	"D6o3acMBjtzqcke/Th22tHr9BUJUfkqnUpe99gL64Hrl8MvGXAOml+RVVes9A=\n"
#define SIG                                                                            \
	"untrusted comment: verify with k.pub\n"                                       \
	"RWQi0QhPwti/kd1Di4+Jori00m2ji4sgbaESG7T7lIrNv6s/kDiRqsddSIxmhwb9dS4bYwxQYFuF" \
	"UCGaEjk+zVxxmkR6JWAoewE=\n"
#define MSG "hello\n"

static struct pubkey pub;
static struct seckey sec;
static struct sig sig;

static void
test_signify_made(void)
{
	struct errmsg e;
	struct pubkey p;
	struct sig s;
	char buf[SIGNIFY_TEXT_MAX], b64[57];
	int locked = 1;

	CHECK(pubkey_parse(&pub, PUB, strlen(PUB), &e) == 0);
	CHECK(sig_parse(&sig, SIG, strlen(SIG), &e) == 0);
	CHECKF(seckey_parse(&sec, SEC, strlen(SEC), &locked, &e) == 0, "%s", e.text);
	CHECK(!locked);
	CHECK(pubkey_usable(&pub));
	CHECK(pubkey_verify(&pub, MSG, strlen(MSG), &sig) == 1);
	seckey_public(&sec, &p);
	CHECK(memcmp(&p, &pub, sizeof(p)) == 0);
	seckey_sign(&sec, MSG, strlen(MSG), &s);
	CHECK(memcmp(&s, &sig, sizeof(s)) == 0); /* Ed25519 is deterministic */
	CHECK(pubkey_write(&pub, "test key public key", buf, sizeof(buf)) == (ssize_t)strlen(PUB));
	CHECK_STR(buf, PUB);
	CHECK(sig_write(&s, "verify with k.pub", buf, sizeof(buf)) == (ssize_t)strlen(SIG));
	CHECK_STR(buf, SIG);
	pubkey_write_b64(&pub, b64);
	CHECK_STR(b64, B64_PUB);
	CHECK(pubkey_parse_b64(&p, b64, 56) == 0 && memcmp(&p, &pub, sizeof(p)) == 0);
	CHECK(pubkey_parse_b64(&p, b64, 55) == -1 && pubkey_parse_b64(&p, "", 0) == -1);
	b64[1] = 'X';
	CHECK(pubkey_parse_b64(&p, b64, 56) == -1);
}

static void
test_own(void)
{
	struct seckey k, again;
	struct pubkey p, q;
	struct errmsg e;
	struct sig s;
	char buf[SIGNIFY_TEXT_MAX];
	ssize_t n;

	seckey_new(&k, &p);
	seckey_new(&again, &q);
	CHECK(memcmp(&p, &q, sizeof(p)) != 0 && memcmp(p.keynum, q.keynum, 8) != 0);
	CHECK(pubkey_usable(&p));
	n = seckey_write(&k, "own key secret key", buf, sizeof(buf));
	CHECK(n > 0 && seckey_parse(&again, buf, (size_t)n, NULL, &e) == 0);
	CHECK(memcmp(&k, &again, sizeof(k)) == 0);
	seckey_sign(&k, "", 0, &s);
	CHECK(pubkey_verify(&p, "", 0, &s) == 1 && pubkey_verify(&q, "", 0, &s) == 0);
	/* two keys under one number: the number decides nothing */
	memcpy(q.keynum, p.keynum, sizeof(q.keynum));
	CHECK(pubkey_verify(&q, "", 0, &s) == 0);
	memset(p.keynum, 0, sizeof(p.keynum));
	CHECK(pubkey_verify(&p, "", 0, &s) == 1);
	CHECK(seckey_write(&k, "a\nb", buf, sizeof(buf)) == -1);
	CHECK(seckey_write(&k, "x", buf, 40) == -1);
}

/* FROM becomes TO in one of the three texts; each must be refused, with WHY. */
static const struct {
	const char *text, *from, *to, *why;
} spoilt[] = {
    {PUB, "untrusted comment: ", "untrusted comment:", "line 1 must begin with"},
    {PUB, "untrusted", "trusted", "line 1 must begin with"},
    {PUB, "test key", "test\tkey", "comment holds a control character"},
    {PUB, "\nRWQ", "\r\nRWQ", "comment holds a control character"},
    {PUB, "\nRWQ", "", "line 2 must end with a newline"},
    {PUB, "XrPQ\n", "XrPQ", "line 2 must end with a newline"},
    {PUB, "XrPQ\n", "XrPQ\r\n", "line 2 must be the base64 of 42 bytes"},
    {PUB, "XrPQ\n", "XrPQ\n\n", "nothing may stand after line 2"},
    {PUB, "XrPQ\n", "XrPQ\nx", "nothing may stand after line 2"},
    {PUB, "XrPQ\n", "XrP\n", "line 2 must be the base64 of 42 bytes"},
    {PUB, "XrPQ\n", "XrPQAAAA\n", "line 2 must be the base64 of 42 bytes"},
    {PUB, "\nRWQ", "\nRXQ", "not an Ed25519 public key"},
    {PUB, "\nRWQ", "\n RWQ", "line 2 must be the base64"},
    {PUB, "\nRWQ", "\nRW-", "line 2 must be the base64"},
    {SIG, "ewE=", "ewF=", "line 2 must be the base64 of 74 bytes"}, /* unused bits set */
    {SIG, "ewE=", "ewE", "line 2 must be the base64"},
    {SIG, "\nRWQ", "\nRXQ", "not an Ed25519 signature"},
    {SEC, "RWRCSw", "RWRCTA", "unknown key derivation"},
    {SEC, "RWRCSwAAAAA+", "RWRCSwAAACo+", "protected by a passphrase"},
    {SEC, "VVes9A=", "VVes9E=", "the checksum does not fit"},
    {SEC, "7X0/rGyf", "7X0/rGyg", "the checksum does not fit"},
};

static void
test_spoilt(void)
{
	struct pubkey p;
	struct seckey k;
	struct errmsg e;
	struct sig s;
	size_t i;
	int rv, locked;
	char *text;

	for (i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		text = kit_edit(spoilt[i].text, spoilt[i].from, spoilt[i].to);
		locked = -1;
		if (strcmp(spoilt[i].text, PUB) == 0)
			rv = pubkey_parse(&p, text, strlen(text), &e);
		else if (strcmp(spoilt[i].text, SIG) == 0)
			rv = sig_parse(&s, text, strlen(text), &e);
		else {
			rv = seckey_parse(&k, text, strlen(text), &locked, &e);
			CHECK(locked == (strstr(e.text, "passphrase") != NULL));
		}
		CHECKF(rv == -1, "\"%s\"", spoilt[i].to);
		CHECKF(strstr(e.text, spoilt[i].why) != NULL, "\"%s\": %s", spoilt[i].to, e.text);
		free(text);
	}
	/* one kind of file is never taken for another */
	CHECK(pubkey_parse(&p, SIG, strlen(SIG), &e) == -1);
	CHECK(sig_parse(&s, PUB, strlen(PUB), &e) == -1);
	CHECK(sig_parse(&s, SEC, strlen(SEC), &e) == -1);
	CHECK(seckey_parse(&k, SIG, strlen(SIG), NULL, &e) == -1);
	CHECK(pubkey_parse(&p, "", 0, &e) == -1);
}

static void
test_lengths(void)
{
	char text[SIGNIFY_TEXT_MAX * 2], *p;
	struct pubkey k;
	struct errmsg e;
	size_t n;

	for (n = SIGNIFY_COMMENT_MAX; n <= SIGNIFY_COMMENT_MAX + 1; n++) {
		p = stpcpy(text, "untrusted comment: ");
		memset(p, 'c', n);
		strcpy(p + n, "\n" B64_PUB "\n");
		CHECK(
		    (pubkey_parse(&k, text, strlen(text), &e) == 0) == (n == SIGNIFY_COMMENT_MAX));
	}
	memset(text, 'c', sizeof(text));
	CHECK(pubkey_parse(&k, text, sizeof(text), &e) == -1);
	CHECK(pubkey_parse(&k, "untrusted comment: \n" B64_PUB "\n", 20 + 57, &e) == 0);
}

/* A secret key whose checksum is right and whose public half is another's: refused. */
static void
test_halves(void)
{
	struct seckey k, other;
	struct pubkey p;
	struct errmsg e;
	char buf[SIGNIFY_TEXT_MAX];
	ssize_t n;

	seckey_new(&k, &p);
	seckey_new(&other, &p);
	memcpy(k.key + 32, other.key + 32, 32);
	n = seckey_write(&k, "mixed", buf, sizeof(buf));
	CHECK(n > 0 && seckey_parse(&other, buf, (size_t)n, NULL, &e) == -1);
	CHECK_STR(e.text, "secret key: its public half is another key's");
}

static void
test_bits(void)
{
	char msg[] = MSG;
	struct pubkey k;
	struct sig s;
	unsigned int i;

	for (i = 0; i < 512; i++) {
		s = sig;
		s.sig[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECKF(pubkey_verify(&pub, MSG, strlen(MSG), &s) == 0, "signature bit %u", i);
	}
	for (i = 0; i < 256; i++) {
		k = pub;
		k.key[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECKF(pubkey_verify(&k, MSG, strlen(MSG), &sig) == 0, "key bit %u", i);
	}
	for (i = 0; i < strlen(MSG) * 8; i++) {
		msg[i / 8] ^= (char)(1 << i % 8);
		CHECKF(pubkey_verify(&pub, msg, strlen(MSG), &sig) == 0, "message bit %u", i);
		msg[i / 8] ^= (char)(1 << i % 8);
	}
	CHECK(pubkey_verify(&pub, MSG, strlen(MSG) - 1, &sig) == 0);
	CHECK(pubkey_verify(&pub, MSG, strlen(MSG) + 1, &sig) == 0);
	memset(&s, 0, sizeof(s));
	CHECK(pubkey_verify(&pub, MSG, strlen(MSG), &s) == 0);
}

/* S + L satisfies the equation too; who does not check S < L can be given two signatures for one.
 */
static void
test_malleable(void)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
	    0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct sig s = sig;
	unsigned int carry, i, round;

	for (round = 1; round <= 8; round++) {
		for (carry = 0, i = 0; i < 32; i++) {
			carry += (unsigned int)s.sig[32 + i] + order[i];
			s.sig[32 + i] = (uint8_t)carry;
			carry >>= 8;
		}
		CHECKF(pubkey_verify(&pub, MSG, strlen(MSG), &s) == 0, "S + %uL", round);
	}
}

/*
 * The points of order 1, 2, 4, 8 and their non-canonical spellings. With such a key, R = the key
 * and S = 0 would verify many messages.
 */
static const char *const small[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
};

static void
test_small_order(void)
{
	struct pubkey k = {{0}, {0}};
	struct sig s;
	char msg[2] = "a";
	size_t i, j;

	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		CHECK(str_unhex(k.key, 32, small[i]) == 0);
		CHECKF(!pubkey_usable(&k), "%s", small[i]);
		for (j = 0; j < sizeof(small) / sizeof(small[0]); j++) {
			memset(&s, 0, sizeof(s));
			CHECK(str_unhex(s.sig, 32, small[j]) == 0);
			for (msg[0] = 'a'; msg[0] <= 'p'; msg[0]++)
				CHECKF(pubkey_verify(&k, msg, 1, &s) == 0, "key %s, R %s", small[i],
				    small[j]);
		}
	}
	/* 2^255 - 1 is no canonical point, and a point with a small-order part is no key */
	memset(k.key, 0xff, sizeof(k.key));
	CHECK(!pubkey_usable(&k));
	CHECK(crypto_core_ed25519_add(k.key, pub.key,
		  (const unsigned char *)"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
					 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
					 "\xff\xff\xff\x7f") == 0);
	CHECK(!pubkey_usable(&k));
}

int
main(void)
{
	test_signify_made();
	test_own();
	test_spoilt();
	test_lengths();
	test_halves();
	test_bits();
	test_malleable();
	test_small_order();
	return check_done();
}
