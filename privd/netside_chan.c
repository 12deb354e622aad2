/* The channels of the pairs: what is read is judged, paced and handed to its handler. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/netside_pair.h"

#define HALF_MS 10000 /* half a message is not waited for longer */

#define MESSAGES_BURST 4096 /* and half as many a second */
#define REFUSALS_BURST 64   /* and four a second */

struct handler {
	enum room from;
	uint32_t type;
	int (*fn)(struct side *, struct imsg *);
};

static const struct handler handlers[] = {
#define NS_ROW(name) {0, MSG_##name, privd_on_##name},
    MSG_TABLE(NS_X)
#undef NS_ROW
};

static void side_read(struct side *);

const char *
side_name(const struct side *s)
{
	return s->room == ROOM_NETD ? "netd" : "dial";
}

void
pair_fill(struct pair *pr)
{
	pr->messages = (struct bucket){MESSAGES_BURST * 1000, loop_now()};
	pr->refusals = (struct bucket){REFUSALS_BURST * 1000, loop_now()};
}

void
side_flush(struct side *s)
{
	short want = s->pair->paused && s->room == ROOM_NETD ? 0 : POLLIN;

	if (s->chan == NULL)
		return;
	if (imsgbuf_write(s->chan) == -1) {
		pair_end(s->pair, 0, "%s closed its channel", side_name(s));
		return;
	}
	if (imsgbuf_queued(s->chan) > 0)
		want |= POLLOUT;
	loop_events(s->chan_w, want);
}

void
pair_send(struct pair *pr, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds)
{
	struct side *s = &pr->netd;

	if (s->chan != NULL && (ib != NULL || msg_row(type)->min == 0)) {
		if (imsg_compose(s->chan, type, ib, fds, nfds) == 0) {
			side_flush(s);
			return;
		}
		log_warn("server %s: %s", pr->name, msg_row(type)->name);
		pair_end(pr, 1, "it does not read what it is sent");
	} else
		ibuf_free(ib);
	for (unsigned int i = 0; i < nfds; i++)
		close(fds[i]);
}

static void
on_resume(void *arg)
{
	struct pair *pr = arg;

	pr->paused = 0;
	side_flush(&pr->netd);
	if (pr->netd.chan != NULL)
		side_read(&pr->netd);
}

/*
 * Takes one from B. With nothing left the pair is not read until there is more: what it asks waits
 * in its own socket, and costs nobody but itself.
 */
static void
bucket_take(struct pair *pr, struct bucket *b, uint32_t burst, uint32_t persecond)
{
	uint64_t now = loop_now(), got = (now - b->at) * persecond + b->left;

	b->left = got > burst * 1000ULL ? burst * 1000 : (uint32_t)got;
	b->at = now;
	b->left = b->left > 1000 ? b->left - 1000 : 0;
	if (b->left >= 1000 || pr->paused || pr->state == PAIR_ENDING)
		return;
	pr->paused = 1;
	loop_timer_set(&pr->pause_t, (1000 - b->left % 1000) / persecond + 1, on_resume, pr);
	side_flush(&pr->netd);
}

void
pair_refused(struct pair *pr, const char *event, const uint8_t id[16], const char *reason)
{
	char hex[33], more[24];
	uint64_t unsaid;

	str_hex(hex, id, 16);
	if (event != NULL && pair_line(pr, &unsaid)) {
		snprintf(more, sizeof(more), "%llu", (unsigned long long)unsaid);
		(void)audit_event(pr->p->audit, event, "id", hex, "server", pr->name, "reason",
		    reason, "unsaid", unsaid > 0 ? more : NULL, NULL);
	}
	bucket_take(pr, &pr->refusals, REFUSALS_BURST, 4);
}

static const struct handler *
handler_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == type)
			return &handlers[i];
	return NULL;
}

/* The peer may be hostile: type, phase, length and form were judged by its row; what it may ask is
 * judged by the handler. */
static void
handle(struct side *s, struct imsg *m)
{
	const struct handler *h = handler_find(m->type);
	struct pair *pr = s->pair;

	s->now = m->type;
	if (h == NULL || msg_row(m->type)->from != s->room)
		pair_end(pr, 1, "%s: a message that is not its own", side_name(s));
	else if (h->fn(s, m) == -1)
		pair_end(pr, 1, "%s: %s malformed", side_name(s), msg_row(m->type)->name);
	else
		bucket_take(pr, &pr->messages, MESSAGES_BURST, MESSAGES_BURST / 2);
}

static void
half_over(void *arg)
{
	struct side *s = arg;

	pair_end(s->pair, 1, "%s: half a message, and then nothing", side_name(s));
}

static void
half_watch(struct side *s, int whole)
{
	int half = imsgbuf_partial(s->chan);

	if (s->half && (whole || !half))
		loop_timer_clear(&s->half_t);
	if (half && (whole || !s->half))
		loop_timer_set(&s->half_t, HALF_MS, half_over, s);
	s->half = half;
}

/* Handles what was read already. 1 when more may be read, 0 when not now or never again. */
static int
side_drain(struct side *s, int *whole)
{
	enum msg_verdict v;
	struct imsg m;
	int got;

	while (s->chan != NULL && !(s->pair->paused && s->room == ROOM_NETD)) {
		if ((got = imsgbuf_get(s->chan, &m, &v)) == 0)
			return 1;
		if (got == -1) {
			const struct msg_row *row = msg_row(m.type);

			pair_end(s->pair, 1, "%s: %s: %s", side_name(s),
			    row != NULL ? row->name : "-", msg_verdict_name(v));
			return 0;
		}
		*whole = 1;
		handle(s, &m);
		imsg_free(&m);
	}
	return 0;
}

static void
side_read(struct side *s)
{
	int n, whole = 0;

	if (!side_drain(s, &whole))
		return;
	n = imsgbuf_read(s->chan);
	if (n == -1 && errno == EAGAIN) {
		half_watch(s, whole);
		return;
	}
	if (n == -1 && errno == EBADMSG) {
		pair_end(s->pair, 1, "%s: framing", side_name(s));
		return;
	}
	if (n <= 0) {
		pair_end(s->pair, 0, "%s closed its channel", side_name(s));
		return;
	}
	if (side_drain(s, &whole))
		half_watch(s, whole);
}

void
side_on_channel(int fd, short revents, void *arg)
{
	struct side *s = arg;

	(void)fd;
	if (s->chan == NULL)
		return;
	if (revents & POLLOUT) {
		side_flush(s);
		if (s->chan != NULL && s->room == ROOM_NETD && pair_running(s->pair))
			pair_tell(s->pair);
	}
	if (s->chan == NULL)
		return;
	if (s->pair->paused && s->room == ROOM_NETD && (revents & (POLLHUP | POLLERR)))
		pair_end(s->pair, 0, "netd closed its channel");
	else if (revents & (POLLIN | POLLHUP | POLLERR))
		side_read(s);
}
