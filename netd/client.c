/*
 * A connection on libevent: asked of dial, given to net/httpc, driven, judged. One call at a time;
 * what the next one is, work.c says.
 */
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "netd/netd.h"

#define BODY_FIRST 4096
#define AT_ONCE	   8
#define FAILED_MS  1000 /* a call could not even be written */

static void
add_timer(struct event *ev, uint64_t ms)
{
	struct timeval tv = {
	    .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

	event_add(ev, &tv);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	netd_wake(arg);
}

static void on_io(evutil_socket_t fd, short what, void *arg);

/* What the connection waits for now. */
static void
rearm(struct client *c)
{
	uint64_t until, now;
	short ev, want;

	if (c->h == NULL)
		return;
	ev = httpc_events(c->h);
	want = (short)((ev & POLLIN ? EV_READ : 0) | (ev & POLLOUT ? EV_WRITE : 0));
	if (want != c->armed) {
		event_del(c->io);
		event_assign(c->io, c->n->base, httpc_fd(c->h), want | EV_PERSIST, on_io, c);
		if (want != 0)
			event_add(c->io, NULL);
		c->armed = want;
	}
	event_del(c->timer);
	if ((until = httpc_deadline(c->h)) == UINT64_MAX)
		return;
	now = net_now();
	add_timer(c->timer, until > now ? until - now : 0);
}

/* A connection that is over while nothing was asked of it. */
static void
look_alive(struct client *c)
{
	enum net_fault f;
	const char *why;

	if (c->h == NULL || httpc_events(c->h) != 0)
		return;
	f = httpc_fault(c->h, &why);
	if (f == NETF_PROTOCOL)
		log_warnx("%s: bytes that nobody asked for: %s", c->n->conf->host, why);
	netd_client_drop(c);
}

/* One turn; not from within a callback of this very connection. */
static void
step(struct client *c)
{
	if (c->running)
		return;
	c->running = 1;
	if (c->h != NULL)
		httpc_run(c->h);
	c->running = 0;
	/* its callbacks may have dropped it */
	look_alive(c);
	rearm(c);
}

static void
drive(struct client *c)
{
	step(c);
	netd_wake(c);
}

static void
on_io(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drive(arg);
}

/* The connection's own deadline, or dial's. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CS_DIALING)
		netd_client_failed(c, "dial did not answer in time");
	else
		drive(c);
}

int
netd_clients_init(struct netd *n)
{
	for (int i = 0; i < CL_MAX; i++) {
		struct client *c = &n->client[i];

		c->n = n;
		c->role = (enum client_role)i;
		if ((c->io = event_new(n->base, -1, 0, on_io, c)) == NULL ||
		    (c->timer = evtimer_new(n->base, on_timer, c)) == NULL ||
		    (c->again = evtimer_new(n->base, on_again, c)) == NULL)
			return -1;
	}
	return 0;
}

void
netd_client_drop(struct client *c)
{
	event_del(c->io);
	event_del(c->timer);
	c->armed = 0;
	c->served = 0;
	httpc_free(c->h);
	c->h = NULL;
	c->state = CS_DOWN;
	c->call = CALL_NONE;
	c->job = NULL;
	free(c->body);
	c->body = NULL;
	c->len = c->size = 0;
}

void
netd_client_hold(struct client *c, uint64_t ms)
{
	c->notbefore = net_now() + ms;
	netd_client_later(c, ms);
}

void
netd_client_later(struct client *c, uint64_t ms)
{
	uint64_t at = net_now() + ms;

	if (evtimer_pending(c->again, NULL) && c->look <= at)
		return;
	c->look = at;
	add_timer(c->again, ms);
}

/* Is there something to do now? Otherwise it looks again when there may be. */
static int
due_now(struct client *c)
{
	struct netd *n = c->n;
	uint64_t now = net_now(), at;

	if (n->stopping || n->dial == NULL || c->call != CALL_NONE || c->state == CS_DIALING)
		return 0;
	if (now < c->notbefore) {
		netd_client_later(c, c->notbefore - now);
		return 0;
	}
	if (netd_wanted(c))
		return 1;
	if (c->role == CL_WORK && (at = netd_jobs_when(n)) != UINT64_MAX)
		netd_client_later(c, at > now ? at - now : 0);
	return 0;
}

/* 1: a call went out and its answer is here already, so that the next one may go. */
static int
wake_once(struct client *c)
{
	if (!due_now(c))
		return 0;
	if (c->state == CS_UP && httpc_events(c->h) == 0)
		netd_client_drop(c);
	if (c->state == CS_DOWN) {
		netd_dial_ask(c);
		add_timer(c->timer, (uint64_t)NETD_DIAL_S * 1000);
		return 0;
	}
	if (netd_next(c)) {
		step(c); /* it can mostly be written at once */
		return c->call == CALL_NONE;
	}
	if (c->state != CS_UP)
		netd_client_hold(c, FAILED_MS);
	return 0;
}

void
netd_wake(struct client *c)
{
	for (int i = 0; i < AT_ONCE; i++)
		if (!wake_once(c))
			return;
	netd_client_later(c, 0); /* the others' turn */
}

void
netd_client_failed(struct client *c, const char *why)
{
	struct reply r = {.fault = NETF_CONNECT, .why = why};

	netd_client_drop(c);
	netd_reply(c, &r);
}

void
netd_client_connected(struct client *c, int fd)
{
	struct netd *n = c->n;
	struct httpc_in in = {.conf = n->tls,
	    .fd = fd,
	    .host = n->host,
	    .proxy_to = NULL,
	    .agent = n->agent,
	    .setup_ms = NETD_SETUP_MS};
	char to[300];
	struct errmsg e;

	event_del(c->timer);
	c->state = CS_DOWN;
	if (n->conf->proxy[0] != '\0') {
		snprintf(to, sizeof(to), strchr(n->conf->host, ':') != NULL ? "[%s]:%u" : "%s:%u",
		    n->conf->host, n->conf->port);
		in.proxy_to = to;
	}
	if (fd_nonblock(fd, 1) == -1 || (c->h = httpc_new(&in, &e)) == NULL) {
		netd_client_failed(c, "no memory for a connection");
		return;
	}
	c->state = CS_UP;
	netd_wake(c);
	if (c->state == CS_UP && c->call == CALL_NONE)
		step(c); /* what it was for is over meanwhile */
}

/* ---- one call ---- */

static int
on_head(struct httpc *h, const struct http_head *head, void *arg)
{
	struct client *c = arg;

	(void)h;
	c->head = *head;
	return 0;
}

static int
on_piece(struct httpc *h, const uint8_t *p, size_t len, void *arg)
{
	struct client *c = arg;
	size_t size = c->size != 0 ? c->size : BODY_FIRST;
	char *q;

	(void)h;
	if (len > c->max - c->len)
		return -1;
	while (size < c->len + len + 1)
		size *= 2;
	if (size != c->size) {
		if ((q = realloc(c->body, size)) == NULL)
			return -1;
		c->body = q;
		c->size = size;
	}
	memcpy(c->body + c->len, p, len);
	c->len += len;
	c->body[c->len] = '\0';
	return 0;
}

static void
on_done(struct httpc *h, enum net_fault fault, const char *why, void *arg)
{
	struct client *c = arg;
	struct reply r = {.fault = fault, .why = why, .head = c->head, .len = c->len};
	char *body = c->body;

	(void)h;
	r.body = body != NULL ? body : "";
	c->body = NULL;
	c->len = c->size = 0;
	netd_reply(c, &r);
	free(body);
	if (c->n->stopping)
		netd_stop(c->n);
}

int
netd_client_call(struct client *c, const struct netd_call *call)
{
	struct netd *n = c->n;
	char path[512];
	struct httpc_req r = {.method = call->method,
	    .path = path,
	    .bearer = n->conf->bearer[0] != '\0' ? n->conf->bearer : NULL,
	    .headers = n->headers,
	    .type = call->type,
	    .body = call->body,
	    .bodylen = call->len,
	    .body_max = call->max,
	    .send_ms = NETD_SEND_MS,
	    .head_ms = NETD_HEAD_MS + call->wait_ms,
	    .body_ms = NETD_BODY_MS,
	    .head = on_head,
	    .piece = on_piece,
	    .done = on_done,
	    .arg = c};

	snprintf(path, sizeof(path), "%s/agent/v1/%s", n->conf->prefix, call->path);
	if (httpc_request(c->h, &r) == -1) {
		netd_client_drop(c);
		return -1;
	}
	memset(&c->head, 0, sizeof(c->head));
	c->call = call->kind;
	c->job = call->job;
	c->max = call->max;
	c->began = net_now();
	return 0;
}
