/* A walk over a certificate's DER (RFC 5280 section 4.1) to one extension; reads lengths only. */

#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "net/certname.h"

#define DER_INTEGER	0x02
#define DER_OCTETS	0x04
#define DER_OID		0x06
#define DER_SEQUENCE	0x30
#define DER_VERSION	0xa0 /* [0] */
#define DER_EXTENSIONS	0xa3 /* [3] */
#define GENERAL_DNS	0x82 /* [2] */
#define GENERAL_ADDRESS 0x87 /* [7] */

struct der {
	const uint8_t *p;
	size_t len;
};

static const uint8_t oid_san[] = {0x55, 0x1d, 0x11};

/* Takes one element off D: its tag, its content in IN. Definite lengths of up to three bytes. */
static int
der_take(struct der *d, uint8_t *tag, struct der *in)
{
	size_t n, head = 2;

	if (d->len < 2)
		return -1;
	*tag = d->p[0];
	n = d->p[1];
	if (n >= 0x80) {
		size_t bytes = n & 0x7f;

		if (bytes == 0 || bytes > 3 || d->len < 2 + bytes)
			return -1;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | d->p[2 + i];
		head += bytes;
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
der_want(struct der *d, uint8_t tag, struct der *in)
{
	uint8_t got;

	return der_take(d, &got, in) == -1 || got != tag ? -1 : 0;
}

/* The extension's value: GeneralNames. */
static int
names_someone(struct der value)
{
	struct der names, one;
	uint8_t tag;

	if (der_want(&value, DER_SEQUENCE, &names) == -1)
		return -1;
	while (names.len > 0) {
		if (der_take(&names, &tag, &one) == -1)
			return -1;
		if (tag == GENERAL_DNS || tag == GENERAL_ADDRESS)
			return 1;
	}
	return 0;
}

static int
in_extensions(struct der list)
{
	struct der ext, oid, value;
	uint8_t tag;

	while (list.len > 0) {
		if (der_want(&list, DER_SEQUENCE, &ext) == -1 ||
		    der_want(&ext, DER_OID, &oid) == -1)
			return -1;
		if (oid.len != sizeof(oid_san) || memcmp(oid.p, oid_san, oid.len) != 0)
			continue;
		do { /* past the BOOLEAN "critical", when it is there */
			if (der_take(&ext, &tag, &value) == -1)
				return -1;
		} while (tag != DER_OCTETS);
		return names_someone(value);
	}
	return 0;
}

static int
in_certificate(struct der d)
{
	struct der cert, tbs, in, list;
	uint8_t tag;

	if (der_want(&d, DER_SEQUENCE, &cert) == -1 || der_want(&cert, DER_SEQUENCE, &tbs) == -1)
		return -1;
	while (tbs.len > 0) {
		if (der_take(&tbs, &tag, &in) == -1)
			return -1;
		if (tag == DER_EXTENSIONS)
			return der_want(&in, DER_SEQUENCE, &list) == -1 ? -1 : in_extensions(list);
	}
	return 0;
}

int
certname_has_san(const uint8_t *pem, size_t len)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n", end[] = "-----END";
	const uint8_t *from, *to;
	struct der d = {NULL, 0};
	ssize_t n = -1;
	size_t b64 = 0;
	uint8_t *der;
	char *text;
	int rc = -1;

	if ((from = memmem(pem, len, begin, sizeof(begin) - 1)) == NULL)
		return -1;
	from += sizeof(begin) - 1;
	if ((to = memmem(from, len - (size_t)(from - pem), end, sizeof(end) - 1)) == NULL)
		return -1;
	text = malloc((size_t)(to - from) + 1);
	der = malloc((size_t)(to - from) + 1);
	if (text != NULL && der != NULL) {
		for (; from < to; from++)
			if (*from != '\n' && *from != '\r')
				text[b64++] = (char)*from;
		n = str_b64dec(der, b64, text, b64);
	}
	if (n > 0) {
		d.p = der;
		d.len = (size_t)n;
		rc = in_certificate(d);
	}
	free(text);
	free(der);
	return rc;
}
