/*
 * What may be believed. A result counts when the host that was pinned signed it, for this job and
 * this ticket, and when the output that came is the one that it names. All else is ctld's word.
 */
#include <bsd/string.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "lib/strutil.h"

static const char *const finals[] = {"finished", "refused", "expired", "cancelled"};

static int
is_final(const char *state)
{
	size_t i;

	for (i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		if (strcmp(finals[i], state) == 0)
			return 1;
	return 0;
}

static struct run *
run_of(struct fan *f, const struct task *t, const char *name)
{
	size_t i;

	for (i = t->first; i < t->first + t->n; i++)
		if (strcmp(f->run[i].name, name) == 0)
			return &f->run[i];
	return NULL;
}

/* 1 when it is one of T's. */
static int
take_run(struct fan *f, const struct task *t, const struct json *j, int v)
{
	const char *host = j_str(j, v, "host");
	struct run *r = run_of(f, t, host);

	if (r == NULL || r->verdict != VD_NONE)
		return r != NULL;
	if (strcmp(j_str(j, v, "host_id"), r->id) != 0) {
		r->final = 1;
		r->verdict = VD_LIES;
		err_set(&r->lie, "it gives %s another id than the ticket", r->name);
		return 1;
	}
	strlcpy(r->state, j_clean(j, v, "state"), sizeof(r->state));
	strlcpy(r->reason, j_clean(j, v, "reason"), sizeof(r->reason));
	r->output = j_u64(j, v, "output");
	r->final = is_final(r->state);
	if (r->final) {
		r->record = j_str(j, v, "record");
		r->signature = j_str(j, v, "signature");
	}
	return 1;
}

void
judge_said(struct fan *f, const struct task *t, const struct json *j, int v)
{
	int runs = j_sub(j, v, "runs", JSON_ARRAY);
	size_t i, had = 0;

	if (strcmp(j_str(j, v, "id"), t->id) != 0)
		errx(CLI_LIES, "asked for job %s, the control plane speaks of another", t->id);
	for (i = 0; i < json_len(j, runs); i++)
		had += (size_t)take_run(f, t, j, json_at(j, runs, i));
	if (had != t->n)
		errx(CLI_LIES, "of job %s the control plane shows %zu hosts, its ticket has %zu",
		    t->id, had, t->n);
}

/* The record is the pinned host's word, about this job. */
static int
judge_record(struct run *r, struct errmsg *e)
{
	char text[SIGNIFY_TEXT_MAX];
	struct result *res = &r->result;
	struct errmsg why;
	struct pubkey k;
	struct sig s;
	int n;

	if (r->record == NULL || r->record[0] == '\0' || r->signature[0] == '\0')
		return err_set(e, "it says that the job is finished, and has no signed result");
	n = snprintf(text, sizeof(text), "untrusted comment: result\n%s\n", r->signature);
	if (n >= (int)sizeof(text) || sig_parse(&s, text, (size_t)n, &why) == -1 ||
	    pubkey_parse_b64(&k, r->h->result, strlen(r->h->result)) == -1 ||
	    !pubkey_verify(&k, r->record, strlen(r->record), &s))
		return err_set(
		    e, "the result is not signed by the key that is pinned for %s", r->name);
	if (result_parse(res, r->record, strlen(r->record), &why) == -1)
		return err_set(e, "the result is none: %s", why.text);
	if (strcmp(res->id, r->task->id) != 0)
		return err_set(e, "the result is another job's, %s", res->id);
	if (memcmp(res->ticket, r->task->hash, 32) != 0)
		return err_set(e, "the result is for another ticket than this one");
	if (strcmp(res->host_id, r->h->id) != 0 || strcmp(res->host_name, r->name) != 0)
		return err_set(e, "the result is another host's, %s", res->host_name);
	if (strcmp(res->kind, r->task->kind->name) != 0)
		return err_set(e, "the result is of kind %s", res->kind);
	return 0;
}

static int
judge_output(const struct run *r, struct errmsg *e)
{
	const struct result *res = &r->result;

	if (res->outsize == 0) /* nobody lived to seal it, torn or not; report.c says so */
		return 0;
	if (r->damaged)
		return err_set(e, "the output that came is damaged, or too much, at byte %llu",
		    (unsigned long long)r->got);
	if (r->got < res->outsize)
		return err_set(e, "the output is not whole: %llu of %llu bytes came",
		    (unsigned long long)r->got, (unsigned long long)res->outsize);
	if (r->exit_at != res->outsize || r->got != r->exit_at + r->exit_len || r->have != 0)
		return err_set(e, "the output has other bytes than the host signed");
	if (memcmp(r->exit_sha, res->outsha, 32) != 0)
		return err_set(e, "the output is not the one that the host signed");
	return 0;
}

void
judge_run(struct run *r, int output)
{
	if (r->verdict != VD_NONE)
		return;
	r->ended_ms = net_now();
	if (r->h == NULL)
		r->verdict = VD_UNPINNED;
	else if (strcmp(r->state, "finished") != 0 && (r->record == NULL || r->record[0] == '\0'))
		r->verdict = VD_UNSIGNED;
	else if (judge_record(r, &r->lie) == -1 || (output && judge_output(r, &r->lie) == -1))
		r->verdict = VD_LIES;
	else
		r->verdict = VD_TRUE;
}
