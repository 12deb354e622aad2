/*
 * proto/ticket_write.c, and the property that makes a ticket canonical: over thousands of generated
 * tickets, parse then write gives the same bytes; a mutated one is refused or rewritten as it is.
 */
#include <stdint.h>

#include "lib/strutil.h"
#include "proto/ticket.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

#define TICKETS	  4000
#define MUTATIONS 40

static struct ticket a, b;
static uint64_t state = 0x9e3779b97f4a7c15ULL; /* the same run each time */

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 16) % below);
}

static const char *
rnd_hex(char *out, size_t bytes)
{
	uint8_t raw[32];
	size_t i;

	for (i = 0; i < bytes; i++)
		raw[i] = (uint8_t)rnd(256);
	str_hex(out, raw, bytes);
	return out;
}

/* A value that the row takes. */
static void
rnd_value(const struct kind_arg *def, char *out, size_t size)
{
	static const char *const words[AT_MAX][3] = {[AT_IDENT] = {"web", "a.b-c_d", "0"},
	    [AT_PKGNAME] = {"haproxy", "libstdc++6", "g++"},
	    [AT_PKGVER] = {"1.0", "2:6.1~rc1-1", "0"},
	    [AT_PKGGLOB] = {"lib*", "cron", "g+*"},
	    [AT_SHA256] = {"", "", ""}};
	char hex[65], box[72] = "seal:";
	size_t i, n;

	switch (def->type) {
	case AT_INT:
		snprintf(out, size, "%u", rnd((uint32_t)def->high + 1));
		return;
	case AT_ENUM:
		snprintf(out, size, "%.*s", (int)strcspn(def->words, ","), def->words);
		return;
	case AT_SHA256:
		snprintf(out, size, "sha256:%s", rnd_hex(hex, 32));
		return;
	case AT_JOBID:
		snprintf(out, size, "%s", rnd_hex(hex, 16));
		return;
	case AT_TEXT:
		break;
	default:
		snprintf(out, size, "%s", words[def->type][rnd(3)]);
		return;
	}
	if (def->flags & AF_SEAL) {
		memset(box + 5, 'A', 66);
		snprintf(out, size, "%s", box);
		return;
	}
	n = rnd(rnd(10) == 0 ? 200 : 12);
	for (i = 0; i < n; i++)
		out[i] = rnd(3) ? "b64:seal "[rnd(9)] : (char)(1 + rnd(255));
	out[n] = '\0';
}

static void
rnd_args(struct ticket *t, char pool[][256])
{
	size_t i, names = 0;
	uint32_t n;

	for (i = 0; i < t->kind->nargs; i++) {
		const struct kind_arg *def = &t->kind->args[i];

		n = def->flags & AF_REQ ? 1 : rnd(2);
		if (def->flags & AF_REP)
			n += rnd(4);
		if ((def->flags & AF_ONENAME) && names != 1)
			n = 0;
		if (strcmp(def->name, "name") == 0)
			names = n;
		while (n-- > 0) {
			rnd_value(def, pool[t->nargs], sizeof(pool[0]));
			t->arg[t->nargs].def = def;
			t->arg[t->nargs].value = pool[t->nargs];
			t->arg[t->nargs].raw = NULL;
			t->nargs++;
		}
	}
}

/* A ticket of any kind, with whatever optional lines; POOL holds its values. */
static void
rnd_ticket(struct ticket *t, char pool[][256])
{
	static char hosts[8][33], fleet[33], id[33], fresh[33];
	size_t kinds = 0, i;

	memset(t, 0, sizeof(*t));
	while (kind_nth(kinds) != NULL)
		kinds++;
	t->kind = kind_nth(rnd((uint32_t)kinds));
	t->fleet = rnd_hex(fleet, 16);
	t->id = rnd_hex(id, 16);
	t->nhosts = 1 + (rnd(3) ? 0 : rnd(8));
	for (i = 0; i < t->nhosts; i++) {
		rnd_hex(hosts[i], 16);
		hosts[i][0] = (char)('0' + i);
		t->host[i].id = hosts[i];
		t->host[i].name = rnd(2) ? "web1.example.net" : "h";
	}
	t->issued = rnd(2000000000);
	t->notbefore = t->issued + rnd(300);
	t->notafter = t->notbefore + 1 + rnd(TICKET_SPAN_MAX - 300);
	if (t->nhosts == 1 && rnd(2))
		t->fresh = rnd_hex(fresh, 16);
	t->requester = "ops-1";
	rnd_args(t, pool);
	if ((t->has_seconds = rnd(2) == 0))
		t->seconds = 1 + rnd(t->kind->maxseconds);
	if ((t->has_output = rnd(2) == 0))
		t->output = 1 + rnd((uint32_t)t->kind->outcap);
	if ((t->has_stall = rnd(2) == 0))
		t->stall = 1 + rnd(t->has_seconds ? t->seconds : t->kind->seconds);
}

/* Bytes that the parser takes must come back from the writer as they are. */
static int
same_again(const char *buf, size_t len)
{
	char out[TICKET_MAX + 1];
	struct errmsg e;
	ssize_t n = ticket_write(&b, out, sizeof(out), &e);
	size_t i;

	if (n != (ssize_t)len || memcmp(out, buf, len) != 0)
		return 0;
	for (i = 0; i < b.nargs; i++)
		b.arg[i].raw = NULL; /* now from the values alone */
	n = ticket_write(&b, out, sizeof(out), &e);
	return n == (ssize_t)len && memcmp(out, buf, len) == 0;
}

static void
mutate(char *buf, size_t *len)
{
	size_t at = rnd((uint32_t)*len), n;

	switch (rnd(4)) {
	case 0:
		buf[at] = (char)rnd(256);
		return;
	case 1:
		buf[at] ^= (char)(1 << rnd(7));
		return;
	case 2:
		memmove(buf + at, buf + at + 1, *len - at - 1);
		(*len)--;
		return;
	default:
		n = rnd((uint32_t)*len);
		memmove(buf + at + 1, buf + at, *len - at);
		buf[at] = buf[n];
		(*len)++;
	}
}

static void
test_property(void)
{
	static char pool[TICKET_ARGS][256];
	char text[TICKET_MAX + 1], bent[TICKET_MAX + 64];
	struct errmsg e;
	unsigned int i, j, accepted = 0;
	size_t len, k;
	ssize_t n;

	for (i = 0; i < TICKETS; i++) {
		rnd_ticket(&a, pool);
		n = ticket_write(&a, text, sizeof(text), &e);
		CHECKF(n > 0, "ticket %u (%s): %s", i, a.kind->name, e.text);
		if (n <= 0 || ticket_parse(&b, text, (size_t)n, &e) == -1)
			continue;
		CHECKF(b.nargs == a.nargs && b.nhosts == a.nhosts, "ticket %u", i);
		for (k = 0; k < b.nargs; k++)
			CHECKF(strcmp(a.arg[k].value, b.arg[k].value) == 0, "ticket %u", i);
		CHECKF(same_again(text, (size_t)n), "ticket %u:\n%.*s", i, (int)n, text);
		for (j = 0; j < MUTATIONS; j++) {
			memcpy(bent, text, (size_t)n);
			len = (size_t)n;
			mutate(bent, &len);
			if (rnd(4) == 0)
				mutate(bent, &len);
			if (ticket_parse(&b, bent, len, &e) == -1)
				continue;
			accepted++;
			CHECKF(same_again(bent, len), "mutated:\n%.*s", (int)len, bent);
		}
	}
	CHECK(accepted > 1000); /* or the mutations prove nothing */
}

static void
test_refusals(void)
{
	char out[TICKET_MAX + 1], pool[1][256] = {"haproxy\n"};
	struct errmsg e;

	CHECK(ticket_parse(&a, KIT_GOOD, strlen(KIT_GOOD), &e) == 0);
	CHECK(ticket_write(&a, out, sizeof(out), &e) == (ssize_t)strlen(KIT_GOOD));
	CHECK(memcmp(out, KIT_GOOD, strlen(KIT_GOOD)) == 0);
	CHECK(ticket_write(&a, out, strlen(KIT_GOOD), &e) == -1);
	a.requester = "ops\nkind agent.ping";
	CHECK(ticket_write(&a, out, sizeof(out), &e) == -1);
	a.requester = NULL;
	CHECK(ticket_write(&a, out, sizeof(out), &e) == -1);
	a.requester = "ops";
	a.arg[1].raw = NULL;
	a.arg[1].value = pool[0];
	CHECK(ticket_write(&a, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "argument name: must be a package name") != NULL);
	CHECK(ticket_parse(&a, KIT_GOOD, strlen(KIT_GOOD), &e) == 0);
	a.notafter = a.issued;
	CHECK(ticket_write(&a, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "notafter: must be after issued") != NULL);
}

int
main(void)
{
	test_property();
	test_refusals();
	return check_done();
}
