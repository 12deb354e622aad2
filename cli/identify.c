/* What a text is. Only a whole and correct one of a known format has a name here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "proto/keysfile.h"
#include "proto/result.h"

static int
begins(const char *buf, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(buf, with, n) == 0;
}

static int
as_ticket(const char *buf, size_t len, char *words, size_t size, struct errmsg *e)
{
	struct ticket *t = malloc(sizeof(*t));
	char until[40];
	int rv;

	if (t == NULL)
		return err_errno(e, "ticket");
	if ((rv = ticket_parse(t, buf, len, e)) == 0) {
		time_text(t->notafter, until, sizeof(until));
		snprintf(words, size, "ticket %s, %s for %s%s, until %s", t->id, t->kind->name,
		    t->host[0].name, t->nhosts > 1 ? " and others" : "", until);
	}
	free(t);
	return rv;
}

static int
as_keys(const char *buf, size_t len, char *words, size_t size, struct errmsg *e)
{
	struct keysfile *k = malloc(sizeof(*k));
	int rv;

	if (k == NULL)
		return err_errno(e, "key store");
	if ((rv = keysfile_parse(k, buf, len, e)) == 0)
		snprintf(words, size, "key store of fleet %s, version %llu, %zu keys", k->fleet,
		    (unsigned long long)k->version, k->nkeys);
	free(k);
	return rv;
}

static int
as_reset(const char *buf, size_t len, char *words, size_t size, struct errmsg *e)
{
	struct keysreset r;

	if (keysreset_parse(&r, buf, len, e) == -1)
		return -1;
	snprintf(words, size, "reset order for host %s %s", r.host_id, r.host_name);
	return 0;
}

static int
as_result(const char *buf, size_t len, char *words, size_t size, struct errmsg *e)
{
	char how[REASON_MAX + 64];
	struct result r;

	if (result_parse(&r, buf, len, e) == -1)
		return -1;
	result_describe(r.end, r.code, r.reason, how, sizeof(how));
	snprintf(words, size, "result of job %s, %s on %s: %s", r.id, r.kind, r.host_name, how);
	return 0;
}

enum cli_text
cli_identify(const char *buf, size_t len, char *words, size_t size, struct errmsg *e)
{
	static const struct {
		const char *begin;
		enum cli_text text;
		int (*as)(const char *, size_t, char *, size_t, struct errmsg *);
	} rows[] = {
	    {"reeve-job ", TEXT_TICKET, as_ticket},
	    {"reeve-keys ", TEXT_KEYS, as_keys},
	    {"reeve-reset ", TEXT_RESET, as_reset},
	    {"reeve-result ", TEXT_RESULT, as_result},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (begins(buf, len, rows[i].begin))
			return rows[i].as(buf, len, words, size, e) == 0 ? rows[i].text : TEXT_NONE;
	err_set(e, "neither a ticket, nor a key store, a reset order or a result");
	return TEXT_NONE;
}
