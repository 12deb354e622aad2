/*
 * A channel: framing, descriptors and the output queue. The peer of any channel may be hostile: a
 * length is judged as soon as its header is there, and nothing is ever allocated by it.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg/imsg.h"
#include "lib/crash.h"
#include "lib/fdutil.h"

/*
 * A descriptor that came and was not yet claimed. The sender's kernel ties it to the first byte of
 * its message, so it comes by the same read(2) as that byte: FROM and TO are where in the stream
 * this read began and ended. It belongs to a message that starts in [FROM, TO) and to no other.
 */
struct pending {
	int fd;
	uint64_t from, to;
};

/* Those of a message begun, and of the next one that the same read brought. */
#define PENDING_MAX (2 * IMSG_MAXFDS)

struct out {
	STAILQ_ENTRY(out) entry;
	const struct msg_row *row;
	size_t len, done;
	int fd[IMSG_MAXFDS];
	unsigned int nfds;
	int begun; /* its first write was tried */
	uint8_t bytes[];
};

struct imsgbuf {
	int fd;
	int fds_allowed;
	int broken; /* after a breach nothing comes out any more */
	struct msg_gate gate;
	uint64_t offset;   /* bytes read in the channel's life */
	size_t start, end; /* what IN holds */
	struct pending pending[PENDING_MAX];
	unsigned int npending;
	STAILQ_HEAD(outq, out) queue;
	size_t queued; /* what the queue costs: bytes and their keeping */
	unsigned int nqueuefds;
	uint8_t in[IMSG_HEADER + MSG_PAYLOAD_MAX];
};

struct head {
	uint32_t type, len, nfds, reserved;
};

struct imsgbuf *
imsgbuf_new(int fd, enum room self, enum room peer)
{
	struct imsgbuf *b;

	if (fd_cloexec(fd, 1) == -1 || fd_nonblock(fd, 1) == -1)
		return NULL;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return NULL;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->fd = fd;
	msg_gate_init(&b->gate, self, peer);
	STAILQ_INIT(&b->queue);
	return b;
}

void
imsgbuf_allow_fds(struct imsgbuf *b)
{
	b->fds_allowed = 1;
}

static void
close_all(int *fds, unsigned int *n)
{
	while (*n > 0)
		close(fds[--*n]);
}

static void
pending_drop(struct imsgbuf *b)
{
	while (b->npending > 0)
		close(b->pending[--b->npending].fd);
}

/* Takes O, the first of the queue, out of it. */
static void
out_free(struct imsgbuf *b, struct out *o)
{
	STAILQ_REMOVE_HEAD(&b->queue, entry);
	b->queued -= sizeof(*o) + o->len;
	b->nqueuefds -= o->nfds;
	close_all(o->fd, &o->nfds);
	explicit_bzero(o->bytes, o->len); /* some are keys */
	free(o);
}

void
imsgbuf_free(struct imsgbuf *b)
{
	struct out *o;

	if (b == NULL)
		return;
	while ((o = STAILQ_FIRST(&b->queue)) != NULL)
		out_free(b, o);
	pending_drop(b);
	close(b->fd);
	free(b);
}

int
imsgbuf_fd(const struct imsgbuf *b)
{
	return b->fd;
}

struct msg_gate *
imsgbuf_gate(struct imsgbuf *b)
{
	return &b->gate;
}

/* Takes the descriptors out of MSG. 0, or -1 when there is anything but the few that may come. */
static int
pending_take(struct imsgbuf *b, struct msghdr *msg, uint64_t from, uint64_t to)
{
	int bad = (msg->msg_flags & MSG_CTRUNC) != 0;
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			bad = 1;
			continue;
		}
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (b->npending == PENDING_MAX) {
				close(fd);
				bad = 1;
				continue;
			}
			b->pending[b->npending++] = (struct pending){fd, from, to};
		}
	}
	return bad ? -1 : 0;
}

static ssize_t
read_fds(struct imsgbuf *b, void *buf, size_t len)
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(int) * IMSG_MAXFDS)];
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n;

	if ((n = recvmsg(b->fd, &msg, MSG_CMSG_CLOEXEC)) == -1)
		return -1;
	if (pending_take(b, &msg, b->offset, b->offset + (uint64_t)n) == -1) {
		pending_drop(b);
		b->broken = 1;
		errno = EBADMSG;
		return -1;
	}
	return n;
}

int
imsgbuf_read(struct imsgbuf *b)
{
	ssize_t n;
	size_t room;

	if (b->broken) {
		errno = EBADMSG;
		return -1;
	}
	if (b->start > 0) {
		memmove(b->in, b->in + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	/* A full buffer holds a whole message, or a header that the next get refuses. */
	if ((room = sizeof(b->in) - b->end) == 0)
		return 1;
	do {
		n = b->fds_allowed ? read_fds(b, b->in + b->end, room)
				   : read(b->fd, b->in + b->end, room);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	b->end += (size_t)n;
	b->offset += (uint64_t)n;
	return 1;
}

/* What a header alone can show. Anything but a pass ends the peer before its payload came. */
static enum msg_verdict
head_check(const struct head *h)
{
	const struct msg_row *r;

	if (h->reserved != 0 || h->len < IMSG_HEADER || h->len > IMSG_HEADER + MSG_PAYLOAD_MAX)
		return MSG_FORM;
	if ((r = msg_row(h->type)) == NULL)
		return MSG_UNKNOWN;
	if (h->len - IMSG_HEADER < r->min || h->len - IMSG_HEADER > r->max)
		return MSG_LENGTH;
	if (h->nfds != r->fds)
		return MSG_FDS;
	return MSG_PASS;
}

/* Moves N descriptors that belong to the message in [START, END) into M; none may be left over. */
static int
pending_claim(struct imsgbuf *b, struct imsg *m, unsigned int n, uint64_t start, uint64_t end)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (i >= b->npending || b->pending[i].from > start)
			break;
		m->fd[m->nfds++] = b->pending[i].fd;
	}
	memmove(b->pending, b->pending + m->nfds, (b->npending - m->nfds) * sizeof(b->pending[0]));
	b->npending -= m->nfds;
	if (m->nfds != n)
		return -1;
	for (i = 0; i < b->npending; i++)
		if (b->pending[i].to <= end)
			return -1;
	return 0;
}

static int
breach(struct imsgbuf *b, struct imsg *m, enum msg_verdict v, enum msg_verdict *verdict)
{
	imsg_free(m);
	pending_drop(b);
	b->broken = 1;
	*verdict = v;
	return -1;
}

int
imsgbuf_get(struct imsgbuf *b, struct imsg *m, enum msg_verdict *verdict)
{
	size_t have = b->end - b->start;
	uint64_t at = b->offset - have;
	enum msg_verdict v;
	struct ibuf ib;
	struct head h;

	*m = (struct imsg){.fd = {-1, -1}};
	*verdict = MSG_PASS;
	if (b->broken)
		return breach(b, m, MSG_FORM, verdict);
	ibuf_from(&ib, b->in + b->start, have);
	if (ibuf_get_u32(&ib, &h.type) == -1 || ibuf_get_u32(&ib, &h.len) == -1 ||
	    ibuf_get_u32(&ib, &h.nfds) == -1 || ibuf_get_u32(&ib, &h.reserved) == -1)
		return 0;
	m->type = h.type;
	if ((v = head_check(&h)) != MSG_PASS)
		return breach(b, m, v, verdict);
	if (have < h.len)
		return 0;
	m->data = b->in + b->start + IMSG_HEADER;
	m->len = h.len - IMSG_HEADER;
	if ((v = msg_gate_check(&b->gate, h.type, m->len, h.nfds)) != MSG_PASS)
		return breach(b, m, v, verdict);
	if (pending_claim(b, m, h.nfds, at, at + h.len) == -1)
		return breach(b, m, MSG_FDS, verdict);
	b->start += h.len;
	crash_point("msg", msg_row(h.type)->name, "recv");
	return 1;
}

int
imsgbuf_partial(const struct imsgbuf *b)
{
	return b->end > b->start;
}

int
imsg_fd(struct imsg *m, unsigned int i)
{
	int fd;

	if (i >= m->nfds)
		return -1;
	fd = m->fd[i];
	m->fd[i] = -1;
	return fd;
}

void
imsg_free(struct imsg *m)
{
	unsigned int i;

	for (i = 0; i < m->nfds; i++)
		if (m->fd[i] != -1)
			close(m->fd[i]);
	m->nfds = 0;
	m->data = NULL;
	m->len = 0;
}

/* Would the other end let it pass, if both are in the same phase? Else the bug is ours. */
static int
own_check(struct imsgbuf *b, uint32_t type, size_t len, unsigned int nfds)
{
	struct msg_gate there = b->gate;

	there.self = b->gate.peer;
	there.peer = b->gate.self;
	switch (msg_gate_check(&there, type, len, nfds)) {
	case MSG_PASS:
		memcpy(b->gate.seen, there.seen, sizeof(there.seen));
		return 0;
	case MSG_LENGTH:
		errno = EMSGSIZE;
		return -1;
	default:
		errno = EINVAL;
		return -1;
	}
}

static struct out *
out_new(const struct msg_row *row, const struct ibuf *payload, const int *fds, unsigned int nfds)
{
	size_t len = IMSG_HEADER + (payload != NULL ? payload->wpos : 0);
	struct ibuf ib;
	struct out *o;

	if ((o = calloc(1, sizeof(*o) + len)) == NULL)
		return NULL;
	o->row = row;
	o->len = len;
	memset(&ib, 0, sizeof(ib));
	ib.buf = o->bytes;
	ib.size = len;
	ibuf_put_u32(&ib, row->num);
	ibuf_put_u32(&ib, (uint32_t)len);
	ibuf_put_u32(&ib, nfds);
	ibuf_put_u32(&ib, 0);
	if (payload != NULL)
		ibuf_put(&ib, payload->buf, payload->wpos);
	for (o->nfds = 0; o->nfds < nfds; o->nfds++)
		o->fd[o->nfds] = fds[o->nfds];
	return o;
}

static int
compose(struct imsgbuf *b, uint32_t type, const struct ibuf *ib, const int *fds, unsigned int nfds)
{
	size_t len = ib != NULL ? ib->wpos : 0;
	struct out *o;

	if (ib != NULL && ib->failed) {
		errno = EMSGSIZE;
		return -1;
	}
	if (b->queued + sizeof(*o) + IMSG_HEADER + len > IMSG_QUEUE_MAX ||
	    b->nqueuefds + nfds > IMSG_QUEUE_FDS) {
		errno = ENOBUFS;
		return -1;
	}
	if (own_check(b, type, len, nfds) == -1)
		return -1;
	if ((o = out_new(msg_row(type), ib, fds, nfds)) == NULL)
		return -1;
	STAILQ_INSERT_TAIL(&b->queue, o, entry);
	b->queued += sizeof(*o) + o->len;
	b->nqueuefds += o->nfds;
	return 0;
}

int
imsg_compose(struct imsgbuf *b, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds)
{
	int rv;

	rv = compose(b, type, ib, fds, nfds);
	ibuf_free(ib);
	return rv;
}

/* Descriptors go with the first byte of their message, by a sendmsg(2) that carries no other. */
static ssize_t
send_fds(int sock, const struct out *o)
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(int) * IMSG_MAXFDS)];
	} control;
	struct iovec iov;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;

	iov.iov_base = (uint8_t *)(uintptr_t)o->bytes;
	iov.iov_len = o->len;
	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(sizeof(int) * o->nfds);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * o->nfds);
	memcpy(CMSG_DATA(c), o->fd, sizeof(int) * o->nfds);
	return sendmsg(sock, &msg, MSG_NOSIGNAL);
}

int
imsgbuf_write(struct imsgbuf *b)
{
	struct out *o;
	ssize_t n;

	while ((o = STAILQ_FIRST(&b->queue)) != NULL) {
		if (!o->begun)
			crash_point("msg", o->row->name, "send");
		o->begun = 1;
		if (o->nfds > 0)
			n = send_fds(b->fd, o);
		else
			n = write(b->fd, o->bytes + o->done, o->len - o->done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		b->nqueuefds -= o->nfds;
		close_all(o->fd, &o->nfds);
		o->done += (size_t)n;
		if (o->done == o->len)
			out_free(b, o);
	}
	return 0;
}

size_t
imsgbuf_queued(const struct imsgbuf *b)
{
	return b->queued;
}
