/*
 * A rogue reeve-execd against the real reeve-privd, on the channel of a step: every breach ends it
 * (killed, audited), its job finishes and never with ok, and privd goes on serving with the same
 * number of descriptors.
 */
#include "proto/result.h"
#include "regress/check.h"
#include "regress/ipc/privdkit.h"
#include "regress/ipc/samples.h"

#define IN_TIME	 10000 /* ms for a job whose executor is killed at once */
#define PATIENCE 40000 /* ms for one that is silent */

static struct kit kit;

static void
order(const char *when, const char *what, uint32_t type, uint32_t number, const char *end)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %s %u %u %s\n", when, what, type, number, end);
	kit_write("/mnt/libexec/act.new", 0644, line);
	if (rename("/mnt/libexec/act.new", "/mnt/libexec/act") == -1)
		kit_die("act");
}

/* Submits a job whose executor does so. NULL: not accepted. */
static struct imsgbuf *
begin(const char *when, const char *what, uint32_t type, uint32_t number, const char *end)
{
	int64_t until = kit_ms() + IN_TIME;
	uint8_t id[16];
	struct imsgbuf *b;

	order(when, what, type, number, end);
	b = kit_submit(&kit, id);
	CHECKF(b != NULL, "%s %s %u: not accepted", when, what, type);
	while (b != NULL && access("/mnt/libexec/act", F_OK) == 0 && kit_ms() < until)
		poll(NULL, 0, 1); /* until the executor has read its line */
	return b;
}

/* It must have finished, and not well. BREACHES: how many lines event=peer.kill there must be. */
static void
finish(struct imsgbuf *b, int ms, const char *name, const char *what, int breaches)
{
	struct result r;

	memset(&r, 0, sizeof(r));
	CHECKF(b != NULL && kit_result(b, ms, &r) == 0, "%s: %s: no result", name, what);
	CHECKF(r.end == END_SETUP || r.end == END_UNKNOWN || r.end == END_SANDBOX ||
		   r.end == END_SIGNAL,
	    "%s: %s: %s", name, what, end_name(r.end));
	if (breaches >= 0)
		CHECKF(kit_audit("event=peer.kill") == breaches, "%s: %s: %d audited, not %d", name,
		    what, kit_audit("event=peer.kill"), breaches);
}

/* One breach: the executor stays alive until privd kills it. */
static void
breach(const char *when, const char *what, uint32_t type, uint32_t number)
{
	const struct msg_row *r = msg_row(type);
	int before = kit_audit("event=peer.kill");

	finish(begin(when, what, type, number, "stay"), IN_TIME,
	    r != NULL ? r->name : "no such type", what, before + 1);
}

/* Lawful as far as it goes, and then the executor ends without an exit record. */
static void
lawful(const char *when, const char *what, uint32_t type, uint32_t number)
{
	finish(begin(when, what, type, number, "exit"), IN_TIME, msg_row(type)->name, what,
	    kit_audit("event=peer.kill"));
}

/* Does privd, waiting for EXEC_READY, take TYPE? */
static int
takes(uint32_t type)
{
	return type == MSG_EXEC_READY || type == MSG_EXEC_FAIL;
}

static void
type_sweep(void)
{
	static const uint32_t huge[] = {256, 65536 + MSG_EXEC_READY, 0x80000000, 0xffffffff};
	uint32_t t;
	size_t i;

	for (t = 0; t < 256; t++) {
		if (msg_row(t) == NULL && t % 16 != 0)
			continue; /* an unknown number is an unknown number: every sixteenth */
		if (takes(t))
			lawful("now", "send", t, 0);
		else
			breach("now", "send", t, 0);
	}
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++)
		breach("now", "send", huge[i], 0);
}

static void
row(const struct msg_row *r)
{
	static const uint32_t bad[] = {
	    0, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1, 0x80000000};
	const char *when = r->phases & PH_SETUP ? "now" : "armed";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		breach(when, "length", r->num, bad[i]);
	breach(when, "length", r->num, IMSG_HEADER + r->min - 1);
	breach(when, "length", r->num, IMSG_HEADER + r->max + 1);
	breach(when, "declare", r->num, 1);
	breach(when, "declare", r->num, 2);
	/* EXEC_FAIL ends where the message ends, so that a NUL behind it is no text */
	breach(when, "trailing", r->num, 0);
	breach(when, "twice", r->num, 0);
	lawful(when, "split", r->num, 0);
	/* Descriptors that nobody asked for: the kernel drops them, the message stands. */
	lawful(when, "surplus", r->num, PEER_FDS);
	/* and out of phase, on the other side of EXEC_GO */
	breach(r->phases & PH_SETUP ? "armed" : "now", "send", r->num, 0);
}

/* Half a message, or none, and silence: the time for setting up is over some day. */
static void
silence(void)
{
	struct imsgbuf *b[3];
	int i;

	b[0] = begin("now", "half", MSG_EXEC_READY, 0, "stay");
	b[1] = begin("now", "half", MSG_EXEC_FAIL, 0, "stay");
	b[2] = begin("now", "nothing", MSG_EXEC_READY, 0, "stay");
	CHECKF(kit_serves(&kit), "privd does not answer while executors are silent");
	for (i = 0; i < 3; i++)
		finish(b[i], PATIENCE, "silence", "before EXEC_READY", -1);
}

int
main(void)
{
	const struct msg_row *r;
	int fds, now, before;
	size_t i;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	kit_init(&kit, "regress/ipc/rogue_execd");
	kit_start(&kit);
	CHECK(kit_serves(&kit));
	lawful("now", "send", MSG_EXEC_FAIL, 0);
	fds = kit_serves(&kit);
	CHECK(fds > 0);
	type_sweep();
	for (i = 0; (r = msg_nth(i)) != NULL; i++)
		if (r->from == ROOM_EXECD && r->to == ROOM_PRIVD)
			row(r);
	silence();
	/* 253 descriptors with each byte that still goes: none arrives. */
	before = kit_audit("event=peer.kill");
	finish(begin("armed", "flood", MSG_EXEC_EXIT, 10000, "stay"), IN_TIME, "EXEC_EXIT",
	    "fd-flood", before + 1);
	now = kit_serves(&kit);
	CHECKF(now == fds, "%d descriptors, %d at first", now, fds);
	CHECKF(kill(kit.pid, 0) == 0, "privd is gone");
	kit_stop(&kit);
	return check_done();
}
