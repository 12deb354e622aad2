/*
 * The enrolment token: one line that `reeve host add` prints once and `reevectl enroll` takes.
 *
 *	reeve1,URL,CA,SECRET
 *	URL	https://HOST[:PORT][/PREFIX], as url_parse() takes it
 *	CA	"sha256:" and 64 hex digits over the DER of the site's CA certificate, or "bundle"
 *	SECRET	48 lower-case hex digits: 24 random bytes, used once
 *
 * ctld keeps H = SHA-256(the 24 bytes) and never the secret. The secret is not sent either: the
 * enrolment carries token_id(H), which names the token, and token_mac(H), which proves it.
 */
#ifndef PROTO_TOKEN_H
#define PROTO_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define TOKEN_SECRET 48 /* hex digits, of bearer secrets and operator tokens too */
#define TOKEN_MAX    1024

struct url {
	char host[254];	  /* a host name in lower case, or an address without brackets */
	uint16_t port;	  /* API_PORT when none is named */
	char prefix[256]; /* "" or "/x/y": no slash at its end, unreserved characters only */
};
/* https only; no user, query or fragment. 0, or -1 with E saying what must be instead. */
int url_parse(struct url *u, const char *text, struct errmsg *e);
/* Canonical text; brackets around an IPv6 address; always with the port. */
void url_text(const struct url *u, char *buf, size_t size);

struct token {
	struct url url;
	int bundle;	/* the CA is the distribution's bundle */
	uint8_t ca[32]; /* else: SHA-256 of its DER */
	uint8_t secret[24];
};
/*
 * 0, or -1 with E. Errors tell apart what people paste: a host id (32 hex) is no secret, a secret
 * that is not 48 hex, a plaintext URL, a token that is cut.
 */
int token_parse(struct token *t, const char *text, struct errmsg *e);
void token_text(const struct token *t, char *buf, size_t size);

/* H of a secret; the id (first 16 bytes of HMAC-SHA-256(H, "reeve-token-id"), as hex); the MAC
 * (HMAC-SHA-256(H, "reeve-token-csr" NUL DATA), as hex). */
void token_hash(const uint8_t secret[24], uint8_t h[32]);
void token_id(const uint8_t h[32], char id[33]);
void token_mac(const uint8_t h[32], const void *data, size_t len, char mac[65]);
/* A new secret as 48 hex digits; and 48 hex digits back into bytes, 0 or -1 with E as above. */
void secret_new(char hex[TOKEN_SECRET + 1]);
int secret_parse(uint8_t secret[24], const char *hex, struct errmsg *e);

/*
 * What an operator compares before a host is pinned: 20 base32 characters (RFC 4648, lower case) of
 * SHA-256 over "reeve-host 1\n" fleet LF id LF name LF result key LF seal key LF, in groups of
 * four: 100 bits. `reevectl fingerprint` shows it on the host, `reeve host show` what ctld says.
 */
#define HOSTPRINT_LEN 25
void hostprint(const char *fleet, const char *id, const char *name, const char *result_b64,
    const char *seal_b64, char out[HOSTPRINT_LEN]);

#endif
