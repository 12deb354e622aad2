/*
 * privd's network side: for each [server NAME] a pair of processes, reeve-netd and reeve-dial, that
 * live and die together. netd brings tickets to the same intake as reevectl, and carries states,
 * output and results away; nothing that it says is believed but what an operator signed.
 */
#ifndef PRIVD_NETSIDE_H
#define PRIVD_NETSIDE_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/err.h"
#include "privd/privd.h"

/*
 * Opens reeve-netd and reeve-dial in libexec-dir, once, so that a package upgrade never mixes
 * versions; without a server block they may be missing. Starts the pairs. 0 or -1 with E.
 */
int netside_open(struct privd *p, struct errmsg *e);
/*
 * 0 when every file that W's server blocks name can be read and fits, and the programs that they
 * need are there: before a start, and before a reload is taken. -1 with E.
 */
int netside_check(const struct words *w, struct errmsg *e);
/* 0 when a running agent can take W: it was started with the programs that it needs. -1 with E. */
int netside_covers(const struct privd *p, const struct words *w, struct errmsg *e);
/* The words changed: pairs whose settings differ are started again, tickets that wait for a blob
 * are refused (their keys were judged by the old policy). */
void netside_reloaded(struct privd *p);
/* Tells every netd to finish, closes the channels, and ends whoever is still there 3 s later. */
void netside_close(struct privd *p);

/* Something became of job ID: accepted, its spool is there, started, ended. */
void netside_job(struct privd *p, const uint8_t id[16]);

/* The server of agent.conf that is still to be given job ID's result; NULL none. */
const char *netside_owes(struct privd *p, const uint8_t id[16]);

/* One more job of ORIGIN is to be written down. 0; -1 with E when that server brought too many. */
int netside_ration(const char *origin, struct errmsg *e);
/* The same for a line about a refusal: 1, with how many had none before it; 0 none now. */
int netside_line(const char *origin, uint64_t *unsaid);

/* When the certificate of one of the pairs ends, the earliest, as netd reported; 0 unknown. */
uint64_t netside_cert(void);

/* For status: server N from 0. 1, or 0 after the last. */
struct netside_look {
	const char *name, *state; /* "starting", "running", "ending", "waiting" */
	pid_t netd, dial;	  /* 0 none */
	unsigned int restarts;
	uint64_t cert; /* seconds since the epoch, 0 unknown */
};
int netside_nth(unsigned int n, struct netside_look *look);

#endif
