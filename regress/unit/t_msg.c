/* imsg/msg.c: the table is sound, its hash covers every field, the gate judges every row. */
#include "imsg/msg.h"
#include "regress/check.h"

static void
table(void)
{
	const struct msg_row *r, *q;
	size_t i, j;

	CHECK(msg_nth(0) != NULL);
	for (i = 0; (r = msg_nth(i)) != NULL; i++) {
		CHECKF(msg_row(r->num) == r, "%s", r->name);
		CHECKF(r->from > 0 && r->from < ROOM_MAX && r->to > 0 && r->to < ROOM_MAX, "%s",
		    r->name);
		CHECKF(r->from == ROOM_PRIVD || r->to == ROOM_PRIVD || r->from == ROOM_NETD ||
			   r->from == ROOM_DIAL || r->from == ROOM_SIGN || r->to == ROOM_SIGN,
		    "%s: rooms that do not speak", r->name);
		for (j = 0; (q = msg_nth(j)) != NULL; j++)
			CHECKF(q == r || (q->num != r->num && strcmp(q->name, r->name) != 0),
			    "%s and %s", q->name, r->name);
	}
	CHECK(i >= 50);
	CHECK(msg_nth(SIZE_MAX) == NULL);
	CHECK(msg_row(0) == NULL && msg_row(MSG_LIMIT) == NULL && msg_row(UINT32_MAX) == NULL);
	CHECK(msg_row(256 + MSG_CTL_STATUS) == NULL);
}

static uint64_t
fnv(uint64_t h, const void *p, size_t len)
{
	const uint8_t *b = p, *end = b + len;

	while (b < end) {
		h ^= *b++;
		h *= 1099511628211ULL;
	}
	return h;
}

/* Written a second time, from the words of msg.h: numbers as four bytes, texts with their NUL. */
static void
hash(void)
{
	const struct msg_row *r;
	uint64_t h = 14695981039346656037ULL;
	size_t i, j;

	for (i = 0; (r = msg_nth(i)) != NULL; i++) {
		uint32_t v[8] = {r->num, 0, r->from, r->to, r->phases, r->times, r->min, r->max};

		for (j = 0; j < 8; j++) {
			uint32_t be = __builtin_bswap32(v[j]);

			if (j == 1)
				h = fnv(h, r->name, strlen(r->name) + 1);
			else
				h = fnv(h, &be, 4);
		}
		v[0] = __builtin_bswap32(r->fds);
		h = fnv(h, v, 4);
		h = fnv(h, r->doc, strlen(r->doc) + 1);
	}
	CHECK(msg_table_hash() == h);
	CHECK(fnv(14695981039346656037ULL, "a", 1) == 0xaf63dc4c8601ec8cULL);
}

static void
gate_row(const struct msg_row *r)
{
	struct msg_gate g;
	unsigned int phase, fds;

	for (phase = PH_START; phase <= PH_STOP; phase <<= 1) {
		msg_gate_init(&g, r->to, r->from);
		g.phase = phase;
		CHECKF(msg_gate_check(&g, r->num, r->min, r->fds) ==
			   ((r->phases & phase) ? MSG_PASS : MSG_PHASE),
		    "%s in phase %x", r->name, phase);
	}
	msg_gate_init(&g, r->to, r->from);
	g.phase = r->phases;
	if (r->min > 0)
		CHECKF(msg_gate_check(&g, r->num, r->min - 1, r->fds) == MSG_LENGTH, "%s", r->name);
	CHECKF(msg_gate_check(&g, r->num, r->max + 1, r->fds) == MSG_LENGTH, "%s", r->name);
	for (fds = 0; fds < 4; fds++)
		if (fds != r->fds)
			CHECKF(msg_gate_check(&g, r->num, r->max, fds) == MSG_FDS, "%s", r->name);
	/* Nothing that was refused counts as seen. */
	CHECKF(msg_gate_check(&g, r->num, r->max, r->fds) == MSG_PASS, "%s", r->name);
	CHECKF(msg_gate_check(&g, r->num, r->max, r->fds) ==
		   (r->times == MSG_ONCE ? MSG_TWICE : MSG_PASS),
	    "%s again", r->name);
	msg_gate_init(&g, r->from, r->to);
	g.phase = r->phases;
	CHECKF(msg_gate_check(&g, r->num, r->min, r->fds) == MSG_DIRECTION, "%s", r->name);
	msg_gate_init(&g, r->to, ROOM_MAX);
	g.phase = r->phases;
	CHECKF(msg_gate_check(&g, r->num, r->min, r->fds) == MSG_DIRECTION, "%s", r->name);
}

/* Once is once also after all that may come in between: one gate sees each row, then each again. */
static void
once(void)
{
	const struct msg_row *r;
	struct msg_gate g;
	size_t i;
	int again;

	msg_gate_init(&g, ROOM_PRIVD, ROOM_PRIVD);
	for (again = 0; again < 2; again++)
		for (i = 0; (r = msg_nth(i)) != NULL; i++) {
			g.self = r->to;
			g.peer = r->from;
			g.phase = r->phases;
			CHECKF(msg_gate_check(&g, r->num, r->min, r->fds) ==
				   (again && r->times == MSG_ONCE ? MSG_TWICE : MSG_PASS),
			    "%s among all, %d", r->name, again);
		}
}

/* What the order of an executor's life rests on, written a second time: a row that was widened
 * agrees with the gate, but not with this. */
static void
promises(void)
{
	static const struct {
		uint32_t num;
		unsigned int phases;
	} p[] = {{MSG_EXEC_HOST, PH_START}, {MSG_EXEC_CGROUP, PH_START}, {MSG_EXEC_BLOB, PH_START},
	    {MSG_EXEC_SEAL, PH_START}, {MSG_EXEC_START, PH_START}, {MSG_EXEC_READY, PH_SETUP},
	    {MSG_EXEC_FAIL, PH_SETUP | PH_ARMED}, {MSG_EXEC_GO, PH_ARMED}, {MSG_EXEC_EXIT, PH_RUN},
	    {MSG_NETD_CONF, PH_START}, {MSG_NETD_PEER, PH_START}, {MSG_DIAL_CONF, PH_START},
	    {MSG_DIAL_PEER, PH_START}, {MSG_JOB_SUBMIT, PH_RUN}, {MSG_CONFIRM_SIG, PH_RUN},
	    {MSG_SIGN_HELLO, PH_START}, {MSG_SIGN_CSR, PH_RUN}, {MSG_SIGN_TICKET, PH_RUN},
	    {MSG_SIGN_CONFIRM, PH_RUN}, {MSG_SIGN_CERT, PH_RUN}};
	static const uint32_t many[] = {MSG_NETD_CONF, MSG_EXEC_BLOB};
	const struct msg_row *r;
	size_t i, k;

	for (i = 0; i < sizeof(p) / sizeof(p[0]); i++)
		CHECKF(msg_row(p[i].num)->phases == p[i].phases, "%s", msg_row(p[i].num)->name);
	/* before the work begins, what may come again is listed */
	for (i = 0; (r = msg_nth(i)) != NULL; i++) {
		if ((r->phases & PH_START) == 0 || r->times == MSG_ONCE)
			continue;
		for (k = 0; k < 2 && many[k] != r->num; k++)
			;
		CHECKF(k < 2, "%s more than once", r->name);
	}
}

static void
names(void)
{
	int i;

	for (i = 1; i < ROOM_MAX; i++)
		CHECK(strcmp(room_name((enum room)i), "?") != 0);
	CHECK_STR(room_name(ROOM_MAX), "?");
	for (i = 0; i <= MSG_FORM; i++)
		CHECK(strcmp(msg_verdict_name((enum msg_verdict)i), "?") != 0);
	CHECK_STR(msg_verdict_name((enum msg_verdict)99), "?");
}

int
main(void)
{
	const struct msg_row *r;
	struct msg_gate g;
	size_t i;

	table();
	hash();
	for (i = 0; (r = msg_nth(i)) != NULL; i++)
		gate_row(r);
	once();
	promises();
	msg_gate_init(&g, ROOM_PRIVD, ROOM_CTL);
	CHECK(g.phase == PH_START);
	CHECK(msg_gate_check(&g, 0, 0, 0) == MSG_UNKNOWN);
	CHECK(msg_gate_check(&g, UINT32_MAX, 0, 0) == MSG_UNKNOWN);
	names();
	return check_done();
}
