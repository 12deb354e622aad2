/*
 * The plan of a package job: what apt-get -s says it would do, as canonical text. One change a
 * line, sorted: "install NAME VERSION", "purge NAME OLD", "remove NAME OLD", "upgrade NAME OLD NEW"
 * (an upgrade may go down). NAME carries ":arch" where apt does. Its digest is what `plan`
 * compares.
 */
#ifndef EXECD_PLAN_H
#define EXECD_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define PLAN_CHANGES 20000

enum plan_act { PLAN_INSTALL = 1, PLAN_PURGE, PLAN_REMOVE, PLAN_UPGRADE };

struct plan_change {
	enum plan_act act;
	const char *name, *old, *new; /* "" where there is none */
};

struct plan {
	char *buf; /* owned: copies of the words */
	struct plan_change *change;
	size_t n;
	char *text; /* canonical, NUL-ended; "" when there is nothing to do */
	size_t len;
	char digest[8 + 64]; /* "sha256:" and hex */
};

const char *plan_actname(enum plan_act a);

/*
 * From LEN bytes of apt-get -s output: lines Inst, Remv, Purg; others are passed over; one of these
 * that is not understood is an error, so that no change goes unseen. 0 or -1 with E.
 */
int plan_parse(struct plan *p, const char *out, size_t len, struct errmsg *e);
/* From changes that the caller made (names must live on); sorts them, makes text and digest. */
int plan_finish(struct plan *p, struct errmsg *e);
void plan_free(struct plan *p);

/* The change of NAME ("name", or "name:arch" by either spelling), NULL none. */
const struct plan_change *plan_find(const struct plan *p, const char *name);

/* "sha256:..." of LEN bytes. */
void plan_digest(const void *text, size_t len, char out[8 + 64]);

#endif
