/* The documents of proto/api.h, read and written by their tables. */
#include "proto/api_field.h"

#include <stdlib.h>
#include <string.h>

#include "lib/netaddr.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/api.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

static int
is_host(const char *s)
{
	char lower[254];
	size_t i;

	for (i = 0; s[i] != '\0' && i + 1 < sizeof(lower); i++)
		lower[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
	lower[i] = '\0';
	return s[i] == '\0' && valid_hostname(lower);
}

/* 8-4-4-4-12 lower-case hex digits. */
static int
is_uuid(const char *s)
{
	if (strlen(s) != 36)
		return 0;
	for (size_t i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return 0;
		} else if (strchr(DIGIT "abcdef", s[i]) == NULL)
			return 0;
	}
	return 1;
}

/* The frame only: what stands in it is for the libraries that read X.509. */
static int
is_pem(const char *s)
{
	size_t n = strlen(s);

	if (strncmp(s, "-----BEGIN ", 11) != 0 || s[n - 1] != '\n')
		return 0;
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\n' && (s[i] < 0x20 || s[i] > 0x7e))
			return 0;
	return 1;
}

static int
is_key32(const char *s)
{
	uint8_t raw[33];

	return str_b64dec(raw, sizeof(raw), s, strlen(s)) == 32;
}

static int
is_state(const char *s)
{
	return strcmp(s, "accepted") == 0 || strcmp(s, "refused") == 0 ||
	       strcmp(s, "started") == 0 || strcmp(s, "finished") == 0;
}

static int
fits(enum api_fmt fmt, const char *s, size_t size)
{
	struct netaddr a;
	struct pubkey k;

	switch (fmt) {
	case FMT_HEX:
		return valid_hex(s, size - 1);
	case FMT_HOST:
		return is_host(s);
	case FMT_VERSION:
		return *s != '\0' && s[strspn(s, LOWER UPPER DIGIT ".+~-")] == '\0';
	case FMT_UUID:
		return is_uuid(s);
	case FMT_PEM:
		return is_pem(s);
	case FMT_ADDR:
		return netaddr_parse(&a, s) == 0;
	case FMT_IDENT:
		return valid_ident(s);
	case FMT_KIND:
		return *s != '\0' && s[strspn(s, LOWER DIGIT "-.")] == '\0';
	case FMT_PUBKEY:
		return pubkey_parse_b64(&k, s, strlen(s)) == 0;
	case FMT_KEY32:
		return is_key32(s);
	case FMT_STATE:
		return is_state(s);
	case FMT_TEXT:
		return *s != '\0' && str_printable(s, strlen(s));
	default:
		return 0;
	}
}

/* Of a string member: what it must be. */
static int
must_be(enum api_fmt fmt, size_t size, struct errmsg *e)
{
	switch (fmt) {
	case FMT_HEX:
		return err_set(e, "must be %zu lower-case hex digits", size - 1);
	case FMT_HOST:
		return err_set(e, "must be a host name");
	case FMT_VERSION:
		return err_set(e, "must be a version of at most %zu bytes", size - 1);
	case FMT_UUID:
		return err_set(e, "must be a boot id as the kernel writes it");
	case FMT_PEM:
		return err_set(e, "must be PEM of at most %zu bytes", size - 1);
	case FMT_ADDR:
		return err_set(e, "must be an IPv4 or IPv6 address");
	case FMT_IDENT:
		return err_set(e, "must be letters, digits and . _ -, at most 64");
	case FMT_KIND:
		return err_set(e, "must be the name of a kind");
	case FMT_PUBKEY:
		return err_set(e, "must be the base64 of a public key, as signify writes it");
	case FMT_KEY32:
		return err_set(e, "must be the base64 of 32 bytes");
	case FMT_STATE:
		return err_set(e, "must be accepted, refused, started or finished");
	default:
		return err_set(e, "must be printable text of at most %zu bytes", size - 1);
	}
}

int
api_str_get(const struct json *j, int v, enum api_fmt fmt, int empty, char *dst, size_t size,
    struct errmsg *e)
{
	if (json_str(j, v, dst, size) == 0 && ((empty && dst[0] == '\0') || fits(fmt, dst, size)))
		return 0;
	dst[0] = '\0';
	return must_be(fmt, size, e);
}

static int
num_get(const struct json *j, int v, const struct api_field *f, void *p, struct errmsg *e)
{
	uint64_t u;
	uint32_t small;

	if (json_u64(j, v, f->min, f->max, &u) == -1)
		return err_set(e, "must be a whole number of %llu to %llu",
		    (unsigned long long)f->min, (unsigned long long)f->max);
	small = (uint32_t)u;
	if (f->fmt == FMT_U32)
		memcpy(p, &small, sizeof(small));
	else
		memcpy(p, &u, sizeof(u));
	return 0;
}

static int
list_get(const struct json *j, int v, const struct api_field *f, char *m, struct errmsg *e)
{
	size_t n = json_len(j, v);

	if (json_type(j, v) != JSON_ARRAY || n > f->max)
		return err_set(e, "must be an array of at most %llu", (unsigned long long)f->max);
	for (size_t i = 0; i < n; i++)
		if (api_str_get(
			j, json_at(j, v, i), f->fmt, 0, m + f->off + i * f->size, f->size, e) == -1)
			return err_prefix(e, "element %zu", i + 1);
	memcpy(m + f->min, &n, sizeof(n));
	return 0;
}

static int
one_get(const struct json *j, int v, const struct api_field *f, char *m, struct errmsg *e)
{
	if (f->fmt == FMT_OTHER)
		return 0;
	if (f->list)
		return list_get(j, v, f, m, e);
	if (f->fmt == FMT_U32 || f->fmt == FMT_U64)
		return num_get(j, v, f, m + f->off, e);
	return api_str_get(j, v, f->fmt, f->empty != 0, m + f->off, f->size, e);
}

int
api_fields_get(
    const struct json *j, int v, const struct api_field *f, size_t n, void *m, struct errmsg *e)
{
	const char *names[API_ROWS + 1] = {NULL};
	int member;

	if (n > API_ROWS)
		return err_set(e, "a table of too many rows");
	for (size_t i = 0; i < n; i++)
		names[i] = f[i].name;
	if (json_type(j, v) != JSON_OBJECT)
		return err_set(e, "must be an object");
	if (json_only(j, v, names, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if ((member = json_get(j, v, f[i].name)) == -1)
			return err_set(e, "missing member \"%s\"", f[i].name);
		if (one_get(j, member, &f[i], m, e) == -1)
			return err_prefix(e, "member \"%s\"", f[i].name);
	}
	return 0;
}

struct json *
api_open(const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;

	if (len > API_BODY_MAX) {
		err_set(e, "the document is larger than %d bytes", API_BODY_MAX);
		return NULL;
	}
	if ((j = json_parse(buf, len, e)) == NULL)
		return NULL;
	if (json_type(j, 0) == JSON_OBJECT)
		return j;
	err_set(e, "the document must be an object");
	json_free(j);
	return NULL;
}

int
api_doc_get(
    const char *buf, size_t len, const struct api_field *f, size_t n, void *m, struct errmsg *e)
{
	struct json *j;
	int rv;

	if ((j = api_open(buf, len, e)) == NULL)
		return -1;
	rv = api_fields_get(j, 0, f, n, m, e);
	json_free(j);
	return rv;
}

static void
list_put(struct jsonout *o, const struct api_field *f, const char *m)
{
	size_t n;

	memcpy(&n, m + f->min, sizeof(n));
	if (n > f->max) {
		o->failed = 1;
		return;
	}
	jo_arr(o, f->name);
	for (size_t i = 0; i < n; i++)
		jo_str(o, NULL, m + f->off + i * f->size);
	jo_end(o);
}

static void
one_put(struct jsonout *o, const struct api_field *f, const char *m)
{
	uint32_t small;
	uint64_t u;

	if (f->list)
		list_put(o, f, m);
	else if (f->fmt == FMT_U32) {
		memcpy(&small, m + f->off, sizeof(small));
		jo_u64(o, f->name, small);
	} else if (f->fmt == FMT_U64) {
		memcpy(&u, m + f->off, sizeof(u));
		jo_u64(o, f->name, u);
	} else if (f->fmt != FMT_OTHER)
		jo_str(o, f->name, m + f->off);
}

void
api_fields_put(struct jsonout *o, const struct api_field *f, size_t n, const void *m)
{
	for (size_t i = 0; i < n; i++)
		one_put(o, &f[i], m);
}

char *
api_done(struct jsonout *o)
{
	char *text = NULL;

	if (jo_text(o) != NULL) {
		text = o->buf;
		o->buf = NULL;
	}
	jo_free(o);
	return text;
}

char *
api_doc_put(const struct api_field *f, size_t n, const void *m)
{
	struct jsonout o;

	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	api_fields_put(&o, f, n, m);
	jo_end(&o);
	return api_done(&o);
}
