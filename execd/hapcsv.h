/*
 * HAProxy's answers into JSON (management.txt sections 9.1 and 9.3). Pure functions over bytes that
 * may be hostile: names and values are written as strings, a plain decimal number as a number.
 */
#ifndef EXECD_HAPCSV_H
#define EXECD_HAPCSV_H

#include <stddef.h>

#include "lib/err.h"
#include "proto/jsonout.h"

#define HAP_COLUMNS 256
#define HAP_NAME    64

/*
 * "show stat": a header "# pxname,svname,..." and rows; fields may be quoted with "" inside. An
 * array NAME of objects; empty fields are left out. BUF (NUL-ended, LEN bytes) is cut up. 0 or -1
 * with E.
 */
int hap_stat(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e);
/*
 * The same, bounded for a heartbeat: the columns of WANTED (NULL ends it) alone, no row of more
 * than HAP_ROW bytes, and none any more once J holds MOST bytes. Returns how many rows were left
 * out, or -1 with E.
 */
#define HAP_ROW 2048
int hap_stat_some(struct jsonout *j, const char *name, char *buf, size_t len,
    const char *const *wanted, size_t most, struct errmsg *e);
/* "show info": lines "Name: value" into an object NAME. */
int hap_info(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e);
/* "show servers state": version line, "# be_id be_name ...", rows between blanks; an array NAME. */
int hap_servers(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e);
/* Any answer as an array NAME of its lines. */
void hap_lines(struct jsonout *j, const char *name, char *buf);

#define HAP_ADMIN_MAINT 0x01 /* SRV_ADMF_FMAINT: set by an operator */
#define HAP_ADMIN_DRAIN 0x08 /* SRV_ADMF_FDRAIN */

struct hap_server {
	unsigned int admin;  /* srv_admin_state */
	unsigned int weight; /* srv_uweight */
};

/* Finds BACKEND/SERVER in a "show servers state" answer (cut up). 1, 0 not there, -1 with E. */
int hap_find(char *buf, size_t len, const char *backend, const char *server, struct hap_server *s,
    struct errmsg *e);
/* "maint", "drain" or "ready". */
const char *hap_statename(const struct hap_server *s);

#endif
