/* How netd confines itself. */
#ifndef NETD_SANDBOX_H
#define NETD_SANDBOX_H

#include "lib/sb.h"

/* As the build compiled it from netd/filter_rows.c, and the rows themselves (tests). */
const struct sb_prog *netd_prog(void);
const struct sb_set *netd_rows(void);
/* What netd asks of sb_apply_dropped(): no file at all, its filter, no process. */
void netd_sandbox(struct sb *s);

#endif
