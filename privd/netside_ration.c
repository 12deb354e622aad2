/*
 * What a server may have written to this host's disk. Its tickets are signed and its netd is paced,
 * but a stolen online key signs without end: so many jobs, and so many lines of the audit trail
 * about what was refused, then one now and then. The rations live as long as the server's block is
 * in agent.conf; a pair that is started again has no new ones.
 */
#include <string.h>

#include "privd/netside_pair.h"

#define JOBS_BURST   1024
#define JOBS_PERIOD  5000 /* ms for one more */
#define OWED_MAX     500  /* results that a server did not take; each is offered to each new pair */
#define LINES_BURST  128
#define LINES_PERIOD 15000

/* 1 and one less; 0 when nothing is left. */
static int
take(struct ration *r, uint32_t burst, uint32_t period)
{
	uint64_t more = (loop_now() - r->at) / period;

	r->at += more * period;
	r->left = more >= burst - r->left ? burst : r->left + (uint32_t)more;
	if (r->left == 0)
		return 0;
	r->left--;
	return 1;
}

void
pair_rations(struct pair *pr)
{
	pr->jobs = (struct ration){JOBS_BURST, loop_now()};
	pr->lines = (struct ration){LINES_BURST, loop_now()};
}

int
pair_line(struct pair *pr, uint64_t *unsaid)
{
	*unsaid = pr->unsaid;
	if (!take(&pr->lines, LINES_BURST, LINES_PERIOD)) {
		pr->unsaid++;
		return 0;
	}
	pr->unsaid = 0;
	return 1;
}

/* NULL for root at the host, who is never rationed. */
static struct pair *
pair_of(const char *origin)
{
	struct pair *pr;

	for (unsigned int n = 0; (pr = pair_nth(n)) != NULL; n++)
		if (strcmp(pr->name, origin) == 0 && !pr->removed)
			return pr;
	return NULL;
}

int
netside_ration(const char *origin, struct errmsg *e)
{
	struct pair *pr = pair_of(origin);

	if (pr != NULL && pr->noffers >= OWED_MAX)
		return err_set(e,
		    "server %s is to acknowledge results first: %u jobs of it are not done with",
		    origin, pr->noffers);
	if (pr == NULL || take(&pr->jobs, JOBS_BURST, JOBS_PERIOD))
		return 0;
	return err_set(e,
	    "server %s brought too many jobs: after %d at once one more is taken every %d s",
	    origin, JOBS_BURST, JOBS_PERIOD / 1000);
}

int
netside_line(const char *origin, uint64_t *unsaid)
{
	struct pair *pr = pair_of(origin);

	*unsaid = 0;
	return pr == NULL || pair_line(pr, unsaid);
}
