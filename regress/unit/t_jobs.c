/* privd/jobs.c: live jobs and finished ones, what a finish, an acknowledgement and a cancel write.
 */
#include <sodium.h>

#include "lib/strutil.h"
#include "privd/verify.h"
#include "regress/unit/jobkit.h"

static struct privd p;

static void
id_of(uint8_t id[16], unsigned int n)
{
	memset(id, 0, 16);
	id[12] = (uint8_t)(n >> 24);
	id[13] = (uint8_t)(n >> 16);
	id[14] = (uint8_t)(n >> 8);
	id[15] = (uint8_t)n;
}

/* Notes stay sorted whatever the order in which they come. */
static void
notes(void)
{
	struct known k = {.notafter = UINT64_MAX, .acked = 1};
	uint8_t id[16];

	for (unsigned int i = 0; i < 500; i++) {
		id_of(k.id, (i * 7919) % 500 + 1000);
		k.accepted_off = (off_t)((i * 7919) % 500);
		known_add(&p, &k);
	}
	for (unsigned int i = 0; i < 500; i++) {
		id_of(id, i + 1000);
		CHECK(known_find(&p, id) != NULL && known_find(&p, id)->accepted_off == (off_t)i);
	}
	id_of(id, 1500);
	CHECK(known_find(&p, id) == NULL);
	id_of(id, 999);
	CHECK(known_find(&p, id) == NULL);
	p.jobs->nknown = 0;
}

/* An id is remembered until its window is over, and a result until it was fetched or is old. */
static void
prune(void)
{
	const uint64_t now = 1000000000, day = 86400;
	struct known k[] = {
	    {.id = {1}, .notafter = now + 1, .finished = now - 40 * day, .acked = 1},
	    {.id = {2}, .notafter = now - 1, .finished = now - 40 * day, .acked = 1},
	    {.id = {3}, .notafter = now - 1, .finished = now - 29 * day, .acked = 0},
	    {.id = {4}, .notafter = now - 1, .finished = now - 31 * day, .acked = 0},
	};
	struct errmsg e;
	int fd;

	for (size_t i = 0; i < 4; i++)
		known_add(&p, &k[i]);
	CHECK((fd = spool_output(p.spool, k[3].id, 0, NULL, &e)) != -1);
	close(fd);
	/* a clock that was set forward frees no id: set back, its ticket would run once more */
	p.floor = now + VERIFY_SKEW - 1;
	known_prune(&p, now);
	CHECK(p.jobs->nknown == 4);
	CHECK(faccessat(kit_fd, "spool/04000000000000000000000000000000.out", F_OK, 0) == -1);
	p.floor = now + VERIFY_SKEW;
	known_prune(&p, now);
	CHECK(known_find(&p, k[0].id) != NULL);
	CHECK(known_find(&p, k[1].id) == NULL);
	CHECK(known_find(&p, k[2].id) != NULL);
	CHECK(known_find(&p, k[3].id) == NULL);
	p.jobs->nknown = 0;
}

static void
finish_and_ack(void)
{
	struct exitrec r = {
	    .step = 1, .end = END_EXIT, .code = 3, .effect = EFFECT_NONE, .outsize = 7};
	struct job *j = jk_accept(&p, 1, "agent.facts");
	struct ledger_rec rec;
	struct errmsg e;
	uint8_t id[16];
	int fd;

	memcpy(id, j->id, 16);
	CHECK(jobs_find(&p, id) == j && p.jobs->nlive == 1);
	CHECK_STR(job_phasename(j), "queued");
	CHECK(job_ack(&p, id, &e) == -1 && strstr(e.text, "not finished") != NULL);
	CHECK((fd = spool_output(p.spool, id, 0, NULL, &e)) != -1);
	close(fd);
	j->laststep = 0;
	job_finish(&p, j, &r);
	CHECK(jobs_find(&p, id) == NULL && p.jobs->nlive == 0);
	CHECK(known_find(&p, id) != NULL && !known_find(&p, id)->acked);
	CHECK(ledger_read(p.ledger, known_find(&p, id)->finished_off, &rec, &e) == 0);
	CHECK(rec.type == LR_FINISHED &&
	      memmem(rec.result, rec.resultlen, "end exit 3\n", 11) != NULL);
	CHECK(pubkey_verify(&p.keys.result_pub, rec.result, rec.resultlen, &rec.resultsig) == 1);
	CHECK(job_ack(&p, id, &e) == 0 && known_find(&p, id)->acked);
	CHECK(faccessat(kit_fd, "spool/00000000000000000000000000000001.out", F_OK, 0) == -1);
	CHECK(job_ack(&p, id, &e) == 0); /* twice is harmless, and writes nothing */
	id_of(id, 77);
	CHECK(job_ack(&p, id, &e) == -1 && strstr(e.text, "no such job") != NULL);
}

static void
cancels(void)
{
	struct job *any = jk_accept(&p, 10, "agent.facts"), *sig = jk_accept(&p, 11, "pkg.refresh"),
		   *never = jk_accept(&p, 12, "agent.reload");
	uint64_t seq = ledger_seq(p.ledger);
	struct errmsg e;
	uint8_t id[16];

	id_of(id, 78);
	CHECK(job_cancel(&p, id, "local", 1, &e) == -1 && strstr(e.text, "no such job") != NULL);
	CHECK(job_cancel(&p, never->id, "local", 1, &e) == -1);
	CHECK(job_cancel(&p, sig->id, "server", 0, &e) == -1);
	CHECK(strstr(e.text, "signed") != NULL);
	CHECK(ledger_seq(p.ledger) == seq); /* refusals write nothing */
	memcpy(id, any->id, 16);
	CHECK(job_cancel(&p, id, "server", 0, &e) == 0);
	CHECK(jobs_find(&p, id) == NULL && known_find(&p, id) != NULL);
	CHECK(ledger_seq(p.ledger) == seq + 2); /* CANCEL, FINISHED */
	CHECK(job_cancel(&p, id, "server", 0, &e) == -1 && strstr(e.text, "finished") != NULL);
	memcpy(id, sig->id, 16);
	CHECK(job_cancel(&p, id, "ops", 1, &e) == 0 && known_find(&p, id) != NULL);
}

/* A result that cannot be written is kept: the job is neither lost nor told as finished. */
static void
kept(void)
{
	struct job *j = jk_accept(&p, 20, "agent.facts");
	struct errmsg e;
	uint8_t id[16];

	memcpy(id, j->id, 16);
	memset(jk_conf.host_id, 'X', 1); /* no record can be written with such an id */
	job_finish_as(&p, j, END_UNKNOWN, "a test");
	memset(jk_conf.host_id, JK_HOST[0], 1);
	CHECK(jobs_find(&p, id) == j && known_find(&p, id) == NULL);
	CHECK_STR(job_phasename(j), "ended");
	/* nor does a cancel make "before it started" of what has run */
	CHECK(job_cancel(&p, id, "local", 1, &e) == -1);
	CHECK(jobs_find(&p, id) == j && known_find(&p, id) == NULL);
}

int
main(void)
{
	struct errmsg e = {.text = ""};

	if (geteuid() != 0)
		CHECK_SKIP("needs root: state files are root's");
	CHECK(sodium_init() != -1);
	kit_new();
	CHECKF(hostkeys_make(kit_fd, &e) == 0 && ledger_make(kit_fd, &e) == 0, "%s", e.text);
	jk_open(&p);
	CHECK(hostkeys_load(kit_fd, &p.keys, &e) == 0);
	notes();
	prune();
	finish_and_ack();
	cancels();
	kept();
	jk_close(&p);
	kit_clean();
	return check_done();
}
