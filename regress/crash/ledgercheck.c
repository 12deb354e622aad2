/*
 * ledgercheck STATEDIR: replays the ledger of a stopped agent and judges its story. Each job
 * accepted once and before anything else of it, each step started at most once, at most one result,
 * which result.pub signed and which follows the one before. Prints a line a job: ID end started
 * finished. Exit 1 and a line for each thing that is wrong; a tail that had to be cut is one of
 * them unless -c.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/ledger.h"

#define JOBS_MAX 4096

struct job {
	char id[33];
	uint8_t ticket[32];
	unsigned int step[KIND_STEPS], started[KIND_STEPS], stepend[KIND_STEPS];
	unsigned int starts, finished, acked;
	struct result result;
};

struct story {
	struct job job[JOBS_MAX];
	size_t n, bad, cuts, results;
	struct pubkey pub;
	uint8_t previous[32];
};

static struct story story;

static void
bad(struct story *s, const struct ledger_rec *r, const char *what)
{
	char id[33];

	str_hex(id, r->id, 16);
	printf("bad: record %llu, %s of %s: %s\n", (unsigned long long)r->seq,
	    ledger_typename((uint8_t)r->type), id, what);
	s->bad++;
}

static struct job *
job_find(struct story *s, const struct ledger_rec *r)
{
	char id[33];
	size_t i;

	str_hex(id, r->id, 16);
	for (i = 0; i < s->n; i++)
		if (strcmp(s->job[i].id, id) == 0)
			return &s->job[i];
	return NULL;
}

static void
accepted(struct story *s, const struct ledger_rec *r)
{
	struct job *j;

	if (job_find(s, r) != NULL) {
		bad(s, r, "accepted twice");
		return;
	}
	if (s->n == JOBS_MAX)
		errx(2, "more than %d jobs", JOBS_MAX);
	j = &s->job[s->n++];
	str_hex(j->id, r->id, 16);
	crypto_hash_sha256(j->ticket, r->ticket, r->ticketlen);
	if (r->nsigs == 0 || r->key[0] == '\0')
		bad(s, r, "without a signature");
}

static void
finished(struct story *s, struct job *j, const struct ledger_rec *r)
{
	struct errmsg e;

	if (++j->finished > 1)
		bad(s, r, "a second result");
	if (!pubkey_verify(&s->pub, r->result, r->resultlen, &r->resultsig))
		bad(s, r, "not signed by result.pub");
	if (result_parse(&j->result, (const char *)r->result, r->resultlen, &e) == -1) {
		bad(s, r, e.text);
		return;
	}
	if (strcmp(j->result.id, j->id) != 0 || memcmp(j->result.ticket, j->ticket, 32) != 0)
		bad(s, r, "the result of another job");
	if (j->result.seq != ++s->results || memcmp(j->result.previous, s->previous, 32) != 0)
		bad(s, r, "does not follow the result before");
	crypto_hash_sha256(s->previous, r->result, r->resultlen);
	if (j->result.end == END_OK && j->starts == 0 && j->result.step > 0)
		bad(s, r, "ok, and never started");
}

static void
of_job(struct story *s, const struct ledger_rec *r)
{
	struct job *j = job_find(s, r);

	if (j == NULL) {
		bad(s, r, "not accepted before");
		return;
	}
	if (j->finished && r->type != LR_ACKED && r->type != LR_FINISHED)
		bad(s, r, "after its result");
	if (r->step >= KIND_STEPS)
		bad(s, r, "no such step");
	else if (r->type == LR_STARTED) {
		j->starts++;
		if (++j->started[r->step] > 1)
			bad(s, r, "started twice");
		if (j->step[r->step] == 0)
			bad(s, r, "started without being set up");
	} else if (r->type == LR_STEP) {
		j->step[r->step]++;
		if (j->started[r->step])
			bad(s, r, "set up again after it was started");
	} else if (r->type == LR_STEPEND && ++j->stepend[r->step] > 1)
		bad(s, r, "ended twice");
	else if (r->type == LR_FINISHED)
		finished(s, j, r);
	else if (r->type == LR_ACKED && (j->finished == 0 || ++j->acked > 1))
		bad(s, r, "acknowledged twice, or without a result");
}

static int
record(const struct ledger_rec *r, off_t off, void *arg)
{
	struct story *s = arg;

	(void)off;
	switch (r->type) {
	case LR_ACCEPTED:
		accepted(s, r);
		break;
	case LR_STEP:
	case LR_STARTED:
	case LR_STEPEND:
	case LR_FINISHED:
	case LR_ACKED:
	case LR_CANCEL:
		of_job(s, r);
		break;
	case LR_CUT:
		s->cuts++;
		break;
	default:
		break;
	}
	return 0;
}

static void
pub_load(int statefd, struct pubkey *pub)
{
	char buf[SIGNIFY_TEXT_MAX];
	struct errmsg e;
	ssize_t n;
	int fd;

	if ((fd = fd_openat(statefd, "result.pub", O_RDONLY, 0)) == -1)
		err(2, "result.pub");
	if ((n = fd_readn(fd, buf, sizeof(buf))) == -1)
		err(2, "result.pub");
	close(fd);
	if (pubkey_parse(pub, buf, (size_t)n, &e) == -1)
		errx(2, "result.pub: %s", e.text);
}

int
main(int argc, char **argv)
{
	struct story *s = &story;
	int cut = argc == 3 && strcmp(argv[1], "-c") == 0, statefd;
	struct ledger *l;
	struct errmsg e;
	size_t i;

	if (argc != 2 + cut)
		errx(2, "usage: ledgercheck [-c] STATEDIR");
	log_init("ledgercheck", 1, 0);
	if ((statefd = open(argv[argc - 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(2, "%s", argv[argc - 1]);
	pub_load(statefd, &s->pub);
	if ((l = ledger_open(statefd, (uint64_t)time(NULL), record, s, &e)) == NULL)
		errx(1, "bad: %s", e.text);
	ledger_close(l);
	if (s->cuts > 0 && !cut) {
		printf("bad: a torn tail was cut\n");
		s->bad++;
	}
	for (i = 0; i < s->n; i++)
		printf("%s %s %u %u\n", s->job[i].id,
		    s->job[i].finished ? end_name(s->job[i].result.end) : "-", s->job[i].starts,
		    s->job[i].finished);
	return s->bad > 0;
}
