/* For the files of the queue: what waits for a job. */
#ifndef CTLD_HELD_H
#define CTLD_HELD_H

#include <sys/queue.h>

#include "ctld/queue.h"

/* Embedded first in what waits; MOVED may remove and free it. */
struct held {
	LIST_ENTRY(held) next;
	char job_id[33];
	char oper[65]; /* whose token it is */
	int lost;      /* that token is gone: MOVED ends it */
	void (*moved)(struct held *h);
};
void held_add(struct ctld *c, struct held *h);
void held_remove(struct held *h);

/* Bytes of all output files after ADD more (or fewer). */
uint64_t queue_outbytes(const struct ctld *c, int64_t add);

#endif
