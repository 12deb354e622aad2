/*
 * How a step and a job ended: one enum everywhere (DESIGN 3, step 7), the exit record that a
 * supervisor leaves, and the signed result record (reeve-result(5)).
 */
#ifndef PROTO_RESULT_H
#define PROTO_RESULT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

enum end {
	END_OK = 1,
	END_EXIT,    /* code: the tool's status, 1..255 */
	END_EFFECT,  /* it said yes, but the effect is not there; reason */
	END_SIGNAL,  /* code: signal number, not of our sending */
	END_SANDBOX, /* seccomp killed it; code: the syscall where known, else 0 */
	END_TIMEOUT,
	END_STALLED,
	END_OOM,
	END_CANCELLED,
	END_SETUP,	/* reason: the stage that failed; the tool never ran */
	END_ROLLEDBACK, /* reason: why */
	END_REFUSED,	/* reason: the check or policy line that refused */
	END_EXPIRED,
	END_UNKNOWN, /* started, and nobody saw it end */
	END_MAX
};

enum effect { EFFECT_NONE = 1, EFFECT_OK, EFFECT_FAILED, EFFECT_MAX };

#define REASON_MAX 200

const char *end_name(enum end e); /* "effect-failed"; "?" out of range */
int end_byname(const char *s);	  /* or -1 */
const char *effect_name(enum effect e);
int effect_byname(const char *s);

/*
 * Makes TEXT fit to be a reason: cut at REASON_MAX, bytes outside printable ASCII become '?', no
 * space at either end; "-" becomes empty (it is how an empty reason is written). TEXT may be
 * REASON.
 */
void reason_set(char reason[REASON_MAX + 1], const char *text);

/* How one step ended, as its supervisor saw it. */
struct exitrec {
	uint8_t step; /* counted from 1, as the result record does; 0 none */
	enum end end;
	int32_t code;
	enum effect effect;
	uint64_t started, ended;     /* ms since the epoch */
	uint64_t outsize;	     /* bytes of the spool file before this exit frame ... */
	uint8_t outsha[32];	     /* ... and their SHA-256: all steps so far */
	uint64_t cut;		     /* output bytes dropped at the cap */
	char reason[REASON_MAX + 1]; /* printable ASCII */
};

/* Fixed size on the wire and on disk, big endian. */
#define EXITREC_SIZE (1 + 1 + 4 + 1 + 8 + 8 + 8 + 32 + 8 + 1 + REASON_MAX)
void exitrec_put(uint8_t buf[EXITREC_SIZE], const struct exitrec *r);
/* Every field checked: enums, step, printable reason, zero padding. 0 or -1. */
int exitrec_get(const uint8_t buf[EXITREC_SIZE], struct exitrec *r);

#define RESULT_MAX 2048

struct result {
	char host_id[33], host_name[254];
	char id[33];
	uint8_t ticket[32]; /* SHA-256 of the ticket */
	char kind[64];
	uint32_t step; /* the last step that ran, counted from 1; 0 none */
	enum end end;
	int32_t code; /* of END_EXIT, END_SIGNAL, END_SANDBOX; else 0 */
	char reason[REASON_MAX + 1];
	enum effect effect;
	uint64_t outsize;
	uint8_t outsha[32];
	uint64_t cut;
	uint64_t accepted, started, finished; /* seconds; started 0 when it never did */
	uint64_t seq;			      /* of the host's results, from 1 */
	uint8_t previous[32];		      /* SHA-256 of the record before; zeros in the first */
};

/*
 * Canonical text "reeve-result 1\n..."; parse accepts what write makes and nothing else. write
 * passes the reason through reason_set() and refuses whatever else could not be parsed again.
 */
ssize_t result_write(const struct result *r, char *buf, size_t size, struct errmsg *e);
int result_parse(struct result *r, const char *buf, size_t len, struct errmsg *e);

/* "exit 3", "effect-failed: version 1.0 is installed", for people. */
void result_describe(enum end end, int32_t code, const char *reason, char *buf, size_t size);

#endif
