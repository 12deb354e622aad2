/* CONNECT to a proxy, before TLS: RFC 9110 section 9.3.6. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/httpc_state.h"

static enum httpc_step
proxy_ask_step(struct httpc *c)
{
	ssize_t n = write(c->fd, c->ask.p + c->ask.done, c->ask.len - c->ask.done);

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		c->events |= POLLOUT;
		return STEP_WAIT;
	}
	if (n == -1) {
		err_errno(&c->why, "the proxy");
		return httpc_fail(c, NETF_PROXY);
	}
	c->ask.done += (size_t)n;
	if (c->ask.done == c->ask.len) {
		httpreq_free(&c->ask);
		c->state = CS_PROXY_ANSWER;
	}
	return STEP_ON;
}

/* The head must be all that came: the server speaks second in TLS. */
static enum httpc_step
proxy_head(struct httpc *c, size_t excess)
{
	int status = http_parser_head(c->proxy)->status;

	http_parser_free(c->proxy);
	c->proxy = NULL;
	if (status == 407) {
		err_set(&c->why, "the proxy wants a user and password, which reeve does not send");
		return httpc_fail(c, NETF_PROXY);
	}
	if (status != 200) {
		err_set(&c->why, "the proxy answered %d", status);
		return httpc_fail(c, NETF_PROXY);
	}
	if (excess > 0) {
		err_set(&c->why, "the proxy sent bytes after its answer");
		return httpc_fail(c, NETF_PROXY);
	}
	c->state = CS_HANDSHAKE;
	return STEP_ON;
}

static enum httpc_step
proxy_answer_step(struct httpc *c)
{
	const uint8_t *p = c->in, *body;
	size_t len, bodylen;
	ssize_t n = read(c->fd, c->in, sizeof(c->in));

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		c->events |= POLLIN;
		return STEP_WAIT;
	}
	if (n <= 0) {
		err_set(&c->why, "the proxy closed the connection: %s",
		    n == 0 ? "end" : strerror(errno));
		return httpc_fail(c, NETF_PROXY);
	}
	len = (size_t)n;
	switch (http_parser_feed(c->proxy, &p, &len, &body, &bodylen, &c->why)) {
	case HTTP_MORE:
		return STEP_ON;
	case HTTP_HEAD:
		return proxy_head(c, len);
	case HTTP_BODY:
	case HTTP_DONE:
	case HTTP_BREACH:
	default:
		err_prefix(&c->why, "the proxy");
		return httpc_fail(c, NETF_PROXY);
	}
}

enum httpc_step
httpc_proxy_step(struct httpc *c)
{
	return c->state == CS_PROXY_ASK ? proxy_ask_step(c) : proxy_answer_step(c);
}
