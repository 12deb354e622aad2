/* What reeve-ctld may still do once it serves. */
#ifndef CTLD_SANDBOX_H
#define CTLD_SANDBOX_H

#include <limits.h>

#include "ctld/conf.h"
#include "lib/sb.h"

#define CTLD_PATHS (4 * CONF_LISTENS + 4)

struct ctld_paths {
	struct sb_path path[CTLD_PATHS];
	char dir[CTLD_PATHS][PATH_MAX];
	size_t n;
};

/*
 * What it asks of sb_apply_dropped(): its state to write, the directories of its configuration and
 * certificates to read, no TCP port to bind or connect to, and the filter. A must live as long as
 * S.
 */
void ctld_sandbox(
    struct sb *s, struct ctld_paths *a, const struct conf *conf, const char *conffile);
/* Its filter, as the build compiled it from ctld/filter_rows.c. */
const struct sb_prog *ctld_prog(void);
/* Confines this process so, for good. 0; -1 with E: it must exit. */
int ctld_confine(const struct conf *conf, const char *conffile, struct errmsg *e);

#endif
