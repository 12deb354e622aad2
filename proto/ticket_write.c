/* The ticket's writer. Whatever it makes has been through the reader before anybody gets it. */
#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "proto/text.h"
#include "proto/ticket.h"
#include "proto/ticket_value.h"

static void
write_head(struct textout *o, const struct ticket *t)
{
	size_t i;

	textout_put(o, "reeve-job 1\nfleet %s\n", t->fleet);
	for (i = 0; i < t->nhosts; i++)
		textout_put(o, "host %s %s\n", t->host[i].id, t->host[i].name);
	textout_put(o, "id %s\nissued %llu\nnotbefore %llu\nnotafter %llu\n", t->id,
	    (unsigned long long)t->issued, (unsigned long long)t->notbefore,
	    (unsigned long long)t->notafter);
	if (t->fresh != NULL)
		textout_put(o, "fresh %s\n", t->fresh);
	textout_put(o, "requester %s\nkind %s\n", t->requester, t->kind->name);
}

static int
write_args(struct textout *o, const struct ticket *t, struct errmsg *e)
{
	char raw[TICKET_MAX + 1];
	const char *v;
	size_t i;

	for (i = 0; i < t->nargs; i++) {
		v = t->arg[i].raw;
		if (v == NULL) {
			if (value_encode(t->arg[i].def, t->arg[i].value, raw, sizeof(raw), e) == -1)
				return -1;
			v = raw;
		}
		textout_put(o, "arg %s %s\n", t->arg[i].def->name, v);
	}
	return 0;
}

static void
write_tail(struct textout *o, const struct ticket *t)
{
	char hex[65];
	size_t i;

	for (i = 0; i < t->nblobs; i++) {
		str_hex(hex, t->blob[i].sha256, 32);
		textout_put(
		    o, "blob %s sha256:%s %u\n", t->blob[i].def->name, hex, t->blob[i].size);
	}
	if (t->has_seconds)
		textout_put(o, "limit seconds %u\n", t->seconds);
	if (t->has_output)
		textout_put(o, "limit output %llu\n", (unsigned long long)t->output);
	if (t->has_stall)
		textout_put(o, "limit stall %u\n", t->stall);
	textout_put(o, "end\n");
}

ssize_t
ticket_write(const struct ticket *t, char *buf, size_t size, struct errmsg *e)
{
	struct ticket *again;
	struct textout o;
	int rv;

	if (t->fleet == NULL || t->id == NULL || t->requester == NULL || t->kind == NULL)
		return err_set(e, "ticket lacks its fleet, id, requester or kind");
	textout_init(&o, buf, size);
	write_head(&o, t);
	if (write_args(&o, t, e) == -1)
		return -1;
	write_tail(&o, t);
	if (textout_done(&o, "ticket", e) == -1)
		return -1;
	if ((again = malloc(sizeof(*again))) == NULL)
		return err_errno(e, "ticket");
	rv = ticket_parse(again, buf, o.len, e);
	free(again);
	return rv == -1 ? -1 : (ssize_t)o.len;
}
