/*
 * ctld/forward.c: whose call it is, behind proxies; ctld/addrtab.c: what an address has coming. The
 * attacks on a running ctld are in system/ctld_forward ("Attack forged-proxy-headers").
 */
#include <sodium.h>

#include "ctld/addrtab.h"
#include "ctld/auth.h"
#include "regress/check.h"

static struct conf conf;

static struct netaddr
addr(const char *text)
{
	struct netaddr a = {0};

	if (netaddr_parse(&a, text) == -1)
		abort();
	return a;
}

static void
proxy(const char *block, enum proxy_header h)
{
	struct errmsg e;

	if (netblock_parse(&conf.proxy[conf.nproxies].from, block, &e) == -1)
		abort();
	conf.proxy[conf.nproxies++].header = h;
}

/* WANT NULL: unknown */
static void
check(const char *sock, const char *cf, const char *xff, const char *fwd, const char *want)
{
	struct netaddr s = addr(sock), out;
	char text[NETADDR_TEXT];
	enum forward f = forward_peer(&conf, &s, cf, xff, fwd, &out);

	netaddr_text(&out, text);
	CHECKF(f == (want == NULL ? FORWARD_UNKNOWN : FORWARD_OK), "%s %s %s %s: %s", sock,
	    cf ? cf : "-", xff ? xff : "-", fwd ? fwd : "-", text);
	/* what is unknown is no address at all, never the proxy's */
	CHECK_STR(text, want == NULL ? "-" : want);
}

static void
test_headers(void)
{
	proxy("10.0.0.0/8", PROXY_XFF);
	proxy("172.16.0.1", PROXY_CF);
	proxy("2001:db8::/32", PROXY_FORWARDED);
	check("192.0.2.1", "1.1.1.1", "1.1.1.1", "for=1.1.1.1", "192.0.2.1");
	check("10.0.0.1", NULL, "192.0.2.7", NULL, "192.0.2.7");
	check("10.0.0.1", NULL, "1.1.1.1,192.0.2.7", NULL, "192.0.2.7");
	check("10.0.0.1", NULL, "192.0.2.7 ,\t10.2.3.4", NULL, "192.0.2.7");
	check("10.0.0.1", NULL, "192.0.2.7, 172.16.0.1", NULL, "192.0.2.7");
	check("10.0.0.1", NULL, "::ffff:192.0.2.7", NULL, "192.0.2.7");
	check("10.0.0.1", NULL, "[2001:470::1]:80", NULL, "2001:470::1");
	check("10.0.0.1", NULL, NULL, NULL, NULL);
	check("10.0.0.1", "192.0.2.7", NULL, "for=192.0.2.7", NULL);
	check("10.0.0.1", NULL, "", NULL, NULL);
	check("10.0.0.1", NULL, ",", NULL, NULL);
	check("10.0.0.1", NULL, "192.0.2.7,", NULL, NULL);
	check("10.0.0.1", NULL, "10.0.0.2", NULL, NULL);
	check("10.0.0.1", NULL, "junk, 10.0.0.2", NULL, NULL);
	check("10.0.0.1", NULL, "192.0.2.7:", NULL, NULL);
	check("10.0.0.1", NULL, "192.0.2.7:65536", NULL, NULL);
	check("10.0.0.1", NULL, "[192.0.2.7", NULL, NULL);
	check("10.0.0.1", NULL, "[]", NULL, NULL);
	check("10.0.0.1", NULL, "[2001:470::1]x", NULL, NULL);
	check("172.16.0.1", "192.0.2.7", "1.1.1.1", NULL, "192.0.2.7");
	check("172.16.0.1", "192.0.2.7:80", NULL, NULL, NULL);
	check("172.16.0.1", "172.16.0.1", NULL, NULL, NULL);
	check("172.16.0.1", NULL, "192.0.2.7", NULL, NULL);
	check("2001:db8::9", NULL, NULL, "for=192.0.2.7", "192.0.2.7");
	check("2001:db8::9", NULL, NULL, "for=1.1.1.1, FOR=\"192.0.2.7:1\" ; by=x", "192.0.2.7");
	check("2001:db8::9", NULL, NULL, "for=\"[2001:470::1]\"", "2001:470::1");
	check("2001:db8::9", NULL, NULL, "for=192.0.2.7;for=192.0.2.8", NULL);
	check("2001:db8::9", NULL, NULL, "for=\"192.0.2.7", NULL);
	check("2001:db8::9", NULL, NULL, "for=", NULL);
	check("2001:db8::9", NULL, NULL, "by=192.0.2.7", NULL);
	check("2001:db8::9", NULL, NULL, "for=_x", NULL);
	check("2001:db8::9", NULL, "192.0.2.7", NULL, NULL);
}

static void
test_failures(void)
{
	struct addrtab *t = addrtab_new();
	struct netaddr a = addr("192.0.2.1"), b = addr("192.0.2.2"), c = addr("2001:470::1"),
		       d = addr("2001:470::2"), e = addr("2001:470:0:1::1");
	uint64_t now = 1000000;

	for (int i = 0; i < ADDRTAB_BURST - 1; i++)
		addrtab_failed(t, &a, now);
	CHECK(addrtab_wait(t, &a, now) == 0);
	addrtab_failed(t, &a, now);
	CHECK(addrtab_wait(t, &a, now) > 0 && addrtab_wait(t, &b, now) == 0);
	CHECK(addrtab_wait(t, &a, now + ADDRTAB_MS) == 0);
	/* however long it goes on, the wait ends soon after it does */
	for (int i = 0; i < 100000; i++)
		addrtab_failed(t, &a, now);
	CHECK(addrtab_wait(t, &a, now) <= 1 + ADDRTAB_BURST * ADDRTAB_MS / 1000 + 3);
	CHECK(addrtab_wait(t, &a, now + 3 * ADDRTAB_BURST * ADDRTAB_MS) == 0);
	/* one IPv6 address of a /64 stands for all */
	for (int i = 0; i < ADDRTAB_BURST; i++)
		addrtab_failed(t, &c, now);
	CHECK(addrtab_wait(t, &d, now) > 0 && addrtab_wait(t, &e, now) == 0);
	addrtab_free(t);
}

static void
test_conns(void)
{
	struct addrtab *t = addrtab_new();
	struct netaddr a = addr("192.0.2.1"), b = addr("192.0.2.2");

	CHECK(addrtab_conns(t, &a, 1) == 1 && addrtab_conns(t, &a, 1) == 2);
	CHECK(addrtab_conns(t, &b, 1) == 1);
	CHECK(addrtab_conns(t, &a, -1) == 1 && addrtab_conns(t, &a, -1) == 0);
	CHECK(addrtab_conns(t, &a, -1) == 0 && addrtab_conns(t, &a, 1) == 1);
	/* many addresses: bounded, and none of them is mistaken for another that was there before
	 */
	for (uint32_t i = 0; i < 100000; i++) {
		struct netaddr n = {4, {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

		addrtab_failed(t, &n, 1);
	}
	CHECK(addrtab_conns(t, &b, 0) == 1);
	addrtab_free(t);
}

int
main(void)
{
	if (sodium_init() == -1)
		return 1;
	test_headers();
	test_failures();
	test_conns();
	return check_done();
}
