/*
 * A rogue reeve-dial at its channel to the real reeve-privd: it may say
 * READY once and nothing else in all its life. Every breach ends the pair, with one line in the
 * audit trail; descriptors that it sends are nobody's; while it is silent privd serves others.
 *
 * Attack type-sweep. Attack length-sweep. Attack order-permutations. Attack fd-flood.
 *
 * regress: timeout 300
 */
#include "regress/ipc/netkit.h"
#include "regress/ipc/samples.h"

static struct kit kit;
static struct netpair n = {.netd = PEER_NONE, .dial = PEER_NONE};
static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];
static unsigned int turn;

static void
fresh(void)
{
	net_end(&n);
	net_renew(&kit, ++turn);
	if (!net_pair(&n, NET_MS))
		kit_die("no new pair");
}

static void
ended(int before, const char *name, const char *what)
{
	struct peer life = {.life = n.dial.life, .raw = n.dial.life};

	CHECKF(net_closed(&n.dial, NET_MS), "%s: %s: not ended", name, what);
	CHECKF(net_closed(&n.netd, NET_MS), "%s: %s: its netd goes on", name, what);
	CHECKF(net_closed(&life, NET_MS), "%s: %s: the process lives", name, what);
	CHECKF(kit_audit("event=peer.kill ") == before + 1, "%s: %s: %d lines", name, what,
	    kit_audit("event=peer.kill ") - before);
}

/* READY: whether the pair was before LEN bytes of MSG with NFDS descriptors come. */
static void
breach(int ready, size_t len, unsigned int nfds, const char *name, const char *what)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = kit_audit("event=peer.kill ");

	fresh();
	if (ready)
		net_ready(&n);
	(void)peer_send(imsgbuf_fd(n.dial.chan), msg, len, null, nfds, 0);
	ended(before, name, what);
	close(null);
}

static void
type_sweep(void)
{
	const struct msg_row *r;

	for (size_t i = 0; (r = msg_nth(i)) != NULL; i++) {
		breach(1, sample_message(r, SAMPLE_MIN, msg), r->fds, r->name, "after READY");
		if (r->num != MSG_DIAL_READY && r->from != ROOM_CTL && r->from != ROOM_SIGN)
			breach(
			    0, sample_message(r, SAMPLE_MIN, msg), r->fds, r->name, "before READY");
	}
	peer_head(msg, 0xffffffff, IMSG_HEADER, 0, 0);
	breach(1, IMSG_HEADER, 0, "no such type", "huge");
}

static void
length_sweep(void)
{
	static const uint32_t bad[] = {0, 1, IMSG_HEADER - 1, IMSG_HEADER, IMSG_HEADER + 7,
	    IMSG_HEADER + 9, IMSG_HEADER + MSG_PAYLOAD_MAX + 1, 0x7fffffff, 0x80000000, 0xffffffff};
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_head(msg, MSG_DIAL_READY, bad[i], 0, 0);
		breach(0, IMSG_HEADER, 0, "DIAL_READY", "length");
	}
	len = sample_message(msg_row(MSG_DIAL_READY), SAMPLE_MIN, msg);
	peer_head(msg, MSG_DIAL_READY, (uint32_t)len, 1, 0);
	breach(0, len, 1, "DIAL_READY", "declared descriptor");
	sample_message(msg_row(MSG_DIAL_READY), SAMPLE_MIN, msg);
	msg[len - 1] ^= 1;
	breach(0, len, 0, "DIAL_READY", "of another build");
}

/* Descriptors with half a READY, again and again: the kernel drops them. */
static void
fd_flood(int fds)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), most = 0, now;
	size_t len = sample_message(msg_row(MSG_DIAL_READY), SAMPLE_MIN, msg);

	for (int i = 0; i < 40; i++) {
		fresh();
		(void)peer_send(imsgbuf_fd(n.dial.chan), msg, len - 1, null, PEER_FDS, 0);
		CHECK(kit_serves(&kit));
		if ((now = kit_fds(&kit)) > most)
			most = now;
	}
	CHECKF(most <= fds + 2, "fd-flood: %d descriptors, %d before", most, fds);
	close(null);
}

int
main(void)
{
	int fds, before;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd", "hostname me.example.net\n" NET_SERVER("main", "7440"));
	kit_start(&kit);
	if (!net_up(&n, NET_MS))
		kit_die("no pair");
	fds = kit_serves(&kit);
	type_sweep();
	length_sweep();
	fd_flood(fds);
	/* half a message, and then nothing */
	fresh();
	before = kit_audit("event=peer.kill ");
	sample_message(msg_row(MSG_DIAL_READY), SAMPLE_MIN, msg);
	peer_put(imsgbuf_fd(n.dial.chan), msg, 20, -1, 0);
	ended(before, "DIAL_READY", "half of it");
	net_end(&n);
	kit_stop(&kit);
	return check_done();
}
