/*
 * privd/netside_jobs.c: tickets from a netd that wait for their blobs. Attack blob-abuse: pieces
 * out of order, too many, never ending, of another job, with another hash; more tickets than may
 * wait. No kind of proto/kinds.def has blobs so far: as t_intake, this test brings a catalogue of
 * its own.
 */
#define KINDS_DEF "regress/unit/intakekinds.def"

#include "proto/job.c"
#include "proto/ticket.c"
#include "proto/ticket_value.c"
#include "proto/ticket_write.c"

#include <sys/socket.h>

#include <poll.h>
#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "privd/netside_pair.h"
#include "regress/check.h"
#include "regress/unit/confkit.h"
#include "regress/unit/jobkit.h"

#define POLICY "[key ops]\nfile keys/ops.pub\nrole operator\nholder ops-1\nallow test.put\n"

static struct privd p;
static struct errmsg e;
static struct pair one, two;
static struct imsgbuf *end_one, *end_two; /* netd's ends */
#define SIZE 20000
static uint8_t data[SIZE + 5000]; /* the blob, and more than it */
static char lines[512];

static void
host_open(void)
{
	int fd;

	ck_new();
	ck_keys();
	ck_text("agent.conf", CK_AGENT, 0644);
	ck_text("policy.conf", POLICY, 0644);
	p.generation = 1;
	CHECKF(words_load(ck_path("agent.conf"), &p.w, &e) == 0, "%s", e.text);
	kit_must(mkdirat(kit_fd, "state", 0700), "state");
	kit_must(fd = openat(kit_fd, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "state");
	p.statefd = fd;
	for (int i = 0; i < USER_MAX; i++)
		p.w.conf->users[i] = (struct user){900 + (uid_t)i, 900 + (gid_t)i};
	CHECKF(hostkeys_make(fd, &e) == 0 && ledger_make(fd, &e) == 0, "%s", e.text);
	CHECK(hostkeys_load(fd, &p.keys, &e) == 0);
	CHECKF((p.audit = audit_open(fd, &e)) != NULL, "%s", e.text);
	CHECKF((p.spool = spool_open(fd, 1 << 24, &e)) != NULL, "%s", e.text);
	CHECKF((p.w.keys = keystore_load(fd, CK_FLEET, &e)) != NULL, "%s", e.text);
	CHECK(jobs_init(&p, &e) == 0);
	CHECKF((p.ledger = ledger_open(fd, privd_now(&p), adopt_record, &p, &e)) != NULL, "%s",
	    e.text);
}

/* A pair whose netd is the other end of a socket. */
static struct imsgbuf *
pair_open(struct pair *pr, const char *name)
{
	struct imsgbuf *b;
	int sv[2];

	pr->p = &p;
	pr->state = PAIR_RUNNING;
	snprintf(pr->name, sizeof(pr->name), "%s", name);
	pr->netd = (struct side){.pair = pr, .room = ROOM_NETD, .pidfd = -1};
	TAILQ_INIT(&pr->offers);
	for (size_t i = 0; i < PAIR_INTAKES; i++)
		pr->wait[i].pair = pr;
	pair_fill(pr);
	kit_must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), "socketpair");
	pr->netd.chan = imsgbuf_new(sv[0], ROOM_PRIVD, ROOM_NETD);
	b = imsgbuf_new(sv[1], ROOM_NETD, ROOM_PRIVD);
	imsgbuf_gate(pr->netd.chan)->phase = imsgbuf_gate(b)->phase = PH_RUN;
	imsgbuf_allow_fds(b);
	pr->netd.chan_w = loop_add(sv[0], POLLIN, side_on_channel, &pr->netd);
	return b;
}

static void
say(struct pair *pr, uint32_t type, struct ibuf *ib, int (*fn)(struct side *, struct imsg *))
{
	struct imsg m = {.type = type, .data = ib->buf, .len = ib->wpos};

	CHECK(fn(&pr->netd, &m) == 0);
	ibuf_free(ib);
}

static void
submit(struct pair *pr, unsigned int n)
{
	unsigned long long now = privd_now(&p);
	struct msg_submit m = {.fence = n, .nsigs = 1};
	char text[2048];

	m.len = (size_t)snprintf(text, sizeof(text),
	    "reeve-job 1\nfleet " CK_FLEET "\nhost " CK_HOST " " CK_NAME "\nid %032x\nissued %llu\n"
	    "notbefore %llu\nnotafter %llu\nrequester ops-1\nkind test.put\n%send\n",
	    n, now, now, now + 600, lines);
	m.ticket = (const uint8_t *)text;
	seckey_sign(&ck_sec[CK_OPS], text, m.len, &m.sig[0]);
	say(pr, MSG_JOB_SUBMIT, msg_submit_put(&m), privd_on_JOB_SUBMIT);
}

static void
piece(struct pair *pr, unsigned int n, uint8_t index, const uint8_t *from, size_t off, size_t len)
{
	struct msg_blob b = {
	    .index = index, .offset = (uint32_t)off, .data = from + off, .len = len};

	b.id[14] = (uint8_t)(n >> 8);
	b.id[15] = (uint8_t)n;
	say(pr, MSG_JOB_BLOB, msg_blob_put(&b), privd_on_JOB_BLOB);
}

/* What netd heard: 'A', 'R', 'S', 'F' a state, '0'.. the blob that it is asked for, '-' nothing. */
static char
heard(struct imsgbuf *b, char *reason)
{
	struct msg_state st;
	struct imsg m;
	uint8_t id[16], index;
	char c = '-';

	reason[0] = '\0';
	if (chan_recv(b, &m, 0) != 1)
		return c;
	if (m.type == MSG_JOB_STATE && msg_state_get(&m, &st) == 0) {
		c = "?ARSF"[st.state];
		snprintf(reason, sizeof(st.reason), "%s", st.reason);
	} else if (m.type == MSG_JOB_NEEDBLOB && msg_needblob_get(&m, id, &index) == 0)
		c = (char)('0' + index);
	imsg_free(&m);
	return c;
}

#define HEARS(b, c, words)                                                               \
	do {                                                                             \
		char r_[REASON_MAX + 1], c_ = heard((b), r_);                            \
		CHECKF(c_ == (c) && strstr(r_, (words)) != NULL, "'%c' \"%s\"", c_, r_); \
	} while (0)

static void
plain(void)
{
	submit(&one, 1);
	HEARS(end_one, '0', "");
	piece(&one, 1, 0, data, 0, 16384);
	HEARS(end_one, '-', "");
	submit(&one, 1); /* once more meanwhile: one answer, when it is due */
	HEARS(end_one, '-', "");
	piece(&one, 1, 0, data, 16384, SIZE - 16384);
	HEARS(end_one, 'A', "");
	CHECK(one.wait[0].intake == NULL);
	/* a rest that nobody waits for */
	piece(&one, 1, 0, data, 0, 16384);
	HEARS(end_one, '-', "");
}

static void
abused(void)
{
	uint64_t seq = ledger_seq(p.ledger);

	submit(&one, 2);
	HEARS(end_one, '0', "");
	piece(&one, 2, 0, data, 1, 100);
	HEARS(end_one, 'R', "byte 1 came");
	submit(&one, 2);
	HEARS(end_one, '0', "");
	piece(&one, 2, 1, data, 0, 100);
	HEARS(end_one, 'R', "another blob");
	submit(&one, 2);
	HEARS(end_one, '0', "");
	piece(&one, 3, 0, data, 0, 100); /* of a job that nobody brought */
	HEARS(end_one, '-', "");
	piece(&one, 2, 0, data, 0, 16384);
	data[SIZE - 1] ^= 1;
	piece(&one, 2, 0, data, 16384, SIZE - 16384);
	data[SIZE - 1] ^= 1;
	HEARS(end_one, 'R', "SHA-256");
	submit(&one, 2);
	HEARS(end_one, '0', "");
	piece(&one, 2, 0, data, 0, 16384);
	piece(&one, 2, 0, data, 16384 - 100, 100); /* back */
	HEARS(end_one, 'R', "is next");
	submit(&one, 2);
	HEARS(end_one, '0', "");
	piece(&one, 2, 0, data, 0, 16384);
	piece(&one, 2, 0, data, 16384, 5000); /* beyond its end */
	HEARS(end_one, 'R', "");
	CHECK(faccessat(p.statefd, "spool/00000000000000000000000000000002.blob0", F_OK, 0) == -1);
	CHECK(ledger_seq(p.ledger) == seq);
}

/* As many as may wait, and one more; then their time is over, or the words change. */
static void
many(void)
{
	int fds = fd_count();
	struct loop_timer t;

	for (unsigned int n = 0; n < PAIR_INTAKES; n++) {
		submit(&one, 100 + n);
		HEARS(end_one, '0', "");
	}
	submit(&one, 200);
	HEARS(end_one, 'R', "too many tickets wait");
	submit(&two, 200); /* another server's have room of their own */
	HEARS(end_two, '0', "");
	pair_drop_intakes(&two, NULL);
	HEARS(end_two, '-', "");
	t = one.wait[3].t;
	CHECK(t.due > loop_now() + 50000 && t.due <= loop_now() + 60000);
	t.fn(t.arg);
	HEARS(end_one, 'R', "did not come within 60 s");
	submit(&one, 200);
	HEARS(end_one, '0', "");
	pair_drop_intakes(&one, "the configuration changed");
	for (unsigned int n = 0; n < PAIR_INTAKES; n++)
		HEARS(end_one, 'R', "the configuration changed");
	HEARS(end_one, '-', "");
	CHECKF(fd_count() == fds, "%d descriptors, %d before", fd_count(), fds);
}

/* One ticket from two servers: whoever is done first has brought it, the other is told. */
static void
both(void)
{
	const struct job *j;
	uint8_t id[16] = {0};

	submit(&one, 7);
	submit(&two, 7);
	HEARS(end_one, '0', "");
	HEARS(end_two, '0', "");
	piece(&two, 7, 0, data, 0, 16384);
	piece(&two, 7, 0, data, 16384, SIZE - 16384);
	HEARS(end_two, 'A', "");
	piece(&one, 7, 0, data, 0, 16384);
	HEARS(end_one, 'A', "");
	id[15] = 7;
	CHECK((j = jobs_find(&p, id)) != NULL && strcmp(j->origin, "two") == 0 && j->fence == 7);
}

/* One ticket of two blobs from two servers: what one of them delivers wrong is not the other's. */
static void
spoiled(const char *both)
{
	static const char first[] = "spool/00000000000000000000000000000008.blob0";
	char keep[sizeof(lines)];

	memcpy(keep, lines, sizeof(lines));
	CHECK(strlen(both) < sizeof(lines));
	memcpy(lines, both, strlen(both) + 1);
	submit(&one, 8);
	submit(&two, 8);
	HEARS(end_one, '0', "");
	HEARS(end_two, '0', "");
	piece(&one, 8, 0, data, 0, 16384);
	piece(&one, 8, 0, data, 16384, SIZE - 16384);
	HEARS(end_one, '1', "");
	piece(&two, 8, 0, data, 1, 100);
	HEARS(end_two, 'R', "byte 1 came");
	CHECKF(faccessat(p.statefd, first, F_OK, 0) == 0, "the other's first blob is gone");
	submit(&two, 8);
	HEARS(end_two, '0', "");
	pair_drop_intakes(&two, NULL);
	CHECKF(faccessat(p.statefd, first, F_OK, 0) == 0, "the other's first blob is gone");
	piece(&one, 8, 1, data, 0, 5000);
	HEARS(end_one, 'A', "");
	CHECK(faccessat(p.statefd, first, F_OK, 0) == 0);
	memcpy(lines, keep, sizeof(lines));
}

int
main(void)
{
	uint8_t sha[32];
	char hex[65], two_blobs[1024];

	if (geteuid() != 0)
		CHECK_SKIP("needs root: the host's words are root's");
	CHECK(sodium_init() != -1);
	randombytes_buf(data, sizeof(data));
	crypto_hash_sha256(sha, data, SIZE);
	str_hex(hex, sha, 32);
	snprintf(lines, sizeof(lines), "blob config sha256:%s %d\n", hex, SIZE);
	crypto_hash_sha256(sha, data, 5000);
	str_hex(hex, sha, 32);
	snprintf(two_blobs, sizeof(two_blobs), "%sblob extra sha256:%s 5000\n", lines, hex);
	host_open();
	end_one = pair_open(&one, "one");
	end_two = pair_open(&two, "two");
	plain();
	abused();
	many();
	both();
	spoiled(two_blobs);
	pair_forget(&one);
	pair_forget(&two);
	imsgbuf_free(end_one);
	imsgbuf_free(end_two);
	imsgbuf_free(one.netd.chan);
	imsgbuf_free(two.netd.chan);
	jk_close(&p);
	words_free(&p.w);
	close(p.statefd);
	kit_clean();
	return check_done();
}
