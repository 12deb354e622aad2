/*
 * Any bytes at ctld's intake of jobs: bodies of submissions, claims, states and results as they
 * come, mixed with steps of the queue (claim, report, result, cancel, time) in any order. What must
 * hold whatever comes: a run is handed out once under each fence and the fences of a run grow; what
 * a host said it has is not handed out again; a result that the host signed stays as it was first
 * told. Everything is undone after each input.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctld/store_db.h"
#include "ctld/submission.h"
#include "lib/log.h"
#include "regress/unit/queuekit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define JOBS  6
#define HOSTS 3

struct model {
	uint64_t fence;
	int taken, done;
};

static struct qkit kit;
static struct model model[JOBS][HOSTS];

static void
must(int ok)
{
	if (!ok)
		abort();
}

static int
job_number(const char *id)
{
	unsigned long n = strtoul(id + 24, NULL, 16);

	return strncmp(id, "000000000000000000000000", 24) == 0 && n < JOBS ? (int)n : -1;
}

static void
claimed(int host, uint32_t want, uint32_t kinds)
{
	struct api_claimed c;
	struct errmsg e;
	const char *at;
	int n;

	must(jobq_offer(&kit.q, qk_ids[host], want, kinds, &c, &e) == API_OK);
	must(c.njobs <= want || want > API_JOBS);
	for (size_t i = 0; i < c.njobs; i++) {
		must((at = strstr(c.job[i].ticket, "\nid ")) != NULL);
		if ((n = job_number(at + 4)) == -1)
			continue;
		must(c.job[i].fence > model[n][host].fence);
		must(!model[n][host].taken && !model[n][host].done);
		model[n][host].fence = c.job[i].fence;
	}
	qk_free(&c);
}

static void
reported(int job, int host, const struct api_state *m)
{
	struct model *o = &model[job][host];
	struct errmsg e;
	struct run r;
	char id[33];

	snprintf(id, sizeof(id), "%032x", (unsigned int)job);
	if (jobq_report(&kit.q, id, qk_ids[host], m, &r, &e) != API_OK)
		return;
	must(m->fence == o->fence && o->fence != 0);
	if (r.state == RS_ACCEPTED || r.state == RS_STARTED)
		o->taken = 1;
}

static void
finished(int job, int host, const struct api_result *m)
{
	struct model *o = &model[job][host];
	struct errmsg e;
	struct run r;
	char id[33];
	int already;

	snprintf(id, sizeof(id), "%032x", (unsigned int)job);
	if (jobq_result(&kit.q, id, &kit.host[host], m, 0, NULL, &r, &already, &e) != API_OK)
		return;
	must(already == o->done && r.state == RS_FINISHED);
	o->done = 1;
}

static void
submitted(const uint8_t *p, size_t n)
{
	struct submission m;
	struct errmsg e;
	int isnew;

	if (submission_read(&m, p, n, 1, &e) == 0)
		(void)jobq_submit(
		    &kit.q, m.ticket, m.len, m.sig, m.nsigs, "fuzz", &kit.j, &kit.t, &isnew, &e);
	free(m.ticket);
}

static void
body(char what, const uint8_t *p, size_t n)
{
	struct api_claim c;
	struct api_state s;
	struct api_result r;
	struct errmsg e;

	if (what == 'J')
		submitted(p, n);
	else if (what == 'C' && api_claim_get(&c, (const char *)p, n, &e) == 0)
		claimed(0, c.free, jobq_kinds(&c));
	else if (what == 'S' && api_state_get(&s, (const char *)p, n, &e) == 0)
		reported(0, 0, &s);
	else if (what == 'R' && api_result_get(&r, (const char *)p, n, &e) == 0)
		finished(0, 0, &r);
}

static void
submit(int job, int hosts)
{
	char *text = qk_text((unsigned int)job, 1 + hosts, "agent.ping", 0, 600);
	struct errmsg e;

	(void)qk_put(&kit, text, &e);
	free(text);
}

static void
result(int job, int host)
{
	struct api_result m;
	struct errmsg e;
	char id[33];

	snprintf(id, sizeof(id), "%032x", (unsigned int)job);
	if (store_job_get(kit.q.store, id, &kit.j, &e) != 0)
		return;
	qk_record(&kit, host, 1 + (uint64_t)job, NULL, &m);
	finished(job, host, &m);
}

static void
cancel(int job, int host)
{
	struct errmsg e;
	struct run r;
	char id[33];

	snprintf(id, sizeof(id), "%032x", (unsigned int)job);
	if (store_run_get(kit.q.store, id, qk_ids[host], &r, &e) == 0)
		must(jobq_cancel(&kit.q, &r, &e) != -1);
}

static void
later(unsigned int seconds)
{
	struct run run[32];
	struct errmsg e;
	size_t n;
	int wake;

	kit.q.now += seconds;
	must(store_run_due(kit.q.store, kit.q.now, 32, run, &n, &e) == 0);
	while (n-- > 0) {
		must(jobq_due(&kit.q, &run[n], &wake, &e) == 0);
		must(run[n].due == 0 || run[n].due > kit.q.now);
	}
}

/* Two bytes a step: what, and to which job, host, fence. */
static void
step(uint8_t what, uint8_t with)
{
	static const char *const states[] = {"accepted", "refused", "started", "finished"};
	int job = with % JOBS, host = with / JOBS % HOSTS;
	struct api_state m;

	switch (what % 6) {
	case 0:
		submit(job, host);
		break;
	case 1:
		claimed(host, with % 17, UINT32_MAX);
		break;
	case 2:
		memset(&m, 0, sizeof(m));
		m.fence = what / 6 % 4;
		snprintf(m.state, sizeof(m.state), "%s", states[with / 32 % 4]);
		reported(job, host, &m);
		break;
	case 3:
		result(job, host);
		break;
	case 4:
		cancel(job, host);
		break;
	default:
		later(with);
	}
}

static void
close_kit(void)
{
	qk_close(&kit);
}

static void
open_kit(void)
{
	if (kit.q.store != NULL)
		return;
	log_init("fuzz_queue", 1, 0);
	if (freopen("/dev/null", "w", stdout) == NULL)
		abort();
	qk_open(&kit);
	(void)store_commit(kit.q.store);
	atexit(close_kit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errmsg e;
	size_t i;

	open_kit();
	memset(model, 0, sizeof(model));
	kit.q.now = QK_NOW;
	must(store_begin(kit.q.store, &e) == 0);
	submit(0, 2);
	if (size > 1 && strchr("JCSR", data[0]) != NULL && data[0] != '\0')
		body((char)data[0], data + 1, size - 1);
	else
		for (i = 0; i + 1 < size && i < 256; i += 2)
			step(data[i], data[i + 1]);
	must(store_end(kit.q.store, 0, &e) == 0);
	return 0;
}
