/*
 * What an answer means: one table from status, error code and "is that a reeve at all" to what netd
 * does, and the words for the person who reads the log.
 */
#ifndef NETD_ANSWER_H
#define NETD_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "net/httpc.h"

enum disposition {
	D_OK,	  /* 2xx of a reeve */
	D_NET,	  /* again, with back-off */
	D_TOLD,	  /* again, as Retry-After says */
	D_SLOW,	  /* again in minutes: a person has to do something */
	D_CLONE,  /* 409 clone_detected: no claims until told */
	D_OFFSET, /* 416: continue at the offset given */
	D_LARGE,  /* 413 */
	D_JOB	  /* this one job, or this one thing, is refused */
};

/*
 * HEAD and BODY of a whole answer. JOB: the call was about one job, whose 404, 409 and 422 are its
 * own. WORDS gets what it means and what to do next, "" for D_OK.
 */
enum disposition answer_judge(
    const struct http_head *head, const char *body, size_t len, int job, char words[400]);
/* The same for a call that got no answer. */
void answer_fault(enum net_fault fault, const char *why, char words[400]);

#endif
