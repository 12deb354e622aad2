/*
 * The queue in memory: polls that are held until their host has something to do, calls that wait
 * for a job's end, streams that follow its output; found by host id and by job id, never searched.
 * And the housekeeper, who looks at what is due once a second.
 */
#ifndef CTLD_QUEUE_H
#define CTLD_QUEUE_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "ctld/ctld.h"
#include "ctld/jobq.h"

struct queue;
struct req;

/* For main.c: after the store, the directories and the signer; before the server. NULL with E. */
struct queue *queue_new(struct ctld *c, struct errmsg *e);
/* After the server: nobody waits any more. */
void queue_free(struct queue *q);

/* What jobq.h needs, now. */
struct jobq queue_jobq(const struct ctld *c);

/* The host may have something to fetch: its held poll is answered now if so. */
void queue_wake(struct ctld *c, const char *host_id);
/* The host was revoked or removed (WHY says it): its held poll ends, and its runs. 0 or -1 with E.
 */
int queue_host_lost(struct ctld *c, const char *host_id, const char *why, struct errmsg *e);
/* Who holds a poll for the host must ask again, and is judged again. */
void queue_poll_end(struct ctld *c, const char *host_id);
/* The operator's token is gone: what was held for it ends. */
void queue_oper_lost(struct ctld *c, const char *name);
/* Bytes were appended to the output of a run, or it became final. */
void queue_moved(struct ctld *c, const char *job_id);

/* ---- output files (job_out.c) ---- */

/* STATE/output/JOBID.HOSTID: bytes held, 0 without a file. */
uint64_t output_size(const struct ctld *c, const char *job_id, const char *host_id);
/* An output of at most OUTPUT_SMALL bytes: those. -1: larger, or it cannot be read. */
ssize_t output_small(
    const struct ctld *c, const char *job_id, const char *host_id, uint8_t small[OUTPUT_SMALL]);
/* Written output is on disk. 0 or -1 with E. */
int output_sync(const struct ctld *c, const char *job_id, const char *host_id, struct errmsg *e);
void output_remove(struct ctld *c, const char *job_id, const char *host_id);
/* Bytes of all output files. */
uint64_t output_count(const struct ctld *c);
/* Opens it for reading; -1 with errno. */
int output_open(const struct ctld *c, const char *job_id, const char *host_id);

/* ---- JSON of the operator API (job_json.c) ---- */

struct jsonout;

enum job_detail {
	JD_LIST, /* runs without their signed records */
	JD_RUNS,
	JD_SHOW /* and the ticket with its signatures */
};
/* One job as an element of O. 0 or -1 with E. */
int job_json(struct jsonout *o, const struct ctld *c, const struct job *j, enum job_detail detail,
    struct errmsg *e);
/* A document of one job, malloc'ed; NULL. *FINAL (may be NULL): runs that are final. */
char *job_doc(const struct ctld *c, const struct job *j, enum job_detail detail, size_t *final);

/* ---- blobs (job_blob.c) ---- */

/* Removes the file and the row of a blob that nobody names. 0 or -1 with E. */
int blob_forget(struct ctld *c, const char *sha256, struct errmsg *e);

/* The tick of the housekeeper (job_tick.c). */
void queue_tick(struct ctld *c);

#endif
