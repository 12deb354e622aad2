/*
 * A rogue reevectl, root's own, at the control socket of the real reeve-privd: every breach ends
 * the connection, a flood or a peer that never reads costs a bounded queue, and others are served
 * meanwhile, with the same number of descriptors at the end.
 */
#include "regress/check.h"
#include "regress/ipc/privdkit.h"
#include "regress/ipc/samples.h"

#define IN_TIME 10000 /* ms */
#define CLIENTS 16    /* that privd serves at once */

static struct kit kit;
static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];

/* 1 when privd closes S within MS; what it sends meanwhile is read and forgotten. */
static int
closed(int s, int ms)
{
	int64_t until = kit_ms() + ms, left;
	struct pollfd p = {.fd = s, .events = POLLIN};
	static uint8_t sink[65536];
	ssize_t n;

	while ((left = until - kit_ms()) > 0) {
		if (poll(&p, 1, (int)left) != 1)
			continue;
		n = recv(s, sink, sizeof(sink), MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return 1;
	}
	return 0;
}

static int
dial(void)
{
	int64_t until = kit_ms() + IN_TIME;
	int s;

	while ((s = kit_connect()) == -1 && kit_ms() < until)
		poll(NULL, 0, 5);
	if (s == -1)
		kit_die("connect");
	return s;
}

/* LEN bytes of MSG with NFDS descriptors: privd must close. */
static void
breach(size_t len, unsigned int nfds, const char *name, const char *what)
{
	int s = dial(), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)peer_send(s, msg, len, null, nfds, 0);
	CHECKF(closed(s, IN_TIME), "%s: %s: not ended", name, what);
	close(null);
	close(s);
}

static void
type_sweep(void)
{
	static const uint32_t huge[] = {256, 65536 + MSG_CTL_STATUS, 0x80000000, 0xffffffff};
	const struct msg_row *r;
	uint32_t t;
	size_t i;

	for (t = 0; t < 256; t++) {
		r = msg_row(t);
		if (r != NULL && r->from == ROOM_CTL)
			continue;
		if (r != NULL) {
			breach(
			    sample_message(r, SAMPLE_MIN, msg), r->fds, r->name, "from reevectl");
		} else {
			peer_head(msg, t, IMSG_HEADER, 0, 0);
			breach(IMSG_HEADER, 0, "no such type", "alone");
		}
	}
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		peer_head(msg, huge[i], IMSG_HEADER, 0, 0);
		breach(IMSG_HEADER, 0, "no such type", "huge");
	}
}

static void
bad_sizes(const struct msg_row *r)
{
	static const uint32_t bad[] = {0, 1, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1,
	    0x7fffffff, 0x80000000, 0xffffffff};
	size_t i, len;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_head(msg, r->num, bad[i], 0, 0);
		breach(IMSG_HEADER, 0, r->name, "length");
	}
	if (r->min > 0) {
		peer_head(msg, r->num, IMSG_HEADER + r->min - 1, 0, 0);
		breach(IMSG_HEADER, 0, r->name, "too short");
	}
	peer_head(msg, r->num, IMSG_HEADER + r->max + 1, 0, 0);
	breach(IMSG_HEADER, 0, r->name, "too long");
	len = sample_message(r, SAMPLE_MIN, msg);
	if (codec_of(r->num)->make != blob_make) { /* its bytes go to the end */
		peer_head(msg, r->num, (uint32_t)len + 1, 0, 0);
		msg[len] = 0;
		breach(len + 1, 0, r->name, "trailing byte");
	}
	sample_message(r, SAMPLE_MIN, msg);
	peer_head(msg, r->num, (uint32_t)len, 1, 0);
	breach(len, 1, r->name, "declared descriptor");
	peer_head(msg, r->num, (uint32_t)len, 0, 1);
	breach(len, 0, r->name, "reserved bit");
}

/* Byte by byte: answered as if it had come at once. */
static void
split(void)
{
	int s = dial();
	struct imsgbuf *b;
	struct imsg im;
	size_t i;

	peer_head(msg, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	for (i = 0; i < IMSG_HEADER; i++)
		peer_put(s, msg + i, 1, -1, 0);
	b = imsgbuf_new(s, ROOM_CTL, ROOM_PRIVD);
	imsgbuf_gate(b)->phase = PH_RUN;
	CHECK(chan_recv(b, &im, IN_TIME) == 1 && im.type == MSG_CTL_ITEM);
	imsg_free(&im);
	imsgbuf_free(b);
}

/* 10,000 times 253 descriptors that nobody takes. */
static void
fd_flood(int fds)
{
	int s = dial(), null = open("/dev/null", O_RDONLY | O_CLOEXEC), i, most = 0, n;
	size_t len = sample_message(msg_row(MSG_CTL_ACK), SAMPLE_MIN, msg);

	for (i = 0; i < 10000; i++) {
		if (peer_send(s, msg, len, null, PEER_FDS, 0) != (ssize_t)len)
			break;
		if (i % 500 == 0 && (n = kit_fds(&kit)) > most)
			most = n;
		while (recv(s, msg + IMSG_HEADER + 16, 4096, MSG_DONTWAIT) > 0)
			;
	}
	CHECKF(i == 10000, "fd-flood: ended after %d: errno %d", i, errno);
	CHECKF(most <= fds + 2, "fd-flood: %d descriptors, %d before", most, fds);
	close(null);
	close(s);
	CHECK(kit_serves(&kit));
}

/* Questions without end, and no answer read: ended at the cap, and no memory gone. */
static void
never_reads(void)
{
	struct pollfd p = {.events = POLLOUT};
	long before = kit_rss(&kit), grown;
	unsigned int i;
	int s = dial();

	p.fd = s;
	peer_head(msg, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	for (i = 0; i < 1000000; i++) {
		if (peer_send(s, msg, IMSG_HEADER, -1, 0, MSG_DONTWAIT) == IMSG_HEADER)
			continue;
		if (errno != EAGAIN || poll(&p, 1, IN_TIME) != 1 || (p.revents & POLLERR))
			break;
	}
	CHECKF(i < 1000000, "never-reads: a million questions were taken");
	CHECKF(closed(s, IN_TIME), "never-reads: not ended");
	close(s);
	CHECK(kit_serves(&kit));
	grown = kit_rss(&kit) - before;
#ifndef REEVE_SANITIZE
	CHECKF(grown <= 8192, "never-reads: %ld KiB more", grown);
#endif
	printf("never-reads: ended after %u questions, %ld KiB more resident\n", i, grown);
}

/* As many as privd serves send half a message and are silent; root's next command still works. */
static void
silence(void)
{
	int s[CLIENTS], i;

	peer_head(msg, MSG_CTL_STATUS, IMSG_HEADER, 0, 0);
	for (i = 0; i < CLIENTS; i++) {
		s[i] = dial();
		(void)peer_send(s[i], msg, IMSG_HEADER / 2, -1, 0, 0);
	}
	/* The first of them is ended when its time is over, at the latest. */
	CHECKF(closed(s[0], 60000), "silence: half a message is waited for without end");
	for (i = 0; i < CLIENTS; i++)
		close(s[i]);
	CHECK(kit_serves(&kit));
}

int
main(void)
{
	const struct msg_row *r;
	int fds, now;
	size_t i;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	kit_init(&kit, "reeve-execd");
	kit_start(&kit);
	fds = kit_serves(&kit);
	CHECK(fds > 0);
	type_sweep();
	for (i = 0; (r = msg_nth(i)) != NULL; i++)
		if (r->from == ROOM_CTL)
			bad_sizes(r);
	split();
	CHECK(kit_serves(&kit));
	fd_flood(fds);
	never_reads();
	silence();
	now = kit_serves(&kit);
	CHECKF(now == fds, "%d descriptors, %d at first", now, fds);
	kit_stop(&kit);
	return check_done();
}
