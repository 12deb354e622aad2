/* What the parts of privd share: one context, made by main.c and passed down. */
#ifndef PRIVD_PRIVD_H
#define PRIVD_PRIVD_H

#include <stdint.h>

#include "privd/audit.h"
#include "privd/cgroup.h"
#include "privd/conf.h"
#include "privd/hostkeys.h"
#include "privd/keys.h"
#include "privd/ledger.h"
#include "privd/policy.h"
#include "privd/scripts.h"
#include "privd/spool.h"

/* What SIGHUP replaces, all or nothing (privd/state.c). */
struct words {
	struct conf *conf;
	struct policy *policy;
	struct scripts *scripts;
	struct keystore *keys;
};

struct jobs; /* privd/jobs.h */

struct privd {
	char conffile[1024];
	struct words w;
	int statefd;
	int needs_rekey;	 /* no job until an admin-signed reset */
	char rekey_why[200];	 /* what was lost */
	unsigned int generation; /* of the words: one more at each reload */
	int stopping;		 /* SIGTERM: intake is closed */
	struct hostkeys keys;
	struct ledger *ledger;
	struct spool *spool;
	struct audit *audit;
	struct cgbase *cgroup; /* NULL below the minimum */
	int execd;	       /* reeve-execd, opened once at start */
	struct jobs *jobs;
	uint64_t floor;		/* the clock's: newest issued of accepted tickets, build time */
	uint64_t cut;		/* when a torn ledger tail was cut; 0 never */
	uint64_t lastnow;	/* the host's own past clock, for the audit only */
	uint64_t resultseq;	/* of the last result record */
	uint8_t resultprev[32]; /* and its SHA-256 */
};

/* Seconds since the epoch; audits a clock that went backwards. */
uint64_t privd_now(struct privd *p);

/* ---- state.c ---- */

/* Loads all of the host's words. 0, or -1 with E and nothing in W. */
int words_load(const char *conffile, struct words *w, struct errmsg *e);
void words_free(struct words *w);
/* SIGHUP, agent.reload, CTL_RELOAD: all or nothing. 0, or -1 with E and the old set in place. */
int privd_reload(struct privd *p, struct errmsg *e);
/* Audits which keys count from now on: how many, and the key store's version. */
void privd_audit_keys(struct privd *p);
/* 1 when the file "disabled" stands beside agent.conf. */
int privd_disabled(const struct privd *p);
/* 0, or -1 with E: why no job at all can be taken now (disabled, needs-rekey, broken ledger,
 * stopping). */
int privd_open(const struct privd *p, struct errmsg *e);
#define NOT_ENROLLED \
	"not enrolled: run reevectl enroll TOKEN, or write fleet and host in agent.conf"
/* "running", "disabled", "needs-rekey", "broken", "stopping", "not-enrolled". */
const char *privd_state(const struct privd *p);

#endif
