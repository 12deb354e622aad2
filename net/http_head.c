/* Heads of HTTP/1.1 answers, a line at a time: RFC 9112 sections 4 and 5, read strictly. */

#include <string.h>
#include <strings.h>

#include "lib/strutil.h"
#include "net/http_parser.h"

int
http_is_tchar(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return 1;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* What a reason or a value may hold: no control byte but the tab, so no NUL and no lone CR. */
static int
is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return 0;
	}
	return 1;
}

static int
word_is(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

static int
status_line(struct http_parser *p, const char *s, size_t len, struct errmsg *e)
{
	uint64_t code;

	if (len < 13 || strncmp(s, "HTTP/1.", 7) != 0 || (s[7] != '0' && s[7] != '1') ||
	    s[8] != ' ' || s[12] != ' ' || strn_u64(s + 9, 3, 100, 599, &code) == -1 ||
	    !is_text(s, len))
		return err_set(e, "the answer does not begin as HTTP/1.1 does");
	if (code == 101)
		return err_set(e, "status 101: the server wants to speak another protocol");
	memset(&p->head, 0, sizeof(p->head));
	p->once = 0;
	p->head.status = (int)code;
	p->head.http10 = s[7] == '0';
	p->head.close = p->head.http10;
	p->state = HS_FIELDS;
	return 0;
}

static int
field_length(struct http_parser *p, const char *v, size_t len, struct errmsg *e)
{
	if (strn_u64(v, len, 0, INT64_MAX, &p->head.length) == -1)
		return err_set(e, "a Content-Length that is no plain number");
	p->head.has_length = 1;
	return 0;
}

static int
field_coding(struct http_parser *p, const char *v, size_t len, struct errmsg *e)
{
	if (!word_is(v, len, "chunked"))
		return err_set(e, "a Transfer-Encoding other than chunked");
	if (p->head.http10)
		return err_set(e, "a Transfer-Encoding in an HTTP/1.0 answer");
	p->head.chunked = 1;
	return 0;
}

/* media type, and parameters that mean nothing for JSON (RFC 8259 section 11) */
static int
field_type(struct http_parser *p, const char *v, size_t len)
{
	const char *semi = memchr(v, ';', len);
	size_t n = semi != NULL ? (size_t)(semi - v) : len;

	while (n > 0 && (v[n - 1] == ' ' || v[n - 1] == '\t'))
		n--;
	p->head.json = word_is(v, n, "application/json");
	return 0;
}

static int
field_retry(struct http_parser *p, const char *v, size_t len)
{
	if (strn_u64(v, len, 0, UINT32_MAX, &p->head.retry_after) == -1)
		p->head.retry_after = 0;
	return 0;
}

static int
field_reeve(struct http_parser *p, const char *v, size_t len, struct errmsg *e)
{
	if (len == 0 || len >= sizeof(p->head.reeve) || !str_printable(v, len))
		return err_set(e, "a field Reeve that is no version");
	memcpy(p->head.reeve, v, len);
	p->head.reeve[len] = '\0';
	return 0;
}

/* Connection is a list (RFC 9110 section 7.6.1); only "close" means something to us. */
static int
field_connection(struct http_parser *p, const char *v, size_t len)
{
	size_t a = 0, b;

	while (a < len) {
		const char *comma = memchr(v + a, ',', len - a);
		size_t next = comma != NULL ? (size_t)(comma - v) : len;

		for (b = next; b > a && (v[b - 1] == ' ' || v[b - 1] == '\t'); b--)
			;
		while (a < b && (v[a] == ' ' || v[a] == '\t'))
			a++;
		if (word_is(v + a, b - a, "close"))
			p->head.close = 1;
		a = next + 1;
	}
	return 0;
}

static int
first(struct http_parser *p, enum http_once bit, struct errmsg *e)
{
	if (p->once & bit)
		return err_set(e, "a field stands twice that may stand once");
	p->once |= bit;
	return 0;
}

/* A field whose meaning we know; all others were only checked for their form. */
static int
known_field(
    struct http_parser *p, const char *n, size_t nlen, const char *v, size_t len, struct errmsg *e)
{
	if (word_is(n, nlen, "content-length"))
		return first(p, HO_LENGTH, e) == -1 ? -1 : field_length(p, v, len, e);
	if (word_is(n, nlen, "transfer-encoding"))
		return first(p, HO_CODING, e) == -1 ? -1 : field_coding(p, v, len, e);
	if (word_is(n, nlen, "content-encoding"))
		return err_set(e, "a Content-Encoding, and none was asked for");
	if (word_is(n, nlen, "content-type"))
		return first(p, HO_TYPE, e) == -1 ? -1 : field_type(p, v, len);
	if (word_is(n, nlen, "retry-after"))
		return first(p, HO_RETRY, e) == -1 ? -1 : field_retry(p, v, len);
	if (word_is(n, nlen, "reeve"))
		return first(p, HO_REEVE, e) == -1 ? -1 : field_reeve(p, v, len, e);
	if (word_is(n, nlen, "connection"))
		return field_connection(p, v, len);
	return 0;
}

static int
field_line(struct http_parser *p, const char *s, size_t len, struct errmsg *e)
{
	size_t n = 0;

	if (++p->fields > HTTP_FIELDS)
		return err_set(e, "more than %d header fields", HTTP_FIELDS);
	if (s[0] == ' ' || s[0] == '\t')
		return err_set(e, "a header field folded over two lines");
	while (n < len && http_is_tchar((unsigned char)s[n]))
		n++;
	if (n == 0 || n == len || s[n] != ':')
		return err_set(e, "a header line without name and colon");
	if (!is_text(s, len))
		return err_set(e, "a control byte in a header field");
	const char *v = s + n + 1;
	size_t vlen = len - n - 1;

	while (vlen > 0 && (*v == ' ' || *v == '\t')) {
		v++;
		vlen--;
	}
	while (vlen > 0 && (v[vlen - 1] == ' ' || v[vlen - 1] == '\t'))
		vlen--;
	return known_field(p, s, n, v, vlen, e);
}

/* The empty line: how long is the body? RFC 9112 section 6.3, without its guesses. */
static int
head_end(struct http_parser *p, struct errmsg *e)
{
	struct http_head *h = &p->head;

	if (h->has_length && h->chunked)
		return err_set(e, "both Content-Length and Transfer-Encoding");
	if (h->status >= 200) {
		p->state = HS_HEAD_OUT;
		return 0;
	}
	if (h->has_length || h->chunked)
		return err_set(e, "an interim answer with a body");
	if (++p->interim > HTTP_INTERIM)
		return err_set(e, "more than %d interim answers", HTTP_INTERIM);
	p->state = HS_STATUS;
	return 0;
}

int
http_head_line(struct http_parser *p, const char *s, size_t len, struct errmsg *e)
{
	if (p->state == HS_STATUS)
		return status_line(p, s, len, e);
	if (len == 0)
		return head_end(p, e);
	return field_line(p, s, len, e);
}
