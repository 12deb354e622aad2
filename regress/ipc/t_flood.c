/*
 * Attacks fd-flood and backpressure: rogue peers that send or take too much: descriptors without
 * end at a channel that takes none, a million messages, and a peer that never reads. Descriptors,
 * queue and memory stay bounded, and nothing blocks.
 */
#include <sys/wait.h>

#include <stdio.h>

#include "regress/check.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

#define FD_SENDS 10000
#define FLOOD	 1000000

static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX];

/* Resident KiB of this process. A sanitizer keeps freed memory back: then it is not looked at. */
static long
rss(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

#ifdef REEVE_SANITIZE
	fclose(f);
	return pages + resident;
#else
	CHECK(fscanf(f, "%ld %ld", &pages, &resident) == 2);
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
#endif
}

/* Does SELF take descriptors from PEER? The first row between them that takes none is in *ROW. */
static int
takes_fds(enum room self, enum room peer, const struct msg_row **row)
{
	const struct msg_row *r;
	int takes = 0;
	size_t i;

	*row = NULL;
	for (i = 0; (r = msg_nth(i)) != NULL; i++) {
		if (r->to != self || r->from != peer)
			continue;
		if (r->fds > 0)
			takes = 1;
		else if (*row == NULL || ((*row)->times == MSG_ONCE && r->times == MSG_MANY))
			*row = r;
	}
	return takes;
}

/* 253 descriptors with each of 10,000 messages: the receiver's count never changes. */
static void
fd_flood(const struct msg_row *r)
{
	int sock, i, n = 1, file = peer_file(1), before = fd_count();
	struct imsgbuf *b = peer_channel(r->to, r->from, r->phases, 0, &sock);
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	enum msg_verdict v;
	struct imsg m;

	for (i = 0; i < FD_SENDS && n == 1; i++) {
		if (r->times == MSG_ONCE && i > 0) { /* a new peer, since the last one is ended */
			close(sock);
			imsgbuf_free(b);
			b = peer_channel(r->to, r->from, r->phases, 0, &sock);
		}
		peer_put(sock, msg, len, file, PEER_FDS);
		if ((n = peer_next(b, &m, &v)) == 1)
			imsg_free(&m);
		if (i % 64 == 0 && fd_count() != before + 2)
			break;
	}
	CHECKF(i == FD_SENDS && n == 1 && fd_count() == before + 2, "%s to %s: %d sends, %d open",
	    room_name(r->from), room_name(r->to), i, fd_count() - before);
	printf("fd-flood: %s to %s: %d x %d descriptors\n", room_name(r->from), room_name(r->to), i,
	    PEER_FDS);
	close(sock);
	imsgbuf_free(b);
	close(file);
}

static void
fd_floods(void)
{
	const struct msg_row *r;
	int self, peer, n = 0;

	for (self = 1; self < ROOM_MAX; self++)
		for (peer = 1; peer < ROOM_MAX; peer++)
			if (!takes_fds((enum room)self, (enum room)peer, &r) && r != NULL) {
				fd_flood(r);
				n++;
			}
	CHECKF(n >= 4, "%d channels take no descriptors", n);
}

/* Child: FLOOD times ROW, as fast as it goes; it never reads an answer. */
static void
flood_child(int sock, const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	unsigned int i;

	for (i = 0; i < FLOOD; i++)
		if (peer_send(sock, msg, len, -1, 0, 0) != (ssize_t)len)
			_exit(1);
	_exit(0);
}

/* A million questions, an answer to each, and nobody who reads them. */
static void
flood(void)
{
	const struct msg_row *r = msg_row(MSG_CTL_STATUS);
	int sock, status, full = 0, n;
	struct imsgbuf *b = peer_channel(ROOM_PRIVD, ROOM_CTL, PH_RUN, 0, &sock);
	unsigned int got = 0;
	long base = rss();
	struct imsg m;
	pid_t pid;

	if ((pid = fork()) == 0)
		flood_child(sock, r);
	close(sock);
	while ((n = chan_recv(b, &m, 20000)) == 1) {
		got++;
		imsg_free(&m);
		if (!full && imsg_compose(b, MSG_CTL_ITEM,
				 codec_of(MSG_CTL_ITEM)->make(msg_row(MSG_CTL_ITEM), SAMPLE_MIN),
				 NULL, 0) == -1)
			full = errno;
		if (imsgbuf_queued(b) > IMSG_QUEUE_MAX)
			break;
	}
	CHECKF(n == 0 || (n == -1 && errno == ECONNRESET), "%d after %u messages", n, got);
	CHECKF(got == FLOOD, "%u messages came", got);
	CHECKF(full == ENOBUFS, "the queue never filled");
	CHECK(imsgbuf_queued(b) <= IMSG_QUEUE_MAX);
	CHECKF(rss() - base <= 4096, "%ld KiB more than before", rss() - base);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	printf("flood: %u messages, %ld KiB more resident\n", got, rss() - base);
	imsgbuf_free(b);
}

/* A peer that never reads, in each direction that has a message to repeat. */
static void
never_reads(const struct msg_row *r)
{
	int sock, i, n = 0, sent, fd[IMSG_MAXFDS], before = fd_count();
	struct imsgbuf *b = peer_channel(r->from, r->to, r->phases, 0, &sock);
	long base = rss();

	for (;;) {
		for (i = 0; i < (int)r->fds; i++)
			fd[i] = peer_file(1);
		sent = imsg_compose(b, r->num, codec_of(r->num)->make(r, SAMPLE_MAX), fd, r->fds);
		if (sent == -1)
			break;
		CHECKF(imsgbuf_write(b) == 0, "%s: errno %d", r->name, errno);
		n++;
	}
	CHECKF(errno == ENOBUFS && n > 0, "%s: errno %d after %d", r->name, errno, n);
	for (i = 0; i < (int)r->fds; i++)
		close(fd[i]); /* not queued, so still ours */
	CHECKF(imsgbuf_queued(b) <= IMSG_QUEUE_MAX, "%s: %zu queued", r->name, imsgbuf_queued(b));
	CHECKF(rss() - base <= 6144, "%s: %ld KiB more", r->name, rss() - base);
	CHECKF(fd_count() <= before + 2 + IMSG_QUEUE_FDS, "%s: %d open", r->name, fd_count());
	imsgbuf_free(b);
	close(sock);
	CHECKF(fd_count() == before, "%s: descriptors leak", r->name);
}

int
main(void)
{
	const struct msg_row *r;
	size_t i;

	fd_floods();
	flood();
	for (i = 0; (r = msg_nth(i)) != NULL; i++)
		if (r->times == MSG_MANY)
			never_reads(r);
	return check_done();
}
