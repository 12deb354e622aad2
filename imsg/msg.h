/*
 * Every message between reeve's processes, once. Dispatch, names for logs, the rogue-peer tests and
 * the table in SECURITY.md are made from these rows; a missing handler breaks the build.
 *
 * MSG(number, NAME, from, to, phases, times, min, max, fds, "what")
 *	number	final; never given again
 *	from,to	the rooms of the two ends: PRIVD NETD DIAL EXECD CTL CTLD SIGN
 *	phases	in which the receiver accepts it (bits)
 *	times	ONCE in the life of the channel, or MANY
 *	min,max	payload bytes; the codec wants exact lengths inside
 *	fds	descriptors that it carries: exactly so many, 0 to 2
 */
#ifndef IMSG_MSG_H
#define IMSG_MSG_H

#include <stddef.h>
#include <stdint.h>

/* Phases of a channel, moved on by its owner. */
#define PH_START 0x01 /* until READY has been answered or taken */
#define PH_SETUP 0x02 /* execd: between EXEC_START and EXEC_READY */
#define PH_ARMED 0x04 /* execd: ready, EXEC_GO not yet sent */
#define PH_RUN	 0x08 /* the work */
#define PH_STOP	 0x10 /* draining */

#define MSG_PAYLOAD_MAX	  24576 /* of any message */
#define MSG_TICKETREQ_MAX (8 + 2 + 8192 + 1 + 8 * 72)
#define MSG_KEYS_MAX	  (2 + 23552 + 1 + 8 * 72)
#define MSG_PIECE	  16384 /* bytes of a blob in one message */

#define MSG_TABLE(X)                                                                              \
	/* a child's life */                                                                      \
	X(1, NETD_READY, NETD, PRIVD, PH_START, ONCE, 8, 8, 0, "confined; hash of this table")    \
	X(2, DIAL_READY, DIAL, PRIVD, PH_START, ONCE, 8, 8, 0, "confined; hash of this table")    \
	X(3, NETD_CONF, PRIVD, NETD, PH_START, MANY, 3, 16384, 0,                                 \
	    "one setting of the server block")                                                    \
	X(4, NETD_PEER, PRIVD, NETD, PH_START, ONCE, 0, 0, 1, "the channel to its dial")          \
	X(5, DIAL_CONF, PRIVD, DIAL, PH_START, ONCE, 5, 257, 0, "host and port to connect to")    \
	X(6, DIAL_PEER, PRIVD, DIAL, PH_START, ONCE, 0, 0, 1, "the channel to its netd")          \
	X(7, NETD_ALIVE, NETD, PRIVD, PH_RUN, MANY, 8, 8, 0, "its loop turns")                    \
	X(8, NETD_STOP, PRIVD, NETD, PH_RUN | PH_START, ONCE, 0, 0, 0, "finish and exit")         \
	X(9, NETD_CERT, NETD, PRIVD, PH_RUN, MANY, 8, 8, 0, "when its certificate ends")          \
	/* connections */                                                                         \
	X(10, DIAL_ASK, NETD, DIAL, PH_RUN, MANY, 4, 4, 0, "connect once; request number")        \
	X(11, DIAL_DONE, DIAL, NETD, PH_RUN, MANY, 4, 4, 1, "a connected socket")                 \
	X(12, DIAL_FAIL, DIAL, NETD, PH_RUN, MANY, 5, 260, 0, "no connection, and why")           \
	/* jobs from the network */                                                               \
	X(20, JOB_SUBMIT, NETD, PRIVD, PH_RUN, MANY, 12, MSG_TICKETREQ_MAX, 0,                    \
	    "fence, ticket, signatures")                                                          \
	X(21, JOB_BLOB, NETD, PRIVD, PH_RUN, MANY, 22, 21 + MSG_PIECE, 0, "a piece of a blob")    \
	X(22, JOB_STATE, PRIVD, NETD, PH_RUN, MANY, 27, 27 + 200, 0,                              \
	    "accepted, refused, started; fence")                                                  \
	X(23, JOB_STREAM, PRIVD, NETD, PH_RUN, MANY, 16, 16, 2,                                   \
	    "spool (read-only) and inotify fds")                                                  \
	X(24, JOB_EXIT, PRIVD, NETD, PH_RUN, MANY, 91, 90 + 2048, 0, "signed result record")      \
	X(25, RESULT_ACK, NETD, PRIVD, PH_RUN, MANY, 16, 16, 0, "ctld has it")                    \
	X(26, JOB_CANCEL, NETD, PRIVD, PH_RUN, MANY, 16, 16, 0, "cancel (class any)")             \
	X(27, VITALS_ASK, NETD, PRIVD, PH_RUN, MANY, 4, 4, 0, "a heartbeat is due")               \
	X(28, VITALS, PRIVD, NETD, PH_RUN, MANY, 4, 4, 1, "spool fd of the vitals step")          \
	X(29, HEADS, PRIVD, NETD, PH_RUN, MANY, 34, 34 + 16 * 256, 0,                             \
	    "ledger and audit heads, running jobs")                                               \
	X(30, CONFIRM_ASK, PRIVD, NETD, PH_RUN, MANY, 48, 48, 0, "job and nonce to have signed")  \
	X(31, CONFIRM_SIG, NETD, PRIVD, PH_RUN, MANY, 88, 88, 0, "the online key's signature")    \
	X(32, JOB_NEEDBLOB, PRIVD, NETD, PH_RUN, MANY, 17, 17, 0, "accepted so far; send blob N") \
	/* one step of a job */                                                                   \
	X(40, EXEC_HOST, PRIVD, EXECD, PH_START, ONCE, 80, 3602, 0, "ids and this host's words")  \
	X(41, EXEC_CGROUP, PRIVD, EXECD, PH_START, ONCE, 0, 0, 2, "tool's cgroup, its kill file") \
	X(42, EXEC_BLOB, PRIVD, EXECD, PH_START, MANY, 1, 1, 1, "a checked blob, read-only")      \
	X(43, EXEC_SEAL, PRIVD, EXECD, PH_START, ONCE, 32, 32, 0,                                 \
	    "the seal key, if it has to open one")                                                \
	X(44, EXEC_START, PRIVD, EXECD, PH_START, ONCE, 48, 48 + 8192, 1,                         \
	    "step and ticket; spool fd")                                                          \
	X(45, EXEC_READY, EXECD, PRIVD, PH_SETUP, ONCE, 12, 12, 0, "confined, waits; table hash") \
	X(46, EXEC_FAIL, EXECD, PRIVD, PH_SETUP | PH_ARMED, ONCE, 1, 400, 0,                      \
	    "could not confine: stage, why")                                                      \
	X(47, EXEC_GO, PRIVD, EXECD, PH_ARMED, ONCE, 0, 0, 0, "the start is in the ledger: run")  \
	X(48, EXEC_EXIT, EXECD, PRIVD, PH_RUN, ONCE, 272, 272, 0, "exit record, as in the spool") \
	/* reevectl */                                                                            \
	X(60, CTL_SUBMIT, CTL, PRIVD, PH_RUN, MANY, 12, MSG_TICKETREQ_MAX, 0,                     \
	    "ticket, signatures")                                                                 \
	X(61, CTL_BLOB, CTL, PRIVD, PH_RUN, MANY, 22, 21 + MSG_PIECE, 0, "a piece of a blob")     \
	X(62, CTL_STATUS, CTL, PRIVD, PH_RUN, MANY, 0, 0, 0, "the agent's state")                 \
	X(63, CTL_JOBS, CTL, PRIVD, PH_RUN, MANY, 0, 0, 0, "list jobs")                           \
	X(64, CTL_SHOW, CTL, PRIVD, PH_RUN, MANY, 16, 16, 0, "one job: ticket, state, result")    \
	X(65, CTL_WAIT, CTL, PRIVD, PH_RUN, MANY, 16, 16, 0, "stream it, then its result")        \
	X(66, CTL_ACK, CTL, PRIVD, PH_RUN, MANY, 16, 16, 0, "the result was read")                \
	X(67, CTL_RELOAD, CTL, PRIVD, PH_RUN, MANY, 0, 0, 0, "as SIGHUP")                         \
	X(68, CTL_POLICY, CTL, PRIVD, PH_RUN, MANY, 12, MSG_TICKETREQ_MAX, 0,                     \
	    "would policy allow it?")                                                             \
	X(69, CTL_SELFTEST, CTL, PRIVD, PH_RUN, MANY, 0, 0, 0, "run the internal step selftest")  \
	X(70, CTL_CANCEL, CTL, PRIVD, PH_RUN, MANY, 16, 16, 0, "cancel, by the host's own word")  \
	X(71, CTL_KEYS, CTL, PRIVD, PH_RUN, MANY, 4, MSG_KEYS_MAX, 0,                             \
	    "a key store file, signatures")                                                       \
	X(80, CTL_OK, PRIVD, CTL, PH_RUN, MANY, 0, 1024, 0, "done; words")                        \
	X(81, CTL_ERR, PRIVD, CTL, PH_RUN, MANY, 1, 1024, 0, "refused; why")                      \
	X(82, CTL_ITEM, PRIVD, CTL, PH_RUN, MANY, 3, 16384, 0, "one row: key NUL value NUL ...")  \
	X(83, CTL_END, PRIVD, CTL, PH_RUN, MANY, 0, 0, 0, "no more rows")                         \
	X(84, CTL_STREAM, PRIVD, CTL, PH_RUN, MANY, 16, 16, 2,                                    \
	    "spool (read-only) and inotify fds")                                                  \
	X(85, CTL_EXIT, PRIVD, CTL, PH_RUN, MANY, 91, 90 + 2048, 0, "signed result record")       \
	X(86, CTL_NEEDBLOB, PRIVD, CTL, PH_RUN, MANY, 17, 17, 0, "accepted so far; send blob N")  \
	/* the control plane's keys */                                                            \
	X(100, SIGN_HELLO, SIGN, CTLD, PH_START, ONCE, 69, 68 + 8192, 0,                          \
	    "table hash, online key, CA certificate")                                             \
	X(101, SIGN_CSR, CTLD, SIGN, PH_RUN, MANY, 42, 40 + 253 + 8192, 0,                        \
	    "certify a host's key: enrolment, host, request")                                     \
	X(102, SIGN_TICKET, CTLD, SIGN, PH_RUN, MANY, 5, 4 + 8192, 0,                             \
	    "sign a ticket of a harmless kind")                                                   \
	X(103, SIGN_CONFIRM, CTLD, SIGN, PH_RUN, MANY, 71, 70 + 253, 0, "sign a confirm nonce")   \
	X(104, SIGN_CERT, SIGN, CTLD, PH_RUN, MANY, 5, 4 + 8192, 0, "the certificate, PEM")       \
	X(105, SIGN_SIG, SIGN, CTLD, PH_RUN, MANY, 76, 76, 0, "the online key's signature")       \
	X(106, SIGN_NO, SIGN, CTLD, PH_RUN, MANY, 5, 4 + 256, 0, "refused, and why")

enum room {
	ROOM_PRIVD = 1,
	ROOM_NETD,
	ROOM_DIAL,
	ROOM_EXECD,
	ROOM_CTL,
	ROOM_CTLD,
	ROOM_SIGN,
	ROOM_MAX
};
enum msg_times { MSG_ONCE, MSG_MANY };

enum msg_type {
#define X(num, name, from, to, phases, times, min, max, fds, doc) MSG_##name = num,
	MSG_TABLE(X)
#undef X
	    MSG_LIMIT = 128 /* all numbers are below */
};

struct msg_row {
	uint32_t num;
	const char *name;
	enum room from, to;
	unsigned int phases;
	enum msg_times times;
	uint32_t min, max;
	unsigned int fds;
	const char *doc;
};

/* The row of a number from the wire, NULL when there is none: never an index. */
const struct msg_row *msg_row(uint32_t num);
/* Row N of the table, NULL after the last (tests, documentation). */
const struct msg_row *msg_nth(size_t n);
/* FNV-1a over every field of every row: two builds that differ refuse each other at READY. */
uint64_t msg_table_hash(void);
const char *room_name(enum room r);

/* What a receiver remembers of a channel to judge the next message. */
struct msg_gate {
	enum room self, peer;
	unsigned int phase;
	uint8_t seen[MSG_LIMIT / 8];
};
void msg_gate_init(struct msg_gate *g, enum room self, enum room peer);

enum msg_verdict {
	MSG_PASS = 0,
	MSG_UNKNOWN,
	MSG_DIRECTION,
	MSG_PHASE,
	MSG_TWICE,
	MSG_LENGTH,
	MSG_FDS,
	MSG_FORM
};
const char *msg_verdict_name(enum msg_verdict v);
/* Judges one message by its row; a pass is remembered for ONCE. Anything but MSG_PASS ends the
 * peer. */
enum msg_verdict msg_gate_check(struct msg_gate *g, uint32_t num, size_t len, unsigned int nfds);

#endif
