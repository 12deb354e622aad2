/* cgroups of steps. */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/cgroup.h"

struct cgbase {
	int fd;
	char path[1024];
};

/* Where cgroup2 is mounted, from /proc/self/mounts. 0, or -1 when it is nowhere. */
static int
find_mount(char *path, size_t size)
{
	char line[2048], where[1024], type[64];
	FILE *f = fopen("/proc/self/mounts", "re");
	int found = 0;

	if (f == NULL)
		return -1;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = sscanf(line, "%*s %1023s %63s", where, type) == 2 &&
			strcmp(type, "cgroup2") == 0;
	fclose(f);
	if (!found || strlen(where) >= size)
		return -1;
	snprintf(path, size, "%s", where);
	return 0;
}

static int
choose(const struct conf *c, char *path, size_t size, struct errmsg *e)
{
	char mnt[512];
	struct stat st;

	if (c->cgroup_dir[0] != '\0') {
		snprintf(path, size, "%s", c->cgroup_dir);
		return 0;
	}
	if (find_mount(mnt, sizeof(mnt)) == -1)
		return err_set(e, "no cgroup2 hierarchy is mounted: mount -t cgroup2 cgroup2 "
				  "/sys/fs/cgroup, or name one with cgroup-dir in agent.conf");
	snprintf(path, size, "%s/system.slice/reeve-jobs.service", mnt);
	if (stat(path, &st) == 0)
		return 0;
	snprintf(path, size, "%s/reeve-jobs", mnt);
	return 0;
}

static int
write_file(int dir, const char *name, const char *text)
{
	int fd = fd_openat(dir, name, O_WRONLY, 0), rc;

	if (fd == -1)
		return -1;
	rc = fd_writen(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return rc;
}

/* Hands the controllers for limits down, each where it is. 1 when both are. */
static int
delegate(int dir)
{
	int memory = write_file(dir, "cgroup.subtree_control", "+memory") == 0;

	return write_file(dir, "cgroup.subtree_control", "+pids") == 0 && memory;
}

struct cgbase *
cgroup_base(const struct conf *c, struct errmsg *e)
{
	struct cgbase *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	b->fd = -1;
	if (choose(c, b->path, sizeof(b->path), e) == -1)
		goto fail;
	if (mkdir(b->path, 0755) == -1 && errno != EEXIST) {
		err_errno(e, "%s", b->path);
		goto fail;
	}
	if ((b->fd = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) == -1) {
		err_errno(e, "%s", b->path);
		goto fail;
	}
	if (faccessat(b->fd, "cgroup.kill", W_OK, 0) == -1) {
		err_errno(
		    e, "%s/cgroup.kill (Linux 5.14 has it, and never the root group)", b->path);
		goto fail;
	}
	/* limits where the controllers are delegated; without them rlimits and the rest remain */
	if (!delegate(b->fd))
		log_warnx("%s: no memory or no pids controller here: limits of jobs by cgroup do "
			  "not hold",
		    b->path);
	return b;
fail:
	if (b->fd != -1)
		close(b->fd);
	free(b);
	return NULL;
}

const char *
cgroup_path(const struct cgbase *b)
{
	return b->path;
}

static int
open_dir(int at, const char *name)
{
	return fd_openat(at, name, O_RDONLY | O_DIRECTORY, 0);
}

static void
set_limit(int dir, const char *file, uint64_t v)
{
	char text[32];

	if (v == 0)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	if (write_file(dir, file, text) == -1)
		log_debug("%s cannot be set: %s", file, strerror(errno));
}

int
cgroup_make(struct cgbase *b, const char *idhex, unsigned int step, uint64_t mem_max,
    uint32_t pids_max, struct cgroup *g, struct errmsg *e)
{
	g->dir = g->sup = g->tool = -1;
	snprintf(g->name, sizeof(g->name), "%s-%u", idhex, step);
	if (mkdirat(b->fd, g->name, 0755) == -1 || (g->dir = open_dir(b->fd, g->name)) == -1 ||
	    mkdirat(g->dir, "sup", 0755) == -1 || mkdirat(g->dir, "tool", 0755) == -1 ||
	    (g->sup = open_dir(g->dir, "sup")) == -1 ||
	    (g->tool = open_dir(g->dir, "tool")) == -1) {
		err_errno(e, "cgroup %s/%s", b->path, g->name);
		(void)cgroup_remove(b, g);
		return -1;
	}
	/* the tool's limits are not the supervisor's */
	(void)delegate(g->dir);
	set_limit(g->tool, "memory.max", mem_max);
	set_limit(g->tool, "pids.max", pids_max);
	return 0;
}

int
cgroup_open(
    struct cgbase *b, const char *idhex, unsigned int step, struct cgroup *g, struct errmsg *e)
{
	g->dir = g->sup = g->tool = -1;
	snprintf(g->name, sizeof(g->name), "%s-%u", idhex, step);
	if ((g->dir = open_dir(b->fd, g->name)) == -1)
		return errno == ENOENT ? 0 : err_errno(e, "cgroup %s", g->name);
	/* a crash may have left it half made */
	g->sup = open_dir(g->dir, "sup");
	g->tool = open_dir(g->dir, "tool");
	return 1;
}

int
cgroup_watched(int fd)
{
	char buf[256], *p;
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return -1;
	buf[n] = '\0';
	if ((p = strstr(buf, "populated ")) == NULL) {
		errno = EPROTO;
		return -1;
	}
	return p[10] != '0';
}

int
cgroup_populated(const struct cgroup *g)
{
	int fd = cgroup_watch(g), rc;

	if (fd == -1)
		return -1;
	rc = cgroup_watched(fd);
	close(fd);
	return rc;
}

int
cgroup_oomed(const struct cgroup *g)
{
	char buf[512], *p;
	ssize_t n;
	int fd;

	if (g->tool == -1 || (fd = fd_openat(g->tool, "memory.events", O_RDONLY, 0)) == -1)
		return 0;
	n = fd_readn(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return (p = strstr(buf, "oom_kill ")) != NULL && p[9] != '0';
}

int
cgroup_kill(const struct cgroup *g)
{
	return write_file(g->dir, "cgroup.kill", "1");
}

int
cgroup_watch(const struct cgroup *g)
{
	return fd_openat(g->dir, "cgroup.events", O_RDONLY, 0);
}

/* The first pid in a cgroup.procs, 0 when there is none. */
static pid_t
first_pid(int dir)
{
	char buf[64];
	uint64_t pid;
	ssize_t n;
	int fd;

	if (dir == -1 || (fd = fd_openat(dir, "cgroup.procs", O_RDONLY, 0)) == -1)
		return 0;
	n = fd_readn(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	if (strn_u64(buf, strcspn(buf, "\n"), 1, INT32_MAX, &pid) == -1)
		return 0;
	return (pid_t)pid;
}

size_t
cgroup_pids(const struct cgroup *g, int tool, pid_t *pids, size_t max)
{
	int dir = tool ? g->tool : g->sup, fd;
	char buf[4096], *line, *next;
	uint64_t pid;
	size_t n = 0;
	ssize_t len;

	if (dir == -1 || (fd = fd_openat(dir, "cgroup.procs", O_RDONLY, 0)) == -1)
		return 0;
	len = fd_readn(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[len > 0 ? len : 0] = '\0';
	for (line = buf; n < max && (next = strchr(line, '\n')) != NULL; line = next + 1)
		if (strn_u64(line, (size_t)(next - line), 1, INT32_MAX, &pid) == 0)
			pids[n++] = (pid_t)pid;
	return n;
}

int
cgroup_supervisor(const struct cgroup *g)
{
	pid_t pid = first_pid(g->sup);
	int fd;

	if (pid == 0 || (fd = (int)syscall(SYS_pidfd_open, pid, 0)) == -1)
		return -1;
	/* the number may have been another's by then: it must still be the one in the group */
	if (first_pid(g->sup) != pid) {
		close(fd);
		return -1;
	}
	return fd;
}

int
cgroup_tool_fds(const struct cgroup *g, int fds[2], struct errmsg *e)
{
	if ((fds[0] = open_dir(g->dir, "tool")) == -1)
		return err_errno(e, "cgroup %s/tool", g->name);
	if ((fds[1] = fd_openat(g->tool, "cgroup.kill", O_WRONLY, 0)) == -1) {
		err_errno(e, "cgroup %s/tool/cgroup.kill", g->name);
		close(fds[0]);
		return -1;
	}
	return 0;
}

void
cgroup_close(struct cgroup *g)
{
	int *fds[] = {&g->dir, &g->sup, &g->tool};

	for (size_t i = 0; i < 3; i++) {
		if (*fds[i] != -1)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

int
cgroup_remove(struct cgbase *b, struct cgroup *g)
{
	int rc = 0;

	if (g->dir != -1) {
		if (unlinkat(g->dir, "sup", AT_REMOVEDIR) == -1 && errno != ENOENT)
			rc = -1;
		if (unlinkat(g->dir, "tool", AT_REMOVEDIR) == -1 && errno != ENOENT)
			rc = -1;
	}
	if (unlinkat(b->fd, g->name, AT_REMOVEDIR) == -1 && errno != ENOENT)
		rc = -1;
	cgroup_close(g);
	return rc;
}

int
cgroup_each(struct cgbase *b, void (*fn)(const char *, void *), void *arg)
{
	struct dirent *de;
	DIR *d;
	int fd;

	if ((fd = open_dir(b->fd, ".")) == -1)
		return -1;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while ((de = readdir(d)) != NULL)
		if (de->d_type == DT_DIR && strlen(de->d_name) > 33 && de->d_name[32] == '-')
			fn(de->d_name, arg);
	closedir(d);
	return 0;
}
