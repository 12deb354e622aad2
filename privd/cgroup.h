/*
 * A cgroup for each step of a job (cgroups(7), version 2): BASE/<id>-<step>/{sup,tool}. It is the
 * identity of what runs there: killed by cgroup.kill, empty when cgroup.events says so.
 */
#ifndef PRIVD_CGROUP_H
#define PRIVD_CGROUP_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "privd/conf.h"

#define CGROUP_NAME 48

struct cgbase; /* the delegated directory */

struct cgroup {
	char name[CGROUP_NAME];
	int dir, sup, tool; /* directory fds, -1 none */
};

/*
 * Opens the base: conf's cgroup-dir; else reeve-jobs.service's group where systemd made it; else
 * "reeve-jobs" at the top of the cgroup2 hierarchy, made. NULL with E when there is no cgroup2 or
 * no cgroup.kill.
 */
struct cgbase *cgroup_base(const struct conf *c, struct errmsg *e);
const char *cgroup_path(const struct cgbase *b);

/* <id>-<step>, made fresh with its two children; MEM_MAX bytes and PIDS_MAX where the controllers
 * are. */
int cgroup_make(struct cgbase *b, const char *idhex, unsigned int step, uint64_t mem_max,
    uint32_t pids_max, struct cgroup *g, struct errmsg *e);
/* Opens one that is there. 1, 0 when there is none, -1 E. */
int cgroup_open(
    struct cgbase *b, const char *idhex, unsigned int step, struct cgroup *g, struct errmsg *e);
/* 1 a process is in it, 0 empty, -1 with errno. */
int cgroup_populated(const struct cgroup *g);
/* 1 when the kernel killed a process of its tool for want of memory. */
int cgroup_oomed(const struct cgroup *g);
/* Kills everything in it. 0 or -1 with errno. */
int cgroup_kill(const struct cgroup *g);
/* A descriptor on which poll(2) gives POLLPRI when it becomes empty, or not. -1 with errno. */
int cgroup_watch(const struct cgroup *g);
/* cgroup_populated() by that descriptor; until this has read it, poll(2) goes on saying POLLPRI. */
int cgroup_watched(int fd);
/* The first process of its "sup" group, by pidfd; -1 none. Checked to be in there after opening. */
int cgroup_supervisor(const struct cgroup *g);
/* Processes in its "sup" (TOOL 0) or "tool" group, at most MAX. The number of them. */
size_t cgroup_pids(const struct cgroup *g, int tool, pid_t *pids, size_t max);
/* Descriptors for the tool: its cgroup, and the cgroup.kill in there. 0 or -1 with E. */
int cgroup_tool_fds(const struct cgroup *g, int fds[2], struct errmsg *e);
void cgroup_close(struct cgroup *g);
/* Removes the directories of an empty group and closes it. 0 or -1 with errno. */
int cgroup_remove(struct cgbase *b, struct cgroup *g);
/* Calls FN for each <id>-<step> there is (adoption). */
int cgroup_each(struct cgbase *b, void (*fn)(const char *name, void *), void *arg);

#endif
