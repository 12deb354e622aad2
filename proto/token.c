/* The enrolment token, its proofs, and the URL in it. */
#include "proto/token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/netaddr.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/api.h"

#define TAG_ID	"reeve-token-id"
#define TAG_CSR "reeve-token-csr" /* its NUL is part of it */

#define ALNUM	   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define UNRESERVED ALNUM "-._~" /* RFC 3986, 2.3 */

/*
 * A name whose last label is a number is an address to every resolver ("127.1", "0x7f000001"):
 * only the form with four numbers is taken, so that what is written is what is called.
 */
static int
like_address(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last != NULL ? last + 1 : host;
	if (strncmp(last, "0x", 2) == 0)
		return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
	return last[strspn(last, "0123456789")] == '\0';
}

/* The host of TEXT into U. Returns what stands behind it, NULL with E. */
static const char *
take_host(struct url *u, const char *text, struct errmsg *e)
{
	struct netaddr a;
	int six = *text == '[';
	size_t len = six ? strcspn(text + 1, "]/") : strcspn(text, ":/");

	text += six;
	if (len == 0 || len >= sizeof(u->host) || (six && text[len] != ']')) {
		err_set(e, "the URL names no host: https://HOST[:PORT][/PREFIX]");
		return NULL;
	}
	for (size_t i = 0; i < len; i++)
		u->host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	u->host[len] = '\0';
	if (netaddr_parse(&a, u->host) == 0 && six == (strchr(u->host, ':') != NULL)) {
		memset(u->host, 0, sizeof(u->host));
		netaddr_text(&a, u->host);
	} else if (six || !valid_hostname(u->host) || like_address(u->host)) {
		err_set(e, "\"%s\" in the URL is neither a host name nor an address%s", u->host,
		    six ? " of IPv6" : "");
		return NULL;
	}
	return text + len + six;
}

static const char *
take_port(struct url *u, const char *text, struct errmsg *e)
{
	size_t len = strcspn(text + 1, "/");
	uint64_t port;

	if (strn_u64(text + 1, len, 1, 65535, &port) == -1) {
		err_set(e, "after the host of the URL stands :PORT, a number of 1 to 65535");
		return NULL;
	}
	u->port = (uint16_t)port;
	return text + 1 + len;
}

/* "", "/", "/x/y" or "/x/y/", which is the same. */
static int
take_prefix(struct url *u, const char *text, struct errmsg *e)
{
	size_t len = strlen(text), part;

	if (len > 0 && text[len - 1] == '/')
		len--;
	if (len >= sizeof(u->prefix))
		return err_set(e, "the URL's path is longer than %zu bytes", sizeof(u->prefix) - 1);
	memcpy(u->prefix, text, len);
	u->prefix[len] = '\0';
	for (const char *p = u->prefix; *p != '\0'; p += part) {
		if (*p++ != '/')
			return err_set(e, "nothing may stand behind the URL's path: no query, no "
					  "fragment, no user, only letters, digits and - . _ ~ /");
		part = strspn(p, UNRESERVED);
		if (part == 0 || (part == 1 && *p == '.') ||
		    (part == 2 && strncmp(p, "..", 2) == 0))
			return err_set(e, "the URL's path has an empty part, \".\" or \"..\"");
	}
	return 0;
}

int
url_parse(struct url *u, const char *text, struct errmsg *e)
{
	memset(u, 0, sizeof(*u));
	u->port = API_PORT;
	if (strncasecmp(text, "http://", 7) == 0)
		return err_set(e, "the URL is plaintext: it must begin with https://");
	if (strncasecmp(text, "https://", 8) != 0)
		return err_set(e, "the URL must begin with https://");
	text += 8;
	if (strcspn(text, "@") < strcspn(text, "/"))
		return err_set(e, "the URL must not hold a user: https://HOST[:PORT][/PREFIX]");
	if ((text = take_host(u, text, e)) == NULL)
		return -1;
	if (*text == ':' && (text = take_port(u, text, e)) == NULL)
		return -1;
	return take_prefix(u, text, e);
}

void
url_text(const struct url *u, char *buf, size_t size)
{
	int six = strchr(u->host, ':') != NULL;

	snprintf(buf, size, "https://%s%s%s:%u%s", six ? "[" : "", u->host, six ? "]" : "", u->port,
	    u->prefix);
}

int
secret_parse(uint8_t secret[24], const char *hex, struct errmsg *e)
{
	size_t len = strlen(hex);

	if (str_unhex(secret, 24, hex) == 0)
		return 0;
	if (len == 32 && strspn(hex, "0123456789abcdef") == len)
		return err_set(e,
		    "32 hex digits are a host id, which is no secret: a secret has %d",
		    TOKEN_SECRET);
	if (len != TOKEN_SECRET)
		return err_set(e, "a secret is %d lower-case hex digits, and these are %zu bytes",
		    TOKEN_SECRET, len);
	return err_set(e, "a secret is %d lower-case hex digits, and nothing else", TOKEN_SECRET);
}

/* What people paste in place of a token. Always -1. */
static int
no_token(const char *text, struct errmsg *e)
{
	size_t len = strlen(text);

	if (text[strspn(text, "0123456789abcdef")] == '\0' && len == 32)
		return err_set(e, "32 hex digits are a host id, which is no token: a token begins "
				  "with \"reeve1,\"");
	if (text[strspn(text, "0123456789abcdef")] == '\0' && len == TOKEN_SECRET)
		return err_set(
		    e, "this is the secret alone: give the whole token, from \"reeve1,\" on");
	if (strncasecmp(text, "http", 4) == 0)
		return err_set(e, "this is a URL: give the whole token, from \"reeve1,\" on");
	if (strncmp(text, "reeve", 5) == 0 && strchr("123456789", text[5]) != NULL && len > 6)
		return err_set(
		    e, "this token is of another version: only \"reeve1,\" is known here");
	return err_set(e, "a token begins with \"reeve1,\"");
}

static int
take_ca(struct token *t, const char *text, struct errmsg *e)
{
	if ((t->bundle = strcmp(text, "bundle") == 0))
		return 0;
	if (valid_sha256(text))
		return str_unhex(t->ca, sizeof(t->ca), text + 7);
	return err_set(e, "the token's third part must be \"sha256:\" and 64 hex digits, or "
			  "\"bundle\": is it cut?");
}

/* The three parts behind "reeve1,". COPY is cut to pieces. */
static int
take_parts(struct token *t, char *copy, struct errmsg *e)
{
	char *url = copy, *ca, *secret;

	if ((ca = strchr(url, ',')) == NULL)
		return err_set(e, "the token is cut: it has four parts, with commas between");
	*ca++ = '\0';
	if (url_parse(&t->url, url, e) == -1)
		return err_prefix(e, "token");
	if ((secret = strchr(ca, ',')) == NULL)
		return err_set(e, "the token is cut: it has four parts, with commas between");
	*secret++ = '\0';
	if (take_ca(t, ca, e) == -1)
		return -1;
	if (strlen(secret) < TOKEN_SECRET && strlen(secret) != 32)
		return err_set(e, "the token is cut: its last part has %zu of %d hex digits",
		    strlen(secret), TOKEN_SECRET);
	return secret_parse(t->secret, secret, e) == -1 ? err_prefix(e, "token") : 0;
}

int
token_parse(struct token *t, const char *text, struct errmsg *e)
{
	char copy[TOKEN_MAX + 1];
	size_t len = strlen(text);
	int rv;

	memset(t, 0, sizeof(*t));
	if (len > TOKEN_MAX)
		return err_set(e, "longer than a token can be (%d bytes)", TOKEN_MAX);
	if (strncmp(text, "reeve1,", 7) != 0)
		return no_token(text, e);
	if (!str_printable(text, len) || strchr(text, ' ') != NULL)
		return err_set(e, "a token is one line without blanks");
	memcpy(copy, text + 7, len - 6);
	rv = take_parts(t, copy, e);
	sodium_memzero(copy, sizeof(copy));
	if (rv == -1)
		sodium_memzero(t, sizeof(*t));
	return rv;
}

void
token_text(const struct token *t, char *buf, size_t size)
{
	char url[540], ca[72] = "bundle", hex[TOKEN_SECRET + 1];

	url_text(&t->url, url, sizeof(url));
	if (!t->bundle) {
		memcpy(ca, "sha256:", 7);
		str_hex(ca + 7, t->ca, sizeof(t->ca));
	}
	str_hex(hex, t->secret, sizeof(t->secret));
	snprintf(buf, size, "reeve1,%s,%s,%s", url, ca, hex);
	sodium_memzero(hex, sizeof(hex));
}

void
token_hash(const uint8_t secret[24], uint8_t h[32])
{
	crypto_hash_sha256(h, secret, 24);
}

/* HMAC-SHA-256 (RFC 2104) over two pieces. */
static void
mac_of(const uint8_t h[32], const char *tag, size_t taglen, const void *data, size_t len,
    uint8_t out[32])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, h, 32);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)tag, taglen);
	crypto_auth_hmacsha256_update(&st, data, len);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

void
token_id(const uint8_t h[32], char id[33])
{
	uint8_t mac[32];

	mac_of(h, TAG_ID, strlen(TAG_ID), "", 0, mac);
	str_hex(id, mac, 16);
}

void
token_mac(const uint8_t h[32], const void *data, size_t len, char mac[65])
{
	uint8_t raw[32];

	mac_of(h, TAG_CSR, sizeof(TAG_CSR), data, len, raw);
	str_hex(mac, raw, sizeof(raw));
}

void
secret_new(char hex[TOKEN_SECRET + 1])
{
	uint8_t raw[TOKEN_SECRET / 2];

	if (sodium_init() == -1)
		abort();
	randombytes_buf(raw, sizeof(raw));
	str_hex(hex, raw, sizeof(raw));
	sodium_memzero(raw, sizeof(raw));
}

void
hostprint(const char *fleet, const char *id, const char *name, const char *result_b64,
    const char *seal_b64, char out[HOSTPRINT_LEN])
{
	static const char abc[] = "abcdefghijklmnopqrstuvwxyz234567";
	const char *part[] = {"reeve-host 1", fleet, id, name, result_b64, seal_b64};
	crypto_hash_sha256_state st;
	uint8_t h[32];
	size_t n = 0;

	crypto_hash_sha256_init(&st);
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		crypto_hash_sha256_update(&st, (const uint8_t *)part[i], strlen(part[i]));
		crypto_hash_sha256_update(&st, (const uint8_t *)"\n", 1);
	}
	crypto_hash_sha256_final(&st, h);
	for (unsigned int i = 0; i < 20; i++) {
		unsigned int bit = i * 5, v = (unsigned int)h[bit / 8] << 8 | h[bit / 8 + 1];

		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = abc[v >> (11 - bit % 8) & 31];
	}
	out[n] = '\0';
}
