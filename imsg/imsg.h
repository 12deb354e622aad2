/*
 * A channel between two processes over a SOCK_STREAM socketpair, with the names and habits of
 * imsg_init(3). Header: type u32, length u32 (header included), fds u32, reserved u32 zero, all
 * big endian. No raw structs: payloads go field by field through struct ibuf.
 *
 * Descriptors: a channel that was not given imsgbuf_allow_fds() is read with read(2), so that the
 * kernel drops whatever a peer tries to pass. One that was uses recvmsg(2) with MSG_CMSG_CLOEXEC,
 * room for IMSG_MAXFDS and a count; MSG_CTRUNC or a surplus ends the peer. A message's descriptors
 * come by the read that brings its first byte: earlier or later ones are surplus.
 *
 * Both ends move their gate's phase on at the same message, the sender after it composed it: on the
 * channel to execd START, after EXEC_START SETUP, after EXEC_READY ARMED, after EXEC_GO RUN;
 * between privd and reevectl RUN from the first byte; between ctld and sign RUN after SIGN_HELLO,
 * which sign sends first.
 */
#ifndef IMSG_IMSG_H
#define IMSG_IMSG_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "imsg/msg.h"

#define IMSG_HEADER 16
#define IMSG_MAXFDS 2
#define IMSG_QUEUE_MAX \
	(1024 * 1024)	     /* bytes waiting to be written: more = the peer does not read */
#define IMSG_QUEUE_FDS 32    /* descriptors waiting with them */
#define CHAN_FLUSH_MS  30000 /* chan_flush() gives up on a peer that does not read */

/* ---- ibuf: bytes to put and get, never past the end ---- */

struct ibuf {
	uint8_t *buf;
	size_t size, wpos, rpos;
	int failed; /* a put did not fit or memory ran out: the compose then fails */
};

struct ibuf *ibuf_open(size_t max); /* to put into; NULL without memory */
void ibuf_free(struct ibuf *b);
void ibuf_from(struct ibuf *b, const void *buf, size_t len); /* to get from; no copy */
void ibuf_put(struct ibuf *b, const void *p, size_t len);
void ibuf_put_u8(struct ibuf *b, uint8_t v);
void ibuf_put_u16(struct ibuf *b, uint16_t v);
void ibuf_put_u32(struct ibuf *b, uint32_t v);
void ibuf_put_u64(struct ibuf *b, uint64_t v);
/* u16 length and bytes. */
void ibuf_put_str(struct ibuf *b, const char *s);
void ibuf_put_blk(struct ibuf *b, const void *p, size_t len);
/* Getters return 0, or -1 when too few bytes are left (and leave the output untouched). */
int ibuf_get(struct ibuf *b, void *p, size_t len);
int ibuf_get_u8(struct ibuf *b, uint8_t *v);
int ibuf_get_u16(struct ibuf *b, uint16_t *v);
int ibuf_get_u32(struct ibuf *b, uint32_t *v);
int ibuf_get_u64(struct ibuf *b, uint64_t *v);
/* Copies a u16-length string into DST with a NUL; refuses an inner NUL or more than SIZE-1 bytes.
 */
int ibuf_get_str(struct ibuf *b, char *dst, size_t size);
/* Points *P into the buffer at a u16-length block. */
int ibuf_get_blk(struct ibuf *b, const uint8_t **p, size_t *len);
/* 0 when nothing is left over, else -1. */
int ibuf_get_end(const struct ibuf *b);

/* ---- imsg ---- */

struct imsg {
	uint32_t type;	     /* one of the table's, once it passed */
	const uint8_t *data; /* valid until the next imsgbuf_get() or imsgbuf_read() */
	size_t len;
	int fd[IMSG_MAXFDS]; /* the receiver owns them: taken by imsg_fd() or closed by imsg_free()
			      */
	unsigned int nfds;
};

struct imsgbuf; /* one end */

/*
 * Takes FD, a connected SOCK_STREAM socket, and makes it CLOEXEC and O_NONBLOCK. SIGPIPE is ignored
 * in this process from here on (a tool started later wants it reset). The gate begins in PH_START.
 * NULL with errno; FD is then still the caller's.
 */
struct imsgbuf *imsgbuf_new(int fd, enum room self, enum room peer);
void imsgbuf_allow_fds(struct imsgbuf *b);
void imsgbuf_free(struct imsgbuf *b); /* closes the descriptor and those still queued */
int imsgbuf_fd(const struct imsgbuf *b);
struct msg_gate *imsgbuf_gate(struct imsgbuf *b); /* to move the phase on */

/*
 * Reads what is there. 1 something came, 0 the peer closed, -1 error with errno (EAGAIN: nothing
 * now; EBADMSG: breach, or one was found before). Call imsgbuf_get() until it returns 0 between two
 * reads.
 */
int imsgbuf_read(struct imsgbuf *b);
/*
 * Takes the next whole message and judges it by its row, by its header as soon as that is there.
 * 1 one taken, 0 none yet, -1 breach: *VERDICT says which, M->type of what (0 when unknown); end
 * the peer. Call imsg_free() after each 1.
 */
int imsgbuf_get(struct imsgbuf *b, struct imsg *m, enum msg_verdict *verdict);
/* 1 when a message has begun and has not come whole: its peer owes the rest, in some time. */
int imsgbuf_partial(const struct imsgbuf *b);
/* Takes descriptor I out of the message (caller owns it), -1 when there is none. */
int imsg_fd(struct imsg *m, unsigned int i);
void imsg_free(struct imsg *m);

/*
 * Queues one message. IB (may be NULL for an empty one) is always consumed. FDS are consumed when
 * queued: closed after the write; after a failure they are still the caller's. Own rows are checked
 * too: a wrong length or phase here is our bug and fails. 0, or -1 with errno (ENOBUFS: queue full,
 * EMSGSIZE: length, or IB overflowed; EINVAL: direction, phase, twice, descriptors; ENOMEM).
 */
int imsg_compose(
    struct imsgbuf *b, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds);
/* Writes what the socket takes. 0 done or would block (imsgbuf_queued() > 0), -1 error with errno.
 */
int imsgbuf_write(struct imsgbuf *b);
/* What waits to be written: bytes, and what it costs to keep them. 0 when all is written. */
size_t imsgbuf_queued(const struct imsgbuf *b);

/* ---- blocking use (chan_sync.c): execd, reevectl ---- */

/* Writes everything. 0, or -1 with errno (ETIMEDOUT after CHAN_FLUSH_MS). */
int chan_flush(struct imsgbuf *b);
/*
 * Waits up to TIMEOUT ms (CLOCK_MONOTONIC; -1 forever) for one whole message, writing what is
 * queued meanwhile. 1, 0 peer closed, -1 error or breach (logged), -2 time is up.
 */
int chan_recv(struct imsgbuf *b, struct imsg *m, int timeout);

#endif
