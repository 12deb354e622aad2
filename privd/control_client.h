/* One client of the control socket, for control.c and the handlers in ctl_*.c. */
#ifndef PRIVD_CONTROL_CLIENT_H
#define PRIVD_CONTROL_CLIENT_H

#include <sys/queue.h>

#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "privd/control.h"
#include "privd/intake.h"
#include "privd/loop.h"

struct client {
	TAILQ_ENTRY(client) link;
	struct privd *p;
	struct imsgbuf *chan;
	struct loop_fd *w;
	int root;     /* uid 0 at the other end; else a member of the admin group */
	uint32_t now; /* the request being handled, for the log */
	int ended;    /* freed before the loop's next turn */
	/* CTL_SUBMIT: a ticket that waits for its blobs */
	struct intake *intake;
	struct loop_timer intake_t;
	/* CTL_WAIT */
	int waiting, streamed;
	uint8_t waitid[16];
	/* CTL_JOBS: where each job was accepted in the ledger; sent as the client reads */
	off_t *list;
	size_t nlist, nextlist;
	struct loop_timer list_t;
	int half; /* a message of its has begun and is waited for */
	struct loop_timer half_t;
};

/*
 * Every row from CTL to PRIVD has a handler of this name, declared here from the table itself: one
 * that is not written fails to link. Each returns 0, or -1 when the payload is malformed: that
 * ends the client. A refusal is an answer (client_err()) and returns 0.
 */
#define HANDLER_CTL(name)   int privd_on_##name(struct client *, struct imsg *);
#define HANDLER_PRIVD(name) /* not from reevectl */
#define HANDLER_NETD(name)
#define HANDLER_DIAL(name)
#define HANDLER_EXECD(name)
#define HANDLER_CTLD(name)
#define HANDLER_SIGN(name)
#define X(num, name, from, to, phases, times, min, max, fds, doc) HANDLER_##from(name)
MSG_TABLE(X)
#undef X
#undef HANDLER_CTL
#undef HANDLER_PRIVD
#undef HANDLER_NETD
#undef HANDLER_DIAL
#undef HANDLER_EXECD
#undef HANDLER_CTLD
#undef HANDLER_SIGN

/* Queues a message; a client that does not read what it asked for is ended. */
void client_send(struct client *c, uint32_t type, struct ibuf *ib);
/* The same with two descriptors, which are taken. */
void client_send_fds(struct client *c, uint32_t type, struct ibuf *ib, int fds[2]);
void client_ok(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void client_err(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends it: logged and audited when WHY is not NULL. */
void client_end(struct client *c, const char *why);
/* Forgets a ticket that waits for its blobs; WHY (may be NULL) is told to the client. */
void client_drop_intake(struct client *c, const char *why);
/* Sends more of its list of jobs while it reads. */
void client_more(struct client *c);
/* C is going: a self-test that it asked for has nobody to tell any more. */
void client_left_selftest(const struct client *c);

#endif
