/* A ticket while its words are being collected (ticket_new.c) and put in order (draft.c). */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "proto/ticket.h"

/* "name=value" words of one sort, in the order given. */
struct words {
	struct {
		char *name, *value;
	} at[TICKET_ARGS];
	size_t n;
};

struct draft {
	struct ticket t; /* text and plain stay unused: the strings are the command line's */
	struct words words, blobs, seals;
	uint64_t valid;
	const char *sealkey, *out;
	const uint8_t *sealraw; /* the host's key from the roster, instead of SEALKEY's file */
	char *blobdata[TICKET_BLOBS]; /* what t.blob[] was reckoned from */
	char id[JOB_IDLEN + 1];
};

/* Cuts "name=value" at its '=' and returns the value; cli_usage() when there is none. */
char *draft_split(const struct verb *v, const char *what, char *word);
void draft_word(const struct verb *v, struct words *w, const char *what, char *word);
/* Puts "ID:NAME" at its place among the hosts. */
void draft_host(const struct verb *v, struct draft *d, char *word);
/* "WHAT=N" of --limit. */
void draft_limit(const struct verb *v, struct draft *d, char *word);
/* The requester, by default the login name; cli_usage() when it is none. */
void draft_requester(const struct verb *v, struct draft *d);
/* A new id; the times that were not given; notafter by d->valid. */
void draft_stamp(struct draft *d);
/* Arguments, sealed ones and blobs into the ticket, in the order of the kind's row; exits with
 * CLI_NO when one is not the kind's. */
void draft_finish(const struct verb *v, struct draft *d);

#endif
