/* Answers as they come in, and how a request and its connection end. */

#include <poll.h>
#include <tls.h>

#include "net/httpc_state.h"
#include "net/tlsconn.h"

void
httpc_over(struct httpc *c, enum net_fault fault)
{
	c->state = CS_OVER;
	c->fault = fault;
	c->events = 0;
	c->deadline = HTTPC_NEVER;
}

void
httpc_request_done(struct httpc *c, enum net_fault fault, const char *why)
{
	struct httpc_req r = c->r;

	httpreq_free(&c->out);
	http_parser_free(c->parser);
	c->parser = NULL;
	if (!c->busy)
		return;
	c->busy = 0;
	if (r.done != NULL)
		r.done(c, fault, why, r.arg);
}

enum httpc_step
httpc_fail(struct httpc *c, enum net_fault fault)
{
	struct errmsg why = c->why;

	httpc_over(c, fault);
	httpc_request_done(c, fault, why.text);
	return STEP_OVER;
}

static enum httpc_step
answer_head(struct httpc *c)
{
	const struct http_head *h = http_parser_head(c->parser);

	c->early = c->state == CS_SEND;
	if (c->early && h->status < 400) {
		err_set(&c->why, "an answer to a request that was not yet sent");
		return httpc_fail(c, NETF_PROTOCOL);
	}
	c->state = CS_BODY;
	c->body_end = c->r.body_ms > 0 ? httpc_after(c->r.body_ms) : HTTPC_NEVER;
	if (c->r.head != NULL && c->r.head(c, h, c->r.arg) == -1 && !c->doomed) {
		err_set(&c->why, "given up after the answer's head");
		return httpc_fail(c, NETF_LOCAL);
	}
	return c->doomed ? STEP_OVER : STEP_ON;
}

static enum httpc_step
answer_piece(struct httpc *c, const uint8_t *p, size_t len)
{
	if (c->r.piece != NULL && c->r.piece(c, p, len, c->r.arg) == -1 && !c->doomed) {
		err_set(&c->why, "given up within the answer's body");
		return httpc_fail(c, NETF_LOCAL);
	}
	return c->doomed ? STEP_OVER : STEP_ON;
}

/* The answer is whole. Bytes after it belong to nobody: the connection ends, the answer counts. */
static enum httpc_step
answer_done(struct httpc *c, size_t excess)
{
	int close_it = http_parser_head(c->parser)->close || c->early;

	if (excess > 0) {
		err_set(&c->why, "bytes after the end of the answer");
		httpc_over(c, NETF_PROTOCOL);
	} else if (close_it) {
		err_set(&c->why, "the server closes after this answer");
		httpc_over(c, NETF_NONE);
	} else {
		c->state = CS_IDLE;
		c->deadline = HTTPC_NEVER;
	}
	httpc_request_done(c, NETF_NONE, "");
	return c->doomed || c->state == CS_OVER ? STEP_OVER : STEP_ON;
}

static void
body_deadline(struct httpc *c)
{
	c->deadline = c->body_end;
	if (c->r.body_idle_ms > 0 && httpc_after(c->r.body_idle_ms) < c->deadline)
		c->deadline = httpc_after(c->r.body_idle_ms);
}

static enum httpc_step
answer_feed(struct httpc *c, const uint8_t *p, size_t len)
{
	const uint8_t *body;
	size_t bodylen;
	enum httpc_step s;

	for (;;) {
		switch (http_parser_feed(c->parser, &p, &len, &body, &bodylen, &c->why)) {
		case HTTP_MORE:
			return STEP_ON;
		case HTTP_HEAD:
			s = answer_head(c);
			if (s == STEP_ON)
				body_deadline(c);
			break;
		case HTTP_BODY:
			s = answer_piece(c, body, bodylen);
			if (s == STEP_ON)
				body_deadline(c);
			break;
		case HTTP_DONE:
			return answer_done(c, len);
		case HTTP_BREACH:
		default:
			return httpc_fail(
			    c, http_parser_large(c->parser) ? NETF_LARGE : NETF_PROTOCOL);
		}
		if (s != STEP_ON)
			return s;
	}
}

static enum httpc_step
read_ended(struct httpc *c, ssize_t n)
{
	enum net_fault fault = NETF_CLOSED;

	if (n < 0) {
		fault = tlsconn_io_words(c->tls, !c->read_any && c->has_cert, &c->why);
	} else if (c->busy && !c->read_any && c->has_cert) {
		err_set(&c->why, "the server closed or refused after the handshake: does it know "
				 "this certificate?");
	} else if (!c->busy || c->parser == NULL || http_parser_eof(c->parser, &c->why) == 0) {
		err_set(&c->why, "the server closed the connection");
	}
	return httpc_fail(c, fault);
}

enum httpc_step
httpc_read_step(struct httpc *c)
{
	ssize_t n = tls_read(c->tls, c->in, sizeof(c->in));

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		c->events |= n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		return STEP_WAIT;
	}
	if (n <= 0)
		return read_ended(c, n);
	c->read_any = 1;
	if (c->state == CS_IDLE || (c->state == CS_SEND && c->out.done == 0)) {
		err_set(&c->why, "bytes from the server before any request");
		return httpc_fail(c, NETF_PROTOCOL);
	}
	return answer_feed(c, c->in, (size_t)n);
}
