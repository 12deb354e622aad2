/*
 * The test framework, whole: CHECK() counts, check_done() prints "NAME: N checks, N failed" and is
 * main's exit status. A test that made no check fails. CHECK_SKIP() is for what the kernel lacks.
 */
#ifndef REGRESS_CHECK_H
#define REGRESS_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int check_n, check_bad;

#define CHECK(x)                                                                        \
	do {                                                                            \
		check_n++;                                                              \
		if (!(x)) {                                                             \
			check_bad++;                                                    \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #x); \
		}                                                                       \
	} while (0)

/* With words: CHECKF(a == b, "row %s", name). */
#define CHECKF(x, ...)                                                                  \
	do {                                                                            \
		check_n++;                                                              \
		if (!(x)) {                                                             \
			check_bad++;                                                    \
			fprintf(stderr, "%s:%d: failed: %s: ", __FILE__, __LINE__, #x); \
			fprintf(stderr, __VA_ARGS__);                                   \
			fputc('\n', stderr);                                            \
		}                                                                       \
	} while (0)

#define CHECK_STR(a, b) CHECKF(strcmp((a), (b)) == 0, "\"%s\" is not \"%s\"", (a), (b))

/* Exit status 77: regress/run counts it as skipped and prints why. */
#define CHECK_SKIP(why)                         \
	do {                                    \
		printf("skipped: %s\n", (why)); \
		exit(77);                       \
	} while (0)

static inline int
check_done(void)
{
	printf("%s: %u checks, %u failed\n", program_invocation_short_name, check_n, check_bad);
	if (check_n == 0)
		fprintf(stderr, "no check was made\n");
	return check_n == 0 || check_bad > 0;
}

#endif
