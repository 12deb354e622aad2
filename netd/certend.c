/* When a certificate ends: libtls tells it of the peer's only. A walk over DER (X.690), bounded. */
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "netd/certend.h"

#define DER_MAX	      12288
#define T_SEQUENCE    0x30
#define T_UTCTIME     0x17
#define T_GENERALTIME 0x18
#define T_VERSION     0xa0 /* [0], absent in version 1 */

struct der {
	const uint8_t *p;
	size_t len;
};

/* Takes one element off D: its tag and what is in it. 0 or -1. */
static int
take(struct der *d, uint8_t *tag, struct der *in)
{
	size_t n, head = 2;

	if (d->len < 2)
		return -1;
	*tag = d->p[0];
	n = d->p[1];
	if (n > 0x82 || n == 0x80)
		return -1;
	if (n > 0x80) {
		size_t bytes = n & 0x7f;

		if (d->len < 2 + bytes)
			return -1;
		for (n = 0; head < 2 + bytes; head++)
			n = n << 8 | d->p[head];
	}
	if (n > d->len - head)
		return -1;
	in->p = d->p + head;
	in->len = n;
	d->p += head + n;
	d->len -= head + n;
	return 0;
}

static int
two(const uint8_t *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -10000;
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ. */
static uint64_t
read_time(uint8_t tag, const struct der *t)
{
	const uint8_t *p = t->p;
	struct tm tm = {.tm_isdst = 0};
	time_t v;

	if (tag == T_UTCTIME && t->len == 13) {
		tm.tm_year = two(p) < 50 ? two(p) + 100 : two(p);
		p += 2;
	} else if (tag == T_GENERALTIME && t->len == 15) {
		tm.tm_year = two(p) * 100 + two(p + 2) - 1900;
		p += 4;
	} else {
		return 0;
	}
	tm.tm_mon = two(p) - 1;
	tm.tm_mday = two(p + 2);
	tm.tm_hour = two(p + 4);
	tm.tm_min = two(p + 6);
	tm.tm_sec = two(p + 8);
	if (p[10] != 'Z' || tm.tm_year < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return 0;
	v = timegm(&tm);
	return v > 0 ? (uint64_t)v : 0;
}

/* Certificate -> tbsCertificate -> version, serial, algorithm, issuer, validity -> notAfter. */
static uint64_t
walk(const uint8_t *buf, size_t len)
{
	struct der d = {buf, len}, in, t;
	uint8_t tag;

	for (int i = 0; i < 2; i++) {
		if (take(&d, &tag, &in) == -1 || tag != T_SEQUENCE)
			return 0;
		d = in;
	}
	for (int skip = d.len > 0 && d.p[0] == T_VERSION ? 4 : 3; skip > 0; skip--)
		if (take(&d, &tag, &in) == -1)
			return 0;
	if (take(&d, &tag, &in) == -1 || tag != T_SEQUENCE)
		return 0;
	if (take(&in, &tag, &t) == -1 || take(&in, &tag, &t) == -1)
		return 0;
	return read_time(tag, &t);
}

uint64_t
certend_of(const char *pem)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END";
	uint8_t der[DER_MAX];
	const char *a, *z;
	size_t len;

	if ((a = strstr(pem, begin)) == NULL || (z = strstr(a += strlen(begin), end)) == NULL)
		return 0;
	if (sodium_base642bin(der, sizeof(der), a, (size_t)(z - a), " \r\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) == -1)
		return 0;
	return walk(der, len);
}
