/* The argument types: what each takes and, above all, what it does not. */
#include "lib/valid.h"

#include "regress/check.h"

#define ALL(name, fn, want, ...)                                                 \
	static void name(void)                                                   \
	{                                                                        \
		static const char *const row[] = {__VA_ARGS__};                  \
                                                                                 \
		for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)        \
			CHECKF(fn(row[i]) == (want), "%s(\"%s\")", #fn, row[i]); \
	}

/* clang-format off */
#define S10 "abcdefghij"
#define S60 S10 S10 S10 S10 S10 S10

ALL(ident_ok, valid_ident, 1, "a", "A", "0", "a.b", "a-b", "a_b", "backup-db", "9-", "a..b",
    S60 "abcd")
ALL(ident_bad, valid_ident, 0, "", "-a", ".a", "_a", "a b", "a/b", "a\n", "\xc3\xa9", "a:b",
    "a@b", "a*", "a$", S60 "abcde", "--help", "$(id)", "a;b")
ALL(name_ok, valid_pkgname, 1, "libc6", "g++", "0ad", "a+", "a.b0", "python3.11-minimal", "xx",
    S60 S60 "abcdefgh")
ALL(name_bad, valid_pkgname, 0, "", "a", "-a", "a-", "cron-", "sud.", "sud.$", "A", "a_b",
    "a/sid", "a:i386", "a=1", "*", "lib*", "@group", "/tmp/evil.deb", "./x.rpm", "-oDebug::x=1",
    "--", "http://x/y.deb", "+a", ".a", "a b", "a\n", "a?", "a[b]", S60 S60 "abcdefghi")
ALL(ver_ok, valid_pkgver, 1, "1", "2.6.12-1+deb12u4", "1:2.0~rc1-1", "0", "A1")
ALL(ver_bad, valid_pkgver, 0, "", "-1", "~1", "1 2", "1/2", "1\n", ".1", ":1", "+1", "1;2", "1=2",
    S60 S60 "abcdefghi")
ALL(glob_ok, valid_pkgglob, 1, "lib*", "l*", "libc6", "g++*", "a-*", "a.*")
ALL(glob_bad, valid_pkgglob, 0, "", "*", "a", "**", "a**", "*a", "a*b", "-*", "A*", "a*b*", "?*",
    "/*", "../*")
ALL(unit_ok, valid_unit, 1, "a.service", "getty@tty1.service", "x-y_z:1.timer",
    "dev-disk\\x2d.mount", "a.b.socket", "@.service", "x.target", "x.path", "x.slice")
ALL(unit_bad, valid_unit, 0, "", "a", ".service", "-a.service", "a.serv", "a.service ",
    "a b.service", "a/b.service", "a.service\n", "../a.service", "service", "a.service.x",
    "*.service", "--all", "a.Service", S60 S60 S60 S60 ".service")
ALL(host_ok, valid_hostname, 1, "a", "web1", "web1.example.net", "0a.b-c.d",
    "xn--bcher-kva.example", S60 "abc." S60)
ALL(host_bad, valid_hostname, 0, "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b", "A",
    "Web1", "a_b", "a b", "a/b", "a:1", "[::1]", "\xc3\xa4", "a\n", S60 "abcd",
    S60 "." S60 "." S60 "." S60 "." S10)
ALL(path_ok, valid_path, 1, "/a", "/a/b", "/.a", "/a.b", "/..a", "/a b", "/...",
    "/etc/reeve/scripts/x-1")
ALL(path_bad, valid_path, 0, "", "/", "a", "a/b", "//a", "/a/", "/a//b", "/.", "/a/.", "/a/./b",
    "/..", "/a/..", "/a/../b", "/../a", "-/a", "~/a", "/a\n", "/\xc3\xa9", "/a\tb", "./a")
ALL(cidr_ok, valid_cidr, 1, "1.2.3.4", "0.0.0.0/0", "10.0.0.0/8", "192.168.1.0/24", "1.2.3.4/32",
    "::", "::/0", "2001:db8::/32", "2001:db8::1", "2001:db8::1/128", "fe80::/10", "128.0.0.0/1")
ALL(cidr_bad, valid_cidr, 0, "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4/",
    "1.2.3.4/33", "1.2.3.4/08", "1.2.3.4/+8", "1.2.3.4/-1", "1.2.3.4/8", "10.0.0.1/8", "1.2.3.4 ",
    " 1.2.3.4", "/8", "2001:DB8::", "2001:db8:0::", "2001:db8::1/32", "::/129", ":::",
    "fe80::1%eth0", "[::1]", "1", "0x7f.1", "localhost", "128.0.0.0/0", "::1/0",
    "2001:0db8:0000:0000:0000:0000:0000:0001/128")
ALL(sha_bad, valid_sha256, 0, "", "sha256:", "sha512:" S60 "abcd", "SHA256:" S60 "abcd",
    "sha256:" S60 "abc", "0000000000000000000000000000000000000000000000000000000000000000",
    "sha256:00000000000000000000000000000000000000000000000000000000000000",
    "sha256:000000000000000000000000000000000000000000000000000000000000000A",
    "sha256:00000000000000000000000000000000000000000000000000000000000000000")
/* clang-format on */

static void
test_sizes(void)
{
	char path[1100];

	CHECK(valid_sha256(
	    "sha256:00000000000000000000000000000000000000000000000000000000000000ff"));
	CHECK(valid_hex("00ff", 4) && !valid_hex("00fF", 4) && !valid_hex("00f", 4));
	CHECK(!valid_hex("00ff0", 4) && !valid_hex("", 1) && !valid_hex("0x00", 4));
	CHECK(valid_text("a b", 3) && !valid_text("a b", 2) && !valid_text("", 5));
	CHECK(!valid_text("-a", 5) && !valid_text("a\n", 5) && !valid_text("\x80", 5));
	/* 1023 bytes, no part over 255 */
	memset(path, 'a', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i += 100)
		path[i] = '/';
	path[1023] = '\0';
	CHECK(valid_path(path));
	path[1023] = 'a';
	path[1024] = '\0';
	CHECK(!valid_path(path));
	memset(path, 'a', 257);
	path[0] = '/';
	path[256] = '\0';
	CHECK(valid_path(path));
	path[256] = 'a';
	path[257] = '\0';
	CHECK(!valid_path(path));
}

/* Every byte outside printable ASCII, at the start, inside and at the end, is refused by all types.
 */
static void
test_bytes(void)
{
	static int (*const fn[])(const char *) = {valid_ident, valid_pkgname, valid_pkgver,
	    valid_pkgglob, valid_unit, valid_hostname, valid_path, valid_cidr};
	static const char *const good[] = {
	    "abc", "abc", "1.2", "abc", "a.service", "abc", "/abc", "1.2.3.4"};
	char s[32];

	for (size_t i = 0; i < sizeof(fn) / sizeof(fn[0]); i++) {
		CHECK(fn[i](good[i]));
		for (int c = 1; c < 256; c++) {
			if (c >= 0x20 && c <= 0x7e)
				continue;
			for (size_t at = 0; at <= strlen(good[i]); at++) {
				snprintf(
				    s, sizeof(s), "%.*s%c%s", (int)at, good[i], c, good[i] + at);
				CHECKF(!fn[i](s), "type %zu, byte %d at %zu", i, c, at);
			}
		}
	}
}

int
main(void)
{
	ident_ok();
	ident_bad();
	name_ok();
	name_bad();
	ver_ok();
	ver_bad();
	glob_ok();
	glob_bad();
	unit_ok();
	unit_bad();
	host_ok();
	host_bad();
	path_ok();
	path_bad();
	cidr_ok();
	cidr_bad();
	sha_bad();
	test_sizes();
	test_bytes();
	return check_done();
}
