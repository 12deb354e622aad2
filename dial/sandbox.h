/* How dial confines itself. */
#ifndef DIAL_SANDBOX_H
#define DIAL_SANDBOX_H

#include "lib/sb.h"

/* As the build compiled it from dial/filter_rows.c. */
const struct sb_prog *dial_prog(void);
/* What dial asks of sb_apply_dropped(): read-only system files, its filter, no process, no file. */
void dial_sandbox(struct sb *s);

#endif
