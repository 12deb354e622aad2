/* What must hold on this host for one line of scripts.conf (scripts.c reads the line). */
#ifndef PRIVD_SCRIPTS_CHECK_H
#define PRIVD_SCRIPTS_CHECK_H

#include "privd/scripts.h"

/* 1 when PATH is DIR or lies beneath it; both normalised. */
int script_within(const char *path, const char *dir);

/* Fills ids and home of S. 0; -1 with E when its user may not run scripts. */
int script_user(const struct conf *c, struct script *s, struct errmsg *e);
/* The file: trusted on its fd, a script with an interpreter, readable and executable by its user.
 */
int script_file(const struct script *s, struct errmsg *e);
/* The directories of write=: there, no links, and none of reeve's own or the kernel's. */
int script_writes(const struct conf *c, const struct script *s, struct errmsg *e);

#endif
