/* execd/dpkg.c: dpkg's status file, also one that somebody wrote to hurt. */
#include "execd/dpkg.h"
#include "regress/check.h"

static int
parse(struct dpkg *d, const char *text, struct errmsg *e)
{
	memset(e, 0, sizeof(*e));
	return dpkg_parse(d, strdup(text), strlen(text), e);
}

static void
test_good(void)
{
	static const char text[] =
	    "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2\n"
	    "Description: x\n more\n .\n Package: not-one\n\n"
	    "package: haproxy\nstatus: hold ok installed\nversion: 2.6.12-1+deb12u4\n"
	    "architecture: amd64\n\n\n\n"
	    "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n"
	    "Package: half\nStatus: install ok half-configured\nVersion: 1\nArchitecture: all\n\n"
	    "Package: sick\nStatus: install reinstreq installed\nVersion: 1\nArchitecture: all\n\n"
	    "Package: zlib1g\nStatus: install ok unpacked\nArchitecture: i386\nVersion: 1:1.1\n";
	const struct dpkg_pkg *p;
	struct errmsg e;
	struct dpkg d;

	CHECK(parse(&d, text, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(d.n == 6);
	p = dpkg_find(&d, "haproxy");
	CHECK(p != NULL && p->held && p->installed && p->present && !p->broken);
	CHECK(p != NULL && strcmp(p->version, "2.6.12-1+deb12u4") == 0);
	p = dpkg_find(&d, "gone");
	CHECK(p != NULL && !p->installed && !p->present && !p->broken);
	p = dpkg_find(&d, "half");
	CHECK(p != NULL && !p->installed && p->present && p->broken);
	p = dpkg_find(&d, "sick");
	CHECK(p != NULL && !p->installed && p->broken);
	p = dpkg_find(&d, "zlib1g");
	CHECK(p != NULL && strcmp(p->arch, "amd64") == 0);
	p = dpkg_find(&d, "zlib1g:i386");
	CHECK(p != NULL && strcmp(p->version, "1:1.1") == 0);
	CHECK(dpkg_find(&d, "zlib1g:arm64") == NULL);
	CHECK(dpkg_find(&d, "zlib1") == NULL && dpkg_find(&d, "zlib1gg") == NULL);
	CHECK(dpkg_find(&d, "") == NULL && dpkg_find(&d, "aaaa") == NULL);
	dpkg_free(&d);
	CHECK(parse(&d, "", &e) == 0 && d.n == 0 && dpkg_find(&d, "x") == NULL);
	dpkg_free(&d);
}

static void
test_bad(void)
{
	static const char *const bad[][2] = {
	    {"Package: a1\n\n", "without a status"},
	    {"Status: install ok installed\n\n", "without a name"},
	    {"Package: a1\nStatus: install ok installed", "not finished"},
	    {"Package: a1\nPackage: a2\nStatus: install ok installed\n", "Package twice"},
	    {"Package: a1\nStatus: x\n\n", "not a status"},
	    {"Package: a1\nStatus: install ok\n\n", "not a status"},
	    {"Package: -o\nStatus: install ok installed\n", "not a package name"},
	    {"Package: ../x\nStatus: install ok installed\n", "not a package name"},
	    {"Package:\nStatus: install ok installed\n", "not a package name"},
	    {"Package: a1\nStatus: install ok installed\nVersion: 1 2\n", "not a version"},
	    {"Package: a1\nStatus: install ok installed\nVersion: $(id)\n", "not a version"},
	    {"Package: a1\nStatus: install ok installed\nArchitecture: a/b\n",
		"not an architecture"},
	    {"Package a1\n", "not a field"},
	    {": a1\n", "not a field"},
	    {" continued: x\n", "without a name"},
	    {"Package: a1\nStatus: install ok installed\n\nPackage: a1\nStatus: install ok "
	     "installed\n",
		"twice"},
	};
	struct errmsg e;
	struct dpkg d;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECKF(parse(&d, bad[i][0], &e) == -1, "%s", bad[i][0]);
		CHECKF(strstr(e.text, bad[i][1]) != NULL, "%s: %s", bad[i][0], e.text);
		CHECK(d.pkg == NULL && d.n == 0);
	}
	CHECK(dpkg_parse(&d, memcpy(malloc(9), "Pack\0age", 9), 8, &e) == -1);
	CHECK_STR(e.text, "a NUL byte");
}

/* Many, unsorted: found by name all the same. */
static void
test_many(void)
{
	char *text = malloc(64 * 4000 + 1), name[16];
	struct errmsg e;
	struct dpkg d;
	size_t n = 0;
	int i;

	for (i = 0; i < 4000; i++)
		n += (size_t)sprintf(text + n, "Package: p%04d\nStatus: install ok installed\n\n",
		    (i * 7919) % 4000);
	CHECK(dpkg_parse(&d, text, n, &e) == 0 && d.n == 4000);
	for (i = 0; i < 4000; i += 13) {
		sprintf(name, "p%04d", i);
		CHECK(dpkg_find(&d, name) == &d.pkg[i]);
	}
	dpkg_free(&d);
}

int
main(void)
{
	test_good();
	test_bad();
	test_many();
	return check_done();
}
