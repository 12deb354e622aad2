/*
 * The roster: id and keys of each host as the operator pinned them. Tickets and results are made
 * and judged by it alone; what the control plane says of a pinned host is only ever compared.
 */
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/site.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/signify.h"
#include "proto/text.h"

#define ROSTER_HEAD "reeve-roster 1"
#define ROSTER_MAX  (16 * 1024 * 1024)
#define LINE_MAX_   (253 + 32 + 56 + 44 + 16)

static int
judge_host(const struct roster_host *h, struct errmsg *e)
{
	struct pubkey k;
	uint8_t seal[32];

	if (!valid_hostname(h->name))
		return err_set(e, "\"%s\" is not a host name in lower case", h->name);
	if (!valid_hex(h->id, JOB_IDLEN))
		return err_set(e, "%s: the id must be 32 lower-case hex digits", h->name);
	if (pubkey_parse_b64(&k, h->result, strlen(h->result)) == -1)
		return err_set(e, "%s: the result key must be 56 characters of base64", h->name);
	if (str_b64dec(seal, sizeof(seal), h->seal, strlen(h->seal)) != 32)
		return err_set(e, "%s: the seal key must be 32 bytes in base64", h->name);
	return 0;
}

/* Where NAME is, or would be. */
static size_t
place(const struct roster *r, const char *name)
{
	size_t low = 0, high = r->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(r->host[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct roster_host *
roster_find(const struct roster *r, const char *name)
{
	size_t at = place(r, name);

	return at < r->n && strcmp(r->host[at].name, name) == 0 ? &r->host[at] : NULL;
}

const struct roster_host *
roster_byid(const struct roster *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->host[i].id, id) == 0)
			return &r->host[i];
	return NULL;
}

static int
insert(struct roster *r, const struct roster_host *h, size_t at, struct errmsg *e)
{
	struct roster_host *more = r->host;

	if (r->n == 0 || (r->n & (r->n - 1)) == 0) /* doubled whenever it is full */
		more = reallocarray(r->host, r->n == 0 ? 1 : 2 * r->n, sizeof(*more));
	if (more == NULL)
		return err_errno(e, "roster");
	r->host = more;
	memmove(&more[at + 1], &more[at], (r->n - at) * sizeof(*more));
	more[at] = *h;
	r->n++;
	return 0;
}

int
roster_add(struct roster *r, const struct roster_host *h, struct errmsg *e)
{
	const struct roster_host *same;
	struct pubkey k;

	if (judge_host(h, e) == -1)
		return -1;
	if (pubkey_parse_b64(&k, h->result, strlen(h->result)) == -1 || !pubkey_usable(&k))
		return err_set(e, "%s: the result key is none that can be used", h->name);
	if (roster_find(r, h->name) != NULL)
		return err_set(e, "%s is in the roster already", h->name);
	if ((same = roster_byid(r, h->id)) != NULL)
		return err_set(
		    e, "%s has the id of %s, which is in the roster", h->name, same->name);
	return insert(r, h, place(r, h->name), e);
}

int
roster_drop(struct roster *r, const char *name)
{
	size_t at = place(r, name);

	if (at == r->n || strcmp(r->host[at].name, name) != 0)
		return -1;
	r->n--;
	memmove(&r->host[at], &r->host[at + 1], (r->n - at) * sizeof(r->host[0]));
	return 0;
}

int
roster_agrees(const struct roster *r, const struct roster_host *said, struct errmsg *e)
{
	const struct roster_host *h = roster_find(r, said->name);
	const char *what;

	if (h == NULL && (h = roster_byid(r, said->id)) != NULL)
		return err_set(e, "%s has the id that is pinned for %s", said->name, h->name);
	if (h == NULL)
		return 0;
	what = strcmp(h->id, said->id) != 0	      ? "id"
	       : strcmp(h->result, said->result) != 0 ? "result key"
	       : strcmp(h->seal, said->seal) != 0     ? "seal key"
						      : NULL;
	if (what == NULL)
		return 0;
	return err_set(e, "%s has another %s than the one that is pinned", said->name, what);
}

/* "NAME ID RESULTKEY SEALKEY" */
static int
take_host(struct text *t, struct roster *r, char *value, struct errmsg *e)
{
	char *name = text_word(&value), *id, *result;
	struct roster_host h;
	struct errmsg why;

	id = name != NULL ? text_word(&value) : NULL;
	result = id != NULL ? text_word(&value) : NULL;
	if (result == NULL || strchr(value, ' ') != NULL)
		return text_err(t, "must be \"host NAME ID RESULTKEY SEALKEY\"");
	if (strlcpy(h.name, name, sizeof(h.name)) >= sizeof(h.name) ||
	    strlcpy(h.id, id, sizeof(h.id)) >= sizeof(h.id) ||
	    strlcpy(h.result, result, sizeof(h.result)) >= sizeof(h.result) ||
	    strlcpy(h.seal, value, sizeof(h.seal)) >= sizeof(h.seal))
		return text_err(t, "a word is too long");
	if (judge_host(&h, &why) == -1)
		return text_err(t, "%s", why.text);
	if (r->n > 0 && strcmp(r->host[r->n - 1].name, h.name) >= 0)
		return text_err(t, "hosts must be in the order of their names, each once");
	return insert(r, &h, r->n, e);
}

static int
id_order(const void *a, const void *b)
{
	return strcmp((*(const struct roster_host *const *)a)->id,
	    (*(const struct roster_host *const *)b)->id);
}

/* One id for two names would let a ticket for the one be shown as the other's. */
static int
ids_once(const struct roster *r, struct errmsg *e)
{
	const struct roster_host **by = calloc(r->n + 1, sizeof(*by));
	int rv = 0;
	size_t i;

	if (by == NULL)
		return err_errno(e, "roster");
	for (i = 0; i < r->n; i++)
		by[i] = &r->host[i];
	qsort(by, r->n, sizeof(*by), id_order);
	for (i = 1; i < r->n && rv == 0; i++)
		if (strcmp(by[i - 1]->id, by[i]->id) == 0)
			rv = err_set(e, "%s and %s have one id", by[i - 1]->name, by[i]->name);
	free(by);
	return rv;
}

static int
take_all(struct text *t, struct roster *r, struct errmsg *e)
{
	char *value;

	if (text_fixed(t, ROSTER_HEAD) == -1 || (value = text_hex(t, "fleet", JOB_IDLEN)) == NULL)
		return -1;
	memcpy(r->fleet, value, JOB_IDLEN + 1);
	while (text_is(t, "host"))
		if ((value = text_value(t, "host")) == NULL || take_host(t, r, value, e) == -1)
			return -1;
	return text_last(t) == -1 ? -1 : ids_once(r, e);
}

int
roster_parse(struct roster *r, const char *buf, size_t len, struct errmsg *e)
{
	char *copy = malloc(len + 1);
	struct text t;
	int rv;

	r->host = NULL;
	r->n = 0;
	r->fleet[0] = '\0';
	if (copy == NULL)
		return err_errno(e, "roster");
	rv = text_open(&t, copy, len, buf, len, "roster", e) == -1 ? -1 : take_all(&t, r, e);
	free(copy);
	if (rv == -1)
		roster_free(r);
	return rv;
}

void
roster_free(struct roster *r)
{
	free(r->host);
	r->host = NULL;
	r->n = 0;
}

char *
roster_write(const struct roster *r, size_t *len)
{
	size_t size = 128 + r->n * LINE_MAX_, i;
	char *buf = malloc(size);
	struct textout o;
	ssize_t n;

	if (buf == NULL)
		return NULL;
	textout_init(&o, buf, size);
	textout_put(&o, "%s\nfleet %s\n", ROSTER_HEAD, r->fleet);
	for (i = 0; i < r->n; i++)
		textout_put(&o, "host %s %s %s %s\n", r->host[i].name, r->host[i].id,
		    r->host[i].result, r->host[i].seal);
	textout_put(&o, "end\n");
	if ((n = textout_done(&o, "roster", NULL)) == -1) {
		free(buf);
		return NULL;
	}
	*len = (size_t)n;
	return buf;
}

void
roster_load(struct roster *r, const struct cli_conf *c)
{
	struct errmsg e;
	size_t len;
	char *buf;

	memset(r, 0, sizeof(*r));
	r->path = c->roster;
	if (access(r->path, F_OK) == -1 && errno == ENOENT)
		return;
	buf = cli_read_own(r->path, "whom tickets are made for", 022, ROSTER_MAX, &len);
	if (roster_parse(r, buf, len, &e) == -1)
		errx(CLI_NO, "%s: %s", r->path, e.text);
	free(buf);
}

void
roster_save(const struct roster *r)
{
	struct errmsg e;
	size_t len;
	char *buf = roster_write(r, &len);

	if (buf == NULL)
		err(CLI_CANNOT, "%s", r->path);
	if (fd_replace(AT_FDCWD, r->path, 0600, buf, len, &e) == -1)
		errx(CLI_CANNOT, "%s: %s", r->path, e.text);
	free(buf);
}

const struct roster_host *
roster_need(const struct roster *r, const char *name)
{
	const struct roster_host *h = roster_find(r, name);

	if (h == NULL)
		errx(CLI_NO,
		    "%s is not in your roster (%s): tickets name hosts by what is pinned there "
		    "alone; "
		    "compare and pin it by \"reeve roster pin %s\"",
		    cli_clean(name), r->path, cli_clean(name));
	return h;
}
