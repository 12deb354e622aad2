/* The audit trail's chain: made and verified by the same few lines. */

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/auditchain.h"

#define ROTATE "event=audit.rotate "

void
auditchain_next(const uint8_t key[AUDIT_KEYLEN], const char prev[AUDIT_CHAIN], const char *line,
    size_t len, char out[AUDIT_CHAIN])
{
	crypto_auth_hmacsha256_state st;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&st, key, AUDIT_KEYLEN);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)prev, AUDIT_CHAIN - 1);
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)line, len);
	crypto_auth_hmacsha256_final(&st, mac);
	str_hex(out, mac, (AUDIT_CHAIN - 1) / 2);
	sodium_memzero(&st, sizeof(st));
}

/* The digits after NAME at *P, up to the next blank; *P goes behind them. */
static int
take_number(const char **p, const char *name, uint64_t *out)
{
	size_t n = strlen(name), digits;

	if (strncmp(*p, name, n) != 0)
		return -1;
	digits = strcspn(*p + n, " ");
	if (strn_u64(*p + n, digits, 0, UINT64_MAX, out) == -1)
		return -1;
	*p += n + digits;
	return 0;
}

int
auditchain_split(const char *line, size_t len, uint64_t *seq, char chain[AUDIT_CHAIN])
{
	char copy[AUDIT_LINE], *tail;
	const char *p = copy;
	uint64_t when;

	if (len >= sizeof(copy) || len < AUDIT_CHAIN_LEN || !str_printable(line, len))
		return -1;
	memcpy(copy, line, len);
	copy[len] = '\0';
	tail = copy + len - AUDIT_CHAIN_LEN;
	if (strncmp(tail, " chain=", 7) != 0 || !valid_hex(tail + 7, AUDIT_CHAIN - 1))
		return -1;
	memcpy(chain, tail + 7, AUDIT_CHAIN);
	if (strncmp(p, "event=", 6) != 0)
		return -1;
	p += strcspn(p, " ");
	if (take_number(&p, " seq=", seq) == -1 || take_number(&p, " time=", &when) == -1)
		return -1;
	return 0;
}

struct walk {
	uint8_t key[AUDIT_KEYLEN];
	int known; /* LAST and CHAIN are where the line before ended */
	uint64_t last;
	char chain[AUDIT_CHAIN];
};

/* Where the trail stood before its first known LINE: nowhere, or as an audit.rotate line says. */
static int
find_start(struct walk *w, const char *line, size_t len, uint64_t seq, struct errmsg *e)
{
	char copy[AUDIT_LINE], *p;

	w->known = 1;
	w->last = seq - 1;
	memcpy(w->chain, AUDIT_FIRST, AUDIT_CHAIN);
	if (seq == 1)
		return 0;
	memcpy(copy, line, len);
	copy[len] = '\0';
	p = strstr(copy, " previous=");
	if (strncmp(copy, ROTATE, strlen(ROTATE)) != 0 || p == NULL ||
	    strlen(p) != 10 + AUDIT_CHAIN - 1 + AUDIT_CHAIN_LEN)
		return err_set(e,
		    "starts with seq %llu: lines before it are missing (give the file before it "
		    "first)",
		    (unsigned long long)seq);
	memcpy(w->chain, p + 10, AUDIT_CHAIN - 1);
	return 0;
}

static int
walk_line(struct walk *w, const char *line, size_t len, struct errmsg *e)
{
	char said[AUDIT_CHAIN], is[AUDIT_CHAIN];
	uint64_t seq;

	if (auditchain_split(line, len, &seq, said) == -1 || seq == 0)
		return err_set(e, "not an audit line");
	if (!w->known && find_start(w, line, len, seq, e) == -1)
		return -1;
	if (seq != w->last + 1)
		return err_set(e, "seq %llu follows %llu: lines are missing or moved",
		    (unsigned long long)seq, (unsigned long long)w->last);
	auditchain_next(w->key, w->chain, line, len - AUDIT_CHAIN_LEN, is);
	if (strcmp(is, said) != 0)
		return err_set(e, "the chain does not hold: this line or the one before it was "
				  "changed, or the key is another");
	w->last = seq;
	memcpy(w->chain, is, AUDIT_CHAIN);
	return 0;
}

static int
walk_file(struct walk *w, const char *buf, size_t len, struct errmsg *e)
{
	const char *nl, *end = buf + len;
	unsigned long long lineno = 0;

	while (buf < end) {
		lineno++;
		if ((nl = memchr(buf, '\n', (size_t)(end - buf))) == NULL)
			return err_set(e, "line %llu: torn: no newline at its end", lineno);
		if (walk_line(w, buf, (size_t)(nl - buf), e) == -1)
			return err_prefix(e, "line %llu", lineno);
		buf = nl + 1;
	}
	return 0;
}

static int
read_key(int keyfd, uint8_t key[AUDIT_KEYLEN], struct errmsg *e)
{
	char *buf;
	size_t len;

	if (fd_slurp(keyfd, AUDIT_KEYLEN + 1, &buf, &len, e) == -1)
		return err_prefix(e, "audit key");
	if (len == AUDIT_KEYLEN)
		memcpy(key, buf, AUDIT_KEYLEN);
	sodium_memzero(buf, len);
	free(buf);
	if (len != AUDIT_KEYLEN)
		return err_set(e, "audit key: %zu bytes, must be %d", len, AUDIT_KEYLEN);
	return 0;
}

int
audit_verify(int fd, int keyfd, uint64_t *last, char chain[AUDIT_CHAIN], struct errmsg *e)
{
	struct walk w = {.known = chain[0] != '\0', .last = *last};
	char *buf;
	size_t len;
	int rv;

	memcpy(w.chain, chain, w.known ? AUDIT_CHAIN : 1);
	if (read_key(keyfd, w.key, e) == -1 || fd_slurp(fd, AUDIT_FILE_MAX, &buf, &len, e) == -1)
		return -1;
	rv = walk_file(&w, buf, len, e);
	free(buf);
	sodium_memzero(w.key, sizeof(w.key));
	*last = w.last;
	memcpy(chain, w.chain, w.known ? AUDIT_CHAIN : 1);
	return rv;
}
