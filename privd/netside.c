/* The life of the pairs: started, ready, watched, ended, started again. */

#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/netside_pair.h"

#define READY_MS    10000
#define ALIVE_MS    60000 /* a netd whose loop does not turn is killed */
#define STOP_MS	    3000
#define BACKOFF_MAX 60	  /* seconds */
#define LIVED_MS    60000 /* a pair that lived so long starts without a wait */

static struct {
	int netd, dial; /* the programs; -1: this agent was started without them */
	TAILQ_HEAD(pairs, pair) pairs;
	int open;
} ns = {.netd = -1, .dial = -1};

static void start_pair(struct pair *);
static void again(void *);

struct pair *
pair_nth(unsigned int n)
{
	struct pair *pr;

	if (!ns.open)
		return NULL;
	TAILQ_FOREACH (pr, &ns.pairs, link)
		if (n-- == 0)
			return pr;
	return NULL;
}

int
pair_running(const struct pair *pr)
{
	return pr->state == PAIR_RUNNING;
}

/* ---- the end ---- */

static void
side_close(struct side *s)
{
	loop_del(s->chan_w);
	loop_timer_clear(&s->half_t);
	s->chan_w = NULL;
	imsgbuf_free(s->chan);
	s->chan = NULL;
	s->ready = s->half = 0;
}

static void
side_kill(const struct side *s)
{
	if (s->pid != 0 && syscall(SYS_pidfd_send_signal, s->pidfd, SIGKILL, NULL, 0) == -1 &&
	    errno != ESRCH)
		log_warn("kill %s %ld", side_name(s), (long)s->pid);
}

static void
pair_free(struct pair *pr)
{
	TAILQ_REMOVE(&ns.pairs, pr, link);
	loop_timer_clear(&pr->again_t);
	free(pr);
}

/* Nothing of it lives any more. */
static void
pair_ended(struct pair *pr)
{
	uint64_t lived = loop_now() - pr->started;

	if (pr->netd.pid != 0 || pr->dial.pid != 0)
		return;
	if (pr->removed) {
		pair_free(pr);
		return;
	}
	if (lived >= LIVED_MS)
		pr->backoff = 0;
	pr->state = PAIR_WAITING;
	if (pr->at_once)
		pr->backoff = 0;
	else
		pr->backoff = pr->backoff == 0 ? 1 : pr->backoff * 2;
	if (pr->backoff > BACKOFF_MAX)
		pr->backoff = BACKOFF_MAX;
	pr->at_once = 0;
	loop_timer_set(&pr->again_t, pr->backoff * 1000ULL, again, pr);
}

void
pair_end(struct pair *pr, int breach, const char *fmt, ...)
{
	va_list ap;

	if (pr->state == PAIR_ENDING || pr->state == PAIR_WAITING)
		return;
	va_start(ap, fmt);
	vsnprintf(pr->why, sizeof(pr->why), fmt, ap);
	va_end(ap);
	pr->state = PAIR_ENDING;
	log_warnx("server %s: its processes end: %s", pr->name, pr->why);
	if (breach)
		(void)audit_event(pr->p->audit, "peer.kill", "peer", "netd", "server", pr->name,
		    "reason", pr->why, NULL);
	loop_timer_clear(&pr->ready_t);
	loop_timer_clear(&pr->alive_t);
	loop_timer_clear(&pr->pause_t);
	pr->paused = 0;
	side_kill(&pr->netd);
	side_kill(&pr->dial);
	side_close(&pr->netd);
	side_close(&pr->dial);
	pair_forget(pr);
	pair_left_vitals(pr);
	pr->asks_vitals = 0;
	pair_ended(pr);
}

/* What it died of, when it was not we who ended it: a filter's SIGSYS is worth a line. */
static void
tell_end(const struct side *s, const siginfo_t *si)
{
	char how[48];

	snprintf(how, sizeof(how), "%s %d", si->si_code == CLD_EXITED ? "exit" : "signal",
	    si->si_status);
	log_info("server %s: %s %ld ended: %s", s->pair->name, side_name(s), (long)s->pid, how);
	if (si->si_code != CLD_EXITED && si->si_status != SIGKILL)
		(void)audit_event(s->pair->p->audit, "peer.end", "peer", side_name(s), "server",
		    s->pair->name, "reason", how, NULL);
}

static void
on_pidfd(int fd, short revents, void *arg)
{
	struct side *s = arg;
	struct pair *pr = s->pair;
	siginfo_t si;

	(void)revents;
	memset(&si, 0, sizeof(si));
	if (waitid((idtype_t)P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) == -1 || si.si_pid == 0)
		return;
	tell_end(s, &si);
	loop_del(s->pid_w);
	s->pid_w = NULL;
	close(s->pidfd);
	s->pidfd = -1;
	s->pid = 0;
	if (pr->state == PAIR_ENDING)
		pair_ended(pr);
	else
		pair_end(pr, 0, "%s ended by itself", side_name(s));
}

/* ---- the start ---- */

static void
not_ready(void *arg)
{
	struct pair *pr = arg;

	pair_end(pr, 1, "%s was not ready within %d s", pr->netd.ready ? "dial" : "netd",
	    READY_MS / 1000);
}

static void
not_alive(void *arg)
{
	pair_end(arg, 1, "netd was silent for %d s", ALIVE_MS / 1000);
}

static int
side_watch(struct side *s)
{
	if (s->pid != 0 && (s->pid_w = loop_add(s->pidfd, POLLIN, on_pidfd, s)) == NULL)
		return -1;
	if (s->chan != NULL &&
	    (s->chan_w = loop_add(imsgbuf_fd(s->chan), POLLIN, side_on_channel, s)) == NULL)
		return -1;
	return 0;
}

/* Its section; NULL when agent.conf has it no more. */
static const struct conf_server *
server_of(const struct pair *pr)
{
	const struct conf *c = pr->p->w.conf;

	for (unsigned int i = 0; i < c->nservers; i++)
		if (strcmp(c->server[i].name, pr->name) == 0)
			return &c->server[i];
	return NULL;
}

static int
try_start(struct pair *pr, struct errmsg *e)
{
	const struct conf_server *sv = server_of(pr);
	struct netset set;
	int rv;

	if (sv == NULL)
		return err_set(e, "agent.conf has it no more");
	if (netset_make(&set, &pr->p->w, sv, e) == -1)
		return -1;
	netset_hash(&set, pr->hash);
	if ((rv = pair_spawn(pr, ns.netd, ns.dial, e)) == 0)
		rv = pair_brief(pr, &set, e);
	netset_free(&set);
	if (side_watch(&pr->netd) == -1 || side_watch(&pr->dial) == -1)
		fatalx("out of memory");
	return rv;
}

static void
start_pair(struct pair *pr)
{
	struct errmsg e;

	pr->state = PAIR_STARTING;
	pr->started = loop_now();
	pair_fill(pr);
	loop_timer_set(&pr->ready_t, READY_MS, not_ready, pr);
	if (try_start(pr, &e) == -1) {
		pair_end(pr, 0, "%s", e.text);
		return;
	}
	log_debug(
	    "server %s: netd %ld, dial %ld", pr->name, (long)pr->netd.pid, (long)pr->dial.pid);
	side_flush(&pr->netd);
	side_flush(&pr->dial);
}

static void
again(void *arg)
{
	struct pair *pr = arg;

	pr->restarts++;
	start_pair(pr);
}

static void
new_pair(struct privd *p, const struct conf_server *sv)
{
	struct pair *pr = calloc(1, sizeof(*pr));

	if (pr == NULL)
		fatalx("out of memory");
	pr->p = p;
	snprintf(pr->name, sizeof(pr->name), "%s", sv->name);
	pr->netd = (struct side){.pair = pr, .room = ROOM_NETD, .pidfd = -1};
	pr->dial = (struct side){.pair = pr, .room = ROOM_DIAL, .pidfd = -1};
	TAILQ_INIT(&pr->offers);
	pair_rations(pr);
	for (size_t i = 0; i < PAIR_INTAKES; i++)
		pr->wait[i].pair = pr;
	TAILQ_INSERT_TAIL(&ns.pairs, pr, link);
	start_pair(pr);
}

/* Both confined: the work begins, with what is still to be delivered. */
static void
side_ready(struct side *s)
{
	struct pair *pr = s->pair;

	s->ready = 1;
	imsgbuf_gate(s->chan)->phase = PH_RUN;
	if (!pr->netd.ready || !pr->dial.ready)
		return;
	loop_timer_clear(&pr->ready_t);
	loop_timer_set(&pr->alive_t, ALIVE_MS, not_alive, pr);
	pr->state = PAIR_RUNNING;
	log_info("server %s: connected processes are ready: netd %ld, dial %ld", pr->name,
	    (long)pr->netd.pid, (long)pr->dial.pid);
	pair_offer_all(pr);
}

int
privd_on_NETD_READY(struct side *s, struct imsg *m)
{
	if (msg_ready_get(m) == -1)
		return -1;
	side_ready(s);
	return 0;
}

int
privd_on_DIAL_READY(struct side *s, struct imsg *m)
{
	return privd_on_NETD_READY(s, m);
}

int
privd_on_NETD_ALIVE(struct side *s, struct imsg *m)
{
	uint64_t turns;

	if (msg_alive_get(m, &turns) == -1)
		return -1;
	loop_timer_set(&s->pair->alive_t, ALIVE_MS, not_alive, s->pair);
	return 0;
}

int
privd_on_NETD_CERT(struct side *s, struct imsg *m)
{
	return msg_alive_get(m, &s->pair->cert);
}

/* ---- for the rest of privd ---- */

int
netside_open(struct privd *p, struct errmsg *e)
{
	struct errmsg why;

	TAILQ_INIT(&ns.pairs);
	ns.open = 1;
	if (pair_programs(p->w.conf, &ns.netd, &ns.dial, &why) == -1 && p->w.conf->nservers > 0)
		return err_set(e, "%s", why.text);
	for (unsigned int i = 0; i < p->w.conf->nservers; i++)
		new_pair(p, &p->w.conf->server[i]);
	return 0;
}

int
netside_covers(const struct privd *p, const struct words *w, struct errmsg *e)
{
	(void)p;
	if (w->conf->nservers > 0 && ns.netd == -1)
		return err_set(e, "this agent was started without reeve-netd and reeve-dial: "
				  "restart it");
	return 0;
}

static struct pair *
pair_byname(const char *name)
{
	struct pair *pr;

	TAILQ_FOREACH (pr, &ns.pairs, link)
		if (strcmp(pr->name, name) == 0 && !pr->removed)
			return pr;
	return NULL;
}

static void
remove_pair(struct pair *pr)
{
	pr->removed = 1;
	if (pr->state == PAIR_WAITING)
		pair_free(pr);
	else
		pair_end(pr, 0, "agent.conf has it no more");
}

/* A pair whose settings are others than those that it was started with begins anew. */
static void
look_again(struct pair *pr)
{
	const struct conf_server *sv = server_of(pr);
	struct netset set;
	struct errmsg e;
	uint8_t hash[32];

	if (sv == NULL) {
		remove_pair(pr);
		return;
	}
	/* first of all: their signers are keys of the policy that is freed already */
	pair_drop_intakes(pr, "the configuration changed meanwhile; submit it again");
	if (netset_make(&set, &pr->p->w, sv, &e) == -1) {
		log_warnx("%s: its processes go on as they are", e.text);
		return;
	}
	netset_hash(&set, hash);
	netset_free(&set);
	if (memcmp(hash, pr->hash, sizeof(hash)) == 0)
		return;
	pr->at_once = 1;
	if (pr->state == PAIR_WAITING)
		loop_timer_set(&pr->again_t, 0, again, pr);
	else
		pair_end(pr, 0, "its settings changed");
}

void
netside_reloaded(struct privd *p)
{
	struct pair *pr, *next;

	if (!ns.open)
		return;
	for (pr = TAILQ_FIRST(&ns.pairs); pr != NULL; pr = next) {
		next = TAILQ_NEXT(pr, link);
		if (!pr->removed)
			look_again(pr);
	}
	for (unsigned int i = 0; i < p->w.conf->nservers; i++)
		if (pair_byname(p->w.conf->server[i].name) == NULL)
			new_pair(p, &p->w.conf->server[i]);
}

/* Waits for a process until UNTIL, then ends it. */
static void
side_wait(struct side *s, uint64_t until)
{
	struct pollfd pfd = {s->pidfd, POLLIN, 0};
	uint64_t now = loop_now();
	siginfo_t si;

	if (s->pid == 0)
		return;
	if (poll(&pfd, 1, now < until ? (int)(until - now) : 0) != 1)
		side_kill(s);
	(void)waitid((idtype_t)P_PIDFD, (id_t)s->pidfd, &si, WEXITED);
	loop_del(s->pid_w);
	close(s->pidfd);
	s->pid = 0;
}

void
netside_close(struct privd *p)
{
	uint64_t until = loop_now() + STOP_MS;
	struct pair *pr;

	(void)p;
	if (!ns.open)
		return;
	TAILQ_FOREACH (pr, &ns.pairs, link) {
		pair_forget(pr);
		if (pr->netd.chan != NULL &&
		    imsg_compose(pr->netd.chan, MSG_NETD_STOP, NULL, NULL, 0) == 0)
			(void)imsgbuf_write(pr->netd.chan);
		side_close(&pr->netd);
		side_close(&pr->dial);
	}
	while ((pr = TAILQ_FIRST(&ns.pairs)) != NULL) {
		side_wait(&pr->netd, until);
		side_wait(&pr->dial, until);
		loop_timer_clear(&pr->ready_t);
		loop_timer_clear(&pr->alive_t);
		loop_timer_clear(&pr->pause_t);
		pair_free(pr);
	}
	ns.open = 0;
}

uint64_t
netside_cert(void)
{
	uint64_t first = 0;
	struct pair *pr;

	if (!ns.open)
		return 0;
	TAILQ_FOREACH (pr, &ns.pairs, link)
		if (pr->cert != 0 && (first == 0 || pr->cert < first))
			first = pr->cert;
	return first;
}

int
netside_nth(unsigned int n, struct netside_look *look)
{
	static const char *const names[] = {"starting", "running", "ending", "waiting"};
	const struct pair *pr = pair_nth(n);

	if (pr == NULL)
		return 0;
	look->name = pr->name;
	look->state = names[pr->state];
	look->netd = pr->netd.pid;
	look->dial = pr->dial.pid;
	look->restarts = pr->restarts;
	look->cert = pr->cert;
	return 1;
}
