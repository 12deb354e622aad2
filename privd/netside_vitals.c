/*
 * The heartbeat's figures: the internal step "vitals", one at a time for all pairs. Whoever asks
 * while one runs waits for that one; its spool is read by netd, never by us.
 */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/internal.h"
#include "privd/netside_pair.h"

#define VITALS_SECONDS 10
#define VITALS_GRACE   1
#define VITALS_OUTPUT  (128 * 1024)
#define VITALS_APART   1000 /* ms between the starts of two */

static struct {
	struct internal in;
	struct run *run;
	uint64_t last; /* loop_now() of the newest start */
	struct loop_timer start_t, deadline;
} vt;

static void begin(void *);

static int
anybody(void)
{
	struct pair *pr;

	for (unsigned int n = 0; (pr = pair_nth(n)) != NULL; n++)
		if (pr->asks_vitals)
			return 1;
	return 0;
}

static void
send_heads(struct pair *pr)
{
	struct privd *p = pr->p;
	struct msg_heads m = {.ledger = 0};
	uint8_t ids[16 * MSG_HEADS_MAX];
	const struct job *j;
	char chain[33];

	if (p->ledger != NULL)
		m.ledger = ledger_seq(p->ledger);
	m.audit = audit_head(p->audit, chain);
	if (str_unhex(m.chain, sizeof(m.chain), chain) == -1)
		memset(m.chain, 0, sizeof(m.chain));
	TAILQ_FOREACH (j, &p->jobs->live, link)
		if (j->run != NULL && m.nids < MSG_HEADS_MAX)
			memcpy(ids + 16 * m.nids++, j->id, 16);
	m.ids = ids;
	pair_send(pr, MSG_HEADS, msg_heads_put(&m), NULL, 0);
}

/* A descriptor of its own for each reader; /dev/null is a step that told nothing. */
static int
open_spool(struct privd *p, int ok)
{
	struct errmsg e;
	int fds[2];

	if (ok && spool_look(p->spool, vt.in.id, fds, &e) == 0) {
		close(fds[1]);
		return fds[0];
	}
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
finish(struct privd *p, int ok)
{
	struct pair *pr;
	int fd;

	for (unsigned int n = 0; (pr = pair_nth(n)) != NULL; n++) {
		if (!pr->asks_vitals)
			continue;
		pr->asks_vitals = 0;
		if ((fd = open_spool(p, ok)) == -1)
			log_warn("server %s: vitals", pr->name);
		else
			pair_send(pr, MSG_VITALS, msg_num_put(pr->vitals), &fd, 1);
		if (pair_running(pr))
			send_heads(pr);
	}
	spool_remove(p->spool, vt.in.id);
}

static void
on_ready(struct run *r, void *arg)
{
	struct errmsg e;

	(void)arg;
	if (run_go(r, &e) == -1)
		log_warnx("vitals: %s", e.text);
}

static void
on_end(struct run *r, const struct run_end *en, void *arg)
{
	struct privd *p = arg;
	int ok = en->have && !en->breach && en->rec.end == END_OK;

	(void)r;
	vt.run = NULL;
	loop_timer_clear(&vt.deadline);
	if (!ok)
		log_warnx("vitals: %s", en->why[0] != '\0' ? en->why
					: en->have	   ? end_name(en->rec.end)
							   : "no figures");
	finish(p, ok);
}

static void
on_deadline(void *arg)
{
	(void)arg;
	if (vt.run != NULL)
		run_kill(vt.run);
}

/* No sooner than a second after the one before: whoever asks more often waits. */
static void
begin(void *arg)
{
	static const struct run_ops ops = {on_ready, on_end};
	struct privd *p = arg;
	struct errmsg e;

	if (vt.run != NULL || !anybody())
		return;
	vt.last = loop_now();
	vt.in = (struct internal){.profile = PR_VITALS,
	    .step = STEP_VITALS,
	    .seconds = VITALS_SECONDS,
	    .grace = VITALS_GRACE,
	    .output = VITALS_OUTPUT};
	randombytes_buf(vt.in.id, sizeof(vt.in.id));
	if ((vt.run = internal_start(p, &vt.in, &ops, p, &e)) == NULL) {
		log_warnx("vitals: %s", e.text);
		finish(p, 0);
		return;
	}
	loop_timer_set(&vt.deadline, (VITALS_SECONDS + VITALS_GRACE + 5) * 1000, on_deadline, NULL);
}

int
privd_on_VITALS_ASK(struct side *s, struct imsg *m)
{
	struct pair *pr = s->pair;
	uint64_t now = loop_now(), due = vt.last + VITALS_APART;

	if (msg_num_get(m, &pr->vitals) == -1)
		return -1;
	pr->asks_vitals = 1;
	if (vt.run == NULL && vt.start_t.due == 0)
		loop_timer_set(
		    &vt.start_t, vt.last != 0 && due > now ? due - now : 0, begin, pr->p);
	return 0;
}

void
pair_left_vitals(struct pair *pr)
{
	pr->asks_vitals = 0;
}
