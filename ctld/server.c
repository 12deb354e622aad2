/* The server: evhttp for each listening socket, all connections, and the way to a handler. */

#include <sys/resource.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "ctld/addrtab.h"
#include "ctld/auth.h"
#include "ctld/conn.h"
#include "ctld/route.h"
#include "lib/log.h"

#define SPARE_FDS 128 /* for everything that is no connection: database, outputs, blobs */
#define BODY_MAX  (1024 * 1024 + 4096) /* of any route; each has its own, judged before */

TAILQ_HEAD(conns, conn);

struct server {
	struct ctld *c;
	struct listeners *ls;
	struct evhttp *http[CONF_LISTENS];
	struct event *wake, *sweep;
	struct addrtab *addrs;
	struct conns all, waking;
	size_t nconns, max;
};

uint64_t
server_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct event_base *
server_base(struct server *s)
{
	return s->c->base;
}

struct ctld *
server_ctld(struct server *s)
{
	return s->c;
}

struct addrtab *
server_addrs(struct server *s)
{
	return s->addrs;
}

void
server_conn_add(struct server *s, struct conn *k)
{
	const struct timeval second = {1, 0};

	if (TAILQ_EMPTY(&s->all))
		(void)evtimer_add(s->sweep, &second);
	TAILQ_INSERT_TAIL(&s->all, k, next);
	s->nconns++;
}

void
server_conn_del(struct server *s, struct conn *k)
{
	if (k->counted)
		(void)addrtab_conns(s->addrs, &k->peer, -1);
	if (k->waking)
		TAILQ_REMOVE(&s->waking, k, fresh);
	TAILQ_REMOVE(&s->all, k, next);
	s->nconns--;
}

void
server_wake(struct server *s, struct conn *k)
{
	const struct timeval now = {0, 0};

	if (k->waking)
		return;
	if (TAILQ_EMPTY(&s->waking))
		(void)evtimer_add(s->wake, &now);
	k->waking = 1;
	TAILQ_INSERT_TAIL(&s->waking, k, fresh);
}

/* There are too many: the oldest of strangers goes, before anybody who is known, or new. */
static struct conn *
to_drop(struct server *s, struct conn *fresh)
{
	struct conn *k;

	TAILQ_FOREACH (k, &s->all, next)
		if (!k->known && k->phase != CP_DEAD && k->fd != -1)
			return k;
	return fresh;
}

/* evhttp has given it its descriptor meanwhile. */
static void
take_in(struct server *s, struct conn *k)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if ((k->fd = bufferevent_getfd(k->bev)) == -1)
		return;
	if (getpeername(k->fd, (struct sockaddr *)&ss, &len) == -1 ||
	    netaddr_from_sockaddr(&k->peer, (struct sockaddr *)&ss) == -1) {
		conn_close(k);
		return;
	}
	k->counted = 1;
	if (addrtab_conns(s->addrs, &k->peer, 1) > SERVER_PER_ADDR) {
		log_debug("too many connections from one address: one is closed");
		conn_close(k);
	} else if (s->nconns > s->max) {
		log_debug("too many connections: one is closed");
		k = to_drop(s, k);
		k->phase = CP_DEAD;
		conn_close(k);
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	struct conn *k;

	(void)fd;
	(void)what;
	while ((k = TAILQ_FIRST(&s->waking)) != NULL) {
		TAILQ_REMOVE(&s->waking, k, fresh);
		k->waking = 0;
		if (k->fd == -1)
			take_in(s, k);
		if (k->phase == CP_DEAD) {
			(void)bufferevent_disable(k->bev, EV_READ);
			(void)bufferevent_enable(k->bev, EV_WRITE);
		}
	}
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval second = {1, 0};
	struct server *s = arg;
	struct conn *k;
	uint64_t now = server_ms();

	(void)fd;
	(void)what;
	/* closing shuts the socket down: the connection itself goes later, from the loop */
	TAILQ_FOREACH (k, &s->all, next)
		if (conn_overdue(k, now))
			conn_close(k);
	if (!TAILQ_EMPTY(&s->all))
		(void)evtimer_add(s->sweep, &second);
}

static struct bufferevent *
on_accept(struct event_base *base, void *arg)
{
	struct listener *l = arg;

	(void)base;
	return conn_new(l->server, l->tls);
}

/* The method as the table has it; the gate let no other pass. */
static enum method
method_of(struct evhttp_request *ev)
{
	switch (evhttp_request_get_command(ev)) {
	case EVHTTP_REQ_GET:
		return M_GET;
	case EVHTTP_REQ_POST:
		return M_POST;
	case EVHTTP_REQ_PUT:
		return M_PUT;
	default:
		return M_DELETE;
	}
}

static void
dispatch(struct req *r)
{
	char path[GATE_PATH_MAX];
	const char *uri = evhttp_request_get_uri(r->ev);
	size_t n = strcspn(uri, "?");
	int other;

	if (n >= sizeof(path)) {
		req_error(r, API_ERR_NOT_FOUND, "there is no such path");
		return;
	}
	memcpy(path, uri, n);
	path[n] = '\0';
	r->route = route_find(method_of(r->ev), path, r->arg, &other);
	if (r->route == NULL && other)
		req_error(r, API_ERR_METHOD, "not by this method");
	else if (r->route == NULL)
		req_error(r, API_ERR_NOT_FOUND, "there is no such path");
	else if (r->bodylen > r->route->body_max)
		req_error(r, API_ERR_TOO_LARGE, "the body is larger than is taken here");
	else if (auth_request(r) == 0)
		r->route->handler(r);
}

static void
on_request(struct evhttp_request *ev, void *arg)
{
	struct server *s = arg;
	struct conn *k = conn_of(ev);
	struct req *r;

	if (k == NULL || k->phase == CP_DEAD || k->fd == -1 || (r = req_new(s->c, ev, k)) == NULL) {
		/* what was to be said has been said, and no more goes out */
		evhttp_send_reply(ev, 400, "Refused", NULL);
		return;
	}
	dispatch(r);
}

static int
serve_on(struct server *s, size_t i, struct errmsg *e)
{
	const struct timeval never = {7 * 86400, 0}; /* conn_overdue() judges, not evhttp */
	struct listener *l = &s->ls->of[i];
	struct evconnlistener *lev;
	struct evhttp *h;

	if ((h = s->http[i] = evhttp_new(s->c->base)) == NULL)
		return err_set(e, "out of memory");
	l->server = s;
	evhttp_set_bevcb(h, on_accept, l);
	evhttp_set_gencb(h, on_request, s);
	evhttp_set_max_headers_size(h, GATE_HEAD_MAX);
	evhttp_set_max_body_size(h, BODY_MAX);
	evhttp_set_default_content_type(h, NULL);
	evhttp_set_timeout_tv(h, &never);
	evhttp_set_allowed_methods(
	    h, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE);
	lev = evconnlistener_new(s->c->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, l->fd);
	if (lev == NULL)
		return err_set(e, "out of memory");
	if (evhttp_bind_listener(h, lev) == NULL) {
		evconnlistener_free(lev);
		return err_set(e, "out of memory");
	}
	return 0;
}

/* As many connections as there are descriptors, so that accept(2) never fails for want of one. */
static size_t
most_conns(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 128;
	rl.rlim_cur = rl.rlim_max;
	if (rl.rlim_cur > SERVER_CONNS + SPARE_FDS)
		rl.rlim_cur = SERVER_CONNS + SPARE_FDS;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur <= 2 * SPARE_FDS)
		return 128;
	return (size_t)rl.rlim_cur - SPARE_FDS;
}

struct server *
server_new(struct ctld *c, struct listeners *ls, struct errmsg *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		(void)err_set(e, "out of memory");
		return NULL;
	}
	s->c = c;
	s->ls = ls;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->waking);
	s->max = most_conns();
	s->wake = evtimer_new(c->base, on_wake, s);
	s->sweep = evtimer_new(c->base, on_sweep, s);
	s->addrs = addrtab_new();
	if (s->wake == NULL || s->sweep == NULL || s->addrs == NULL) {
		(void)err_set(e, "out of memory");
		server_free(s);
		return NULL;
	}
	for (size_t i = 0; i < ls->n; i++)
		if (serve_on(s, i, e) == -1) {
			server_free(s);
			return NULL;
		}
	return s;
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->ls->n; i++)
		if (s->http[i] != NULL)
			evhttp_free(s->http[i]);
	if (s->wake != NULL)
		event_free(s->wake);
	if (s->sweep != NULL)
		event_free(s->sweep);
	addrtab_free(s->addrs);
	free(s);
}
