/*
 * Writes a step's frames into the spool: time stamps, the cap on output, the hash that the exit
 * record carries. Used by the supervisor alone. reeve-spool(5).
 */
#ifndef EXECD_FRAMER_H
#define EXECD_FRAMER_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/frame.h"
#include "proto/result.h"

#define FRAMER_HEADS 65536 /* bytes of frame heads that any step may have */

struct framer {
	int fd; /* O_APPEND; not owned */
	uint8_t step;
	uint64_t room; /* payload bytes of STDOUT and STDERR still kept */
	uint64_t cap;
	size_t dataroom; /* the same for DATA */
	uint64_t heads;	 /* bytes of heads that STDOUT and STDERR may still have */
	uint64_t dataheads;
	uint64_t cut;  /* payload bytes dropped */
	uint64_t size; /* of the file, whole frames only */
	int noted;     /* the cut was said */
	int failed;    /* errno of the first write that failed, 0 none */
	crypto_hash_sha256_state sha;
	uint8_t buf[FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC];
};

/*
 * FD is the spool, STEP its 1-based number in frames, CAP what is left of the output cap. What
 * earlier steps left in the file is hashed. 0 or -1 with E (not a spool file).
 */
int framer_init(struct framer *f, int fd, uint8_t step, uint64_t cap, struct errmsg *e);

/* How long the file may become by all that this framer may write, generously: a limit for it. */
uint64_t framer_most(const struct framer *f);

/*
 * STDOUT or STDERR: what does not fit under the cap is dropped, counted, and said once in a NOTE.
 * So is what comes in so many small pieces that their heads would take more than the cap.
 */
void framer_output(struct framer *f, enum frame_type type, const void *buf, size_t len);
/* The typed result, in as many DATA frames as it takes. -1 when over FRAME_DATA_MAX, or in too many
 * pieces: nothing more is written. */
int framer_data(struct framer *f, const void *buf, size_t len);
void framer_note(struct framer *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* PERCENT 0..100; PHASE is cut to printable ASCII. */
void framer_progress(struct framer *f, unsigned int percent, const char *phase);
/* Fills R's outsize, outsha and cut, writes the exit frame and syncs. 0 or -1 with errno. */
int framer_exit(struct framer *f, struct exitrec *r);

/* Milliseconds since the epoch, and of a clock that only goes forward. */
uint64_t framer_now(void);
uint64_t framer_mono(void);

#endif
