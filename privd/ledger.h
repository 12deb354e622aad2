/*
 * The ledger: append-only file of CRC-framed records, fsynced before the step that it announces
 * (reeve-ledger(5)). Head "reeve-ledger 1\n", then frames: length u32, type u8, zero u8[3], seq
 * u64, time u64 (seconds), payload, CRC-32 u32; big endian. seq counts every record of the file's
 * life.
 */
#ifndef PRIVD_LEDGER_H
#define PRIVD_LEDGER_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/err.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

/* LEDGER(number, NAME, "what"): every record type; the crash test takes its steps from here. */
#define LEDGER_TABLE(X)                                                            \
	X(1, ACCEPTED, "a job: origin, fence, ticket, signatures, key and holder") \
	X(2, STEP, "a step is about to be set up")                                 \
	X(3, STARTED, "its executor is confined; EXEC_GO follows")                 \
	X(4, STEPEND, "its exit record")                                           \
	X(5, FINISHED, "the signed result")                                        \
	X(6, ACKED, "the result was delivered")                                    \
	X(7, CANCEL, "a cancel was asked for")                                     \
	X(8, CHALLENGE, "a nonce was given")                                       \
	X(9, CHALLENGE_USED, "and used")                                           \
	X(10, CUT, "a torn tail was cut")                                          \
	X(11, CONFIRM, "a dead-man timer: nonce and deadline")                     \
	X(12, CONFIRMED, "the signed nonce came back")                             \
	X(13, INTAKE, "intake paused or resumed")                                  \
	X(14, RESET, "a reeve-reset was obeyed")

enum ledger_type {
#define X(num, name, doc) LR_##name = num,
	LEDGER_TABLE(X)
#undef X
	    LR_LIMIT = 32
};
const char *ledger_typename(uint8_t type);

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
 * Appends R (seq and time are set here) in one write and fsyncs. On success *OFF (may be NULL) is
 * where it stands. After a failed write or fsync what was written is cut off again where that can
 * be done, and the ledger is broken for good: every later append fails, no job is accepted or
 * started, until privd is started again. A record that cannot be encoded (a string too long, bytes
 * that are not printable) is E and -1 too, but breaks nothing.
 */
int ledger_append(
    struct ledger *l, struct ledger_rec *r, uint64_t now, off_t *off, struct errmsg *e);
/* Reads the record at OFF back (tickets and results of jobs that are not in memory). */
int ledger_read(struct ledger *l, off_t off, struct ledger_rec *r, struct errmsg *e);
uint64_t ledger_seq(const struct ledger *l);
int ledger_broken(const struct ledger *l);
uint64_t ledger_flushes(const struct ledger *l); /* fsyncs since the start, for the bench */

#endif
