/* The real reeve-dial between a test that plays privd and netd. */
#ifndef REGRESS_DIALKIT_H
#define REGRESS_DIALKIT_H

#include "regress/ipc/netdkit.h"

struct dialkit {
	pid_t pid;
	struct imsgbuf *privd, *netd;
	int logfd;
};

/* Started, briefed for HOST and PORT; 1 when it is ready. */
static inline int
dial_start(struct dialkit *d, const char *host, uint16_t port)
{
	struct imsg m;
	int sv[2], rv = 0;

	d->privd = imsgbuf_new(kit_exec("reeve-dial", &d->pid, &d->logfd), ROOM_PRIVD, ROOM_DIAL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		abort();
	d->netd = imsgbuf_new(sv[0], ROOM_NETD, ROOM_DIAL);
	imsgbuf_allow_fds(d->netd);
	imsgbuf_gate(d->netd)->phase = PH_RUN;
	if (imsg_compose(d->privd, MSG_DIAL_CONF, msg_dialconf_put(port, host), NULL, 0) == -1 ||
	    imsg_compose(d->privd, MSG_DIAL_PEER, NULL, &sv[1], 1) == -1)
		abort();
	if (chan_recv(d->privd, &m, KIT_MS) == 1) {
		rv = m.type == MSG_DIAL_READY && msg_ready_get(&m) == 0;
		imsg_free(&m);
	}
	imsgbuf_gate(d->privd)->phase = PH_RUN;
	return rv;
}

static inline int
dial_reap(struct dialkit *d)
{
	int status = -1;

	if (waitpid(d->pid, &status, 0) != d->pid)
		abort();
	close(d->logfd);
	return status;
}

/* Asks once: the connected socket, or -1 with the words in WHY. */
static inline int
dial_ask(struct dialkit *d, uint32_t number, char why[257])
{
	uint32_t got = 0;
	struct imsg m;
	int fd = -1;

	why[0] = '\0';
	if (imsg_compose(d->netd, MSG_DIAL_ASK, msg_num_put(number), NULL, 0) == -1 ||
	    chan_recv(d->netd, &m, 30000) != 1) {
		strcpy(why, "no answer");
		return -1;
	}
	if (m.type == MSG_DIAL_DONE && msg_num_get(&m, &got) == 0)
		fd = imsg_fd(&m, 0);
	else if (m.type == MSG_DIAL_FAIL)
		CHECK(msg_dialfail_get(&m, &got, why) == 0);
	CHECK(got == number);
	imsg_free(&m);
	return fd;
}

#endif
