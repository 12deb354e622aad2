/* Talks to HAProxy: whole answers only, bounded in time and size. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/framer.h"
#include "execd/hapsock.h"
#include "lib/fdutil.h"
#include "lib/valid.h"

#define HAP_PROMPT  "\n> "
#define CONNECT_SEC 5

static int
open_socket(const char *path, struct errmsg *e)
{
	struct stat st;
	int root, fd;

	if (!valid_path(path))
		return err_set(e, "haproxy-socket: %s is not an absolute path", path);
	if ((root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_errno(e, "/");
	fd = fd_openat(root, path + 1, O_PATH | O_NOFOLLOW, 0);
	close(root);
	if (fd == -1)
		return err_errno(e, "haproxy-socket: %s", path);
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		return fd;
	close(fd);
	return err_set(e, "haproxy-socket: %s is not a socket", path);
}

int
hapsock_connect(const char *path, struct errmsg *e)
{
	struct timeval tv = {.tv_sec = CONNECT_SEC};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int at, fd, r;

	if ((at = open_socket(path, e)) == -1)
		return -1;
	/* by the checked inode, not by the path once more */
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d", at);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = fd == -1 ? -1 : setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (r == 0)
		r = connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	if (r == 0)
		r = fd_nonblock(fd, 1);
	if (r == -1) {
		err_errno(e, "haproxy-socket: %s: connect", path);
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	close(at);
	return fd;
}

/* 0 ready for EVENTS, -1 E: the time is up. */
static int
wait_for(struct hapsock *h, short events, struct errmsg *e)
{
	struct pollfd p = {.fd = h->fd, .events = events};
	uint64_t now;
	int n;

	do {
		now = framer_mono();
		n = now >= h->until ? 0 : poll(&p, 1, (int)(h->until - now));
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		return err_set(e, "HAProxy does not answer in time");
	return n == -1 ? err_errno(e, "poll") : 0;
}

static int
send_line(struct hapsock *h, const char *cmd, struct errmsg *e)
{
	char buf[512];
	size_t off = 0;
	ssize_t r;
	int n;

	n = snprintf(buf, sizeof(buf), "%s\n", cmd);
	if (n < 0 || (size_t)n >= sizeof(buf))
		return err_set(e, "HAProxy: command too long");
	while (off < (size_t)n) {
		r = write(h->fd, buf + off, (size_t)n - off);
		if (r > 0)
			off += (size_t)r;
		else if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, "HAProxy: write");
		else if (wait_for(h, POLLOUT, e) == -1)
			return -1;
	}
	return 0;
}

static int
grow(struct hapsock *h, struct errmsg *e)
{
	size_t want = h->size == 0 ? 65536 : h->size * 2;
	char *p;

	if (h->size - h->len > 4096)
		return 0;
	if (want > HAP_ANSWER_MAX)
		return err_set(e, "HAProxy: an answer over %d bytes", HAP_ANSWER_MAX);
	if ((p = realloc(h->buf, want)) == NULL)
		return err_errno(e, "HAProxy");
	h->buf = p;
	h->size = want;
	return 0;
}

static int
at_prompt(struct hapsock *h)
{
	size_t n = strlen(HAP_PROMPT);

	if (h->len < n || memcmp(h->buf + h->len - n, HAP_PROMPT, n) != 0)
		return 0;
	h->len -= n;
	return 1;
}

static int
receive(struct hapsock *h, int prompt, struct errmsg *e)
{
	ssize_t n;

	for (h->len = 0;;) {
		if (grow(h, e) == -1)
			return -1;
		n = read(h->fd, h->buf + h->len, h->size - h->len - 1);
		if (n > 0)
			h->len += (size_t)n;
		else if (n == 0) {
			if (prompt)
				return err_set(e, "HAProxy closed in the middle of an answer");
			break;
		} else if (errno != EAGAIN && errno != EINTR)
			return err_errno(e, "HAProxy: read");
		else if (wait_for(h, POLLIN, e) == -1)
			return -1;
		if (prompt && n > 0 && at_prompt(h))
			break;
	}
	h->buf[h->len] = '\0';
	return 0;
}

int
hapsock_last(struct hapsock *h, const char *cmd, struct errmsg *e)
{
	return send_line(h, cmd, e) == -1 ? -1 : receive(h, 0, e);
}

int
hapsock_begin(struct hapsock *h, struct errmsg *e)
{
	return hapsock_ask(h, "prompt", e);
}

int
hapsock_ask(struct hapsock *h, const char *cmd, struct errmsg *e)
{
	return send_line(h, cmd, e) == -1 ? -1 : receive(h, 1, e);
}
