/*
 * An order: tickets from a draft, for hosts as the roster has them, signed at this machine, handed
 * in. Nothing that the control plane says goes into a ticket but the fleet of an empty roster.
 */
#include <bsd/string.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/net.h"
#include "cli/run.h"
#include "lib/strutil.h"

#define ANSWER_MAX 80

static void *
zeroed(size_t n, size_t size)
{
	return cli_keep(calloc(n == 0 ? 1 : n, size));
}

/* TEXT as a task of F's, with a run for each host of its ticket. */
static void
add_task(struct fan *f, struct task *t, const char *text, size_t len, const struct roster *roster)
{
	struct errmsg e;
	size_t i;

	t->text = cli_keep(strndup(text, len));
	t->len = len;
	ticket_hash(text, len, t->hash);
	t->t = zeroed(1, sizeof(*t->t));
	if (ticket_parse(t->t, text, len, &e) == -1)
		errx(CLI_NO, "not a ticket: %s", e.text);
	t->kind = t->t->kind;
	memcpy(t->id, t->t->id, sizeof(t->id));
	t->first = f->nruns;
	t->n = t->t->nhosts;
	for (i = 0; i < t->n; i++) {
		struct run *r = &f->run[f->nruns++];

		r->task = t;
		r->name = t->t->host[i].name;
		r->id = t->t->host[i].id;
		r->h = roster_find(roster, r->name);
		/* the ticket's host may have been pinned anew, or renamed, since */
		if (r->h == NULL || strcmp(r->h->id, r->id) != 0)
			r->h = roster_byid(roster, r->id);
	}
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct ticket_host *)a)->id, ((const struct ticket_host *)b)->id);
}

static void
check_twice(const struct verb *v, const struct roster_host *const *host, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (host[i] == host[j])
				cli_usage(v, "%s stands twice", host[i]->name);
}

void
order_make(const struct verb *v, struct fan *f, struct draft *d, const struct roster *r,
    const struct roster_host *const *host, size_t n)
{
	char text[TICKET_MAX + 1];
	struct errmsg e;
	size_t done, i;
	ssize_t len;

	check_twice(v, host, n);
	d->t.fleet = r->fleet;
	draft_requester(v, d);
	draft_finish(v, d);
	f->ntasks = (n + TICKET_HOSTS - 1) / TICKET_HOSTS;
	f->task = zeroed(f->ntasks, sizeof(*f->task));
	f->run = zeroed(n, sizeof(*f->run));
	for (done = i = 0; i < f->ntasks; i++) {
		for (d->t.nhosts = 0; d->t.nhosts < TICKET_HOSTS && done < n; done++) {
			d->t.host[d->t.nhosts].id = host[done]->id;
			d->t.host[d->t.nhosts++].name = host[done]->name;
		}
		qsort(d->t.host, d->t.nhosts, sizeof(d->t.host[0]), by_id);
		draft_stamp(d);
		if ((len = ticket_write(&d->t, text, sizeof(text), &e)) == -1)
			errx(CLI_NO, "no ticket was made: %s", e.text);
		add_task(f, &f->task[i], text, (size_t)len, r);
	}
	f->asked = f->nruns;
}

/* reeve-sign signs for nobody whose name could be taken for an operator's. */
void
order_online(const struct verb *v, struct draft *d)
{
	static const char online[] = "online";
	char *name;

	draft_requester(v, d);
	if (strcmp(d->t.requester, online) == 0 || strncmp(d->t.requester, "online-", 7) == 0)
		return;
	if (asprintf(&name, "%s-%.57s", online, d->t.requester) == -1)
		err(CLI_CANNOT, NULL);
	d->t.requester = cli_keep(name);
}

/* The text, and on a terminal the chance to say no. */
static void
show_texts(const struct fan *f)
{
	char line[ANSWER_MAX];
	size_t i;

	for (i = 0; i < f->ntasks; i++)
		fprintf(stderr, "%s%s", i > 0 ? "\n" : "", f->task[i].text);
	if (!isatty(STDIN_FILENO))
		return;
	fputs("Sign this and hand it in? [y/N] ", stderr);
	if (fgets(line, sizeof(line), stdin) == NULL || (line[0] != 'y' && line[0] != 'Y'))
		errx(CLI_NO, "nothing was signed");
}

static void
put_sig(struct jsonout *j, const struct sig *s)
{
	char text[SIGNIFY_TEXT_MAX], *line;
	ssize_t n = sig_write(s, "x", text, sizeof(text));

	if (n == -1 || (line = strchr(text, '\n')) == NULL)
		errx(CLI_CANNOT, "the signature could not be written as text");
	jo_strn(j, NULL, line + 1, strcspn(line + 1, "\n"));
}

static void
hand_in(struct fan *f, const struct task *t, const char *path, const struct sig *sig, size_t n)
{
	struct jsonout j;
	struct answer a;
	size_t i;

	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_strn(&j, "ticket", t->text, t->len);
	if (n > 0) {
		jo_arr(&j, "signatures");
		for (i = 0; i < n; i++)
			put_sig(&j, &sig[i]);
		jo_end(&j);
	}
	jo_end(&j);
	site_call(f->s, "POST", path, jo_text(&j), &a);
	jo_free(&j);
	judge_said(f, t, a.j, 0);
	answer_free(&a);
}

static void
upload(struct fan *f, const struct draft *d)
{
	char path[120] = "/v1/blobs?sha256=";
	struct answer a;
	size_t i;

	for (i = 0; i < d->t.nblobs; i++) {
		str_hex(path + strlen("/v1/blobs?sha256="), d->t.blob[i].sha256, 32);
		site_put(f->s, path, d->blobdata[i], d->t.blob[i].size, &a);
		answer_free(&a);
	}
}

void
order_take(struct fan *f, const struct roster *r, const char *text, size_t len)
{
	f->ntasks = 1;
	f->task = zeroed(1, sizeof(*f->task));
	f->run = zeroed(TICKET_HOSTS, sizeof(*f->run));
	add_task(f, &f->task[0], text, len, r);
	f->asked = f->nruns;
}

void
order_handin(struct fan *f, const struct sig *sig, size_t nsigs)
{
	hand_in(f, &f->task[0], "/v1/jobs", sig, nsigs);
}

void
order_submit(struct fan *f, const struct order *o, const struct draft *d)
{
	const char *own[1] = {f->s->conf.key}, *const *key = o->nkeys > 0 ? o->keys : own;
	size_t n = o->nkeys > 0 ? o->nkeys : 1, i, k;
	struct sig sig[TICKET_SIGS];

	if (!o->online && key[0] == NULL)
		errx(CLI_NO,
		    "no key to sign with: \"key FILE\" in reeve.conf, REEVE_KEY or -s FILE; "
		    "\"reeve key new\" makes one");
	if (o->show)
		show_texts(f);
	upload(f, d);
	for (i = 0; i < f->ntasks; i++) {
		for (k = 0; k < n && !o->online; k++)
			cli_sign_text(key[k], f->task[i].text, f->task[i].len, &sig[k]);
		hand_in(f, &f->task[i], o->online ? "/v1/jobs/online" : "/v1/jobs", sig,
		    o->online ? 0 : n);
	}
}

void
order_load(struct fan *f, const struct roster *r, const char *id, struct answer *said)
{
	char path[100];
	char *text;

	snprintf(path, sizeof(path), "/v1/jobs/%s", id);
	site_call(f->s, "GET", path, NULL, said);
	text = j_str(said->j, 0, "ticket");
	order_take(f, r, text, strlen(text));
	if (strcmp(f->task[0].id, id) != 0)
		errx(CLI_LIES, "asked for job %s, the control plane shows the ticket of %s", id,
		    f->task[0].id);
	judge_said(f, &f->task[0], said->j, 0);
}
