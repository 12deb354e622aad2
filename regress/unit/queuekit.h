/* A store of the test's own with hosts in it, and tickets for them. */
#ifndef REGRESS_QUEUEKIT_H
#define REGRESS_QUEUEKIT_H

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctld/jobq.h"
#include "lib/strutil.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

#define QK_NOW 1795226400ULL

struct qkit {
	char dir[256];
	struct jobq q;
	struct host host[3];
	struct seckey key[3];
	struct ticket t; /* of the last submit */
	struct job j;
};

static const char *const qk_ids[3] = {"5f0c2c9d8e7f40a1b2c3d4e5f6071829",
    "6f0c2c9d8e7f40a1b2c3d4e5f6071829", "7f0c2c9d8e7f40a1b2c3d4e5f6071829"};

static inline void
qk_host(struct qkit *k, int n)
{
	struct host *h = &k->host[n];
	struct pubkey p;
	struct errmsg e;

	memset(h, 0, sizeof(*h));
	memcpy(h->id, qk_ids[n], sizeof(h->id));
	snprintf(h->name, sizeof(h->name), "web%d.example.net", n + 1);
	h->created = QK_NOW;
	CHECKF(store_host_add(k->q.store, h, &e) == 0, "%s", e.text);
	CHECKF(store_host_byid(k->q.store, qk_ids[n], h, &e) == 0, "%s", e.text);
	h->enrolled = 1;
	seckey_new(&k->key[n], &p);
	pubkey_write_b64(&p, h->result_key);
	CHECKF(store_host_update(k->q.store, h, &e) == 0, "%s", e.text);
}

static inline void
qk_reopen(struct qkit *k)
{
	struct errmsg e;

	store_close(k->q.store);
	k->q.store = store_open(NULL, k->dir, &e);
	if (k->q.store == NULL) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
}

static inline void
qk_open(struct qkit *k)
{
	const char *tmp = getenv("TMPDIR");

	memset(k, 0, sizeof(*k));
	snprintf(k->dir, sizeof(k->dir), "%s/queue.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(k->dir) == NULL)
		exit(1);
	k->q.fleet = KIT_FLEET;
	k->q.now = QK_NOW;
	k->q.lease = 60;
	qk_reopen(k);
	for (int i = 0; i < 3; i++)
		qk_host(k, i);
}

static inline void
qk_close(struct qkit *k)
{
	char path[600];
	struct dirent *d;
	DIR *dir;

	store_close(k->q.store);
	if ((dir = opendir(k->dir)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", k->dir, d->d_name);
		(void)unlink(path);
	}
	closedir(dir);
	rmdir(k->dir);
}

/* A ticket of KIND with job number N for the first HOSTS hosts; NOTBEFORE and NOTAFTER from QK_NOW.
 */
static inline char *
qk_text(unsigned int n, int hosts, const char *kind, int64_t notbefore, int64_t notafter)
{
	char h[300] = "", *out;

	for (int i = 0; i < hosts; i++)
		snprintf(h + strlen(h), sizeof(h) - strlen(h), "host %s web%d.example.net\n",
		    qk_ids[i], i + 1);
	if (asprintf(&out,
		"reeve-job 1\nfleet " KIT_FLEET "\n%sid %032x\nissued %lld\nnotbefore %lld\n"
		"notafter %lld\nrequester ops-1\nkind %s\nend\n",
		h, n, (long long)QK_NOW, (long long)QK_NOW + notbefore,
		(long long)QK_NOW + notafter, kind) == -1)
		exit(1);
	return out;
}

static inline enum api_errcode
qk_put(struct qkit *k, const char *text, struct errmsg *e)
{
	struct sig sig = {{1}, {2}};
	int isnew;

	e->text[0] = '\0';
	return jobq_submit(&k->q, text, strlen(text), &sig, 1, "oper", &k->j, &k->t, &isnew, e);
}

/* Submits; the job's id is in k->j.id. */
static inline void
qk_submit(struct qkit *k, unsigned int n, int hosts, const char *kind)
{
	char *text = qk_text(n, hosts, kind, 0, 3600);
	struct errmsg e;

	CHECKF(qk_put(k, text, &e) == API_OK, "%s", e.text);
	free(text);
}

static inline void
qk_free(struct api_claimed *c)
{
	for (size_t i = 0; i < c->njobs; i++)
		free(c->job[i].ticket);
	memset(c, 0, sizeof(*c));
}

/* What host N is offered: the number of tickets; *FENCE of the first. */
static inline size_t
qk_claim(struct qkit *k, int n, uint64_t *fence, size_t *cancels)
{
	struct api_claimed c;
	struct errmsg e;
	size_t njobs;

	CHECK(jobq_offer(&k->q, qk_ids[n], API_JOBS, UINT32_MAX, &c, &e) == API_OK);
	njobs = c.njobs;
	if (fence != NULL)
		*fence = njobs > 0 ? c.job[0].fence : 0;
	if (cancels != NULL)
		*cancels = c.ncancels;
	qk_free(&c);
	return njobs;
}

static inline enum api_errcode
qk_report(struct qkit *k, int n, const char *state, uint64_t fence, struct run *r)
{
	struct api_state m;
	struct errmsg e;

	memset(&m, 0, sizeof(m));
	m.fence = fence;
	snprintf(m.state, sizeof(m.state), "%s", state);
	snprintf(m.reason, sizeof(m.reason), "%s", strcmp(state, "refused") == 0 ? "policy" : "");
	return jobq_report(&k->q, k->j.id, qk_ids[n], &m, r, &e);
}

/* The record that host N signs for the job in k->j; EDIT is applied before it is signed. */
static inline void
qk_record(struct qkit *k, int n, uint64_t seq, const uint8_t previous[32], struct api_result *m)
{
	struct result r;
	struct errmsg e;
	ssize_t len;

	memset(&r, 0, sizeof(r));
	memset(m, 0, sizeof(*m));
	memcpy(r.host_id, qk_ids[n], sizeof(r.host_id));
	snprintf(r.host_name, sizeof(r.host_name), "web%d.example.net", n + 1);
	memcpy(r.id, k->j.id, sizeof(r.id));
	ticket_hash(k->j.ticket, k->j.len, r.ticket);
	snprintf(r.kind, sizeof(r.kind), "agent.ping");
	r.end = END_EXIT;
	r.code = 3;
	r.step = 1;
	r.effect = EFFECT_NONE;
	r.accepted = r.started = r.finished = k->q.now;
	r.seq = seq;
	if (previous != NULL)
		memcpy(r.previous, previous, 32);
	len = result_write(&r, m->record, sizeof(m->record), &e);
	CHECKF(len > 0, "%s", e.text);
	m->len = (size_t)len;
	m->fence = 1;
	seckey_sign(&k->key[n], m->record, m->len, &m->sig);
}

#endif
