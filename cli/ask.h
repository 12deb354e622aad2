/* The options that run, ping and job submit share (ask.c), and their common course. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/net.h"
#include "cli/run.h"

struct ask {
	struct order order;
	struct draft draft;
	struct fan fan;
	struct roster roster;
	const char *username; /* run: for whom */
	const char *ticket;   /* job submit: a ticket that is ready */
	const char *sigfile[TICKET_SIGS];
	size_t nsigs;
	int json, nowait, help;
	uint64_t timeout; /* seconds to wait, 0 none */
	char **blob, **seal;
};

/* Reads the options. The words begin at argv[optind]; a->help when help was given. */
void ask_options(const struct verb *v, struct ask *a, int argc, char **argv);
/* Opens the site and the roster, and takes what reeve.conf says of the requester. */
void ask_open(struct ask *a);
/* The pinned host of each of N words; malloc'ed and kept. */
const struct roster_host **ask_hosts(const struct verb *v, struct ask *a, char **words, size_t n);
/* Makes, signs, hands in, follows and reports: an exit code. */
int ask_go(const struct verb *v, struct ask *a, const struct roster_host *const *host, size_t n);
/* What was handed in is followed, or with --no-wait named. */
int ask_told(struct ask *a);
/* Follows F's runs and reports. */
int ask_follow(struct ask *a);

#endif
