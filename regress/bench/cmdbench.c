/*
 * cmdbench TURNS LABEL COMMAND [ARG...] [-- LABEL COMMAND [ARG...]]...
 *
 * Whole commands, turn by turn in one run: fork, exec, and the wait for their end; their standard
 * output goes to /dev/null. A command that fails ends the run. One line for each, in microseconds,
 * and the CPU time of the whole machine for each, from a second round of ten in a row
 * (/proc/stat, so the servers' share counts).
 */
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS 16
#define BATCH	 10

struct command {
	const char *label;
	char **argv;
	double *us;
	double cpu;
};

static struct command cmd[COMMANDS];
static int ncmds;

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Busy time of all processors since boot, in microseconds. */
static double
machine_us(void)
{
	unsigned long long user, nice, sys, idle, wait, irq, soft;
	FILE *f = fopen("/proc/stat", "re");

	if (f == NULL || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &sys,
			     &idle, &wait, &irq, &soft) != 7)
		errx(1, "/proc/stat");
	fclose(f);
	return (double)(user + nice + sys + irq + soft) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double
once(const struct command *c)
{
	posix_spawn_file_actions_t fa;
	double start;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	start = now_us();
	if (posix_spawnp(&pid, c->argv[0], &fa, NULL, c->argv, environ) != 0)
		errx(1, "%s: cannot be started", c->argv[0]);
	if (waitpid(pid, &status, 0) == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s: ended with status %d", c->label, status);
	start = now_us() - start;
	posix_spawn_file_actions_destroy(&fa);
	return start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
parse(int argc, char **argv)
{
	int i = 0;

	while (i < argc) {
		if (ncmds == COMMANDS || i + 1 >= argc)
			errx(2, "bad command list");
		cmd[ncmds].label = argv[i++];
		cmd[ncmds++].argv = &argv[i];
		while (i < argc && strcmp(argv[i], "--") != 0)
			i++;
		if (i < argc)
			argv[i++] = NULL;
	}
}

int
main(int argc, char **argv)
{
	int turns = argc > 3 ? atoi(argv[1]) : 0;
	double start;

	if (turns < 1)
		errx(2, "usage: cmdbench turns label command [arg ...] [-- label command ...]");
	parse(argc - 2, argv + 2);
	for (int k = 0; k < ncmds; k++) {
		if ((cmd[k].us = calloc((size_t)turns, sizeof(double))) == NULL)
			err(1, "calloc");
		(void)once(&cmd[k]); /* caches */
	}
	for (int t = 0; t < turns; t++)
		for (int k = 0; k < ncmds; k++)
			cmd[k].us[t] = once(&cmd[k]);
	for (int k = 0; k < ncmds; k++) {
		start = machine_us();
		for (int t = 0; t < BATCH; t++)
			(void)once(&cmd[k]);
		cmd[k].cpu = (machine_us() - start) / BATCH;
		qsort(cmd[k].us, (size_t)turns, sizeof(double), compare);
		printf("%-22s p50 %8.0f  p90 %8.0f  p99 %8.0f  machine-cpu %8.0f\n", cmd[k].label,
		    cmd[k].us[turns / 2], cmd[k].us[turns * 9 / 10], cmd[k].us[turns * 99 / 100],
		    cmd[k].cpu);
	}
	return 0;
}
