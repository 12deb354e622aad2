/* What reeve-ctld may still do once it serves. */
#ifndef CTLD_SANDBOX_H
#define CTLD_SANDBOX_H

#include "ctld/conf.h"
#include "lib/sb.h"

/*
 * Confines this process for good: no capabilities, Landlock on its state (written), its
 * configuration (read) and the signer's socket, and the filter. 0; -1 with E: it must exit.
 */
int ctld_confine(const struct conf *conf, const char *conffile, struct errmsg *e);

/* Its filter, for the tests. */
const struct sb_prog *ctld_prog(void);

#endif
