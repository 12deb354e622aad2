/* reeve-confirm 1: one writer, so that signer and verifier cannot differ; nobody parses it. */
#include <stdio.h>

#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/confirm.h"

ssize_t
confirm_write(const struct confirm *c, char *buf, size_t size)
{
	char host[33], job[33], nonce[65];
	int n;

	if (!valid_hostname(c->host_name))
		return -1;
	str_hex(host, c->host_id, sizeof(c->host_id));
	str_hex(job, c->job, sizeof(c->job));
	str_hex(nonce, c->nonce, sizeof(c->nonce));
	n = snprintf(buf, size, "reeve-confirm 1\nhost %s %s\njob %s\nnonce %s\nend\n", host,
	    c->host_name, job, nonce);
	return n > 0 && (size_t)n < size ? n : -1;
}

int
confirm_sign(const struct confirm *c, const struct seckey *k, struct sig *out)
{
	char text[CONFIRM_MAX];
	ssize_t len = confirm_write(c, text, sizeof(text));

	if (len == -1)
		return -1;
	seckey_sign(k, text, (size_t)len, out);
	return 0;
}

int
confirm_verify(const struct confirm *c, const struct pubkey *k, const struct sig *sig)
{
	char text[CONFIRM_MAX];
	ssize_t len = confirm_write(c, text, sizeof(text));

	return len != -1 && pubkey_verify(k, text, (size_t)len, sig);
}
