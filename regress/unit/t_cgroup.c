/* privd/cgroup.c on a real cgroup2: made, found again, filled, watched, killed, removed. */
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "privd/cgroup.h"
#include "regress/check.h"

static const char id[] = "00112233445566778899aabbccddeeff";
static struct conf conf;
static struct cgbase *base;
static int seen;

static void
on_each(const char *name, void *arg)
{
	(void)arg;
	seen += strncmp(name, id, 32) == 0;
}

/* A child in the group by DIR that sleeps. */
static pid_t
put_child(int dir)
{
	pid_t pid = fork();
	char text[24];
	int fd;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(text, sizeof(text), "%ld", (long)pid);
	CHECK((fd = fd_openat(dir, "cgroup.procs", O_WRONLY, 0)) != -1);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return pid;
}

static void
one_step(void)
{
	struct cgroup g, again, none;
	struct pollfd pf = {.events = POLLPRI};
	struct errmsg e;
	pid_t tool, sup, pids[4];
	int fds[2], status, i, fd;

	CHECKF(cgroup_make(base, id, 3, 1 << 20, 5, &g, &e) == 0, "%s", e.text);
	CHECK(cgroup_populated(&g) == 0);
	CHECK(cgroup_make(base, id, 3, 0, 0, &none, &e) == -1); /* never two of one step */
	CHECK(cgroup_open(base, id, 4, &none, &e) == 0);
	CHECK(cgroup_supervisor(&g) == -1);
	tool = put_child(g.tool);
	sup = put_child(g.sup);
	CHECK(cgroup_open(base, id, 3, &again, &e) == 1);
	CHECK(cgroup_populated(&again) == 1);
	CHECK(cgroup_pids(&again, 1, pids, 4) == 1 && pids[0] == tool);
	CHECK(cgroup_pids(&again, 0, pids, 4) == 1 && pids[0] == sup);
	CHECK(cgroup_pids(&again, 0, pids, 0) == 0);
	CHECK((fd = cgroup_supervisor(&again)) != -1);
	close(fd);
	CHECK(cgroup_each(base, on_each, NULL) == 0 && seen == 1);
	CHECK(cgroup_tool_fds(&again, fds, &e) == 0);
	CHECK((fd = openat(fds[0], "cgroup.procs", O_RDONLY)) != -1); /* it is the directory */
	close(fd);
	CHECK(cgroup_remove(base, &g) == -1); /* not while somebody is in it */
	CHECK((pf.fd = cgroup_watch(&again)) != -1);
	CHECK(write(fds[1], "1", 1) == 1); /* the tool's group alone */
	CHECK(waitpid(tool, &status, 0) == tool && WTERMSIG(status) == SIGKILL);
	CHECK(waitpid(sup, &status, WNOHANG) == 0);
	CHECK(cgroup_kill(&again) == 0);
	CHECK(waitpid(sup, &status, 0) == sup && WTERMSIG(status) == SIGKILL);
	for (i = 0; i < 100 && cgroup_populated(&again) != 0; i++)
		CHECK(poll(&pf, 1, 1000) != -1);
	CHECK(cgroup_populated(&again) == 0);
	close(pf.fd);
	close(fds[0]);
	close(fds[1]);
	CHECK(cgroup_remove(base, &again) == 0 && again.dir == -1);
	CHECK(cgroup_open(base, id, 3, &again, &e) == 0);
}

/* What a crash left half made is found, and can be removed. */
static void
half_made(void)
{
	struct cgroup g;
	struct errmsg e;
	char path[1200];

	snprintf(path, sizeof(path), "%s/%s-0", cgroup_path(base), id);
	CHECK(mkdir(path, 0755) == 0);
	CHECK(cgroup_open(base, id, 0, &g, &e) == 1);
	CHECK(cgroup_populated(&g) == 0);
	CHECK(cgroup_supervisor(&g) == -1);
	CHECK(cgroup_remove(base, &g) == 0);
}

static int
find_mount(char *path, size_t size)
{
	char line[2048], where[512], type[64];
	FILE *f = fopen("/proc/self/mounts", "re");
	unsigned int unique = 0;
	int found = 0;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = sscanf(line, "%*s %511s %63s", where, type) == 2 &&
			strcmp(type, "cgroup2") == 0;
	if (f != NULL)
		fclose(f);
	/* the hierarchy is shared with whoever has this pid in a PID namespace of his own */
	CHECK(getrandom(&unique, sizeof(unique), 0) == sizeof(unique));
	snprintf(path, size, "%s/t_cgroup.%08x", where, unique);
	return found;
}

int
main(void)
{
	struct errmsg e;

	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	if (!find_mount(conf.cgroup_dir, sizeof(conf.cgroup_dir)))
		CHECK_SKIP("no cgroup2 is mounted");
	CHECKF((base = cgroup_base(&conf, &e)) != NULL, "%s", e.text);
	if (base == NULL)
		return check_done();
	CHECK_STR(cgroup_path(base), conf.cgroup_dir);
	one_step();
	half_made();
	CHECK(rmdir(conf.cgroup_dir) == 0);
	snprintf(conf.cgroup_dir, sizeof(conf.cgroup_dir), "/tmp");
	CHECK(cgroup_base(&conf, &e) == NULL);
	CHECKF(strstr(e.text, "/tmp") != NULL, "%s", e.text);
	return check_done();
}
