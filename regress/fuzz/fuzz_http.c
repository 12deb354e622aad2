/*
 * Any bytes as an HTTP answer. The first says how it is cut: whole and in pieces must end alike,
 * with the same body, and what is taken must keep the limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"

#define CAP 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	enum http_event end;
	int heads, status;
	size_t len, rest;
	uint8_t body[CAP];
};

static int
piece(struct http_parser *p, struct seen *s, const uint8_t *buf, size_t len)
{
	const uint8_t *body;
	struct errmsg e;
	size_t n;

	for (;;) {
		s->end = http_parser_feed(p, &buf, &len, &body, &n, &e);
		if (s->end == HTTP_HEAD) {
			s->heads++;
			s->status = http_parser_head(p)->status;
		} else if (s->end == HTTP_BODY) {
			if (n == 0 || n > CAP - s->len)
				abort();
			memcpy(s->body + s->len, body, n);
			s->len += n;
		} else {
			s->rest = len;
			return s->end != HTTP_MORE;
		}
	}
}

static void
run(struct seen *s, const uint8_t *data, size_t size, size_t step, int no_body)
{
	struct http_parser *p = http_parser_new(CAP, no_body);
	size_t at, n;

	if (p == NULL)
		abort();
	memset(s, 0, sizeof(*s));
	s->end = HTTP_MORE;
	for (at = 0; at < size; at += n) {
		n = step < size - at ? step : size - at;
		if (piece(p, s, data + at, n)) {
			s->rest += size - at - n;
			break;
		}
	}
	if (s->end == HTTP_MORE && s->rest > 0)
		abort();
	if (s->heads > 1 || (s->heads == 1 && (s->status < 200 || s->status > 599)))
		abort();
	if ((s->end == HTTP_DONE || s->len > 0) && s->heads != 1)
		abort();
	http_parser_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen whole, part;
	int no_body;

	if (size < 2)
		return 0;
	no_body = data[0] >> 7;
	run(&whole, data + 1, size - 1, size, no_body);
	run(&part, data + 1, size - 1, 1 + (data[0] & 0x7f), no_body);
	if (whole.end != part.end || whole.heads != part.heads || whole.len != part.len ||
	    whole.status != part.status || memcmp(whole.body, part.body, whole.len) != 0)
		abort();
	if (whole.end == HTTP_DONE && whole.rest != part.rest)
		abort();
	return 0;
}
