/*
 * A hostile peer's whole conversation: bytes and descriptors through a real socket into a channel
 * whose owner moves on as ours do, and every payload that passes into its getter.
 *
 * First byte: which room listens to which, and whether it takes descriptors. Then pieces: two bytes
 * (big endian: 13 bits length, 2 bits descriptors, 1 bit "the receiver reads now") and that many
 * bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct ends {
	enum room self, peer;
	unsigned int phase;
};

static const struct ends ends[] = {
    {ROOM_PRIVD, ROOM_NETD, PH_START},
    {ROOM_PRIVD, ROOM_EXECD, PH_SETUP},
    {ROOM_PRIVD, ROOM_CTL, PH_RUN},
    {ROOM_PRIVD, ROOM_DIAL, PH_START},
    {ROOM_EXECD, ROOM_PRIVD, PH_START},
    {ROOM_CTL, ROOM_PRIVD, PH_RUN},
    {ROOM_NETD, ROOM_PRIVD, PH_START},
    {ROOM_NETD, ROOM_DIAL, PH_RUN},
    {ROOM_DIAL, ROOM_PRIVD, PH_START},
    {ROOM_DIAL, ROOM_NETD, PH_RUN},
    {ROOM_CTLD, ROOM_SIGN, PH_START},
    {ROOM_SIGN, ROOM_CTLD, PH_RUN},
};

static unsigned int times[MSG_LIMIT]; /* that a message passed, in this conversation */

static void
move_on(struct msg_gate *g, uint32_t type)
{
	switch (type) {
	case MSG_NETD_READY:
	case MSG_DIAL_READY:
	case MSG_NETD_PEER:
	case MSG_DIAL_PEER:
	case MSG_EXEC_GO:
	case MSG_SIGN_HELLO:
		g->phase = PH_RUN;
		break;
	case MSG_EXEC_START:
		g->phase = PH_ARMED;
		break;
	case MSG_EXEC_READY:
		g->phase = PH_RUN; /* privd sends GO */
		break;
	default:
		break;
	}
}

/* What the rows promise, looked at a second time. Returns what the payload's getter says. */
static int
passed(const struct msg_gate *g, struct imsg *m)
{
	const struct msg_row *r = msg_row(m->type);
	struct ibuf *out = NULL;
	int n;

	if (r == NULL || r->to != g->self || r->from != g->peer || (r->phases & g->phase) == 0 ||
	    m->len < r->min || m->len > r->max || m->nfds != r->fds)
		abort();
	if (++times[r->num] > 1 && r->times == MSG_ONCE)
		abort();
	n = codec_of(r->num)->again(m, &out);
	if (n == 0 &&
	    (out == NULL || out->wpos != m->len || memcmp(out->buf, m->data, m->len) != 0))
		abort();
	ibuf_free(out);
	return n;
}

/* Takes all that is there. 0 go on, -1 the peer is ended. */
static int
dispatch(struct imsgbuf *b)
{
	enum msg_verdict v;
	struct imsg m;
	int n;

	while ((n = peer_next(b, &m, &v)) == 1) {
		n = passed(imsgbuf_gate(b), &m);
		if (n == 0)
			move_on(imsgbuf_gate(b), m.type);
		imsg_free(&m);
		if (n == -1)
			return -1;
	}
	if (n == -1 && (imsgbuf_get(b, &m, &v) != -1 || imsgbuf_read(b) != -1))
		abort(); /* a breach is for good */
	return n == 2 ? 0 : -1;
}

static void
talk(struct imsgbuf *b, int sock, const uint8_t *p, const uint8_t *end, int file)
{
	while (end - p >= 2) {
		unsigned int head = (unsigned int)p[0] << 8 | p[1];
		size_t len = head & 0x1fff;

		p += 2;
		if (len > (size_t)(end - p))
			len = (size_t)(end - p);
		if (len > 0 && peer_send(sock, p, len, file, head >> 13 & 3, MSG_DONTWAIT) == -1)
			return;
		p += len;
		if ((head & 0x8000) && dispatch(b) == -1)
			return;
	}
	dispatch(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	const struct ends *e;
	struct imsgbuf *b;
	int sock, before, after;

	if (size < 1)
		return 0;
	if (file == -1)
		file = peer_file(1);
	memset(times, 0, sizeof(times));
	before = dup(file);
	close(before);
	e = &ends[(data[0] & 0x7f) % (sizeof(ends) / sizeof(ends[0]))];
	b = peer_channel(e->self, e->peer, e->phase, (data[0] & 0x80) == 0, &sock);
	talk(b, sock, data + 1, data + size, file);
	close(sock);
	imsgbuf_free(b);
	/* The lowest free number is the same again: nothing leaked. */
	after = dup(file);
	close(after);
	if (after != before)
		abort();
	return 0;
}
