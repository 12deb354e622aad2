/*
 * Jobs in the store. A job is one ticket (its id) for 1 to 64 hosts; a run is one job on one host,
 * with the lease under which that host has it. What may follow what is ctld/jobq.c's.
 *
 * Functions return 0, 1 where said, or -1 with E. Those that write call store_write().
 */
#ifndef CTLD_STORE_JOB_H
#define CTLD_STORE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "ctld/store.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

enum run_state {
	RS_QUEUED = 1,
	RS_LEASED,   /* handed out, not yet heard of */
	RS_ACCEPTED, /* in the host's ledger */
	RS_STARTED,
	RS_FINISHED, /* the signed result is here */
	RS_REFUSED,
	RS_EXPIRED,
	RS_CANCELLED,
	RS_MAX
};
const char *run_state_name(enum run_state s);
int run_state_byname(const char *s); /* or -1 */
/* 1: nothing more is waited for. */
int run_state_final(enum run_state s);

enum run_cancel { RC_NONE, RC_ASKED, RC_TOLD }; /* TOLD: a claim's answer carried it */

struct run {
	int64_t row, job; /* keys: its own, its job's (newer is greater) */
	char job_id[33], host_id[33], host_name[254];
	uint32_t kind; /* enum kind_id */
	enum run_state state;
	uint64_t fence; /* of the newest hand-out; 0 never */
	uint64_t notbefore, notafter;
	uint64_t due;				     /* when the housekeeper must look; 0 never */
	uint64_t leased_at, started_at, finished_at; /* 0 not yet */
	char reason[REASON_MAX + 1];
	enum run_cancel cancel;
	uint64_t told;	 /* when a claim's answer carried the cancel */
	uint64_t output; /* bytes held, once it is final */
	int end;	 /* enum end; 0 without a result */
	int32_t code;
};

struct job {
	int64_t seq;
	char id[33], requester[65], by[65];
	uint32_t kind;
	uint64_t submitted, notafter;
	char ticket[TICKET_MAX + 1]; /* "" where not asked for */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;
};

/* Job J (seq is set) with a queued run for each host of T, whose text is J's. */
int store_job_add(struct store *s, struct job *j, const struct ticket *t, struct errmsg *e);
/* 0 found, 1 there is none. */
int store_job_get(struct store *s, const char *id, struct job *j, struct errmsg *e);
int store_job_byseq(struct store *s, int64_t seq, struct job *j, struct errmsg *e);
/* Its runs in the order of its ticket, at most TICKET_HOSTS. */
int store_job_runs(
    struct store *s, int64_t seq, struct run run[TICKET_HOSTS], size_t *n, struct errmsg *e);
/* Keys of jobs before BEFORE, newest first; of HOST_ID only unless "". */
int store_job_page(struct store *s, const char *host_id, int64_t before, size_t max, int64_t *seq,
    size_t *n, struct errmsg *e);
/* Keys of jobs to forget: all final and the last before DONE, or none heard of since LOST. */
int store_job_old(struct store *s, uint64_t done, uint64_t lost, size_t max, int64_t *seq,
    size_t *n, struct errmsg *e);
/* With its runs; blobs that no job names any more stay until store_blob_unused(). */
int store_job_remove(struct store *s, int64_t seq, struct errmsg *e);

/* The run of job ID at host HOST_ID, of no other: 0 found, 1 there is none. */
int store_run_get(
    struct store *s, const char *id, const char *host_id, struct run *r, struct errmsg *e);
/* Writes every column that may change but the result's. */
int store_run_update(struct store *s, const struct run *r, struct errmsg *e);
/*
 * The signed result; R's state and times are written with it. SMALL (or NULL): the run's whole
 * output of R's size, at most OUTPUT_SMALL bytes, which then is as safe as the record.
 */
#define OUTPUT_SMALL 16384
int store_run_result(struct store *s, const struct run *r, const char *record, size_t len,
    const struct sig *sig, const uint8_t *small, struct errmsg *e);
/* 1: it was not kept so. */
int store_run_small(struct store *s, const struct run *r, uint8_t small[OUTPUT_SMALL], size_t *len,
    struct errmsg *e);
/* 1: there is none yet. RECORD is NUL-ended. */
int store_run_record(struct store *s, const struct run *r, char record[RESULT_MAX + 1], size_t *len,
    struct sig *sig, struct errmsg *e);
/* Queued runs of the host whose window is open at NOW, oldest first; KINDS: bit N is kind N. */
int store_run_offers(struct store *s, const char *host_id, uint64_t now, uint32_t kinds, size_t max,
    struct run *run, size_t *n, struct errmsg *e);
/* Runs of the host whose cancel was asked and not told since TOLD. */
int store_run_cancels(struct store *s, const char *host_id, uint64_t told, size_t max,
    struct run *run, size_t *n, struct errmsg *e);
/* Runs of the host that are not final. */
int store_run_open(
    struct store *s, const char *host_id, size_t max, struct run *run, size_t *n, struct errmsg *e);
/* Runs that are due at NOW. */
int store_run_due(
    struct store *s, uint64_t now, size_t max, struct run *run, size_t *n, struct errmsg *e);

/* The last stored record of a host: its number and hash. 1: none yet. */
struct chain_head {
	uint64_t seq;
	uint8_t hash[32];
	uint64_t breaks; /* gaps and steps backwards so far */
};
int store_chain_get(struct store *s, const char *host_id, struct chain_head *h, struct errmsg *e);
int store_chain_put(
    struct store *s, const char *host_id, const struct chain_head *h, struct errmsg *e);

/* Blobs (store_blob.c). 0: it is held and *SIZE its bytes; 1: it is not. */
int store_blob_get(struct store *s, const char *sha256, uint64_t *size, struct errmsg *e);
int store_blob_add(
    struct store *s, const char *sha256, uint64_t size, uint64_t now, struct errmsg *e);
int store_blob_remove(struct store *s, const char *sha256, struct errmsg *e);
/* 0 when an unfinished run of the host names it, 1 when none does. */
int store_blob_allowed(struct store *s, const char *host_id, const char *sha256, struct errmsg *e);
/* The host fetches it: leases of its runs that name it go on until DUE. */
int store_blob_fetched(
    struct store *s, const char *host_id, const char *sha256, uint64_t due, struct errmsg *e);
/* Bytes of all. */
int store_blob_total(struct store *s, uint64_t *bytes, struct errmsg *e);
/* A blob older than BEFORE that no job names: 0, or 1 when there is none. */
int store_blob_unused(struct store *s, uint64_t before, char sha256[65], struct errmsg *e);

#endif
