/* Result records. */

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "privd/result.h"

int
result_make(struct privd *p, const struct job *j, const struct exitrec *r, char *text,
    struct ledger_rec *rec, struct errmsg *e)
{
	struct result res;
	ssize_t n;

	memset(&res, 0, sizeof(res));
	snprintf(res.host_id, sizeof(res.host_id), "%s", p->w.conf->host_id);
	snprintf(res.host_name, sizeof(res.host_name), "%s", p->w.conf->host_name);
	snprintf(res.id, sizeof(res.id), "%s", j->idhex);
	snprintf(res.kind, sizeof(res.kind), "%s", j->t->kind->name);
	memcpy(res.ticket, j->hash, 32);
	res.step = (uint32_t)(j->laststep + 1);
	res.end = r->end;
	res.code = r->code;
	snprintf(res.reason, sizeof(res.reason), "%s", r->reason);
	res.effect = r->effect;
	res.outsize = r->outsize;
	memcpy(res.outsha, r->outsha, 32);
	res.cut = r->cut;
	res.accepted = j->accepted;
	res.started = j->started;
	res.finished = privd_now(p);
	res.seq = p->resultseq + 1;
	memcpy(res.previous, p->resultprev, 32);
	if ((n = result_write(&res, text, RESULT_MAX, e)) == -1)
		return -1;
	rec->result = (const uint8_t *)text;
	rec->resultlen = (size_t)n;
	seckey_sign(&p->keys.result, text, (size_t)n, &rec->resultsig);
	return 0;
}

void
result_commit(struct privd *p, const struct ledger_rec *rec)
{
	p->resultseq++;
	crypto_hash_sha256(p->resultprev, rec->result, rec->resultlen);
}
