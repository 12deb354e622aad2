/* privd/adopt.c: no fact of a job lives only in memory. What the ledger tells is what was. */
#include <time.h>

#include <sodium.h>

#include "regress/unit/jobkit.h"

static struct privd p, q;

static const struct job *
live(unsigned int n)
{
	uint8_t id[16] = {0};

	id[15] = (uint8_t)n;
	return jobs_find(&q, id);
}

/* Jobs in each of the states that a crash can find. */
static void
write_story(void)
{
	struct exitrec ok = {.step = 1, .end = END_OK, .effect = EFFECT_OK, .outsize = 99};
	struct job *step = jk_accept(&p, 2, "agent.facts"), *started, *between, *cancelled, *done,
		   *acked;

	(void)jk_accept(&p, 1, "agent.ping"); /* accepted only */
	jk_record(&p, step, &(struct ledger_rec){.type = LR_STEP});
	started = jk_accept(&p, 3, "agent.facts");
	jk_record(&p, started, &(struct ledger_rec){.type = LR_STEP});
	jk_record(
	    &p, started, &(struct ledger_rec){.type = LR_STARTED, .pid = 4711, .starttime = 815});
	between = jk_accept(&p, 4, "agent.facts");
	jk_record(&p, between, &(struct ledger_rec){.type = LR_STEP});
	jk_record(
	    &p, between, &(struct ledger_rec){.type = LR_STARTED, .pid = 4712, .starttime = 816});
	jk_record(&p, between, &(struct ledger_rec){.type = LR_STEPEND, .exit = ok});
	cancelled = jk_accept(&p, 5, "agent.facts");
	jk_record(&p, cancelled, &(struct ledger_rec){.type = LR_CANCEL, .who = "local"});
	done = jk_accept(&p, 6, "agent.facts");
	job_finish(&p, done, &ok);
	acked = jk_accept(&p, 7, "agent.facts");
	job_finish(&p, acked, &ok);
}

static void
challenges(void)
{
	struct ledger_rec rec = {.type = LR_CHALLENGE};
	struct errmsg e;

	for (uint8_t i = 1; i <= 3; i++) {
		memset(rec.nonce, i, 16);
		CHECK(ledger_append(p.ledger, &rec, privd_now(&p), NULL, &e) == 0);
	}
	rec.type = LR_CHALLENGE_USED;
	memset(rec.nonce, 2, 16);
	CHECK(ledger_append(p.ledger, &rec, privd_now(&p), NULL, &e) == 0);
}

static void
read_story(void)
{
	uint8_t id[16] = {0};

	CHECK(q.jobs->nlive == 5 && q.jobs->nknown == 2);
	CHECK(live(1) != NULL && live(1)->step == -1 && live(1)->phase == JP_QUEUED);
	CHECK(live(1)->generation == 0); /* looked at afresh before it starts */
	CHECK_STR(live(1)->t->kind->name, "agent.ping");
	CHECK_STR(live(1)->key, "ops");
	CHECK_STR(live(1)->origin, "local");
	CHECK(live(2) != NULL && live(2)->step == 0 && !live(2)->had_started &&
	      live(2)->laststep == -1 && live(2)->started == 0);
	CHECK(live(3) != NULL && live(3)->had_started && !live(3)->had_stepend &&
	      live(3)->laststep == 0 && live(3)->started != 0 && live(3)->pid == 4711 &&
	      live(3)->starttime == 815);
	CHECK(live(4) != NULL && live(4)->had_stepend && live(4)->last.end == END_OK &&
	      live(4)->last.outsize == 99);
	CHECK(live(5) != NULL && live(5)->ordered == END_CANCELLED);
	CHECK(live(6) == NULL && live(7) == NULL);
	id[15] = 6;
	CHECK(known_find(&q, id) != NULL && !known_find(&q, id)->acked);
	id[15] = 7;
	CHECK(known_find(&q, id) != NULL && known_find(&q, id)->acked);
	CHECK(q.resultseq == p.resultseq && memcmp(q.resultprev, p.resultprev, 32) == 0);
	CHECK(q.resultseq == 2);
	CHECK(q.jobs->nchallenges == 2 && q.jobs->challenge[0].nonce[0] == 1 &&
	      q.jobs->challenge[1].nonce[0] == 3);
	CHECK(q.floor != 0 && q.floor <= privd_now(&q));
	CHECK(q.cut == 0);
}

/* The clock went back since the ledger's newest record: that is in the audit trail, and no more. */
static void
clock_back(void)
{
	struct ledger_rec rec = {.type = LR_INTAKE};
	struct errmsg e;
	uint8_t *text;
	size_t len;

	CHECK(ledger_append(q.ledger, &rec, privd_now(&q) + 1000, NULL, &e) == 0);
	jk_close(&q);
	jk_open(&q);
	CHECK(q.lastnow > (uint64_t)time(NULL) + 900);
	(void)privd_now(&q);
	CHECK(audit_sync(q.audit) == 0);
	text = kit_get("audit", &len);
	CHECK(memmem(text, len, "event=clock.back", 16) != NULL);
	free(text);
	CHECK(q.floor <= privd_now(&q));
}

/* A ticket accepted while the clock lagged a little does not lower the floor again. */
static void
floor_stays(void)
{
	struct ledger_rec rec = {.type = LR_ACCEPTED, .nsigs = 1};
	uint64_t was = q.floor + 5000;
	char text[1024];

	q.floor = was;
	rec.ticketlen = jk_ticket(text, sizeof(text), 77, "agent.facts", was + 100);
	rec.ticket = (const uint8_t *)text;
	rec.time = was - 100;
	CHECK(adopt_record(&rec, 0, &q) == 0);
	CHECK(q.floor == was);
}

/* A ledger that tells of a job which it never accepted is no ledger to go on from. */
static void
no_such_job(void)
{
	struct ledger_rec rec = {.type = LR_STARTED, .id = {9}, .pid = 1, .starttime = 1};
	struct privd r = {.statefd = kit_fd};
	struct errmsg e = {.text = ""};

	CHECK(ledger_append(q.ledger, &rec, privd_now(&q), NULL, &e) == 0);
	jk_close(&q);
	r.w.conf = &jk_conf;
	CHECK(jobs_init(&r, &e) == 0);
	CHECK(ledger_open(kit_fd, privd_now(&r), adopt_record, &r, &e) == NULL);
	while (TAILQ_FIRST(&r.jobs->live) != NULL)
		job_free(&r, TAILQ_FIRST(&r.jobs->live));
	free(r.jobs->known);
	free(r.jobs);
}

int
main(void)
{
	struct errmsg e = {.text = ""};
	uint8_t id[16] = {0};

	if (geteuid() != 0)
		CHECK_SKIP("needs root: state files are root's");
	CHECK(sodium_init() != -1);
	kit_new();
	CHECKF(hostkeys_make(kit_fd, &e) == 0 && ledger_make(kit_fd, &e) == 0, "%s", e.text);
	jk_open(&p);
	CHECK(hostkeys_load(kit_fd, &p.keys, &e) == 0);
	write_story();
	id[15] = 7;
	CHECK(job_ack(&p, id, &e) == 0);
	challenges();
	ledger_close(p.ledger);
	p.ledger = NULL;
	jk_open(&q);
	read_story();
	clock_back();
	floor_stays();
	no_such_job();
	jk_close(&p);
	kit_clean();
	return check_done();
}
