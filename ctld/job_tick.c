/* The housekeeper, once a second: leases that end, windows that open or close, what is old. */
#include <stdlib.h>
#include <string.h>

#include "ctld/queue.h"
#include "lib/log.h"

#define DUE_MAX	  64   /* runs in one tick: the rest waits a second */
#define OLD_MAX	  16   /* jobs, and blobs, forgotten in one look */
#define OLD_EVERY 60   /* seconds between these looks */
#define LOST_DAYS 30   /* a run that was started and never heard of again, beside keep-days */
#define BLOB_AGE  3600 /* a blob waits so long for the ticket that names it */
#define DAY	  86400

static void
look_due(struct ctld *c)
{
	struct run *run = calloc(DUE_MAX, sizeof(*run));
	struct jobq q = queue_jobq(c);
	struct errmsg e;
	int wake[DUE_MAX];
	size_t n, i;

	if (run == NULL || store_run_due(c->store, q.now, DUE_MAX, run, &n, &e) == -1) {
		free(run);
		return;
	}
	for (i = 0; i < n; i++) {
		if (jobq_due(&q, &run[i], &wake[i], &e) == -1)
			break;
		log_debug("job %s on %s: %s", run[i].job_id, run[i].host_name,
		    run_state_name(run[i].state));
	}
	/* only now: whoever is woken may change these runs */
	for (size_t k = 0; k < i; k++) {
		if (wake[k])
			queue_wake(c, run[k].host_id);
		if (run_state_final(run[k].state))
			queue_moved(c, run[k].job_id);
	}
	free(run);
}

static int
forget_job(struct ctld *c, int64_t seq, struct errmsg *e)
{
	struct run *run = calloc(TICKET_HOSTS, sizeof(*run));
	size_t n;
	int rc;

	if (run == NULL)
		return err_set(e, "out of memory");
	if ((rc = store_job_runs(c->store, seq, run, &n, e)) == 0)
		rc = store_job_remove(c->store, seq, e);
	/* a crash before the commit leaves a job without its output: it was to go anyway */
	while (rc == 0 && n-- > 0)
		output_remove(c, run[n].job_id, run[n].host_id);
	free(run);
	return rc;
}

static void
look_old(struct ctld *c)
{
	uint64_t now = ctld_now(), keep = (uint64_t)c->conf->keep_days * DAY;
	uint64_t done = now > keep ? now - keep : 0;
	uint64_t lost = done > LOST_DAYS * DAY ? done - LOST_DAYS * DAY : 0;
	int64_t seq[OLD_MAX];
	struct errmsg e = {""};
	char sha256[65];
	size_t n, i;

	if (store_job_old(c->store, done, lost, OLD_MAX, seq, &n, &e) == -1)
		return;
	for (i = 0; i < n; i++)
		if (forget_job(c, seq[i], &e) == -1)
			log_warnx("%s", e.text);
	if (n > 0)
		log_info("%zu jobs are older than %u days: forgotten", n, c->conf->keep_days);
	for (i = 0; i < OLD_MAX; i++) {
		if (store_blob_unused(c->store, now - BLOB_AGE, sha256, &e) != 0)
			break;
		if (blob_forget(c, sha256, &e) == -1) {
			log_warnx("%s", e.text);
			break;
		}
	}
}

void
queue_tick(struct ctld *c)
{
	static unsigned int count;

	look_due(c);
	if (count++ % OLD_EVERY == 0)
		look_old(c);
}
