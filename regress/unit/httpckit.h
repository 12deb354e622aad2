/* A client in a test: one connection of net/httpc.h to the hostile server, driven by poll(2). */
#ifndef REGRESS_UNIT_HTTPCKIT_H
#define REGRESS_UNIT_HTTPCKIT_H

#include <poll.h>
#include <stdint.h>

#include "net/httpc.h"
#include "regress/check.h"
#include "regress/net/hostile.h"

enum kit_habit {
	KIT_PLAIN,
	KIT_FREE_IN_HEAD,
	KIT_FREE_IN_PIECE,
	KIT_FREE_IN_DONE,
	KIT_STOP_IN_HEAD,
	KIT_STOP_IN_PIECE,
	KIT_AGAIN_IN_DONE /* makes SHOT's NEXT there */
};

/* What became of one request. */
struct shot {
	int dones, heads, status;
	enum net_fault fault;
	char why[ERRMSG_MAX], reeve[32], body[8192];
	size_t len;
	int json, reusable, was_sent;
	enum kit_habit habit;
	const struct httpc_req *next;
	int freed;
};

static inline int
kit_head(struct httpc *c, const struct http_head *h, void *arg)
{
	struct shot *s = arg;

	s->heads++;
	s->status = h->status;
	s->json = h->json;
	snprintf(s->reeve, sizeof(s->reeve), "%s", h->reeve);
	if (s->habit == KIT_FREE_IN_HEAD) {
		httpc_free(c);
		s->freed = 1;
	}
	return s->habit == KIT_STOP_IN_HEAD ? -1 : 0;
}

static inline int
kit_piece(struct httpc *c, const uint8_t *p, size_t len, void *arg)
{
	struct shot *s = arg;
	size_t room = sizeof(s->body) - 1 - s->len;

	memcpy(s->body + s->len, p, len < room ? len : room);
	s->len += len < room ? len : room;
	if (s->habit == KIT_FREE_IN_PIECE) {
		httpc_free(c);
		s->freed = 1;
	}
	return s->habit == KIT_STOP_IN_PIECE ? -1 : 0;
}

static inline void
kit_done(struct httpc *c, enum net_fault fault, const char *why, void *arg)
{
	struct shot *s = arg;

	s->dones++;
	s->fault = fault;
	snprintf(s->why, sizeof(s->why), "%s", why);
	s->reusable = httpc_reusable(c);
	s->was_sent = httpc_was_sent(c);
	if (s->habit == KIT_FREE_IN_DONE) {
		httpc_free(c);
		s->freed = 1;
	}
	if (s->habit == KIT_AGAIN_IN_DONE && s->dones == 1)
		CHECK(httpc_request(c, s->next) == 0);
}

/* A request with limits that no test waits for. */
static inline struct httpc_req
kit_req(struct shot *s, const char *method, const char *path)
{
	struct httpc_req r = {.method = method, .path = path, .body_max = 4096};

	memset(s, 0, sizeof(*s));
	r.send_ms = r.head_ms = r.body_ms = 10000;
	r.head = kit_head;
	r.piece = kit_piece;
	r.done = kit_done;
	r.arg = s;
	return r;
}

/* Until S has its end (WANT calls of done), the connection is over, or MS passed. */
static inline void
kit_drive(struct httpc *c, const struct shot *s, int want, unsigned int ms)
{
	uint64_t end = net_now() + ms, next, now;
	struct pollfd p;

	while (!s->freed && s->dones < want && httpc_events(c) != 0 && (now = net_now()) < end) {
		next = httpc_deadline(c) < end ? httpc_deadline(c) : end;
		p.fd = httpc_fd(c);
		p.events = httpc_events(c);
		poll(&p, 1, next > now ? (int)(next - now) : 0);
		httpc_run(c);
	}
}

/* CA and CLIENT are names of mkcerts'; CLIENT may be NULL. */
static inline struct netconf *
kit_conf(const char *ca, const char *client, const char *name, int no_verify)
{
	char file[64], *pem, *cert = NULL, *key = NULL;
	struct netconf_in in = {.name = name, .no_verify = no_verify};
	struct netconf *conf;
	struct errmsg e = {""};

	signal(SIGPIPE, SIG_IGN);
	snprintf(file, sizeof(file), "%s.pem", ca);
	in.ca = pem = hostile_file(file);
	in.calen = strlen(pem);
	if (client != NULL) {
		snprintf(file, sizeof(file), "%s.pem", client);
		in.cert = cert = hostile_file(file);
		snprintf(file, sizeof(file), "%s.key", client);
		in.key = key = hostile_file(file);
	}
	conf = netconf_new(&in, &e);
	CHECKF(conf != NULL, "%s", e.text);
	free(pem);
	free(cert);
	free(key);
	return conf;
}

static inline struct httpc *
kit_open(const struct netconf *conf, int fd, const char *proxy_to, unsigned int setup_ms)
{
	struct httpc_in in = {.conf = conf, .fd = fd, .host = "localhost:7440"};
	struct errmsg e = {""};
	struct httpc *c;

	in.agent = "reeve-test/1";
	in.proxy_to = proxy_to;
	in.setup_ms = setup_ms;
	c = httpc_new(&in, &e);
	CHECKF(c != NULL, "%s", e.text);
	return c;
}

/* One request R on a connection of its own to H, whole: then the server's report is in H. */
static inline void
kit_shoot(const struct netconf *conf, struct hostile *h, int fd, const struct httpc_req *r,
    struct shot *s)
{
	struct httpc *c = kit_open(conf, fd, NULL, 10000);

	CHECK(httpc_request(c, r) == 0);
	kit_drive(c, s, 1, 15000);
	CHECKF(s->dones == 1, "done was called %d times", s->dones);
	httpc_free(c);
	hostile_end(h);
}

#endif
