/*
 * Keys and signatures in signify(1)'s formats: an "untrusted comment: " line and a line of base64.
 * Ed25519 by libsodium (RFC 8032; S >= L and small-order points are refused there, and tested).
 */
#ifndef PROTO_SIGNIFY_H
#define PROTO_SIGNIFY_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define SIGNIFY_TEXT_MAX    2048
#define SIGNIFY_COMMENT_MAX 1000

struct pubkey {
	uint8_t keynum[8]; /* a hint; identity is the whole key */
	uint8_t key[32];
};

struct seckey {
	uint8_t keynum[8];
	uint8_t key[64];
};

struct sig {
	uint8_t keynum[8];
	uint8_t sig[64];
};

/* Text forms. Parsing is strict: comment line, one base64 line, nothing after. 0 or -1 with E. */
int pubkey_parse(struct pubkey *k, const char *text, size_t len, struct errmsg *e);
int sig_parse(struct sig *s, const char *text, size_t len, struct errmsg *e);
/* Unencrypted secret keys only; *ENCRYPTED (may be NULL) tells a passphrase-protected one apart. */
int seckey_parse(struct seckey *k, const char *text, size_t len, int *encrypted, struct errmsg *e);
ssize_t pubkey_write(const struct pubkey *k, const char *comment, char *buf, size_t size);
ssize_t sig_write(const struct sig *s, const char *comment, char *buf, size_t size);
ssize_t seckey_write(const struct seckey *k, const char *comment, char *buf, size_t size);

/* The base64 line alone (56 and 100 characters), as key stores and messages carry them. */
int pubkey_parse_b64(struct pubkey *k, const char *b64, size_t len);
void pubkey_write_b64(const struct pubkey *k, char out[57]);
int sig_parse_b64(struct sig *s, const char *b64, size_t len);
void sig_write_b64(const struct sig *s, char out[101]);

/* A new pair from the kernel's randomness. */
void seckey_new(struct seckey *k, struct pubkey *p);
void seckey_public(const struct seckey *k, struct pubkey *p);
void seckey_sign(const struct seckey *k, const void *msg, size_t len, struct sig *out);
/* 1 when SIG over MSG is K's (key number not looked at), else 0. */
int pubkey_verify(const struct pubkey *k, const void *msg, size_t len, const struct sig *sig);
/* Refuses all-zero and small-order keys: 1 usable, 0 not. */
int pubkey_usable(const struct pubkey *k);

#endif
