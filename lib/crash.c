/* Crash points; nothing but this comment in a build without CRASH=1. */

#include "lib/crash.h"

#ifdef REEVE_CRASH
#include <sys/syscall.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
crash_point(const char *table, const char *row, const char *when)
{
	const char *want = getenv("REEVE_CRASH");
	static unsigned int seen;
	char here[128];
	size_t n;

	if (want == NULL)
		return;
	snprintf(here, sizeof(here), "%s.%s.%s", table, row, when);
	n = strcspn(want, ":");
	if (strlen(here) != n || strncmp(here, want, n) != 0)
		return;
	if (want[n] == ':' && ++seen < (unsigned int)atoi(want + n + 1))
		return;
	/*
	 * As sudden as kill -9, whose status a shell shows likewise, and possible everywhere: the
	 * init of a PID namespace cannot kill itself, and a filter may forbid kill(2).
	 */
	syscall(SYS_exit_group, 137);
}
#else
typedef int crash_unused; /* ISO C wants something in a file */
#endif
