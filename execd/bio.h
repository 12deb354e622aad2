/* How a builtin, which runs as the tool, gives its result to the supervisor. */
#ifndef EXECD_BIO_H
#define EXECD_BIO_H

#include "proto/jsonout.h"
#include "proto/result.h"

/* Writes J as the step's typed result and frees it. 0, or -1: it did not fit, or nobody reads. */
int bio_data(struct jsonout *j);
/* Text for people, on the standard output. */
void bio_text(const char *s);
/*
 * The last word, when the exit status is not enough: END_OK (the effect was checked and is there),
 * END_EFFECT or END_REFUSED with a reason. Returns the exit status for the builtin to return: 0.
 */
int bio_verdict(enum end end, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
