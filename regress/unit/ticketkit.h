/* A good ticket, and how to spoil it: shared by the tests of the ticket's reader and writer. */
#ifndef REGRESS_TICKETKIT_H
#define REGRESS_TICKETKIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/ticket.h"

#define KIT_FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define KIT_HOST  "5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define KIT_ID	  "9f86d081884c7d659a2feaa0c55ad015"

#define KIT_HEAD                                                                           \
	"reeve-job 1\nfleet " KIT_FLEET "\nhost " KIT_HOST " web1.example.net\nid " KIT_ID \
	"\nissued 1795226400\nnotbefore 1795226400\nnotafter 1795230000\nrequester ops-1\n"
#define KIT_GOOD                                                           \
	KIT_HEAD                                                           \
	"kind pkg.install\narg mode apply\narg name haproxy\narg version " \
	"2.6.12-1+deb12u4\nlimit seconds 900\nlimit output 1048576\nlimit stall 300\nend\n"

/* TEXT with the first FROM changed to TO, malloc'ed. */
static inline char *
kit_edit(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out;

	if (at == NULL ||
	    asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) == -1) {
		fprintf(stderr, "ticketkit: \"%s\" is not in the text\n", from);
		exit(1);
	}
	return out;
}

#endif
