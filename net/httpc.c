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

#include "net/httpc.h"
#include "net/httpreq.h"
#include "net/tlsconn.h"

#define READ_SIZE 16384 /* a whole TLS record, so that none stays behind unseen by poll(2) */
#define RUN_STEPS 64	/* then others get their turn */
#define NEVER	  UINT64_MAX

enum httpc_state {
	CS_PROXY_ASK,
	CS_PROXY_ANSWER,
	CS_HANDSHAKE,
	CS_IDLE,
	CS_SEND,
	CS_HEAD,
	CS_BODY,
	CS_OVER
};

enum step { STEP_ON, STEP_WAIT, STEP_OVER };

struct httpc {
	enum httpc_state state;
	struct tls *tls;
	int fd, has_cert, no_verify;
	char *host, *agent;
	short events;
	uint64_t deadline, body_end;

	struct httpc_req r;
	int busy;     /* a request waits or is under way */
	int sent;     /* it was written whole */
	int early;    /* its answer began before that */
	int read_any; /* any byte came through TLS */
	struct httpreq_text out;
	struct http_parser *parser;
	struct httpreq_text ask; /* CONNECT */
	struct http_parser *proxy;
	int secure; /* the handshake is done */

	enum net_fault fault; /* of the connection */
	struct errmsg why;
	int depth, doomed; /* within callbacks; freed there */
	int again;	   /* left off with work to do */
	uint8_t in[READ_SIZE];
};

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

static uint64_t
after_ms(unsigned int ms)
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

static void
over(struct httpc *c, enum net_fault fault)
{
	c->state = CS_OVER;
	c->fault = fault;
	c->events = 0;
	c->deadline = NEVER;
}

/* The request is over: its memory goes, then its owner hears of it, and may make another. */
static void
request_done(struct httpc *c, enum net_fault fault, const char *why)
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

/* C->why holds the words. */
static enum step
fail(struct httpc *c, enum net_fault fault)
{
	struct errmsg why = c->why;

	over(c, fault);
	request_done(c, fault, why.text);
	return STEP_OVER;
}

/* ---- reading answers ---- */

static enum step
answer_head(struct httpc *c)
{
	const struct http_head *h = http_parser_head(c->parser);

	c->early = c->state == CS_SEND;
	if (c->early && h->status < 400) {
		err_set(&c->why, "an answer to a request that was not yet sent");
		return fail(c, NETF_PROTOCOL);
	}
	c->state = CS_BODY;
	c->body_end = c->r.body_ms > 0 ? after_ms(c->r.body_ms) : NEVER;
	if (c->r.head != NULL && c->r.head(c, h, c->r.arg) == -1 && !c->doomed) {
		err_set(&c->why, "given up after the answer's head");
		return fail(c, NETF_LOCAL);
	}
	return c->doomed ? STEP_OVER : STEP_ON;
}

static enum step
answer_piece(struct httpc *c, const uint8_t *p, size_t len)
{
	if (c->r.piece != NULL && c->r.piece(c, p, len, c->r.arg) == -1 && !c->doomed) {
		err_set(&c->why, "given up within the answer's body");
		return fail(c, NETF_LOCAL);
	}
	return c->doomed ? STEP_OVER : STEP_ON;
}

/* The answer is whole. Bytes after it belong to nobody: the connection ends, the answer counts. */
static enum step
answer_done(struct httpc *c, size_t excess)
{
	int close_it = http_parser_head(c->parser)->close || c->early;

	if (excess > 0) {
		err_set(&c->why, "bytes after the end of the answer");
		over(c, NETF_PROTOCOL);
	} else if (close_it) {
		err_set(&c->why, "the server closes after this answer");
		over(c, NETF_NONE);
	} else {
		c->state = CS_IDLE;
		c->deadline = NEVER;
	}
	request_done(c, NETF_NONE, "");
	return c->doomed || c->state == CS_OVER ? STEP_OVER : STEP_ON;
}

static void
body_deadline(struct httpc *c)
{
	c->deadline = c->body_end;
	if (c->r.body_idle_ms > 0 && after_ms(c->r.body_idle_ms) < c->deadline)
		c->deadline = after_ms(c->r.body_idle_ms);
}

static enum step
answer_feed(struct httpc *c, const uint8_t *p, size_t len)
{
	const uint8_t *body;
	size_t bodylen;
	enum step s;

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
			return fail(c, http_parser_large(c->parser) ? NETF_LARGE : NETF_PROTOCOL);
		}
		if (s != STEP_ON)
			return s;
	}
}

static enum step
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
	return fail(c, fault);
}

/* One read in the states after the handshake. */
static enum step
read_step(struct httpc *c)
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
		return fail(c, NETF_PROTOCOL);
	}
	return answer_feed(c, c->in, (size_t)n);
}

/* ---- sending ---- */

static enum step
write_step(struct httpc *c)
{
	size_t left = c->out.len - c->out.done;
	ssize_t n = tls_write(c->tls, c->out.p + c->out.done, left < READ_SIZE ? left : READ_SIZE);

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		c->events |= n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		return STEP_WAIT;
	}
	if (n < 0)
		return fail(c, tlsconn_io_words(c->tls, !c->read_any && c->has_cert, &c->why));
	c->out.done += (size_t)n;
	if (c->out.done == c->out.len) {
		c->sent = 1;
		c->state = CS_HEAD;
		c->deadline = after_ms(c->r.head_ms);
	}
	return STEP_ON;
}

/*
 * Reads first: what lies there before the first byte was sent answers no request of ours, and an
 * error status that comes amid a large body is worth more than the broken pipe after it.
 */
static enum step
send_step(struct httpc *c)
{
	enum step s = read_step(c);

	if (s != STEP_WAIT)
		return s;
	return write_step(c);
}

static void
send_begin(struct httpc *c)
{
	c->state = CS_SEND;
	c->deadline = after_ms(c->r.send_ms);
	c->events = POLLIN | POLLOUT;
}

/* ---- the way to TLS ---- */

static enum step
handshake_step(struct httpc *c)
{
	int n = tls_handshake(c->tls);

	if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT) {
		c->events |= n == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		return STEP_WAIT;
	}
	if (n != 0) {
		tlsconn_handshake_words(c->tls, &c->why);
		return fail(c, NETF_TLS);
	}
	if (tlsconn_judge(c->tls, c->no_verify, &c->why) == -1)
		return fail(c, NETF_TLS);
	c->secure = 1;
	c->state = CS_IDLE;
	c->deadline = NEVER;
	if (c->busy)
		send_begin(c);
	return STEP_ON;
}

static enum step
proxy_ask_step(struct httpc *c)
{
	ssize_t n = write(c->fd, c->ask.p + c->ask.done, c->ask.len - c->ask.done);

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		c->events |= POLLOUT;
		return STEP_WAIT;
	}
	if (n == -1) {
		err_errno(&c->why, "the proxy");
		return fail(c, NETF_PROXY);
	}
	c->ask.done += (size_t)n;
	if (c->ask.done == c->ask.len) {
		httpreq_free(&c->ask);
		c->state = CS_PROXY_ANSWER;
	}
	return STEP_ON;
}

/* The head must be all that came: the server speaks second in TLS. */
static enum step
proxy_head(struct httpc *c, size_t excess)
{
	int status = http_parser_head(c->proxy)->status;

	http_parser_free(c->proxy);
	c->proxy = NULL;
	if (status == 407) {
		err_set(&c->why, "the proxy wants a user and password, which reeve does not send");
		return fail(c, NETF_PROXY);
	}
	if (status != 200) {
		err_set(&c->why, "the proxy answered %d", status);
		return fail(c, NETF_PROXY);
	}
	if (excess > 0) {
		err_set(&c->why, "the proxy sent bytes after its answer");
		return fail(c, NETF_PROXY);
	}
	c->state = CS_HANDSHAKE;
	return STEP_ON;
}

static enum step
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
		return fail(c, NETF_PROXY);
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
		return fail(c, NETF_PROXY);
	}
}

/* ---- the whole ---- */

static enum step
one_step(struct httpc *c)
{
	c->events = 0;
	switch (c->state) {
	case CS_PROXY_ASK:
		return proxy_ask_step(c);
	case CS_PROXY_ANSWER:
		return proxy_answer_step(c);
	case CS_HANDSHAKE:
		return handshake_step(c);
	case CS_SEND:
		return send_step(c);
	case CS_IDLE:
	case CS_HEAD:
	case CS_BODY:
		return read_step(c);
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
	enum step s = STEP_ON;

	c->depth++;
	c->again = 0;
	for (int i = 0; i < RUN_STEPS && s == STEP_ON && !c->doomed; i++)
		s = one_step(c);
	if (!c->doomed && s == STEP_ON && c->state != CS_OVER)
		c->again = 1;
	if (!c->doomed && c->state != CS_OVER && net_now() >= c->deadline) {
		err_set(&c->why, "%s in time", phase(c));
		fail(c, NETF_TIME);
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
	c->deadline = after_ms(in->setup_ms);
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
