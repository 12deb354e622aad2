/* Jobs in SQLite: the tables of this topic, tickets, and which of them to list or forget. */
#include <stdio.h>
#include <string.h>

#include "ctld/store_db.h"
#include "ctld/store_job.h"
#include "lib/strutil.h"

/* due: NULL for never, so that its index holds what is waited for and little else. */
const char *const *
store_job_ddl(void)
{
	static const char *const ddl[] = {
	    "CREATE TABLE jobs ("
	    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL,"
	    " requester TEXT NOT NULL, submitter TEXT NOT NULL, submitted INTEGER NOT NULL,"
	    " notafter INTEGER NOT NULL, ticket BLOB NOT NULL, sigs BLOB)",
	    "CREATE INDEX jobs_submitted ON jobs (submitted)",
	    "CREATE TABLE runs ("
	    " row INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs(seq),"
	    " job_id TEXT NOT NULL, host_id TEXT NOT NULL, host_name TEXT NOT NULL,"
	    " kind INTEGER NOT NULL, state INTEGER NOT NULL, fence INTEGER NOT NULL,"
	    " notbefore INTEGER NOT NULL, notafter INTEGER NOT NULL, due INTEGER,"
	    " leased_at INTEGER NOT NULL, started_at INTEGER NOT NULL,"
	    " finished_at INTEGER NOT NULL, reason TEXT NOT NULL, cancel INTEGER NOT NULL,"
	    " told INTEGER NOT NULL, output INTEGER NOT NULL, end INTEGER NOT NULL,"
	    " code INTEGER NOT NULL, record BLOB, sig BLOB, small BLOB,"
	    " UNIQUE (job, host_id))",
	    "CREATE INDEX runs_host ON runs (host_id, job)",
	    "CREATE INDEX runs_state ON runs (host_id, state)",
	    "CREATE INDEX runs_cancel ON runs (host_id) WHERE cancel > 0",
	    "CREATE INDEX runs_due ON runs (due)",
	    "CREATE TABLE chains (host_id TEXT PRIMARY KEY, seq INTEGER NOT NULL,"
	    " hash BLOB NOT NULL, breaks INTEGER NOT NULL) WITHOUT ROWID",
	    "CREATE TABLE blobs (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL,"
	    " created INTEGER NOT NULL) WITHOUT ROWID",
	    "CREATE TABLE job_blobs (sha256 TEXT NOT NULL,"
	    " job INTEGER NOT NULL REFERENCES jobs(seq), PRIMARY KEY (sha256, job)) WITHOUT ROWID",
	    "CREATE INDEX job_blobs_job ON job_blobs (job)",
	    NULL,
	};

	return ddl;
}

static int
add_run(struct store *s, const struct job *j, const struct ticket *t, size_t n, struct errmsg *e)
{
	uint64_t due = t->notbefore > j->submitted ? t->notbefore : t->notafter + 1;

	return store_exec(s, e,
		   "INSERT INTO runs (job, job_id, host_id, host_name, kind, state, fence,"
		   " notbefore, notafter, due, leased_at, started_at, finished_at, reason, cancel,"
		   " told, output, end, code)"
		   " VALUES (?, ?, ?, ?, ?, 1, 0, ?, ?, ?, 0, 0, 0, '', 0, 0, 0, 0, 0)",
		   "itttuuuu", j->seq, j->id, t->host[n].id, t->host[n].name, (uint64_t)j->kind,
		   t->notbefore, t->notafter, due) < 0
		   ? -1
		   : 0;
}

static int
add_blob(struct store *s, const struct job *j, const uint8_t sha256[32], struct errmsg *e)
{
	char hex[65];

	str_hex(hex, sha256, 32);
	return store_exec(s, e, "INSERT OR IGNORE INTO job_blobs (sha256, job) VALUES (?, ?)", "ti",
		   hex, j->seq) < 0
		   ? -1
		   : 0;
}

static int
add_all(struct store *s, struct job *j, const struct ticket *t, struct errmsg *e)
{
	if (store_exec(s, e,
		"INSERT INTO jobs (id, kind, requester, submitter, submitted, notafter, ticket,"
		" sigs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"tuttuubb", j->id, (uint64_t)j->kind, j->requester, j->by, j->submitted,
		j->notafter, j->ticket, j->len, j->sig, j->nsigs * sizeof(j->sig[0])) < 0)
		return -1;
	j->seq = store_lastrow(s);
	for (size_t i = 0; i < t->nhosts; i++)
		if (add_run(s, j, t, i, e) == -1)
			return -1;
	for (size_t i = 0; i < t->nblobs; i++)
		if (add_blob(s, j, t->blob[i].sha256, e) == -1)
			return -1;
	return 0;
}

int
store_job_add(struct store *s, struct job *j, const struct ticket *t, struct errmsg *e)
{
	int rc;

	if (store_begin(s, e) == -1)
		return -1;
	rc = add_all(s, j, t, e);
	if (store_end(s, rc == 0, rc == 0 ? e : NULL) == -1)
		return -1;
	return rc;
}

static int
fill_job(sqlite3_stmt *st, struct job *j, struct errmsg *e)
{
	size_t siglen = (size_t)sqlite3_column_bytes(st, 8);

	memset(j, 0, sizeof(*j));
	j->seq = sqlite3_column_int64(st, 0);
	j->kind = (uint32_t)store_u64(st, 2);
	j->submitted = store_u64(st, 5);
	j->notafter = store_u64(st, 6);
	j->len = (size_t)sqlite3_column_bytes(st, 7);
	j->nsigs = siglen / sizeof(j->sig[0]);
	if (j->len > TICKET_MAX || siglen > sizeof(j->sig))
		return err_set(e, "database: a ticket does not fit");
	if (siglen > 0 && store_blob(st, 8, j->sig, j->nsigs * sizeof(j->sig[0]), e) == -1)
		return -1;
	if (store_text(st, 1, j->id, sizeof(j->id), e) == -1 ||
	    store_text(st, 3, j->requester, sizeof(j->requester), e) == -1 ||
	    store_text(st, 4, j->by, sizeof(j->by), e) == -1)
		return -1;
	return store_blob(st, 7, j->ticket, j->len, e);
}

static int
read_job(struct store *s, sqlite3_stmt *st, struct job *j, struct errmsg *e)
{
	int rc;

	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1)
		rc = fill_job(st, j, e);
	else
		rc = rc == 0 ? 1 : -1;
	store_done(st);
	return rc;
}

#define JOB_COLS "seq, id, kind, requester, submitter, submitted, notafter, ticket, sigs"

int
store_job_get(struct store *s, const char *id, struct job *j, struct errmsg *e)
{
	return read_job(
	    s, store_query(s, e, "SELECT " JOB_COLS " FROM jobs WHERE id = ?", "t", id), j, e);
}

int
store_job_byseq(struct store *s, int64_t seq, struct job *j, struct errmsg *e)
{
	return read_job(
	    s, store_query(s, e, "SELECT " JOB_COLS " FROM jobs WHERE seq = ?", "i", seq), j, e);
}

static int
read_keys(struct store *s, sqlite3_stmt *st, size_t max, int64_t *seq, size_t *n, struct errmsg *e)
{
	int rc = 0;

	*n = 0;
	if (st == NULL)
		return -1;
	while (*n < max && (rc = store_row(s, st, e)) == 1)
		seq[(*n)++] = sqlite3_column_int64(st, 0);
	store_done(st);
	return rc == -1 ? -1 : 0;
}

int
store_job_page(struct store *s, const char *host_id, int64_t before, size_t max, int64_t *seq,
    size_t *n, struct errmsg *e)
{
	sqlite3_stmt *st;

	if (host_id[0] == '\0')
		st = store_query(s, e,
		    "SELECT seq FROM jobs WHERE seq < ? ORDER BY seq DESC LIMIT ?", "iu", before,
		    (uint64_t)max);
	else
		st = store_query(s, e,
		    "SELECT job FROM runs WHERE job < ? AND host_id = ? ORDER BY job DESC LIMIT ?",
		    "itu", before, host_id, (uint64_t)max);
	return read_keys(s, st, max, seq, n, e);
}

int
store_job_old(struct store *s, uint64_t finished, uint64_t lost, size_t max, int64_t *seq,
    size_t *n, struct errmsg *e)
{
	return read_keys(s,
	    store_query(s, e,
		"SELECT seq FROM jobs WHERE submitted < ?1 AND (notafter < ?2 OR NOT EXISTS"
		" (SELECT 1 FROM runs WHERE job = jobs.seq AND (state < 5 OR finished_at >= ?1)))"
		" ORDER BY seq LIMIT ?3",
		"uuu", finished, lost, (uint64_t)max),
	    max, seq, n, e);
}

int
store_job_remove(struct store *s, int64_t seq, struct errmsg *e)
{
	if (store_exec(s, e, "DELETE FROM runs WHERE job = ?", "i", seq) < 0 ||
	    store_exec(s, e, "DELETE FROM job_blobs WHERE job = ?", "i", seq) < 0 ||
	    store_exec(s, e, "DELETE FROM jobs WHERE seq = ?", "i", seq) < 0)
		return -1;
	return 0;
}
