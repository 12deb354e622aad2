/* privd's event loop: poll(2), timers on CLOCK_BOOTTIME, nothing else. One per process. */
#ifndef PRIVD_LOOP_H
#define PRIVD_LOOP_H

#include <stdint.h>

struct loop_fd; /* one watched descriptor */

/* Watches FD for EVENTS (poll(2)'s); FN gets what came. NULL without memory. */
struct loop_fd *loop_add(
    int fd, short events, void (*fn)(int fd, short revents, void *), void *arg);
void loop_events(struct loop_fd *w, short events);
/* Stops watching; the descriptor stays the caller's. Safe inside any callback. NULL is fine. */
void loop_del(struct loop_fd *w);

/* A timer lives in its owner; zeroed memory is an unset one. */
struct loop_timer {
	struct loop_timer *next;
	uint64_t due; /* ms of loop_now(); 0 unset */
	void (*fn)(void *);
	void *arg;
};
/* Fires once, MS milliseconds from now. Setting it again moves it. */
void loop_timer_set(struct loop_timer *t, uint64_t ms, void (*fn)(void *), void *arg);
void loop_timer_clear(struct loop_timer *t);

uint64_t loop_now(void); /* ms of CLOCK_BOOTTIME */
/*
 * Turns until loop_stop(). IDLE runs once a turn, after all callbacks. 0, or -1 with errno when
 * poll(2) failed.
 */
int loop_run(void (*idle)(void *), void *arg);
void loop_stop(void);

#endif
