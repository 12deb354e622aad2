/* One command to HAProxy's admin socket and its whole answer (management.txt section 9.3). */
#ifndef EXECD_HAPSOCK_H
#define EXECD_HAPSOCK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define HAP_ANSWER_MAX (16 * 1024 * 1024)

struct hapsock {
	int fd;
	uint64_t until; /* framer_mono(): no answer is waited for beyond it */
	char *buf;	/* the last answer, NUL-ended, without the prompt */
	size_t len, size;
};

/*
 * As root, before the drop: walks PATH without symlinks, wants a socket there, connects to exactly
 * what it found. The descriptor, or -1 with E.
 */
int hapsock_connect(const char *path, struct errmsg *e);

/* Sends CMD (no newline in it) and reads until HAProxy closes. 0 or -1 with E. */
int hapsock_last(struct hapsock *h, const char *cmd, struct errmsg *e);
/* Asks for the interactive mode, so that more than one command goes over one connection. */
int hapsock_begin(struct hapsock *h, struct errmsg *e);
/* Sends CMD and reads until the next prompt. 0 or -1 with E. */
int hapsock_ask(struct hapsock *h, const char *cmd, struct errmsg *e);

#endif
