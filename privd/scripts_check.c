/* A script's user, file and directories, tried on this host. */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/privdrop.h"
#include "lib/valid.h"
#include "privd/scripts_check.h"

int
script_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* ---- the user ---- */

/* The home directory of NAME in /etc/passwd, "/" when it has no usable one. */
static int
home_of(const char *name, char *home, size_t size, struct errmsg *e)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw;

	if (f == NULL)
		return err_errno(e, "/etc/passwd");
	memcpy(home, "/", 2);
	while ((pw = fgetpwent(f)) != NULL)
		if (strcmp(pw->pw_name, name) == 0 && valid_path(pw->pw_dir) &&
		    strlen(pw->pw_dir) < size)
			memcpy(home, pw->pw_dir, strlen(pw->pw_dir) + 1);
	fclose(f);
	return 0;
}

int
script_user(const struct conf *c, struct script *s, struct errmsg *e)
{
	if (user_lookup(s->user, &s->ids, e) == -1)
		return -1;
	if (s->ids.uid == 0 && !s->root_equivalent)
		return err_set(
		    e, "user %s is root (uid 0): the word root-equivalent must say so", s->user);
	if (s->ids.uid != 0 && s->root_equivalent)
		return err_set(
		    e, "root-equivalent, but user %s is not root (uid 0): remove one", s->user);
	if (s->ids.uid != 0 && s->ids.gid == 0)
		return err_set(e, "user %s has root's group (gid 0) as its own", s->user);
	for (int i = 0; i < USER_MAX; i++)
		if (i != USER_SCRIPT && c->users[i].uid == s->ids.uid)
			return err_set(
			    e, "user %s is one of reeve's own and runs no scripts", s->user);
	return home_of(s->user, s->home, sizeof(s->home), e);
}

/* ---- the file ---- */

#define HEAD 256

/* "#!", blanks, an absolute path that is there, executable, and nobody's but root's to change. */
static int
check_interpreter(int fd, const char *path, struct errmsg *e)
{
	char head[HEAD], *p, *end;
	struct stat st;
	ssize_t n = pread(fd, head, sizeof(head) - 1, 0);

	if (n == -1)
		return err_errno(e, "%s", path);
	head[n] = '\0';
	if (strncmp(head, "#!", 2) != 0 || strlen(head) != (size_t)n)
		return err_set(e, "%s: no #! line: only scripts may stand here", path);
	if ((end = strchr(head, '\n')) == NULL)
		return err_set(e, "%s: its #! line is longer than %d bytes", path, HEAD - 2);
	*end = '\0';
	p = head + 2 + strspn(head + 2, " \t");
	p[strcspn(p, " \t")] = '\0';
	if (p[0] != '/')
		return err_set(e, "%s: its #! line names no absolute path", path);
	if (stat(p, &st) == -1)
		return err_errno(e, "%s: interpreter %s", path, p);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
		return err_set(e, "%s: interpreter %s cannot be executed", path, p);
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		return err_set(
		    e, "%s: interpreter %s must be root's and not writable by others", path, p);
	return 0;
}

enum tried { TRIED_OK = 1, TRIED_DIR, TRIED_READ, TRIED_EXEC };

/* What the child found: a directory is named by its length in the path. */
struct trial {
	enum tried what;
	size_t len;
	int error;
};

static struct trial
try_path(const char *path)
{
	struct trial t = {.what = TRIED_OK, .len = strlen(path)};
	char dir[1024];
	int fd;

	for (const char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		t.len = (size_t)(p - path);
		memcpy(dir, path, t.len);
		dir[t.len] = '\0';
		if (access(dir, X_OK) == -1) {
			t.what = TRIED_DIR;
			t.error = errno;
			return t;
		}
	}
	t.len = strlen(path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		t.what = TRIED_READ;
	else if (access(path, X_OK) == -1)
		t.what = TRIED_EXEC;
	t.error = errno;
	if (fd != -1)
		close(fd);
	return t;
}

/* Tries S as its user, in a child that became that user. 0 and *T, or -1 with E. */
static int
try_child(const struct script *s, struct trial *t, struct errmsg *e)
{
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) == -1)
		return err_errno(e, "pipe");
	if ((pid = fork()) == -1) {
		err_errno(e, "fork");
		close(p[0]);
		close(p[1]);
		return -1;
	}
	if (pid == 0) {
		if (s->ids.uid != 0)
			privdrop(s->ids.uid, s->ids.gid, 0);
		*t = try_path(s->path);
		_exit(fd_writen(p[1], t, sizeof(*t)) == (ssize_t)sizeof(*t) ? 0 : 1);
	}
	close(p[1]);
	n = fd_readn(p[0], t, sizeof(*t));
	close(p[0]);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return err_errno(e, "waitpid");
	if (n != (ssize_t)sizeof(*t) || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, "could not become user %s to try %s", s->user, s->path);
	return 0;
}

static int
try_as_user(const struct script *s, struct errmsg *e)
{
	struct trial t;

	if (try_child(s, &t, e) == -1)
		return -1;
	switch (t.what) {
	case TRIED_OK:
		return 0;
	case TRIED_DIR:
		return err_set(e, "user %s cannot pass %.*s: %s: chmod o+x %.*s", s->user,
		    (int)t.len, s->path, strerror(t.error), (int)t.len, s->path);
	case TRIED_READ:
		return err_set(e,
		    "user %s cannot read %s: %s: chmod o+rx, or chgrp %u and chmod g+rx", s->user,
		    s->path, strerror(t.error), (unsigned int)s->ids.gid);
	case TRIED_EXEC:
		return err_set(e,
		    "user %s cannot execute %s: %s: chmod o+rx, or chgrp %u and chmod g+rx",
		    s->user, s->path, strerror(t.error), (unsigned int)s->ids.gid);
	}
	return err_set(e, "could not try %s", s->path);
}

int
script_file(const struct script *s, struct errmsg *e)
{
	int fd, rv;

	if ((fd = fd_open_trusted(s->path, O_RDONLY, FD_TRUST_ROOT, e)) == -1)
		return -1;
	rv = check_interpreter(fd, s->path, e);
	close(fd);
	return rv == -1 ? -1 : try_as_user(s, e);
}

/* ---- write= ---- */

static int
overlaps(const char *a, const char *b)
{
	return script_within(a, b) || script_within(b, a);
}

static int
check_write(const struct conf *c, int root, const char *dir, struct errmsg *e)
{
	const char *const closed[] = {
	    c->dir, c->state_dir, c->run_dir, c->libexec_dir, "/proc", "/sys", "/dev"};
	int fd;

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (overlaps(dir, closed[i]))
			return err_set(e, "write: %s would open %s", dir, closed[i]);
	for (unsigned int i = 0; i < c->nscriptdirs; i++)
		if (overlaps(dir, c->scriptdir[i]))
			return err_set(e, "write: %s would open %s", dir, c->scriptdir[i]);
	if ((fd = fd_openat(root, dir + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0)) == -1) {
		if (errno == ELOOP)
			return err_set(e, "write: %s: a symbolic link on the way", dir);
		return err_errno(e, "write: %s", dir);
	}
	close(fd);
	return 0;
}

int
script_writes(const struct conf *c, const struct script *s, struct errmsg *e)
{
	char list[sizeof(s->write)], *p = list, *dir;
	int root, rv = 0;

	memcpy(list, s->write, sizeof(list));
	if (list[0] == '\0')
		return 0;
	if ((root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_errno(e, "/");
	while (rv == 0 && (dir = strsep(&p, ":")) != NULL)
		rv = check_write(c, root, dir, e);
	close(root);
	return rv;
}
