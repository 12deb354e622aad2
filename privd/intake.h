/* A ticket's way in: every check of DESIGN 3 and 4, blobs, acceptance. The same for each origin. */
#ifndef PRIVD_INTAKE_H
#define PRIVD_INTAKE_H

#include "privd/jobs.h"

enum intake_verdict {
	IN_ACCEPTED, /* in the ledger */
	IN_KNOWN,    /* this very ticket was accepted before: nothing runs again */
	IN_REFUSED,  /* E says why; audited */
	IN_BLOBS,    /* not accepted yet: intake_needs() says which blob comes next */
};

struct intake; /* a ticket that waits for its blobs */

/*
 * Judges a ticket from ORIGIN ("local" or a server's name). *IN is set with IN_BLOBS alone. IDHEX
 * and STATE ("queued", "running", "finished") are set with ACCEPTED and KNOWN.
 */
enum intake_verdict intake_submit(struct privd *p, const char *origin, const struct msg_submit *m,
    struct intake **in, char idhex[33], char state[16], struct errmsg *e);
uint8_t intake_needs(const struct intake *in, uint8_t id[16]);
/* The next piece of a blob. After any verdict but IN_BLOBS the intake is gone. */
enum intake_verdict intake_blob(
    struct privd *p, struct intake *in, const struct msg_blob *b, char idhex[33], struct errmsg *e);
void intake_free(struct privd *p, struct intake *in);
/*
 * The same for one whose ticket will not be accepted by it: blobs that it brought are removed,
 * unless they are a job's, or another's who waits with the same id.
 */
void intake_drop(struct privd *p, struct intake *in);

/*
 * The checks that need no acceptance, for `policy test` and self-test: signatures, host, time,
 * policy. 0 with E saying which line allows; -1 with E.
 */
int intake_test(struct privd *p, const struct msg_submit *m, struct errmsg *e);

/*
 * A fresh look at an accepted job before it starts: window, keys, policy. 0; or -1, and the job is
 * finished as EXPIRED or REFUSED and gone.
 */
int intake_again(struct privd *p, struct job *j, struct errmsg *e);

#endif
