/* Which blobs are held, and which jobs name them. Their bytes are files: job_blob.c. */
#include <string.h>

#include "ctld/store_db.h"
#include "ctld/store_job.h"

/* One number: 0, 1 when there is no row, -1. */
static int
number(struct store *s, sqlite3_stmt *st, uint64_t *v, struct errmsg *e)
{
	int rc;

	*v = 0;
	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1)
		*v = store_u64(st, 0);
	store_done(st);
	return rc == -1 ? -1 : !rc;
}

int
store_blob_get(struct store *s, const char *sha256, uint64_t *size, struct errmsg *e)
{
	return number(
	    s, store_query(s, e, "SELECT size FROM blobs WHERE sha256 = ?", "t", sha256), size, e);
}

int
store_blob_add(struct store *s, const char *sha256, uint64_t size, uint64_t now, struct errmsg *e)
{
	return store_exec(s, e,
		   "INSERT OR REPLACE INTO blobs (sha256, size, created) VALUES (?, ?, ?)", "tuu",
		   sha256, size, now) < 0
		   ? -1
		   : 0;
}

int
store_blob_remove(struct store *s, const char *sha256, struct errmsg *e)
{
	return store_exec(s, e, "DELETE FROM blobs WHERE sha256 = ?", "t", sha256) < 0 ? -1 : 0;
}

int
store_blob_allowed(struct store *s, const char *host_id, const char *sha256, struct errmsg *e)
{
	uint64_t one;

	return number(s,
	    store_query(s, e,
		"SELECT 1 FROM job_blobs JOIN runs ON runs.job = job_blobs.job"
		" WHERE job_blobs.sha256 = ? AND runs.host_id = ? AND runs.state < 5 LIMIT 1",
		"tt", sha256, host_id),
	    &one, e);
}

int
store_blob_fetched(
    struct store *s, const char *host_id, const char *sha256, uint64_t due, struct errmsg *e)
{
	return store_exec(s, e,
		   "UPDATE runs SET due = ? WHERE host_id = ? AND state = 2 AND job IN"
		   " (SELECT job FROM job_blobs WHERE sha256 = ?)",
		   "utt", due, host_id, sha256) < 0
		   ? -1
		   : 0;
}

int
store_blob_total(struct store *s, uint64_t *bytes, struct errmsg *e)
{
	return number(
	    s, store_query(s, e, "SELECT coalesce(sum(size), 0) FROM blobs", ""), bytes, e);
}

int
store_blob_unused(struct store *s, uint64_t before, char sha256[65], struct errmsg *e)
{
	sqlite3_stmt *st = store_query(s, e,
	    "SELECT sha256 FROM blobs WHERE created < ? AND NOT EXISTS"
	    " (SELECT 1 FROM job_blobs WHERE job_blobs.sha256 = blobs.sha256) LIMIT 1",
	    "u", before);
	int rc;

	if (st == NULL)
		return -1;
	if ((rc = store_row(s, st, e)) == 1)
		rc = store_text(st, 0, sha256, 65, e);
	else
		rc = rc == 0 ? 1 : -1;
	store_done(st);
	return rc;
}
