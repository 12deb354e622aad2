/*
 * Attack own-netd: the network process is the attacker's. He holds every ticket that he ever saw,
 * and an online key, and speaks the protocol without a fault. No job of his runs, none runs twice,
 * nobody else's result is acknowledged, and each refusal stands in the audit trail.
 *
 * Attack two-netds: two servers, of which one says things about the other's jobs.
 */
#include "regress/ipc/netkit.h"

#define HOST_ID "5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define FLEET	"3b7e0c1a9d2f4e5860718293a4b5c6d7"

static struct kit kit;
static struct netpair a, b;
static unsigned int refusals;

static int
started(void)
{
	return kit_audit("event=job.start ");
}

/* He is told no, the trail tells of it, and nothing is accepted. */
static void
no(const struct seckey *sec, const char *text, size_t len, const char *what)
{
	int before = kit_audit("event=job.refuse "), accepted = kit_audit("event=job.accept ");
	struct msg_state st = {.state = 0};

	net_submit(&a, sec, text, len, 1);
	CHECKF(
	    net_state(&a, &st, NET_MS) && st.state == JS_REFUSED, "%s: state %u", what, st.state);
	CHECKF(kit_audit("event=job.refuse ") == before + 1, "%s: not in the trail", what);
	CHECKF(kit_audit("event=job.accept ") == accepted, "%s: ACCEPTED", what);
	refusals++;
}

/* The job runs and is delivered to N. */
static void
runs(struct netpair *n, const uint8_t id[16], const char *text, size_t len)
{
	struct imsg im = {.type = 0};
	struct msg_exit x;
	int end = 0;

	net_submit(n, &kit.key, text, len, 1);
	while (!end && net_next(n, &im, NET_MS) == 1) {
		end = im.type == MSG_JOB_EXIT && msg_exit_get(&im, &x) == 0 &&
		      memcmp(x.id, id, 16) == 0;
		imsg_free(&im);
	}
	CHECK(end);
}

static size_t
ticket(char *text, size_t size, const char *fleet, const char *hosts, const char *id,
    long long issued, long long notafter)
{
	return (size_t)snprintf(text, size,
	    "reeve-job 1\nfleet %s\n%sid %s\nissued %lld\nnotbefore %lld\nnotafter %lld\n"
	    "requester ops-1\nkind agent.facts\nend\n",
	    fleet, hosts, id, issued, issued, notafter);
}

/* Made by himself: unsigned, by a key of his own, by that key under the operator's number. */
static void
forged(void)
{
	char text[1024], hex[33];
	struct msg_submit m = {.fence = 1, .nsigs = 1};
	struct msg_state st;
	struct seckey own;
	struct pubkey pub;
	uint8_t id[16];

	net_id(id, hex);
	m.len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	m.ticket = (const uint8_t *)text;
	seckey_new(&own, &pub);
	no(NULL, text, m.len, "unsigned");
	no(&own, text, m.len, "his own key");
	seckey_sign(&own, text, m.len, &m.sig[0]);
	memcpy(m.sig[0].keynum, kit.key.keynum, sizeof(kit.key.keynum));
	net_send(&a.netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
	CHECK(net_state(&a, &st, NET_MS) && st.state == JS_REFUSED);
	memset(&m.sig[0].sig, 0, sizeof(m.sig[0].sig));
	net_send(&a.netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
	CHECK(net_state(&a, &st, NET_MS) && st.state == JS_REFUSED);
	refusals += 2;
}

/* One that the operator signed, with one byte of it changed: another id, kind, host, end. */
static void
altered(void)
{
	char text[1024], bad[1024], hex[33];
	struct msg_submit m = {.fence = 1, .nsigs = 1};
	struct msg_state st;
	uint8_t id[16];

	net_id(id, hex);
	m.len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	seckey_sign(&kit.key, text, m.len, &m.sig[0]);
	m.ticket = (const uint8_t *)bad;
	for (size_t i = 0; i < m.len; i += 17) {
		memcpy(bad, text, m.len);
		bad[i] ^= 1;
		net_send(&a.netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
		CHECKF(net_state(&a, &st, NET_MS) && st.state == JS_REFUSED, "byte %zu", i);
		refusals++;
	}
}

/* Signed by the operator, and not for this host, this fleet, this time or this key. */
static void
retargeted(void)
{
	long long now = (long long)time(NULL);
	char text[1024], hex[33];
	uint8_t id[16];

	net_id(id, hex);
	no(&kit.key, text,
	    ticket(text, sizeof(text), FLEET,
		"host 00000000000000000000000000000001 web2.example.net\n", hex, now, now + 600),
	    "another host");
	no(&kit.key, text,
	    ticket(text, sizeof(text), FLEET, "host " HOST_ID " web2.example.net\n", hex, now,
		now + 600),
	    "this id, another name");
	no(&kit.key, text,
	    ticket(text, sizeof(text), FLEET,
		"host 00000000000000000000000000000001 web1.example.net\n", hex, now, now + 600),
	    "this name, another id");
	no(&kit.key, text,
	    ticket(text, sizeof(text), "00000000000000000000000000000002",
		"host " HOST_ID " web1.example.net\n", hex, now, now + 600),
	    "another fleet");
	no(&kit.key, text,
	    ticket(text, sizeof(text), FLEET, "host " HOST_ID " web1.example.net\n", hex,
		now - 7200, now - 1),
	    "kept until it was over");
	no(&kit.key, text,
	    ticket(text, sizeof(text), FLEET, "host " HOST_ID " web1.example.net\n", hex,
		now + 1000, now + 2000),
	    "from the future");
	no(&kit.key, text, net_ticket(text, sizeof(text), hex, "pkg.refresh", ""),
	    "a kind that policy does not allow");
}

/* Old tickets again, at once and after restarts: told of, never run. */
static void
replayed(void)
{
	char text[1024], other[1024], hex[33];
	long long now = (long long)time(NULL);
	struct msg_state st;
	uint8_t id[16];
	size_t len;
	int before = started();

	net_id(id, hex);
	len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	runs(&a, id, text, len);
	runs(&a, id, text, len);
	net_send(&a.netd, MSG_RESULT_ACK, msg_id_put(id));
	runs(&a, id, text, len);
	CHECKF(started() == before + 1, "it ran %d times", started() - before);
	/* the id again, other bytes, signed by the operator as well */
	no(&kit.key, other,
	    ticket(other, sizeof(other), FLEET, "host " HOST_ID " web1.example.net\n", hex, now,
		now + 599),
	    "an id that was used");
	net_end(&a);
	net_end(&b);
	kit_stop(&kit);
	mkdir(kit.cgroup, 0755);
	kit_start(&kit);
	for (int i = 0; i < 2; i++) {
		struct netpair n;

		CHECK(net_up(&n, NET_MS));
		if (strcmp(n.netd.name, "a") == 0)
			a = n;
		else
			b = n;
	}
	net_submit(&a, &kit.key, text, len, 1);
	CHECK(net_state(&a, &st, NET_MS) && st.state == JS_FINISHED);
	CHECKF(started() == before + 1, "it ran again after a restart");
}

/* A's job, in B's mouth. */
static void
two_netds(void)
{
	char text[1024], hex[33], line[128];
	struct msg_state st;
	struct imsg im;
	uint8_t id[16], nobody[16] = {1};
	size_t len;
	int before = started();

	net_id(id, hex);
	len = net_ticket(text, sizeof(text), hex, "agent.facts", "");
	runs(&a, id, text, len);
	snprintf(line, sizeof(line), "id=%s server=b reason=not", hex);
	net_send(&b.netd, MSG_RESULT_ACK, msg_id_put(id));
	net_send(&b.netd, MSG_JOB_CANCEL, msg_id_put(id));
	net_send(&b.netd, MSG_RESULT_ACK, msg_id_put(nobody));
	/* B is told of it once it brings the ticket, runs nothing, and acknowledges nothing */
	runs(&b, id, text, len);
	net_send(&b.netd, MSG_RESULT_ACK, msg_id_put(id));
	net_send(&b.netd, MSG_VITALS_ASK, msg_num_put(1));
	while (net_next(&b, &im, NET_MS) == 1 && im.type != MSG_HEADS)
		imsg_free(&im);
	imsg_free(&im);
	CHECK(kit_audit2("event=ack.refuse ", line) == 1);
	CHECK(kit_audit2("event=cancel.refuse ", line) == 1);
	CHECK(kit_audit("event=ack.refuse ") == 2);
	CHECKF(started() == before + 1, "it ran %d times", started() - before);
	/* still A's to deliver: its next netd is told of it, with its output */
	net_end(&a);
	CHECK(net_up(&a, NET_MS) && strcmp(a.netd.name, "a") == 0);
	CHECK(net_state(&a, &st, NET_MS) && memcmp(st.id, id, 16) == 0);
	CHECK(net_next(&a, &im, NET_MS) == 1 && im.type == MSG_JOB_STREAM);
	imsg_free(&im);
	CHECK(net_next(&a, &im, NET_MS) == 1 && im.type == MSG_JOB_EXIT);
	imsg_free(&im);
	net_send(&a.netd, MSG_RESULT_ACK, msg_id_put(id));
	CHECK(kit_serves(&kit));
}

/* A signature of a confirmation that nobody asked for. */
static void
confirms(void)
{
	struct sig sig;
	uint8_t id[16] = {7};

	seckey_sign(&kit.key, "reeve-confirm 1\n", 16, &sig);
	net_send(&a.netd, MSG_CONFIRM_SIG, msg_confirmsig_put(id, &sig));
	net_send(&a.netd, MSG_VITALS_ASK, msg_num_put(2));
	for (struct imsg im = {.type = 0}; im.type != MSG_HEADS; imsg_free(&im))
		if (net_next(&a, &im, NET_MS) != 1)
			break;
	CHECK(kit_audit("event=confirm.refuse ") == 1);
}

int
main(void)
{
	struct netpair n;
	int before;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd",
	    "hostname me.example.net\n" NET_SERVER("a", "7441") NET_SERVER("b", "7442"));
	kit_start(&kit);
	for (int i = 0; i < 2; i++) {
		if (!net_up(&n, NET_MS))
			kit_die("no pair");
		if (strcmp(n.netd.name, "a") == 0)
			a = n;
		else
			b = n;
	}
	before = started();
	forged();
	altered();
	retargeted();
	CHECKF(started() == before, "%d of his jobs ran", started() - before);
	CHECKF(kit_audit("event=job.refuse ") == (int)refusals, "%d refusals told, of %u",
	    kit_audit("event=job.refuse "), refusals);
	CHECK(kit_audit("event=peer.kill ") == 0);
	replayed();
	two_netds();
	confirms();
	net_end(&a);
	net_end(&b);
	kit_stop(&kit);
	return check_done();
}
