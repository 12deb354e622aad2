/* APT's status lines (APT::Status-Fd; apt's README.progress-reporting) into progress frames. */
#ifndef EXECD_PROGRESS_H
#define EXECD_PROGRESS_H

#include <stddef.h>

#include "execd/framer.h"

#define PROGRESS_LINE	512
#define PROGRESS_FRAMES 4096 /* of one command; then it falls silent */

struct progress {
	char line[PROGRESS_LINE];
	size_t len;
	int skip; /* inside a line that is too long */
	unsigned int last, frames;
	char phase[64];
};

/*
 * One line without its newline: "dlstatus:1:23.5:Retrieving file 1 of 3" and "pmstatus:name:40.0:
 * Unpacking name". 1 and *PERCENT (0..100), PHASE ("download" or "install NAME"); 0 for any other.
 */
int progress_line(const char *line, unsigned int *percent, char *phase, size_t size);

/* Feeds LEN bytes; writes a frame to F for each change. */
void progress_feed(struct progress *p, struct framer *f, const char *buf, size_t len);

#endif
