/* apt-cache show: the digest that the package lists give for one version (deb822(5)). */
#ifndef EXECD_APTSHOW_H
#define EXECD_APTSHOW_H

#include <stddef.h>

#include "lib/err.h"

/*
 * OUT is LEN bytes of `apt-cache show NAME`. WANT ("sha256:...") must be what every stanza of NAME
 * at VERSION says that carries a SHA256 field, and at least one must. 0 or -1 with E. BUF may be
 * NULL.
 */
int aptshow_sha256(const char *out, size_t len, const char *name, const char *version,
    const char *want, struct errmsg *e);

#endif
