/* proto/ticket_value.c: one way to write each value, and only that way is read. */
#include <stdint.h>

#include "proto/ticket.h"
#include "proto/ticket_value.h"
#include "regress/check.h"

static const struct kind_arg plain = {"p", AT_TEXT, 1, 64, NULL, 0, "plain"},
			     b64 = {"b", AT_TEXT, 0, 64, NULL, AF_B64, "any bytes"},
			     seal = {"s", AT_TEXT, 1, 16, NULL, AF_SEAL, "secret"};

/* Each decodes to VALUE and is what VALUE is encoded to. */
static const struct {
	const struct kind_arg *a;
	const char *raw, *value;
} good[] = {
    {&plain, "x", "x"},
    {&plain, "a b  c", "a b  c"},
    {&plain, "b64", "b64"},
    {&plain, "B64:YQ", "B64:YQ"},
    {&plain, "a b64:", "a b64:"},
    {&plain, "seal", "seal"},
    {&b64, "x y", "x y"},
    {&b64, "b64:", ""},
    {&b64, "b64:IA", " "},
    {&b64, "b64:IGE", " a"},
    {&b64, "b64:YSA", "a "},
    {&b64, "b64:YQo", "a\n"},
    {&b64, "b64:YjY0Og", "b64:"},
    {&b64, "b64:YjY0OmE", "b64:a"},
    {&b64, "b64:c2VhbDo", "seal:"},
    {&b64, "b64:_-8", "\xff\xef"},
};

static const struct {
	const struct kind_arg *a;
	const char *raw, *why;
} bad[] = {
    {&plain, "", "must not be empty"},
    {&plain, " a", "nor begin or end with a space"},
    {&plain, "a ", "nor begin or end with a space"},
    {&plain, "b64:YQo", "must not be written as b64:"},
    {&plain, "b64:", "must not be written as b64:"},
    {&plain, "seal:YQ", "must not be sealed"},
    {&b64, "seal:YQ", "must not be sealed"},
    {&b64, "", "must not be empty"},
    {&b64, "b64:YQ", "must be written plainly"},
    {&b64, "b64:YjY0", "must be written plainly"}, /* "b64" */
    {&b64, "b64:YQAK", "must not hold a NUL byte"},
    {&b64, "b64:AA", "must not hold a NUL byte"},
    {&b64, "b64:YQo=", "is not base64url without padding"},
    {&b64, "b64:YQp", "is not base64url without padding"}, /* unused bits set */
    {&b64, "b64:/+8", "is not base64url without padding"},
    {&b64, "b64:Y", "is not base64url without padding"},
    {&b64, "b64:YQ o", "is not base64url without padding"},
    {&b64, "b64: YQo", "is not base64url without padding"},
};

static void
test_both_ways(void)
{
	char out[256];
	struct errmsg e;
	size_t i;
	ssize_t n;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		n = value_decode(good[i].a, good[i].raw, out, sizeof(out), &e);
		CHECKF(n == (ssize_t)strlen(good[i].value) && strcmp(out, good[i].value) == 0, "%s",
		    good[i].raw);
		n = value_encode(good[i].a, good[i].value, out, sizeof(out), &e);
		CHECKF(n == (ssize_t)strlen(good[i].raw) && strcmp(out, good[i].raw) == 0, "%s",
		    good[i].raw);
		CHECKF(value_isplain(good[i].value) == (strcmp(good[i].raw, good[i].value) == 0),
		    "%s", good[i].raw);
		CHECKF(value_encode(good[i].a, good[i].value, out, strlen(good[i].raw), &e) == -1,
		    "%s into too little room", good[i].raw);
		CHECKF(value_decode(good[i].a, good[i].raw, out, strlen(good[i].value), &e) == -1,
		    "%s into too little room", good[i].raw);
	}
}

static void
test_bad(void)
{
	char out[256];
	struct errmsg e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECKF(value_decode(bad[i].a, bad[i].raw, out, sizeof(out), &e) == -1, "%s",
		    bad[i].raw);
		CHECKF(strstr(e.text, bad[i].why) != NULL, "%s: %s", bad[i].raw, e.text);
	}
	CHECK(value_encode(&plain, "a\nb", out, sizeof(out), &e) == -1);
	CHECK(value_encode(&plain, " a", out, sizeof(out), &e) == -1);
	CHECK_STR(e.text, "argument p: holds bytes that a ticket cannot carry");
	CHECK(value_encode(&plain, "b64:a", out, sizeof(out), &e) == -1);
}

/* N base64url characters behind "seal:". */
static int
sealed(size_t n, struct errmsg *e)
{
	char raw[512] = "seal:";

	memset(raw + 5, 'A', n);
	raw[5 + n] = '\0';
	return value_seal(&seal, raw, e);
}

static void
test_seal(void)
{
	struct errmsg e;
	char out[256];

	CHECK(sealed(66, &e) == 0);  /* 49 bytes: 48 and 1 */
	CHECK(sealed(64, &e) == -1); /* 48 */
	CHECK_STR(e.text, "argument s: must be base64url of a sealed box of 49 to 64 bytes");
	CHECK(sealed(86, &e) == 0);  /* 64: 48 and 16 */
	CHECK(sealed(87, &e) == -1); /* 65 */
	CHECK(sealed(67, &e) == 0 && sealed(65, &e) == -1 && sealed(0, &e) == -1);
	CHECK(value_seal(&seal, "geheim", &e) == -1);
	CHECK_STR(e.text, "argument s: must be sealed (seal: and base64url)");
	CHECK(value_encode(&seal, "geheim", out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "geheim") == NULL);
}

int
main(void)
{
	test_both_ways();
	test_bad();
	test_seal();
	return check_done();
}
