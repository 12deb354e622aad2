/* scripts.conf: the scripts that script.run may name (reeve-scripts.conf(5)). */
#ifndef PRIVD_SCRIPTS_H
#define PRIVD_SCRIPTS_H

#include <stdint.h>

#include "lib/err.h"
#include "privd/conf.h"

struct script {
	char name[65];
	char path[1024];
	char user[65];
	struct user ids;
	char home[1024];
	uint64_t caps;
	int net; /* network=yes, the default; no = an empty network namespace */
	int root_equivalent;
	char write[1024];  /* ':' between; "" none */
	uint32_t timeout;  /* 0: the kind's */
	uint32_t parallel; /* default 1 */
	unsigned int line;
};

struct scripts;

/*
 * name = /abs/path [user=NAME] [caps=A,B] [write=DIR:DIR] [network=yes|no] [timeout=N] [parallel=N]
 * [root-equivalent]. Each path must lie under one of conf's script-dirs, be root-owned, not
 * writable by others along the way, regular, and readable and executable by its user (tried, in a
 * child that became that user). A missing file means no scripts. NULL with E "FILE:LINE: ...".
 */
struct scripts *scripts_load(const struct conf *c, struct errmsg *e);
/* The same from LEN bytes of memory, syntax only: users, files and directories are not looked at.
 */
struct scripts *scripts_fromtext(
    const struct conf *c, const char *file, const char *buf, size_t len, struct errmsg *e);
void scripts_free(struct scripts *s);
const struct script *scripts_find(const struct scripts *s, const char *name);
const struct script *scripts_nth(const struct scripts *s, unsigned int n);

#endif
