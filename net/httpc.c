/*
 * The connection's state machine. Each step does one read, write or handshake and says whether to
 * go on, to wait, or that all is over; httpc_run() strings steps together and then looks at the
 * clock.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/httpc_state.h"
#include "net/tlsconn.h"

#define RUN_STEPS 64 /* then others get their turn */

uint64_t
net_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

const char *
net_fault_name(enum net_fault f)
{
	switch (f) {
	case NETF_NONE:
		return "none";
	case NETF_CONNECT:
		return "connect";
	case NETF_PROXY:
		return "proxy";
	case NETF_TLS:
		return "tls";
	case NETF_CLOSED:
		return "closed";
	case NETF_TIME:
		return "time";
	case NETF_PROTOCOL:
		return "protocol";
	case NETF_LARGE:
		return "large";
	case NETF_LOCAL:
		return "local";
	}
	return "unknown";
}

uint64_t
httpc_after(unsigned int ms)
{
	return net_now() + ms;
}

/* ---- ends ---- */

static void
httpc_destroy(struct httpc *c)
{
	if (c->tls != NULL) {
		if (c->secure && c->fault == NETF_NONE)
			tls_close(c->tls); /* close_notify, if it goes out now */
		tls_free(c->tls);
	}
	if (c->fd != -1)
		close(c->fd);
	httpreq_free(&c->out);
	httpreq_free(&c->ask);
	http_parser_free(c->parser);
	http_parser_free(c->proxy);
	free(c->host);
	free(c->agent);
	explicit_bzero(c->in, sizeof(c->in));
	free(c);
}

void
httpc_free(struct httpc *c)
{
	if (c == NULL)
		return;
	c->busy = 0;
	if (c->depth > 0)
		c->doomed = 1; /* httpc_run() is below us and ends it */
	else
		httpc_destroy(c);
}

/* ---- sending ---- */

static enum httpc_step
write_step(struct httpc *c)
{
	size_t left = c->out.len - c->out.done;
	ssize_t n =
	    tls_write(c->tls, c->out.p + c->out.done, left < HTTPC_READ ? left : HTTPC_READ);

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		c->events |= n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		return STEP_WAIT;
	}
	if (n < 0)
		return httpc_fail(
		    c, tlsconn_io_words(c->tls, !c->read_any && c->has_cert, &c->why));
	c->out.done += (size_t)n;
	if (c->out.done == c->out.len) {
		c->sent = 1;
		c->state = CS_HEAD;
		c->deadline = httpc_after(c->r.head_ms);
	}
	return STEP_ON;
}

/*
 * Reads first: what lies there before the first byte was sent answers no request of ours, and an
 * error status that comes amid a large body is worth more than the broken pipe after it.
 */
static enum httpc_step
send_step(struct httpc *c)
{
	enum httpc_step s = httpc_read_step(c);

	if (s != STEP_WAIT)
		return s;
	return write_step(c);
}

static void
send_begin(struct httpc *c)
{
	c->state = CS_SEND;
	c->deadline = httpc_after(c->r.send_ms);
	c->events = POLLIN | POLLOUT;
}

/* ---- the way to TLS ---- */

static enum httpc_step
handshake_step(struct httpc *c)
{
	int n = tls_handshake(c->tls);

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		c->events |= n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		return STEP_WAIT;
	}
	if (n != 0) {
		tlsconn_handshake_words(c->tls, &c->why);
		return httpc_fail(c, NETF_TLS);
	}
	if (tlsconn_judge(c->tls, c->no_verify, &c->why) == -1)
		return httpc_fail(c, NETF_TLS);
	c->secure = 1;
	c->state = CS_IDLE;
	c->deadline = HTTPC_NEVER;
	if (c->busy)
		send_begin(c);
	return STEP_ON;
}

/* ---- the whole ---- */

static enum httpc_step
one_step(struct httpc *c)
{
	c->events = 0;
	switch (c->state) {
	case CS_PROXY_ASK:
	case CS_PROXY_ANSWER:
		return httpc_proxy_step(c);
	case CS_HANDSHAKE:
		return handshake_step(c);
	case CS_SEND:
		return send_step(c);
	case CS_IDLE:
	case CS_HEAD:
	case CS_BODY:
		return httpc_read_step(c);
	case CS_OVER:
		break;
	}
	return STEP_OVER;
}

/* In words, which phase was late. */
static const char *
phase(const struct httpc *c)
{
	switch (c->state) {
	case CS_PROXY_ASK:
	case CS_PROXY_ANSWER:
		return "the proxy did not answer";
	case CS_HANDSHAKE:
		return "the TLS handshake was not done";
	case CS_SEND:
		return "the request could not be sent";
	case CS_HEAD:
		return "the server did not answer";
	case CS_BODY:
		return "the answer did not end";
	case CS_IDLE:
	case CS_OVER:
		break;
	}
	return "nothing happened";
}

void
httpc_run(struct httpc *c)
{
	enum httpc_step s = STEP_ON;

	c->depth++;
	c->again = 0;
	for (int i = 0; i < RUN_STEPS && s == STEP_ON && !c->doomed; i++)
		s = one_step(c);
	if (!c->doomed && s == STEP_ON && c->state != CS_OVER) {
		c->again = 1; /* alive, and not only when the socket says so */
		c->events = POLLIN | POLLOUT;
	}
	if (!c->doomed && c->state != CS_OVER && net_now() >= c->deadline) {
		err_set(&c->why, "%s in time", phase(c));
		httpc_fail(c, NETF_TIME);
	}
	c->depth--;
	if (c->doomed && c->depth == 0)
		httpc_destroy(c);
}

static int
begin(struct httpc *c, const struct httpc_in *in, struct errmsg *e)
{
	c->has_cert = in->conf->has_cert;
	c->no_verify = in->conf->no_verify;
	c->deadline = httpc_after(in->setup_ms);
	c->events = POLLIN | POLLOUT;
	c->state = CS_HANDSHAKE;
	if ((c->host = strdup(in->host)) == NULL ||
	    (in->agent != NULL && (c->agent = strdup(in->agent)) == NULL))
		return err_set(e, "out of memory");
	if (in->proxy_to != NULL) {
		c->state = CS_PROXY_ASK;
		if (httpreq_connect(&c->ask, in->proxy_to, in->agent, e) == -1)
			return -1;
		if ((c->proxy = http_parser_new(0, 1)) == NULL)
			return err_set(e, "out of memory");
	}
	c->tls = tlsconn_new(in->conf, c->fd, e);
	return c->tls == NULL ? -1 : 0;
}

struct httpc *
httpc_new(const struct httpc_in *in, struct errmsg *e)
{
	struct httpc *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(in->fd);
		err_set(e, "out of memory");
		return NULL;
	}
	c->fd = in->fd;
	if (begin(c, in, e) == -1) {
		httpc_destroy(c);
		return NULL;
	}
	return c;
}

int
httpc_request(struct httpc *c, const struct httpc_req *r)
{
	struct httpreq_text text;
	struct errmsg e;

	if (c->busy || c->doomed || c->state == CS_OVER)
		return -1;
	if (httpreq_text(&text, c->host, c->agent, r, &e) == -1)
		return -1;
	c->parser = http_parser_new(r->body_max, strcmp(r->method, "HEAD") == 0);
	if (c->parser == NULL) {
		httpreq_free(&text);
		return -1;
	}
	c->out = text;
	c->r = *r;
	c->busy = 1;
	c->sent = c->early = 0;
	if (c->state == CS_IDLE)
		send_begin(c);
	return 0;
}

int
httpc_reusable(const struct httpc *c)
{
	return !c->busy && !c->doomed && c->state == CS_IDLE;
}

int
httpc_was_sent(const struct httpc *c)
{
	return c->sent;
}

short
httpc_events(const struct httpc *c)
{
	return c->events;
}

int
httpc_fd(const struct httpc *c)
{
	return c->fd;
}

uint64_t
httpc_deadline(const struct httpc *c)
{
	return c->again ? 0 : c->deadline;
}

enum net_fault
httpc_fault(const struct httpc *c, const char **why)
{
	*why = c->state == CS_OVER ? c->why.text : "";
	return c->state == CS_OVER ? c->fault : NETF_NONE;
}

const uint8_t *
httpc_chain(const struct httpc *c, size_t *len)
{
	return c->secure ? tls_peer_cert_chain_pem(c->tls, len) : NULL;
}

uint64_t
httpc_peer_notafter(const struct httpc *c)
{
	time_t t = c->secure ? tls_peer_cert_notafter(c->tls) : -1;

	return t > 0 ? (uint64_t)t : 0;
}
