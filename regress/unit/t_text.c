/* proto/text.c: the reader and writer of canonical lines. */
#include <stdint.h>

#include "proto/text.h"
#include "regress/check.h"

static char copy[65];
static struct errmsg e;

static int
open_text(struct text *t, const char *s)
{
	memset(&e, 0, sizeof(e));
	return text_open(t, copy, sizeof(copy) - 1, s, strlen(s), "thing", &e);
}

static void
test_open(void)
{
	struct text t;
	char big[66];

	CHECK(open_text(&t, "") == -1);
	CHECK_STR(e.text, "thing is empty");
	CHECK(open_text(&t, "a") == -1);
	CHECK_STR(e.text, "line 1: must end with a newline");
	CHECK(open_text(&t, "a\nb") == -1);
	CHECK_STR(e.text, "line 2: must end with a newline");
	CHECK(open_text(&t, "\n") == -1);
	CHECK_STR(e.text, "line 1: must not be empty");
	CHECK(open_text(&t, "a\n\nb\n") == -1);
	CHECK_STR(e.text, "line 2: must not be empty");
	CHECK(open_text(&t, "a \n") == -1);
	CHECK_STR(e.text, "line 1: must not end with a space");
	CHECK(open_text(&t, "a\n\x7f\n") == -1);
	CHECK_STR(e.text, "line 2: byte 0x7f is not printable ASCII");
	CHECK(text_open(&t, copy, 64, "a\0b\n", 4, "thing", &e) == -1);
	CHECK_STR(e.text, "line 1: byte 0x00 is not printable ASCII");
	memset(big, 'a', sizeof(big));
	big[63] = '\n';
	CHECK(text_open(&t, copy, 64, big, 64, "thing", &e) == 0);
	big[63] = 'a';
	big[64] = '\n';
	CHECK(text_open(&t, copy, 64, big, 65, "thing", &e) == -1);
	CHECK_STR(e.text, "thing is longer than 64 bytes");
}

static void
test_read(void)
{
	struct text t;
	uint64_t n = 0;
	char *v;

	CHECK(open_text(&t, "head 1\nkey a b\nnum 7\nhex 0a\nend\n") == 0);
	CHECK(text_is(&t, "head") && !text_is(&t, "hea") && !text_is(&t, "head 1 "));
	CHECK(text_fixed(&t, "head 1") == 0);
	CHECK((v = text_value(&t, "key")) != NULL);
	CHECK_STR(text_word(&v), "a");
	CHECK_STR(v, "b");
	CHECK(text_word(&v) == NULL);
	CHECK(text_u64(&t, "num", 1, 7, &n) == 0 && n == 7);
	CHECK_STR(text_hex(&t, "hex", 2), "0a");
	CHECK(text_last(&t) == 0);
	CHECK(!text_is(&t, "end"));
	CHECK(text_fixed(&t, "more") == -1);
	CHECK_STR(e.text, "line 6: \"more\" must stand here, but the text has ended");
}

static void
test_wrong(void)
{
	struct text t;
	uint64_t n = 99;
	char two[] = "a  b", lead[] = " a b";
	char *v;

	CHECK(open_text(&t, "key\n") == 0 && text_value(&t, "key") == NULL);
	CHECK_STR(e.text, "line 1: key: one space and a value must follow");
	CHECK(open_text(&t, "key  v\n") == 0 && text_value(&t, "key") == NULL);
	CHECK(open_text(&t, "keys v\n") == 0 && text_value(&t, "key") == NULL);
	CHECK_STR(e.text, "line 1: must begin with \"key\", not \"keys v\"");
	CHECK(open_text(&t, "n 8\n") == 0 && text_u64(&t, "n", 1, 7, &n) == -1 && n == 99);
	CHECK_STR(
	    e.text, "line 1: n: must be a number from 1 to 7 without leading zeros, not \"8\"");
	CHECK(open_text(&t, "n 07\n") == 0 && text_u64(&t, "n", 1, 7, &n) == -1);
	CHECK(open_text(&t, "h 0A\n") == 0 && text_hex(&t, "h", 2) == NULL);
	CHECK(open_text(&t, "h 0aa\n") == 0 && text_hex(&t, "h", 2) == NULL);
	CHECK(open_text(&t, "end\nend\n") == 0 && text_last(&t) == -1);
	CHECK_STR(e.text, "line 2: nothing may stand after \"end\"");
	v = two;
	CHECK(text_word(&v) == NULL);
	v = lead;
	CHECK(text_word(&v) == NULL);
}

static void
test_write(void)
{
	struct textout o;
	char buf[8];

	textout_init(&o, buf, sizeof(buf));
	textout_put(&o, "%s %d\n", "abc", 42);
	CHECK(textout_done(&o, "thing", &e) == 7 && strcmp(buf, "abc 42\n") == 0);
	textout_put(&o, "x");
	CHECK(textout_done(&o, "thing", &e) == -1);
	CHECK_STR(e.text, "thing is longer than 8 bytes");
	textout_put(&o, "%s", "");
	CHECK(textout_done(&o, "thing", &e) == -1);
}

int
main(void)
{
	test_open();
	test_read();
	test_wrong();
	test_write();
	return check_done();
}
