/*
 * One step in one executor: spawn, the channel's life, its end. Knows no ledger and no job: its
 * owner does (steps.c, selftest.c), and is told of two things, in this order:
 *
 *	ready	the executor is confined and waits; the owner makes the start durable and calls
 *run_go() end	nothing of it is alive any more and its cgroup is gone; the run is freed after
 */
#ifndef PRIVD_RUN_H
#define PRIVD_RUN_H

#include <stdint.h>

#include "execd/profile.h"
#include "imsg/msg_codec.h"
#include "lib/err.h"
#include "privd/privd.h"

struct run;

struct run_req {
	char idhex[33];
	const struct profile *profile;
	struct msg_start start;
	struct msg_host host;
	int spool;		/* O_RDWR|O_APPEND; taken */
	int blob[TICKET_BLOBS]; /* taken; the first NBLOBS */
	unsigned int nblobs;
	const uint8_t *seal; /* the secret seal key, or NULL */
};

struct run_end {
	int adopted;	 /* its beginning was another privd's: the spool alone knows */
	int ready, went; /* EXEC_READY came; EXEC_GO was sent */
	int have;	 /* EXEC_EXIT came: rec is valid */
	struct exitrec rec;
	int oomed;	      /* its cgroup says that memory ran out */
	int killed;	      /* run_kill() was called */
	int breach;	      /* the executor broke the protocol and was killed for it */
	int status;	      /* wait status of the supervisor, 0 when adopted */
	char why[ERRMSG_MAX]; /* EXEC_FAIL's words, or a breach's */
};

struct run_ops {
	void (*ready)(struct run *, void *);
	void (*end)(struct run *, const struct run_end *, void *);
};

/* Descriptors in REQ are taken in any case. NULL with E: nothing was started. */
struct run *run_start(
    struct privd *p, struct run_req *req, const struct run_ops *ops, void *arg, struct errmsg *e);
/*
 * Watches a step that an earlier privd started; G is taken. Once its supervisor is gone, what is
 * left in its cgroup is killed. NULL with E.
 */
struct run *run_adopt(
    struct privd *p, struct cgroup *g, const struct run_ops *ops, void *arg, struct errmsg *e);
/*
 * The same on a host without cgroup2: PIDFD of the supervisor, which is the init of the tool's PID
 * namespace; taken.
 */
struct run *run_adopt_pid(
    struct privd *p, int pidfd, const struct run_ops *ops, void *arg, struct errmsg *e);
/* Sends EXEC_GO. 0, or -1 with E: the executor will be killed and end is still to come. */
int run_go(struct run *r, struct errmsg *e);
/* Asks the supervisor to end the tool (SIGTERM): it TERMs, waits the grace, KILLs. 0 or -1. */
int run_term(struct run *r);
/* Kills everything of it now. */
void run_kill(struct run *r);
/* Its cgroup, for status; NULL when it has none. */
const struct cgroup *run_cgroup(const struct run *r);
/* For status and STARTED records: the supervisor's pid and start time; 0 when adopted. */
pid_t run_pid(const struct run *r, uint64_t *starttime);

#endif
