/* reeve, the operator's command: its verbs and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <sys/types.h>

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/jsonout.h"
#include "proto/signify.h"
#include "proto/ticket.h"

/* Exit codes, all of them (reeve(1)). */
enum cli_exit {
	CLI_OK = 0,
	CLI_NO = 1,	/* refused: not a ticket, not signed by that key, a value that may not be */
	CLI_USAGE = 2,	/* the command line is wrong */
	CLI_CANNOT = 3, /* a file or the system did not play along */
	CLI_NET = 4,	/* no control plane was reached */
	CLI_SAID = 5,	/* the control plane said no */
	CLI_ENDED = 121,   /* a job ended otherwise than by its tool's exit */
	CLI_GOESON = 124,  /* reeve's time is over, the job goes on */
	CLI_LIES = 125,	   /* what the control plane says is not true, or not whole */
	CLI_STOPPED = 130, /* Ctrl-C; the job goes on */
};

#define CLI_FILE_MAX (64 * 1024 * 1024) /* what verify reads */
#define CLI_JSON_MAX (1024 * 1024)

struct verb {
	const char *group, *name; /* "key", "new"; NAME is "" where the group alone is the verb */
	const char *args;	  /* for the usage line */
	const char *does;	  /* one sentence */
	const char *options;	  /* for help, one a line, each beginning with its dash */
	int (*run)(const struct verb *v, int argc, char **argv); /* argv[0] is the verb's word */
};

/* Row N of main.c's table, NULL after the last. */
const struct verb *verb_nth(size_t n);

/* The verbs: key.c, ticket_new.c, ticket_show.c, sign.c, verify.c. Each returns an exit code. */
int key_new(const struct verb *v, int argc, char **argv);
int key_show(const struct verb *v, int argc, char **argv);
int cli_ticket_new(const struct verb *v, int argc, char **argv);
int cli_ticket_show(const struct verb *v, int argc, char **argv);
int cli_sign(const struct verb *v, int argc, char **argv);
int cli_verify(const struct verb *v, int argc, char **argv);

/* ---- io.c ---- */

/* Prints the message and the verb's usage line; exits with CLI_USAGE. */
void cli_usage(const struct verb *v, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
/* Prints the verb's whole help to standard output. */
void cli_help(const struct verb *v);
/* getopt_long(3) of SHORTS and LONGS; -1 at the end. A wrong option is cli_usage(). */
int cli_getopt(
    const struct verb *v, int argc, char **argv, const char *shorts, const struct option *longs);
/* Reads a file ("-" is standard input) of at most MAX bytes, NUL-ended; exits when it cannot. */
char *cli_read(const char *path, size_t max, size_t *len);
/* Writes and fsyncs a file; with EXCL one that exists is not touched. Exits when it cannot. */
void cli_write(const char *path, mode_t mode, int excl, const void *buf, size_t len);
/*
 * Reads a file whose safety matters: regular, the caller's own (root's too unless MASK is 077), and
 * with no bit of MASK in its mode. WHAT says what others would get at. Exits when it is not so.
 */
char *cli_read_own(const char *path, const char *what, mode_t mask, size_t max, size_t *len);
/* Keeps malloc'ed memory until the program ends; exits when P is NULL. Returns P. */
void *cli_keep(void *p);
/* S fit for a terminal: printable ASCII as it is, all else as \\ooo. Lives until the end. */
char *cli_clean(const char *s);
/*
 * Bytes of another machine to a terminal: newlines, tabs, printable ASCII and well-formed UTF-8 but
 * its control characters; every other byte as \ooo. T, zeroed at first, is what stands between two
 * calls.
 */
struct cli_tty {
	uint8_t lead;	   /* of a character whose second byte is waited for */
	unsigned int need; /* bytes that it still needs */
};
void cli_put(struct cli_tty *t, FILE *to, const uint8_t *p, size_t len);
/* JSON text as it came, its control characters (DEL and U+0080 to U+009F may stand raw) escaped. */
void cli_put_json(FILE *to, const char *p, size_t len);
/* "90", "90s", "30m", "1h", "7d" in seconds, 1 to MAX; cli_usage() names OPTION otherwise. */
uint64_t cli_span(const struct verb *v, const char *option, const char *text, uint64_t max);
/* A number MIN..MAX; cli_usage() names OPTION otherwise. */
uint64_t cli_number(
    const struct verb *v, const char *option, const char *text, uint64_t min, uint64_t max);
/* Flushes standard output; exits when what was printed could not be written. */
void cli_flush(void);
/* Prints J as one line and frees it. */
void cli_json(struct jsonout *j);

/* ---- sign.c ---- */

/*
 * Signs LEN bytes of TEXT by the secret key in KEYFILE, without asking what they are; a key with a
 * passphrase is signify(1)'s to use. Exits with words when it cannot.
 */
void cli_sign_text(const char *keyfile, const char *text, size_t len, struct sig *out);

/* ---- identify.c ---- */

enum cli_text { TEXT_NONE, TEXT_TICKET, TEXT_KEYS, TEXT_RESET, TEXT_RESULT };
/*
 * What a text is, by its first line, and that it is a whole one of that kind; WORDS says it for a
 * person ("ticket ID, agent.ping for web1"). TEXT_NONE with E when it is none, or a broken one.
 */
enum cli_text cli_identify(const char *buf, size_t len, char *words, size_t size, struct errmsg *e);

/* ---- kinds.c: help from the table of job kinds ---- */

void kinds_list(void);
void kind_help(const struct kind *k);

/* ---- completion.c: the verbs, their options and the kinds as a bash completion ---- */

void completion_print(void);

/* ---- table.c: tables by libsmartcols, and times ---- */

struct table;
struct table *table_new(const char *const *cols, size_t ncols, int headings);
/* One cell a column, copied. */
void table_row(struct table *t, const char *const *cells);
/* Prints T and frees it. */
void table_print(struct table *t);
/* "2026-11-21 02:00:00 UTC" */
void time_text(uint64_t when, char *buf, size_t size);

#endif
