/* From a profile row and this host's words to one struct sb. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/confine.h"
#include "execd/filter.h"

/* What the effect checks of the package steps read. */
static const struct sb_path sup_paths[] = {
    {"/var/lib/dpkg", SB_READ, 1},
};

static const char *
keep_text(struct confine *c, const char *s, size_t len)
{
	char *p = c->text + c->used;

	if (len >= sizeof(c->text) - c->used)
		return NULL;
	memcpy(p, s, len);
	p[len] = '\0';
	c->used += len + 1;
	return p;
}

static int
add_path(struct confine *c, const char *path, unsigned int access, int optional, struct errmsg *e)
{
	if (c->sb.npaths == CONFINE_PATHS)
		return err_set(e, "confine: too many paths at %s", path);
	c->path[c->sb.npaths++] = (struct sb_path){path, access, optional};
	return 0;
}

static int
add_mount(struct confine *c, enum sb_mount_op op, const char *path, struct errmsg *e)
{
	if (c->sb.nmounts == CONFINE_MOUNTS)
		return err_set(e, "confine: too many mounts at %s", path);
	c->mount[c->sb.nmounts++] = (struct sb_mount){op, path};
	return 0;
}

/* DIR covers PATH: it is one of its parents. Compared by whole components. */
static int
is_beneath(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/*
 * A door that the script itself lies behind: each entry of DIR is covered but the one that leads to
 * the script, and so on down to the script's own directory, which stays as it is.
 */
static int
hide_around(struct confine *c, const char *dir, const char *script, struct errmsg *e)
{
	const char *next = script + strlen(dir) + 1;
	size_t nextlen = strcspn(next, "/");
	char buf[2048];
	const char *kept;
	struct dirent *de;
	DIR *d;
	int r = 0;

	if (next[nextlen] == '\0')
		return 0;
	if ((d = opendir(dir)) == NULL)
		return err_errno(e, "%s", dir);
	while (r == 0 && (de = readdir(d)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (strlen(de->d_name) == nextlen && strncmp(de->d_name, next, nextlen) == 0)
			continue;
		if ((size_t)snprintf(buf, sizeof(buf), "%s/%s", dir, de->d_name) >= sizeof(buf) ||
		    (kept = keep_text(c, buf, strlen(buf))) == NULL)
			r = err_set(e, "confine: too many entries in %s", dir);
		else
			r = add_mount(c, SB_M_HIDE, kept, e);
	}
	closedir(d);
	if (r == -1)
		return -1;
	kept = keep_text(c, script, strlen(dir) + 1 + nextlen);
	if (kept == NULL)
		return err_set(e, "confine: too many entries in %s", dir);
	return hide_around(c, kept, script, e);
}

static int
add_mounts(struct confine *c, const struct profile *p, const struct msg_host *h, struct errmsg *e)
{
	const struct sb_mount *m;
	unsigned int i;
	int r;

	for (i = 0; i < p->nmounts; i++) {
		m = &p->mounts[i];
		if (m->op == SB_M_HIDE && p->pu == PU_SCRIPT && is_beneath(h->script, m->path))
			r = hide_around(c, m->path, h->script, e);
		else
			r = add_mount(c, m->op, m->path, e);
		if (r == -1)
			return -1;
	}
	return 0;
}

/*
 * apt does not copy the lists of file: sources, it links to them. Root made the links, and the
 * tool's own uid still bounds what can be read through them.
 */
static int
add_apt_links(struct confine *c, struct errmsg *e)
{
	static const char lists[] = "/var/lib/apt/lists";
	char target[1024];
	struct dirent *de;
	const char *kept;
	DIR *d = opendir(lists);
	ssize_t n;
	int r = 0;

	if (d == NULL)
		return err_errno(e, "%s", lists);
	while (r == 0 && (de = readdir(d)) != NULL) {
		if (de->d_type != DT_LNK)
			continue;
		n = readlinkat(dirfd(d), de->d_name, target, sizeof(target));
		if (n <= 0 || n == (ssize_t)sizeof(target) || target[0] != '/')
			continue;
		if ((kept = keep_text(c, target, (size_t)n)) == NULL)
			r = err_set(e, "confine: too many links in %s", lists);
		else
			r = add_path(c, kept, SB_READ, 1, e);
	}
	closedir(d);
	return r;
}

/* The directories of write=: writable in the mount namespace and under Landlock. */
static int
add_writable(struct confine *c, const struct msg_host *h, struct errmsg *e)
{
	const char *s = h->script_write, *kept;
	size_t n;

	for (; *s != '\0'; s += n + (s[n] == ':')) {
		n = strcspn(s, ":");
		if (n == 0)
			continue;
		if (*s != '/' || (kept = keep_text(c, s, n)) == NULL)
			return err_set(e, "write directory %.*s: not an absolute path", (int)n, s);
		if (add_mount(c, SB_M_RW, kept, e) == -1 ||
		    add_path(c, kept, SB_READ | SB_EXEC | SB_WRITE, 0, e) == -1)
			return -1;
	}
	return 0;
}

static int
add_script(struct confine *c, const struct msg_host *h, struct errmsg *e)
{
	struct sb *s = &c->sb;

	/* the row's are for uid 0 alone, where the script's line names none */
	s->caps = h->script_root && h->script_caps == 0 ? s->caps : h->script_caps;
	s->newnet = !h->script_net;
	s->newipc = 1;
	if (h->script_root && h->script_write[0] == '\0') {
		/* root-equivalent and not narrowed: the doors are all that is closed */
		s->ro_root = 0;
		return add_path(c, "/", SB_READ | SB_EXEC | SB_WRITE, 0, e);
	}
	return add_writable(c, h, e);
}

static int
use_filter(struct confine *c, const struct profile *p, enum filter_use use, struct errmsg *e)
{
	if ((c->sb.prog = filter_get(p, use)) == NULL)
		return err_set(e, "profile %s: no such filter was built", p->name);
	return 0;
}

static rlim_t
limit_of(uint64_t v)
{
	return v == UINT64_MAX ? RLIM_INFINITY : (rlim_t)v;
}

int
confine_tool(struct confine *c, const struct profile *p, const struct msg_host *h, struct errmsg *e)
{
	struct sb *s = &c->sb;
	int root = p->cls != CLASS_A || (p->pu == PU_SCRIPT && h->script_root);
	unsigned int i;

	c->used = 0;
	sb_init(s);
	s->paths = c->path;
	s->mounts = c->mount;
	s->uid = h->tool_uid;
	s->gid = h->tool_gid;
	s->root_ok = root;
	s->caps = p->pu == PU_SCRIPT && !h->script_root ? 0 : p->caps;
	s->newns = (p->flags & PF_NEWNS) != 0;
	s->newnet = (p->flags & PF_NEWNET) != 0;
	s->ro_root = (p->flags & PF_ROROOT) != 0;
	s->landlock = p->cls == CLASS_A;
	s->landlock_net = (p->flags & (PF_BUILTIN | PF_NEWNET)) != 0;
	s->fsize = limit_of(p->fsize);
	s->nofile = p->nofile;
	if (p->pu == PU_TABLE && p->pids_max != 0)
		s->nproc = p->pids_max;
	s->below_minimum = h->below_minimum;
	for (i = 0; i < p->npaths; i++)
		if (add_path(c, p->paths[i].path, p->paths[i].access, p->paths[i].optional, e) ==
		    -1)
			return -1;
	if (add_mounts(c, p, h, e) == -1)
		return -1;
	if (p->pu == PU_SCRIPT && add_script(c, h, e) == -1)
		return -1;
	if ((p->flags & PF_APTLINKS) && add_apt_links(c, e) == -1)
		return -1;
	s->ambient = s->caps != 0 && !(p->flags & PF_BUILTIN);
	return use_filter(c, p, p->pu == PU_SCRIPT && s->caps != 0 ? FILTER_IDS : FILTER_TOOL, e);
}

int
confine_supervisor(
    struct confine *c, const struct profile *p, const struct msg_host *h, struct errmsg *e)
{
	struct sb *s = &c->sb;
	int files = p->id == PR_PKG || p->id == PR_PKGPLAN || p->id == PR_PKGLIST;

	c->used = 0;
	sb_init(s);
	s->uid = h->run_uid;
	s->gid = h->run_gid;
	s->landlock = 1;
	s->landlock_net = 1;
	s->paths = sup_paths;
	s->npaths = files ? sizeof(sup_paths) / sizeof(sup_paths[0]) : 0;
	s->nofile = 64;
	s->below_minimum = h->below_minimum;
	return use_filter(c, p, files ? FILTER_SUP_FILES : FILTER_SUP, e);
}
