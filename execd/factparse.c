/* Parses os-release, meminfo, fib_trie and if_inet6. */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "execd/factparse.h"
#include "lib/strutil.h"

static const char *
line_after(const char *p)
{
	p = strchr(p, '\n');
	return p != NULL && p[1] != '\0' ? p + 1 : NULL;
}

int
fact_osrelease(const char *text, const char *key, char *dst, size_t size)
{
	size_t n = strlen(key), len;
	const char *p;
	char quote;

	for (p = text; p != NULL; p = line_after(p)) {
		if (strncmp(p, key, n) != 0 || p[n] != '=')
			continue;
		p += n + 1;
		quote = *p == '"' || *p == '\'' ? *p++ : '\n';
		for (len = 0; p[len] != '\0' && p[len] != '\n' && p[len] != quote; len++)
			;
		if (len >= size)
			len = size - 1;
		memcpy(dst, p, len);
		dst[len] = '\0';
		return 1;
	}
	return 0;
}

int
fact_meminfo(const char *text, const char *key, uint64_t *bytes)
{
	size_t n = strlen(key);
	const char *p;

	for (p = text; p != NULL; p = line_after(p)) {
		if (strncmp(p, key, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		p += strspn(p, " ");
		if (strn_u64(p, strspn(p, "0123456789"), 0, UINT64_MAX / 1024, bytes) == -1)
			return 0;
		*bytes *= 1024;
		return 1;
	}
	return 0;
}

void
fact_ipv4(const char *text, void (*fn)(const char *addr, void *arg), void *arg)
{
	char addr[INET_ADDRSTRLEN] = "", last[INET_ADDRSTRLEN] = "";
	struct in_addr in;
	const char *p, *q;
	size_t n;

	for (p = text; p != NULL; p = line_after(p)) {
		q = p + strspn(p, " ");
		if (strncmp(q, "|-- ", 4) == 0) {
			q += 4;
			n = strcspn(q, "\n");
			addr[0] = '\0';
			if (n < sizeof(addr)) {
				memcpy(addr, q, n);
				addr[n] = '\0';
			}
			if (inet_pton(AF_INET, addr, &in) != 1)
				addr[0] = '\0';
		} else if (strncmp(q, "/32 host LOCAL", 14) == 0 && addr[0] != '\0' &&
			   strcmp(addr, last) != 0) {
			fn(addr, arg);
			memcpy(last, addr, sizeof(last));
		}
	}
}

int
fact_ipv6(const char *line, char addr[46], char ifname[17])
{
	struct in6_addr in;
	const char *p;
	char hex[33];
	size_t n;

	if (strcspn(line, " \n") != 32)
		return 0;
	memcpy(hex, line, 32);
	hex[32] = '\0';
	if (str_unhex(&in, sizeof(in), hex) == -1 || inet_ntop(AF_INET6, &in, addr, 46) == NULL)
		return 0;
	/* address, index, prefix length, scope, flags, name */
	n = strcspn(line, "\n");
	for (p = line + n; p > line && p[-1] != ' ';)
		p--;
	n = (size_t)(line + n - p);
	if (n == 0 || n > 16)
		return 0;
	memcpy(ifname, p, n);
	ifname[n] = '\0';
	return 1;
}
