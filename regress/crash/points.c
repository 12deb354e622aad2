/*
 * Every point at which a CRASH=1 build can be made to die: the ledger's records, the messages
 *between privd and its executor, and privd's end of the messages with reevectl. A line is
 *
 *	run PROCESS POINT	or	skip PROCESS POINT reason
 *
 * and what is skipped stands here, with why. crash.sh fails when a point to run is not reached.
 */
#include <stdio.h>
#include <string.h>

#include "imsg/msg.h"
#include "privd/ledger.h"

/* Rows that nothing in this version can reach. A row that is not there any more is an error. */
static const struct {
	const char *table, *row, *why;
} skips[] = {
    {"ledger", "CONFIRM", "no kind is confirmed yet"},
    {"ledger", "CONFIRMED", "no kind is confirmed yet"},
    {"ledger", "INTAKE", "nothing pauses intake yet"},
    {"ledger", "RESET", "no reset order is taken yet"},
    {"msg", "EXEC_BLOB", "no kind has a blob yet"},
    {"msg", "CTL_BLOB", "no kind has a blob yet"},
    {"msg", "CTL_NEEDBLOB", "no kind has a blob yet"},
};
#define NSKIPS (sizeof(skips) / sizeof(skips[0]))

static unsigned int used[NSKIPS];

static void
point(const char *process, const char *table, const char *row, const char *when)
{
	size_t i;

	for (i = 0; i < NSKIPS; i++)
		if (strcmp(skips[i].table, table) == 0 && strcmp(skips[i].row, row) == 0) {
			used[i]++;
			printf("skip %s %s.%s.%s %s\n", process, table, row, when, skips[i].why);
			return;
		}
	printf("run %s %s.%s.%s\n", process, table, row, when);
}

static void
message(const struct msg_row *r)
{
	static const char *const name[ROOM_MAX] = {[ROOM_PRIVD] = "privd", [ROOM_EXECD] = "execd"};
	int exec = r->from == ROOM_EXECD || r->to == ROOM_EXECD;
	int ctl = r->from == ROOM_CTL || r->to == ROOM_CTL;

	if (!exec && !ctl)
		return; /* netd's and dial's: netcrash.c goes over them */
	if (name[r->from] != NULL)
		point(name[r->from], "msg", r->name, "send");
	if (name[r->to] != NULL)
		point(name[r->to], "msg", r->name, "recv");
}

int
main(void)
{
	static const char *const when[] = {"write", "sync", "done"};
	static const char *const first[] = {
	    "MARK", "RESULT_SEC", "RESULT_PUB", "SEAL_SEC", "SEAL_PUB", "HEAD", "LEDGER"};
	const struct msg_row *r;
	size_t i, n;

	/* a LAZY record is written and no more */
	for (i = 1; i < LR_LIMIT; i++)
		for (n = 0; ledger_typename((uint8_t)i) != NULL && n < 3; n++)
			if (n == 0 || !ledger_lazy((enum ledger_type)i))
				point("privd", "ledger", ledger_typename((uint8_t)i), when[n]);
	for (n = 0; (r = msg_nth(n)) != NULL; n++)
		message(r);
	/* a first start (privd/hostkeys.c, privd/ledger.c) */
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		point("privd", "start", first[i], "done");
	/* the supervisor's one record of its own (execd/framer.c) */
	point("execd", "spool", "EXIT", "write");
	point("execd", "spool", "EXIT", "sync");
	for (i = 0; i < NSKIPS; i++)
		if (used[i] == 0) {
			fprintf(stderr, "points: %s.%s is no row any more\n", skips[i].table,
			    skips[i].row);
			return 1;
		}
	return 0;
}
