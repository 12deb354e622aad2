/*
 * Output: the spool's bytes as they are, from the offset that the control plane names, as soon as
 * inotify(7) tells of more. The descriptors are privd's gift; the file is read, never waited for.
 */
#include <sys/inotify.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"
#include "netd/netd.h"
#include "proto/frame.h"

#define SMALL	  16384 /* most news are */
#define WRONG_MAX 8	/* answers "not at this offset" in a row, then it waits */

static void
on_news(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;
	char buf[4096];

	(void)what;
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	j->fresh = 1;
	netd_wake(&j->n->client[CL_WORK]);
}

void
netd_output_close(struct job *j)
{
	if (j->watch != NULL)
		event_free(j->watch);
	j->watch = NULL;
	if (j->inotify != -1)
		close(j->inotify);
	if (j->spool != -1)
		close(j->spool);
	j->inotify = j->spool = -1;
}

void
netd_output_open(struct netd *n, struct job *j, int spool, int inotify)
{
	netd_output_close(j);
	j->spool = spool;
	j->inotify = inotify;
	j->watch = event_new(n->base, inotify, EV_READ | EV_PERSIST, on_news, j);
	if (j->watch == NULL || event_add(j->watch, NULL) == -1)
		fatalx("out of memory");
	j->fresh = 1;
	netd_wake(&n->client[CL_WORK]);
}

int
netd_output_wanted(const struct job *j)
{
	return j->spool != -1 && j->fresh && !j->gaveup;
}

static int
put(struct client *c, struct job *j, const uint8_t *buf, size_t len)
{
	struct netd_call call = {.kind = CALL_OUTPUT,
	    .job = j,
	    .method = "PUT",
	    .body = buf,
	    .len = len,
	    .type = "application/octet-stream",
	    .max = API_BODY_MAX};
	char path[128];

	snprintf(path, sizeof(path), "job/%s/output?offset=%llu&fence=%llu", j->hex,
	    (unsigned long long)j->offset, (unsigned long long)j->fence);
	call.path = path;
	if (netd_client_call(c, &call) == 0)
		return 1;
	j->fresh = 1;
	return 0;
}

/* A full buffer: there is more than that, and it goes in larger pieces. */
static int
put_large(struct client *c, struct job *j)
{
	uint8_t *buf;
	ssize_t got;
	int rv = 0;

	if ((buf = malloc(API_OUTPUT_MAX)) == NULL)
		return 0;
	if ((got = pread(j->spool, buf, API_OUTPUT_MAX, (off_t)j->offset)) > 0)
		rv = put(c, j, buf, (size_t)got);
	free(buf);
	return rv;
}

int
netd_output_send(struct client *c, struct job *j)
{
	uint8_t buf[SMALL];
	ssize_t got;

	j->fresh = 0;
	if ((got = pread(j->spool, buf, sizeof(buf), (off_t)j->offset)) == -1)
		log_warn("job %s: its output", j->hex);
	/* a spool's head alone is nobody's news */
	if (got <= 0 || (j->offset == 0 && got == FRAME_HEADLEN && j->record == NULL))
		return 0;
	if (got == sizeof(buf))
		return put_large(c, j);
	return put(c, j, buf, (size_t)got);
}

/* 1 when this host has so many bytes of it now. */
static int
have(const struct job *j, uint64_t bytes)
{
	char last;

	return bytes == 0 ||
	       (bytes <= INT64_MAX && pread(j->spool, &last, 1, (off_t)(bytes - 1)) == 1);
}

/* It named an offset: go on from there. More than there is, is a lie. */
static void
go_on(struct netd *n, struct job *j, uint64_t offset)
{
	if (j->spool == -1)
		return;
	j->fresh = 1;
	if (!have(j, offset)) {
		log_warnx("job %s: the control plane says that it has more output than there is; "
			  "the rest is not sent",
		    j->hex);
		j->gaveup = 1;
		return;
	}
	if (offset <= j->offset && ++j->wrong > WRONG_MAX)
		netd_job_hold(n, j, BACKOFF_NET, 0);
	else if (offset > j->offset)
		j->wrong = 0;
	j->offset = offset;
}

void
netd_output_reply(struct client *c, struct job *j, const struct reply *r, enum disposition d)
{
	uint64_t offset;
	struct errmsg e;

	if (d == D_OK || d == D_OFFSET) {
		if (api_offset_get(&offset, r->body, r->len, &e) == 0) {
			backoff_reset(&j->backoff);
			go_on(c->n, j, offset);
			return;
		}
		log_warnx("job %s: the answer to its output: %s", j->hex, e.text);
		netd_job_hold(c->n, j, BACKOFF_NET, 0);
	} else if (d == D_LARGE || d == D_JOB) {
		log_warnx("job %s: its output is not taken from byte %llu on; the rest is not sent",
		    j->hex, (unsigned long long)j->offset);
		j->gaveup = 1;
	}
	j->fresh = 1;
}
