/* The event loop. */

#include <sys/queue.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "privd/loop.h"

struct loop_fd {
	TAILQ_ENTRY(loop_fd) link;
	int fd;
	short events;
	int dead; /* loop_del() was called; freed at the end of the turn */
	void (*fn)(int, short, void *);
	void *arg;
};

static struct {
	TAILQ_HEAD(, loop_fd) fds;
	size_t nfds;
	struct loop_timer *timers; /* sorted by due */
	struct pollfd *poll;
	struct loop_fd **owner;
	size_t size;
	int stop, init;
} lp;

static void
init(void)
{
	if (!lp.init)
		TAILQ_INIT(&lp.fds);
	lp.init = 1;
}

uint64_t
loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct loop_fd *
loop_add(int fd, short events, void (*fn)(int, short, void *), void *arg)
{
	struct loop_fd *w = calloc(1, sizeof(*w));

	init();
	if (w == NULL)
		return NULL;
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&lp.fds, w, link);
	lp.nfds++;
	return w;
}

void
loop_events(struct loop_fd *w, short events)
{
	w->events = events;
}

void
loop_del(struct loop_fd *w)
{
	if (w != NULL)
		w->dead = 1;
}

void
loop_timer_clear(struct loop_timer *t)
{
	struct loop_timer **p;

	for (p = &lp.timers; *p != NULL; p = &(*p)->next) {
		if (*p == t) {
			*p = t->next;
			break;
		}
	}
	t->due = 0;
	t->next = NULL;
}

void
loop_timer_set(struct loop_timer *t, uint64_t ms, void (*fn)(void *), void *arg)
{
	struct loop_timer **p;

	loop_timer_clear(t);
	t->due = loop_now() + ms;
	t->fn = fn;
	t->arg = arg;
	for (p = &lp.timers; *p != NULL && (*p)->due <= t->due; p = &(*p)->next)
		;
	t->next = *p;
	*p = t;
}

static void
bury(void)
{
	struct loop_fd *w, *next;

	for (w = TAILQ_FIRST(&lp.fds); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (!w->dead)
			continue;
		TAILQ_REMOVE(&lp.fds, w, link);
		lp.nfds--;
		free(w);
	}
}

/* Lays the watched descriptors out for poll(2). The number of them, or -1. */
static int
lay_out(void)
{
	struct loop_fd *w;
	size_t n = 0;

	if (lp.size < lp.nfds) {
		free(lp.poll);
		free(lp.owner);
		lp.poll = calloc(lp.nfds, sizeof(*lp.poll));
		lp.owner = calloc(lp.nfds, sizeof(*lp.owner));
		lp.size = lp.poll != NULL && lp.owner != NULL ? lp.nfds : 0;
		if (lp.size == 0) {
			errno = ENOMEM;
			return -1;
		}
	}
	TAILQ_FOREACH (w, &lp.fds, link) {
		lp.poll[n] = (struct pollfd){w->fd, w->events, 0};
		lp.owner[n++] = w;
	}
	return (int)n;
}

static int
timeout_ms(void)
{
	uint64_t now;

	if (lp.timers == NULL)
		return -1;
	now = loop_now();
	if (lp.timers->due <= now)
		return 0;
	return lp.timers->due - now > 3600000 ? 3600000 : (int)(lp.timers->due - now);
}

static void
run_timers(void)
{
	uint64_t now = loop_now();
	struct loop_timer *t;

	while ((t = lp.timers) != NULL && t->due <= now) {
		lp.timers = t->next;
		t->due = 0;
		t->next = NULL;
		t->fn(t->arg);
	}
}

int
loop_run(void (*idle)(void *), void *arg)
{
	int n;

	init();
	while (!lp.stop) {
		bury();
		if ((n = lay_out()) == -1)
			return -1;
		if (poll(lp.poll, (nfds_t)n, timeout_ms()) == -1 && errno != EINTR)
			return -1;
		for (int i = 0; i < n; i++)
			if (lp.poll[i].revents != 0 && !lp.owner[i]->dead)
				lp.owner[i]->fn(
				    lp.poll[i].fd, lp.poll[i].revents, lp.owner[i]->arg);
		run_timers();
		idle(arg);
	}
	bury();
	lp.stop = 0;
	return 0;
}

void
loop_stop(void)
{
	lp.stop = 1;
}
