/*
 * The profile table: what each step of a job may keep. Data only, so that privd can read it too.
 * Rows by topic in prof_*.c. DESIGN 7 gives the classes:
 *	(a) a uid of its own and at most one capability	 (b) uid 0 in a box  (c) root-equivalent
 */
#ifndef EXECD_PROFILE_H
#define EXECD_PROFILE_H

#include <stdint.h>

#include "lib/sb.h"
#include "lib/users.h"
#include "proto/job.h"

enum uid_class { CLASS_A = 1, CLASS_B, CLASS_C };

enum profile_uid {
	PU_TABLE,  /* the user of the row */
	PU_SCRIPT, /* what scripts.conf says */
	PU_ROOT,   /* classes (b) and (c) */
};

#define PF_NEWPID   0x01 /* a PID namespace: privd starts execd in it */
#define PF_NEWNET   0x02 /* an empty network namespace */
#define PF_NEWNS    0x04 /* a private mount namespace: doors to root closed, then MOUNTS */
#define PF_ROROOT   0x08 /* all read-only first */
#define PF_BUILTIN  0x10 /* runs execd's own code, no exec */
#define PF_APTLINKS 0x40 /* what apt's lists link to (file: sources) may be read */
#define PF_PROGRESS 0x20 /* the tool gets a progress pipe on fd 3 */

struct profile {
	enum profile_id id;
	const char *name;
	enum uid_class cls;
	enum profile_uid pu;
	enum user_id user; /* with PU_TABLE */
	unsigned int flags;
	uint64_t caps; /* kept by the tool (ambient for those that exec) */
	enum sb_default dflt;
	enum sb_setid sets[SB_MAXSETS];
	unsigned int nsets;
	const struct sb_set *own;    /* rows of this profile alone; NULL none */
	const struct sb_path *paths; /* Landlock */
	unsigned int npaths;
	const struct sb_mount *mounts;
	unsigned int nmounts;
	uint64_t mem_max;  /* memory.max, bytes; 0 none */
	uint32_t pids_max; /* pids.max and RLIMIT_NPROC for class (a); 0 none */
	uint32_t nofile;
	uint64_t fsize;
	const char *why; /* one sentence for SECURITY.md */
};

/* The steps without a ticket: what EXEC_START names as kind KIND_NONE's step. */
enum internal_step { STEP_SELFTEST, STEP_VITALS };

/* NULL when there is none: a number from the wire never indexes. */
const struct profile *profile_get(uint32_t id);

#endif
