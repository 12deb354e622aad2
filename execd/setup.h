/*
 * What privd told this executor about one step, read from the channel and checked once more: the
 * ticket was verified by privd; here a mix-up (another step, another profile, another host's words,
 * limits that the ticket does not allow) ends the step before it began.
 */
#ifndef EXECD_SETUP_H
#define EXECD_SETUP_H

#include <stdint.h>

#include "execd/profile.h"
#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "lib/err.h"
#include "proto/job.h"
#include "proto/ticket.h"

struct setup {
	struct msg_host host;
	struct msg_start start; /* .ticket is NULL here: the parsed one is TICKET */
	const struct profile *profile;
	const struct kind *kind; /* NULL: the internal step */
	char idhex[JOB_IDLEN + 1];
	uint8_t seal[32];
	int has_host, has_seal;
	int spool;
	int cgroup, cgroup_kill; /* the directory and a file in it; -1 none */
	int blob[TICKET_BLOBS];
	size_t nblobs;
	struct ticket ticket; /* only with KIND */
};

#define SETUP_TIMEOUT 10000 /* ms for each message */

/* Reads EXEC_HOST to EXEC_START from CH. 1; 0 the peer closed; -1 with E. Descriptors belong to S.
 */
int setup_read(struct setup *s, struct imsgbuf *ch, struct errmsg *e);

/* Judges what setup_read() took. 0 or -1 with E. */
int setup_check(const struct setup *s, struct errmsg *e);

#endif
