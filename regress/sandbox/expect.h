/*
 * What a profile's row means for a probe: which of the filter's answers is right, and what the
 * layers behind it must say. Generated from the row; included once, by t_profiles.c.
 */
#ifndef REGRESS_EXPECT_H
#define REGRESS_EXPECT_H

#include <sys/stat.h>
#include <sys/wait.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regress/check.h"
#include "regress/sandbox/probe.h"
#include "regress/sandbox/sbref.h"

#include "execd/confine.h"

#define N(a)	  (sizeof(a) / sizeof((a)[0]))
#define NO_REPORT (-1)
#define NO_BOX	  (-2)

struct inst {
	const char *name;
	enum profile_id id;
	int supervisor, root, net;
	uint64_t caps;
	const char *write;
};

struct report {
	volatile int result; /* errno, 0, NO_REPORT or NO_BOX */
	int status;
	char error[ERRMSG_MAX];
};

struct box {
	const struct inst *in;
	const struct profile *p;
	struct confine c;
	int newpid;
	unsigned int sets; /* bits of enum sb_setid */
	enum sb_default dflt;
	int abi;
};

static int
beneath(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strcmp(dir, "/") == 0 ||
	       (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

static int
covered(const struct sb *s, const char *path)
{
	for (size_t i = 0; i < s->nmounts; i++)
		if (s->mounts[i].op == SB_M_HIDE && beneath(path, s->mounts[i].path))
			return 1;
	return 0;
}

static int
granted(const struct sb *s, const char *path, unsigned int access)
{
	if (!s->landlock)
		return 1;
	for (size_t i = 0; i < s->npaths; i++)
		if ((s->paths[i].access & access) && beneath(path, s->paths[i].path))
			return 1;
	return 0;
}

static int
writable(const struct sb *s, const char *path)
{
	for (size_t i = 0; i < s->nmounts; i++)
		if ((s->mounts[i].op == SB_M_RW || s->mounts[i].op == SB_M_TMPFS) &&
		    beneath(path, s->mounts[i].path))
			return 1;
	return !s->ro_root;
}

/* 1: there, or for making: its directory is there. */
static int
there(const struct probe *q)
{
	char buf[256], *slash;
	struct stat st;

	snprintf(buf, sizeof(buf), "%s", q->path);
	if (q->behind == PB_WRITE && (slash = strrchr(buf, '/')) != NULL)
		*slash = '\0';
	return stat(buf, &st) == 0;
}

static int
by_mode(const struct sb *s, const struct probe *q)
{
	return s->uid == 0 || q->arg == 0 || (s->caps & 1ULL << CAP_DAC_OVERRIDE) != 0;
}

/* Behind the filter: 1 must work, 0 must be refused, -1 either. */
static int
behind(const struct box *b, const struct probe *q)
{
	const struct sb *s = &b->c.sb;
	char real[4096];
	int scoped = s->landlock && b->abi >= 6;

	switch (q->behind) {
	case PB_OK:
		return 1;
	case PB_DENY:
		return 0;
	case PB_CAP:
		return (s->caps & 1ULL << q->arg) != 0;
	case PB_ROOT:
		return s->uid == 0;
	case PB_READ:
		return there(q) && granted(s, q->path, SB_READ) && !covered(s, q->path) &&
		       by_mode(s, q);
	case PB_WRITE:
		return there(q) && granted(s, q->path, SB_WRITE) && !covered(s, q->path) &&
		       writable(s, q->path) && by_mode(s, q);
	case PB_RUN:
		if (realpath(q->path, real) == NULL)
			return 0;
		return granted(s, real, SB_EXEC);
	case PB_TCP:
		return !s->newnet && !(s->landlock_net && b->abi >= 4);
	case PB_SIGNAL:
		return !scoped && (q->arg == 1 || s->uid == 0);
	case PB_DOOR:
		return realpath(q->path, real) != NULL && !covered(s, real);
	default:
		return -1;
	}
}

static int
in_class(const struct box *b, enum probe_class c)
{
	static const enum sb_setid set_of[] = {[PC_READ] = SBS_FILES,
	    [PC_WRITE] = SBS_WRITE,
	    [PC_PROC] = SBS_PROC,
	    [PC_EXEC] = SBS_EXEC,
	    [PC_IDS] = SBS_IDS,
	    [PC_NET] = SBS_NET,
	    [PC_UNIX] = SBS_UNIX,
	    [PC_TOOL] = SBS_TOOL};

	return c >= PC_READ && (b->sets & 1U << set_of[c]) != 0;
}

static int
own_row(const struct box *b, const struct probe *q)
{
	const struct sb_set *own[2] = {b->p->own, NULL};

	if (b->in->supervisor)
		return q->nr == __NR_sendmsg || q->nr == __NR_recvmsg;
	return ref_mentions(own, q->nr);
}

/*
 * Promises that no row may take back: what follows from what a profile is, not from its tables. A
 * row that was widened agrees with behind(), but not with this.
 */
static int
promised_no_class(const struct box *b, const struct probe *q)
{
	if (q->cls == PC_NEVER)
		return 1;
	if (!b->in->supervisor && !(b->p->flags & PF_BUILTIN))
		return q->cls == PC_IDS && b->c.sb.caps == 0;
	return q->cls != PC_READ && !own_row(b, q);
}

static int
promised_no(const struct box *b, const struct probe *q)
{
	int boxed = b->in->id != PR_PKG || b->in->supervisor;

	switch (q->behind) {
	case PB_DOOR:
		return boxed;
	case PB_WRITE:
		if (beneath(q->path, "/etc/reeve") || beneath(q->path, "/var/lib/reeve"))
			return boxed;
		return !b->in->root && !beneath(q->path, "/tmp") && !beneath(q->path, "/var/tmp") &&
		       !(b->in->write[0] != '\0' && beneath(q->path, b->in->write));
	case PB_READ:
		if (beneath(q->path, "/etc/reeve") || beneath(q->path, "/var/lib/reeve"))
			return boxed;
		return q->arg == 1 && !b->in->root;
	case PB_SIGNAL:
		return boxed;
	case PB_TCP:
		return boxed && !b->in->net;
	case PB_ROOT:
		return !b->in->root;
	default:
		return q->behind == PB_DENY;
	}
}

/* The filter says no: SIGSYS, or EPERM where the profile's default is that; foreign gates always
 * die. */
static int
filtered(const struct box *b, const struct probe *q, const struct report *r)
{
	int sigsys = WIFSIGNALED(r->status) && WTERMSIG(r->status) == SIGSYS;

	if (b->dflt == SB_KILL || q->nr < 0 || q->nr >= 0x40000000)
		return sigsys;
	return r->result == EPERM;
}

static void
judge(const struct box *b, const struct probe *q, const struct report *r)
{
	int exited = WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0;
	int result = r->result == NO_REPORT && exited ? 0 : r->result; /* it executed something */
	int want;

	if (r->result == NO_BOX) {
		CHECKF(0, "%s: %s: not confined: %s", b->in->name, q->name, r->error);
		return;
	}
	if (promised_no_class(b, q) || (!in_class(b, q->cls) && !own_row(b, q))) {
		CHECKF(filtered(b, q, r),
		    "%s: %s: the filter let it through (result %d, status %#x)", b->in->name,
		    q->name, r->result, r->status);
		return;
	}
	CHECKF(exited && result >= 0, "%s: %s: died (result %d, status %#x)", b->in->name, q->name,
	    r->result, r->status);
	if (promised_no(b, q))
		CHECKF(result != 0, "%s: %s: worked, which was promised never to", b->in->name,
		    q->name);
	if ((want = behind(b, q)) == -1 || !in_class(b, q->cls))
		return;
	CHECKF(want ? result == 0 : result != 0, "%s: %s: %s, result %d (%s)", b->in->name, q->name,
	    want ? "must work" : "must be refused", result,
	    result > 0 ? strerror(result) : "worked");
}

#endif
