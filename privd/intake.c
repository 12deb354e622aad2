/* The intake. */

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/intake.h"
#include "privd/netside.h"
#include "privd/stephost.h"
#include "privd/verify.h"

#define CHALLENGE_LIFE 86400
#define SPOOL_WANT     65536 /* bytes that must fit before a job is taken */

struct intake {
	LIST_ENTRY(intake) link; /* while it waits for blobs */
	int waits;
	struct verified *v;
	struct ticket *t;
	char origin[65];
	uint64_t fence;
	struct sig sig[TICKET_SIGS];
	unsigned int nsigs;
	unsigned int blob; /* the one that comes next */
	struct spool_blob *sb;
	uint8_t id[16];
	int again; /* accepted before */
};

/* All that wait, whoever brought them: two may be of one ticket. */
static LIST_HEAD(, intake) waiting = LIST_HEAD_INITIALIZER(waiting);

void
intake_free(struct privd *p, struct intake *in)
{
	(void)p;
	if (in == NULL)
		return;
	if (in->waits)
		LIST_REMOVE(in, link);
	spool_blob_free(in->sb);
	verified_free(in->v);
	free(in->t);
	free(in);
}

void
intake_drop(struct privd *p, struct intake *in)
{
	const struct intake *o;
	uint8_t id[16];

	memcpy(id, in->id, 16);
	intake_free(p, in);
	LIST_FOREACH (o, &waiting, link)
		if (memcmp(o->id, id, 16) == 0)
			return;
	if (jobs_find(p, id) == NULL && known_find(p, id) == NULL)
		spool_remove(p->spool, id);
}

static void
clock_of(struct privd *p, struct clockstate *ck)
{
	ck->now = privd_now(p);
	ck->floor = p->floor;
	ck->cut = p->cut;
}

/*
 * Every refusal is audited, up to the server's ration of lines; what is not yet verified is not
 * quoted.
 */
static enum intake_verdict
refuse(struct privd *p, const char *origin, const struct intake *in, const struct errmsg *e)
{
	const struct ticket *t = in != NULL ? in->t : NULL;
	char more[24];
	uint64_t unsaid;

	if (!netside_line(origin, &unsaid)) {
		log_debug("refused a job: %s", e->text);
		return IN_REFUSED;
	}
	snprintf(more, sizeof(more), "%llu", (unsigned long long)unsaid);
	(void)audit_event(p->audit, "job.refuse", "id", t != NULL && t->id != NULL ? t->id : NULL,
	    "kind", t != NULL && t->kind != NULL ? t->kind->name : NULL, "requester",
	    t != NULL ? t->requester : NULL, "reason", e->text, "unsaid", unsaid > 0 ? more : NULL,
	    NULL);
	log_info("refused a job: %s", e->text);
	return IN_REFUSED;
}

/* The kind of the job that an agent.cancel names, NULL when there is no such live job. */
static const struct kind *
cancelled_kind(struct privd *p, const struct ticket *t)
{
	const struct job *j;
	uint8_t id[16];

	if (t->kind->id != KIND_AGENT_CANCEL || str_unhex(id, 16, ticket_argv(t, "id")) == -1)
		return NULL;
	return (j = jobs_find(p, id)) != NULL ? j->t->kind : NULL;
}

static int
policy_check(struct privd *p, const struct verified *v, const struct ticket *t, struct errmsg *e)
{
	const struct policy_key *signer[TICKET_SIGS];
	unsigned int n = verified_signers(v, signer);

	return policy_allows(p->w.policy, signer, n, t, cancelled_kind(p, t), e);
}

/* Signature first, then parsing, then host and time. */
static int
open_ticket(
    struct privd *p, const struct msg_submit *m, struct intake *in, int *expired, struct errmsg *e)
{
	struct clockstate ck;

	clock_of(p, &ck);
	if (in->again)
		ck.cut = 0; /* what the ledger holds is no replay of what it lost */
	*expired = 0;
	in->v = verify_ticket(
	    p->w.policy, p->w.keys, m->ticket, m->len, m->sig, (unsigned int)m->nsigs, ck.now, e);
	if (in->v == NULL)
		return -1;
	if ((in->t = calloc(1, sizeof(*in->t))) == NULL)
		return err_set(e, "out of memory");
	if (verified_parse(in->v, in->t, e) == -1 || str_unhex(in->id, 16, in->t->id) == -1)
		return -1;
	if (verify_host(in->t, p->w.conf, e) == -1)
		return -1;
	return verify_time(in->t, p->w.conf, &ck, expired, e);
}

/* The hash of a finished job's ticket, from the ledger. */
static int
known_hash(struct privd *p, const struct known *k, uint8_t hash[32], struct errmsg *e)
{
	struct ledger_rec rec;

	if (ledger_read(p->ledger, k->accepted_off, &rec, e) == -1)
		return -1;
	ticket_hash((const char *)rec.ticket, rec.ticketlen, hash);
	return 0;
}

/* 1 this very ticket is known (STATE set), 0 its id is new, -1 E: the id belongs to other bytes. */
static int
replay(struct privd *p, const struct intake *in, char state[16], struct errmsg *e)
{
	const struct job *j = jobs_find(p, in->id);
	const struct known *k = known_find(p, in->id);
	uint8_t hash[32];

	if (j == NULL && k == NULL)
		return 0;
	if (j != NULL)
		memcpy(hash, j->hash, 32);
	else if (known_hash(p, k, hash, e) == -1)
		return -1;
	if (memcmp(hash, verified_hash(in->v), 32) != 0)
		return err_set(e, "job id %s was used by other bytes before", in->t->id);
	snprintf(state, 16, "%s", j != NULL ? job_phasename(j) : "finished");
	return 1;
}

static int
find_challenge(const struct privd *p, const struct ticket *t, uint64_t now)
{
	uint8_t nonce[16];

	if (str_unhex(nonce, 16, t->fresh) == -1)
		return -1;
	for (unsigned int i = 0; i < p->jobs->nchallenges; i++)
		if (memcmp(p->jobs->challenge[i].nonce, nonce, 16) == 0 &&
		    now <= p->jobs->challenge[i].given + CHALLENGE_LIFE)
			return (int)i;
	return -1;
}

static int
fresh_check(struct privd *p, const struct ticket *t, struct errmsg *e)
{
	if (t->fresh != NULL && find_challenge(p, t, privd_now(p)) == -1)
		return err_set(e, "fresh: this host gave no such challenge within 24 hours, or it "
				  "was used");
	return 0;
}

/* Writes that the ticket's challenge is used, before the acceptance that uses it. */
static int
fresh_use(struct privd *p, const struct intake *in, struct errmsg *e)
{
	struct ledger_rec rec = {.type = LR_CHALLENGE_USED};
	struct jobs *js = p->jobs;
	int i;

	if (in->t->fresh == NULL)
		return 0;
	if ((i = find_challenge(p, in->t, privd_now(p))) == -1)
		return fresh_check(p, in->t, e);
	memcpy(rec.id, in->id, 16);
	memcpy(rec.nonce, js->challenge[i].nonce, 16);
	if (ledger_append(p->ledger, &rec, privd_now(p), NULL, e) == -1)
		return -1;
	memmove(&js->challenge[i], &js->challenge[i + 1],
	    (js->nchallenges - (unsigned int)i - 1) * sizeof(js->challenge[0]));
	js->nchallenges--;
	return 0;
}

/* Each origin has a queue of its own: none can fill another's, nor root's at the host. */
static unsigned int
queued(const struct privd *p, const char *origin)
{
	const struct job *j;
	unsigned int n = 0;

	TAILQ_FOREACH (j, &p->jobs->live, link)
		n += j->phase == JP_QUEUED && strcmp(j->origin, origin) == 0;
	return n;
}

/* IN NULL: before it is known what is asked. A kind without an executor waits for nobody. */
static int
room_check(struct privd *p, const struct intake *in, struct errmsg *e)
{
	if (privd_open(p, e) == -1)
		return -1;
	if (in != NULL && in->t->kind->nsteps > 0 && queued(p, in->origin) >= p->w.conf->max_queue)
		return err_set(e, "%u jobs are queued already (max-queue)", p->w.conf->max_queue);
	return spool_room(p->spool, SPOOL_WANT, e);
}

static void
fill_accepted(const struct intake *in, struct ledger_rec *rec)
{
	const struct policy_key *signer[TICKET_SIGS];

	memcpy(rec->id, in->id, 16);
	snprintf(rec->origin, sizeof(rec->origin), "%s", in->origin);
	rec->fence = in->fence;
	rec->ticket = verified_bytes(in->v, &rec->ticketlen);
	memcpy(rec->sig, in->sig, sizeof(rec->sig));
	rec->nsigs = in->nsigs;
	if (verified_signers(in->v, signer) > 0) {
		snprintf(rec->key, sizeof(rec->key), "%s", signer[0]->name);
		snprintf(rec->holder, sizeof(rec->holder), "%s", signer[0]->holder);
	}
}

/* The line stands before the acceptance: a job of which nothing was written is not taken. */
static int
audit_accept(
    struct privd *p, const struct intake *in, const struct ledger_rec *rec, struct errmsg *e)
{
	const struct ticket *t = in->t;

	if (audit_event(p->audit, "job.accept", "id", t->id, "kind", t->kind->name, "key", rec->key,
		"holder", rec->holder, "requester", t->requester, "origin", rec->origin,
		NULL) == -1)
		return err_set(e, "the audit trail cannot be written: see the log");
	return 0;
}

/* Everything is there: durable acceptance. The intake is consumed but for its memory. */
static enum intake_verdict
accept_job(struct privd *p, struct intake *in, char idhex[33], struct errmsg *e)
{
	struct ledger_rec rec = {.type = LR_ACCEPTED};
	uint64_t now = privd_now(p), issued = in->t->issued;
	struct job *j;
	off_t off;

	fill_accepted(in, &rec);
	if (room_check(p, in, e) == -1 || netside_ration(in->origin, e) == -1 ||
	    fresh_use(p, in, e) == -1 || audit_accept(p, in, &rec, e) == -1 ||
	    ledger_append(p->ledger, &rec, now, &off, e) == -1)
		return refuse(p, in->origin, in, e);
	if ((j = job_new(p, in->t, verified_hash(in->v))) == NULL)
		fatalx("out of memory"); /* the ledger has it: the next start goes on */
	in->t = NULL;
	j->accepted = now;
	j->accepted_off = off;
	j->generation = p->generation;
	j->fence = in->fence;
	snprintf(j->origin, sizeof(j->origin), "%s", rec.origin);
	snprintf(j->key, sizeof(j->key), "%s", rec.key);
	snprintf(j->holder, sizeof(j->holder), "%s", rec.holder);
	if (issued > now)
		issued = now;
	if (issued > p->floor)
		p->floor = issued;
	snprintf(idhex, 33, "%s", j->idhex);
	return IN_ACCEPTED;
}

/* Opens the next blob's file. */
static int
next_blob(struct privd *p, struct intake *in, struct errmsg *e)
{
	const struct ticket_blob *b = &in->t->blob[in->blob];

	if (spool_room(p->spool, b->size, e) == -1)
		return -1;
	in->sb = spool_blob_begin(p->spool, in->id, (uint8_t)in->blob, b, e);
	return in->sb == NULL ? -1 : 0;
}

uint8_t
intake_needs(const struct intake *in, uint8_t id[16])
{
	memcpy(id, in->id, 16);
	return (uint8_t)in->blob;
}

static struct intake *
intake_new(const char *origin, const struct msg_submit *m)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return NULL;
	snprintf(in->origin, sizeof(in->origin), "%s", origin);
	in->fence = m->fence;
	in->nsigs = (unsigned int)m->nsigs;
	memcpy(in->sig, m->sig, m->nsigs * sizeof(m->sig[0]));
	return in;
}

/* 1 accepted so far, 0 known (STATE set), -1 refused. */
static int
judge(struct privd *p, const struct msg_submit *m, struct intake *in, char state[16],
    struct errmsg *e)
{
	int r, expired;

	if (open_ticket(p, m, in, &expired, e) == -1)
		return -1;
	if ((r = replay(p, in, state, e)) != 0)
		return r == 1 ? 0 : -1;
	if (fresh_check(p, in->t, e) == -1 || policy_check(p, in->v, in->t, e) == -1 ||
	    stephost_check(p, in->t, e) == -1)
		return -1;
	return 1;
}

enum intake_verdict
intake_submit(struct privd *p, const char *origin, const struct msg_submit *m, struct intake **inp,
    char idhex[33], char state[16], struct errmsg *e)
{
	struct intake *in = NULL;
	enum intake_verdict v;
	int r;

	*inp = NULL;
	if (room_check(p, NULL, e) == -1)
		return refuse(p, origin, NULL, e);
	if ((in = intake_new(origin, m)) == NULL) {
		err_set(e, "out of memory");
		return refuse(p, origin, NULL, e);
	}
	if ((r = judge(p, m, in, state, e)) == 0) {
		snprintf(idhex, 33, "%s", in->t->id);
		v = IN_KNOWN;
	} else if (r == -1) {
		v = refuse(p, origin, in->t != NULL && in->t->requester != NULL ? in : NULL, e);
	} else if (in->t->nblobs == 0) {
		snprintf(state, 16, "queued");
		v = accept_job(p, in, idhex, e);
	} else if (next_blob(p, in, e) == -1) {
		v = refuse(p, origin, in, e);
	} else {
		in->waits = 1;
		LIST_INSERT_HEAD(&waiting, in, link);
		*inp = in;
		return IN_BLOBS;
	}
	intake_free(p, in);
	return v;
}

enum intake_verdict
intake_blob(
    struct privd *p, struct intake *in, const struct msg_blob *b, char idhex[33], struct errmsg *e)
{
	enum intake_verdict v = IN_BLOBS;
	char state[16];
	int r;

	if ((r = replay(p, in, state, e)) != 0) {
		/* handed in twice at a time: the files are the job's that came of the other */
		v = r == 1 ? IN_KNOWN : refuse(p, in->origin, in, e);
		snprintf(idhex, 33, "%s", in->t->id);
		intake_free(p, in);
		return v;
	}
	if (memcmp(b->id, in->id, 16) != 0 || b->index != in->blob) {
		err_set(e, "a piece of another blob than the one that was asked for");
		v = refuse(p, in->origin, in, e);
	} else if ((r = spool_blob_piece(in->sb, b->offset, b->data, b->len, e)) == -1) {
		v = refuse(p, in->origin, in, e);
	} else if (r == 1) {
		spool_blob_free(in->sb);
		in->sb = NULL;
		if (++in->blob == in->t->nblobs)
			v = accept_job(p, in, idhex, e);
		else if (next_blob(p, in, e) == -1)
			v = refuse(p, in->origin, in, e);
	}
	if (v == IN_REFUSED)
		intake_drop(p, in);
	else if (v != IN_BLOBS)
		intake_free(p, in);
	return v;
}

int
intake_test(struct privd *p, const struct msg_submit *m, struct errmsg *e)
{
	struct intake *in = intake_new("local", m);
	int rc, expired;

	if (in == NULL)
		return err_set(e, "out of memory");
	rc = conf_enrolled(p->w.conf) ? 0 : err_set(e, NOT_ENROLLED);
	if (rc == 0)
		rc = open_ticket(p, m, in, &expired, e);
	if (rc == 0 && (rc = fresh_check(p, in->t, e)) == 0 &&
	    (rc = stephost_check(p, in->t, e)) == 0)
		rc = policy_check(p, in->v, in->t, e);
	intake_free(p, in);
	return rc;
}

/* Signatures, host, time, policy, all anew, from the bytes in the ledger. */
static int
look_again(struct privd *p, const struct job *j, int *expired, struct errmsg *e)
{
	struct msg_submit m = {.fence = j->fence};
	struct intake in = {.again = 1};
	struct ledger_rec rec;
	uint8_t *copy = NULL;
	int rc = -1;

	if (ledger_read(p->ledger, j->accepted_off, &rec, e) == 0 &&
	    (copy = malloc(rec.ticketlen)) != NULL) {
		memcpy(copy, rec.ticket, rec.ticketlen);
		m.ticket = copy;
		m.len = rec.ticketlen;
		m.nsigs = rec.nsigs;
		memcpy(m.sig, rec.sig, sizeof(m.sig));
		rc = open_ticket(p, &m, &in, expired, e);
		if (rc == 0 && (rc = policy_check(p, in.v, in.t, e)) == 0)
			rc = stephost_check(p, in.t, e);
	}
	free(copy);
	verified_free(in.v);
	free(in.t);
	return rc;
}

int
intake_again(struct privd *p, struct job *j, struct errmsg *e)
{
	struct clockstate ck;
	int expired = 0, rc;

	clock_of(p, &ck);
	ck.cut = 0;
	if (j->generation == p->generation)
		rc = verify_time(j->t, p->w.conf, &ck, &expired, e);
	else
		rc = look_again(p, j, &expired, e);
	if (rc == -1)
		job_finish_as(p, j, expired ? END_EXPIRED : END_REFUSED, e->text);
	return rc;
}
