/*
 * The jobs that are in flight: what privd says of each, and the calls that tell the control plane.
 * Nothing is kept over a restart: privd tells all of it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "netd/netd.h"

struct job *
netd_job_find(struct netd *n, const uint8_t id[16])
{
	struct job *j;

	TAILQ_FOREACH (j, &n->jobs, link)
		if (memcmp(j->id, id, sizeof(j->id)) == 0)
			return j;
	return NULL;
}

struct job *
netd_job_get(struct netd *n, const uint8_t id[16])
{
	struct job *j;

	if ((j = netd_job_find(n, id)) != NULL)
		return j;
	if (n->njobs == NETD_JOBS_MAX || (j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->n = n;
	memcpy(j->id, id, sizeof(j->id));
	str_hex(j->hex, id, sizeof(j->id));
	j->spool = j->inotify = -1;
	TAILQ_INSERT_TAIL(&n->jobs, j, link);
	n->njobs++;
	return j;
}

void
netd_job_free(struct netd *n, struct job *j)
{
	for (int i = 0; i < CL_MAX; i++)
		if (n->client[i].job == j)
			n->client[i].job = NULL;
	TAILQ_REMOVE(&n->jobs, j, link);
	n->njobs--;
	netd_output_close(j);
	free(j->record);
	free(j);
	netd_claim_room(n);
}

size_t
netd_jobs_open(const struct netd *n)
{
	const struct job *j;
	size_t open = 0;

	TAILQ_FOREACH (j, &n->jobs, link)
		if (j->record == NULL)
			open++;
	return open;
}

void
netd_job_state(struct netd *n, const struct msg_state *m)
{
	struct job *j;

	if ((j = netd_job_get(n, m->id)) == NULL) {
		log_warnx("too many jobs: the state of one is not told");
		return;
	}
	if (m->fence > j->fence)
		j->fence = m->fence;
	/* the result says that itself, and more */
	if (m->state == JS_FINISHED)
		return;
	j->state = m->state;
	snprintf(j->reason, sizeof(j->reason), "%s", m->reason);
	netd_wake(&n->client[CL_WORK]);
}

void
netd_job_exit(struct netd *n, const struct msg_exit *m)
{
	struct job *j;

	if ((j = netd_job_get(n, m->id)) == NULL) {
		log_warnx("too many jobs: the result of one is not sent");
		return;
	}
	if (j->record == NULL) {
		if ((j->record = malloc(m->len)) == NULL)
			fatalx("out of memory");
		memcpy(j->record, m->record, m->len);
		j->recordlen = m->len;
		j->sig = m->sig;
		j->state = 0;
		j->fresh = 1; /* whatever came since the last look */
		netd_claim_room(n);
	}
	netd_wake(&n->client[CL_WORK]);
}

/* ---- calls ---- */

/* One thing after the other: blobs, state, output, result. */
static enum call_kind
due(const struct netd *n, const struct job *j)
{
	if (netd_blobs_wanted(n, j))
		return CALL_BLOB;
	if (j->record == NULL && j->state != 0 && j->state != j->told)
		return CALL_STATE;
	if (netd_output_wanted(j))
		return CALL_OUTPUT;
	if (j->record != NULL)
		return CALL_RESULT;
	return CALL_NONE;
}

int
netd_jobs_wanted(const struct netd *n)
{
	uint64_t now = net_now();
	const struct job *j;

	TAILQ_FOREACH (j, &n->jobs, link)
		if (j->notbefore <= now && due(n, j) != CALL_NONE)
			return 1;
	return 0;
}

static const char *
state_name(uint8_t state)
{
	switch (state) {
	case JS_ACCEPTED:
		return "accepted";
	case JS_REFUSED:
		return "refused";
	case JS_STARTED:
		return "started";
	default:
		return "finished";
	}
}

static int
post(struct client *c, struct job *j, enum call_kind kind, const char *what, char *text)
{
	struct netd_call call = {
	    .kind = kind, .job = j, .method = "POST", .body = text, .max = API_BODY_MAX};
	char path[80];
	int rv;

	if (text == NULL) {
		log_warnx("job %s: its %s cannot be written", j->hex, what);
		netd_job_hold(c->n, j, BACKOFF_SLOW, 0);
		return 0;
	}
	snprintf(path, sizeof(path), "job/%s/%s", j->hex, what);
	call.path = path;
	call.len = strlen(text);
	rv = netd_client_call(c, &call);
	free(text);
	return rv == 0;
}

static int
send_state(struct client *c, struct job *j)
{
	struct api_state m = {.fence = j->fence};

	snprintf(m.state, sizeof(m.state), "%s", state_name(j->state));
	snprintf(m.reason, sizeof(m.reason), "%s", j->reason);
	c->cstate = j->state;
	return post(c, j, CALL_STATE, "state", api_state_put(&m));
}

static int
send_result(struct client *c, struct job *j)
{
	struct api_result *m;
	int rv = 0;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return 0;
	m->fence = j->fence;
	memcpy(m->record, j->record, j->recordlen);
	m->len = j->recordlen;
	m->sig = j->sig;
	m->output = j->offset;
	rv = post(c, j, CALL_RESULT, "result", api_result_put(m));
	free(m);
	return rv;
}

static int
send_one(struct client *c, struct job *j, enum call_kind kind)
{
	switch (kind) {
	case CALL_BLOB:
		return netd_blobs_send(c, j);
	case CALL_STATE:
		return send_state(c, j);
	case CALL_OUTPUT:
		return netd_output_send(c, j);
	case CALL_RESULT:
		return send_result(c, j);
	default:
		return 0;
	}
}

/* There was no more output: what comes after it. */
static int
rest(struct client *c, struct job *j)
{
	enum call_kind kind = due(c->n, j);

	return c->state == CS_UP && kind != CALL_OUTPUT && send_one(c, j, kind);
}

int
netd_jobs_send(struct client *c)
{
	struct netd *n = c->n;
	uint64_t now = net_now();
	enum call_kind kind;
	struct job *j, *next;

	for (j = TAILQ_FIRST(&n->jobs); j != NULL; j = next) {
		next = TAILQ_NEXT(j, link);
		if (j->notbefore > now || (kind = due(n, j)) == CALL_NONE)
			continue;
		if (send_one(c, j, kind) || (kind == CALL_OUTPUT && rest(c, j))) {
			/* one that streams does not keep the others waiting */
			TAILQ_REMOVE(&n->jobs, j, link);
			TAILQ_INSERT_TAIL(&n->jobs, j, link);
			return 1;
		}
		if (c->state != CS_UP)
			return 0;
	}
	return 0;
}

uint64_t
netd_jobs_when(const struct netd *n)
{
	uint64_t at = UINT64_MAX;
	const struct job *j;

	TAILQ_FOREACH (j, &n->jobs, link)
		if (j->notbefore < at && due(n, j) != CALL_NONE)
			at = j->notbefore;
	return at;
}

void
netd_job_hold(struct netd *n, struct job *j, enum backoff_class class, uint64_t told)
{
	uint64_t ms = backoff_next(&j->backoff, class, told);

	j->notbefore = net_now() + ms;
	netd_client_later(&n->client[CL_WORK], ms);
}

/* ---- answers ---- */

static void
state_reply(struct netd *n, struct job *j, uint8_t state, enum disposition d)
{
	if (d == D_JOB || d == D_LARGE || d == D_OFFSET)
		log_warnx("job %s: its state \"%s\" is refused, and not sent again", j->hex,
		    state_name(state));
	else if (d != D_OK)
		return;
	j->told = state;
	backoff_reset(&j->backoff);
	/* nothing follows a refusal but the next offer of the same ticket */
	if (state == JS_REFUSED && j->state == JS_REFUSED && j->record == NULL && j->spool == -1)
		netd_job_free(n, j);
}

static void
result_reply(struct netd *n, struct job *j, const struct reply *r, enum disposition d)
{
	struct errmsg e;
	int already;

	if (d != D_OK) {
		if (d == D_JOB || d == D_LARGE || d == D_OFFSET)
			netd_job_hold(n, j, BACKOFF_SLOW, 0);
		return;
	}
	if (api_already_get(&already, r->body, r->len, &e) == -1) {
		log_warnx("job %s: the answer to its result: %s", j->hex, e.text);
		netd_job_hold(n, j, BACKOFF_NET, 0);
		return;
	}
	netd_tell(n, MSG_RESULT_ACK, msg_id_put(j->id));
	netd_job_free(n, j);
}

void
netd_jobs_reply(struct client *c, enum call_kind call, const struct reply *r)
{
	struct netd *n = c->n;
	struct job *j = c->job;
	uint8_t state = c->cstate;
	enum disposition d;

	c->job = NULL;
	d = netd_judge(c, r, 1);
	if (j == NULL)
		return;
	if (d == D_CLONE)
		netd_job_hold(n, j, BACKOFF_SLOW, 0);
	switch (call) {
	case CALL_STATE:
		state_reply(n, j, state, d);
		break;
	case CALL_OUTPUT:
		netd_output_reply(c, j, r, d);
		break;
	case CALL_RESULT:
		result_reply(n, j, r, d);
		break;
	case CALL_BLOB:
		netd_blobs_reply(c, j, r, d);
		break;
	default:
		break;
	}
}
