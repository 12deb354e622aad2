/* lib/netaddr.c: addresses, networks, and what lies in which. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "lib/netaddr.h"
#include "regress/check.h"

static const struct {
	const char *in, *out; /* out NULL: refused */
} addrs[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"2001:DB8::1", "2001:db8::1"},
    {"::", "::"},
    {"::1", "::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::ffff:c000:201", "192.0.2.1"},
    {"0:0:0:0:0:ffff:c000:0201", "192.0.2.1"},
    {"::192.0.2.1", "::192.0.2.1"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"", NULL},
    {"1", NULL},
    {"1.2.3", NULL},
    {"1.2.3.256", NULL},
    {"1.2.3.4.", NULL},
    {"01.2.3.4", NULL},
    {"0x7f.0.0.1", NULL},
    {" 1.2.3.4", NULL},
    {"1.2.3.4 ", NULL},
    {"1.2.3.4:80", NULL},
    {"[::1]", NULL},
    {"fe80::1%eth0", NULL},
    {":::", NULL},
    {"1::2::3", NULL},
    {"localhost", NULL},
    {"12345::", NULL},
    {"1.2.3.4/32", NULL},
};

static void
test_addr(void)
{
	struct netaddr a;
	char text[NETADDR_TEXT];

	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		if (addrs[i].out == NULL) {
			CHECKF(netaddr_parse(&a, addrs[i].in) == -1, "%s", addrs[i].in);
			CHECK(a.len == 0);
			continue;
		}
		CHECKF(netaddr_parse(&a, addrs[i].in) == 0, "%s", addrs[i].in);
		netaddr_text(&a, text);
		CHECK_STR(text, addrs[i].out);
	}
	memset(&a, 0, sizeof(a));
	netaddr_text(&a, text);
	CHECK_STR(text, "-");
}

static void
test_sockaddr(void)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr un = {.sa_family = AF_UNIX};
	struct netaddr a;
	char text[NETADDR_TEXT];

	inet_pton(AF_INET, "192.0.2.7", &in4.sin_addr);
	CHECK(netaddr_from_sockaddr(&a, (const struct sockaddr *)&in4) == 0 && a.len == 4);
	netaddr_text(&a, text);
	CHECK_STR(text, "192.0.2.7");
	inet_pton(AF_INET6, "2001:db8::7", &in6.sin6_addr);
	CHECK(netaddr_from_sockaddr(&a, (const struct sockaddr *)&in6) == 0 && a.len == 16);
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr);
	CHECK(netaddr_from_sockaddr(&a, (const struct sockaddr *)&in6) == 0 && a.len == 4);
	netaddr_text(&a, text);
	CHECK_STR(text, "192.0.2.7");
	CHECK(netaddr_from_sockaddr(&a, &un) == -1 && a.len == 0);
}

static const struct {
	const char *in, *out;
} blocks[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"192.0.2.0/24", "192.0.2.0/24"},
    {"192.0.2.1/32", "192.0.2.1"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"::/0", "::/0"},
    {"2001:db8::/33", "2001:db8::/33"},
    {"2001:db8::1/128", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"128.0.0.0/1", "128.0.0.0/1"},
    {"192.0.2.128/25", "192.0.2.128/25"},
    {"192.0.2.1/24", NULL},
    {"192.0.2.0/33", NULL},
    {"192.0.2.0/", NULL},
    {"192.0.2.0/024", NULL},
    {"192.0.2.0/-1", NULL},
    {"192.0.2.0/24/24", NULL},
    {"192.0.2.0/+24", NULL},
    {"2001:db8::/129", NULL},
    {"2001:db8::1/64", NULL},
    {"/24", NULL},
    {"", NULL},
    {"any", NULL},
    {"128.0.0.0/0", NULL},
    {"::ffff:192.0.2.0/120", NULL},
    {"2001:db8:8000::/32", NULL},
    {"192.0.2.0/ 24", NULL},
    {"111111111111111111111111111111111111111111111111111111111111111111111/8", NULL},
};

static void
test_block(void)
{
	struct netblock n;
	struct errmsg e;
	char text[64];

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		e.text[0] = '\0';
		if (blocks[i].out == NULL) {
			CHECKF(netblock_parse(&n, blocks[i].in, &e) == -1, "%s", blocks[i].in);
			CHECK(e.text[0] != '\0');
			continue;
		}
		CHECKF(netblock_parse(&n, blocks[i].in, &e) == 0, "%s: %s", blocks[i].in, e.text);
		netblock_text(&n, text, sizeof(text));
		CHECK_STR(text, blocks[i].out);
	}
}

static const struct {
	const char *block, *addr;
	int in;
} rows[] = {
    {"192.0.2.0/24", "192.0.2.255", 1},
    {"192.0.2.0/24", "192.0.3.0", 0},
    {"192.0.2.0/24", "::ffff:192.0.2.9", 1},
    {"192.0.2.0/24", "::192.0.2.9", 0},
    {"192.0.2.128/25", "192.0.2.127", 0},
    {"192.0.2.128/25", "192.0.2.128", 1},
    {"192.0.2.4/31", "192.0.2.5", 1},
    {"192.0.2.4/31", "192.0.2.6", 0},
    {"192.0.2.4", "192.0.2.4", 1},
    {"192.0.2.4", "192.0.2.5", 0},
    {"0.0.0.0/0", "9.9.9.9", 1},
    {"0.0.0.0/0", "2001:db8::1", 0},
    {"::/0", "2001:db8::1", 1},
    {"::/0", "9.9.9.9", 0},
    {"2001:db8::/33", "2001:db8:7fff::", 1},
    {"2001:db8::/33", "2001:db8:8000::", 0},
    {"2001:db8::1", "2001:db8::1", 1},
    {"2001:db8::1", "2001:db8::2", 0},
};

static void
test_has(void)
{
	struct netblock n;
	struct netaddr a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(netblock_parse(&n, rows[i].block, NULL) == 0);
		CHECK(netaddr_parse(&a, rows[i].addr) == 0);
		CHECKF(netblock_has(&n, &a) == rows[i].in, "%s in %s", rows[i].addr, rows[i].block);
	}
	/* no address matches nothing, not even everything; an empty network holds nothing */
	memset(&a, 0, sizeof(a));
	CHECK(netblock_parse(&n, "0.0.0.0/0", NULL) == 0 && !netblock_has(&n, &a));
	memset(&n, 0, sizeof(n));
	CHECK(!netblock_has(&n, &a));
	CHECK(netaddr_parse(&a, "192.0.2.1") == 0 && !netblock_has(&n, &a));
}

int
main(void)
{
	test_addr();
	test_sockaddr();
	test_block();
	test_has();
	return check_done();
}
