/* From the last setting to confined and at work; and the end. */
#include <event2/event.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "netd/certend.h"
#include "netd/netd.h"
#include "netd/sandbox.h"

#define HTTPS_PORT 443

static void
make_tls(struct netd *n)
{
	struct netd_conf *c = n->conf;
	struct netconf_in in = {.ca = c->ca,
	    .calen = c->calen,
	    .cert = c->cert[0] != '\0' ? c->cert : NULL,
	    .key = c->cert[0] != '\0' ? c->key : NULL,
	    .name = c->host};
	struct errmsg e;

	if ((n->tls = netconf_new(&in, &e)) == NULL)
		fatalx("server %s: %s", c->server, e.text);
	netd_conf_wipe_pem(c);
}

/* What every request carries. */
static void
make_fields(struct netd *n)
{
	const struct netd_conf *c = n->conf;
	int six = strchr(c->host, ':') != NULL;

	snprintf(n->host, sizeof(n->host), six ? "[%s]" : "%s", c->host);
	if (c->port != HTTPS_PORT)
		snprintf(
		    n->host + strlen(n->host), sizeof(n->host) - strlen(n->host), ":%u", c->port);
	snprintf(n->headers, sizeof(n->headers), "Reeve: %s\r\nHost-Name: %s\r\n", API_VERSION,
	    c->host_name);
	snprintf(n->agent, sizeof(n->agent), "reeve-netd/%.40s", c->version);
}

static void
confine(void)
{
	const char *stage;
	struct errmsg e;
	struct sb s;

	netd_sandbox(&s);
	if (sb_apply_dropped(&s, &stage, &e) == -1)
		fatalx("not confined: %s: %s", stage, e.text);
}

static void
on_alive(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval tv = {.tv_sec = NETD_ALIVE_S};
	struct netd *n = arg;

	(void)fd;
	(void)what;
	netd_tell(n, MSG_NETD_ALIVE, msg_alive_put(n->turns));
	event_add(n->alive_timer, &tv);
}

static void
on_stop_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	netd_exit(arg, 0);
}

void
netd_start(struct netd *n, int dialfd)
{
	static const struct chan_ops ops = {.msg = netd_dial_msg, .gone = netd_dial_gone};
	uint64_t certend;
	struct errmsg e;

	event_del(n->setup_timer);
	if (netd_conf_whole(n->conf, &e) == -1)
		fatalx("%s", e.text);
	log_setverbose(n->conf->verbose);
	log_procinit(n->conf->server);
	certend = certend_of(n->conf->cert);
	make_fields(n);
	make_tls(n);
	if ((n->dial = chan_new(n->base, dialfd, ROOM_NETD, ROOM_DIAL, 1, &ops, n)) == NULL)
		fatal("channel to dial");
	chan_gate(n->dial)->phase = PH_RUN;
	if ((n->alive_timer = evtimer_new(n->base, on_alive, n)) == NULL ||
	    (n->stop_timer = evtimer_new(n->base, on_stop_late, n)) == NULL)
		fatalx("out of memory");
	netd_beat_init(n);
	confine();
	netd_tell(n, MSG_NETD_READY, msg_ready_put());
	chan_gate(n->privd)->phase = PH_RUN;
	n->started = net_now();
	netd_tell(n, MSG_NETD_CERT, msg_alive_put(certend));
	on_alive(-1, 0, n);
	netd_wake(&n->client[CL_CLAIM]);
}

/* What is under way may end, in a moment; nothing new begins. */
void
netd_stop(struct netd *n)
{
	static const struct timeval tv = {.tv_sec = NETD_STOP_S};

	if (n->dial == NULL)
		netd_exit(n, 0);
	n->stopping = 1;
	netd_client_drop(&n->client[CL_CLAIM]);
	for (int i = 0; i < CL_MAX; i++) {
		if (n->client[i].call != CALL_NONE) {
			event_add(n->stop_timer, &tv);
			return;
		}
	}
	netd_exit(n, 0);
}

void
netd_exit(struct netd *n, int status)
{
	if (n->privd != NULL)
		(void)chan_drain(n->privd, 1000);
	netconf_free(n->tls); /* wipes the key */
	netd_conf_free(n->conf);
	sodium_memzero(n->confirm, sizeof(n->confirm));
	_exit(status);
}
