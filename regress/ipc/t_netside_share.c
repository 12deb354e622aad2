/*
 * Two servers, and one of them is hostile or merely wrong: what it orders, asks again or delivers
 * torn costs the other one and root's own jobs nothing. This test is both their netds.
 * regress: timeout 300
 */
#include "regress/ipc/netkit.h"

#define QUEUE	24
#define CANCELS 300
#define PINGS	1200
#define REFUSED 150

static struct kit kit;

static void
order(struct netpair *n, char hex[33], uint64_t fence)
{
	char text[1024];
	uint8_t id[16];

	net_id(id, hex);
	net_submit(
	    n, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.facts", ""), fence);
}

/* 1 when job HEX came to its end, and how many jobs of all had by then, by the audit trail. */
static int
finished(const char *hex, int *before)
{
	FILE *f = fopen(KIT "/state/audit", "r");
	char line[2048];
	int mine = 0;

	*before = 0;
	while (f != NULL && !mine && fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "event=job.finish") == NULL)
			continue;
		mine = strstr(line, hex) != NULL;
		*before += !mine;
	}
	if (f != NULL)
		fclose(f);
	return mine;
}

/* A server that fills the queue fills its own share of it, and has its turn as the others have. */
static void
full_queue(struct netpair *evil, struct netpair *good)
{
	struct msg_state st;
	struct imsgbuf *local;
	struct result r;
	char hex[33];
	uint8_t id[16];
	int before = 0, full = 0;

	for (int i = 0; i < QUEUE + 8; i++)
		order(evil, hex, 1);
	while (!full && net_state(evil, &st, NET_MS))
		full = st.state == JS_REFUSED && strstr(st.reason, "max-queue") != NULL;
	CHECKF(full, "nothing was refused");
	order(good, hex, 2);
	local = kit_submit(&kit, id);
	CHECKF(local != NULL, "reevectl is refused, since a server filled the queue");
	CHECK(net_state(good, &st, NET_MS));
	CHECKF(st.state != JS_REFUSED, "the other server's job: %s", st.reason);
	CHECK(local != NULL && kit_result(local, NET_MS, &r) == 0 && r.end == END_OK);
	for (int i = 0; i < 200 && !finished(hex, &before); i++)
		poll(NULL, 0, 50);
	CHECK(finished(hex, &before));
	CHECKF(before < QUEUE / 2, "%d jobs of the others ran before it", before);
	for (int i = 0; i < 400 && kit_audit("event=job.finish") < kit_audit("event=job.accept");
	     i++)
		poll(NULL, 0, 50);
}

/* The next JOB_STATE that says whether ticket ID was taken. */
static int
verdict(struct netpair *n, const uint8_t id[16], struct msg_state *st)
{
	while (net_state(n, st, NET_MS))
		if (memcmp(st->id, id, 16) == 0 &&
		    (st->state == JS_ACCEPTED || st->state == JS_REFUSED))
			return st->state;
	return 0;
}

/*
 * Signed tickets without end, as whoever stole an online key can have them made: they fill neither
 * the disk nor the audit trail, the other server's are taken as before, and a pair that is started
 * again gets no more than the one before.
 */
static void
without_end(struct netpair *evil, struct netpair *good)
{
	char text[1024], hex[33];
	struct msg_state st;
	struct imsg im;
	uint8_t id[16];
	int taken = 0, lines, refused = 0;

	for (int i = 0; i < PINGS && refused == 0; i++) {
		net_id(id, hex);
		net_submit(
		    evil, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
		if (verdict(evil, id, &st) == JS_REFUSED) {
			CHECKF(strstr(st.reason, "too many jobs") != NULL, "%s", st.reason);
			refused++;
			continue;
		}
		taken++;
		while (net_next(evil, &im, NET_MS) == 1) {
			int ended = im.type == MSG_JOB_EXIT;

			imsg_free(&im);
			if (ended)
				break;
		}
		net_send(&evil->netd, MSG_RESULT_ACK, msg_id_put(id));
	}
	CHECKF(refused == 1 && taken >= 1024 - 2 * QUEUE, "%d taken, %d refused", taken, refused);
	net_end(evil);
	CHECK(net_up(evil, NET_MS));
	for (taken = 0, refused = 0; refused < 20 && taken < 10;) {
		net_id(id, hex);
		net_submit(
		    evil, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
		if (verdict(evil, id, &st) == JS_REFUSED)
			refused++;
		else
			taken++;
	}
	CHECKF(taken < 5, "%d more after it was started again", taken);
	lines = kit_audit("event=job.refuse");
	for (int i = 0; i < REFUSED; i++)
		net_submit(
		    evil, NULL, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
	for (refused = 0; refused < REFUSED && verdict(evil, id, &st) == JS_REFUSED; refused++)
		;
	CHECKF(refused == REFUSED, "%d refused of %d", refused, REFUSED);
	lines = kit_audit("event=job.refuse") - lines;
	CHECKF(lines <= 128, "%d lines for %d refusals", lines, REFUSED);
	net_id(id, hex);
	net_submit(good, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
	CHECKF(verdict(good, id, &st) != JS_REFUSED, "the other server: %s", st.reason);
}

/* A server that takes no result gets no more jobs, until it takes one. */
static void
never_acked(struct netpair *n)
{
	char text[1024], hex[33];
	struct msg_state st;
	uint8_t id[16], first[8][16];
	int taken = 0;

	for (int i = 0; i < PINGS; i++, taken++) {
		net_send(&n->netd, MSG_NETD_ALIVE, msg_alive_put((uint64_t)i));
		net_id(id, hex);
		if (i < 8)
			memcpy(first[i], id, 16);
		net_submit(
		    n, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
		if (verdict(n, id, &st) == JS_REFUSED)
			break;
	}
	CHECKF(taken >= 400 && taken <= 500 && strstr(st.reason, "acknowledge") != NULL, "%d: %s",
	    taken, st.reason);
	for (int i = 0; i < 8; i++)
		net_send(&n->netd, MSG_RESULT_ACK, msg_id_put(first[i]));
	net_id(id, hex);
	net_submit(n, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.ping", ""), 1);
	CHECKF(verdict(n, id, &st) == JS_ACCEPTED, "after some were taken: %s", st.reason);
}

/* An executor that does what LINE says, in the place of the real one. */
static void
rogue_execd(const char *line)
{
	char from[PATH_MAX + 32];

	snprintf(from, sizeof(from), "%s/regress/ipc/rogue_execd", kit.bin);
	kit_copy(from, "/mnt/libexec/reeve-execd", 0755);
	kit_write("/mnt/libexec/act", 0644, line);
}

/* A job whose executor never gets ready is cancelled again and again: one order, one record. */
static void
cancel_again(struct netpair *n)
{
	uint8_t buf[CANCELS * (IMSG_HEADER + 16)], *at = buf, id[16];
	struct ibuf *ib;
	struct imsg im;
	char hex[33];

	order(n, hex, 3);
	CHECK(str_unhex(id, 16, hex) == 0);
	/* its spool is passed on when it is being set up */
	while (net_next(n, &im, NET_MS) == 1) {
		int set_up = im.type == MSG_JOB_STREAM;

		imsg_free(&im);
		if (set_up)
			break;
	}
	ib = msg_id_put(id);
	for (int i = 0; i < CANCELS; i++, at += IMSG_HEADER + 16) {
		peer_head(at, MSG_JOB_CANCEL, IMSG_HEADER + 16, 0, 0);
		memcpy(at + IMSG_HEADER, ib->buf, 16);
	}
	ibuf_free(ib);
	/* by one write(2), so that all of them come before the job's end does */
	CHECK(write(imsgbuf_fd(n->netd.chan), buf, sizeof(buf)) == (ssize_t)sizeof(buf));
	for (int i = 0; i < 200 && kit_audit2("event=job.finish", hex) == 0; i++)
		poll(NULL, 0, 50);
	CHECK(kit_audit2("event=job.finish", "end=cancelled") == 1);
	CHECKF(kit_audit("event=job.cancel ") == 1, "%d lines for one cancelled job",
	    kit_audit("event=job.cancel "));
}

int
main(void)
{
	struct netpair a, b, *evil = &a, *good = &b;
	char conf[2048];

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	snprintf(conf, sizeof(conf), "max-jobs 1\nmax-queue %d\n%s", QUEUE,
	    NET_SERVER("evil", "7440") NET_SERVER("good", "7441"));
	net_init(&kit, "reeve-execd", conf);
	kit_write(KIT "/etc/policy.conf", 0644,
	    "[key ops]\nfile keys/ops.pub\nrole operator\nholder ops-1\n"
	    "allow agent.facts agent.ping\n");
	kit_start(&kit);
	CHECK(net_up(&a, NET_MS) && net_up(&b, NET_MS));
	if (strcmp(a.netd.name, "evil") != 0) {
		evil = &b;
		good = &a;
	}
	full_queue(evil, good);
	never_acked(good);
	without_end(evil, good);
	net_end(&a);
	net_end(&b);
	kit_stop(&kit);

	rogue_execd("now nothing 0 0 stay\n");
	CHECK(mkdir(kit.cgroup, 0755) == 0);
	kit_start(&kit);
	CHECK(net_up(&a, NET_MS) && net_up(&b, NET_MS));
	cancel_again(&a);
	net_end(&a);
	net_end(&b);
	kit_stop(&kit);
	return check_done();
}
