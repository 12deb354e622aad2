/* From the configuration to a server that runs, and a reload of it; for main.c. */
#ifndef CTLD_START_H
#define CTLD_START_H

#include "ctld/ctld.h"
#include "ctld/server.h"

#define EXIT_CONFIG 78

struct start {
	struct ctld c;
	struct listeners ls;
	struct server *server;
	char conffile[1024];
	int verbose; /* asked for on the command line */
};

/* The configuration, the sockets and keys: with the rights that the process was started with. 0, or
 * -1 with E: EXIT_CONFIG. */
int start_words(struct start *s, const char *file, struct errmsg *e);
/* -n: whether all of that would be there. Opens nothing that others use. */
int start_check(struct start *s, const char *file, struct errmsg *e);
/* Becomes _reevectl, unless it is nobody special already. */
int start_drop(struct errmsg *e);
/* State, signer, server; c.base is there. Nobody is answered before the event loop runs. */
int start_serving(struct start *s, struct errmsg *e);
/* All of the configuration and the certificates again, or nothing. */
int start_reload(struct start *s, struct errmsg *e);
void start_undo(struct start *s);

#endif
