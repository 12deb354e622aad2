/*
 * reevectl self-test: the live agent is given an unsigned and a forged ticket, which it must refuse
 * by the very checks of the intake; then the internal step "selftest" runs in an executor and
 * reports the confinement that it measures. Neither touches the ledger.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/control_client.h"
#include "privd/internal.h"
#include "proto/frame.h"

#define SELFTEST_SECONDS 30
#define SELFTEST_GRACE	 2
#define SELFTEST_OUTPUT	 65536
#define REPORT_MAX	 12288 /* of its typed result, in one CTL_ITEM */

/* One self-test at a time. */
static struct {
	struct privd *p;  /* NULL: none runs */
	struct client *c; /* NULL: it left */
	uint8_t id[16];
	struct run *run;
	struct loop_timer deadline;
} st;

static void
send_check(struct client *c, const char *check, int ok, const char *detail, const char *data)
{
	struct ibuf *ib = msg_item_open();

	msg_item_add(ib, "check", check);
	msg_item_add(ib, "result", ok ? "ok" : "failed");
	msg_item_add(ib, "detail", detail);
	if (data != NULL)
		msg_item_add(ib, "data", data);
	client_send(c, MSG_CTL_ITEM, ib);
}

/* A harmless ticket for this host, as good as an operator could write it. */
static size_t
make_ticket(struct privd *p, char *text, size_t size)
{
	const struct conf *c = p->w.conf;
	unsigned long long now = privd_now(p);
	char id[33];
	uint8_t raw[16];

	randombytes_buf(raw, sizeof(raw));
	str_hex(id, raw, sizeof(raw));
	return (size_t)snprintf(text, size,
	    "reeve-job 1\nfleet %s\nhost %s %s\nid %s\nissued %llu\nnotbefore %llu\n"
	    "notafter %llu\nrequester self-test\nkind agent.ping\nend\n",
	    c->fleet, c->host_id, c->host_name, id, now, now, now + 60);
}

static void
refused_check(struct client *c, const char *name, const struct msg_submit *m)
{
	struct errmsg e;
	int rc = intake_test(c->p, m, &e);

	send_check(c, name, rc == -1, rc == -1 ? e.text : "it was NOT refused", NULL);
}

static void
try_tickets(struct client *c)
{
	const struct policy_key *k = policy_key(c->p->w.policy, 0);
	struct msg_submit m = {.nsigs = 0};
	char text[1024];
	struct seckey sec;
	struct pubkey pub;

	m.len = make_ticket(c->p, text, sizeof(text));
	m.ticket = (const uint8_t *)text;
	refused_check(c, "unsigned ticket", &m);
	seckey_new(&sec, &pub);
	seckey_sign(&sec, text, m.len, &m.sig[0]);
	sodium_memzero(&sec, sizeof(sec));
	m.nsigs = 1;
	refused_check(c, "ticket of an unknown key", &m);
	if (k == NULL)
		return;
	memcpy(m.sig[0].keynum, k->pub.keynum, sizeof(k->pub.keynum));
	refused_check(c, "forged ticket", &m);
}

/* What the step reported: the DATA frames of its spool, text that is passed on as it is. */
static void
read_report(char *report, size_t size)
{
	static uint8_t buf[SELFTEST_OUTPUT];
	size_t off = FRAME_HEADLEN, used = 0;
	struct frame f;
	struct errmsg e;
	ssize_t n, len;
	int fd;

	report[0] = '\0';
	if ((fd = spool_output(st.p->spool, st.id, 0, NULL, &e)) == -1)
		return;
	n = pread(fd, buf, sizeof(buf), 0);
	close(fd);
	while (n > (ssize_t)off && (len = frame_get(buf + off, (size_t)n - off, &f)) > 0) {
		off += (size_t)len;
		if (f.type != FR_DATA || f.len >= size - used)
			continue;
		memcpy(report + used, f.data, f.len);
		used += f.len;
		report[used] = '\0';
	}
}

static void
finish(int ok, const char *detail)
{
	char report[REPORT_MAX];

	loop_timer_clear(&st.deadline);
	read_report(report, sizeof(report));
	spool_remove(st.p->spool, st.id);
	if (st.c != NULL) {
		send_check(st.c, "confinement of an executor", ok, detail,
		    report[0] != '\0' ? report : NULL);
		client_send(st.c, MSG_CTL_END, NULL);
	}
	memset(&st, 0, sizeof(st));
}

void
client_left_selftest(const struct client *c)
{
	if (st.c == c)
		st.c = NULL;
}

static void
on_ready(struct run *r, void *arg)
{
	struct errmsg e;

	(void)arg;
	if (run_go(r, &e) == -1)
		log_warnx("self-test: %s", e.text);
}

static void
on_end(struct run *r, const struct run_end *en, void *arg)
{
	char words[REASON_MAX + 64];

	(void)r;
	(void)arg;
	st.run = NULL;
	if (!en->have || en->breach) {
		finish(0, en->why[0] != '\0' ? en->why : "the executor left no exit record");
		return;
	}
	result_describe(en->rec.end, en->rec.code, en->rec.reason, words, sizeof(words));
	finish(en->rec.end == END_OK, words);
}

static void
on_deadline(void *arg)
{
	(void)arg;
	if (st.run != NULL)
		run_kill(st.run);
}

static int
start(struct privd *p, struct errmsg *e)
{
	static const struct run_ops ops = {on_ready, on_end};
	struct internal in = {.profile = PR_SELFTEST,
	    .step = STEP_SELFTEST,
	    .seconds = SELFTEST_SECONDS,
	    .grace = SELFTEST_GRACE,
	    .output = SELFTEST_OUTPUT / 2};

	memcpy(in.id, st.id, sizeof(in.id));
	if ((st.run = internal_start(p, &in, &ops, NULL, e)) == NULL)
		return -1;
	loop_timer_set(
	    &st.deadline, (SELFTEST_SECONDS + SELFTEST_GRACE + 5) * 1000, on_deadline, NULL);
	return 0;
}

int
privd_on_CTL_SELFTEST(struct client *c, struct imsg *m)
{
	struct errmsg e;

	(void)m;
	if (st.p != NULL) {
		client_err(c, "a self-test runs already");
		return 0;
	}
	try_tickets(c);
	st.c = c;
	st.p = c->p;
	randombytes_buf(st.id, sizeof(st.id));
	if (start(c->p, &e) == -1)
		finish(0, e.text);
	return 0;
}
