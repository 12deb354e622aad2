/* A connection: what may come on it, and how long that may take. */

#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "ctld/auth.h"
#include "ctld/conn.h"
#include "lib/log.h"

#define DEAD_MS	     1000 /* a refusal has so long to reach the client before the reset */
#define DEAD_SLOW_MS 5000

static void
on_ssl_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	struct conn *k = ptr;

	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	if (k == NULL)
		return;
	server_conn_del(k->s, k);
	if (k->left != NULL)
		event_free(k->left);
	free(k);
}

static int
ex_index(void)
{
	static int idx = -1;

	if (idx == -1 && (idx = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_free)) == -1)
		fatalx("libssl: out of memory");
	return idx;
}

static void
phase(struct conn *k, enum conn_phase p)
{
	k->phase = p;
	k->since = server_ms();
}

/*
 * A large body waits in memory until it is whole: strangers could fill it by a thousand of them
 * from each address. Who it really is, and whether it may, is judged again with the request.
 */
static int
judge_stranger(struct conn *k, const struct route *r, const struct gate *g)
{
	if (g->length <= SERVER_STRANGER)
		return 0;
	switch (auth_known(server_ctld(k->s), k, r, g->auth)) {
	case 1:
		return 0;
	case 0:
		conn_refuse(k, API_ERR_UNAUTHORIZED,
		    "so large a body is taken only with credentials that are known here");
		return -1;
	default:
		conn_refuse(k, API_ERR_UNAVAILABLE, "the database could not be read");
		return -1;
	}
}

/* The body, by the route's own limit, before a byte of it is read. */
static int
judge_body(struct conn *k, const struct gate *g)
{
	char arg[REQ_ARGS][256];
	const struct route *r;
	int other;

	if (g->length == 0)
		return 0;
	r = route_find(g->method, g->path, arg, &other);
	if (r != NULL && g->length <= r->body_max)
		return judge_stranger(k, r, g);
	if (r == NULL && !other)
		conn_refuse(k, API_ERR_NOT_FOUND, "there is no such path");
	else if (r == NULL)
		conn_refuse(k, API_ERR_METHOD, "not by this method");
	else
		conn_refuse(k, API_ERR_TOO_LARGE, "the body is larger than is taken here");
	return -1;
}

/* A whole head at AT bytes into BUF, LEN long. */
static int
judge_head(struct conn *k, struct evbuffer *buf, size_t at, size_t len)
{
	static char head[GATE_HEAD_MAX];
	struct evbuffer_ptr p;
	const char *why;
	struct gate g;
	int rc;

	if (evbuffer_ptr_set(buf, &p, at, EVBUFFER_PTR_SET) == -1 ||
	    evbuffer_copyout_from(buf, &p, head, len) != (ev_ssize_t)len) {
		conn_refuse(k, API_ERR_INTERNAL, "out of memory");
		return -1;
	}
	if (gate_head(&g, head, len, &why) == -1) {
		conn_refuse(k, API_ERR_BAD_REQUEST, why);
		return -1;
	}
	rc = judge_body(k, &g);
	sodium_memzero(g.auth, sizeof(g.auth));
	if (rc == -1)
		return -1;
	k->head += len + g.length;
	k->looked = 0;
	phase(k, CP_BODY);
	return 0;
}

/* Looks for a head's end. 1 there was one, 0 not yet, -1 refused. */
static int
look_head(struct conn *k, struct evbuffer *buf)
{
	size_t at = (size_t)(k->head - k->out), have = evbuffer_get_length(buf) - at;
	struct evbuffer_ptr from, end;

	/* the end may lie across what was looked at before */
	if (evbuffer_ptr_set(
		buf, &from, at + (k->looked > 3 ? k->looked - 3 : 0), EVBUFFER_PTR_SET) == -1)
		return 0;
	end = evbuffer_search(buf, "\r\n\r\n", 4, &from);
	if (end.pos == -1) {
		k->looked = have;
		if (have < GATE_HEAD_MAX)
			return 0;
		conn_refuse(k, API_ERR_TOO_LARGE, "the head is larger than 16 KiB");
		return -1;
	}
	if ((size_t)end.pos + 4 - at > GATE_HEAD_MAX) {
		conn_refuse(k, API_ERR_TOO_LARGE, "the head is larger than 16 KiB");
		return -1;
	}
	return judge_head(k, buf, at, (size_t)end.pos + 4 - at) == -1 ? -1 : 1;
}

/*
 * Called with every change of the input buffer, before evhttp reads it. Nothing is taken from it
 * here: the stream is only followed, from head to head.
 */
static void
on_input(struct evbuffer *buf, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *k = arg;

	k->in += info->n_added;
	k->out += info->n_deleted;
	if (info->n_added == 0 || k->phase == CP_DEAD)
		return;
	while (k->head < k->in) {
		if (k->phase == CP_WORK || k->phase == CP_BODY) {
			/* two at a time: our clients do not, and an attacker hides one so */
			conn_refuse(
			    k, API_ERR_BAD_REQUEST, "wait for the answer before the next request");
			return;
		}
		if (k->phase != CP_HEAD)
			phase(k, CP_HEAD);
		if (look_head(k, buf) != 1)
			return;
	}
}

static void
on_output(struct evbuffer *buf, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *k = arg;

	(void)buf;
	if (info->n_deleted == 0)
		return;
	k->took = 1;
	k->drains++;
}

struct bufferevent *
conn_new(struct server *s, struct ssl_ctx_st *tls)
{
	struct conn *k = calloc(1, sizeof(*k));
	SSL *ssl = SSL_new(tls);

	/* evhttp would go on in plain text with no bufferevent: better no ctld */
	if (k == NULL || ssl == NULL)
		fatalx("a connection: out of memory");
	k->s = s;
	k->ssl = ssl;
	k->fd = -1;
	phase(k, CP_TLS);
	server_conn_add(s, k);
	if (!SSL_set_ex_data(ssl, ex_index(), k))
		fatalx("a connection: out of memory");
	k->bev = bufferevent_openssl_socket_new(
	    server_base(s), -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (k->bev == NULL || evbuffer_add_cb(bufferevent_get_input(k->bev), on_input, k) == NULL ||
	    evbuffer_add_cb(bufferevent_get_output(k->bev), on_output, k) == NULL)
		fatalx("a connection: out of memory");
	/* a peer that ends TCP without TLS's own goodbye has ended all the same */
	bufferevent_openssl_set_allow_dirty_shutdown(k->bev, 1);
	server_wake(s, k);
	return k->bev;
}

struct conn *
conn_of(struct evhttp_request *ev)
{
	struct evhttp_connection *ec = evhttp_request_get_connection(ev);
	SSL *ssl =
	    ec == NULL ? NULL : bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(ec));

	return ssl == NULL ? NULL : SSL_get_ex_data(ssl, ex_index());
}

void
conn_refuse(struct conn *k, enum api_errcode code, const char *why)
{
	struct evbuffer *out = bufferevent_get_output(k->bev);
	int busy = k->phase == CP_WORK || k->phase == CP_BODY;
	char *doc;

	k->no = code;
	/* an answer is on its way: nothing may be written into it, the connection just ends */
	if (!busy && (doc = api_error_put(code, why)) != NULL) {
		(void)evbuffer_add_printf(out,
		    "HTTP/1.1 %d Refused\r\nReeve: " API_VERSION
		    "\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
		    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
		    api_err_status(code), strlen(doc), doc);
		free(doc);
	}
	/* whatever evhttp makes of these bytes, it says nothing more here */
	(void)evbuffer_freeze(out, 0);
	phase(k, CP_DEAD);
	server_wake(k->s, k);
}

void
conn_work(struct conn *k)
{
	phase(k, CP_WORK);
}

/* The connection ends as if its end had been read; evhttp tells the request. */
static void
on_left(evutil_socket_t fd, short what, void *arg)
{
	struct conn *k = arg;

	(void)fd;
	(void)what;
	bufferevent_trigger_event(k->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

int
conn_watch(struct conn *k, int on)
{
	if (!on)
		return k->left == NULL ? 0 : event_del(k->left);
	if (k->fd == -1)
		return -1;
	if (k->left == NULL &&
	    (k->left = event_new(server_base(k->s), k->fd, EV_CLOSED, on_left, k)) == NULL)
		return -1;
	return event_add(k->left, NULL);
}

void
conn_answered(struct conn *k)
{
	if (k->phase == CP_DEAD)
		return;
	k->served = 1;
	phase(k, CP_IDLE);
}

void
conn_close(struct conn *k)
{
	/* evhttp sees the end and frees all of it, this conn too */
	if (k->fd != -1)
		(void)shutdown(k->fd, SHUT_RDWR);
	(void)bufferevent_enable(k->bev, EV_READ);
}

/* A client that takes nothing of its answer. */
static int
stuck(struct conn *k, uint64_t now)
{
	if (k->took || evbuffer_get_length(bufferevent_get_output(k->bev)) == 0) {
		k->took = 0;
		k->since = now;
	}
	return now - k->since > SERVER_WRITE_MS;
}

int
conn_overdue(struct conn *k, uint64_t now)
{
	uint64_t age = now - k->since;

	switch (k->phase) {
	case CP_TLS:
		if (!SSL_is_init_finished(k->ssl))
			return age > SERVER_TLS_MS;
		phase(k, CP_IDLE);
		return 0;
	case CP_IDLE:
		return age > (k->served ? SERVER_IDLE_MS : SERVER_FRESH_MS);
	case CP_HEAD:
		return age > SERVER_HEAD_MS;
	case CP_BODY:
		return age > SERVER_BODY_MS;
	case CP_WORK:
		return stuck(k, now);
	case CP_DEAD:
		if (evbuffer_get_length(bufferevent_get_output(k->bev)) == 0)
			return age > DEAD_MS;
		return age > DEAD_SLOW_MS;
	}
	return 1;
}

int
conn_verify(int ok, X509_STORE_CTX *ctx)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct conn *k = ssl == NULL ? NULL : SSL_get_ex_data(ssl, ex_index());

	if (k == NULL)
		return 0;
	if (!ok && k->certerr == X509_V_OK)
		k->certerr = X509_STORE_CTX_get_error(ctx);
	/* the handshake goes on: the client is told by an answer, not by a broken connection */
	return 1;
}

int
conn_cert(const struct conn *k, uint8_t sha256[32], const char **why)
{
	X509 *cert = SSL_get0_peer_certificate(k->ssl);
	unsigned char *der = NULL;
	long verdict = SSL_get_verify_result(k->ssl);
	int len;

	if (cert == NULL)
		return 1;
	if (k->certerr != X509_V_OK || verdict != X509_V_OK) {
		*why =
		    X509_verify_cert_error_string(k->certerr != X509_V_OK ? k->certerr : verdict);
		return -1;
	}
	/* judged by the handshake, which may be days ago */
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0) {
		*why = X509_verify_cert_error_string(X509_V_ERR_CERT_HAS_EXPIRED);
		return -1;
	}
	if ((len = i2d_X509(cert, &der)) <= 0) {
		*why = "it cannot be read";
		return -1;
	}
	(void)SHA256(der, (size_t)len, sha256);
	OPENSSL_free(der);
	return 0;
}
