/* proto/job.c: the table holds together, and each argument type takes and refuses what it must. */
#include <stdint.h>

#include "proto/job.h"
#include "regress/check.h"

static void
check_arg_row(const struct kind *k, const struct kind_arg *a, size_t i)
{
	size_t j;

	CHECKF(a->name != NULL && a->doc != NULL && a->doc[0] != '\0', "%s %zu", k->name, i);
	for (j = 0; j < i; j++)
		CHECKF(strcmp(a->name, k->args[j].name) != 0, "%s %s twice", k->name, a->name);
	CHECKF(kind_arg(k, a->name) == a, "%s %s", k->name, a->name);
	CHECKF((unsigned int)a->type < AT_MAX, "%s %s", k->name, a->name);
	CHECKF((a->type == AT_ENUM) == (a->words != NULL), "%s %s: words", k->name, a->name);
	CHECKF(a->low >= 0 && a->low <= a->high, "%s %s: range", k->name, a->name);
	if (a->type == AT_TEXT)
		CHECKF(a->high > 0, "%s %s: length", k->name, a->name);
	/* an empty value, and any other that is not plain, needs b64: */
	if (a->type == AT_TEXT && a->low == 0)
		CHECKF(a->flags & AF_B64, "%s %s: empty needs b64", k->name, a->name);
	if (a->flags & (AF_B64 | AF_SEAL))
		CHECKF(a->type == AT_TEXT, "%s %s: only text", k->name, a->name);
	CHECKF((a->flags & (AF_B64 | AF_SEAL)) != (AF_B64 | AF_SEAL), "%s %s", k->name, a->name);
	if (a->flags & AF_ONENAME)
		CHECKF(kind_arg(k, "name") != NULL, "%s %s", k->name, a->name);
}

static void
check_steps(const struct kind *k)
{
	int rollback = 0;
	size_t i;

	for (i = 0; i < k->nsteps; i++) {
		CHECKF(k->steps[i].name != NULL, "%s %zu", k->name, i);
		CHECKF(k->steps[i].profile > PR_NONE && k->steps[i].profile < PR_MAX, "%s %zu",
		    k->name, i);
		if (k->steps[i].flags & ST_ROLLBACK)
			rollback = 1;
		else
			CHECKF(!rollback, "%s: a forward step after a rollback step", k->name);
	}
}

static void
check_kind(const struct kind *k)
{
	size_t i;

	CHECKF(k->doc != NULL && k->doc[0] != '\0', "%s", k->name);
	CHECKF(strchr(k->name, '.') != NULL && strlen(k->name) < 64, "%s", k->name);
	CHECKF(k->seconds >= 1 && k->seconds <= k->maxseconds, "%s: seconds", k->name);
	CHECKF(k->grace >= 1 && k->outcap >= 1, "%s: limits", k->name);
	CHECKF(k->nargs <= KIND_ARGS && k->nblobs <= KIND_BLOBS && k->nsteps <= KIND_STEPS, "%s",
	    k->name);
	CHECKF(strcmp(kind_parname(k->par), "?") != 0, "%s", k->name);
	CHECKF(strcmp(kind_cancelname(k->cancel), "?") != 0, "%s", k->name);
	for (i = 0; i < k->nargs; i++)
		check_arg_row(k, &k->args[i], i);
	if (k->flags & KF_MUTATES) {
		CHECKF(k->nargs >= 2 && strcmp(k->args[0].name, "mode") == 0 &&
			   strcmp(k->args[1].name, "plan") == 0,
		    "%s: mode and plan come first", k->name);
		CHECKF((k->flags & KF_HARMLESS) == 0, "%s", k->name);
	}
	check_steps(k);
}

static void
test_table(void)
{
	const struct kind *k, *other;
	size_t n, i, rows = 0;

#define KIND(...) rows++;
#include "proto/kinds.def"
	for (n = 0; (k = kind_nth(n)) != NULL; n++) {
		check_kind(k);
		CHECKF(kind_byname(k->name) == k, "%s", k->name);
		CHECKF(kind_bynum((uint32_t)k->id) == k, "%s", k->name);
		for (i = 0; i < n; i++)
			if ((other = kind_nth(i)) != NULL)
				CHECKF(strcmp(other->name, k->name) != 0, "%s twice", k->name);
	}
	CHECK(n == rows);
	CHECK(kind_bynum(0) == NULL && kind_bynum(KIND_MAX) == NULL);
	CHECK(kind_bynum(UINT32_MAX) == NULL && kind_bynum(0x80000001) == NULL);
	CHECK(kind_byname("") == NULL && kind_byname("agent") == NULL);
	CHECK(kind_byname("agent.ping ") == NULL && kind_byname("Agent.ping") == NULL);
}

/* The rows that others build on: a change here is a change of the format. */
static void
test_rows(void)
{
	const struct kind *k = kind_byname("pkg.install");

	CHECK(k != NULL && k->id == KIND_PKG_INSTALL && k->id == 9);
	CHECK(k->nargs == 6 && k->nsteps == 2 && k->nblobs == 0);
	CHECK_STR(k->args[2].name, "name");
	CHECK(k->args[2].type == AT_PKGNAME && k->args[2].flags == (AF_REQ | AF_REP));
	CHECK_STR(k->steps[1].name, "apply");
	CHECK(k->steps[0].profile == PR_PKGPLAN && k->steps[1].profile == PR_PKG);
	CHECK(k->steps[0].flags == 0 && k->steps[1].flags == ST_APPLY);
	CHECK(k->cancel == KC_SIGNED && k->par == KP_PKG && k->seconds == 900);
	k = kind_byname("agent.ping");
	CHECK(k != NULL && k->nargs == 0 && k->nsteps == 0 && (k->flags & KF_HARMLESS));
	k = kind_byname("script.run");
	CHECK(k != NULL && k->nargs == 4 && kind_arg(k, "token")->flags == AF_SEAL);
	CHECK(kind_arg(k, "nam") == NULL && kind_arg(k, "names") == NULL);
}

static void
test_names(void)
{
	int i;

	for (i = 0; i < AT_MAX; i++)
		CHECKF(arg_type_byname(arg_typename((enum arg_type)i)) == i, "type %d", i);
	CHECK(arg_type_byname("") == -1 && arg_type_byname("integer") == -1);
	CHECK_STR(arg_typename(AT_MAX), "?");
	CHECK_STR(arg_typename(AT_PKGNAME), "pkgname");
	for (i = 0; i < PR_MAX; i++)
		CHECKF(profile_name((enum profile_id)i) != NULL, "profile %d", i);
	CHECK_STR(profile_name(PR_PKGPLAN), "pkgplan");
	CHECK_STR(profile_name(PR_MAX), "?");
	CHECK_STR(kind_parname((enum kind_par)9), "?");
	CHECK_STR(kind_cancelname((enum kind_cancel)9), "?");
}

static const struct {
	enum arg_type type;
	unsigned int flags;
	int64_t low, high;
	const char *words, *value;
	int ok;
} values[] = {
    {AT_IDENT, 0, 0, 0, NULL, "web-1_a.b", 1},
    {AT_IDENT, 0, 0, 0, NULL, "", 0},
    {AT_IDENT, 0, 0, 0, NULL, "-a", 0},
    {AT_IDENT, 0, 0, 0, NULL, "a b", 0},
    {AT_IDENT, 0, 0, 0, NULL, "a/b", 0},
    {AT_PKGNAME, 0, 0, 0, NULL, "libstdc++6", 1},
    {AT_PKGVER, 0, 0, 0, NULL, "2.6.12-1+deb12u4", 1},
    {AT_PKGVER, 0, 0, 0, NULL, "-1", 0},
    {AT_PKGGLOB, 0, 0, 0, NULL, "lib*", 1},
    {AT_PKGGLOB, 0, 0, 0, NULL, "*lib", 0},
    {AT_UNIT, 0, 0, 0, NULL, "haproxy.service", 1},
    {AT_UNIT, 0, 0, 0, NULL, "haproxy", 0},
    {AT_HOSTNAME, 0, 0, 0, NULL, "web1.example.net", 1},
    {AT_HOSTNAME, 0, 0, 0, NULL, "Web1.example.net", 0},
    {AT_INT, 0, 0, 256, NULL, "0", 1},
    {AT_INT, 0, 0, 256, NULL, "256", 1},
    {AT_INT, 0, 0, 256, NULL, "257", 0},
    {AT_INT, 0, 0, 256, NULL, "-1", 0},
    {AT_INT, 0, 0, 256, NULL, "+1", 0},
    {AT_INT, 0, 0, 256, NULL, "01", 0},
    {AT_INT, 0, 0, 256, NULL, "1 ", 0},
    {AT_INT, 0, 0, 256, NULL, "0x1", 0},
    {AT_INT, 0, 0, 256, NULL, "18446744073709551616", 0},
    {AT_INT, 0, 3, 5, NULL, "2", 0},
    {AT_BOOL, 0, 0, 0, NULL, "yes", 1},
    {AT_BOOL, 0, 0, 0, NULL, "no", 1},
    {AT_BOOL, 0, 0, 0, NULL, "true", 0},
    {AT_BOOL, 0, 0, 0, NULL, "yes,no", 0},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "drain", 1},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "maint", 1},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "", 0},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "read", 0},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "eady", 0},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "drain,ready", 0},
    {AT_ENUM, 0, 0, 0, "drain,ready,maint", "Ready", 0},
    {AT_PATH, 0, 0, 0, NULL, "/etc/haproxy/haproxy.cfg", 1},
    {AT_PATH, 0, 0, 0, NULL, "/etc/../root", 0},
    {AT_PATH, 0, 0, 0, NULL, "etc", 0},
    {AT_CIDR, 0, 0, 0, NULL, "10.0.0.0/8", 1},
    {AT_CIDR, 0, 0, 0, NULL, "10.0.0.1/8", 0},
    {AT_PORT, 0, 0, 0, NULL, "65535", 1},
    {AT_PORT, 0, 0, 0, NULL, "0", 0},
    {AT_PORT, 0, 0, 0, NULL, "65536", 0},
    {AT_TEXT, 0, 1, 5, NULL, "abcde", 1},
    {AT_TEXT, 0, 1, 5, NULL, "abcdef", 0},
    {AT_TEXT, 0, 1, 5, NULL, "", 0},
    {AT_TEXT, 0, 1, 5, NULL, "a\nb", 0},
    {AT_TEXT, AF_B64, 0, 5, NULL, "", 1},
    {AT_TEXT, AF_B64, 0, 5, NULL, "a\n\xff", 1},
    {AT_TEXT, AF_B64, 0, 5, NULL, "123456", 0},
    {AT_SHA256, 0, 0, 0, NULL, "sha256:00", 0},
    {AT_JOBID, 0, 0, 0, NULL, "9f86d081884c7d659a2feaa0c55ad015", 1},
    {AT_JOBID, 0, 0, 0, NULL, "9F86d081884c7d659a2feaa0c55ad015", 0},
    {AT_JOBID, 0, 0, 0, NULL, "9f86d081884c7d659a2feaa0c55ad01", 0},
};

static void
test_values(void)
{
	struct errmsg e;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct kind_arg a = {"x", values[i].type, values[i].low, values[i].high,
		    values[i].words, values[i].flags, "a test"};
		int rv = arg_check(&a, values[i].value, &e);

		CHECKF(
		    (rv == 0) == values[i].ok, "%s \"%s\"", arg_typename(a.type), values[i].value);
		if (rv == -1)
			CHECKF(strncmp(e.text, "argument x: must be ", 20) == 0, "%s", e.text);
	}
}

/* TESTING: pkg-names. Each of these would make apt do something else than install a package. */
static void
test_pkg_names(void)
{
	static const char *const bad[] = {"-oDebug::NoLocking=1", "-o", "--", "--purge",
	    "/tmp/evil.deb", "./x.rpm", "x.deb/", "https://example.net/x.deb", "cron-", "sud.$",
	    "*", "lib*", "a=1", "a/sid", "a:i386", "@group", "a", "", "?name", "~i", "A", "cron ",
	    " cron", "cron\n", "cr\ton", "a,b", "a_b", "..", "cron+-", "[ab]c", "a|b", "a;b",
	    "$(id)", "`id`", "a'b", "^cron$", "cron^"};
	static const char *const good[] = {
	    "cron", "libc6", "g++", "libstdc++6", "0ad", "a1", "python3.11", "haproxy"};
	const struct kind_arg *a = kind_arg(kind_byname("pkg.install"), "name");
	struct errmsg e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(arg_check(a, bad[i], &e) == -1, "\"%s\"", bad[i]);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECKF(arg_check(a, good[i], &e) == 0, "\"%s\"", good[i]);
}

static void
test_messages(void)
{
	const struct kind *k = kind_byname("haproxy.server");
	const struct kind_arg *token = kind_arg(kind_byname("script.run"), "token");
	struct errmsg e;
	char must[200];

	CHECK(arg_check(kind_arg(k, "weight"), "x", &e) == -1);
	CHECK_STR(e.text, "argument weight: must be a number from 0 to 256, not \"x\"");
	CHECK(arg_check(kind_arg(k, "state"), "up", &e) == -1);
	CHECK_STR(e.text, "argument state: must be one of drain,ready,maint, not \"up\"");
	CHECK(arg_check(token, "geheim\n", &e) == -1);
	CHECK(strstr(e.text, "geheim") == NULL);
	CHECK_STR(e.text, "argument token: must be 1 to 1024 bytes of printable ASCII");
	arg_must(kind_arg(k, "weight"), must, sizeof(must));
	CHECK_STR(must, "a number from 0 to 256");
	arg_must(kind_arg(kind_byname("script.run"), "arg"), must, sizeof(must));
	CHECK_STR(must, "0 to 4096 bytes, none of them NUL");
}

int
main(void)
{
	test_table();
	test_rows();
	test_names();
	test_values();
	test_pkg_names();
	test_messages();
	return check_done();
}
