/* A state directory of a test's own, files in it, and the ways to spoil a path: for ledger, spool,
 * keys. */
#ifndef REGRESS_STATEKIT_H
#define REGRESS_STATEKIT_H

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "regress/check.h"

static char kit_dir[4096];
static int kit_fd = -1;
static int
    kit_fast; /* 1: thousands of small files and fsyncs; not on a disk where that can be had */

static inline int
kit_rm(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline void
kit_clean(void)
{
	if (kit_fd != -1)
		close(kit_fd);
	kit_fd = -1;
	if (kit_dir[0] != '\0')
		nftw(kit_dir, kit_rm, 16, FTW_DEPTH | FTW_PHYS);
	kit_dir[0] = '\0';
}

/* A new empty state directory 0700; the one before is removed. */
static inline int
kit_new(void)
{
	const char *tmp = getenv("TMPDIR");

	kit_clean();
	if (kit_fast && access("/dev/shm", W_OK) == 0)
		tmp = "/dev/shm";
	snprintf(kit_dir, sizeof(kit_dir), "%s/reeve-state.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(kit_dir) == NULL)
		err(1, "%s", kit_dir);
	if ((kit_fd = open(kit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		err(1, "%s", kit_dir);
	return kit_fd;
}

static inline void
kit_put(const char *name, const void *buf, size_t len)
{
	int fd = openat(kit_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, buf, len) != (ssize_t)len)
		err(1, "%s", name);
	close(fd);
}

/* The file's bytes, malloc'ed. */
static inline uint8_t *
kit_get(const char *name, size_t *len)
{
	int fd = openat(kit_fd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *p;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", name);
	p = malloc((size_t)st.st_size + 1);
	if (p == NULL || read(fd, p, (size_t)st.st_size) != st.st_size)
		err(1, "%s", name);
	close(fd);
	*len = (size_t)st.st_size;
	return p;
}

static inline int
kit_there(const char *name)
{
	struct stat st;

	return fstatat(kit_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void
kit_must(int rv, const char *what)
{
	if (rv == -1)
		err(1, "%s", what);
}

/*
 * path-attacks: puts something else where the good file NAME stands (it is kept as "aside"). N
 * counts up; the answer names the attack, NULL after the last. PUBLIC files may be read by all.
 */
static inline const char *
kit_attack(const char *name, unsigned int n, int public)
{
	static const char *const attacks[] = {"symlink", "hard link", "FIFO", "device",
	    "other owner", "writable by others", "readable by others", "directory", "socket node"};

	if (n >= sizeof(attacks) / sizeof(attacks[0]) || (public && n == 6))
		return public && n == 6 ? kit_attack(name, 7, 0) : NULL;
	switch (n) {
	case 4:
		kit_must(fchownat(kit_fd, name, 65534, (gid_t)-1, 0), "chown");
		return attacks[n];
	case 5:
		kit_must(fchmodat(kit_fd, name, 0622, 0), "chmod");
		return attacks[n];
	case 6:
		kit_must(fchmodat(kit_fd, name, 0644, 0), "chmod");
		return attacks[n];
	case 1:
		kit_must(linkat(kit_fd, name, kit_fd, "aside", 0), "link");
		return attacks[n];
	}
	kit_must(renameat(kit_fd, name, kit_fd, "aside"), "rename");
	if (n == 0)
		kit_must(symlinkat("aside", kit_fd, name), "symlink");
	else if (n == 2)
		kit_must(mknodat(kit_fd, name, S_IFIFO | 0600, 0), "mkfifo");
	else if (n == 3)
		kit_must(mknodat(kit_fd, name, S_IFCHR | 0600, makedev(1, 3)), "mknod");
	else if (n == 7)
		kit_must(mkdirat(kit_fd, name, 0700), "mkdir");
	else
		kit_must(mknodat(kit_fd, name, S_IFSOCK | 0600, 0), "mknod");
	return attacks[n];
}

/* Exit status of a child that runs FN, 128 + signal when it was killed. */
static inline int
kit_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0)
		_exit(fn());
	if (waitpid(pid, &status, 0) == -1)
		err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
