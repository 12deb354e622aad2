/* Runs in SQLite: one job on one host. What may follow what is jobq.c's. */
#include <stdio.h>
#include <string.h>

#include "ctld/store_db.h"
#include "ctld/store_job.h"

static const char *const state_names[RS_MAX] = {
    "", "queued", "leased", "accepted", "started", "finished", "refused", "expired", "cancelled"};

const char *
run_state_name(enum run_state s)
{
	return s > 0 && s < RS_MAX ? state_names[s] : "?";
}

int
run_state_byname(const char *s)
{
	for (int i = 1; i < RS_MAX; i++)
		if (strcmp(s, state_names[i]) == 0)
			return i;
	return -1;
}

int
run_state_final(enum run_state s)
{
	return s >= RS_FINISHED;
}

#define RUN_COLS                                                                              \
	"row, job, job_id, host_id, host_name, kind, state, fence, notbefore, notafter, due," \
	" leased_at, started_at, finished_at, reason, cancel, told, output, end, code"

static int
fill_run(sqlite3_stmt *st, struct run *r, struct errmsg *e)
{
	memset(r, 0, sizeof(*r));
	r->row = sqlite3_column_int64(st, 0);
	r->job = sqlite3_column_int64(st, 1);
	r->kind = (uint32_t)store_u64(st, 5);
	r->state = (enum run_state)store_u64(st, 6);
	r->fence = store_u64(st, 7);
	r->notbefore = store_u64(st, 8);
	r->notafter = store_u64(st, 9);
	r->due = store_u64(st, 10);
	r->leased_at = store_u64(st, 11);
	r->started_at = store_u64(st, 12);
	r->finished_at = store_u64(st, 13);
	r->cancel = (enum run_cancel)store_u64(st, 15);
	r->told = store_u64(st, 16);
	r->output = store_u64(st, 17);
	r->end = (int)store_u64(st, 18);
	r->code = (int32_t)sqlite3_column_int(st, 19);
	if (store_text(st, 2, r->job_id, sizeof(r->job_id), e) == -1 ||
	    store_text(st, 3, r->host_id, sizeof(r->host_id), e) == -1 ||
	    store_text(st, 4, r->host_name, sizeof(r->host_name), e) == -1)
		return -1;
	return store_text(st, 14, r->reason, sizeof(r->reason), e);
}

static int
read_runs(
    struct store *s, sqlite3_stmt *st, size_t max, struct run *run, size_t *n, struct errmsg *e)
{
	int rc = 0;

	*n = 0;
	if (st == NULL)
		return -1;
	while (*n < max && (rc = store_row(s, st, e)) == 1)
		if ((rc = fill_run(st, &run[(*n)++], e)) == -1)
			break;
	store_done(st);
	return rc == -1 ? -1 : 0;
}

int
store_job_runs(
    struct store *s, int64_t seq, struct run run[TICKET_HOSTS], size_t *n, struct errmsg *e)
{
	return read_runs(s,
	    store_query(
		s, e, "SELECT " RUN_COLS " FROM runs WHERE job = ? ORDER BY host_id", "i", seq),
	    TICKET_HOSTS, run, n, e);
}

int
store_run_get(struct store *s, const char *id, const char *host_id, struct run *r, struct errmsg *e)
{
	size_t n;

	if (read_runs(s,
		store_query(s, e,
		    "SELECT " RUN_COLS " FROM runs"
		    " WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND host_id = ?",
		    "tt", id, host_id),
		1, r, &n, e) == -1)
		return -1;
	return n == 1 ? 0 : 1;
}

#define RUN_SET                                                                    \
	"state = ?, fence = ?, due = NULLIF(?, 0), leased_at = ?, started_at = ?," \
	" finished_at = ?, reason = ?, cancel = ?, told = ?, output = ?, end = ?, code = ?"
#define RUN_FMT "uuuuuutuuuni"
#define RUN_VALUES(r)                                                                     \
	(uint64_t)(r)->state, (r)->fence, (r)->due, (r)->leased_at, (r)->started_at,      \
	    (r)->finished_at, (r)->reason, (uint64_t)(r)->cancel, (r)->told, (r)->output, \
	    (r)->end, (int64_t)(r)->code

int
store_run_update(struct store *s, const struct run *r, struct errmsg *e)
{
	return store_exec(s, e, "UPDATE runs SET " RUN_SET " WHERE row = ?", RUN_FMT "i",
		   RUN_VALUES(r), r->row) < 0
		   ? -1
		   : 0;
}

int
store_run_result(struct store *s, const struct run *r, const char *record, size_t len,
    const struct sig *sig, const uint8_t *small, struct errmsg *e)
{
	int rc = store_exec(s, e, "UPDATE runs SET " RUN_SET ", record = ?, sig = ? WHERE row = ?",
	    RUN_FMT "bbi", RUN_VALUES(r), record, len, sig, sizeof(*sig), r->row);

	if (rc >= 0 && small != NULL && r->output > 0)
		rc = store_exec(s, e, "UPDATE runs SET small = ? WHERE row = ?", "bi", small,
		    (size_t)r->output, r->row);
	return rc < 0 ? -1 : 0;
}

int
store_run_small(struct store *s, const struct run *r, uint8_t small[OUTPUT_SMALL], size_t *len,
    struct errmsg *e)
{
	sqlite3_stmt *st = store_query(
	    s, e, "SELECT small FROM runs WHERE row = ? AND small IS NOT NULL", "i", r->row);
	int rc;

	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1) {
		*len = (size_t)sqlite3_column_bytes(st, 0);
		rc = *len > OUTPUT_SMALL ? err_set(e, "database: an output does not fit")
					 : store_blob(st, 0, small, *len, e);
	} else {
		rc = rc == 0 ? 1 : -1;
	}
	store_done(st);
	return rc;
}

static int
fill_record(
    sqlite3_stmt *st, char record[RESULT_MAX + 1], size_t *len, struct sig *sig, struct errmsg *e)
{
	*len = (size_t)sqlite3_column_bytes(st, 0);
	if (*len > RESULT_MAX)
		return err_set(e, "database: a result does not fit");
	record[*len] = '\0';
	if (store_blob(st, 0, record, *len, e) == -1)
		return -1;
	return store_blob(st, 1, sig, sizeof(*sig), e);
}

int
store_run_record(struct store *s, const struct run *r, char record[RESULT_MAX + 1], size_t *len,
    struct sig *sig, struct errmsg *e)
{
	sqlite3_stmt *st = store_query(
	    s, e, "SELECT record, sig FROM runs WHERE row = ? AND record IS NOT NULL", "i", r->row);
	int rc;

	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1)
		rc = fill_record(st, record, len, sig, e);
	else
		rc = rc == 0 ? 1 : -1;
	store_done(st);
	return rc;
}

int
store_run_offers(struct store *s, const char *host_id, uint64_t now, uint32_t kinds, size_t max,
    struct run *run, size_t *n, struct errmsg *e)
{
	return read_runs(s,
	    store_query(s, e,
		"SELECT " RUN_COLS " FROM runs WHERE host_id = ?1 AND state = 1"
		" AND notbefore <= ?2 AND notafter >= ?2 AND (1 << kind) & ?3 ORDER BY row LIMIT "
		"?4",
		"tuuu", host_id, now, (uint64_t)kinds, (uint64_t)max),
	    max, run, n, e);
}

int
store_run_cancels(struct store *s, const char *host_id, uint64_t told, size_t max, struct run *run,
    size_t *n, struct errmsg *e)
{
	return read_runs(s,
	    store_query(s, e,
		"SELECT " RUN_COLS " FROM runs WHERE host_id = ? AND cancel > 0 AND told <= ?"
		" ORDER BY row LIMIT ?",
		"tuu", host_id, told, (uint64_t)max),
	    max, run, n, e);
}

int
store_run_open(
    struct store *s, const char *host_id, size_t max, struct run *run, size_t *n, struct errmsg *e)
{
	return read_runs(s,
	    store_query(s, e,
		"SELECT " RUN_COLS " FROM runs WHERE host_id = ? AND state IN (1, 2, 3, 4) LIMIT ?",
		"tu", host_id, (uint64_t)max),
	    max, run, n, e);
}

int
store_run_due(
    struct store *s, uint64_t now, size_t max, struct run *run, size_t *n, struct errmsg *e)
{
	return read_runs(s,
	    store_query(s, e, "SELECT " RUN_COLS " FROM runs WHERE due <= ? ORDER BY due LIMIT ?",
		"uu", now, (uint64_t)max),
	    max, run, n, e);
}

int
store_chain_get(struct store *s, const char *host_id, struct chain_head *h, struct errmsg *e)
{
	sqlite3_stmt *st = store_query(
	    s, e, "SELECT seq, hash, breaks FROM chains WHERE host_id = ?", "t", host_id);
	int rc;

	memset(h, 0, sizeof(*h));
	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1) {
		h->seq = store_u64(st, 0);
		h->breaks = store_u64(st, 2);
		rc = store_blob(st, 1, h->hash, sizeof(h->hash), e);
	} else {
		rc = rc == 0 ? 1 : -1;
	}
	store_done(st);
	return rc;
}

int
store_chain_put(struct store *s, const char *host_id, const struct chain_head *h, struct errmsg *e)
{
	return store_exec(s, e,
		   "INSERT OR REPLACE INTO chains (host_id, seq, hash, breaks) VALUES (?, ?, ?, ?)",
		   "tubu", host_id, h->seq, h->hash, sizeof(h->hash), h->breaks) < 0
		   ? -1
		   : 0;
}
