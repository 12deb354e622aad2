/*
 * kill-everywhere, the network side: reeve-privd of a CRASH=1 build dies at each message between it
 * and its netd or dial, which this test plays. It is started again, the same ticket is brought once
 * more, and the result is delivered: the job ended once, well or as unknown, and a next start owes
 * nothing. A point that is not reached fails the test.
 */
#include "regress/ipc/netkit.h"

/* Rows that nothing in this version reaches. */
static const struct {
	uint32_t type;
	const char *why;
} skips[] = {
    {MSG_JOB_NEEDBLOB, "no kind has a blob yet"},
    {MSG_CONFIRM_ASK, "no kind is confirmed yet"},
};

static struct kit kit;
static struct netpair n = {.netd = PEER_NONE, .dial = PEER_NONE};
static const struct seckey *key;

static int status; /* of the newest privd that ended */

static int
lives(void)
{
	if (kit.pid != 0 && waitpid(kit.pid, &status, WNOHANG) != 0)
		kit.pid = 0;
	return kit.pid != 0;
}

static void
start(const char *point)
{
	if (point != NULL)
		setenv("REEVE_CRASH", point, 1);
	else
		unsetenv("REEVE_CRASH");
	if (mkdir(kit.cgroup, 0755) == -1 && errno != EEXIST)
		kit_die(kit.cgroup);
	if ((kit.pid = fork()) == -1)
		kit_die("fork");
	if (kit.pid == 0) {
		int log = open(KIT "/log", O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log, 1);
		dup2(log, 2);
		fd_closefrom(3);
		execl("/mnt/reeve-privd", "reeve-privd", "-d", "-f", KIT "/etc/agent.conf",
		    (char *)NULL);
		_exit(127);
	}
}

/* As net_send(), to a peer that may be gone. */
static void
say(struct peer *p, uint32_t type, struct ibuf *ib)
{
	if (p->chan != NULL && imsg_compose(p->chan, type, ib, NULL, 0) == 0)
		(void)chan_flush(p->chan);
}

/* A pair whose privd may die at any time: 1 when it is ready. */
static int
pair_up(void)
{
	int64_t until = kit_ms() + NET_MS;
	int up = 0;

	net_end(&n);
	while (!up && lives() && kit_ms() < until)
		up = net_pair(&n, 100);
	if (!up)
		return 0;
	say(&n.dial, MSG_DIAL_READY, msg_ready_put());
	say(&n.netd, MSG_NETD_READY, msg_ready_put());
	imsgbuf_gate(n.dial.chan)->phase = imsgbuf_gate(n.netd.chan)->phase = PH_RUN;
	return 1;
}

static void
submit(const char *text, size_t len)
{
	struct msg_submit m = {.fence = 1, .ticket = (const uint8_t *)text, .len = len, .nsigs = 1};

	seckey_sign(key, text, len, &m.sig[0]);
	say(&n.netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
}

/* Until TYPE comes, of job ID where that is its result: 1, or 0 when privd is gone. */
static int
until(uint32_t type, const uint8_t id[16], enum end *end)
{
	struct msg_exit x;
	struct result r;
	struct errmsg e;
	struct imsg im;
	int got = 0;

	while (!got && chan_recv(n.netd.chan, &im, NET_MS) == 1) {
		got = im.type == type;
		if (got && type == MSG_JOB_EXIT && msg_exit_get(&im, &x) == 0) {
			got = memcmp(x.id, id, 16) == 0;
			CHECK(result_parse(&r, (const char *)x.record, x.len, &e) == 0);
			*end = r.end;
		}
		imsg_free(&im);
	}
	return got;
}

/* Everything that a netd says, and all that it is told. */
static void
whole(const char *text, size_t len, const uint8_t id[16])
{
	struct msg_blob b = {.data = (const uint8_t *)"x", .len = 1};
	uint8_t nobody[16] = {1};
	struct sig sig;
	enum end end;

	if (!pair_up())
		return;
	seckey_sign(key, "x", 1, &sig);
	say(&n.netd, MSG_NETD_ALIVE, msg_alive_put(1));
	say(&n.netd, MSG_NETD_CERT, msg_alive_put(1));
	say(&n.netd, MSG_JOB_BLOB, msg_blob_put(&b));
	say(&n.netd, MSG_JOB_CANCEL, msg_id_put(nobody));
	say(&n.netd, MSG_CONFIRM_SIG, msg_confirmsig_put(nobody, &sig));
	submit(text, len);
	if (!until(MSG_JOB_EXIT, id, &end))
		return;
	say(&n.netd, MSG_RESULT_ACK, msg_id_put(id));
	say(&n.netd, MSG_VITALS_ASK, msg_num_put(1));
	if (!until(MSG_HEADS, id, &end))
		return;
	kill(kit.pid, SIGTERM);
	(void)until(MSG_NETD_STOP, id, &end);
	net_end(&n);
}

static int
ended(int ms)
{
	int64_t end = kit_ms() + ms;

	while (lives() && kit_ms() < end)
		poll(NULL, 0, 5);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Dies at POINT; then the same ticket again, to its end. */
static void
crash(const char *point)
{
	char text[1024], hex[33], line[64];
	enum end end = 0;
	uint8_t id[16];
	size_t len;
	int rv;

	net_id(id, hex);
	len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	start(point);
	whole(text, len, id);
	rv = ended(15000);
	CHECKF(rv == 137, "%s: not reached: status %d", point, rv);
	start(NULL);
	CHECKF(pair_up(), "%s: no pair after it", point);
	submit(text, len);
	CHECKF(until(MSG_JOB_EXIT, id, &end), "%s: no result", point);
	CHECKF(end == END_OK || end == END_UNKNOWN, "%s: %s", point, end_name(end));
	say(&n.netd, MSG_RESULT_ACK, msg_id_put(id));
	say(&n.netd, MSG_VITALS_ASK, msg_num_put(1));
	CHECKF(until(MSG_HEADS, id, &end), "%s: no answer", point);
	CHECKF(!kit_spooled(hex), "%s: its output stays", point);
	snprintf(line, sizeof(line), "id=%s kind=agent.facts", hex);
	CHECKF(kit_audit2("event=job.finish ", line) == 1, "%s: finished %d times", point,
	    kit_audit2("event=job.finish ", line));
	kill(kit.pid, SIGTERM);
	net_end(&n);
	CHECK(ended(20000) == 0);
}

static int
skipped(const struct msg_row *r)
{
	for (size_t i = 0; i < sizeof(skips) / sizeof(skips[0]); i++)
		if (skips[i].type == r->num)
			return 1;
	return 0;
}

int
main(void)
{
	const struct msg_row *r;
	char point[64];

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd", "hostname me.example.net\n" NET_SERVER("main", "7440"));
	key = &kit.key;
	for (size_t i = 0; (r = msg_nth(i)) != NULL; i++) {
		int to = r->to == ROOM_PRIVD && (r->from == ROOM_NETD || r->from == ROOM_DIAL);
		int from = r->from == ROOM_PRIVD && (r->to == ROOM_NETD || r->to == ROOM_DIAL);

		if ((!to && !from) || skipped(r))
			continue;
		snprintf(point, sizeof(point), "msg.%s.%s", r->name, to ? "recv" : "send");
		crash(point);
	}
	if (rmdir(kit.cgroup) == -1)
		perror(kit.cgroup);
	return check_done();
}
