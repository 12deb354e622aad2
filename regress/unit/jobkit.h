/* A privd of a test's own, with real ledger, spool and audit in a state directory, and jobs in it.
 */
#ifndef REGRESS_JOBKIT_H
#define REGRESS_JOBKIT_H

#include "privd/jobs.h"
#include "privd/result.h"
#include "regress/unit/statekit.h"

#define JK_FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define JK_HOST	 "5f0c2c9d8e7f40a1b2c3d4e5f6071829"

static struct conf jk_conf;

/* Opens P on the state directory that is there; records that the ledger has are replayed. */
static inline void
jk_open(struct privd *p)
{
	struct errmsg e = {.text = ""};

	memset(p, 0, sizeof(*p));
	jk_conf.keep_days = 30;
	jk_conf.max_queue = 8;
	snprintf(jk_conf.host_id, sizeof(jk_conf.host_id), "%s", JK_HOST);
	snprintf(jk_conf.host_name, sizeof(jk_conf.host_name), "web1.example.net");
	p->w.conf = &jk_conf;
	p->statefd = kit_fd;
	CHECKF((p->audit = audit_open(kit_fd, &e)) != NULL, "%s", e.text);
	CHECKF((p->spool = spool_open(kit_fd, 1 << 20, &e)) != NULL, "%s", e.text);
	CHECK(jobs_init(p, &e) == 0);
	p->ledger = ledger_open(kit_fd, privd_now(p), adopt_record, p, &e);
	CHECKF(p->ledger != NULL, "%s", e.text);
	if (p->audit == NULL || p->spool == NULL || p->ledger == NULL)
		exit(check_done());
}

static inline void
jk_close(struct privd *p)
{
	struct job *j;

	while ((j = TAILQ_FIRST(&p->jobs->live)) != NULL)
		job_free(p, j);
	free(p->jobs->known);
	free(p->jobs);
	ledger_close(p->ledger);
	spool_close(p->spool);
	audit_close(p->audit);
}

static inline size_t
jk_ticket(char *text, size_t size, unsigned int n, const char *kind, uint64_t issued)
{
	return (size_t)snprintf(text, size,
	    "reeve-job 1\nfleet " JK_FLEET "\nhost " JK_HOST " web1.example.net\nid %032x\n"
	    "issued %llu\nnotbefore %llu\nnotafter %llu\nrequester ops-1\nkind %s\nend\n",
	    n, (unsigned long long)issued, (unsigned long long)issued,
	    (unsigned long long)issued + 600, kind);
}

/* Job N of KIND, accepted: in the ledger and in memory. */
static inline struct job *
jk_accept(struct privd *p, unsigned int n, const char *kind)
{
	struct ledger_rec rec = {
	    .type = LR_ACCEPTED, .origin = "local", .nsigs = 1, .key = "ops", .holder = "ops-1"};
	struct ticket *t = calloc(1, sizeof(*t));
	uint64_t now = privd_now(p);
	uint8_t hash[32];
	char text[1024];
	struct errmsg e = {.text = ""};
	struct job *j;

	rec.ticketlen = jk_ticket(text, sizeof(text), n, kind, now);
	rec.ticket = (const uint8_t *)text;
	CHECKF(ticket_parse(t, text, rec.ticketlen, &e) == 0, "%s", e.text);
	ticket_hash(text, rec.ticketlen, hash);
	CHECK((j = job_new(p, t, hash)) != NULL);
	memcpy(rec.id, j->id, 16);
	CHECK(ledger_append(p->ledger, &rec, now, &j->accepted_off, &e) == 0);
	j->accepted = now;
	snprintf(j->origin, sizeof(j->origin), "local");
	snprintf(j->key, sizeof(j->key), "ops");
	snprintf(j->holder, sizeof(j->holder), "ops-1");
	return j;
}

/* One more record about J. */
static inline void
jk_record(struct privd *p, const struct job *j, struct ledger_rec *rec)
{
	struct errmsg e = {.text = ""};

	memcpy(rec->id, j->id, 16);
	CHECKF(ledger_append(p->ledger, rec, privd_now(p), NULL, &e) == 0, "%s", e.text);
}

#endif
