/* A channel on libevent: messages, both ends' words of an end, a queue that fills, empties, bursts.
 */
#include <event2/event.h>
#include <poll.h>

#include "imsg/chan.h"
#include "imsg/msg_codec.h"
#include "regress/check.h"
#include "regress/ipc/peer.h"

struct chanend {
	struct chan *c;
	unsigned int messages, gones, drains;
	int closed, fd, free_in_msg, bad;
	char why[200];
};

static struct event_base *base;
static int sock; /* the other end, raw */

static int
on_msg(struct imsg *m, void *arg)
{
	struct chanend *e = arg;

	e->messages++;
	if (m->nfds > 0)
		e->fd = imsg_fd(m, 0);
	if (e->free_in_msg)
		chan_free(e->c);
	return e->bad ? -1 : 0;
}

static void
on_gone(const char *why, void *arg)
{
	struct chanend *e = arg;

	e->gones++;
	e->closed = why == NULL;
	snprintf(e->why, sizeof(e->why), "%s", why != NULL ? why : "");
}

static void
on_drained(void *arg)
{
	struct chanend *e = arg;

	e->drains++;
}

/* netd's end of its channel to privd, in the middle of the work. */
static void
begin(struct chanend *e, int fds)
{
	static const struct chan_ops ops = {on_msg, on_gone, on_drained};
	int sv[2];

	memset(e, 0, sizeof(*e));
	e->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		abort();
	e->c = chan_new(base, sv[0], ROOM_NETD, ROOM_PRIVD, fds, &ops, e);
	if (e->c == NULL)
		abort();
	chan_gate(e->c)->phase = PH_RUN;
	sock = sv[1];
}

static void
turn(void)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
put(uint32_t type, const void *payload, size_t len, int fd, unsigned int nfds)
{
	uint8_t buf[IMSG_HEADER + 256];

	peer_head(buf, type, (uint32_t)(IMSG_HEADER + len), nfds, 0);
	memcpy(buf + IMSG_HEADER, payload, len);
	peer_put(sock, buf, IMSG_HEADER + len, fd, nfds);
}

static void
test_messages(void)
{
	static const uint8_t payload[48];
	struct chanend e;
	int file = peer_file(17);

	begin(&e, 1);
	for (int i = 0; i < 100; i++)
		put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	put(MSG_VITALS, payload, 4, file, 1);
	turn();
	CHECK(e.messages == 101 && e.gones == 0 && peer_filesize(e.fd) == 17);
	close(e.fd);
	close(sock);
	turn();
	CHECK(e.gones == 1 && e.closed);
	turn();
	CHECK(e.gones == 1);
	CHECK(chan_send(e.c, MSG_NETD_ALIVE, msg_alive_put(1)) == -1);
	chan_free(e.c);
	close(file);
}

/* What ends it, and in which words. */
static void
test_breaches(void)
{
	static const uint8_t payload[256];
	struct chanend e;
	int file = peer_file(1);

	begin(&e, 1);
	put(MSG_JOB_SUBMIT, payload, 12, -1, 0);
	put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	turn();
	CHECK(e.messages == 0 && e.gones == 1 && strstr(e.why, "JOB_SUBMIT") != NULL);
	chan_free(e.c);
	close(sock);
	begin(&e, 1);
	e.bad = 1;
	put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	turn();
	CHECK(e.messages == 1 && e.gones == 1 && strstr(e.why, "malformed") != NULL);
	chan_free(e.c);
	close(sock);
	begin(&e, 1);
	peer_put(sock, payload, 7, -1, 0);
	close(sock);
	turn();
	CHECK(e.gones == 1 && strstr(e.why, "middle of a message") != NULL);
	chan_free(e.c);
	/* descriptors at a channel that takes none are the kernel's to drop */
	begin(&e, 0);
	put(MSG_CONFIRM_ASK, payload, 48, file, 0);
	peer_put(sock, payload, 1, file, 1);
	turn();
	CHECK(e.messages == 1 && e.gones == 0);
	chan_free(e.c);
	close(sock);
	close(file);
}

/* A peer that does not read: told from the loop, and not from within chan_send(). */
static void
test_queue(void)
{
	struct chanend e;
	char buf[65536];
	int sent = 0;

	begin(&e, 1);
	while (chan_send(e.c, MSG_NETD_ALIVE, msg_alive_put(1)) == 0 && sent < 1000000) {
		sent++;
		CHECK(e.gones == 0 && e.drains == 0);
	}
	CHECK(sent > 100 && sent < 1000000 && e.gones == 0);
	CHECK(chan_drain(e.c, 10) == -1);
	turn();
	CHECK(e.gones == 1 && strstr(e.why, "does not read") != NULL);
	chan_free(e.c);
	close(sock);

	begin(&e, 1);
	while (chan_queued(e.c) < 100000)
		if (chan_send(e.c, MSG_NETD_ALIVE, msg_alive_put(1)) == -1)
			abort();
	turn();
	CHECK(e.drains == 0);
	for (int i = 0; i < 1000 && chan_queued(e.c) > 0; i++) {
		CHECK(recv(sock, buf, sizeof(buf), MSG_DONTWAIT) > 0);
		turn();
	}
	CHECK(chan_queued(e.c) == 0 && e.drains == 1 && e.gones == 0);
	chan_free(e.c);
	close(sock);
}

/* The peer is gone, and its last words were there before: they are heard. */
static void
test_last_words(void)
{
	static const uint8_t payload[48];
	struct chanend e;

	begin(&e, 1);
	put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	close(sock);
	(void)chan_send(e.c, MSG_NETD_ALIVE, msg_alive_put(1));
	turn();
	CHECK(e.messages == 1 && e.gones == 1);
	chan_free(e.c);
}

/* Freed by its owner in the middle of a burst: nothing more comes (the sanitizers look on). */
static void
test_free_inside(void)
{
	static const uint8_t payload[48];
	struct chanend e;

	begin(&e, 1);
	e.free_in_msg = 1;
	for (int i = 0; i < 5; i++)
		put(MSG_CONFIRM_ASK, payload, 48, -1, 0);
	turn();
	CHECK(e.messages == 1 && e.gones == 0);
	close(sock);
}

int
main(void)
{
	base = event_base_new();
	test_messages();
	test_breaches();
	test_queue();
	test_last_words();
	test_free_inside();
	event_base_free(base);
	return check_done();
}
