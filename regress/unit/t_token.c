/* proto/token.c: URLs, enrolment tokens, what proves them, and the fingerprint of a host. */
#include <sodium.h>

#include "lib/strutil.h"
#include "proto/token.h"
#include "regress/check.h"

#define CA  "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SEC "000102030405060708090a0b0c0d0e0f1011121314151617"
#define ID  "9f86d081884c7d659a2feaa0c55ad015"

static const struct {
	const char *in, *out; /* out NULL: refused */
} urls[] = {
    {"https://ctl.example.org", "https://ctl.example.org:7440"},
    {"https://CTL.Example.ORG:443/", "https://ctl.example.org:443"},
    {"HTTPS://ctl/x", "https://ctl:7440/x"},
    {"https://ctl:1/x/y/", "https://ctl:1/x/y"},
    {"https://ctl:65535/a-b._~9", "https://ctl:65535/a-b._~9"},
    {"https://ctl/.x/..y/z.", "https://ctl:7440/.x/..y/z."},
    {"https://192.0.2.1/", "https://192.0.2.1:7440"},
    {"https://[2001:DB8::1]:7441/p", "https://[2001:db8::1]:7441/p"},
    {"https://[::ffff:192.0.2.1]", "https://192.0.2.1:7440"},
    {"https://7.example.org", "https://7.example.org:7440"},
    {"https://0xg", "https://0xg:7440"},
    {"", NULL},
    {"ctl.example.org", NULL},
    {"http://ctl.example.org", NULL},
    {"https:/ctl", NULL},
    {"https://", NULL},
    {"https:///x", NULL},
    {"https://:7440", NULL},
    {"https://ctl:", NULL},
    {"https://ctl:0", NULL},
    {"https://ctl:65536", NULL},
    {"https://ctl:07440", NULL},
    {"https://ctl:7440x", NULL},
    {"https://user@ctl", NULL},
    {"https://u:p@ctl/x", NULL},
    {"https://ctl?x", NULL},
    {"https://ctl/?x", NULL},
    {"https://ctl/x#y", NULL},
    {"https://ctl/x?y", NULL},
    {"https://ctl//", NULL},
    {"https://ctl//x", NULL},
    {"https://ctl/x//y", NULL},
    {"https://ctl/./x", NULL},
    {"https://ctl/../x", NULL},
    {"https://ctl/x/..", NULL},
    {"https://ctl/%2e", NULL},
    {"https://ctl/x y", NULL},
    {"https://ctl/x;y", NULL},
    {"https://ctl/a@b", NULL},
    {"https://-ctl", NULL},
    {"https://c_tl", NULL},
    {"https://ctl.", NULL},
    {"https://c..tl", NULL},
    {"https://127.1", NULL},
    {"https://2130706433", NULL},
    {"https://0x7f000001", NULL},
    {"https://1.2.3.0x4", NULL},
    {"https://256.1.1.1", NULL},
    {"https://[::1", NULL},
    {"https://::1", NULL},
    {"https://[192.0.2.1]", NULL},
    {"https://[ctl]", NULL},
    {"https://[::1]x", NULL},
    {"https://[fe80::1%25eth0]", NULL},
    {"https://[]", NULL},
    {"https://ctl\n", NULL},
    {"https://c\xc3\xa9", NULL},
    {" https://ctl", NULL},
    {"https://ctl\\x", NULL},
    {"https://evil\\@ctl", NULL},
};

static void
test_url(void)
{
	struct url u, back;
	struct errmsg e;
	char text[600];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		e.text[0] = '\0';
		if (urls[i].out == NULL) {
			CHECKF(url_parse(&u, urls[i].in, &e) == -1, "%s", urls[i].in);
			CHECKF(e.text[0] != '\0', "%s", urls[i].in);
			continue;
		}
		CHECKF(url_parse(&u, urls[i].in, &e) == 0, "%s: %s", urls[i].in, e.text);
		url_text(&u, text, sizeof(text));
		CHECK_STR(text, urls[i].out);
		CHECK(url_parse(&back, text, &e) == 0 && memcmp(&u, &back, sizeof(u)) == 0);
	}
}

static void
test_url_length(void)
{
	char text[700];
	struct url u;

	for (size_t n = 250; n < 260; n++) {
		memset(text, 0, sizeof(text));
		memcpy(text, "https://ctl/", 12);
		memset(text + 12, 'a', n - 1);
		CHECKF((url_parse(&u, text, NULL) == 0) == (n <= 255), "path of %zu", n);
	}
	/* a name of 253 bytes, and of 254 */
	memcpy(text, "https://", 9);
	for (int i = 0; i < 126; i++)
		strcat(text, "a.");
	strcat(text, "a");
	CHECK(url_parse(&u, text, NULL) == 0 && strlen(u.host) == 253);
	strcat(text, "a");
	CHECK(url_parse(&u, text, NULL) == -1);
}

static const struct {
	const char *in, *word; /* what the refusal says */
} bad[] = {
    {"", "begins with"},
    {"hello", "begins with"},
    {ID, "host id"},
    {SEC, "secret alone"},
    {"https://ctl", "URL"},
    {"reeve2,https://ctl," CA "," SEC, "version"},
    {"reeve1,", "cut"},
    {"reeve1,https://ctl", "cut"},
    {"reeve1,https://ctl," CA, "cut"},
    {"reeve1,https://ctl," CA ",", "cut"},
    {"reeve1,https://ctl," CA ",0001", "cut"},
    {"reeve1,https://ctl,sha256:0011," SEC, "cut"},
    {"reeve1,https://ctl,," SEC, "cut"},
    {"reeve1,http://ctl," CA "," SEC, "plaintext"},
    {"reeve1,https://ctl," CA "," ID, "host id"},
    {"reeve1,https://ctl," CA "," SEC "0", "49 bytes"},
    {"reeve1,https://ctl," CA "," SEC ",", "49 bytes"},
    {"reeve1,https://ctl," CA "," SEC "\n", "one line"},
    {" reeve1,https://ctl," CA "," SEC, "begins with"},
    {"reeve1, https://ctl," CA "," SEC, "without blanks"},
    {"reeve1,https://ctl," CA ",00010203040506070809 A0B0C0D0E0F1011121314151617",
	"without blanks"},
    {"reeve1,https://ctl," CA ",000102030405060708090A0B0C0D0E0F1011121314151617", "lower-case"},
    {"reeve1,https://ctl," CA ",g00102030405060708090a0b0c0d0e0f1011121314151617", "lower-case"},
    {"reeve1,https://ctl,Bundle," SEC, "bundle"},
    {"Reeve1,https://ctl," CA "," SEC, "begins with"},
};

static void
test_token(void)
{
	static char longest[TOKEN_MAX + 3];
	char text[TOKEN_MAX + 1];
	struct token t;
	struct errmsg e;

	CHECK(token_parse(&t, "reeve1,https://Ctl/x," CA "," SEC, &e) == 0);
	CHECK_STR(t.url.host, "ctl");
	CHECK(!t.bundle && t.ca[0] == 0 && t.ca[31] == 0xff && t.secret[23] == 0x17);
	token_text(&t, text, sizeof(text));
	CHECK_STR(text, "reeve1,https://ctl:7440/x," CA "," SEC);
	CHECK(token_parse(&t, "reeve1,https://[::1]:9,bundle," SEC, &e) == 0 && t.bundle);
	token_text(&t, text, sizeof(text));
	CHECK_STR(text, "reeve1,https://[::1]:9,bundle," SEC);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECKF(token_parse(&t, bad[i].in, &e) == -1, "%s", bad[i].in);
		CHECKF(strstr(e.text, bad[i].word) != NULL, "%s: %s", bad[i].in, e.text);
		/* never the secret in what is said about it */
		CHECK(strstr(e.text, SEC) == NULL);
	}
	memset(longest, 'a', TOKEN_MAX + 1);
	CHECK(token_parse(&t, longest, &e) == -1 && strstr(e.text, "longer") != NULL);
}

/* Cut at each byte: always refused, and nothing of the secret is left behind. */
static void
test_cut(void)
{
	static const char whole[] = "reeve1,https://ctl/x," CA "," SEC;
	static const struct token zero;
	char text[sizeof(whole)];
	struct token t;

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		CHECKF(token_parse(&t, text, NULL) == -1, "%zu bytes", n);
		CHECK(memcmp(t.secret, zero.secret, sizeof(t.secret)) == 0);
	}
}

static void
test_proofs(void)
{
	uint8_t secret[24], h[32], want[32], msg[64] = "reeve-token-csr";
	char id[33], mac[65], hex[65];

	CHECK(secret_parse(secret, SEC, NULL) == 0);
	token_hash(secret, h);
	str_hex(hex, h, 32); /* of sha256sum(1) */
	CHECK_STR(hex, "1d64add2a6388367c9bc2d1f1b384b069a6ef382cdaaa89771dd103e28613a25");
	token_id(h, id);
	crypto_auth_hmacsha256(want, (const uint8_t *)"reeve-token-id", 14, h);
	str_hex(hex, want, 16);
	CHECK_STR(id, hex);
	memcpy(msg + 16, "data", 4);
	token_mac(h, "data", 4, mac);
	crypto_auth_hmacsha256(want, msg, 20, h);
	str_hex(hex, want, 32);
	CHECK_STR(mac, hex);
	token_mac(h, "dat", 3, hex);
	CHECK(strcmp(mac, hex) != 0);
	h[0] ^= 1;
	token_mac(h, "data", 4, hex);
	CHECK(strcmp(mac, hex) != 0);
}

static void
test_secret(void)
{
	char a[TOKEN_SECRET + 1], b[TOKEN_SECRET + 1];
	uint8_t raw[24];
	struct errmsg e;

	secret_new(a);
	secret_new(b);
	CHECK(strlen(a) == TOKEN_SECRET && strcmp(a, b) != 0);
	CHECK(secret_parse(raw, a, &e) == 0);
	CHECK(secret_parse(raw, ID, &e) == -1 && strstr(e.text, "host id") != NULL);
	CHECK(secret_parse(raw, "", &e) == -1 && strstr(e.text, "48") != NULL);
}

static void
test_hostprint(void)
{
	char out[HOSTPRINT_LEN], other[HOSTPRINT_LEN];

	hostprint("f", "i", "n", "r", "s", out);
	CHECK(strlen(out) == HOSTPRINT_LEN - 1 &&
	      strspn(out, "abcdefghijklmnopqrstuvwxyz234567-") == 24);
	CHECK_STR(out, "lvia-7h3n-mpe7-t2aj-ktcp");
	hostprint("f", "i", "n", "r", "t", other);
	CHECK(strcmp(out, other) != 0);
	hostprint("f\ni", "n", "r", "s", "", other); /* pieces do not run into each other */
	CHECK(strcmp(out, other) != 0);
}

int
main(void)
{
	CHECK(sodium_init() != -1);
	test_url();
	test_url_length();
	test_token();
	test_cut();
	test_proofs();
	test_secret();
	test_hostprint();
	return check_done();
}
