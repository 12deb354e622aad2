/*
 * Attack order-permutations. Messages in every order: a room takes exactly those that the
 * conversation allows where it stands. What is allowed is written here a second time, in the words
 * of the conversation, not of phases.
 */
#include "regress/check.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

#define MAXSTEPS 6

/* A conversation as its receiver lives it. A step is a message from the peer, or 0: our own GO. */
struct talk {
	const char *name;
	enum room self, peer;
	unsigned int phase;
	uint32_t step[MAXSTEPS];
	int nsteps;
	void (*moved)(struct msg_gate *, uint32_t); /* as the room's owner does after each step */
	int (*allowed)(const int *seen, int step);  /* SEEN: which steps (by index) have passed */
};

/* ---- execd, from privd ---- */

enum { X_HOST, X_CGROUP, X_BLOB, X_SEAL, X_START, X_GO };

static void
execd_moved(struct msg_gate *g, uint32_t type)
{
	if (type == MSG_EXEC_START)
		g->phase = PH_ARMED; /* it confined itself and sent EXEC_READY */
	if (type == MSG_EXEC_GO)
		g->phase = PH_RUN;
}

static int
execd_allowed(const int *seen, int step)
{
	return step == X_GO ? seen[X_START] : !seen[X_START];
}

/* ---- privd, from execd ---- */

enum { P_READY, P_FAIL, P_EXIT, P_GO };

static void
privd_moved(struct msg_gate *g, uint32_t type)
{
	if (type == MSG_EXEC_READY)
		g->phase = PH_ARMED;
	if (type == 0)
		g->phase = PH_RUN;
}

static int
privd_allowed(const int *seen, int step)
{
	switch (step) {
	case P_READY:
	case P_FAIL:
		return !seen[P_GO];
	case P_EXIT:
		return seen[P_GO];
	default: /* privd itself says GO only to an executor that is ready */
		return seen[P_READY];
	}
}

/* ---- privd, from netd ---- */

static void
ready_moved(struct msg_gate *g, uint32_t type)
{
	if (type == MSG_NETD_READY)
		g->phase = PH_RUN;
}

static int
ready_first(const int *seen, int step)
{
	return step == 0 || seen[0];
}

/* ---- ctld, from sign ---- */

static void
hello_moved(struct msg_gate *g, uint32_t type)
{
	if (type == MSG_SIGN_HELLO)
		g->phase = PH_RUN;
}

/* ---- where any order will do ---- */

static void
stays(struct msg_gate *g, uint32_t type)
{
	(void)g;
	(void)type;
}

static int
any(const int *seen, int step)
{
	(void)seen;
	(void)step;
	return 1;
}

static const struct talk talks[] = {
    {"execd", ROOM_EXECD, ROOM_PRIVD, PH_START,
	{MSG_EXEC_HOST, MSG_EXEC_CGROUP, MSG_EXEC_BLOB, MSG_EXEC_SEAL, MSG_EXEC_START, MSG_EXEC_GO},
	6, execd_moved, execd_allowed},
    {"privd, from execd", ROOM_PRIVD, ROOM_EXECD, PH_SETUP,
	{MSG_EXEC_READY, MSG_EXEC_FAIL, MSG_EXEC_EXIT, 0}, 4, privd_moved, privd_allowed},
    {"privd, from netd", ROOM_PRIVD, ROOM_NETD, PH_START,
	{MSG_NETD_READY, MSG_NETD_ALIVE, MSG_JOB_SUBMIT, MSG_RESULT_ACK, MSG_JOB_BLOB}, 5,
	ready_moved, ready_first},
    {"ctld, from sign", ROOM_CTLD, ROOM_SIGN, PH_START,
	{MSG_SIGN_HELLO, MSG_SIGN_CERT, MSG_SIGN_SIG, MSG_SIGN_NO}, 4, hello_moved, ready_first},
    {"dial", ROOM_DIAL, ROOM_PRIVD, PH_START, {MSG_DIAL_CONF, MSG_DIAL_PEER}, 2, stays, any},
    {"privd, from reevectl", ROOM_PRIVD, ROOM_CTL, PH_RUN,
	{MSG_CTL_SUBMIT, MSG_CTL_BLOB, MSG_CTL_STATUS, MSG_CTL_WAIT, MSG_CTL_ACK}, 5, stays, any},
    {"reevectl", ROOM_CTL, ROOM_PRIVD, PH_RUN,
	{MSG_CTL_OK, MSG_CTL_STREAM, MSG_CTL_ITEM, MSG_CTL_EXIT, MSG_CTL_END}, 5, stays, any},
};

static int file;

/* One step; 1 it passed. Our own GO is no message and does not happen where it is not allowed. */
static int
do_step(const struct talk *t, struct imsgbuf *b, int sock, int step, const int *seen)
{
	static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX];
	const struct msg_row *r;
	enum msg_verdict v;
	struct imsg m;
	int n;

	if (t->step[step] == 0) {
		n = t->allowed(seen, step);
	} else {
		r = msg_row(t->step[step]);
		peer_put(sock, msg, sample_message(r, SAMPLE_MIN, msg), file, r->fds);
		n = peer_next(b, &m, &v);
		CHECKF(n == 1 || (n == -1 && v == MSG_PHASE), "%s: %s: %d %s", t->name, r->name, n,
		    msg_verdict_name(v));
		imsg_free(&m);
	}
	if (n == 1)
		t->moved(imsgbuf_gate(b), t->step[step]);
	return n == 1;
}

static void
try_order(const struct talk *t, const int *order)
{
	int seen[MAXSTEPS] = {0}, sock, i, passed, before = fd_count();
	struct imsgbuf *b = peer_channel(t->self, t->peer, t->phase, 1, &sock);

	for (i = 0; i < t->nsteps; i++) {
		passed = do_step(t, b, sock, order[i], seen);
		CHECKF(passed == t->allowed(seen, order[i]), "%s: step %d is number %d", t->name,
		    order[i], i);
		seen[order[i]] = passed;
		if (!passed && t->step[order[i]] != 0)
			break; /* a breach: the peer has ended */
	}
	close(sock);
	imsgbuf_free(b);
	CHECKF(fd_count() == before, "%s: descriptors leak", t->name);
}

/* All orders of the steps from AT on. */
static void
permute(const struct talk *t, int *order, int at, unsigned int *count)
{
	int i, x;

	if (at == t->nsteps) {
		try_order(t, order);
		(*count)++;
		return;
	}
	for (i = at; i < t->nsteps; i++) {
		x = order[at];
		order[at] = order[i];
		order[i] = x;
		permute(t, order, at + 1, count);
		order[i] = order[at];
		order[at] = x;
	}
}

int
main(void)
{
	unsigned int count;
	size_t i;

	file = peer_file(3);
	for (i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		int order[MAXSTEPS] = {0, 1, 2, 3, 4, 5};

		count = 0;
		permute(&talks[i], order, 0, &count);
		printf("%s: %u orders\n", talks[i].name, count);
	}
	return check_done();
}
