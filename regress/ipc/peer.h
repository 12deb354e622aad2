/* The other end of a channel, in the hands of a test: raw bytes and descriptors, no rules at all.
 */
#ifndef REGRESS_IPC_PEER_H
#define REGRESS_IPC_PEER_H

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg/imsg.h"
#include "lib/fdutil.h"

#define PEER_FDS 253 /* SCM_MAX_FD: most that Linux sends at once */

/* Sends LEN bytes with NFDS times descriptor FD at their first. Bytes taken, or -1 with errno. */
static inline ssize_t
peer_send(int sock, const void *buf, size_t len, int fd, unsigned int nfds, int flags)
{
	static union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(int) * PEER_FDS)];
	} control;
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;
	unsigned int i;

	if (nfds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		for (i = 0; i < nfds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(fd));
	}
	return sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
}

/* Sends all of it, descriptors with the first byte; a failure ends the test. */
static inline void
peer_put(int sock, const void *buf, size_t len, int fd, unsigned int nfds)
{
	if (peer_send(sock, buf, len, fd, nfds, 0) != (ssize_t)len)
		abort();
}

static inline void
peer_head(uint8_t buf[IMSG_HEADER], uint32_t type, uint32_t len, uint32_t nfds, uint32_t reserved)
{
	struct ibuf b = {.buf = buf, .size = IMSG_HEADER};

	ibuf_put_u32(&b, type);
	ibuf_put_u32(&b, len);
	ibuf_put_u32(&b, nfds);
	ibuf_put_u32(&b, reserved);
}

/* A channel SELF <- PEER in PHASE, with the peer's raw end in *SOCK. */
static inline struct imsgbuf *
peer_channel(enum room self, enum room peer, unsigned int phase, int fds, int *sock)
{
	struct imsgbuf *b;
	int sp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) == -1 ||
	    (b = imsgbuf_new(sp[0], self, peer)) == NULL)
		abort();
	imsgbuf_gate(b)->phase = phase;
	if (fds)
		imsgbuf_allow_fds(b);
	*sock = sp[1];
	return b;
}

/* A new nameless file of SIZE bytes, to know a descriptor again by. */
static inline int
peer_file(off_t size)
{
	char name[] = "/tmp/ipcXXXXXX";
	int fd;

	if ((fd = mkostemp(name, O_CLOEXEC)) == -1 || unlink(name) == -1 ||
	    ftruncate(fd, size) == -1)
		abort();
	return fd;
}

static inline off_t
peer_filesize(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 ? -1 : st.st_size;
}

/*
 * Reads and gets until a message is there (1), the peer is gone (0), a breach (-1, *V), or nothing
 * more is to be read (2).
 */
static inline int
peer_next(struct imsgbuf *b, struct imsg *m, enum msg_verdict *v)
{
	int n;

	for (;;) {
		if ((n = imsgbuf_get(b, m, v)) != 0)
			return n;
		if ((n = imsgbuf_read(b)) == 0)
			return 0;
		if (n == -1 && errno == EAGAIN)
			return 2;
		if (n == -1) {
			*v = MSG_FDS; /* the only breach that reading finds */
			return errno == EBADMSG ? -1 : -3;
		}
	}
}

#endif
