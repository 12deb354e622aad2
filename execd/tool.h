/*
 * The tool child: forked while execd is still root, it confines itself by its profile, says ready,
 * and runs only after the go byte. This is the only place that executes anything.
 */
#ifndef EXECD_TOOL_H
#define EXECD_TOOL_H

#include <sys/types.h>

#include "execd/command.h"
#include "execd/confine.h"
#include "execd/setup.h"

/* What a builtin finds. An executed tool has 0, 1, 2, and 3 where its profile says PF_PROGRESS. */
#define TOOL_AUX     3 /* progress of a tool; JSON of a builtin */
#define TOOL_VERDICT 4 /* a builtin's last word: "end-name SP reason" */
#define TOOL_SOCK    5 /* the connected socket of a builtin */
/* Closed before the tool runs. */
#define TOOL_SYNC 6
#define TOOL_EXE  7

/* The supervisor's ends; -1 where there is none. Non-blocking. */
struct tool {
	pid_t pid; /* 0 before the fork and after the reaping */
	int sync;
	int in, out, err, aux, verdict;
	int term; /* a byte written here becomes a SIGTERM to the tool: see tool_term() */
	int termown;
};

/* Messages on the sync socket, from the tool: one letter and text. */
#define TOOL_SAYS_READY 'R'
#define TOOL_SAYS_FAIL	'F' /* confinement: "stage: why" */
#define TOOL_SAYS_EXEC	'X' /* the exec itself failed */
#define TOOL_GO		'G'

/*
 * Forks the tool of command CMD, confined by C. 0 or -1 with E. The tool is born in the cgroup of S
 * (moving there would wait for a grace period of RCU on many kernels), has its own session,
 * /dev/null or a pipe as input, pipes for the rest.
 */
int tool_start(struct tool *t, const struct command *cmd, const struct confine *c,
    const struct setup *s, struct errmsg *e);

/*
 * TERM to the tool (its process group, or it alone with CMD_ALONE). The supervisor has no right to
 * signal another uid; root armed a pipe with F_SETOWN and F_SETSIG when it made the tool, and the
 * kernel sends the signal by that authority when the pipe becomes readable, to nobody else.
 */
void tool_term(struct tool *t);

/* Closes the supervisor's ends. A tool that had no go byte ends by that. */
void tool_close(struct tool *t);

#endif
