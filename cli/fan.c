/*
 * Following runs over a few connections. With one run, one connection does all: first its output,
 * then the result. With several, the first connection waits for results and up to FAN_STREAMS
 * others bring output; one that brings nothing gives way to a run that has some. A stream that
 * breaks goes on where it was.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

#define QUIET_MS   60000 /* a stream without a byte is asked for again */
#define WAIT_S	   50	 /* of one long poll */
#define BACK_MS	   200	 /* first pause after a failure; doubles */
#define BACK_MAX   5000
#define PATIENCE   120000 /* no success for so long: the control plane is gone */
#define EXPLAIN_MS 3000	  /* so long nobody asks why nothing comes */
#define RESTREAMS  3	  /* streams that end too early before it counts as a lie */

enum does { CN_IDLE, CN_STREAM, CN_WAIT };

struct conn {
	struct fan *f;
	struct httpc *c;
	enum does does;
	struct run *run;	 /* of CN_STREAM */
	const struct task *task; /* of CN_WAIT */
	char path[2048];
	struct http_head head;
	struct bytes body;
	int over;
	enum net_fault fault;
	struct errmsg why;
	uint64_t retry_at, pause, good; /* net_now() */
};

static volatile sig_atomic_t stopped;

static void
on_sigint(int sig)
{
	(void)sig;
	stopped = 1;
}

/* ---- what httpc tells ---- */

static int
on_head(struct httpc *c, const struct http_head *h, void *arg)
{
	struct conn *n = arg;

	(void)c;
	n->head = *h;
	n->good = net_now();
	return 0;
}

/*
 * The most that a spool of this job can have: a frame for each byte of output at worst, typed
 * results, and something for the rest. More is none of the host's.
 */
static uint64_t
spool_cap(const struct task *t)
{
	return t->t->output * (1 + FRAME_FIXED + FRAME_CRC) +
	       (uint64_t)(t->kind->nsteps + 1) * 2 * FRAME_DATA_MAX;
}

static int
on_piece(struct httpc *c, const uint8_t *p, size_t len, void *arg)
{
	struct conn *n = arg;

	(void)c;
	n->good = net_now();
	if (n->does == CN_STREAM && n->head.status == 200 && n->head.reeve[0] != '\0') {
		if (n->run->got + n->run->have + len > spool_cap(n->run->task))
			n->run->damaged = 1;
		return n->run->damaged ? -1 : spool_feed(n->f, n->run, p, len);
	}
	if (len > JSON_MAX - n->body.len ||
	    (n->body.p = realloc(n->body.p, n->body.len + len + 1)) == NULL)
		return -1;
	memcpy(n->body.p + n->body.len, p, len);
	n->body.len += len;
	n->body.p[n->body.len] = '\0';
	return 0;
}

static void
on_done(struct httpc *c, enum net_fault fault, const char *why, void *arg)
{
	struct conn *n = arg;

	(void)c;
	n->over = 1;
	n->fault = fault;
	err_set(&n->why, "%s", why != NULL ? why : "");
}

/* ---- asking ---- */

static void
drop(struct conn *n)
{
	if (n->c != NULL)
		httpc_free(n->c);
	n->c = NULL;
	n->does = CN_IDLE;
	n->run = NULL;
}

/* What was said is the reason; the jobs go on without anybody who waits. */
static void __attribute__((noreturn)) give_up(const struct fan *f, int rc)
{
	size_t i;

	for (i = 0; i < f->ntasks; i++)
		warnx("the job goes on: reeve job wait %s", f->task[i].id);
	exit(rc);
}

static void
failed(struct conn *n)
{
	uint64_t now = net_now();

	drop(n);
	if (n->fault == NETF_TLS || n->fault == NETF_PROTOCOL || now - n->good > PATIENCE) {
		site_say_fault(n->f->s, n->fault, n->why.text);
		give_up(n->f, CLI_NET);
	}
	if (n->pause == BACK_MS * 4)
		warnx("the connection is lost (%s); trying again", n->why.text);
	n->pause = n->pause == 0 ? BACK_MS : n->pause * 2 > BACK_MAX ? BACK_MAX : n->pause * 2;
	n->retry_at = now + n->pause;
}

/* Sends the request of N's path. */
static void
ask(struct conn *n, enum does does, const char *path)
{
	struct httpc_req r;

	n->does = does;
	n->over = 0;
	n->body.len = 0;
	memset(&n->head, 0, sizeof(n->head));
	site_request(n->f->s, &r, "GET", path, n->path, sizeof(n->path));
	r.head_ms = QUIET_MS;
	if (does == CN_STREAM) {
		r.body_max = UINT64_MAX; /* on_piece() has the cap */
		r.body_ms = 0;
		r.body_idle_ms = QUIET_MS;
	}
	r.head = on_head;
	r.piece = on_piece;
	r.done = on_done;
	r.arg = n;
	if (n->c == NULL && (n->c = site_connect(n->f->s, &n->fault, &n->why)) == NULL) {
		failed(n);
		return;
	}
	if (httpc_request(n->c, &r) == -1) {
		n->fault = NETF_CLOSED;
		err_set(&n->why, "the kept connection had ended");
		failed(n);
		return;
	}
	httpc_run(n->c);
}

static void
ask_stream(struct conn *n, struct run *r)
{
	char path[200];

	n->run = r;
	snprintf(path, sizeof(path), "/v1/jobs/%s/output/%s?offset=%llu&follow=1", r->task->id,
	    r->id, (unsigned long long)r->got + r->have);
	ask(n, CN_STREAM, path);
}

static void
ask_wait(struct conn *n, const struct task *t)
{
	unsigned int wait = n->f->ntasks > 1 ? 1 : WAIT_S;
	size_t i, done = 0;
	char path[200];

	for (i = t->first; i < t->first + t->n; i++)
		done += n->f->run[i].final;
	n->task = t;
	snprintf(path, sizeof(path), "/v1/jobs/%s/wait?timeout=%u&done=%zu", t->id, wait, done);
	ask(n, CN_WAIT, path);
}

/* ---- what is to be done ---- */

static int
needs_stream(const struct fan *f, const struct run *r)
{
	return f->show != SHOW_NONE && !r->told && r->verdict == VD_NONE && !r->streamed &&
	       !(r->final && r->output == 0);
}

static int
has_stream(const struct conn *conn, size_t nconn, const struct run *r)
{
	size_t i;

	for (i = 0; i < nconn; i++)
		if (conn[i].does == CN_STREAM && conn[i].run == r)
			return 1;
	return 0;
}

static int
is_ripe(const struct run *r)
{
	return r->final || r->output > 0;
}

/* The next run that wants a stream; with RIPE only one that surely has bytes. */
static struct run *
next_run(struct fan *f, const struct conn *conn, size_t nconn, int ripe)
{
	size_t i;

	for (i = 0; i < f->nruns; i++)
		if (needs_stream(f, &f->run[i]) && (!ripe || is_ripe(&f->run[i])) &&
		    !has_stream(conn, nconn, &f->run[i]))
			return &f->run[i];
	return NULL;
}

static const struct task *
next_task(const struct fan *f, const struct task *after)
{
	size_t i, k, at = after == NULL ? 0 : (size_t)(after - f->task) + 1;

	for (i = 0; i < f->ntasks; i++) {
		const struct task *t = &f->task[(at + i) % f->ntasks];

		for (k = t->first; k < t->first + t->n; k++)
			if (!f->run[k].final && !f->run[k].told)
				return t;
	}
	return NULL;
}

/* A stream that has brought nothing gives its place to a run that has bytes. */
static void
give_way(struct fan *f, struct conn *conn, size_t nconn)
{
	struct run *r = next_run(f, conn, nconn, 1);
	size_t i;

	for (i = 1; r != NULL && i < nconn; i++)
		if (conn[i].does == CN_STREAM && conn[i].run->got + conn[i].run->have == 0 &&
		    !is_ripe(conn[i].run)) {
			drop(&conn[i]);
			ask_stream(&conn[i], r);
			return;
		}
}

static void
assign(struct fan *f, struct conn *conn, size_t nconn)
{
	uint64_t now = net_now();
	const struct task *t;
	struct run *r;
	size_t i;

	for (i = 0; i < nconn; i++) {
		if (conn[i].does != CN_IDLE || conn[i].retry_at > now)
			continue;
		if ((i > 0 || nconn == 1) && ((r = next_run(f, conn, nconn, 1)) != NULL ||
						 (r = next_run(f, conn, nconn, 0)) != NULL))
			ask_stream(&conn[i], r);
		else if (i == 0 && (t = next_task(f, conn[i].task)) != NULL)
			ask_wait(&conn[i], t);
	}
	give_way(f, conn, nconn);
}

/* ---- answers ---- */

static void
stream_over(struct conn *n)
{
	struct run *r = n->run;

	if (r->damaged) {
		drop(n);
		r->streamed = 1;
		return;
	}
	r->streamed = 1;
}

static void
wait_over(struct conn *n, const struct answer *a)
{
	size_t i, before = 0, after = 0;

	for (i = 0; i < n->f->nruns; i++)
		before += n->f->run[i].final;
	judge_said(n->f, n->task, a->j, 0);
	for (i = 0; i < n->f->nruns; i++)
		after += n->f->run[i].final;
	if (before == after && a->status == 200) /* never round and round */
		n->retry_at = net_now() + BACK_MS;
}

/* An error, or 202's and 200's document. */
static void
take_answer(struct conn *n)
{
	struct answer a;

	if (n->head.status == 200 && n->does == CN_STREAM && n->head.reeve[0] != '\0') {
		stream_over(n);
		return;
	}
	if (site_answer(n->f->s, &n->head, n->body.p != NULL ? n->body.p : "", n->body.len, &a) ==
	    -1)
		give_up(n->f, CLI_NET);
	if (a.code == API_ERR_TOO_MANY || a.code == API_ERR_UNAVAILABLE)
		n->retry_at = net_now() + (a.retry_after > 0 ? a.retry_after * 1000 : BACK_MAX);
	else if (a.code == API_ERR_RANGE)
		errx(CLI_LIES, "%s: the control plane has lost output that it had sent",
		    n->run != NULL ? n->run->name : "?");
	else if (a.code != API_OK) {
		site_say_error(n->f->s, &a);
		give_up(n->f, CLI_SAID);
	} else if (n->does == CN_WAIT && a.j != NULL)
		wait_over(n, &a);
	answer_free(&a);
}

static void
finish(struct conn *n)
{
	n->over = 0;
	if (n->does == CN_STREAM && n->run->damaged) {
		stream_over(n);
		return;
	}
	if (n->fault == NETF_TIME && n->head.status == 200) { /* silent, not gone */
		drop(n);
		return;
	}
	if (n->fault != NETF_NONE) {
		failed(n);
		return;
	}
	n->pause = 0;
	take_answer(n);
	n->does = CN_IDLE;
	n->run = NULL;
	if (n->c != NULL && !httpc_reusable(n->c))
		drop(n);
}

/* ---- the loop ---- */

/* Judges what can be judged; how many runs are still open, and in WAITED those worth waiting for.
 */
static size_t
judge_all(struct fan *f, size_t *waited)
{
	size_t i, open = 0;

	*waited = 0;
	for (i = 0; i < f->nruns; i++) {
		struct run *r = &f->run[i];

		if (r->told)
			continue;
		if (r->final && r->streamed && !r->damaged && r->got + r->have < r->output &&
		    r->restreams++ < RESTREAMS)
			r->streamed = 0;
		if (r->verdict == VD_NONE && (!r->final || needs_stream(f, r))) {
			open++;
			*waited += f->enough == NULL || !f->enough(r);
			continue;
		}
		judge_run(r, f->judge_output);
		r->told = 1;
		spool_flush(f, r);
		report_run(f, r);
	}
	return open;
}

static int
wait_ms(const struct fan *f, const struct conn *conn, size_t nconn, uint64_t end)
{
	uint64_t at = end, now = net_now();
	size_t i;

	(void)f;
	for (i = 0; i < nconn; i++) {
		uint64_t one = conn[i].does != CN_IDLE	? httpc_deadline(conn[i].c)
			       : conn[i].retry_at > now ? conn[i].retry_at
							: UINT64_MAX;

		at = one < at ? one : at;
	}
	return at <= now ? 0 : at - now > 60000 ? 60000 : (int)(at - now);
}

static void
turn(struct fan *f, struct conn *conn, size_t nconn, uint64_t end, const sigset_t *mask)
{
	struct pollfd pfd[FAN_STREAMS + 1];
	struct timespec ts;
	size_t i;
	int ms;

	for (i = 0; i < nconn; i++) {
		pfd[i].fd = conn[i].does != CN_IDLE && !conn[i].over ? httpc_fd(conn[i].c) : -1;
		pfd[i].events = pfd[i].fd != -1 ? httpc_events(conn[i].c) : 0;
		pfd[i].revents = 0;
	}
	ms = wait_ms(f, conn, nconn, end);
	for (i = 0; i < nconn; i++)
		if (conn[i].over)
			ms = 0;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000L;
	if (ppoll(pfd, nconn, &ts, mask) == -1 && errno != EINTR)
		err(CLI_CANNOT, "poll");
	for (i = 0; i < nconn; i++) {
		if (conn[i].does == CN_IDLE)
			continue;
		if (!conn[i].over &&
		    (pfd[i].revents != 0 || httpc_deadline(conn[i].c) <= net_now()))
			httpc_run(conn[i].c);
		if (conn[i].over)
			finish(&conn[i]);
	}
}

static int
loop(struct fan *f, struct conn *conn, size_t nconn, const sigset_t *mask)
{
	uint64_t end = f->timeout_ms == 0 ? UINT64_MAX : net_now() + f->timeout_ms;
	uint64_t explain = net_now() + EXPLAIN_MS;
	size_t waited;

	f->explained = f->quiet || f->show == SHOW_KEEP;
	while (judge_all(f, &waited) > 0) {
		if (stopped)
			return CLI_STOPPED;
		if (waited == 0 || net_now() >= end)
			return CLI_GOESON;
		assign(f, conn, nconn);
		turn(f, conn, nconn, f->explained || end < explain ? end : explain, mask);
		if (f->explained || net_now() < explain)
			continue;
		f->explained = conn[0].c != NULL;
		explain += EXPLAIN_MS;
		if (f->explained)
			fan_explain(f);
	}
	return CLI_OK;
}

int
fan_follow(struct fan *f)
{
	static struct conn conn[FAN_STREAMS + 1];
	size_t i, n = f->show == SHOW_NONE || f->asked == 1 ? 1 : f->nruns + 1;
	struct sigaction sa = {.sa_handler = on_sigint}, old;
	sigset_t block, mask;
	int rc;

	if (n > FAN_STREAMS + 1)
		n = FAN_STREAMS + 1;
	memset(conn, 0, sizeof(conn));
	for (i = 0; i < n; i++) {
		conn[i].f = f;
		conn[i].good = net_now();
	}
	conn[0].c = f->s->c;
	f->s->c = NULL;
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGINT, &sa, &old);
	rc = loop(f, conn, n, &mask);
	sigaction(SIGINT, &old, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (i = 0; i < n; i++) {
		drop(&conn[i]);
		free(conn[i].body.p);
	}
	return rc;
}
