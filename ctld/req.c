/* A request and its answer, over evhttp. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sodium.h>

#include "ctld/conn.h"
#include "ctld/req.h"
#include "ctld/route.h"
#include "lib/log.h"
#include "lib/strutil.h"

#define ONE_PIECE      15000
#define STREAM_CALM    3  /* turns with an empty output before a stream's end is written */
#define STREAM_SOON    64 /* turns that follow each other at once; then the client is slow */
#define STREAM_SLOW_MS 5

static const char JSON[] = "application/json";

static void
req_free(struct req *r)
{
	if (r->json != NULL) {
		sodium_memzero(r->json, strlen(r->json));
		free(r->json);
	}
	if (r->ender != NULL)
		event_free(r->ender);
	free(r);
}

/* The client is gone, or the server ends. */
static void
on_close(struct evhttp_connection *ec, void *arg)
{
	struct req *r = arg;
	int ours = evhttp_request_get_connection(r->ev) == NULL;

	(void)ec;
	r->conn = NULL;
	if (r->gone != NULL)
		r->gone(r, r->gone_arg);
	/* one that is taken off its connection is nobody's but ours */
	if (ours)
		evhttp_request_free(r->ev);
	r->ev = NULL;
	r->left = 1;
	if (!r->held)
		req_free(r);
}

static void
on_sent(struct evhttp_request *ev, void *arg)
{
	struct conn *k = conn_of(ev);

	(void)arg;
	if (k != NULL)
		conn_answered(k);
}

struct req *
req_new(struct ctld *c, struct evhttp_request *ev, struct conn *k)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(ev);
	struct req *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->c = c;
	r->ev = ev;
	r->conn = k;
	r->bodylen = evbuffer_get_length(in);
	if (r->bodylen > 0 && (r->body = evbuffer_pullup(in, -1)) == NULL) {
		free(r);
		return NULL;
	}
	conn_work(k);
	evhttp_connection_set_closecb(evhttp_request_get_connection(ev), on_close, r);
	evhttp_request_set_on_complete_cb(ev, on_sent, NULL);
	return r;
}

int
req_query(const struct req *r, const char *name, char *dst, size_t size)
{
	const char *q = strchr(evhttp_request_get_uri(r->ev), '?');
	size_t len = strlen(name), n;
	int found = 0;

	if (q == NULL)
		return -1;
	for (q++;; q += n + 1) {
		n = strcspn(q, "&");
		if (n > len && strncmp(q, name, len) == 0 && q[len] == '=') {
			if (found || route_decode(dst, size, q + len + 1, n - len - 1) == -1)
				return -1;
			found = 1;
		}
		if (q[n] == '\0')
			break;
	}
	return found ? 0 : -1;
}

int
req_has(const struct req *r, const char *name)
{
	const char *q = strchr(evhttp_request_get_uri(r->ev), '?');
	size_t len = strlen(name);

	for (; q != NULL; q = strchr(q, '&')) {
		q++;
		if (strncmp(q, name, len) == 0 &&
		    (q[len] == '=' || q[len] == '&' || q[len] == '\0'))
			return 1;
	}
	return 0;
}

int
req_query_u64(struct req *r, const char *name, uint64_t deflt, uint64_t max, uint64_t *out)
{
	char text[24];

	*out = deflt;
	if (!req_has(r, name))
		return 0;
	if (req_query(r, name, text, sizeof(text)) == 0 && str_u64(text, 0, max, out) == 0)
		return 0;
	req_error(r, API_ERR_BAD_REQUEST, "%s: must be a plain number up to %llu", name,
	    (unsigned long long)max);
	return -1;
}

int
req_page(struct req *r, char *after, size_t size, size_t *limit)
{
	uint64_t n;

	if (req_query_u64(r, "limit", REQ_LIMIT, REQ_LIMIT_MAX, &n) == -1)
		return -1;
	*limit = n == 0 ? 1 : (size_t)n;
	after[0] = '\0';
	if (!req_has(r, "after") || req_query(r, "after", after, size) == 0)
		return 0;
	req_error(r, API_ERR_BAD_REQUEST, "after: malformed");
	return -1;
}

const char *
req_header(const struct req *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

char *
req_header_all(const struct req *r, const char *name)
{
	const struct evkeyvalq *q = evhttp_request_get_input_headers(r->ev);
	const struct evkeyval *kv;
	size_t len = 0, n;
	char *all = NULL, *more;

	TAILQ_FOREACH (kv, q, next) {
		if (strcasecmp(kv->key, name) != 0)
			continue;
		n = strlen(kv->value);
		if ((more = realloc(all, len + n + 3)) == NULL) {
			free(all);
			return NULL;
		}
		all = more;
		if (len > 0) {
			memcpy(all + len, ", ", 2);
			len += 2;
		}
		memcpy(all + len, kv->value, n + 1);
		len += n;
	}
	return all;
}

static const char *
reason(int status)
{
	return status < 300 ? "OK" : status < 500 ? "Refused" : "Failed";
}

static void
common_fields(struct req *r, const char *type)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(r->ev);

	evhttp_add_header(h, "Reeve", API_VERSION);
	evhttp_add_header(h, "Cache-Control", "no-store");
	if (type != NULL)
		evhttp_add_header(h, "Content-Type", type);
}

void
req_hold(struct req *r, void (*gone)(struct req *, void *), void *arg)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->ev);

	r->gone = gone;
	r->gone_arg = arg;
	/* thousands may be held: what the body took is given back */
	(void)evbuffer_drain(in, evbuffer_get_length(in));
	r->body = NULL;
	r->bodylen = 0;
	if (conn_watch(r->conn, 1) == -1)
		log_warnx("out of memory: a client that leaves is noticed late");
}

/* From here on R is the handler's no more. */
static void
leave(struct req *r)
{
	struct evhttp_connection *ec = evhttp_request_get_connection(r->ev);

	if (r->conn != NULL)
		(void)conn_watch(r->conn, 0);
	r->gone = NULL;
	if (ec != NULL)
		evhttp_connection_set_closecb(ec, NULL, NULL);
	r->answered = 1;
}

static void
send_bytes(struct req *r, int status, const char *type, const void *p, size_t len)
{
	struct evbuffer *out = evhttp_request_get_output_buffer(r->ev);
	struct evhttp_connection *ec;

	common_fields(r, type);
	if (len > 0 && evbuffer_add(out, p, len) == -1)
		status = 500;
	leave(r);
	ec = evhttp_request_get_connection(r->ev);
	evhttp_send_reply(r->ev, status, reason(status), NULL);
	/* head and body in one piece: one TLS record, one segment; it is written from the loop */
	if (ec != NULL && len < ONE_PIECE)
		(void)evbuffer_pullup(
		    bufferevent_get_output(evhttp_connection_get_bufferevent(ec)), -1);
	req_free(r);
}

void
req_bytes(struct req *r, int status, const char *type, const void *p, size_t len)
{
	send_bytes(r, status, type, p, len);
}

void
req_empty(struct req *r, int status)
{
	send_bytes(r, status, NULL, NULL, 0);
}

void
req_json(struct req *r, int status, char *json)
{
	if (json == NULL) {
		req_error(r, API_ERR_INTERNAL, "the answer could not be made");
		return;
	}
	r->json = json;
	send_bytes(r, status, JSON, json, strlen(json));
}

void
req_error(struct req *r, enum api_errcode code, const char *fmt, ...)
{
	static const char none[] = "{\"error\":{\"code\":\"internal\",\"message\":\"\"}}";
	char msg[512];
	va_list ap;
	char *doc;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if ((doc = api_error_put(code, msg)) != NULL)
		req_json(r, api_err_status(code), doc);
	else
		send_bytes(r, 500, JSON, none, sizeof(none) - 1);
}

void
req_later(struct req *r, enum api_errcode code, uint64_t seconds, const char *msg)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)seconds);
	evhttp_add_header(evhttp_request_get_output_headers(r->ev), "Retry-After", text);
	req_error(r, code, "%s", msg);
}

static void
on_committed(int ok, void *arg)
{
	struct req *r = arg;
	char *json = r->json;

	r->held = 0;
	if (r->left) {
		req_free(r);
		return;
	}
	r->json = NULL;
	if (ok) {
		req_json(r, r->status, json);
		return;
	}
	if (json != NULL) {
		sodium_memzero(json, strlen(json));
		free(json);
	}
	req_later(r, API_ERR_UNAVAILABLE, 10, "the database could not be written");
}

void
req_json_durable(struct req *r, int status, char *json)
{
	if (json == NULL) {
		req_json(r, 500, NULL);
		return;
	}
	r->status = status;
	r->json = json;
	r->gone = NULL;
	r->held = 1;
	if (store_after(r->c->store, on_committed, r) == -1)
		on_committed(0, r);
}

void
req_stream(struct req *r)
{
	common_fields(r, "application/octet-stream");
	evhttp_send_reply_start(r->ev, 200, "OK");
}

int
req_piece(struct req *r, const void *p, size_t len)
{
	struct evbuffer *b;
	int rc;

	if (len == 0)
		return 0;
	if (evhttp_request_get_connection(r->ev) == NULL || (b = evbuffer_new()) == NULL)
		return -1;
	if ((rc = evbuffer_add(b, p, len)) == 0)
		evhttp_send_reply_chunk(r->ev, b);
	evbuffer_free(b);
	return rc;
}

size_t
req_backlog(const struct req *r)
{
	struct evhttp_connection *ec = evhttp_request_get_connection(r->ev);

	if (ec == NULL)
		return 0;
	return evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(ec)));
}

/*
 * evhttp calls the callback of what it wrote last when the output has drained, but a turn later and
 * without looking whether more was added meanwhile: an end that is written in between is taken as
 * sent, and stays. So the end waits until the output has been empty for some turns.
 */
static void
end_turn(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = {0, 0}, slow = {0, STREAM_SLOW_MS * 1000};
	struct req *r = arg;

	(void)fd;
	(void)what;
	r->looks++;
	if (req_backlog(r) > 0 || r->conn->drains != r->drains)
		r->calm = 0;
	r->drains = r->conn->drains;
	if (++r->calm <= STREAM_CALM) {
		(void)evtimer_add(r->ender, r->looks <= STREAM_SOON ? &now : &slow);
		return;
	}
	leave(r);
	evhttp_send_reply_end(r->ev);
	req_free(r);
}

static void
end_gone(struct req *r, void *arg)
{
	(void)r;
	(void)arg;
}

void
req_stream_end(struct req *r)
{
	r->gone = end_gone;
	r->drains = r->conn->drains;
	if ((r->ender = evtimer_new(r->c->base, end_turn, r)) == NULL)
		fatalx("out of memory");
	end_turn(-1, 0, r);
}
