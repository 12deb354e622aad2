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

#define WRONG_MAX 8 /* answers "not at this offset" in a row, then it waits */

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

int
netd_output_send(struct client *c, struct job *j)
{
	struct netd_call call = {.kind = CALL_OUTPUT,
	    .job = j,
	    .method = "PUT",
	    .type = "application/octet-stream",
	    .max = API_BODY_MAX};
	char path[128];
	uint8_t *buf;
	ssize_t got;
	int rv;

	if ((buf = malloc(API_OUTPUT_MAX)) == NULL)
		return 0;
	j->fresh = 0;
	if ((got = pread(j->spool, buf, API_OUTPUT_MAX, (off_t)j->offset)) <= 0) {
		if (got == -1)
			log_warn("job %s: its output", j->hex);
		free(buf);
		return 0;
	}
	snprintf(path, sizeof(path), "job/%s/output?offset=%llu&fence=%llu", j->hex,
	    (unsigned long long)j->offset, (unsigned long long)j->fence);
	call.path = path;
	call.body = buf;
	call.len = (size_t)got;
	c->index = (size_t)got;
	rv = netd_client_call(c, &call);
	free(buf);
	if (rv == -1)
		j->fresh = 1;
	return rv == 0;
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
