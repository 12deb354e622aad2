/* The caller behind a proxy: CF-Connecting-IP, X-Forwarded-For, Forwarded (RFC 7239). */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctld/auth.h"
#include "lib/strutil.h"

static enum proxy_header
proxy_of(const struct conf *conf, const struct netaddr *a)
{
	for (size_t i = 0; i < conf->nproxies; i++)
		if (netblock_has(&conf->proxy[i].from, a))
			return conf->proxy[i].header;
	return PROXY_NONE;
}

/* One node: an address, with brackets around IPv6, and a port that is passed over. */
static int
node(struct netaddr *a, const char *s, size_t len)
{
	char text[NETADDR_TEXT];
	const char *end;
	uint64_t port;
	size_t n;

	if (len > 0 && s[0] == '[') {
		if ((end = memchr(s, ']', len)) == NULL)
			return -1;
		n = (size_t)(end - s) - 1;
		s++;
		end++;
		len -= n + 2;
	} else {
		end = memchr(s, ':', len);
		/* one colon is a port, more are IPv6 as X-Forwarded-For has it */
		if (end != NULL && memchr(end + 1, ':', len - (size_t)(end - s) - 1) != NULL)
			end = NULL;
		n = end == NULL ? len : (size_t)(end - s);
		len -= n;
	}
	if (len > 0 && (*end != ':' || strn_u64(end + 1, len - 1, 0, 65535, &port) == -1))
		return -1;
	if (n == 0 || n >= sizeof(text))
		return -1;
	memcpy(text, s, n);
	text[n] = '\0';
	return netaddr_parse(a, text);
}

static const char *
trim(const char *s, size_t *len)
{
	while (*len > 0 && (*s == ' ' || *s == '\t'))
		s++, (*len)--;
	while (*len > 0 && (s[*len - 1] == ' ' || s[*len - 1] == '\t'))
		(*len)--;
	return s;
}

/* The for= of one element of Forwarded: exactly one, quoted or not. */
static int
forwarded_for(struct netaddr *a, const char *s, size_t len)
{
	int found = 0;

	while (len > 0) {
		const char *semi = memchr(s, ';', len);
		size_t n = semi == NULL ? len : (size_t)(semi - s), pairlen = n;
		const char *pair = trim(s, &pairlen);

		if (pairlen > 4 && strncasecmp(pair, "for=", 4) == 0) {
			const char *v = pair + 4;
			size_t vlen = pairlen - 4;

			if (vlen >= 2 && v[0] == '"' && v[vlen - 1] == '"')
				v++, vlen -= 2;
			if (found || node(a, v, vlen) == -1)
				return -1;
			found = 1;
		}
		s += n + (semi != NULL);
		len -= n + (semi != NULL);
	}
	return found ? 0 : -1;
}

/* From the end back: proxies of ours first, then the one that called them. */
static enum forward
last_untrusted(const struct conf *conf, const char *list, int is_forwarded, struct netaddr *out)
{
	size_t len = strlen(list);

	for (;;) {
		size_t at = len, n;
		const char *item;

		while (at > 0 && list[at - 1] != ',')
			at--;
		n = len - at;
		item = trim(list + at, &n);
		if ((is_forwarded ? forwarded_for(out, item, n) : node(out, item, n)) == -1)
			return FORWARD_UNKNOWN;
		if (proxy_of(conf, out) == PROXY_NONE)
			return FORWARD_OK;
		if (at == 0)
			return FORWARD_UNKNOWN;
		len = at - 1;
	}
}

enum forward
forward_peer(const struct conf *conf, const struct netaddr *sock, const char *cf, const char *xff,
    const char *fwd, struct netaddr *out)
{
	enum forward rc = FORWARD_UNKNOWN;

	switch (proxy_of(conf, sock)) {
	case PROXY_NONE:
		*out = *sock;
		return FORWARD_OK;
	case PROXY_CF:
		if (cf != NULL && netaddr_parse(out, cf) == 0 && proxy_of(conf, out) == PROXY_NONE)
			rc = FORWARD_OK;
		break;
	case PROXY_XFF:
		if (xff != NULL)
			rc = last_untrusted(conf, xff, 0, out);
		break;
	case PROXY_FORWARDED:
		if (fwd != NULL)
			rc = last_untrusted(conf, fwd, 1, out);
		break;
	}
	if (rc != FORWARD_OK)
		memset(out, 0, sizeof(*out));
	return rc;
}
