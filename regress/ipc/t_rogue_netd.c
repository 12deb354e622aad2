/*
 * A rogue reeve-netd at its channel to the real reeve-privd. Every breach
 * ends the pair, both of it, with one line in the audit trail; floods cost privd a bounded queue
 * and nobody else anything.
 *
 * Attack type-sweep. Attack length-sweep. Attack order-permutations. Attack fd-flood. Attack
 * blob-abuse. Attack backpressure.
 *
 * regress: timeout 300
 */
#include "regress/ipc/netkit.h"
#include "regress/ipc/samples.h"

static struct kit kit;
static struct netpair n = {.netd = PEER_NONE, .dial = PEER_NONE};
static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];
static unsigned int turn;

/* The pair's next life, up to its settings. */
static void
fresh(void)
{
	net_end(&n);
	net_renew(&kit, ++turn);
	if (!net_pair(&n, NET_MS))
		kit_die("no new pair");
}

/* It was ended: both channels and both processes, and told of once. */
static void
ended(int before, const char *name, const char *what)
{
	struct peer life = {.life = n.netd.life, .raw = n.netd.life};

	CHECKF(net_closed(&n.netd, NET_MS), "%s: %s: not ended", name, what);
	CHECKF(net_closed(&n.dial, NET_MS), "%s: %s: its dial goes on", name, what);
	CHECKF(net_closed(&life, NET_MS), "%s: %s: the process lives", name, what);
	CHECKF(kit_audit("event=peer.kill ") == before + 1, "%s: %s: %d lines", name, what,
	    kit_audit("event=peer.kill ") - before);
}

/* LEN bytes of MSG with NFDS descriptors from a netd that is ready. */
static void
breach(size_t len, unsigned int nfds, const char *name, const char *what)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = kit_audit("event=peer.kill ");

	fresh();
	net_ready(&n);
	(void)peer_send(imsgbuf_fd(n.netd.chan), msg, len, null, nfds, 0);
	ended(before, name, what);
	close(null);
}

static int
its_own(const struct msg_row *r)
{
	return r->from == ROOM_NETD && r->to == ROOM_PRIVD;
}

static void
type_sweep(void)
{
	static const uint32_t huge[] = {256, 65536 + MSG_NETD_ALIVE, 0x80000000, 0xffffffff};
	const struct msg_row *r;

	for (uint32_t t = 0; t < MSG_LIMIT; t++) {
		r = msg_row(t);
		if (r != NULL && its_own(r))
			continue;
		if (r != NULL) {
			breach(sample_message(r, SAMPLE_MIN, msg), r->fds, r->name, "from netd");
		} else if (t % 16 == 0) {
			peer_head(msg, t, IMSG_HEADER, 0, 0);
			breach(IMSG_HEADER, 0, "no such type", "alone");
		}
	}
	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		peer_head(msg, huge[i], IMSG_HEADER, 0, 0);
		breach(IMSG_HEADER, 0, "no such type", "huge");
	}
}

static void
length_sweep(const struct msg_row *r)
{
	static const uint32_t bad[] = {
	    0, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1, 0x80000000, 0xffffffff};
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_head(msg, r->num, bad[i], 0, 0);
		breach(IMSG_HEADER, 0, r->name, "length");
	}
	peer_head(msg, r->num, IMSG_HEADER + r->min - 1, 0, 0);
	breach(IMSG_HEADER, 0, r->name, "too short");
	peer_head(msg, r->num, IMSG_HEADER + r->max + 1, 0, 0);
	breach(IMSG_HEADER, 0, r->name, "too long");
	len = sample_message(r, SAMPLE_MIN, msg);
	if (codec_of(r->num)->make != blob_make) { /* its bytes go to the end */
		peer_head(msg, r->num, (uint32_t)len + 1, 0, 0);
		msg[len] = 0;
		breach(len + 1, 0, r->name, "trailing byte");
	}
	len = sample_message(r, SAMPLE_MIN, msg);
	peer_head(msg, r->num, (uint32_t)len, 1, 0);
	breach(len, 1, r->name, "declared descriptor");
	peer_head(msg, r->num, (uint32_t)len, 0, 1);
	breach(len, 0, r->name, "reserved bit");
}

/* Before READY nothing but READY, and READY once. */
static void
order(void)
{
	const struct msg_row *r;
	size_t len;
	int before;

	for (size_t i = 0; (r = msg_nth(i)) != NULL; i++) {
		if (!its_own(r) || r->num == MSG_NETD_READY)
			continue;
		before = kit_audit("event=peer.kill ");
		fresh();
		len = sample_message(r, SAMPLE_MIN, msg);
		(void)peer_send(imsgbuf_fd(n.netd.chan), msg, len, -1, 0, 0);
		ended(before, r->name, "before READY");
	}
	breach(sample_message(msg_row(MSG_NETD_READY), SAMPLE_MIN, msg), 0, "NETD_READY", "twice");
	before = kit_audit("event=peer.kill ");
	fresh();
	net_send(&n.dial, MSG_DIAL_READY, msg_ready_put());
	len = sample_message(msg_row(MSG_NETD_READY), SAMPLE_MIN, msg);
	msg[len - 1] ^= 1;
	(void)peer_send(imsgbuf_fd(n.netd.chan), msg, len, -1, 0, 0);
	ended(before, "NETD_READY", "of another build");
	before = kit_audit("event=peer.kill ");
	fresh();
	ended(before, "nothing", "not ready within 10 s");
}

/* Byte by byte it is the message that it is; half of it and silence is a breach. */
static void
split(void)
{
	size_t len = sample_message(msg_row(MSG_JOB_SUBMIT), SAMPLE_MIN, msg);
	struct msg_state st;
	int before;

	fresh();
	net_ready(&n);
	for (size_t i = 0; i < len; i++)
		peer_put(imsgbuf_fd(n.netd.chan), msg + i, 1, -1, 0);
	CHECK(net_state(&n, &st, NET_MS) && st.state == JS_REFUSED);
	before = kit_audit("event=peer.kill ");
	peer_put(imsgbuf_fd(n.netd.chan), msg, len / 2, -1, 0);
	ended(before, "JOB_SUBMIT", "half of it");
}

/* 10,000 times as many descriptors as one message may carry, at a channel that takes none. */
static void
fd_flood(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), most = 0, fds, now;
	size_t len = sample_message(msg_row(MSG_NETD_ALIVE), SAMPLE_MIN, msg);
	struct pollfd p = {.events = POLLOUT};
	unsigned int i = 0;

	fresh();
	net_ready(&n);
	fds = kit_serves(&kit);
	p.fd = imsgbuf_fd(n.netd.chan);
	while (i < 10000) {
		if (peer_send(p.fd, msg, len, null, PEER_FDS, 0) == (ssize_t)len) {
			if (i++ % 500 == 0 && (now = kit_fds(&kit)) > most)
				most = now;
		} else if (errno == EAGAIN || errno == ETOOMANYREFS) {
			if (poll(&p, 1, NET_MS) != 1 || (p.revents & (POLLERR | POLLHUP)))
				break;
		} else
			break;
	}
	CHECKF(i == 10000, "fd-flood: ended after %u: errno %d", i, errno);
	CHECKF(most <= fds + 2, "fd-flood: %d descriptors, %d before", most, fds);
	close(null);
	CHECK(kit_serves(&kit) == fds);
}

/* Pieces of blobs that nobody asked for: forgotten, and no file is made. */
static void
blob_abuse(void)
{
	struct msg_blob b = {.data = msg, .len = MSG_PIECE};

	fresh();
	net_ready(&n);
	for (unsigned int i = 0; i < 200; i++) {
		b.id[0] = (uint8_t)i;
		b.index = (uint8_t)(i % 8);
		b.offset = i % 2 ? 0xffffffff : i;
		net_send(&n.netd, MSG_JOB_BLOB, msg_blob_put(&b));
	}
	CHECK(kit_serves(&kit));
	CHECK(access(KIT "/state/spool/00000000000000000000000000000000.blob0", F_OK) == -1);
}

/* How many of the same message privd takes within MS, while it serves others. */
static unsigned int
taken(const void *buf, size_t len, int ms)
{
	int64_t until = kit_ms() + ms;
	struct pollfd p = {imsgbuf_fd(n.netd.chan), POLLOUT, 0};
	unsigned int i = 0;

	while (kit_ms() < until) {
		if (peer_send(p.fd, buf, len, -1, 0, MSG_DONTWAIT) == (ssize_t)len)
			i++;
		else if (errno != EAGAIN || poll(&p, 1, 50) < 0 || (p.revents & POLLERR))
			break;
	}
	return i;
}

/* Without end and without reading an answer: paced, and privd keeps its size and its manners. */
static void
backpressure(void)
{
	char text[1024], hex[33];
	struct msg_submit m = {.nsigs = 1};
	struct msg_state st;
	struct ibuf *ib;
	uint8_t id[16];
	unsigned int alive, same, bad;
	long before, grown;
	int64_t from;
	int lines;

	fresh();
	net_ready(&n);
	net_id(id, hex);
	m.len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	m.ticket = (const uint8_t *)text;
	seckey_sign(&kit.key, text, m.len, &m.sig[0]);
	net_send(&n.netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
	CHECK(net_state(&n, &st, NET_MS) && st.state == JS_ACCEPTED);
	before = kit_rss(&kit);
	alive = taken(msg, sample_message(msg_row(MSG_NETD_ALIVE), SAMPLE_MIN, msg), 3000);
	/* a bucket of 4096, 2048 a second, and what fits the socket */
	CHECKF(alive > 1000 && alive < 40000, "%u messages in 3 s", alive);

	fresh();
	net_ready(&n);
	ib = msg_submit_put(&m);
	peer_head(msg, MSG_JOB_SUBMIT, (uint32_t)(IMSG_HEADER + ib->wpos), 0, 0);
	memcpy(msg + IMSG_HEADER, ib->buf, ib->wpos);
	same = taken(msg, IMSG_HEADER + ib->wpos, 3000);
	from = kit_ms();
	CHECK(kit_serves(&kit));
	CHECKF(kit_ms() - from < 2000, "an answer took %lld ms", (long long)(kit_ms() - from));

	fresh();
	net_ready(&n);
	lines = kit_audit("event=job.refuse");
	msg[IMSG_HEADER + ib->wpos - 1] ^= 1; /* the signature */
	bad = taken(msg, IMSG_HEADER + ib->wpos, 3000);
	lines = kit_audit("event=job.refuse") - lines;
	CHECKF(lines >= 32 && lines <= 64 + 5 * 4, "%d lines for %u bad tickets", lines, bad);
	CHECK(kit_serves(&kit));
	grown = kit_rss(&kit) - before;
#ifndef REEVE_SANITIZE
	CHECKF(grown <= 8192, "%ld KiB more", grown);
#endif
	printf("backpressure: %u messages, %u same and %u bad tickets pushed in 3 s each, %ld KiB "
	       "more\n",
	    alive, same, bad, grown);
	ibuf_free(ib);
	CHECKF(kit_audit2("event=job.start ", hex) == 1, "it ran %d times",
	    kit_audit2("event=job.start ", hex));
}

int
main(void)
{
	const struct msg_row *r;
	int fds, now;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd", "hostname me.example.net\n" NET_SERVER("main", "7440"));
	kit_start(&kit);
	if (!net_up(&n, NET_MS))
		kit_die("no pair");
	fds = kit_serves(&kit);
	type_sweep();
	for (size_t i = 0; (r = msg_nth(i)) != NULL; i++)
		if (its_own(r) && r->num != MSG_NETD_READY)
			length_sweep(r);
	order();
	split();
	fd_flood();
	blob_abuse();
	backpressure();
	fresh();
	net_ready(&n);
	now = kit_serves(&kit);
	CHECKF(now > 0 && now <= fds, "%d descriptors, %d at first", now, fds);
	net_end(&n);
	kit_stop(&kit);
	return check_done();
}
