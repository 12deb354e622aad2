/* The signer's socket, and who may connect to it. */
#ifndef SIGN_LISTEN_H
#define SIGN_LISTEN_H

#include <sys/types.h>

#include "lib/err.h"
#include "lib/users.h"

/*
 * Makes PATH, for PEER's uid to connect to: mode 0660, group PEER's, and as root owned by OWNER,
 * its directory made too when that is missing. A socket that nobody listens on any more is
 * replaced. The listening descriptor, or -1 with E.
 */
int sign_listen(
    const char *path, const struct user *owner, const struct user *peer, struct errmsg *e);
/* The next peer that is UID; others are told off in the log. -1: none now. */
int sign_accept(int sock, uid_t uid);

#endif
