/*
 * Attacks type-sweep and length-sweep: rogue peers, made from the message table: for every row, in
 * the room that receives it and in those that must not, what a hostile peer may try. A breach must
 * be found, at once where the header shows it, with no descriptor left open; what is lawful must
 * pass.
 */
#include "regress/check.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];
static int file; /* what a peer passes */

/* How one try ends: a verdict of the gate, or one of these. */
enum end_of_try { TRY_PASSED = MSG_PASS, TRY_CODEC = 100, TRY_WAITS, TRY_CLOSED, TRY_ERROR };

/* The receiving room's whole judgement of what is on the wire: framing, gate, codec. */
static int
receive(struct imsgbuf *b)
{
	enum msg_verdict v;
	const struct codec *c;
	struct ibuf *out = NULL;
	struct imsg m;
	int n;

	if ((n = peer_next(b, &m, &v)) != 1) {
		CHECK(m.nfds == 0);
		return n == 2 ? TRY_WAITS : n == 0 ? TRY_CLOSED : n == -1 ? (int)v : TRY_ERROR;
	}
	if ((c = codec_of(m.type)) == NULL) {
		CHECKF(0, "message %u has no codec in samples.h", m.type);
		return TRY_ERROR;
	}
	n = c->again(&m, &out);
	ibuf_free(out);
	imsg_free(&m);
	return n == 0 ? TRY_PASSED : TRY_CODEC;
}

/* A channel into the room of ROW in PHASE, its peer's end in *SOCK. */
static struct imsgbuf *
into(const struct msg_row *r, unsigned int phase, int *sock)
{
	return peer_channel(r->to, r->from, phase, 1, sock);
}

static void
done(struct imsgbuf *b, int sock, int before, const char *name)
{
	close(sock);
	imsgbuf_free(b);
	CHECKF(fd_count() == before, "%s: descriptors leak", name);
}

/* One try: LEN bytes of MSG with NFDS descriptors; the receiver must end it with WANT. */
static void
try(const struct msg_row *r, struct imsgbuf *b, int sock, size_t len, unsigned int nfds, int want,
    const char *what)
{
	int got;

	peer_put(sock, msg, len, file, nfds);
	got = receive(b);
	CHECKF(got == want, "%s: %s: %d (%s), not %d", r->name, what, got,
	    msg_verdict_name((enum msg_verdict)got), want);
}

/* The same on a channel made for it. */
static void
try_new(const struct msg_row *r, unsigned int phase, size_t len, unsigned int nfds, int want,
    const char *what)
{
	int sock, before = fd_count();
	struct imsgbuf *b = into(r, phase, &sock);

	try(r, b, sock, len, nfds, want, what);
	done(b, sock, before, r->name);
}

static unsigned int
first_phase(const struct msg_row *r)
{
	return r->phases & -r->phases;
}

static void
lawful(const struct msg_row *r)
{
	unsigned int phase;
	size_t len;
	int z;

	for (z = SAMPLE_MIN; z <= SAMPLE_MAX; z++)
		for (phase = PH_START; phase <= PH_STOP; phase <<= 1) {
			len = sample_message(r, (enum sample_size)z, msg);
			try_new(r, phase, len, r->fds, r->phases & phase ? TRY_PASSED : MSG_PHASE,
			    z == SAMPLE_MIN ? "smallest" : "largest");
		}
}

/* To every end of every channel but its own. */
static void
wrong_direction(const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	int self, peer, sock, before = fd_count();
	struct imsgbuf *b;

	for (self = 1; self < ROOM_MAX; self++)
		for (peer = 1; peer < ROOM_MAX; peer++) {
			if (peer == self || (self == (int)r->to && peer == (int)r->from))
				continue;
			b = peer_channel((enum room)self, (enum room)peer, r->phases, 1, &sock);
			try(r, b, sock, len, r->fds, MSG_DIRECTION, room_name((enum room)self));
			done(b, sock, before, r->name);
		}
}

static void
lengths(const struct msg_row *r)
{
	static const uint32_t bad[] = {0, 1, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1,
	    0x7fffffff, 0x80000000, 0xffffffff};
	unsigned int phase = first_phase(r);
	size_t i;

	/* The header alone is enough; nobody waits for the rest. */
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_head(msg, r->num, bad[i], r->fds, 0);
		try_new(r, phase, IMSG_HEADER, r->fds, MSG_FORM, "length of nothing lawful");
	}
	if (r->min > 0) {
		peer_head(msg, r->num, IMSG_HEADER + r->min - 1, r->fds, 0);
		try_new(r, phase, IMSG_HEADER, r->fds, MSG_LENGTH, "a byte too short");
	}
	peer_head(msg, r->num, IMSG_HEADER + r->max + 1, r->fds, 0);
	try_new(r, phase, IMSG_HEADER, r->fds, r->max == MSG_PAYLOAD_MAX ? MSG_FORM : MSG_LENGTH,
	    "a byte too long");
	peer_head(msg, r->num, IMSG_HEADER + r->min, r->fds, 1);
	try_new(r, phase, IMSG_HEADER, r->fds, MSG_FORM, "reserved not zero");
}

/* A byte more than the payload says, the row's sizes allowing it: the codec has to find it. */
static void
trailing(const struct msg_row *r)
{
	const struct codec *c = codec_of(r->num);
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	int want = TRY_CODEC;

	if (r->max == r->min)
		want = MSG_LENGTH;
	else if (c->make == blob_make || c->make == text_make || c->make == setting_make ||
		 c->make == dialfail_make || c->make == numblk_make)
		want = TRY_PASSED; /* bytes to the end: one more is one more of them */
	peer_head(msg, r->num, (uint32_t)len + 1, r->fds, 0);
	msg[len] = 'x';
	try_new(r, first_phase(r), len + 1, r->fds, want, "trailing byte");
}

static void
descriptors(const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	unsigned int phase = first_phase(r), n;
	int sock, before = fd_count();
	struct imsgbuf *b;

	for (n = 0; n <= 4; n++)
		try_new(r, phase, len, n, n == r->fds ? TRY_PASSED : MSG_FDS, "descriptors sent");
	try_new(r, phase, len, PEER_FDS, MSG_FDS, "253 descriptors");
	for (n = 0; n <= 4; n++) {
		if (n == r->fds)
			continue;
		peer_head(msg, r->num, (uint32_t)len, n, 0);
		try_new(r, phase, len, r->fds, MSG_FDS, "descriptors declared");
		try_new(r, phase, len, n, MSG_FDS, "descriptors declared and sent");
	}
	/* A channel that takes none: the kernel drops them, what remains is judged. */
	sample_message(r, SAMPLE_MIN, msg);
	b = peer_channel(r->to, r->from, phase, 0, &sock);
	try(r, b, sock, len, 2, r->fds == 0 ? TRY_PASSED : MSG_FDS, "channel without descriptors");
	CHECKF(fd_count() == before + 2, "%s: a dropped descriptor is open", r->name);
	done(b, sock, before, r->name);
}

static void
twice(const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MIN, msg);
	int sock, before = fd_count();
	struct imsgbuf *b = into(r, first_phase(r), &sock);

	try(r, b, sock, len, r->fds, TRY_PASSED, "once");
	try(r, b, sock, len, r->fds, r->times == MSG_ONCE ? MSG_TWICE : TRY_PASSED, "twice");
	done(b, sock, before, r->name);
}

/* Half of it, then nothing: waited for with a deadline; then the peer goes. */
static void
half(const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MAX, msg);
	int sock, before = fd_count();
	struct imsgbuf *b = into(r, first_phase(r), &sock);
	struct imsg m;

	try(r, b, sock, len / 2, r->fds, TRY_WAITS, "half");
	CHECKF(chan_recv(b, &m, 1) == -2, "%s: no deadline", r->name);
	shutdown(sock, SHUT_WR);
	CHECKF(receive(b) == TRY_CLOSED, "%s: half a message passed", r->name);
	done(b, sock, before, r->name);
}

/* Cut in two at byte AT, the receiver looking in between. */
static void
split_at(const struct msg_row *r, size_t len, size_t at)
{
	int sock, before = fd_count();
	struct imsgbuf *b = into(r, first_phase(r), &sock);

	try(r, b, sock, at, r->fds, TRY_WAITS, "cut in two");
	peer_put(sock, msg + at, len - at, -1, 0);
	CHECKF(receive(b) == TRY_PASSED, "%s: cut at %zu of %zu", r->name, at, len);
	done(b, sock, before, r->name);
}

static void
split(const struct msg_row *r)
{
	size_t len = sample_message(r, SAMPLE_MIN, msg), at;
	int sock, before = fd_count();
	struct imsgbuf *b;

	for (at = 1; at < len; at++)
		split_at(r, len, at);
	/* and byte by byte */
	b = into(r, first_phase(r), &sock);
	for (at = 0; at + 1 < len; at++) {
		peer_put(sock, msg + at, 1, file, at == 0 ? r->fds : 0);
		CHECKF(receive(b) == TRY_WAITS, "%s: complete at %zu of %zu", r->name, at, len);
	}
	peer_put(sock, msg + at, 1, file, at == 0 ? r->fds : 0);
	CHECKF(receive(b) == TRY_PASSED, "%s: byte by byte", r->name);
	done(b, sock, before, r->name);
	len = sample_message(r, SAMPLE_MAX, msg);
	for (at = 1; at < len; at += 1 + len / 50)
		split_at(r, len, at);
}

/* Every type number, in each room from each room and in each phase. */
static void
type_sweep(enum room self, enum room peer, unsigned int phase, uint32_t type)
{
	const struct msg_row *r = msg_row(type);
	int sock, before = fd_count(), got, lawful_here;
	struct imsgbuf *b = peer_channel(self, peer, phase, 1, &sock);
	size_t len = IMSG_HEADER;

	lawful_here = r != NULL && r->to == self && r->from == peer && (r->phases & phase) != 0;
	if (r != NULL)
		len = sample_message(r, SAMPLE_MIN, msg);
	else
		peer_head(msg, type, IMSG_HEADER, 0, 0);
	peer_put(sock, msg, len, file, r != NULL ? r->fds : 0);
	got = receive(b);
	CHECKF((got == TRY_PASSED) == lawful_here && (r != NULL || got == MSG_UNKNOWN),
	    "type %u from %s to %s in %x: %d", type, room_name(peer), room_name(self), phase, got);
	done(b, sock, before, "type-sweep");
}

static void
type_sweeps(void)
{
	static const uint32_t huge[] = {
	    256, 257, 65535, 65536, 0x10000 + MSG_CTL_STATUS, 0x7fffffff, 0x80000000, 0xffffffff};
	unsigned int phase, t;
	int self, peer;

	for (self = 1; self < ROOM_MAX; self++)
		for (peer = 1; peer < ROOM_MAX; peer++)
			for (phase = PH_START; phase <= PH_STOP; phase <<= 1) {
				for (t = 0; t < 256; t++)
					type_sweep((enum room)self, (enum room)peer, phase, t);
				for (t = 0; t < sizeof(huge) / sizeof(huge[0]); t++)
					type_sweep(
					    (enum room)self, (enum room)peer, phase, huge[t]);
			}
}

int
main(void)
{
	const struct msg_row *r;
	size_t i;

	file = peer_file(3);
	for (i = 0; (r = msg_nth(i)) != NULL; i++) {
		CHECKF(codec_of(r->num) != NULL, "%s: no codec in samples.h", r->name);
		if (codec_of(r->num) == NULL)
			continue;
		lawful(r);
		wrong_direction(r);
		lengths(r);
		trailing(r);
		descriptors(r);
		twice(r);
		half(r);
		split(r);
	}
	type_sweeps();
	printf("%zu rows\n", i);
	return check_done();
}
