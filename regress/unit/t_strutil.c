/* Strict numbers and encodings: one spelling for each value, everything else refused. */
#include "lib/strutil.h"

#include "regress/check.h"

static void
test_numbers(void)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "-0", "00", "01", "0x1", "1a",
	    "1.0", "1e3", "1_0", "\t1", "1\n", "18446744073709551616", "18446744073709551620",
	    "99999999999999999999", "100000000000000000000", "\xd9\xa1", "1-", "--1"};
	uint64_t v = 42;

	CHECK(str_u64("0", 0, UINT64_MAX, &v) == 0 && v == 0);
	CHECK(str_u64("10", 0, 10, &v) == 0 && v == 10);
	CHECK(str_u64("18446744073709551615", 0, UINT64_MAX, &v) == 0 && v == UINT64_MAX);
	CHECK(str_u64("7", 7, 7, &v) == 0 && v == 7);
	v = 42;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(str_u64(bad[i], 0, UINT64_MAX, &v) == -1 && v == 42, "\"%s\"", bad[i]);
	CHECK(str_u64("11", 0, 10, &v) == -1 && v == 42);
	CHECK(str_u64("6", 7, 7, &v) == -1 && v == 42);
	/* a length bounds it, not a NUL */
	CHECK(strn_u64("12345", 3, 0, UINT64_MAX, &v) == 0 && v == 123);
	CHECK(strn_u64("1\0002", 3, 0, UINT64_MAX, &v) == -1);
	CHECK(strn_u64("1", 0, 0, UINT64_MAX, &v) == -1);
}

static void
test_hex(void)
{
	static const char *const bad[] = {"0", "000", "0g", "0A", "0a 1", "0x00", " 00", "zz", ""};
	unsigned char in[256], out[256];
	char text[513];

	for (int i = 0; i < 256; i++)
		in[i] = (unsigned char)i;
	str_hex(text, in, sizeof(in));
	CHECK(strlen(text) == 512 && strncmp(text, "000102", 6) == 0);
	CHECK(strcmp(text + 506, "fdfeff") == 0);
	CHECK(str_unhex(out, sizeof(out), text) == 0 && memcmp(in, out, sizeof(in)) == 0);
	CHECK(str_unhex(out, 255, text) == -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(str_unhex(out, 1, bad[i]) == -1, "\"%s\"", bad[i]);
	CHECK(str_unhex(out, 0, "") == 0);
	str_hex(text, in, 0);
	CHECK_STR(text, "");
}

struct b64 {
	const char *plain, *std, *url;
};

static void
test_b64_known(void)
{
	/* RFC 4648 section 10, and the two digits in which the alphabets differ */
	static const struct b64 row[] = {{"", "", ""}, {"f", "Zg==", "Zg"}, {"fo", "Zm8=", "Zm8"},
	    {"foo", "Zm9v", "Zm9v"}, {"foob", "Zm9vYg==", "Zm9vYg"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE"}, {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	    {"\xfb\xff", "+/8=", "-_8"}};
	char text[64], back[64];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t n = strlen(row[i].plain), s = strlen(row[i].std), u = strlen(row[i].url);

		CHECK(str_b64enc(text, s + 1, row[i].plain, n) == (ssize_t)s);
		CHECK_STR(text, row[i].std);
		CHECK(str_b64uenc(text, u + 1, row[i].plain, n) == (ssize_t)u);
		CHECK_STR(text, row[i].url);
		CHECK(str_b64enc(text, s, row[i].plain, n) == -1);
		CHECK(str_b64uenc(text, u, row[i].plain, n) == -1);
		CHECK(str_b64dec(back, n, row[i].std, s) == (ssize_t)n);
		CHECK(memcmp(back, row[i].plain, n) == 0);
		CHECK(str_b64udec(back, n, row[i].url, u) == (ssize_t)n);
		CHECK(memcmp(back, row[i].plain, n) == 0);
		if (n > 0) {
			CHECK(str_b64dec(back, n - 1, row[i].std, s) == -1);
			CHECK(str_b64udec(back, n - 1, row[i].url, u) == -1);
		}
	}
}

static void
test_b64_bad(void)
{
	/* wrong length, surplus or missing padding, padding inside, unused bits, other alphabets */
	static const char *const std[] = {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm8",
	    "====", "Z===", "Zg==Zg==", "Zm9v=", "Zm9v====", "Zg= =", "Zm 9", "Zm9v\n",
	    "-_8=", "Zm9v Zm9", "=Zm9", "Z=m9"};
	static const char *const url[] = {
	    "Z", "Zg==", "Zh", "Zm9", "+/8", "Zm9vZ", "Zm8=", "Zm 8", "Zg\n", "*m8"};
	char back[64];

	for (size_t i = 0; i < sizeof(std) / sizeof(std[0]); i++)
		CHECKF(str_b64dec(back, sizeof(back), std[i], strlen(std[i])) == -1, "std \"%s\"",
		    std[i]);
	for (size_t i = 0; i < sizeof(url) / sizeof(url[0]); i++)
		CHECKF(str_b64udec(back, sizeof(back), url[i], strlen(url[i])) == -1, "url \"%s\"",
		    url[i]);
	CHECK(str_b64dec(back, sizeof(back), "Zm\0v", 4) == -1);
	CHECK(str_b64udec(back, sizeof(back), "Zm\0v", 4) == -1);
}

/* Of all four-digit texts, exactly those that the encoder writes are read back. */
static void
test_b64_canonical(void)
{
	static const char abc[] = "AZaz09+/=-_ ";
	unsigned int accepted = 0;
	char s[5] = "", back[4], again[8];
	ssize_t n;

	for (int a = 0; a < 12; a++)
		for (int b = 0; b < 12; b++)
			for (int c = 0; c < 12; c++)
				for (int d = 0; d < 12; d++) {
					s[0] = abc[a];
					s[1] = abc[b];
					s[2] = abc[c];
					s[3] = abc[d];
					if ((n = str_b64dec(back, 3, s, 4)) == -1)
						continue;
					accepted++;
					if (str_b64enc(again, sizeof(again), back, (size_t)n) !=
						4 ||
					    strcmp(again, s) != 0)
						CHECKF(0, "\"%s\" is read but not written", s);
				}
	/* the 8^4 texts without padding, and some with */
	CHECKF(accepted > 4096, "%u", accepted);
}

static void
test_text(void)
{
	char out[64];

	CHECK(str_printable(" ~", 2) && str_printable("", 0));
	CHECK(!str_printable("\x1f", 1) && !str_printable("\x7f", 1) && !str_printable("\x80", 1));
	CHECK(!str_printable("a\0b", 3) && !str_printable("\n", 1) && !str_printable("\t", 1));

	CHECK(str_glob("lib*", "lib") && str_glob("lib*", "libc6") && !str_glob("lib*", "li"));
	CHECK(
	    str_glob("*", "") && str_glob("*", "x") && str_glob("a", "a") && !str_glob("a", "ab"));
	CHECK(!str_glob("*a", "ba") && str_glob("*a", "*a") && !str_glob("a?c", "abc"));
	CHECK(!str_glob("l*b*", "lib") && str_glob("l*b*", "l*b1") && !str_glob("", "a"));
	CHECK(str_glob("", "") && !str_glob("[a-z]*", "b"));

	str_vis(out, sizeof(out), "a b\"c'd\\e`f\n\x80", 13);
	CHECK_STR(out, "a\\040b\\042c\\047d\\134e\\140f\\012\\200");
	str_vis(out, sizeof(out), "a\0b", 3);
	CHECK_STR(out, "a\\000b");
	/* cut at the size, never inside an escape, always ended */
	str_vis(out, 5, "ab\n", 3);
	CHECK_STR(out, "ab");
	str_vis(out, 7, "ab\n", 3);
	CHECK_STR(out, "ab\\012");
	str_vis(out, 6, "ab\n", 3);
	CHECK_STR(out, "ab");
	str_vis(out, 1, "ab", 2);
	CHECK_STR(out, "");
	out[0] = 'x';
	str_vis(out, 0, "ab", 2);
	CHECK(out[0] == 'x');
}

int
main(void)
{
	test_numbers();
	test_hex();
	test_b64_known();
	test_b64_bad();
	test_b64_canonical();
	test_text();
	return check_done();
}
