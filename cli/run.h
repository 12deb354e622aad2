/*
 * Jobs of the control plane from here: made, signed and handed in (order.c), followed over several
 * connections (fan.c), their spools read (spool.c), their results judged (judge.c) and told
 * (report.c).
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <sodium.h>

#include "cli/draft.h"
#include "cli/site.h"
#include "proto/frame.h"
#include "proto/result.h"

#define FAN_STREAMS 16 /* outputs that come at once */
#define FAN_EXPLAIN 8  /* hosts about which a person is told why nothing comes */

/* One ticket: a job in ctld. */
struct task {
	char id[JOB_IDLEN + 1];
	char *text;
	size_t len;
	uint8_t hash[32];
	const struct kind *kind;
	struct ticket *t; /* TEXT, parsed */
	size_t first, n;  /* its runs */
};

/* Bytes that wait: for the end, or for the rest of their line. */
struct bytes {
	char *p;
	size_t len;
};

enum verdict {
	VD_NONE,     /* not judged yet */
	VD_TRUE,     /* signed by the host that is pinned */
	VD_UNSIGNED, /* the control plane's word alone: refused, expired, cancelled */
	VD_UNPINNED, /* the host is not in the roster: its result cannot be judged */
	VD_LIES,     /* not true, or not whole */
};

/* One host's part of a job. */
struct run {
	const struct task *task;
	const char *name, *id;	     /* by the ticket */
	const struct roster_host *h; /* NULL: not pinned */

	/* what the control plane says of it */
	char state[16], reason[REASON_MAX * 4 + 1];
	uint64_t output; /* bytes that it holds */
	char *record, *signature;
	int final;

	/* the spool, as it came */
	uint64_t got;
	crypto_hash_sha256_state sha;
	uint8_t *buf;
	size_t have;
	int headed, damaged, streamed;
	uint64_t exit_at; /* where the last exit frame began; 0 none */
	size_t exit_len;
	uint8_t exit_sha[32]; /* of all before it */

	/* what came of it */
	struct bytes out, errout, data;
	int progress; /* a line of progress stands on the terminal */
	enum verdict verdict;
	struct result result; /* of VD_TRUE; of VD_LIES not to be used */
	struct errmsg lie;
	uint64_t ended_ms; /* net_now() of the verdict */
	int told;	   /* its last word was said */
	int restreams;	   /* times that its stream ended too early */
};

enum show {
	SHOW_NONE,   /* neither streamed nor printed */
	SHOW_LIVE,   /* raw, one host */
	SHOW_PREFIX, /* lines with "host: " */
	SHOW_KEEP,   /* kept for --json, or ping */
};

struct fan {
	struct site *s;
	struct task *task;
	size_t ntasks;
	struct run *run;
	size_t nruns, asked; /* runs; those of them that somebody asked for */
	enum show show;
	int quiet;
	uint64_t timeout_ms; /* 0 none */
	int judge_output;    /* the output must be what the record says */
	int explained;	     /* fan_explain() was called */
	/* asked when nothing comes: 1 to wait no longer for R; NULL never */
	int (*enough)(const struct run *r);
};

/* ---- order.c ---- */

struct order {
	const char *keys[TICKET_SIGS]; /* of -s; none: reeve.conf's */
	size_t nkeys;
	int online; /* to be signed by the control plane's own key */
	int show;   /* show the text, and ask on a terminal */
};

/*
 * From a draft without hosts: one ticket for each 64 of HOST's, with ids and names of the roster.
 * Fills F->task and F->run.
 */
void order_make(const struct verb *v, struct fan *f, struct draft *d, const struct roster *r,
    const struct roster_host *const *host, size_t n);
/* Makes D's requester one for whom the control plane's online key signs: "online-NAME". */
void order_online(const struct verb *v, struct draft *d);
/* Shows, signs, uploads the blobs, hands in. Exits with words when something says no. */
void order_submit(struct fan *f, const struct order *o, const struct draft *d);
/* A ticket that is ready becomes F->task[0]; then it and its signatures are handed in. */
void order_take(struct fan *f, const struct roster *r, const char *text, size_t len);
void order_handin(struct fan *f, const struct sig *sig, size_t nsigs);
/*
 * A job that is there, by its ticket as ctld shows it, which must be that job's; the hosts from the
 * roster. SAID gets what ctld says of it.
 */
void order_load(struct fan *f, const struct roster *r, const char *id, struct answer *said);

/* ---- spool.c ---- */

/* The next bytes of R's spool. 0; -1 when they are none of a spool (R->damaged). */
int spool_feed(struct fan *f, struct run *r, const uint8_t *p, size_t len);
/* What waits for the rest of its line goes out. */
void spool_flush(struct fan *f, struct run *r);

/* ---- judge.c ---- */

/* What ctld says of a job's runs: takes it into F's runs. Exits when it speaks of another job. */
void judge_said(struct fan *f, const struct task *t, const struct json *j, int v);
/*
 * Judges a final run: record, signature, ids, ticket, and with OUTPUT the bytes that came. Fills
 * verdict, result and lie.
 */
void judge_run(struct run *r, int output);

/* ---- fan.c ---- */

/* Until every run is judged: an exit code, CLI_OK when it came to that, CLI_GOESON or CLI_STOPPED
 * when not; what went wrong was said. */
int fan_follow(struct fan *f);

/* ---- waiting.c ---- */

/* Says why nothing comes from the runs that have brought nothing yet, where ctld knows a reason. */
void fan_explain(struct fan *f);

/* ---- report.c ---- */

/* The last word on one run, on standard error. */
void report_run(const struct fan *f, struct run *r);
/* What a run came to, in words. Lives until the end. */
char *report_words(const struct run *r);
/* All of it as one JSON document. */
void report_json(const struct fan *f);
/* The whole command's exit code; RC is fan_follow()'s. */
int report_exit(const struct fan *f, int rc);
/* JSON for a person: indented, bytes that a terminal obeys escaped. malloc'ed; NULL when TEXT is
 * none. */
char *report_pretty(const char *text, size_t len);

#endif
