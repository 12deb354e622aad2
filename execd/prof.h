/* The rows of the profile table, one function each, in prof_*.c; profile.h is what others read. */
#ifndef EXECD_PROF_H
#define EXECD_PROF_H

#include "execd/profile.h"

#define PROF_MIB     (1024ULL * 1024)
#define PROF_NOFSIZE UINT64_MAX /* no limit on the size of a file */
#define PROF_CAP(c)  (1ULL << (c))
#define PROF_N(a)    (sizeof(a) / sizeof((a)[0]))

const struct profile *prof_facts(void);
const struct profile *prof_selftest(void);
const struct profile *prof_script(void);
const struct profile *prof_pkg(void);
const struct profile *prof_pkgplan(void);
const struct profile *prof_pkglist(void);
const struct profile *prof_hapsock(void);

#endif
