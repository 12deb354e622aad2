/* IP addresses and networks as numbers. */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "lib/netaddr.h"
#include "lib/strutil.h"

/* LEN bytes in network order; an IPv4-mapped IPv6 address becomes the IPv4 address (RFC 4291,
 * 2.5.5.2), so that no rule on IPv4 is passed by writing the address the other way. */
static void
set(struct netaddr *a, const void *src, size_t len)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	const uint8_t *p = src;

	memset(a, 0, sizeof(*a));
	if (len == 16 && memcmp(p, mapped, sizeof(mapped)) == 0) {
		p += sizeof(mapped);
		len = 4;
	}
	memcpy(a->b, p, len);
	a->len = (uint8_t)len;
}

int
netaddr_parse(struct netaddr *a, const char *text)
{
	uint8_t bin[16];

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, bin) == 1)
		set(a, bin, 4);
	else if (inet_pton(AF_INET6, text, bin) == 1)
		set(a, bin, 16);
	else
		return -1;
	return 0;
}

void
netaddr_text(const struct netaddr *a, char buf[NETADDR_TEXT])
{
	if ((a->len != 4 && a->len != 16) ||
	    inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->b, buf, NETADDR_TEXT) == NULL)
		snprintf(buf, NETADDR_TEXT, "-");
}

int
netaddr_from_sockaddr(struct netaddr *a, const struct sockaddr *sa)
{
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	memset(a, 0, sizeof(*a));
	/* copied: SA may stand anywhere in a buffer of the caller's */
	if (sa->sa_family == AF_INET) {
		memcpy(&in4, sa, sizeof(in4));
		set(a, &in4.sin_addr, 4);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		set(a, &in6.sin6_addr, 16);
		return 0;
	}
	return -1;
}

/* No bit set after the first BITS. */
static int
host_bits_zero(const struct netaddr *a, unsigned int bits)
{
	for (unsigned int i = bits; i < a->len * 8U; i++)
		if (a->b[i / 8] & 0x80 >> i % 8)
			return 0;
	return 1;
}

int
netblock_parse(struct netblock *n, const char *text, struct errmsg *e)
{
	char addr[NETADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;

	memset(n, 0, sizeof(*n));
	if (len >= sizeof(addr))
		return err_set(e, "\"%.60s\" is no address: 192.0.2.1 or 2001:db8::/32", text);
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (netaddr_parse(&n->addr, addr) == -1)
		return err_set(e, "\"%s\" is no address: 192.0.2.1 or 2001:db8::/32", text);
	n->bits = (uint8_t)(n->addr.len * 8);
	if (slash == NULL)
		return 0;
	/* ::ffff:192.0.2.0/120 would have to say which of both it counts */
	if (n->addr.len == 4 && strchr(addr, ':') != NULL)
		return err_set(e, "\"%s\": write the IPv4 network itself", text);
	if (str_u64(slash + 1, 0, n->bits, &bits) == -1)
		return err_set(e, "\"%s\": after the slash stands 0 to %u", text, n->bits);
	n->bits = (uint8_t)bits;
	if (!host_bits_zero(&n->addr, n->bits))
		return err_set(e,
		    "\"%s\": bits are set behind the first %u; write the network's first"
		    " address",
		    text, n->bits);
	return 0;
}

void
netblock_text(const struct netblock *n, char *buf, size_t size)
{
	char addr[NETADDR_TEXT];

	netaddr_text(&n->addr, addr);
	if (n->bits == n->addr.len * 8)
		snprintf(buf, size, "%s", addr);
	else
		snprintf(buf, size, "%s/%u", addr, n->bits);
}

int
netblock_has(const struct netblock *n, const struct netaddr *a)
{
	unsigned int whole = n->bits / 8U, rest = n->bits % 8U;

	if (a->len == 0 || n->addr.len != a->len || n->bits > a->len * 8U)
		return 0;
	if (memcmp(n->addr.b, a->b, whole) != 0)
		return 0;
	return rest == 0 || (n->addr.b[whole] ^ a->b[whole]) >> (8 - rest) == 0;
}
