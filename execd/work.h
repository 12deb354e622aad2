/* One step from EXEC_START to its exit frame: what the supervisor holds, and what a step's row
 * does. */
#ifndef EXECD_WORK_H
#define EXECD_WORK_H

#include <stddef.h>
#include <stdint.h>

#include "execd/command.h"
#include "execd/confine.h"
#include "execd/framer.h"
#include "execd/setup.h"
#include "execd/tool.h"
#include "proto/jsonout.h"
#include "proto/result.h"

#define WORK_CMDS   2
#define CAPTURE_MAX (8 * 1024 * 1024) /* standard output kept for an effect check */
#define WORK_INPUT  65536	      /* standard input of a script; a pipe holds as much */

struct capture {
	char *buf; /* NUL-ended when not NULL */
	size_t len, size;
	int over; /* more came than is kept */
};

struct dpkg;
struct work;

/* What is special about one step of one kind; rows in step.c. */
struct step_ops {
	enum kind_id kind;
	uint8_t step;
	/* As root, before the fork: fills w->cmd and w->ncmds. 0 or -1 with E. */
	int (*prepare)(struct work *w, struct errmsg *e);
	/* In the confined supervisor before EXEC_READY: fills w->input. NULL none. */
	int (*input)(struct work *w, struct errmsg *e);
	/* In the supervisor after the go, before the first command. NULL none. */
	void (*before)(struct work *w);
	/*
	 * In the supervisor when all commands ended well: checks the effect, writes DATA, sets
	 * w->rec.end and .effect by work_effect(). NULL: the exit status is all there is.
	 */
	void (*after)(struct work *w);
};

struct work {
	struct setup in;
	const struct step_ops *ops;
	struct command cmd[WORK_CMDS];
	size_t ncmds;
	struct confine tool_box, own_box;
	struct tool tool[WORK_CMDS];
	struct capture cap[WORK_CMDS];
	struct framer fr;
	struct exitrec rec;
	char *input; /* malloc'ed; wiped after the write */
	size_t inlen, inoff;
	struct dpkg *before; /* what was installed before an apply; NULL not known */
};

/* The row of a step, NULL when there is none. KIND_NONE: the internal step. */
const struct step_ops *step_find(enum kind_id kind, uint8_t step);

/* Sets how the step ended; the reason is made printable and cut. The first word stands. */
void work_end(struct work *w, enum end end, int32_t code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The effect is there: EFFECT_OK. Not there: END_EFFECT with the reason. Both return nothing to do.
 */
void work_effect_ok(struct work *w);
void work_effect_failed(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* J as the step's DATA; a J that failed (over its size) becomes END_EFFECT. Frees J. */
void work_data(struct work *w, struct jsonout *j);

#endif
