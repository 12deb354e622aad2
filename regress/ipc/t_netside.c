/*
 * The plain way of privd's network side, with this test as netd and dial: settings, a job from
 * ticket to acknowledgement, what is told again after a restart of the pair, the heartbeat's
 * figures, reload, stop.
 */
#include "proto/frame.h"
#include "regress/ipc/netkit.h"

static struct kit kit;

static int
has(const struct netpair *n, const char *line)
{
	return strstr(n->netd.seen, line) != NULL;
}

static void
settings(const struct netpair *n)
{
	static const char *const want[] = {"server=main\n",
	    "host-id=5f0c2c9d8e7f40a1b2c3d4e5f6071829\n",
	    "fleet=3b7e0c1a9d2f4e5860718293a4b5c6d7\n", "host=ctl.example.net\n", "port=7440\n",
	    "prefix=/x\n", "heartbeat=30\n", "poll-wait=50\n", "tag=site a b\n",
	    "address=192.0.2.7\n", "address=2001:db8::1\n", "kind=agent.facts\n", "verbose=0\n",
	    "free=64\n", "host-name=me.example.net\n", "version="};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		CHECKF(has(n, want[i]), "no %s in:\n%s", want[i], n->netd.seen);
	CHECK(!has(n, "kind=script.run\n") && !has(n, "proxy=") && !has(n, "bearer="));
	CHECK(strstr(n->netd.seen, "cert=") != NULL && strstr(n->netd.seen, "key=") != NULL);
}

/* What came for one job, in order: a letter a message. */
struct told {
	char order[64];
	int spool, watch;
	uint64_t fence;
	struct result r;
};

static void
take(struct told *t, struct imsg *im)
{
	size_t at = strlen(t->order);
	struct msg_state st;
	struct msg_exit x;
	struct errmsg e;

	switch (im->type) {
	case MSG_JOB_STATE:
		CHECK(msg_state_get(im, &st) == 0);
		t->fence = st.fence;
		t->order[at] = "?ARSF"[st.state];
		break;
	case MSG_JOB_STREAM:
		t->spool = imsg_fd(im, 0);
		t->watch = imsg_fd(im, 1);
		t->order[at] = 's';
		break;
	case MSG_JOB_EXIT:
		CHECK(msg_exit_get(im, &x) == 0);
		CHECK(result_parse(&t->r, (const char *)x.record, x.len, &e) == 0);
		t->order[at] = 'x';
		break;
	default:
		t->order[at] = '!';
	}
}

/* Everything until the result. */
static void
follow(struct netpair *n, struct told *t)
{
	struct imsg im;

	*t = (struct told){.spool = -1, .watch = -1};
	while (strchr(t->order, 'x') == NULL && strlen(t->order) < 32) {
		if (net_next(n, &im, NET_MS) != 1)
			break;
		take(t, &im);
		imsg_free(&im);
	}
}

static void
forget(struct told *t)
{
	if (t->spool != -1)
		close(t->spool);
	if (t->watch != -1)
		close(t->watch);
}

static void
whole_job(struct netpair *n)
{
	char text[1024], hex[33], head[16] = "";
	struct told t;
	struct imsg im;
	uint8_t id[16];
	size_t len;

	net_id(id, hex);
	len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	net_submit(n, &kit.key, text, len, 7);
	follow(n, &t);
	CHECK_STR(t.order, "AsSx");
	CHECK(t.fence == 7 && t.r.end == END_OK);
	CHECK(pread(t.spool, head, 14, 0) == 14);
	CHECKF(strncmp(head, "reeve-spool", 11) == 0, "spool begins with %s", head);
	CHECK(write(t.spool, "x", 1) == -1); /* read-only */
	forget(&t);

	/* the same ticket again: where it stands, and its result */
	net_submit(n, &kit.key, text, len, 8);
	follow(n, &t);
	CHECK_STR(t.order, "Fx");
	CHECK(t.fence == 8);
	forget(&t);
	net_send(&n->netd, MSG_RESULT_ACK, msg_id_put(id));

	/* acknowledged: its output is gone, its result is not */
	net_submit(n, &kit.key, text, len, 9);
	follow(n, &t);
	CHECK_STR(t.order, "Fx");
	forget(&t);
	net_send(&n->netd, MSG_RESULT_ACK, msg_id_put(id));
	CHECK(net_next(n, &im, 100) == -2);
}

static void
refused(struct netpair *n)
{
	char text[1024], hex[33];
	struct msg_state st;
	uint8_t id[16];
	size_t len;

	net_id(id, hex);
	len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	net_submit(n, NULL, text, len, 1);
	CHECK(net_state(n, &st, NET_MS));
	CHECK(st.state == JS_REFUSED && memcmp(st.id, id, 16) == 0 && st.reason[0] != '\0');
	net_submit(n, &kit.key, "no ticket\n", 10, 1);
	CHECK(net_state(n, &st, NET_MS));
	CHECK(st.state == JS_REFUSED && st.id[0] == 0);
}

/* Root at the host looks at a job of the server's: the result stays the server's. */
static void
looked_at(struct netpair *n)
{
	char text[1024], hex[33], said[MSG_TEXT_MAX + 1];
	struct imsgbuf *b = kit_channel();
	struct told t;
	struct imsg im;
	uint8_t id[16];

	net_id(id, hex);
	net_submit(n, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.facts", ""), 3);
	follow(n, &t);
	forget(&t);
	CHECK(b != NULL && imsg_compose(b, MSG_CTL_ACK, msg_id_put(id), NULL, 0) == 0);
	CHECK(chan_recv(b, &im, NET_MS) == 1 && im.type == MSG_CTL_OK);
	CHECK(msg_text_get(&im, said, sizeof(said)) == 0);
	CHECK_STR(said, "kept: server main is to have it");
	imsg_free(&im);
	imsgbuf_free(b);
	CHECK(kit_spooled(hex));
	net_send(&n->netd, MSG_RESULT_ACK, msg_id_put(id));
	for (int i = 0; i < 100 && kit_spooled(hex); i++)
		CHECK(kit_serves(&kit));
	CHECK(!kit_spooled(hex));
}

/* A pair that dies: the next one is told what was not acknowledged, with its lease. */
static void
told_again(struct netpair *n)
{
	char text[1024], hex[33];
	struct told t;
	uint8_t id[16];

	net_id(id, hex);
	net_submit(n, &kit.key, text, net_ticket(text, sizeof(text), hex, "agent.facts", ""), 41);
	follow(n, &t);
	CHECK_STR(t.order, "AsSx");
	forget(&t);
	net_end(n);
	CHECK(net_up(n, NET_MS));
	follow(n, &t);
	CHECK_STR(t.order, "Fsx");
	CHECK(t.fence == 41 && t.r.end == END_OK);
	forget(&t);
	kit_stop(&kit);
	net_end(n);
	mkdir(kit.cgroup, 0755);
	kit_start(&kit);
	CHECK(net_up(n, NET_MS));
	follow(n, &t);
	CHECK_STR(t.order, "Fsx");
	forget(&t);
	net_send(&n->netd, MSG_RESULT_ACK, msg_id_put(id));
	CHECK(kit_serves(&kit));
}

static void
vitals(struct netpair *n)
{
	static uint8_t buf[262144];
	size_t off = FRAME_HEADLEN;
	struct frame f = {.type = FR_STDOUT};
	struct msg_heads h;
	struct imsg im;
	uint32_t number;
	ssize_t got, len = 0;
	int fd;

	net_send(&n->netd, MSG_VITALS_ASK, msg_num_put(5));
	CHECK(net_next(n, &im, NET_MS) == 1 && im.type == MSG_VITALS);
	CHECK(msg_num_get(&im, &number) == 0 && number == 5);
	fd = imsg_fd(&im, 0);
	imsg_free(&im);
	got = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	while (got > (ssize_t)off && f.type != FR_DATA &&
	       (len = frame_get(buf + off, (size_t)got - off, &f)) > 0)
		off += (size_t)len;
	CHECKF(f.type == FR_DATA, "no figures in %zd bytes", got);
	if (f.type == FR_DATA) {
		CHECK(f.len > 100 && f.len <= 65536 && f.data[0] == '{');
		CHECK(memmem(f.data, f.len, "\"boot_id\":\"", 11) != NULL);
		CHECK(memmem(f.data, f.len, "\"kernel\":\"", 10) != NULL);
	}
	CHECK(net_next(n, &im, NET_MS) == 1 && im.type == MSG_HEADS);
	CHECK(msg_heads_get(&im, &h) == 0 && h.ledger > 0 && h.audit > 0 && h.nids == 0);
	imsg_free(&im);
}

static void
reload(struct netpair *n)
{
	struct peer p, life;

	/* the same settings: the pair stays */
	kill(kit.pid, SIGHUP);
	CHECK(kit_serves(&kit));
	CHECK(net_accept(&p, 500) == 0);
	/* others: a new pair, at once */
	net_renew(&kit, 1);
	CHECK(net_closed(&n->netd, NET_MS) && net_closed(&n->dial, NET_MS));
	life = (struct peer){.life = n->netd.life, .raw = n->netd.life};
	CHECKF(net_closed(&life, NET_MS), "the process lives");
	net_end(n);
	CHECK(net_up(n, NET_MS));
	/* one that cannot be read: the old words stay */
	kit_write(KIT "/etc/tls.key", 0600, "");
	kill(kit.pid, SIGHUP);
	CHECK(kit_serves(&kit));
	CHECK(net_accept(&p, 500) == 0);
	CHECK(kit_audit("event=conf.refuse") == 1);
	kit_write(KIT "/etc/tls.key", 0600, NET_KEY);
}

static void
stop(struct netpair *n)
{
	int64_t from = kit_ms();
	struct imsg im;

	kill(kit.pid, SIGTERM);
	CHECK(net_next(n, &im, NET_MS) == 1 && im.type == MSG_NETD_STOP);
	imsg_free(&im);
	CHECK(net_next(n, &im, NET_MS) == 0);
	net_end(n);
	kit_stop(&kit);
	CHECK(kit_ms() - from < 10000);
}

int
main(void)
{
	struct netpair n;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd",
	    "hostname me.example.net\ntag site \"a b\"\naddress 192.0.2.7 2001:db8::1\n" NET_SERVER(
		"main", "7440"));
	kit_start(&kit);
	CHECK(net_pair(&n, NET_MS));
	settings(&n);
	net_ready(&n);
	whole_job(&n);
	refused(&n);
	looked_at(&n);
	vitals(&n);
	told_again(&n);
	reload(&n);
	stop(&n);
	return check_done();
}
