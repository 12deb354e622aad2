/*
 * Blobs: fetched by their hash, which the ticket names and privd checks, and handed on in pieces.
 * One at a time, so that memory stays bounded whatever the tickets say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "netd/netd.h"

/* "blob NAME sha256:HEX SIZE" */
static int
note(struct job *j, const char *line, size_t len)
{
	static const char mark[] = " sha256:";
	char text[256], *hash, *size;
	uint64_t v;

	if (j->nblobs == TICKET_BLOBS || len >= sizeof(text))
		return -1;
	memcpy(text, line, len);
	text[len] = '\0';
	if ((hash = strstr(text, mark)) == NULL)
		return -1;
	hash += strlen(mark);
	if ((size = strchr(hash, ' ')) == NULL)
		return -1;
	*size++ = '\0';
	if (!valid_hex(hash, 64) || str_u64(size, 0, BLOB_MAX, &v) == -1)
		return -1;
	memcpy(j->blob[j->nblobs].sha256, hash, 65);
	j->blob[j->nblobs].size = (uint32_t)v;
	j->nblobs++;
	return 0;
}

void
netd_blobs_note(struct job *j, const char *ticket)
{
	const char *p = ticket, *end;

	if (j->nblobs > 0)
		return;
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1)
		if (strncmp(p, "blob ", 5) == 0 && note(j, p, (size_t)(end - p)) == -1)
			return; /* privd refuses such a ticket */
}

void
netd_blobs_need(struct netd *n, const uint8_t id[16], uint8_t index)
{
	struct job *j = netd_job_find(n, id);

	if (j == NULL || index >= j->nblobs) {
		log_debug("a blob is wanted of a ticket that is not here");
		return;
	}
	j->blob[index].wanted = 1;
	netd_wake(&n->client[CL_WORK]);
}

static size_t
first_wanted(const struct job *j)
{
	size_t i;

	for (i = 0; i < j->nblobs; i++)
		if (j->blob[i].wanted)
			break;
	return i;
}

int
netd_blobs_wanted(const struct netd *n, const struct job *j)
{
	return n->blob == NULL && first_wanted(j) < j->nblobs;
}

int
netd_blobs_send(struct client *c, struct job *j)
{
	struct netd_call call = {.kind = CALL_BLOB, .job = j, .method = "GET"};
	size_t i = first_wanted(j);
	char path[80];

	snprintf(path, sizeof(path), "blob/%s", j->blob[i].sha256);
	call.path = path;
	call.max = j->blob[i].size > API_BODY_MAX ? j->blob[i].size : API_BODY_MAX;
	c->index = i;
	return netd_client_call(c, &call) == 0;
}

void
netd_blobs_reply(struct client *c, struct job *j, const struct reply *r, enum disposition d)
{
	struct netd *n = c->n;
	size_t i = c->index;

	if (d == D_OK && r->len == j->blob[i].size && r->len > 0) {
		if ((n->blob = malloc(r->len)) == NULL)
			fatalx("out of memory");
		memcpy(n->blob, r->body, r->len);
		n->bloblen = r->len;
		n->blobdone = 0;
		memcpy(n->blob_id, j->id, sizeof(n->blob_id));
		n->blob_index = (uint8_t)i;
		j->blob[i].wanted = 0;
		backoff_reset(&j->backoff);
		netd_blobs_push(n);
		return;
	}
	if (d == D_OK)
		log_warnx("job %s: blob %zu: %zu bytes came, %u are in the ticket", j->hex, i,
		    r->len, j->blob[i].size);
	if (d == D_OK || d == D_JOB || d == D_LARGE || d == D_OFFSET)
		netd_job_hold(n, j, BACKOFF_NET, 0);
}

/* As much as may wait in the channel; the rest when that is written. */
void
netd_blobs_push(struct netd *n)
{
	struct msg_blob m = {.index = n->blob_index};

	while (n->blob != NULL && chan_queued(n->privd) < NETD_CHAN_ROOM) {
		memcpy(m.id, n->blob_id, sizeof(m.id));
		m.offset = (uint32_t)n->blobdone;
		m.data = (const uint8_t *)n->blob + n->blobdone;
		m.len = n->bloblen - n->blobdone;
		if (m.len > MSG_PIECE)
			m.len = MSG_PIECE;
		netd_tell(n, MSG_JOB_BLOB, msg_blob_put(&m));
		n->blobdone += m.len;
		if (n->blobdone < n->bloblen)
			continue;
		free(n->blob);
		n->blob = NULL;
		netd_wake(&n->client[CL_WORK]);
	}
}
