/* imsg/imsg.c and imsg/chan_sync.c: framing, descriptors, the queue, deadlines. */
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "imsg/imsg.h"
#include "regress/check.h"
#include "regress/ipc/peer.h"

#define EXECD_END(sock) peer_channel(ROOM_EXECD, ROOM_PRIVD, PH_START, 1, sock)
#define PRIVD_END(sock) peer_channel(ROOM_PRIVD, ROOM_CTL, PH_RUN, 0, sock)

static struct ibuf *
bytes(size_t len, uint8_t fill)
{
	struct ibuf *b = ibuf_open(len);

	while (b->wpos < len)
		ibuf_put_u8(b, fill);
	return b;
}

/* Both ends ours. */
static void
there_and_back(void)
{
	struct imsgbuf *a, *b;
	enum msg_verdict v;
	struct imsg m;
	int sp[2], i;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == 0);
	a = imsgbuf_new(sp[0], ROOM_CTL, ROOM_PRIVD);
	b = imsgbuf_new(sp[1], ROOM_PRIVD, ROOM_CTL);
	CHECK(fcntl(sp[0], F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(sp[0], F_GETFL) & O_NONBLOCK) != 0);
	CHECK(imsgbuf_fd(a) == sp[0]);
	imsgbuf_gate(a)->phase = imsgbuf_gate(b)->phase = PH_RUN;
	CHECK(imsg_compose(a, MSG_CTL_STATUS, NULL, NULL, 0) == 0);
	CHECK(imsg_compose(a, MSG_CTL_SHOW, bytes(16, 7), NULL, 0) == 0);
	CHECK(imsgbuf_queued(a) > 2 * IMSG_HEADER + 16);
	CHECK(peer_next(b, &m, &v) == 2);
	CHECK(imsgbuf_write(a) == 0 && imsgbuf_queued(a) == 0);
	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_CTL_STATUS && m.len == 0);
	imsg_free(&m);
	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_CTL_SHOW && m.len == 16);
	for (i = 0; i < 16; i++)
		CHECK(m.data[i] == 7);
	CHECK(imsg_fd(&m, 0) == -1 && m.nfds == 0);
	imsg_free(&m);
	imsg_free(&m);
	CHECK(m.data == NULL);
	imsgbuf_free(a);
	CHECK(peer_next(b, &m, &v) == 0);
	/* Nobody reads: an error, not a signal. */
	CHECK(imsg_compose(b, MSG_CTL_END, NULL, NULL, 0) == 0);
	CHECK(imsgbuf_write(b) == -1 && errno == EPIPE);
	imsgbuf_free(b);
	CHECK(imsgbuf_new(-1, ROOM_CTL, ROOM_PRIVD) == NULL);
	imsgbuf_free(NULL);
}

/* What a header alone gives away ends the peer at once: no payload is waited for. */
static void
bad_head(uint32_t type, uint32_t len, uint32_t nfds, uint32_t reserved, enum msg_verdict want)
{
	uint8_t head[IMSG_HEADER];
	enum msg_verdict v;
	struct imsg m;
	struct imsgbuf *b;
	int sock;

	b = PRIVD_END(&sock);
	peer_head(head, type, len, nfds, reserved);
	peer_put(sock, head, sizeof(head), -1, 0);
	CHECKF(peer_next(b, &m, &v) == -1 && v == want, "type %u len %u fds %u reserved %u: %s",
	    type, len, nfds, reserved, msg_verdict_name(v));
	CHECK(m.type == type && m.nfds == 0);
	/* and nothing comes out of this channel again */
	peer_head(head, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	peer_put(sock, head, sizeof(head), -1, 0);
	CHECK(imsgbuf_read(b) == -1 && errno == EBADMSG);
	CHECK(imsgbuf_get(b, &m, &v) == -1 && v == MSG_FORM);
	close(sock);
	imsgbuf_free(b);
}

static void
heads(void)
{
	static const uint32_t lens[] = {0, 1, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1,
	    0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		bad_head(MSG_CTL_STATUS, lens[i], 0, 0, MSG_FORM);
	bad_head(MSG_CTL_STATUS, IMSG_HEADER, 0, 1, MSG_FORM);
	bad_head(MSG_CTL_STATUS, IMSG_HEADER, 0, 0x80000000, MSG_FORM);
	bad_head(MSG_CTL_STATUS, IMSG_HEADER, 1, 0, MSG_FDS);
	bad_head(MSG_CTL_STATUS, IMSG_HEADER, 0xffffffff, 0, MSG_FDS);
	bad_head(MSG_CTL_STATUS, IMSG_HEADER + 1, 0, 0, MSG_LENGTH);
	bad_head(MSG_CTL_SHOW, IMSG_HEADER + 15, 0, 0, MSG_LENGTH);
	bad_head(MSG_CTL_BLOB, IMSG_HEADER + MSG_PAYLOAD_MAX, 0, 0, MSG_LENGTH);
	bad_head(0, IMSG_HEADER, 0, 0, MSG_UNKNOWN);
	bad_head(0xffffffff, IMSG_HEADER, 0, 0, MSG_UNKNOWN);
	bad_head(MSG_CTL_END, IMSG_HEADER, 0, 0, MSG_DIRECTION);
}

/* Cut in two at every byte, and sent byte by byte. */
static void
split(void)
{
	uint8_t buf[2 * IMSG_HEADER + 16];
	enum msg_verdict v;
	struct imsg m;
	struct imsgbuf *b;
	size_t at;
	int sock;

	peer_head(buf, MSG_CTL_SHOW, IMSG_HEADER + 16, 0, 0);
	memset(buf + IMSG_HEADER, 0x33, 16);
	peer_head(buf + IMSG_HEADER + 16, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	b = PRIVD_END(&sock);
	for (at = 1; at < sizeof(buf); at++) {
		peer_put(sock, buf, at, -1, 0);
		if (at < IMSG_HEADER + 16)
			CHECK(peer_next(b, &m, &v) == 2);
		peer_put(sock, buf + at, sizeof(buf) - at, -1, 0);
		CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_CTL_SHOW && m.len == 16 &&
		      m.data[15] == 0x33);
		CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_CTL_STATUS);
		CHECK(peer_next(b, &m, &v) == 2);
	}
	for (at = 0; at < sizeof(buf); at++) {
		CHECK(peer_next(b, &m, &v) == (at == IMSG_HEADER + 16 ? 1 : 2));
		peer_put(sock, buf + at, 1, -1, 0);
	}
	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_CTL_STATUS);
	close(sock);
	imsgbuf_free(b);
}

/* Largest messages one behind another: the buffer is one message long, and that is enough. */
static void
many(void)
{
	static uint8_t buf[IMSG_HEADER + 21 + MSG_PIECE];
	enum msg_verdict v;
	struct imsg m;
	struct imsgbuf *b;
	int sock, i, got = 0;

	peer_head(buf, MSG_CTL_BLOB, sizeof(buf), 0, 0);
	b = PRIVD_END(&sock);
	for (i = 0; i < 200; i++) {
		memset(buf + IMSG_HEADER, i, 21 + MSG_PIECE);
		peer_put(sock, buf, sizeof(buf), -1, 0);
		if (i % 4 != 3)
			continue;
		while (peer_next(b, &m, &v) == 1) {
			CHECK(m.len == 21 + MSG_PIECE && m.data[0] == got && m.data[16404] == got);
			got++;
		}
	}
	CHECK(got == 200);
	/* Reading without getting fills the buffer, and then waits for its owner. */
	peer_put(sock, buf, sizeof(buf), -1, 0);
	peer_put(sock, buf, sizeof(buf), -1, 0);
	for (i = 0; i < 10; i++)
		CHECK(imsgbuf_read(b) == 1);
	CHECK(imsgbuf_get(b, &m, &v) == 1 && imsgbuf_get(b, &m, &v) == 0);
	close(sock);
	imsgbuf_free(b);
}

static void
fds_in_order(void)
{
	struct imsgbuf *a, *b;
	enum msg_verdict v;
	struct imsg m;
	int sp[2], fds[2], i, fd, before = fd_count();

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == 0);
	a = imsgbuf_new(sp[0], ROOM_PRIVD, ROOM_EXECD);
	b = imsgbuf_new(sp[1], ROOM_EXECD, ROOM_PRIVD);
	imsgbuf_allow_fds(b);
	CHECK(imsg_compose(a, MSG_EXEC_HOST, bytes(100, 0), NULL, 0) == 0);
	fds[0] = peer_file(1000);
	fds[1] = peer_file(1001);
	CHECK(imsg_compose(a, MSG_EXEC_CGROUP, NULL, fds, 2) == 0);
	for (i = 0; i < 8; i++) {
		fds[0] = peer_file(i);
		CHECK(imsg_compose(a, MSG_EXEC_BLOB, bytes(1, (uint8_t)i), fds, 1) == 0);
	}
	CHECK(imsg_compose(a, MSG_EXEC_SEAL, bytes(32, 0), NULL, 0) == 0);
	CHECK(imsgbuf_write(a) == 0 && imsgbuf_queued(a) == 0);
	CHECK(fd_count() == before + 2); /* all of ours are closed; theirs are on the way */

	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_EXEC_HOST && m.nfds == 0);
	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_EXEC_CGROUP && m.nfds == 2);
	CHECK(peer_filesize(m.fd[0]) == 1000 && peer_filesize(m.fd[1]) == 1001);
	CHECK(fcntl(m.fd[0], F_GETFD) == FD_CLOEXEC);
	fd = imsg_fd(&m, 0);
	CHECK(imsg_fd(&m, 0) == -1 && imsg_fd(&m, 2) == -1);
	imsg_free(&m); /* closes the other one only */
	CHECK(peer_filesize(fd) == 1000);
	close(fd);
	for (i = 0; i < 8; i++) {
		CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_EXEC_BLOB && m.nfds == 1);
		CHECK(m.data[0] == i && peer_filesize(m.fd[0]) == i);
		imsg_free(&m);
	}
	CHECK(peer_next(b, &m, &v) == 1 && m.type == MSG_EXEC_SEAL && m.nfds == 0);
	imsgbuf_free(a);
	imsgbuf_free(b);
	CHECK(fd_count() == before);
}

/*
 * One try of a hostile sender on a channel that takes descriptors: how many come with the EXEC_HOST
 * before, with the first byte of the EXEC_BLOB, and with its last byte.
 */
struct stray {
	const char *what;
	unsigned int before, first, last;
	unsigned int declared;
	int hostfirst;
	int want;  /* of the message EXEC_BLOB: 1 or -1; -2: already the one before is refused */
	int whole; /* the same when one read brings all of it */
};

static const struct stray strays[] = {
    {"as it must be", 0, 1, 0, 1, 0, 1, 1},
    {"as it must be, behind another", 0, 1, 0, 1, 1, 1, 1},
    {"none", 0, 0, 0, 1, 0, -1, -1},
    {"two for one", 0, 2, 0, 1, 0, -1, -1},
    {"three: more than there is room for", 0, 3, 0, 1, 0, -1, -1},
    {"253", 0, 253, 0, 1, 0, -1, -1},
    {"too late", 0, 0, 1, 1, 0, -1, 1},
    {"one more, late", 0, 1, 1, 1, 0, -1, -1},
    {"too early", 1, 0, 0, 1, 1, -2, -2},
    {"one too early, one in time", 1, 1, 0, 1, 1, -2, -2},
    {"two declared and sent", 0, 2, 0, 2, 0, -1, -1},
    {"none declared, one sent", 0, 1, 0, 0, 0, -1, -1},
    {"2^32-1 declared", 0, 1, 0, UINT32_MAX, 0, -1, -1},
};

/* WHOLE 0: the receiver reads after each piece. 1: it finds all of them on the socket. */
static void
stray(const struct stray *s, int whole)
{
	uint8_t host[IMSG_HEADER + 80] = {0}, blob[IMSG_HEADER + 1] = {0};
	int sock, file = peer_file(5), before = fd_count(), n;
	struct imsgbuf *b = EXECD_END(&sock);
	enum msg_verdict v = MSG_PASS;
	struct imsg m;

	peer_head(host, MSG_EXEC_HOST, sizeof(host), 0, 0);
	peer_head(blob, MSG_EXEC_BLOB, sizeof(blob), s->declared, 0);
	n = 2;
	if (s->hostfirst) {
		peer_put(sock, host, sizeof(host), file, s->before);
		if (!whole)
			n = peer_next(b, &m, &v);
	}
	if (n > 0) {
		peer_put(sock, blob, IMSG_HEADER, file, s->first);
		if (!whole && n == 2)
			n = peer_next(b, &m, &v);
	}
	if (n > 0)
		peer_put(sock, blob + IMSG_HEADER, 1, file, s->last);
	if (whole && s->hostfirst)
		n = peer_next(b, &m, &v);
	if (s->want == -2) {
		CHECKF(n == -1 && v == MSG_FDS, "%s, %d: %d", s->what, whole, n);
	} else {
		if (n > 0)
			n = peer_next(b, &m, &v);
		CHECKF(n == (whole ? s->whole : s->want), "%s, %d: %d", s->what, whole, n);
		CHECKF(n == 1 || v == MSG_FDS, "%s: %s", s->what, msg_verdict_name(v));
		CHECKF(n != 1 || (m.nfds == 1 && peer_filesize(m.fd[0]) == 5), "%s", s->what);
	}
	imsg_free(&m);
	CHECKF(fd_count() == before + 2, "%s: a descriptor stays open", s->what);
	close(sock);
	imsgbuf_free(b);
	CHECKF(fd_count() == before, "%s: a descriptor leaks", s->what);
	close(file);
}

static void
stray_all(void)
{
	size_t i;

	for (i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
		stray(&strays[i], 0);
		stray(&strays[i], 1);
	}
}

/* Held back by a message that never ends, no more than a handful of descriptors can wait. */
static void
fds_wait(void)
{
	int sock, file = peer_file(5), before = fd_count(), i, n = 0;
	struct imsgbuf *b = EXECD_END(&sock);
	uint8_t host[IMSG_HEADER + 80] = {0};
	enum msg_verdict v;
	struct imsg m;

	peer_head(host, MSG_EXEC_HOST, sizeof(host), 0, 0);
	for (i = 0; i < 80 && n != -1; i++) {
		peer_put(sock, host + i, 1, file, 2);
		n = peer_next(b, &m, &v);
		CHECK(fd_count() <= before + 2 + 4);
	}
	CHECK(n == -1 && v == MSG_FDS && i <= 3);
	CHECK(fd_count() == before + 2);
	close(sock);
	imsgbuf_free(b);
	close(file);
}

/* A channel that takes none: the kernel drops them, and a message that declares one is refused. */
static void
fds_refused(void)
{
	int sock, file = peer_file(5), before = fd_count(), i;
	struct imsgbuf *b = PRIVD_END(&sock), *c;
	uint8_t head[IMSG_HEADER], blob[IMSG_HEADER + 1] = {0};
	enum msg_verdict v;
	struct imsg m;

	peer_head(head, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	for (i = 0; i < 100; i++) {
		peer_put(sock, head, sizeof(head), file, PEER_FDS);
		CHECK(peer_next(b, &m, &v) == 1 && m.nfds == 0);
		CHECK(fd_count() == before + 2);
	}
	close(sock);
	imsgbuf_free(b);
	c = peer_channel(ROOM_EXECD, ROOM_PRIVD, PH_START, 0, &sock);
	peer_head(blob, MSG_EXEC_BLOB, sizeof(blob), 1, 0);
	peer_put(sock, blob, sizeof(blob), file, 1);
	CHECK(peer_next(c, &m, &v) == -1 && v == MSG_FDS);
	CHECK(fd_count() == before + 2);
	close(sock);
	imsgbuf_free(c);
	close(file);
}

/* Our own mistakes fail when they are made, and cost nothing. */
static void
own_rows(void)
{
	struct imsgbuf *b;
	struct ibuf *ib;
	int sock, file = peer_file(1), fds[2] = {file, file};

	b = peer_channel(ROOM_PRIVD, ROOM_EXECD, PH_START, 0, &sock);
#define FAILS(call, err) CHECKF((call) == -1 && errno == (err), "errno %d", errno)
	FAILS(imsg_compose(b, 0, NULL, NULL, 0), EINVAL);
	FAILS(imsg_compose(b, MSG_EXEC_READY, bytes(12, 0), NULL, 0), EINVAL); /* theirs */
	FAILS(imsg_compose(b, MSG_CTL_OK, NULL, NULL, 0), EINVAL);	       /* another's */
	FAILS(imsg_compose(b, MSG_EXEC_GO, NULL, NULL, 0), EINVAL);	       /* not yet */
	FAILS(imsg_compose(b, MSG_EXEC_SEAL, bytes(31, 0), NULL, 0), EMSGSIZE);
	FAILS(imsg_compose(b, MSG_EXEC_SEAL, bytes(33, 0), NULL, 0), EMSGSIZE);
	FAILS(imsg_compose(b, MSG_EXEC_SEAL, NULL, NULL, 0), EMSGSIZE);
	FAILS(imsg_compose(b, MSG_EXEC_CGROUP, NULL, fds, 1), EINVAL);
	FAILS(imsg_compose(b, MSG_EXEC_BLOB, bytes(1, 0), NULL, 0), EINVAL);
	ib = ibuf_open(32);
	ibuf_put(ib, "x", 1);
	ibuf_put(ib, b, 32);
	FAILS(imsg_compose(b, MSG_EXEC_SEAL, ib, NULL, 0), EMSGSIZE);
	CHECK(imsgbuf_queued(b) == 0 && fcntl(file, F_GETFD) != -1);
	CHECK(imsg_compose(b, MSG_EXEC_SEAL, bytes(32, 0), NULL, 0) == 0);
	FAILS(imsg_compose(b, MSG_EXEC_SEAL, bytes(32, 0), NULL, 0), EINVAL);
	imsgbuf_gate(b)->phase = PH_ARMED;
	CHECK(imsg_compose(b, MSG_EXEC_GO, NULL, NULL, 0) == 0);
	close(sock);
	close(file);
	imsgbuf_free(b);
}

/* A peer that never reads: the queue ends at its cap, descriptors at theirs, and nothing blocks. */
static void
backpressure(void)
{
	struct imsgbuf *b;
	int sock, n, before = fd_count(), fd;

	b = PRIVD_END(&sock);
	for (n = 0; imsg_compose(b, MSG_CTL_ITEM, bytes(4096, 'x'), NULL, 0) == 0; n++)
		CHECK(imsgbuf_write(b) == 0 && imsgbuf_queued(b) <= IMSG_QUEUE_MAX);
	CHECK(errno == ENOBUFS && n > 250 && imsgbuf_queued(b) > IMSG_QUEUE_MAX - 4200);
	while (imsg_compose(b, MSG_CTL_END, NULL, NULL, 0) == 0)
		;
	CHECK(errno == ENOBUFS && imsgbuf_queued(b) <= IMSG_QUEUE_MAX);
	imsgbuf_free(b);
	close(sock);

	b = peer_channel(ROOM_PRIVD, ROOM_EXECD, PH_START, 0, &sock);
	for (n = 0, fd = peer_file(n); imsg_compose(b, MSG_EXEC_BLOB, bytes(1, 0), &fd, 1) == 0;
	     n++, fd = peer_file(n))
		;
	CHECK(errno == ENOBUFS && n == IMSG_QUEUE_FDS && peer_filesize(fd) == n);
	close(fd);
	imsgbuf_free(b); /* closes those that wait */
	close(sock);
	CHECK(fd_count() == before);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
sync_deadline(void)
{
	uint8_t head[IMSG_HEADER];
	struct imsgbuf *b;
	struct imsg m;
	int64_t t;
	int sock;

	b = PRIVD_END(&sock);
	t = now_ms();
	CHECK(chan_recv(b, &m, 50) == -2);
	CHECK(now_ms() - t >= 50 && now_ms() - t < 5000);
	CHECK(chan_recv(b, &m, 0) == -2);
	/* Half a message does not reset the clock. */
	peer_head(head, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	CHECK(!imsgbuf_partial(b));
	peer_put(sock, head, 9, -1, 0);
	t = now_ms();
	CHECK(chan_recv(b, &m, 50) == -2);
	CHECK(imsgbuf_partial(b));
	CHECK(now_ms() - t >= 50 && now_ms() - t < 5000);
	peer_put(sock, head + 9, sizeof(head) - 9, -1, 0);
	CHECK(chan_recv(b, &m, 0) == 1 && m.type == MSG_CTL_STATUS);
	CHECK(!imsgbuf_partial(b));
	peer_put(sock, head, sizeof(head), -1, 0);
	close(sock);
	CHECK(chan_recv(b, &m, -1) == 1);
	CHECK(chan_recv(b, &m, -1) == 0);
	imsgbuf_free(b);

	b = PRIVD_END(&sock);
	peer_head(head, 99, IMSG_HEADER, 0, 0);
	peer_put(sock, head, sizeof(head), -1, 0);
	CHECK(chan_recv(b, &m, 1000) == -1);
	CHECK(chan_recv(b, &m, 1000) == -1);
	close(sock);
	imsgbuf_free(b);
}

/* Both sides push more than a socket holds before either reads: chan_recv() writes meanwhile. */
static void
sync_both_push(void)
{
	struct imsgbuf *b;
	struct imsg m;
	int sp[2], i, status;
	pid_t pid;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sp) == 0);
	if ((pid = fork()) == 0) {
		close(sp[0]);
		b = imsgbuf_new(sp[1], ROOM_PRIVD, ROOM_CTL);
		imsgbuf_gate(b)->phase = PH_RUN;
		for (i = 0; i < 60; i++)
			if (imsg_compose(b, MSG_CTL_ITEM, bytes(16000, 'x'), NULL, 0) == -1)
				_exit(1);
		for (i = 0; i < 60; i++)
			if (chan_recv(b, &m, 20000) != 1)
				_exit(2);
		_exit(chan_flush(b) == 0 ? 0 : 3);
	}
	close(sp[1]);
	b = imsgbuf_new(sp[0], ROOM_CTL, ROOM_PRIVD);
	imsgbuf_gate(b)->phase = PH_RUN;
	for (i = 0; i < 60; i++)
		CHECK(imsg_compose(b, MSG_CTL_BLOB, bytes(16000, 'y'), NULL, 0) == 0);
	for (i = 0; i < 60; i++)
		CHECK(chan_recv(b, &m, 20000) == 1 && m.len == 16000);
	CHECK(chan_flush(b) == 0 && imsgbuf_queued(b) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	imsgbuf_free(b);
}

int
main(void)
{
	there_and_back();
	heads();
	split();
	many();
	fds_in_order();
	stray_all();
	fds_wait();
	fds_refused();
	own_rows();
	backpressure();
	sync_deadline();
	sync_both_push();
	return check_done();
}
