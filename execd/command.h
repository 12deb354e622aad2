/*
 * One command of a step: its program (or our own code), its fixed argument list, its environment,
 * built from scratch before the tool is forked. No shell, no search path.
 */
#ifndef EXECD_COMMAND_H
#define EXECD_COMMAND_H

#include <sys/types.h>

#include <stddef.h>

#include "execd/setup.h"
#include "lib/err.h"

#define COMMAND_ARGV 176 /* a ticket holds at most TICKET_ARGS arguments */
#define COMMAND_ENVP 24
#define COMMAND_TEXT 24576

#define CMD_CAPTURE 0x01 /* the supervisor keeps the standard output for the effect check */
#define CMD_QUIET   0x02 /* and shows it only when the command failed */
#define CMD_STDIN   0x04 /* gets what step_ops.input makes; others get /dev/null */
#define CMD_ALONE   0x08 /* TERM goes to the program alone, not to what it started */
#define CMD_SOFT                                                                         \
	0x10 /* a bad exit status does not end the step: the next command says it better \
	      */

struct command {
	const char *argv[COMMAND_ARGV + 1]; /* NULL-ended */
	size_t argc;
	const char *envp[COMMAND_ENVP + 1];
	size_t envc;
	int exe; /* the ELF to run; -1: argv[0] is the checked path of a script, or BUILTIN */
	int (*builtin)(const struct setup *); /* exit status; runs confined */
	int sock;			      /* given to the builtin; -1 none */
	mode_t umask;
	unsigned int flags;
	int (*when)(void); /* asked by the supervisor just before; NULL always */
	int failed;	   /* something did not fit; command_done() says so */
	size_t used;
	char text[COMMAND_TEXT];
};

/* An empty command with PATH, LANG and HOME (HOME may be NULL: "/"). */
void command_init(struct command *c, const char *home);
/* Copies S in as the next argument. */
void command_arg(struct command *c, const char *s);
void command_argf(struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void command_env(struct command *c, const char *name, const char *value);
/* Opens the ELF PATH with all the checks of fd_open_trusted() and makes it argv[0]. 0 or -1 with E.
 */
int command_exe(struct command *c, const char *path, struct errmsg *e);
/* 0 when everything fitted; else -1 with E. */
int command_done(const struct command *c, struct errmsg *e);

#endif
