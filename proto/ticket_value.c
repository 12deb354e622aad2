/* The three ways to write a value in a ticket; which one is decided by the value, not by taste. */
#include "proto/ticket_value.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/strutil.h"
#include "proto/ticket.h"

#define SEALED_MAX 4096 /* bytes of a sealed box that any row may ask for */

static int
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

int
value_isplain(const char *value)
{
	size_t n = strlen(value);

	return n > 0 && str_printable(value, n) && value[0] != ' ' && value[n - 1] != ' ' &&
	       !begins(value, VALUE_B64) && !begins(value, VALUE_SEAL);
}

/* b64: and base64url without padding. */
static ssize_t
decode_b64(const struct kind_arg *a, const char *raw, char *out, size_t size, struct errmsg *e)
{
	const char *src = raw + strlen(VALUE_B64);
	ssize_t n = 0;

	if ((a->flags & AF_B64) == 0)
		return err_set(e, "argument %s: must not be written as b64:", a->name);
	if (*src != '\0' && (n = str_b64udec(out, size - 1, src, strlen(src))) == -1)
		return err_set(e, "argument %s: is not base64url without padding", a->name);
	out[n] = '\0';
	if (strlen(out) != (size_t)n)
		return err_set(e, "argument %s: must not hold a NUL byte", a->name);
	if (value_isplain(out))
		return err_set(e, "argument %s: must be written plainly, not as b64:", a->name);
	return n;
}

ssize_t
value_decode(const struct kind_arg *a, const char *raw, char *out, size_t size, struct errmsg *e)
{
	size_t n = strlen(raw);

	if (n + 1 > size)
		return err_set(e, "argument %s: is too long", a->name);
	if (begins(raw, VALUE_B64))
		return decode_b64(a, raw, out, size, e);
	if (begins(raw, VALUE_SEAL))
		return err_set(e, "argument %s: must not be sealed", a->name);
	if (!value_isplain(raw))
		return err_set(
		    e, "argument %s: must not be empty, nor begin or end with a space", a->name);
	memcpy(out, raw, n + 1);
	return (ssize_t)n;
}

int
value_seal(const struct kind_arg *a, const char *raw, struct errmsg *e)
{
	unsigned char box[SEALED_MAX];
	const char *src = raw + strlen(VALUE_SEAL);
	int64_t low = (int64_t)crypto_box_SEALBYTES + a->low;
	int64_t high = (int64_t)crypto_box_SEALBYTES + a->high;
	ssize_t n;

	if (!begins(raw, VALUE_SEAL))
		return err_set(e, "argument %s: must be sealed (seal: and base64url)", a->name);
	n = *src == '\0' ? -1 : str_b64udec(box, sizeof(box), src, strlen(src));
	if (n < low || n > high)
		return err_set(e,
		    "argument %s: must be base64url of a sealed box of %lld to %lld bytes", a->name,
		    (long long)low, (long long)high);
	return 0;
}

ssize_t
value_encode(const struct kind_arg *a, const char *value, char *out, size_t size, struct errmsg *e)
{
	size_t n = strlen(VALUE_B64);
	ssize_t len = 0;
	int plain;

	if (a->flags & AF_SEAL) {
		if (value_seal(a, value, e) == -1)
			return -1;
	} else if (arg_check(a, value, e) == -1)
		return -1;
	if ((a->flags & AF_SEAL) || value_isplain(value)) {
		plain = snprintf(out, size, "%s", value);
		if (plain < 0 || (size_t)plain >= size)
			return err_set(e, "argument %s: is too long", a->name);
		return plain;
	}
	if ((a->flags & AF_B64) == 0)
		return err_set(e, "argument %s: holds bytes that a ticket cannot carry", a->name);
	if (size <= n)
		return err_set(e, "argument %s: is too long", a->name);
	memcpy(out, VALUE_B64, n + 1);
	if (*value != '\0' && (len = str_b64uenc(out + n, size - n, value, strlen(value))) == -1)
		return err_set(e, "argument %s: is too long", a->name);
	return (ssize_t)n + len;
}
