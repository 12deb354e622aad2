/* proto/jsonin.c: what the reader's calls say about values, and about none. */
#include <stdint.h>

#include "proto/jsonin.h"
#include "proto/jsonout.h"
#include "regress/check.h"

static struct json *
must(const char *text)
{
	struct errmsg e;
	struct json *j = json_parse(text, strlen(text), &e);

	if (j == NULL) {
		fprintf(stderr, "%s: %s\n", text, e.text);
		exit(1);
	}
	return j;
}

static void
test_types(void)
{
	struct json *j = must(" { \"o\" : {} , \"a\":[ ],\"s\":\"x\", \"n\":-0.5e3,\"t\":true,"
			      "\"f\":false,\"z\":null , \"\" : 7 } ");

	CHECK(json_type(j, 0) == JSON_OBJECT && json_len(j, 0) == 8);
	CHECK(json_type(j, json_get(j, 0, "o")) == JSON_OBJECT);
	CHECK(json_type(j, json_get(j, 0, "a")) == JSON_ARRAY);
	CHECK(json_type(j, json_get(j, 0, "s")) == JSON_STRING);
	CHECK(json_type(j, json_get(j, 0, "n")) == JSON_NUMBER);
	CHECK(json_type(j, json_get(j, 0, "t")) == JSON_BOOL);
	CHECK(json_type(j, json_get(j, 0, "f")) == JSON_BOOL);
	CHECK(json_type(j, json_get(j, 0, "z")) == JSON_NULL);
	CHECK(json_type(j, json_get(j, 0, "")) == JSON_NUMBER);
	CHECK(json_get(j, 0, "x") == -1 && json_get(j, 0, "oo") == -1);
	CHECK(json_get(j, json_get(j, 0, "a"), "o") == -1 && json_get(j, -1, "o") == -1);
	CHECK(json_len(j, json_get(j, 0, "a")) == 0 && json_len(j, json_get(j, 0, "s")) == 0);
	json_free(j);
	json_free(NULL);
}

static void
test_none(void)
{
	struct json *j = must("[]");
	char s[8];
	uint64_t u;
	int64_t i;
	size_t len;
	int b;

	CHECK(json_type(j, -1) == 0 && json_type(j, 1) == 0 && json_len(j, -1) == 0);
	CHECK(json_at(j, 0, 0) == -1 && json_at(j, -1, 0) == -1);
	CHECK(json_str(j, -1, s, sizeof(s)) == -1 && json_strdup(j, -1, &len) == NULL);
	CHECK(json_u64(j, -1, 0, 1, &u) == -1 && json_i64(j, -1, 0, 1, &i) == -1);
	CHECK(json_bool(j, -1, &b) == -1 && json_raw(j, -1, &len) == NULL);
	CHECK(json_key(j, -1, 0, s, sizeof(s)) == -1 && json_key(j, 0, 0, s, sizeof(s)) == -1);
	CHECK(json_str(j, 0, s, sizeof(s)) == -1 && json_u64(j, 0, 0, 1, &u) == -1);
	json_free(j);
}

static void
test_walk(void)
{
	struct json *j = must("{\"a\":[1,[2,{\"b\":[]}],\"x\",{\"c\":[3,4]}],\"d\":5}");
	int a = json_at(j, 0, 0), in;
	uint64_t u;
	char key[8];

	CHECK(json_type(j, a) == JSON_ARRAY && json_len(j, a) == 4);
	CHECK(json_u64(j, json_at(j, a, 0), 0, 9, &u) == 0 && u == 1);
	in = json_at(j, a, 1);
	CHECK(json_len(j, in) == 2 && json_u64(j, json_at(j, in, 0), 0, 9, &u) == 0 && u == 2);
	CHECK(json_type(j, json_get(j, json_at(j, in, 1), "b")) == JSON_ARRAY);
	CHECK(json_type(j, json_at(j, a, 2)) == JSON_STRING && json_at(j, a, 4) == -1);
	in = json_get(j, json_at(j, a, 3), "c");
	CHECK(json_u64(j, json_at(j, in, 1), 0, 9, &u) == 0 && u == 4);
	CHECK(json_u64(j, json_at(j, 0, 1), 0, 9, &u) == 0 && u == 5 && json_at(j, 0, 2) == -1);
	CHECK(json_key(j, 0, 1, key, sizeof(key)) == 0);
	CHECK_STR(key, "d");
	CHECK(json_key(j, 0, 2, key, sizeof(key)) == -1 && json_key(j, 0, 1, key, 1) == -1);
	json_free(j);
}

static const struct {
	const char *in, *out;
} strings[] = {
    {"\"\"", ""},
    {"\"abc\"", "abc"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
    {"\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\"\xc3\xa9\\uffff\\uDBFF\\uDFFF\\u0001\x7f\"",
	"\xc3\xa9\xef\xbf\xbf\xf4\x8f\xbf\xbf\x01\x7f"},
    {"\"\\uD800\\uDC00\\u07ff\\u0800\"", "\xf0\x90\x80\x80\xdf\xbf\xe0\xa0\x80"},
};

static void
test_strings(void)
{
	char s[64];
	size_t len;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct json *j = must(strings[i].in);
		size_t want = strlen(strings[i].out);
		char *d = json_strdup(j, 0, &len);

		CHECK(json_str(j, 0, s, sizeof(s)) == 0);
		CHECK_STR(s, strings[i].out);
		CHECK(json_str(j, 0, s, want + 1) == 0 && json_str(j, 0, s, want) == -1);
		CHECK(d != NULL && len == want && strcmp(d, strings[i].out) == 0);
		free(d);
		CHECK(json_raw(j, 0, &len) != NULL && len == strlen(strings[i].in));
		json_free(j);
	}
}

static const struct {
	const char *in;
	int isu, isi;
	uint64_t u;
	int64_t i;
} numbers[] = {
    {"0", 1, 1, 0, 0},
    {"-0", 0, 0, 0, 0},
    {"7", 1, 1, 7, 7},
    {"-7", 0, 1, 0, -7},
    {"9223372036854775807", 1, 1, INT64_MAX, INT64_MAX},
    {"9223372036854775808", 1, 0, 9223372036854775808ULL, 0},
    {"-9223372036854775808", 0, 1, 0, INT64_MIN},
    {"-9223372036854775809", 0, 0, 0, 0},
    {"18446744073709551615", 1, 0, UINT64_MAX, 0},
    {"18446744073709551616", 0, 0, 0, 0},
    {"1.0", 0, 0, 0, 0},
    {"1e0", 0, 0, 0, 0},
    {"1E2", 0, 0, 0, 0},
    {"-1.5", 0, 0, 0, 0},
    {"100000000000000000000000000000000", 0, 0, 0, 0},
    {"true", 0, 0, 0, 0},
    {"\"1\"", 0, 0, 0, 0},
    {"null", 0, 0, 0, 0},
    {"[1]", 0, 0, 0, 0},
};

static void
test_numbers(void)
{
	uint64_t u;
	int64_t i;

	for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
		struct json *j = must(numbers[n].in);

		CHECKF((json_u64(j, 0, 0, UINT64_MAX, &u) == 0) == numbers[n].isu, "%s",
		    numbers[n].in);
		if (numbers[n].isu)
			CHECK(u == numbers[n].u);
		CHECKF((json_i64(j, 0, INT64_MIN, INT64_MAX, &i) == 0) == numbers[n].isi, "%s",
		    numbers[n].in);
		if (numbers[n].isi)
			CHECK(i == numbers[n].i);
		json_free(j);
	}
}

static void
test_range(void)
{
	struct json *j = must("[5,-5]");
	uint64_t u;
	int64_t i;

	CHECK(json_u64(j, json_at(j, 0, 0), 5, 5, &u) == 0);
	CHECK(json_u64(j, json_at(j, 0, 0), 6, 9, &u) == -1);
	CHECK(json_u64(j, json_at(j, 0, 0), 0, 4, &u) == -1);
	CHECK(json_i64(j, json_at(j, 0, 1), -5, -5, &i) == 0);
	CHECK(json_i64(j, json_at(j, 0, 1), -4, 9, &i) == -1);
	CHECK(json_i64(j, json_at(j, 0, 1), -9, -6, &i) == -1);
	json_free(j);
}

static void
test_only(void)
{
	static const char *const names[] = {"a", "b", NULL};
	struct json *j = must("{\"\\u0061\":1,\"b\":2}"), *k = must("{\"a\":1,\"c\":2}");
	struct errmsg e;

	CHECK(json_only(j, 0, names, &e) == 0 && json_get(j, 0, "a") >= 0);
	CHECK(json_only(k, 0, names, &e) == -1);
	CHECK_STR(e.text, "unknown member \"c\"");
	json_free(j);
	json_free(k);
}

/* What was read can be passed on as it stood. */
static void
test_raw(void)
{
	static const char in[] = "[1, {\"k\" : [2]} ,\"s\",-1.50e+7,null]";
	struct json *j = must(in);
	struct jsonout o;
	const char *raw;
	size_t len;

	jo_init(&o, 256);
	jo_arr(&o, NULL);
	for (size_t n = 0; n < json_len(j, 0); n++) {
		raw = json_raw(j, json_at(j, 0, n), &len);
		CHECK(json_gate(raw, len, NULL) == 0);
		jo_raw(&o, NULL, raw, len);
	}
	jo_end(&o);
	CHECK(jo_text(&o) != NULL);
	CHECK_STR(jo_text(&o), "[1,{\"k\" : [2]},\"s\",-1.50e+7,null]");
	jo_free(&o);
	json_free(j);
}

int
main(void)
{
	test_types();
	test_none();
	test_walk();
	test_strings();
	test_numbers();
	test_range();
	test_only();
	test_raw();
	return check_done();
}
