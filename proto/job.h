/*
 * What a job is: the kinds, their arguments, steps and limits, from proto/kinds.def.
 * Data and checks only; no room's knowledge.
 */
#ifndef PROTO_JOB_H
#define PROTO_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define JOB_IDLEN 32 /* hex digits of a job, fleet or host id */

/* READ in parallel; the others one at a time (SCRIPT: per script). */
enum kind_par { KP_READ, KP_PKG, KP_HAPROXY, KP_SCRIPT };
enum kind_cancel { KC_ANY, KC_SIGNED, KC_NEVER };

#define KF_HARMLESS 0x01 /* a '*' in policy may match it */
#define KF_MUTATES  0x02 /* takes mode and plan */

enum arg_type {
	AT_IDENT,
	AT_PKGNAME,
	AT_PKGVER,
	AT_PKGGLOB,
	AT_UNIT,
	AT_HOSTNAME,
	AT_INT,
	AT_BOOL,
	AT_ENUM,
	AT_PATH,
	AT_CIDR,
	AT_PORT,
	AT_TEXT,
	AT_SHA256,
	AT_JOBID,
	AT_MAX
};

#define AF_REQ	   0x01 /* must stand */
#define AF_REP	   0x02 /* may stand several times */
#define AF_B64	   0x04 /* may be "b64:" and base64url of any bytes but NUL */
#define AF_SEAL	   0x08 /* must be "seal:" and base64url of a crypto_box_seal() of libsodium */
#define AF_ONENAME 0x10 /* only with exactly one "name" argument */

#define ST_APPLY    0x01 /* left out in mode plan */
#define ST_ROLLBACK 0x02

/* The profiles of execd, by name only: execd/profile.h says what each means. */
enum profile_id {
	PR_NONE,
	PR_FACTS,
	PR_SELFTEST,
	PR_SCRIPT,
	PR_PKG,
	PR_PKGPLAN,
	PR_PKGLIST,
	PR_HAPSOCK,
	PR_VITALS,
	PR_MAX
};

#ifndef KINDS_DEF
#define KINDS_DEF "proto/kinds.def" /* a unit test brings rows of its own */
#endif

enum kind_id {
	KIND_NONE,
#define KIND(num, sym, ...) KIND_##sym = num,
#include KINDS_DEF
};

#define KIND_MAX   16 /* one more than the highest number ever given */
#define KIND_ARGS  8
#define KIND_STEPS 8
#define KIND_BLOBS 4

struct kind_arg {
	const char *name;
	enum arg_type type;
	int64_t low, high;
	const char *words; /* ENUM: "a,b,c" */
	unsigned int flags;
	const char *doc;
};

struct kind_blob {
	const char *name;
	unsigned int flags; /* AF_REQ, AF_REP */
	const char *doc;
};

struct kind_step {
	const char *name;
	enum profile_id profile;
	unsigned int flags;
};

struct kind {
	enum kind_id id;
	const char *name;
	enum kind_par par;
	enum kind_cancel cancel;
	unsigned int flags;
	uint32_t seconds, maxseconds, grace; /* limits of one job */
	uint64_t outcap;		     /* bytes of output kept */
	uint32_t stall;			     /* seconds, 0 none */
	const char *doc;
	struct kind_arg args[KIND_ARGS];
	size_t nargs;
	struct kind_blob blobs[KIND_BLOBS];
	size_t nblobs;
	struct kind_step steps[KIND_STEPS];
	size_t nsteps;
};

/* By name or by number (a wire number never indexes); NULL when there is none. */
const struct kind *kind_byname(const char *name);
const struct kind *kind_bynum(uint32_t num);
/* All of them: kind_nth(0), kind_nth(1), ... until NULL. */
const struct kind *kind_nth(size_t n);

const char *arg_typename(enum arg_type t);   /* "pkgname" */
int arg_type_byname(const char *s);	     /* enum arg_type or -1 */
const char *profile_name(enum profile_id p); /* "pkgplan" */
const char *kind_parname(enum kind_par p);
const char *kind_cancelname(enum kind_cancel c);

/* The row for argument NAME of K, NULL when it has none. */
const struct kind_arg *kind_arg(const struct kind *k, const char *name);

/*
 * Judges one value (decoded bytes, NUL-ended) against its row. 0, or -1 with E: "argument weight:
 * must be a number from 0 to 256, not \"x\"". Of an AF_SEAL row it judges the opened value, and
 * never prints it.
 */
int arg_check(const struct kind_arg *a, const char *value, struct errmsg *e);
/* What a value of the row must be, in words ("a number from 0 to 256"), for messages and help. */
void arg_must(const struct kind_arg *a, char *buf, size_t size);

#endif
