/* The signer's socket. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "sign/listen.h"

#define BACKLOG 4

/* A dead socket goes; a live one, or anything else, stays. 0, or -1 with E. */
static int
clear_stale(const struct sockaddr_un *sun, struct errmsg *e)
{
	struct stat st;
	int fd, live;

	if (lstat(sun->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : err_errno(e, "%s", sun->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, "%s: is there, and is no socket", sun->sun_path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return err_errno(e, "socket");
	live =
	    connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno != ECONNREFUSED;
	close(fd);
	if (live)
		return err_set(e, "%s: another reeve-sign listens there", sun->sun_path);
	return unlink(sun->sun_path) == 0 ? 0 : err_errno(e, "%s", sun->sun_path);
}

/* /run is empty after a boot: as root, the directory is made as it must be. */
static int
make_dir(const char *path, const struct user *owner, const struct user *peer, struct errmsg *e)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	if (geteuid() != 0 || (slash = strrchr(dir, '/')) == NULL || slash == dir)
		return 0;
	*slash = '\0';
	if (mkdir(dir, 0750) == -1)
		return errno == EEXIST ? 0 : err_errno(e, "%s", dir);
	/* whatever the umask: the peer has to get in */
	if (chown(dir, owner->uid, peer->gid) == -1 || chmod(dir, 0750) == -1)
		return err_errno(e, "%s", dir);
	return 0;
}

static int
give(const char *path, const struct user *owner, const struct user *peer, struct errmsg *e)
{
	uid_t uid = geteuid() == 0 ? owner->uid : (uid_t)-1;

	if (geteuid() != 0 && peer->uid == geteuid())
		return 0;
	if (lchown(path, uid, peer->gid) == 0)
		return 0;
	return err_errno(e, "%s: cannot be given to group %u (start as root, or with that group)",
	    path, peer->gid);
}

int
sign_listen(const char *path, const struct user *owner, const struct user *peer, struct errmsg *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, rv;

	if (path[0] != '/' || strlen(path) >= sizeof(sun.sun_path))
		return err_set(e, "socket %s: must be absolute, and at most %zu bytes", path,
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (make_dir(path, owner, peer, e) == -1 || clear_stale(&sun, e) == -1)
		return -1;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return err_errno(e, "socket");
	mask = umask(0117);
	rv = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (rv == -1)
		err_errno(e, "%s", path);
	else if ((rv = give(path, owner, peer, e)) == 0 && (rv = listen(fd, BACKLOG)) == -1)
		err_errno(e, "%s", path);
	if (rv == 0)
		return fd;
	close(fd);
	return -1;
}

int
sign_accept(int sock, uid_t uid)
{
	struct ucred cr = {.uid = UID_NOBODY};
	socklen_t len = sizeof(cr);
	int fd;

	if ((fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &len) == 0 && len == sizeof(cr) &&
	    cr.uid == uid)
		return fd;
	log_warnx("a peer of uid %u, pid %ld is not let in", cr.uid, (long)cr.pid);
	close(fd);
	return -1;
}
