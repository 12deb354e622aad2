/*
 * From a profile row and this host's words to one struct sb, for execd's two processes and for the
 * denial probes of regress/sandbox, so that both confine by the same lines.
 */
#ifndef EXECD_CONFINE_H
#define EXECD_CONFINE_H

#include "execd/profile.h"
#include "imsg/msg_codec.h"
#include "lib/sb.h"

#define CONFINE_PATHS  128
#define CONFINE_MOUNTS 160
#define CONFINE_TEXT   32768

/*
 * What SB points into; begun afresh by confine_tool() and confine_supervisor(). The arrays stay
 * untouched beyond what is used: memory that nobody wrote to costs nothing.
 */
struct confine {
	struct sb sb; /* give this to sb_apply() */
	size_t used;  /* of TEXT */
	struct sb_path path[CONFINE_PATHS];
	struct sb_mount mount[CONFINE_MOUNTS];
	char text[CONFINE_TEXT]; /* paths that are not constants */
};

/*
 * The tool of profile P on the host H: ids from H (tool_uid, tool_gid; 0 only where class and H
 * allow it), the row's capabilities or the script's, sets, paths and mounts; for a script also its
 * writable directories, its network, and its own directory left visible where a door covers it.
 * Run as root before the drop, since it reads directories. 0 or -1 with E.
 */
int confine_tool(
    struct confine *c, const struct profile *p, const struct msg_host *h, struct errmsg *e);

/*
 * The supervisor of a step with profile P: run_uid, no capability, reads the package manager's
 * state where the effect check of that profile needs it, kill on anything else. 0 or -1 with E.
 */
int confine_supervisor(
    struct confine *c, const struct profile *p, const struct msg_host *h, struct errmsg *e);

#endif
