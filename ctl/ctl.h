/* reevectl: what its verbs share (ctl/main.c, client.c, out.c, stream.c). */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "lib/err.h"

/* Exit statuses, as reevectl(8) lists them. */
enum ctl_exit {
	CTL_EXIT_OK = 0,    /* done; the job ended ok */
	CTL_EXIT_NOTOK = 1, /* the job ended otherwise, or a check failed */
	CTL_EXIT_USAGE = 2,
	CTL_EXIT_AGENT = 3,   /* the agent cannot be reached, or a file cannot be read or written */
	CTL_EXIT_REFUSED = 4, /* the agent said no, and why */
};

struct ctl {
	const char *socket; /* path of control.sock */
	int json;
	struct imsgbuf *chan; /* NULL until ctl_connect() */
};

struct ctl_verb {
	const char *name;				 /* "submit" */
	const char *args;				 /* for the usage line */
	const char *doc;				 /* one sentence */
	int (*run)(struct ctl *, int argc, char **argv); /* argv[0] is the verb */
};
/* Every verb, NULL name last. */
const struct ctl_verb *ctl_verbs(void);
/* Prints the usage of verb NAME to stderr; returns CTL_EXIT_USAGE. */
int ctl_usage(const char *name);

/* ---- client.c ---- */

/* Connects to the agent. Fills c->chan, or exits with CTL_EXIT_AGENT after saying what to do. */
void ctl_connect(struct ctl *c);
/* The same without a word and without an exit: 0, or -1 when no agent answers. */
int ctl_try_connect(struct ctl *c);
/* Sends one message; IB may be NULL. Exits with CTL_EXIT_AGENT when the agent is gone. */
void ctl_send(struct ctl *c, uint32_t type, struct ibuf *ib);
/* Takes the next answer, or exits with CTL_EXIT_AGENT. */
void ctl_recv(struct ctl *c, struct imsg *m);
/*
 * Sends a request whose answer is CTL_OK or CTL_ERR. Returns CTL_EXIT_OK or CTL_EXIT_REFUSED; TEXT
 * (SIZE bytes) gets the words.
 */
int ctl_ask(struct ctl *c, uint32_t type, struct ibuf *ib, char *text, size_t size);
/* Parses a job id argument (32 hex digits). 0, or -1 after an error message. */
int ctl_jobid(const char *s, uint8_t id[16]);
/* Reads a file of at most MAX bytes, or exits with CTL_EXIT_AGENT. Caller frees. */
char *ctl_readfile(const char *path, size_t max, size_t *len);

/* ---- out.c ---- */

enum ctl_coltype { COL_STR, COL_NUM, COL_TIME };
struct ctl_col {
	const char *key;   /* of the item's pair, and of the JSON member */
	const char *title; /* of the table's column; NULL: only in JSON */
	enum ctl_coltype type;
};

struct ctl_table;

/* COLS ends with key NULL. A table is printed with libsmartcols, or as a JSON array of objects. */
struct ctl_table *ctl_table_new(struct ctl *c, const struct ctl_col *cols);
/* Adds an item's pairs as a row. 0, or -1 when the item is malformed. */
int ctl_table_add(struct ctl_table *t, const struct imsg *m);
/* Prints and frees. */
void ctl_table_print(struct ctl_table *t);
/* Asks TYPE, and prints the items that come as a table until CTL_END. An exit status. */
int ctl_list(struct ctl *c, uint32_t type, struct ibuf *ib, const struct ctl_col *cols);
/* Value of KEY in an item; NULL when it has none. */
const char *ctl_item(const struct imsg *m, const char *key);
/* "2026-11-21 04:08:00Z" of seconds since the epoch, "-" for 0. */
void ctl_time(uint64_t t, char *buf, size_t size);

/* ---- stream.c ---- */

/*
 * Waits for a job: prints its output as it comes and its result at the end, and acknowledges it
 * unless KEEP. RESULTFILE (may be NULL) gets the signed record, and RESULTFILE.sig its signature.
 */
int ctl_wait(struct ctl *c, const uint8_t id[16], int keep, const char *resultfile);
/* Writes a record and its signature (signify format) to FILE and FILE.sig. 0 or -1, said. */
int ctl_saveresult(const char *file, const uint8_t *record, size_t len, const struct sig *sig);

/* ---- verbs, by group ---- */
int verb_submit(struct ctl *, int, char **);
int verb_wait(struct ctl *, int, char **);
int verb_jobs(struct ctl *, int, char **);
int verb_show(struct ctl *, int, char **);
int verb_cancel(struct ctl *, int, char **);
int verb_status(struct ctl *, int, char **);
int verb_reload(struct ctl *, int, char **);
int verb_check(struct ctl *, int, char **);
int verb_selftest(struct ctl *, int, char **);
int verb_policy(struct ctl *, int, char **);
int verb_trust(struct ctl *, int, char **);
int verb_audit(struct ctl *, int, char **);
int verb_enroll(struct ctl *, int, char **);
int verb_fingerprint(struct ctl *, int, char **);

#endif
