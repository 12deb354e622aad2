/* privd/result.c: each record signed, numbered and chained to the one before, and nothing of it
 * remembered before the ledger has it. */
#include <sodium.h>

#include "regress/unit/jobkit.h"

static struct privd p;

static void
one(struct job *j, const struct exitrec *r, uint64_t seq, const uint8_t previous[32], char *text,
    struct ledger_rec *rec)
{
	struct errmsg e = {.text = ""};
	struct result res;

	memset(rec, 0, sizeof(*rec));
	CHECKF(result_make(&p, j, r, text, rec, &e) == 0, "%s", e.text);
	CHECK(pubkey_verify(&p.keys.result_pub, rec->result, rec->resultlen, &rec->resultsig) == 1);
	CHECKF(result_parse(&res, text, rec->resultlen, &e) == 0, "%s", e.text);
	CHECK(res.seq == seq);
	CHECK(memcmp(res.previous, previous, 32) == 0);
	CHECK_STR(res.id, j->idhex);
	CHECK_STR(res.host_id, JK_HOST);
	CHECK_STR(res.kind, j->t->kind->name);
	CHECK(memcmp(res.ticket, j->hash, 32) == 0);
	CHECK(res.end == r->end && res.code == r->code && res.effect == r->effect);
	CHECK(res.outsize == r->outsize && res.cut == r->cut);
	CHECK(memcmp(res.outsha, r->outsha, 32) == 0);
	CHECK(res.step == (uint32_t)(j->laststep + 1));
	CHECK(res.accepted == j->accepted && res.started == j->started &&
	      res.finished >= j->accepted);
}

int
main(void)
{
	struct exitrec r = {.end = END_OK, .effect = EFFECT_OK, .outsize = 42, .cut = 3};
	uint8_t previous[32] = {0};
	char text[RESULT_MAX];
	struct errmsg e = {.text = ""};
	struct ledger_rec rec;
	struct job *j;

	if (geteuid() != 0)
		CHECK_SKIP("needs root: state files are root's");
	CHECK(sodium_init() != -1);
	kit_new();
	CHECKF(hostkeys_make(kit_fd, &e) == 0 && ledger_make(kit_fd, &e) == 0, "%s", e.text);
	jk_open(&p);
	CHECK(hostkeys_load(kit_fd, &p.keys, &e) == 0);
	memset(r.outsha, 0xa5, sizeof(r.outsha));
	j = jk_accept(&p, 1, "agent.facts");
	one(j, &r, 1, previous, text, &rec);
	one(j, &r, 1, previous, text, &rec); /* made again: the first was not written */
	result_commit(&p, &rec);
	crypto_hash_sha256(previous, (const uint8_t *)text, rec.resultlen);
	CHECK(p.resultseq == 1 && memcmp(p.resultprev, previous, 32) == 0);
	j->laststep = 0;
	j->started = j->accepted;
	r.end = END_EFFECT;
	r.effect = EFFECT_FAILED;
	memset(r.reason, 'x', REASON_MAX);
	one(j, &r, 2, previous, text, &rec);
	result_commit(&p, &rec);
	crypto_hash_sha256(previous, (const uint8_t *)text, rec.resultlen);
	r.end = END_EXIT;
	r.code = 255;
	r.reason[0] = '\0';
	r.effect = EFFECT_NONE;
	one(j, &r, 3, previous, text, &rec);
	r.end = END_MAX;
	CHECK(result_make(&p, j, &r, text, &rec, &e) == -1);
	CHECK(p.resultseq == 2);
	jk_close(&p);
	kit_clean();
	return check_done();
}
