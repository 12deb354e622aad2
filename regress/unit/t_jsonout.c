/* proto/jsonout.c: commas, escapes, levels, bounds. */
#include <stdint.h>

#include "proto/jsonout.h"
#include "regress/check.h"

static void
test_shape(void)
{
	struct jsonout j;
	const char *s;

	jo_init(&j, 4096);
	jo_obj(&j, NULL);
	jo_str(&j, "a", "b");
	jo_arr(&j, "list");
	jo_u64(&j, NULL, UINT64_MAX);
	jo_i64(&j, NULL, INT64_MIN);
	jo_bool(&j, NULL, 1);
	jo_bool(&j, NULL, 0);
	jo_null(&j, NULL);
	jo_obj(&j, NULL);
	jo_end(&j);
	jo_arr(&j, NULL);
	jo_end(&j);
	jo_end(&j);
	jo_null(&j, "n");
	CHECK(jo_text(&j) == NULL);
	jo_end(&j);
	CHECK((s = jo_text(&j)) != NULL);
	if (s != NULL)
		CHECK_STR(s,
		    "{\"a\":\"b\",\"list\":[18446744073709551615,-9223372036854775808,true,"
		    "false,null,{},[]],\"n\":null}");
	jo_free(&j);
	CHECK(j.buf == NULL && j.len == 0);
}

static const struct {
	const char *in;
	size_t len;
	const char *out;
} strings[] = {
    {"", 0, "\"\""}, {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
    {"\n\t\r\x01\x1f\x7f", 6, "\"\\n\\t\\u000d\\u0001\\u001f\\u007f\""},
    {"a\0b", 3, "\"a\\u0000b\""},
    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"\xff", 1, "\"\xef\xbf\xbd\""}, {"\xc3", 1, "\"\xef\xbf\xbd\""},
    {"\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\""},		     /* overlong */
    {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* surrogate */
    {"\xe0\x80\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xf0\x8f\xbf\xbf", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xe2\x82z", 3, "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
    {"\xc3\xa9", 1, "\"\xef\xbf\xbd\""}, /* cut: the second byte is not ours */
};

static void
test_strings(void)
{
	struct jsonout j;
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		jo_init(&j, 4096);
		jo_strn(&j, NULL, strings[i].in, strings[i].len);
		s = jo_text(&j);
		CHECKF(s != NULL && strcmp(s, strings[i].out) == 0, "row %zu: %s", i,
		    s == NULL ? "nothing" : s);
		jo_free(&j);
	}
}

static void
test_bounds(void)
{
	struct jsonout j;
	unsigned int i;

	jo_init(&j, 8);
	jo_str(&j, NULL, "123456");
	CHECK(jo_text(&j) != NULL && j.len == 8);
	jo_free(&j);
	jo_init(&j, 8);
	jo_str(&j, NULL, "1234567");
	CHECK(j.failed && jo_text(&j) == NULL);
	jo_free(&j);

	jo_init(&j, 4096);
	for (i = 0; i < 31; i++)
		jo_arr(&j, NULL);
	CHECK(!j.failed);
	jo_arr(&j, NULL);
	CHECK(j.failed);
	jo_free(&j);

	jo_init(&j, 4096);
	for (i = 0; i < 31; i++)
		jo_arr(&j, NULL);
	for (i = 0; i < 31; i++)
		jo_end(&j);
	CHECK(jo_text(&j) != NULL && j.len == 62);
	jo_end(&j);
	CHECK(jo_text(&j) == NULL);
	jo_free(&j);

	jo_init(&j, 4096);
	jo_null(&j, NULL);
	jo_null(&j, NULL);
	CHECK(jo_text(&j) == NULL); /* two values at the top */
	jo_free(&j);

	jo_init(&j, 1 << 20);
	jo_arr(&j, NULL);
	for (i = 0; i < 10000; i++)
		jo_str(&j, NULL, "0123456789");
	jo_end(&j);
	CHECK(jo_text(&j) != NULL && j.len == 2 + 10000 * 13 - 1);
	jo_free(&j);

	jo_init(&j, 64);
	CHECK(jo_text(&j) == NULL);
	jo_free(&j);
}

int
main(void)
{
	test_shape();
	test_strings();
	test_bounds();
	return check_done();
}
