/* The verbs that speak with the control plane, and what they share (v_*.c). */
#ifndef CLI_NET_H
#define CLI_NET_H

#include "cli/cli.h"
#include "cli/site.h"

int cli_whoami(const struct verb *v, int argc, char **argv);

int cli_host_add(const struct verb *v, int argc, char **argv);
int cli_host_list(const struct verb *v, int argc, char **argv);
int cli_host_show(const struct verb *v, int argc, char **argv);
int cli_host_rename(const struct verb *v, int argc, char **argv);
int cli_host_allow(const struct verb *v, int argc, char **argv);
int cli_host_secret(const struct verb *v, int argc, char **argv);
int cli_host_revoke(const struct verb *v, int argc, char **argv);
int cli_host_remove(const struct verb *v, int argc, char **argv);
int cli_host_maintenance(const struct verb *v, int argc, char **argv);
int cli_host_unclone(const struct verb *v, int argc, char **argv);

int cli_token_add(const struct verb *v, int argc, char **argv);
int cli_token_list(const struct verb *v, int argc, char **argv);
int cli_token_remove(const struct verb *v, int argc, char **argv);

int roster_list(const struct verb *v, int argc, char **argv);
int roster_show(const struct verb *v, int argc, char **argv);
int roster_pin(const struct verb *v, int argc, char **argv);
int roster_remove(const struct verb *v, int argc, char **argv);
int roster_rename(const struct verb *v, int argc, char **argv);

int cli_job_kinds(const struct verb *v, int argc, char **argv);
int cli_job_submit(const struct verb *v, int argc, char **argv);
int cli_job_show(const struct verb *v, int argc, char **argv);
int cli_job_list(const struct verb *v, int argc, char **argv);
int cli_job_tail(const struct verb *v, int argc, char **argv);
int cli_job_wait(const struct verb *v, int argc, char **argv);
int cli_job_cancel(const struct verb *v, int argc, char **argv);
int cli_run(const struct verb *v, int argc, char **argv);
int cli_ping(const struct verb *v, int argc, char **argv);

/* ---- v_common.c ---- */

/*
 * The options --json and --help alone, then between MIN and MAX words, which WANT names. -1 when
 * help was asked for and given; else 1 for --json, 0 without. The words begin at argv[optind].
 */
int net_options(const struct verb *v, int argc, char **argv, int min, int max, const char *want);
/* A host's name in lower case; cli_usage() when it is none. Lives until the end. */
char *net_hostname(const struct verb *v, const char *word);
/* "2026-11-21 02:00:00 UTC", "-" for 0; lives until the end. */
char *net_time(uint64_t t);
/* S, or "-" for "". */
const char *net_dash(const char *s);
/* The fingerprint of a host, reckoned here; lives until the end. "-" before it was enrolled. */
char *net_print(const char *fleet, const struct roster_host *h);
/*
 * What the control plane says of H against the roster; warns loudly when it is not what was pinned.
 * "pinned", "-" or "DIFFERS".
 */
const char *net_pinned(const struct roster *r, const struct roster_host *h);
/* The fleet's id: the roster's, or the control plane's while the roster is empty. Exits with
 * CLI_LIES when both are there and differ. */
const char *net_fleet(struct site *s, const struct roster *r);

#endif
