/*
 * privd/intake.c: every verdict on a ticket and its blobs, and what is in the ledger by then. No
 * kind of proto/kinds.def has blobs so far: the reader is compiled here once more, with a catalogue
 * of its own.
 */
#define KINDS_DEF "regress/unit/intakekinds.def"

#include "proto/job.c"
#include "proto/ticket.c"
#include "proto/ticket_value.c"
#include "proto/ticket_write.c"

#include <sodium.h>

#include "lib/strutil.h"
#include "privd/intake.h"
#include "regress/check.h"
#include "regress/unit/confkit.h"
#include "regress/unit/jobkit.h"

#define POLICY \
	"[key ops]\nfile keys/ops.pub\nrole operator\nholder ops-1\nallow test.put test.now\n"

static struct privd p;
static struct errmsg e;
static struct intake *in;
static char idhex[33], state[16], conffile[8192];
static uint8_t config[20000], extra[100];

/* A ticket with the lines MORE, from now on for 600 s. */
static size_t
make(char *text, size_t size, unsigned int n, const char *kind, const char *more, uint64_t from)
{
	return (size_t)snprintf(text, size,
	    "reeve-job 1\nfleet " CK_FLEET "\nhost " CK_HOST " " CK_NAME "\nid %032x\nissued %llu\n"
	    "notbefore %llu\nnotafter %llu\n%srequester ops-1\nkind %s\n%send\n",
	    n, (unsigned long long)from, (unsigned long long)from, (unsigned long long)from + 600,
	    strncmp(more, "fresh", 5) == 0 ? more : "", kind,
	    strncmp(more, "fresh", 5) == 0 ? "" : more);
}

static enum intake_verdict
give(const char *text, enum ck_key key)
{
	struct msg_submit m = {.ticket = (const uint8_t *)text, .len = strlen(text), .nsigs = 1};

	seckey_sign(&ck_sec[key], text, m.len, &m.sig[0]);
	memset(&e, 0, sizeof(e));
	return intake_submit(&p, "local", &m, &in, idhex, state, &e);
}

static enum intake_verdict
submit(unsigned int n, const char *kind, const char *more)
{
	char text[4096];

	make(text, sizeof(text), n, kind, more, privd_now(&p));
	return give(text, CK_OPS);
}

#define REFUSED(call, words)                                               \
	do {                                                               \
		uint64_t before_ = ledger_seq(p.ledger);                   \
		CHECK((call) == IN_REFUSED);                               \
		CHECKF(strstr(e.text, (words)) != NULL, "\"%s\"", e.text); \
		CHECK(ledger_seq(p.ledger) == before_ && in == NULL);      \
	} while (0)

static void
signatures_and_ids(void)
{
	struct msg_submit m = {.nsigs = 0};
	struct job *j;
	char text[4096];
	uint8_t id[16];

	m.len = make(text, sizeof(text), 1, "test.now", "", privd_now(&p));
	m.ticket = (const uint8_t *)text;
	REFUSED(intake_submit(&p, "local", &m, &in, idhex, state, &e), "not signed");
	REFUSED(give(text, CK_AUTO), "unknown key");
	CHECK(give(text, CK_OPS) == IN_ACCEPTED);
	CHECK_STR(idhex, "00000000000000000000000000000001");
	CHECK(ledger_seq(p.ledger) == 1);
	CHECK(give(text, CK_OPS) == IN_KNOWN);
	CHECK_STR(state, "queued");
	REFUSED(submit(1, "test.now", "fresh 00000000000000000000000000000000\n"), "other bytes");
	CHECK(str_unhex(id, 16, idhex) == 0 && (j = jobs_find(&p, id)) != NULL);
	CHECK_STR(j->key, "ops");
	job_finish_as(&p, j, END_OK, "");
	CHECK(give(text, CK_OPS) == IN_KNOWN);
	CHECK_STR(state, "finished");
	strcpy(strstr(text, "kind"), "kind test.now\nend\n\n");
	REFUSED(give(text, CK_OPS), "line");
}

static void
blob_line(char *line, size_t size, const char *name, const uint8_t *data, size_t len)
{
	uint8_t sha[32];
	char hex[65];

	crypto_hash_sha256(sha, data, len);
	str_hex(hex, sha, 32);
	snprintf(line, size, "blob %s sha256:%s %zu\n", name, hex, len);
}

/* One piece of blob INDEX of job N. */
static enum intake_verdict
piece(unsigned int n, uint8_t index, const uint8_t *data, size_t off, size_t len)
{
	struct msg_blob b = {
	    .index = index, .offset = (uint32_t)off, .data = data + off, .len = len};
	enum intake_verdict v;

	b.id[15] = (uint8_t)n;
	memset(&e, 0, sizeof(e));
	v = intake_blob(&p, in, &b, idhex, &e);
	if (v != IN_BLOBS)
		in = NULL;
	return v;
}

static int
there(const char *name)
{
	return faccessat(p.statefd, name, F_OK, 0) == 0;
}

static void
blobs(void)
{
	char lines[512], one[256];
	uint64_t seq = ledger_seq(p.ledger);
	uint8_t id[16];

	blob_line(lines, sizeof(lines), "config", config, sizeof(config));
	blob_line(one, sizeof(one), "extra", extra, sizeof(extra));
	strcat(lines, one);
	CHECK(submit(2, "test.put", lines) == IN_BLOBS && in != NULL);
	CHECK(intake_needs(in, id) == 0 && id[15] == 2);
	CHECK(piece(2, 0, config, 0, 16384) == IN_BLOBS && intake_needs(in, id) == 0);
	CHECK(piece(2, 0, config, 16384, sizeof(config) - 16384) == IN_BLOBS);
	CHECK(intake_needs(in, id) == 1);
	CHECK(ledger_seq(p.ledger) == seq); /* not accepted before all is there */
	CHECK(piece(2, 1, extra, 0, sizeof(extra)) == IN_ACCEPTED);
	CHECK(ledger_seq(p.ledger) == seq + 1);
	CHECK_STR(idhex, "00000000000000000000000000000002");
	CHECK(there("spool/00000000000000000000000000000002.blob0"));
	CHECK(there("spool/00000000000000000000000000000002.blob1"));

	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	REFUSED(piece(3, 1, extra, 0, 10), "another blob");
	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	REFUSED(piece(4, 0, config, 0, 10), "another blob");
	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	REFUSED(piece(3, 0, config, 1, 10), "byte 1 came");
	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	CHECK(piece(3, 0, config, 0, 16384) == IN_BLOBS);
	config[19999] ^= 1;
	REFUSED(piece(3, 0, config, 16384, sizeof(config) - 16384), "SHA-256");
	config[19999] ^= 1;
	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	CHECK(piece(3, 0, config, 0, 16384) == IN_BLOBS &&
	      piece(3, 0, config, 16384, sizeof(config) - 16384) == IN_BLOBS);
	extra[0] ^= 1;
	REFUSED(piece(3, 1, extra, 0, sizeof(extra)), "SHA-256");
	extra[0] ^= 1;
	CHECK(!there("spool/00000000000000000000000000000003.blob0"));
	CHECK(submit(3, "test.put", lines) == IN_BLOBS);
	intake_free(&p, in); /* the client left */
	in = NULL;
	REFUSED(submit(3, "test.put", ""), "config: is missing");
	REFUSED(submit(3, "test.now", one), "none of that name");
}

/* One ticket on two connections at a time, and another of its id: one job, with its own blobs. */
static void
twins(void)
{
	const char blob[] = "spool/0000000000000000000000000000000c.blob0";
	struct intake *first, *other;
	struct ticket_blob b = {.size = sizeof(extra)};
	char line[256], forged[256], text[4096];
	uint64_t seq;
	uint8_t id[16] = {0};
	int fd;

	blob_line(line, sizeof(line), "config", extra, sizeof(extra));
	blob_line(forged, sizeof(forged), "config", config, sizeof(extra));
	make(text, sizeof(text), 12, "test.put", line, privd_now(&p));
	CHECK(give(text, CK_OPS) == IN_BLOBS);
	first = in;
	CHECK(submit(12, "test.put", forged) == IN_BLOBS);
	other = in;
	CHECK(give(text, CK_OPS) == IN_BLOBS);
	seq = ledger_seq(p.ledger);
	CHECK(piece(12, 0, extra, 0, sizeof(extra)) == IN_ACCEPTED);
	CHECK(ledger_seq(p.ledger) == seq + 1);
	in = first;
	CHECK(piece(12, 0, extra, 0, sizeof(extra)) == IN_KNOWN);
	CHECK_STR(idhex, "0000000000000000000000000000000c");
	in = other;
	REFUSED(piece(12, 0, config, 0, sizeof(extra)), "other bytes");
	CHECK(ledger_seq(p.ledger) == seq + 1 && there(blob));
	id[15] = 12;
	crypto_hash_sha256(b.sha256, extra, sizeof(extra));
	CHECKF((fd = spool_blob_fd(p.spool, id, 0, &b, &e)) != -1, "%s", e.text);
	close(fd);
	job_finish_as(&p, jobs_find(&p, id), END_CANCELLED, "");
}

static void
queue_full(void)
{
	char line[256];

	p.w.conf->max_queue = 1; /* job 2 waits already */
	blob_line(line, sizeof(line), "config", config, sizeof(config));
	CHECK(submit(5, "test.put", line) == IN_BLOBS);
	CHECK(piece(5, 0, config, 0, 16384) == IN_BLOBS);
	REFUSED(piece(5, 0, config, 16384, sizeof(config) - 16384), "max-queue");
	CHECK(
	    submit(6, "test.now", "") == IN_ACCEPTED); /* what needs no executor waits for nobody */
	p.w.conf->max_queue = 8;
}

static void
fresh(void)
{
	const char line[] = "fresh abababababababababababababababab\n";

	REFUSED(submit(7, "test.now", line), "fresh");
	memset(p.jobs->challenge[0].nonce, 0xab, 16);
	p.jobs->challenge[0].given = privd_now(&p) - 86401;
	p.jobs->nchallenges = 1;
	REFUSED(submit(7, "test.now", line), "fresh");
	p.jobs->challenge[0].given = privd_now(&p) - 86000;
	CHECK(submit(7, "test.now", line) == IN_ACCEPTED);
	CHECK(p.jobs->nchallenges == 0);
	REFUSED(submit(8, "test.now", line), "fresh");
}

static void
times(void)
{
	char text[4096];
	uint64_t now = privd_now(&p);
	struct job *j;
	uint8_t id[16] = {0};

	make(text, sizeof(text), 9, "test.now", "", now - 601);
	REFUSED(give(text, CK_OPS), "expired");
	make(text, sizeof(text), 9, "test.now", "", now + 302);
	REFUSED(give(text, CK_OPS), "future");
	p.cut = now;
	REFUSED(submit(9, "test.now", ""), "cut");
	id[15] = 2;
	CHECK((j = jobs_find(&p, id)) != NULL);
	j->generation = 0;				    /* an earlier process's */
	CHECKF(intake_again(&p, j, &e) == 0, "%s", e.text); /* what the ledger holds was not lost */
	p.cut = 0;
	p.floor = now + 301;
	REFUSED(submit(9, "test.now", ""), "clock");
	p.floor = now;
	p.lastnow = now + 1000;
	CHECK(privd_now(&p) <= now + 2 && p.lastnow == privd_now(&p));
}

static void
closed(void)
{
	p.needs_rekey = 1;
	snprintf(p.rekey_why, sizeof(p.rekey_why), "seal.sec is missing");
	REFUSED(submit(10, "test.now", ""), "seal.sec is missing");
	p.needs_rekey = 0;
	p.stopping = 1;
	REFUSED(submit(10, "test.now", ""), "stopping");
	p.stopping = 0;
	ck_text("disabled", "", 0600);
	REFUSED(submit(10, "test.now", ""), "disabled");
	kit_must(unlinkat(kit_fd, "disabled", 0), "disabled");
}

/* A job in the queue is judged again by new words. */
static void
again(void)
{
	struct job *j;
	uint8_t id[16] = {0};

	ck_text("policy.conf",
	    "[key ops]\nfile keys/ops.pub\nrole operator\nholder ops-1\nallow test.now\n", 0644);
	policy_free(p.w.policy);
	CHECKF((p.w.policy = policy_load(p.w.conf, &e)) != NULL, "%s", e.text);
	p.generation++;
	id[15] = 2;
	CHECK((j = jobs_find(&p, id)) != NULL && intake_again(&p, j, &e) == -1);
	CHECK(jobs_find(&p, id) == NULL && known_find(&p, id) != NULL);
	REFUSED(
	    submit(11, "test.put", ""), "line"); /* its blob is missing before policy is asked */
	id[15] = 6;
	CHECK((j = jobs_find(&p, id)) != NULL && intake_again(&p, j, &e) == 0);
}

static void
host_open(void)
{
	int fd;

	ck_new();
	ck_keys();
	ck_text("agent.conf", CK_AGENT, 0644);
	ck_text("policy.conf", POLICY, 0644);
	snprintf(conffile, sizeof(conffile), "%s", ck_path("agent.conf"));
	p.generation = 1;
	CHECKF(words_load(conffile, &p.w, &e) == 0, "%s", e.text);
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

int
main(void)
{
	if (geteuid() != 0)
		CHECK_SKIP("needs root: the host's words are root's");
	CHECK(sodium_init() != -1);
	randombytes_buf(config, sizeof(config));
	randombytes_buf(extra, sizeof(extra));
	host_open();
	signatures_and_ids();
	blobs();
	twins();
	queue_full();
	fresh();
	times();
	closed();
	again();
	jk_close(&p);
	words_free(&p.w);
	close(p.statefd);
	kit_clean();
	return check_done();
}
