/* execd/aptshow.c: the digest that the package lists give. */
#include "execd/aptshow.h"
#include "regress/check.h"

static int
ask(const char *text, const char *version, const char *want, struct errmsg *e)
{
	e->text[0] = '\0';
	return aptshow_sha256(text, strlen(text), "tree", version, want, e);
}

int
main(void)
{
	static const char text[] =
	    "Package: tree\nVersion: 2.0\nSHA256: aa\nDescription: x\n SHA256: cc\n\n"
	    "Package: tree\nVersion: 2.1\nSHA256: bb\n\n"
	    "Package: tree\nStatus: install ok installed\nVersion: 2.1\n\n"
	    "Package: tree2\nVersion: 2.1\nSHA256: dd\n\n"
	    "Package: tree\nVersion: 3.0\nSHA256: ee\n\nPackage: tree\nVersion: 3.0\nSHA256: ff\n\n"
	    "Package: tree\nVersion: 4.0\nSHA256: 44";
	struct errmsg e;

	CHECK(ask(text, "2.0", "sha256:aa", &e) == 0);
	CHECK(ask(text, "2.1", "sha256:bb", &e) == 0);
	CHECK(ask(text, "4.0", "sha256:44", &e) == 0);
	CHECK(ask(text, "2.1", "sha256:aa", &e) == -1);
	CHECK(strstr(e.text, "version 2.1 sha256:bb") != NULL);
	CHECK(ask(text, "2.1", "sha256:b", &e) == -1 && ask(text, "2.1", "sha256:bbb", &e) == -1);
	CHECK(ask(text, "2.1", "sha256:dd", &e) == -1);
	/* two lists that disagree: neither is taken */
	CHECK(ask(text, "3.0", "sha256:ee", &e) == -1 && ask(text, "3.0", "sha256:ff", &e) == -1);
	CHECK(ask(text, "9", "sha256:aa", &e) == -1);
	CHECK(strstr(e.text, "no digest") != NULL);
	CHECK(ask("", "2.0", "sha256:aa", &e) == -1 && ask("\n\n\n", "2.0", "sha256:aa", &e) == -1);
	CHECK(aptshow_sha256(NULL, 0, "tree", "2.0", "sha256:aa", &e) == -1);
	return check_done();
}
