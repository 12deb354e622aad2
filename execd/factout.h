/* Facts that agent.facts and the heartbeat's vitals both tell, read and written as JSON. */
#ifndef EXECD_FACTOUT_H
#define EXECD_FACTOUT_H

#include <stddef.h>

#include "proto/jsonout.h"

#define FACT_FILE (256 * 1024) /* bytes of BUF below: of a file as much as fits is read */

/* The text of PATH in BUF, cut at its size; NULL when it cannot be read. */
const char *factout_slurp(const char *path, char *buf, size_t size);

/* Members of the object that is open; what cannot be read is left out. BUF holds FACT_FILE. */
void factout_os(struct jsonout *j, char *buf);	      /* "os": id, version, name, kernel, arch */
void factout_load(struct jsonout *j, char *buf);      /* "uptime", "load" */
void factout_memory(struct jsonout *j, char *buf);    /* "memory": KiB */
void factout_addresses(struct jsonout *j, char *buf); /* "addresses", of its own interfaces */

#endif
