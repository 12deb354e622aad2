/* The message table as data, its hash, and the gate that judges each message by its row. */
#include <string.h>

#include "imsg/msg.h"

static const struct msg_row rows[] = {
#define X(num, name, from, to, phases, times, min, max, fds, doc) \
	{num, #name, ROOM_##from, ROOM_##to, phases, MSG_##times, min, max, fds, doc},
    MSG_TABLE(X)
#undef X
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* What every row must keep, at compile time. */
#define X(num, name, from, to, phases, times, min, max, fds, doc)                   \
	_Static_assert((num) > 0 && (num) < MSG_LIMIT, #name ": number");           \
	_Static_assert((min) <= (max) && (max) <= MSG_PAYLOAD_MAX, #name ": size"); \
	_Static_assert((fds) <= 2 && (phases) != 0, #name ": fds or phases");       \
	_Static_assert(ROOM_##from != ROOM_##to, #name ": rooms");
MSG_TABLE(X)
#undef X

const struct msg_row *
msg_row(uint32_t num)
{
	size_t i;

	for (i = 0; i < NROWS; i++)
		if (rows[i].num == num)
			return &rows[i];
	return NULL;
}

const struct msg_row *
msg_nth(size_t n)
{
	return n < NROWS ? &rows[n] : NULL;
}

static uint64_t
fnv(uint64_t h, const void *p, size_t len)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3ULL;
	return h;
}

static uint64_t
fnv_u32(uint64_t h, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	return fnv(h, b, sizeof(b));
}

uint64_t
msg_table_hash(void)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < NROWS; i++) {
		const struct msg_row *r = &rows[i];

		h = fnv_u32(h, r->num);
		h = fnv(h, r->name, strlen(r->name) + 1);
		h = fnv_u32(h, (uint32_t)r->from);
		h = fnv_u32(h, (uint32_t)r->to);
		h = fnv_u32(h, r->phases);
		h = fnv_u32(h, (uint32_t)r->times);
		h = fnv_u32(h, r->min);
		h = fnv_u32(h, r->max);
		h = fnv_u32(h, r->fds);
		h = fnv(h, r->doc, strlen(r->doc) + 1);
	}
	return h;
}

const char *
room_name(enum room r)
{
	switch (r) {
	case ROOM_PRIVD:
		return "privd";
	case ROOM_NETD:
		return "netd";
	case ROOM_DIAL:
		return "dial";
	case ROOM_EXECD:
		return "execd";
	case ROOM_CTL:
		return "reevectl";
	case ROOM_CTLD:
		return "ctld";
	case ROOM_SIGN:
		return "sign";
	case ROOM_MAX:
		break;
	}
	return "?";
}

const char *
msg_verdict_name(enum msg_verdict v)
{
	switch (v) {
	case MSG_PASS:
		return "passed";
	case MSG_UNKNOWN:
		return "unknown type";
	case MSG_DIRECTION:
		return "not from this peer";
	case MSG_PHASE:
		return "out of phase";
	case MSG_TWICE:
		return "sent twice";
	case MSG_LENGTH:
		return "wrong length";
	case MSG_FDS:
		return "wrong number of descriptors";
	case MSG_FORM:
		return "malformed";
	}
	return "?";
}

void
msg_gate_init(struct msg_gate *g, enum room self, enum room peer)
{
	memset(g, 0, sizeof(*g));
	g->self = self;
	g->peer = peer;
	g->phase = PH_START;
}

enum msg_verdict
msg_gate_check(struct msg_gate *g, uint32_t num, size_t len, unsigned int nfds)
{
	const struct msg_row *r;
	uint8_t bit;

	if ((r = msg_row(num)) == NULL)
		return MSG_UNKNOWN;
	if (r->to != g->self || r->from != g->peer)
		return MSG_DIRECTION;
	if ((r->phases & g->phase) == 0)
		return MSG_PHASE;
	/* r->num is the table's own number, below MSG_LIMIT: the peer's never indexes. */
	bit = (uint8_t)(1U << (r->num % 8));
	if (r->times == MSG_ONCE && (g->seen[r->num / 8] & bit) != 0)
		return MSG_TWICE;
	if (len < r->min || len > r->max)
		return MSG_LENGTH;
	if (nfds != r->fds)
		return MSG_FDS;
	g->seen[r->num / 8] |= bit;
	return MSG_PASS;
}
