/*
 * showself: a tool that prints what it sees of itself, one fact a line, for golden comparisons:
 * environment, descriptors, ids, capabilities, confinement, limits, directory, session, umask.
 * "showself leaf" is a tool that starts a child which holds the output open, and ends.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
show_fds(void)
{
	char path[300], to[256];
	struct dirent *de;
	ssize_t n;
	DIR *d = opendir("/proc/self/fd");

	while (d != NULL && (de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.' || atoi(de->d_name) == dirfd(d))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%s", de->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		to[n > 0 ? n : 0] = '\0';
		to[strcspn(to, ":")] = '\0'; /* a pipe's number is another each time */
		printf("fd %s %s\n", de->d_name, to);
	}
	if (d != NULL)
		closedir(d);
}

static void
show_status(void)
{
	static const char *const keys[] = {
	    "Uid:", "Gid:", "Groups:", "SigBlk:", "SigIgn:", "CapInh:", "CapPrm:", "CapEff:",
	    "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "NSpid:"};
	char line[512];
	size_t i;
	FILE *f = fopen("/proc/self/status", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
				line[strcspn(line, "\n")] = '\0';
				for (char *p = line; *p != '\0'; p++)
					*p = *p == '\t' ? ' ' : *p;
				for (size_t n = strlen(line); n > 0 && line[n - 1] == ' ';)
					line[--n] = '\0';
				puts(line);
			}
	if (f != NULL)
		fclose(f);
}

static void
show_limit(const char *name, int what)
{
	struct rlimit r;

	if (getrlimit(what, &r) == -1)
		printf("limit %s ?\n", name);
	else if (r.rlim_max == RLIM_INFINITY)
		printf("limit %s none\n", name);
	else
		printf("limit %s %llu\n", name, (unsigned long long)r.rlim_max);
}

static void
leave_child(void)
{
	if (fork() == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
}

int
main(int argc, char *argv[])
{
	extern char **environ;
	char cwd[256], **e;
	mode_t mask = umask(0);
	int i;

	for (i = 1; i < argc; i++) {
		printf("arg %s\n", argv[i]);
		if (strcmp(argv[i], "leaf") == 0)
			leave_child();
	}
	for (e = environ; *e != NULL; e++)
		printf("env %s\n", *e);
	show_fds();
	show_status();
	show_limit("core", RLIMIT_CORE);
	show_limit("nofile", RLIMIT_NOFILE);
	show_limit("fsize", RLIMIT_FSIZE);
	printf("cwd %s\n", getcwd(cwd, sizeof(cwd)) != NULL ? cwd : "?");
	printf("umask %03o\n", (unsigned int)mask);
	printf(
	    "session %s\n", getsid(0) == getpid() && getpgrp() == getpid() ? "own" : "not its own");
	printf("tty %s\n", open("/dev/tty", O_RDONLY) == -1 ? "none" : "yes");
	fflush(stdout);
	return 0;
}
