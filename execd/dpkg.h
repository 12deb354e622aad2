/* dpkg's status file (deb-control(5), dpkg(1) "package states"), parsed for effect checks and
 * lists. */
#ifndef EXECD_DPKG_H
#define EXECD_DPKG_H

#include <stddef.h>

#include "lib/err.h"

#define DPKG_STATUS	"/var/lib/dpkg/status"
#define DPKG_STATUS_MAX (64 * 1024 * 1024)
#define DPKG_PACKAGES	200000

struct dpkg_pkg {
	const char *name, *version, *arch; /* version and arch may be "" */
	int installed;			   /* state "installed" and no error flag */
	int held;			   /* wanted: hold */
	int broken;  /* unpacked, half-configured, triggers pending, error flag */
	int present; /* any state but not-installed and config-files */
};

struct dpkg {
	char *buf; /* owned; the strings point into it */
	struct dpkg_pkg *pkg;
	size_t n;
};

/*
 * Parses LEN bytes of BUF (malloc'ed, NUL-ended; taken over also on failure). A stanza without a
 * Package or Status, with a bad name, version or architecture, a field twice, a NUL byte: refused.
 * Sorted by name, then architecture; the same pair twice is refused. 0, or -1 with E ("line 12:
 * ...").
 */
int dpkg_parse(struct dpkg *d, char *buf, size_t len, struct errmsg *e);
void dpkg_free(struct dpkg *d);

/* Reads DPKG_STATUS. 0 or -1 with E. */
int dpkg_read(struct dpkg *d, struct errmsg *e);

/* The package NAME ("name" or "name:arch"); without an architecture an installed one wins. NULL
 * none. */
const struct dpkg_pkg *dpkg_find(const struct dpkg *d, const char *name);

/*
 * A former run of dpkg was cut off: its journal has entries, or a package stands between unpacked
 * and configured. 1 or 0.
 */
int dpkg_interrupted(void);

#endif
