/*
 * A channel on libevent, for netd and ctld: an imsgbuf that reads, judges and writes by itself.
 * privd has a loop of its own, execd, dial, sign and reevectl use the blocking calls of imsg.h.
 */
#ifndef IMSG_CHAN_H
#define IMSG_CHAN_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"

struct event_base;
struct chan;

struct chan_ops {
	/* One message that its row let pass. 0; -1 malformed payload: the channel ends. */
	int (*msg)(struct imsg *m, void *arg);
	/*
	 * The channel is over: the peer closed (WHY NULL), broke the protocol or does not read.
	 * Called once, last, never from within chan_send(); the owner then calls chan_free() or
	 * exits.
	 */
	void (*gone)(const char *why, void *arg);
	/* May be NULL. What was queued is written: there is room for more. */
	void (*drained)(void *arg);
};

/*
 * Takes FD, a connected SOCK_STREAM socket. FDS 1: messages may bring descriptors. NULL with errno;
 * FD is then still the caller's.
 */
struct chan *chan_new(struct event_base *base, int fd, enum room self, enum room peer, int fds,
    const struct chan_ops *ops, void *arg);
/*
 * Queues one message without descriptors and writes what the socket takes now (write(2) alone: a
 * room whose filter has no sendmsg(2) can use it). IB (may be NULL) is consumed. 0; -1: it did not
 * go, and gone() will be called.
 */
int chan_send(struct chan *c, uint32_t type, struct ibuf *ib);
size_t chan_queued(const struct chan *c);   /* what waits to be written, as imsgbuf_queued() */
struct msg_gate *chan_gate(struct chan *c); /* to move the phase on */
/* Writes out what is queued, for up to MS milliseconds. 0 or -1. */
int chan_drain(struct chan *c, int ms);
void chan_free(struct chan *c);

#endif
