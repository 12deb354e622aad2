/*
 * The ticket: what an operator signs (DESIGN 4, reeve-ticket(5)). There is exactly one byte string
 * for one job: ticket_parse() accepts that string only, ticket_write() makes it.
 */
#ifndef PROTO_TICKET_H
#define PROTO_TICKET_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/job.h"

#define TICKET_MAX	8192
#define TICKET_HOSTS	64
#define TICKET_ARGS	128
#define TICKET_BLOBS	8
#define TICKET_SIGS	8
#define TICKET_SPAN_MAX (7 * 86400) /* hard cap of notafter - issued, so of the window too */
#define BLOB_MAX	(1024 * 1024)
#define TICKET_TIME_MAX 253402300799ULL /* end of year 9999 */

struct ticket_host {
	const char *id;	  /* 32 hex */
	const char *name; /* lower-case host name */
};

struct ticket_arg {
	const struct kind_arg *def;
	const char *value; /* decoded, NUL-ended; of a sealed one the "seal:..." text itself */
	size_t len;
	int sealed;
	const char *raw; /* as it stands in the ticket */
};

struct ticket_blob {
	const struct kind_blob *def;
	uint8_t sha256[32];
	uint32_t size;
};

struct ticket {
	const char *fleet;
	struct ticket_host host[TICKET_HOSTS];
	size_t nhosts;
	const char *id;
	uint64_t issued, notbefore, notafter;
	const char *fresh; /* 32 hex or NULL */
	const char *requester;
	const struct kind *kind;
	struct ticket_arg arg[TICKET_ARGS];
	size_t nargs;
	struct ticket_blob blob[TICKET_BLOBS];
	size_t nblobs;
	uint32_t seconds; /* the kind's own when the line is absent; has_* tells */
	uint64_t output;
	uint32_t stall;
	int has_seconds, has_output, has_stall;
	char text[TICKET_MAX + 1]; /* strings above point into these two */
	char plain[TICKET_MAX + 1];
};

/*
 * Parses LEN bytes. Grammar, order, types, ranges and the kind's own rules (required, repeated,
 * one-name) are all judged here; host, time, signature and policy are not. 0, or -1 with E
 * ("line 7: ..."). T is filled only on success, and points into itself: never copy it by value.
 */
int ticket_parse(struct ticket *t, const char *buf, size_t len, struct errmsg *e);

/*
 * Writes T's canonical bytes into BUF (SIZE at least TICKET_MAX). Arguments are encoded as their
 * raw text when there is one, else plainly where the value allows it, else b64:. Returns the
 * length, or -1 with E. What it writes has been parsed again.
 */
ssize_t ticket_write(const struct ticket *t, char *buf, size_t size, struct errmsg *e);

/* First value of argument NAME, NULL when absent; the Nth likewise. */
const char *ticket_argv(const struct ticket *t, const char *name);
const char *ticket_argn(const struct ticket *t, const char *name, size_t n);

/* 1 when the ticket says "mode plan". */
int ticket_isplan(const struct ticket *t);
/* Next forward step after AFTER (-1 for the first) that this ticket runs; -1 when there is none. */
int ticket_nextstep(const struct ticket *t, int after);

/* SHA-256 of the exact bytes. */
void ticket_hash(const char *buf, size_t len, uint8_t out[32]);

#endif
