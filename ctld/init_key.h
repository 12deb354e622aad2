/* For `reeve-ctld init`: a server key with its request, and programs run for their output. */
#ifndef CTLD_INIT_KEY_H
#define CTLD_INIT_KEY_H

#include <stddef.h>

#include "lib/err.h"
#include "lib/users.h"

/* A P-256 key (PKCS #8, PEM) and a PKCS #10 request of CN by it: malloc'ed. 0 or -1 with E. */
int init_key_new(const char *cn, char **key, char **csr, struct errmsg *e);
/* A request by the key in PEM. */
int init_key_csr(const char *cn, const char *key, char **csr, struct errmsg *e);

/*
 * Runs ARGV (an absolute path first), as U when it is not NULL, with INPUT on its standard input, a
 * bare environment and our standard error. Its output, malloc'ed and NUL-ended; NULL with E when it
 * fails in any way.
 */
char *init_run(const char *const *argv, const struct user *u, const char *input, struct errmsg *e);

#endif
