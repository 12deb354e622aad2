/* Framing of HTTP/1.1 answers: lines, lengths and chunks (RFC 9112 sections 6 and 7). */

#include <stdlib.h>
#include <string.h>

#include "net/http_parser.h"

struct http_parser *
http_parser_new(uint64_t body_max, int no_body)
{
	struct http_parser *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->body_max = body_max;
	p->no_body = no_body;
	return p;
}

void
http_parser_free(struct http_parser *p)
{
	free(p);
}

const struct http_head *
http_parser_head(const struct http_parser *p)
{
	return &p->head;
}

int
http_parser_large(const struct http_parser *p)
{
	return p->large;
}

/*
 * Takes bytes into the line until it is whole: 1, 0 for more, -1 with E. A line ends by CRLF; LF
 * alone and CR before anything else are breaches here, so that no later look can read them
 * otherwise.
 */
static int
take_line(struct http_parser *p, const uint8_t **buf, size_t *len, size_t max, struct errmsg *e)
{
	while (*len > 0) {
		char c = (char)**buf;

		(*buf)++;
		(*len)--;
		if (p->len > 0 && p->line[p->len - 1] == '\r') {
			if (c != '\n')
				return err_set(e, "a CR without its LF");
			p->len--;
			return 1;
		}
		if (c == '\n')
			return err_set(e, "a line that ends by LF alone");
		if (p->len == max)
			return err_set(e, "a line or a head that is too long");
		p->line[p->len++] = c;
	}
	return 0;
}

/* One line of a head; all heads of an answer together have HTTP_HEAD_MAX bytes. */
static int
head_step(struct http_parser *p, const uint8_t **buf, size_t *len, struct errmsg *e)
{
	size_t n;
	int got = take_line(p, buf, len, HTTP_HEAD_MAX - p->head_bytes, e);

	if (got != 1)
		return got;
	n = p->len;
	p->len = 0;
	p->head_bytes += n + 2;
	if (p->head_bytes >= HTTP_HEAD_MAX)
		return err_set(e, "a head of more than %d bytes", HTTP_HEAD_MAX);
	return http_head_line(p, p->line, n, e) == -1 ? -1 : 1;
}

static int
announce(struct http_parser *p, uint64_t n, struct errmsg *e)
{
	if (n > p->body_max - p->seen) {
		p->large = 1;
		return err_set(e, "a body of more than %llu bytes, the most that is taken",
		    (unsigned long long)p->body_max);
	}
	p->seen += n;
	p->left = n;
	return 0;
}

/* After the head was told: which state reads the body. */
static int
body_begin(struct http_parser *p, struct errmsg *e)
{
	struct http_head *h = &p->head;

	p->state = HS_DONE;
	if (p->no_body)
		return 0;
	if (h->status == 204 || h->status == 304) {
		if (h->chunked || (h->has_length && h->length > 0 && h->status == 204))
			return err_set(e, "a status without body, and a body's length");
		if (h->length > 0)
			h->close =
			    1; /* legal with 304, but the one place to disagree about bytes */
		return 0;
	}
	if (h->chunked) {
		p->state = HS_CHUNK_SIZE;
		return 0;
	}
	if (!h->has_length)
		return err_set(e, "a body without a length");
	if (h->length > 0)
		p->state = HS_LENGTH;
	return announce(p, h->length, e);
}

/* 1*HEXDIG and nothing else: extensions are legal, nobody needs them, and parsers differ on them */
static int
chunk_size(struct http_parser *p, const uint8_t **buf, size_t *len, struct errmsg *e)
{
	uint64_t n = 0;
	int got = take_line(p, buf, len, 17, e); /* 16 digits and the CR */

	if (got != 1)
		return got;
	if (p->len == 0)
		return err_set(e, "a chunk without a size");
	for (size_t i = 0; i < p->len; i++) {
		char c = p->line[i];
		int v = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (v == -1)
			return err_set(e, "a chunk's size that is no hexadecimal number");
		n = n << 4 | (uint64_t)v;
	}
	p->len = 0;
	p->state = n == 0 ? HS_LAST : HS_CHUNK_DATA;
	return announce(p, n, e) == -1 ? -1 : 1;
}

/* The CRLF after a chunk, and after the last one. */
static int
empty_line(struct http_parser *p, const uint8_t **buf, size_t *len, enum http_state next,
    const char *otherwise, struct errmsg *e)
{
	int got;

	if (*len == 0)
		return 0;
	if (p->len == 0 && **buf != '\r')
		return err_set(e, "%s", otherwise);
	got = take_line(p, buf, len, 1, e);
	if (got == 1)
		p->state = next;
	return got;
}

/* One step: 1 go on, 0 more bytes, -1 breach. */
static int
step(struct http_parser *p, const uint8_t **buf, size_t *len, struct errmsg *e)
{
	switch (p->state) {
	case HS_STATUS:
	case HS_FIELDS:
		return head_step(p, buf, len, e);
	case HS_CHUNK_SIZE:
		return chunk_size(p, buf, len, e);
	case HS_CHUNK_END:
		return empty_line(p, buf, len, HS_CHUNK_SIZE, "a chunk longer than its size", e);
	case HS_LAST:
		return empty_line(p, buf, len, HS_DONE, "trailers after the last chunk", e);
	case HS_REFUSED:
		return err_set(e, "%s", p->refusal.text);
	case HS_HEAD_OUT:
	case HS_LENGTH:
	case HS_CHUNK_DATA:
	case HS_DONE:
	case HS_BROKEN:
		break;
	}
	return err_set(e, "the answer was refused before");
}

static enum http_event
give_body(
    struct http_parser *p, const uint8_t **buf, size_t *len, const uint8_t **body, size_t *bodylen)
{
	size_t n = *len < p->left ? *len : (size_t)p->left;

	*body = *buf;
	*bodylen = n;
	*buf += n;
	*len -= n;
	p->left -= n;
	if (p->left == 0)
		p->state = p->state == HS_LENGTH ? HS_DONE : HS_CHUNK_END;
	return HTTP_BODY;
}

enum http_event
http_parser_feed(struct http_parser *p, const uint8_t **buf, size_t *len, const uint8_t **body,
    size_t *bodylen, struct errmsg *e)
{
	int got = 1;

	if (*len > 0)
		p->begun = 1;
	while (got == 1) {
		if (p->state == HS_DONE)
			return HTTP_DONE;
		if (p->state == HS_HEAD_OUT) {
			/* The head is told even when its body will be refused: it says who
			 * answered. */
			if (body_begin(p, &p->refusal) == -1)
				p->state = HS_REFUSED;
			return HTTP_HEAD;
		}
		if (p->state == HS_LENGTH || p->state == HS_CHUNK_DATA) {
			if (*len == 0)
				return HTTP_MORE;
			return give_body(p, buf, len, body, bodylen);
		}
		got = step(p, buf, len, e);
	}
	if (got == 0)
		return HTTP_MORE;
	p->state = HS_BROKEN;
	return HTTP_BREACH;
}

int
http_parser_eof(const struct http_parser *p, struct errmsg *e)
{
	if (!p->begun || p->state == HS_DONE)
		return 0;
	return err_set(e, "closed before the answer was whole");
}
