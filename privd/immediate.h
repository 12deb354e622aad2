/* Kinds without an executor: done by privd itself, answered in the spool as "key value" lines. */
#ifndef PRIVD_IMMEDIATE_H
#define PRIVD_IMMEDIATE_H

#include "privd/jobs.h"

/* Does J's kind. R gets its exit record; the answer is in the spool, durable. */
void immediate_run(struct privd *p, struct job *j, struct exitrec *r);

#endif
