/* The rows of the profile table, one function each, in prof_*.c; profile.h is what others read. */
#ifndef EXECD_PROF_H
#define EXECD_PROF_H

#include <linux/capability.h>

#include "execd/profile.h"

#define PROF_MIB     (1024ULL * 1024)
#define PROF_NOFSIZE UINT64_MAX /* no limit on the size of a file */
#define PROF_CAP(c)  (1ULL << (c))
#define PROF_N(a)    (sizeof(a) / sizeof((a)[0]))

/*
 * What maintainer scripts were measured to need, and what a root-equivalent script gets that names
 * no capability. SETFCAP: without it iputils-ping falls back to setuid root, which is worse.
 */
#define PROF_ROOT_CAPS                                                                      \
	(PROF_CAP(CAP_CHOWN) | PROF_CAP(CAP_DAC_OVERRIDE) | PROF_CAP(CAP_DAC_READ_SEARCH) | \
	    PROF_CAP(CAP_FOWNER) | PROF_CAP(CAP_FSETID) | PROF_CAP(CAP_KILL) |              \
	    PROF_CAP(CAP_SETUID) | PROF_CAP(CAP_SETGID) | PROF_CAP(CAP_SETFCAP) |           \
	    PROF_CAP(CAP_MKNOD) | PROF_CAP(CAP_SYS_CHROOT) | PROF_CAP(CAP_AUDIT_WRITE))

const struct profile *prof_facts(void);
const struct profile *prof_selftest(void);
const struct profile *prof_script(void);
const struct profile *prof_pkg(void);
const struct profile *prof_pkgplan(void);
const struct profile *prof_pkglist(void);
const struct profile *prof_hapsock(void);
const struct profile *prof_vitals(void);

#endif
