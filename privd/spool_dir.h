/* Inside of the spool, for spool.c and spool_blob.c: the directory and the names in it. */
#ifndef PRIVD_SPOOL_DIR_H
#define PRIVD_SPOOL_DIR_H

#include <stdint.h>
#include <time.h>

#include "privd/spool.h"

struct spool {
	int dirfd;
	uint64_t max;
	uint64_t used;	   /* bytes of all files when they were counted */
	uint64_t promised; /* by spool_room() since then */
	struct timespec counted;
};

#define SPOOL_NAME 48

/* "ID.out" for INDEX -1, else "ID.blobINDEX". */
void spool_name(char name[SPOOL_NAME], const uint8_t id[16], int index);
/* The file of that name, its owner, mode and links checked; *SIZE its bytes. -1 with E (errno
 * kept). */
int spool_file(struct spool *s, const char *name, int flags, uint64_t *size, struct errmsg *e);
/* A nameless file of mode 0600 in the spool; -1 with E. */
int spool_nameless(struct spool *s, const char *name, struct errmsg *e);
/* Syncs the nameless FD, gives it NAME, and syncs the directory. EEXIST when the name is taken. */
int spool_link(struct spool *s, int fd, const char *name, struct errmsg *e);

#endif
