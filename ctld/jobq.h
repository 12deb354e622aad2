/*
 * The queue: what may happen to a run, and when (reeve-api(7) draws it). A claim is a lease with a
 * fence: each hand-out of a run counts its fence up, and a host's word on a run counts only under
 * the newest fence. A lease ends after q->lease seconds without a word; the run is then offered
 * again, unless the host said that it has it. A signed result is the truth, whatever the fence.
 *
 * Time comes from the caller. Each function returns API_OK, or the code to answer with and E.
 */
#ifndef CTLD_JOBQ_H
#define CTLD_JOBQ_H

#include <stddef.h>
#include <stdint.h>

#include "ctld/store_job.h"
#include "proto/api.h"

struct jobq {
	struct store *store;
	const char *fleet;
	uint64_t now;
	uint32_t lease; /* seconds */
};

/*
 * Puts the ticket TEXT with its signatures into the queue for operator BY. The signatures are not
 * judged: this is only a queue. The ticket is parsed, and its fleet, hosts (by id and name), blobs
 * and window are looked at, so that a mistake is told at once. J and T are filled; *ISNEW 0 when
 * this very ticket was there already.
 */
enum api_errcode jobq_submit(const struct jobq *q, const char *text, size_t len,
    const struct sig *sig, size_t nsigs, const char *by, struct job *j, struct ticket *t,
    int *isnew, struct errmsg *e);

/*
 * What the host gets now: runs that it may have, each with a new fence, and cancels. Both may be
 * empty. Writes only when there is something. Free OUT by api_claimed_free().
 */
enum api_errcode jobq_offer(const struct jobq *q, const char *host_id, uint32_t want,
    uint32_t kinds, struct api_claimed *out, struct errmsg *e);
/* Kinds of a claim as bits: bit N is kind N; unknown names are left out. */
uint32_t jobq_kinds(const struct api_claim *m);

/* The host's word on its run of job ID. RUN is as it is afterwards. */
enum api_errcode jobq_report(const struct jobq *q, const char *id, const char *host_id,
    const struct api_state *m, struct run *run, struct errmsg *e);

/*
 * The host's signed result. It is verified by the host's enrolled key and held against the run.
 * OUTPUT: bytes held; SMALL: these bytes, or NULL when they are safe in their file.
 * *ALREADY 1 when this very record was stored before.
 */
enum api_errcode jobq_result(const struct jobq *q, const char *id, const struct host *h,
    const struct api_result *m, uint64_t output, const uint8_t *small, struct run *run,
    int *already, struct errmsg *e);

enum jobq_cancelled {
	JQ_CANCELLED, /* it never ran and never will */
	JQ_ASKED,     /* the next claim's answer asks the host */
	JQ_REFUSED    /* E says why */
};
/* -1 with E when the store failed. */
int jobq_cancel(const struct jobq *q, struct run *run, struct errmsg *e);

/* The host is heard no more; WHY: "it was revoked". What it never had is cancelled, what it had is
 * expired: its result will not come. 0 or -1. */
int jobq_lost(const struct jobq *q, struct run *run, const char *why, struct errmsg *e);

/* The housekeeper's look at a run that is due. *WAKE: its host has something to be told.
 * 0 or -1. */
int jobq_due(const struct jobq *q, struct run *run, int *wake, struct errmsg *e);

#endif
