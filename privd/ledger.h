/*
 * The ledger: append-only file of CRC-framed records, fsynced before the step that it announces
 * but where the table says that a loss harms nothing (reeve-ledger(5)). Head "reeve-ledger 1\n",
 * then frames: length u32, type u8, zero u8[3], seq u64, time u64 (seconds), payload, CRC-32 u32;
 * big endian. seq counts every record of the file's life.
 */
#ifndef PRIVD_LEDGER_H
#define PRIVD_LEDGER_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/err.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

/*
 * LEDGER(number, NAME, SYNC or LAZY, "what"): every record type; the crash test takes its steps
 * from here. A SYNC record is on the disk when ledger_append() returns. A LAZY one is written and
 * may wait for the next record's sync, since its loss harms nothing: without its STEP a step was
 * never started, without its ACKED a result is offered once more. All that waits lies in one sector
 * of the disk, and so does the start of the record after it: what a power failure leaves is still
 * one torn record at the end, never a hole before a whole one.
 */
#define LEDGER_TABLE(X)                                                                  \
	X(1, ACCEPTED, SYNC, "a job: origin, fence, ticket, signatures, key and holder") \
	X(2, STEP, LAZY, "a step is about to be set up")                                 \
	X(3, STARTED, SYNC, "its executor is confined; EXEC_GO follows")                 \
	X(4, STEPEND, SYNC, "its exit record")                                           \
	X(5, FINISHED, SYNC, "the signed result")                                        \
	X(6, ACKED, LAZY, "the result was delivered")                                    \
	X(7, CANCEL, SYNC, "a cancel was asked for")                                     \
	X(8, CHALLENGE, SYNC, "a nonce was given")                                       \
	X(9, CHALLENGE_USED, SYNC, "and used")                                           \
	X(10, CUT, SYNC, "a torn tail was cut")                                          \
	X(11, CONFIRM, SYNC, "a dead-man timer: nonce and deadline")                     \
	X(12, CONFIRMED, SYNC, "the signed nonce came back")                             \
	X(13, INTAKE, SYNC, "intake paused or resumed")                                  \
	X(14, RESET, SYNC, "a reeve-reset was obeyed")

enum ledger_type {
#define X(num, name, when, doc) LR_##name = num,
	LEDGER_TABLE(X)
#undef X
	    LR_LIMIT = 32
};
const char *ledger_typename(uint8_t type);
int ledger_lazy(enum ledger_type type); /* 1: a LAZY row */

/* One record, decoded. Which fields count follows from the type. */
struct ledger_rec {
	enum ledger_type type;
	uint64_t seq, time;
	uint8_t id[16];
	/* ACCEPTED */
	char origin[65]; /* "local" or the server's name */
	uint64_t fence;
	const uint8_t *ticket; /* points into the ledger's read buffer: copy to keep */
	size_t ticketlen;
	struct sig sig[TICKET_SIGS];
	unsigned int nsigs;
	char key[65], holder[65];
	/* STEP, STARTED, STEPEND */
	uint8_t step, rollback;
	uint32_t pid;	     /* of the supervisor, STARTED */
	uint64_t starttime;  /* its start time in ticks, STARTED */
	struct exitrec exit; /* STEPEND */
	/* FINISHED */
	const uint8_t *result; /* the record's text */
	size_t resultlen;
	struct sig resultsig;
	/* CANCEL: who; CHALLENGE*: nonce; CUT: bytes lost; CONFIRM: nonce, deadline; INTAKE: paused
	 */
	char who[65];
	uint8_t nonce[32];
	uint64_t number;
};

struct ledger;

/*
 * Makes an empty ledger beneath STATEFD, durable; the name must not exist. It is written as
 * LEDGER_NEW and renamed: that one rename ends the first start (privd/hostkeys.h).
 */
#define LEDGER_NEW "ledger.new"
int ledger_make(int statefd, struct errmsg *e);
/*
 * Opens it, locks it (flock: a second privd is refused) and replays every record through FN in
 * order. A torn tail (one last record, incomplete or with a wrong CRC, and nothing after it) is
 * cut, and a CUT record stands in its place before anything else is written; FN sees it as the last
 * one. NULL with E: a damaged record that is not the last (needs-rekey; never skipped), a record of
 * an unknown type or whose number does not follow, a newer version (refused by name); then the file
 * is left as it is. FN returns 0, or -1 to stop, with the reason put into this same E through ARG.
 */
struct ledger *ledger_open(int statefd, uint64_t now,
    int (*fn)(const struct ledger_rec *, off_t, void *), void *arg, struct errmsg *e);
void ledger_close(struct ledger *l);
/*
 * Appends R (seq and time are set here) in one write and, unless it is LAZY, fsyncs. On success
 * *OFF (may be NULL) is where it stands. After a failed write or fsync what was written is cut off
 * again where that can be done, and the ledger is broken for good: every later append fails, no job
 * is accepted or started, until privd is started again. A record that cannot be encoded (a string
 * too long, bytes that are not printable) is E and -1 too, but breaks nothing.
 */
int ledger_append(
    struct ledger *l, struct ledger_rec *r, uint64_t now, off_t *off, struct errmsg *e);
/* Reads the record at OFF back (tickets and results of jobs that are not in memory). */
int ledger_read(struct ledger *l, off_t off, struct ledger_rec *r, struct errmsg *e);
uint64_t ledger_seq(const struct ledger *l);
int ledger_broken(const struct ledger *l);
uint64_t ledger_flushes(const struct ledger *l); /* fsyncs since the start, for the bench */

#endif
