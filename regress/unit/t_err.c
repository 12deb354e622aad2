/* Refusals in words: formatting, encoding, cutting, prefixes. */
#include "lib/err.h"

#include "regress/check.h"

static void
test_set(void)
{
	struct errmsg e;

	CHECK(err_set(&e, "%s:%d: bad", "f", 7) == -1);
	CHECK_STR(e.text, "f:7: bad");
	CHECK(err_set(NULL, "nobody wants it") == -1);
	CHECK(err_prefix(NULL, "nobody") == -1);
	/* words stay readable; what could end a line or steer a terminal does not */
	err_set(&e, "a \"quoted\" word, 'and' \\ more\n\033[2J\177\r%s", "\xc3\xa9\t");
	CHECK_STR(e.text, "a \"quoted\" word, 'and' \\ more\\012\\033[2J\\177\\015\\303\\251\\011");
	/* once encoded, a second pass changes nothing */
	err_set(&e, "%s", "x\ny");
	CHECK_STR(e.text, "x\\012y");
	err_prefix(&e, "p");
	CHECK_STR(e.text, "p: x\\012y");
}

static void
test_cut(void)
{
	char big[3 * ERRMSG_MAX];
	struct errmsg e;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, "%s", big);
	CHECK(strlen(e.text) < ERRMSG_MAX && strlen(e.text) > ERRMSG_MAX - 10);
	CHECK(strspn(e.text, "x") == strlen(e.text));
	memset(big, '\n', sizeof(big) - 1);
	err_set(&e, "%s", big);
	CHECK(strlen(e.text) < ERRMSG_MAX);
	CHECKF(strlen(e.text) % 4 == 0, "an escape is cut: ...%s", e.text + strlen(e.text) - 4);
	memset(big, 'y', sizeof(big) - 1);
	err_set(&e, "tail");
	err_prefix(&e, "%s", big);
	CHECK(strlen(e.text) < ERRMSG_MAX && e.text[0] == 'y');
	for (int i = 0; i < 100; i++)
		err_prefix(&e, "round %d", i);
	CHECK(strlen(e.text) < ERRMSG_MAX && strncmp(e.text, "round 99: round 98: ", 20) == 0);
}

static void
test_errno(void)
{
	struct errmsg e;

	errno = ENOENT;
	CHECK(err_errno(&e, "/a/b") == -1);
	CHECK_STR(e.text, "/a/b: No such file or directory");
	CHECK(errno == ENOENT);
	errno = EACCES;
	CHECK(err_errno(NULL, "x") == -1 && errno == EACCES);
	/* the text so far as an argument */
	err_set(&e, "inner");
	err_set(&e, "outer: %s", e.text);
	CHECK_STR(e.text, "outer: inner");
	err_prefix(&e, "%s", e.text);
	CHECK_STR(e.text, "outer: inner: outer: inner");
}

int
main(void)
{
	test_set();
	test_cut();
	test_errno();
	return check_done();
}
