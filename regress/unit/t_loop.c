/* privd/loop.c: descriptors, timers, their order, deletion inside callbacks. */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "privd/loop.h"
#include "regress/check.h"

static char order[32];
static struct loop_timer t1, t2, t3, t4;
static struct loop_fd *wa, *wb, *wx;
static int a[2], b[2], x[2], turns, freed_ran;

static void
note(char c)
{
	size_t n = strlen(order);

	if (n + 1 < sizeof(order))
		order[n] = c;
}

static void
on_timer(void *arg)
{
	note(*(const char *)arg);
}

static void
on_again(void *arg)
{
	note('4');
	if (strlen(order) < 8)
		loop_timer_set(&t4, 1, on_again, arg);
	else
		loop_stop();
}

static void
idle(void *arg)
{
	(void)arg;
	turns++;
}

static void
timers(void)
{
	loop_timer_set(&t3, 60, on_timer, (void *)(uintptr_t) "3");
	loop_timer_set(&t1, 5, on_timer, (void *)(uintptr_t) "1");
	loop_timer_set(&t2, 20, on_timer, (void *)(uintptr_t) "2");
	loop_timer_set(&t2, 30, on_timer, (void *)(uintptr_t) "m"); /* moved */
	loop_timer_clear(&t3);
	loop_timer_clear(&t3); /* twice is fine */
	loop_timer_set(&t4, 40, on_again, NULL);
	CHECK(t1.due != 0 && t3.due == 0);
	CHECK(loop_run(idle, NULL) == 0);
	CHECK_STR(order, "1m444444");
	CHECK(t1.due == 0);
	CHECK(turns >= 3);
}

/* The first callback of a turn takes the other one away: it must not be called any more. */
static void
on_a(int fd, short revents, void *arg)
{
	char c;

	(void)arg;
	CHECK(revents & POLLIN);
	CHECK(read(fd, &c, 1) == 1 && c == 'a');
	note('a');
	loop_del(wx);
	loop_events(wb, POLLIN);
}

static void
on_x(int fd, short revents, void *arg)
{
	(void)fd;
	(void)revents;
	(void)arg;
	freed_ran = 1;
}

static void
on_b(int fd, short revents, void *arg)
{
	(void)fd;
	(void)arg;
	CHECK(revents & POLLHUP);
	note('b');
	loop_del(wa);
	loop_del(wb);
	loop_del(NULL);
	loop_stop();
}

static void
descriptors(void)
{
	memset(order, 0, sizeof(order));
	CHECK(pipe(a) == 0 && pipe(b) == 0 && pipe(x) == 0);
	wa = loop_add(a[0], POLLIN, on_a, NULL);
	wx = loop_add(x[0], POLLIN, on_x, NULL);
	wb = loop_add(b[0], 0, on_b, NULL); /* nothing asked for: only a hang-up counts */
	CHECK(wa != NULL && wb != NULL && wx != NULL);
	CHECK(write(a[1], "a", 1) == 1 && write(x[1], "x", 1) == 1);
	close(b[1]);
	CHECK(loop_run(idle, NULL) == 0);
	CHECK(strchr(order, 'a') != NULL && strchr(order, 'b') != NULL);
	CHECK(!freed_ran);
}

int
main(void)
{
	uint64_t before = loop_now();

	timers();
	CHECK(loop_now() >= before + 40);
	descriptors();
	return check_done();
}
