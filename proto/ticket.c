/*
 * The ticket's reader: one pass forward, each line at its one place, nothing else accepted.
 *
 * The writing of a value is decided by the value alone: plainly where value_isplain() says so, else
 * b64:, so that two tickets that mean the same are the same bytes.
 */
#include "proto/ticket.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/text.h"
#include "proto/ticket_value.h"

static int
parse_hosts(struct text *x, struct ticket *t)
{
	struct ticket_host *h, *last = NULL;
	char *v, *id;
	int order;

	do {
		if ((v = text_value(x, "host")) == NULL)
			return -1;
		if (t->nhosts == TICKET_HOSTS)
			return text_err(x, "host: at most %d of them", TICKET_HOSTS);
		id = text_word(&v);
		if (id == NULL || !valid_hex(id, JOB_IDLEN))
			return text_err(
			    x, "host: must be 32 lower-case hex digits and a host name");
		if (!valid_hostname(v))
			return text_err(x, "host: \"%.64s\" is not a host name in lower case", v);
		h = &t->host[t->nhosts++];
		h->id = id;
		h->name = v;
		if (last != NULL) {
			order = strcmp(last->id, id);
			order = order != 0 ? order : strcmp(last->name, v);
			if (order == 0)
				return text_err(x, "host: stands twice");
			if (order > 0)
				return text_err(x, "host: must be sorted by id, then by name");
		}
		last = h;
	} while (text_is(x, "host"));
	return 0;
}

static int
parse_times(struct text *x, struct ticket *t)
{
	if (text_u64(x, "issued", 0, TICKET_TIME_MAX, &t->issued) == -1 ||
	    text_u64(x, "notbefore", 0, TICKET_TIME_MAX, &t->notbefore) == -1)
		return -1;
	if (t->notbefore < t->issued)
		return text_err(x, "notbefore: must not be before issued");
	if (text_u64(x, "notafter", 0, TICKET_TIME_MAX, &t->notafter) == -1)
		return -1;
	if (t->notafter <= t->issued)
		return text_err(x, "notafter: must be after issued");
	if (t->notafter < t->notbefore)
		return text_err(x, "notafter: must not be before notbefore");
	if (t->notafter - t->issued > TICKET_SPAN_MAX)
		return text_err(x, "notafter: at most %d seconds after issued", TICKET_SPAN_MAX);
	return 0;
}

static int
parse_who(struct text *x, struct ticket *t)
{
	const char *v;

	if (text_is(x, "fresh")) {
		if ((t->fresh = text_hex(x, "fresh", JOB_IDLEN)) == NULL)
			return -1;
		if (t->nhosts != 1)
			return text_err(x, "fresh: only with exactly one host line");
	}
	if ((t->requester = text_value(x, "requester")) == NULL)
		return -1;
	if (!valid_ident(t->requester))
		return text_err(x, "requester: must be letters, digits and . _ -, at most 64");
	if ((v = text_value(x, "kind")) == NULL)
		return -1;
	if ((t->kind = kind_byname(v)) == NULL)
		return text_err(x, "kind: there is no job kind \"%.64s\"", v);
	return 0;
}

/* The raw text of one value becomes its bytes, which go to the end of t->plain (*USED so far). */
static int
decode_arg(struct text *x, struct ticket *t, struct ticket_arg *a, size_t *used)
{
	char *out = t->plain + *used;
	struct errmsg why;
	ssize_t n;

	if (a->def->flags & AF_SEAL) {
		a->sealed = 1;
		a->value = a->raw;
		a->len = strlen(a->raw);
		if (value_seal(a->def, a->raw, &why) == -1)
			return text_err(x, "%s", why.text);
		return 0;
	}
	n = value_decode(a->def, a->raw, out, sizeof(t->plain) - *used, &why);
	if (n == -1 || arg_check(a->def, out, &why) == -1)
		return text_err(x, "%s", why.text);
	a->value = out;
	a->len = (size_t)n;
	*used += (size_t)n + 1;
	return 0;
}

/* DEF after LAST (NULL at first): in the order of the row, twice only where it may. */
static int
check_order(struct text *x, const struct kind_arg *last, const struct kind_arg *def)
{
	if (last == NULL || def > last)
		return 0;
	if (def < last)
		return text_err(
		    x, "argument %s: must stand before argument %s", def->name, last->name);
	if ((def->flags & AF_REP) == 0)
		return text_err(x, "argument %s: must not stand twice", def->name);
	return 0;
}

static int
parse_args(struct text *x, struct ticket *t)
{
	const struct kind_arg *last = NULL;
	struct ticket_arg *a;
	size_t used = 0;
	char *v, *name;

	while (text_is(x, "arg")) {
		if ((v = text_value(x, "arg")) == NULL)
			return -1;
		if (t->nargs == TICKET_ARGS)
			return text_err(x, "arg: at most %d of them", TICKET_ARGS);
		if ((name = text_word(&v)) == NULL)
			return text_err(x, "arg: must be a name, one space and a value");
		a = &t->arg[t->nargs++];
		if ((a->def = kind_arg(t->kind, name)) == NULL)
			return text_err(
			    x, "argument %.64s: %s has none of that name", name, t->kind->name);
		a->raw = v;
		if (check_order(x, last, a->def) == -1 || decode_arg(x, t, a, &used) == -1)
			return -1;
		last = a->def;
	}
	return 0;
}

/* Required ones stand; those for one name only stand beside exactly one. */
static int
check_args(struct text *x, const struct ticket *t)
{
	size_t i, n, names = 0;

	for (n = 0; ticket_argn(t, "name", n) != NULL; n++)
		names++;
	for (i = 0; i < t->kind->nargs; i++) {
		const struct kind_arg *def = &t->kind->args[i];
		int there = ticket_argv(t, def->name) != NULL;

		if (!there && (def->flags & AF_REQ))
			return text_err(
			    x, "argument %s: is missing; %s needs it", def->name, t->kind->name);
		if (there && (def->flags & AF_ONENAME) && names != 1)
			return text_err(x, "argument %s: only with exactly one name", def->name);
	}
	return 0;
}

static const struct kind_blob *
find_blob(const struct kind *k, const char *name)
{
	size_t i;

	for (i = 0; i < k->nblobs; i++)
		if (strcmp(k->blobs[i].name, name) == 0)
			return &k->blobs[i];
	return NULL;
}

static int
parse_blob(struct text *x, struct ticket *t, const struct kind_blob *last)
{
	struct ticket_blob *b = &t->blob[t->nblobs];
	char *v = text_value(x, "blob"), *name, *hash;
	uint64_t size;

	if (v == NULL)
		return -1;
	if (t->nblobs == TICKET_BLOBS)
		return text_err(x, "blob: at most %d of them", TICKET_BLOBS);
	if ((name = text_word(&v)) == NULL || (hash = text_word(&v)) == NULL)
		return text_err(x, "blob: must be a name, a sha256: digest and a size");
	if ((b->def = find_blob(t->kind, name)) == NULL)
		return text_err(x, "blob %.64s: %s has none of that name", name, t->kind->name);
	if (last != NULL && b->def < last)
		return text_err(x, "blob %s: must stand before blob %s", name, last->name);
	if (last == b->def && (last->flags & AF_REP) == 0)
		return text_err(x, "blob %s: must not stand twice", name);
	if (!valid_sha256(hash) || str_unhex(b->sha256, 32, hash + strlen("sha256:")) == -1)
		return text_err(
		    x, "blob %s: must have \"sha256:\" and 64 lower-case hex digits", name);
	if (str_u64(v, 1, BLOB_MAX, &size) == -1)
		return text_err(x, "blob %s: size must be a number from 1 to %d", name, BLOB_MAX);
	b->size = (uint32_t)size;
	t->nblobs++;
	return 0;
}

static int
parse_blobs(struct text *x, struct ticket *t)
{
	const struct kind_blob *last = NULL;
	size_t i, n;

	while (text_is(x, "blob")) {
		if (parse_blob(x, t, last) == -1)
			return -1;
		last = t->blob[t->nblobs - 1].def;
	}
	for (i = 0; i < t->kind->nblobs; i++) {
		const struct kind_blob *def = &t->kind->blobs[i];

		for (n = 0; n < t->nblobs && t->blob[n].def != def; n++)
			;
		if (n == t->nblobs && (def->flags & AF_REQ))
			return text_err(
			    x, "blob %s: is missing; %s needs it", def->name, t->kind->name);
	}
	return 0;
}

/* The line "limit WHAT N" when it is the next: 1 taken, 0 not there, -1 with E. */
static int
parse_limit(struct text *x, const char *what, uint64_t max, uint64_t *out)
{
	size_t n = strlen(what);
	char *v;

	if (!text_is(x, "limit") || strncmp(x->next + strlen("limit "), what, n) != 0 ||
	    x->next[strlen("limit ") + n] != ' ')
		return 0;
	if ((v = text_value(x, "limit")) == NULL)
		return -1;
	if (str_u64(v + n + 1, 1, max, out) == -1)
		return text_err(
		    x, "limit %s: must be a number from 1 to %llu", what, (unsigned long long)max);
	return 1;
}

static int
parse_limits(struct text *x, struct ticket *t)
{
	uint64_t seconds = t->kind->seconds, output = t->kind->outcap, stall = t->kind->stall;

	if ((t->has_seconds = parse_limit(x, "seconds", t->kind->maxseconds, &seconds)) == -1 ||
	    (t->has_output = parse_limit(x, "output", t->kind->outcap, &output)) == -1 ||
	    (t->has_stall = parse_limit(x, "stall", seconds, &stall)) == -1)
		return -1;
	t->seconds = (uint32_t)seconds;
	t->output = output;
	t->stall = (uint32_t)stall;
	return 0;
}

int
ticket_parse(struct ticket *t, const char *buf, size_t len, struct errmsg *e)
{
	struct text x;

	memset(t, 0, offsetof(struct ticket, text));
	if (text_open(&x, t->text, TICKET_MAX, buf, len, "ticket", e) == -1 ||
	    text_fixed(&x, "reeve-job 1") == -1 ||
	    (t->fleet = text_hex(&x, "fleet", JOB_IDLEN)) == NULL || parse_hosts(&x, t) == -1 ||
	    (t->id = text_hex(&x, "id", JOB_IDLEN)) == NULL || parse_times(&x, t) == -1 ||
	    parse_who(&x, t) == -1 || parse_args(&x, t) == -1 || check_args(&x, t) == -1 ||
	    parse_blobs(&x, t) == -1 || parse_limits(&x, t) == -1 || text_last(&x) == -1) {
		memset(t, 0, sizeof(*t));
		return -1;
	}
	return 0;
}

const char *
ticket_argn(const struct ticket *t, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < t->nargs; i++)
		if (strcmp(t->arg[i].def->name, name) == 0 && n-- == 0)
			return t->arg[i].value;
	return NULL;
}

const char *
ticket_argv(const struct ticket *t, const char *name)
{
	return ticket_argn(t, name, 0);
}

int
ticket_isplan(const struct ticket *t)
{
	const char *mode = ticket_argv(t, "mode");

	return (t->kind->flags & KF_MUTATES) != 0 && mode != NULL && strcmp(mode, "plan") == 0;
}

int
ticket_nextstep(const struct ticket *t, int after)
{
	size_t i;

	for (i = (size_t)(after + 1); i < t->kind->nsteps; i++) {
		unsigned int flags = t->kind->steps[i].flags;

		if ((flags & ST_ROLLBACK) == 0 && ((flags & ST_APPLY) == 0 || !ticket_isplan(t)))
			return (int)i;
	}
	return -1;
}

void
ticket_hash(const char *buf, size_t len, uint8_t out[32])
{
	crypto_hash_sha256(out, (const unsigned char *)buf, len);
}
