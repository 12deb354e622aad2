/* reevectl's end of the control socket: one request, its answers. */

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"

#define ANSWER_TIMEOUT 60000 /* ms: the agent answers at once, but for an fsync on a busy disk */

static int
connect_unix(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
channel(struct ctl *c, int fd)
{
	if ((c->chan = imsgbuf_new(fd, ROOM_CTL, ROOM_PRIVD)) == NULL)
		err(CTL_EXIT_AGENT, "out of memory");
	imsgbuf_allow_fds(c->chan);
	imsgbuf_gate(c->chan)->phase = PH_RUN;
}

int
ctl_try_connect(struct ctl *c)
{
	int fd = connect_unix(c->socket);

	if (fd == -1)
		return -1;
	channel(c, fd);
	return 0;
}

void
ctl_connect(struct ctl *c)
{
	int fd;

	if ((fd = connect_unix(c->socket)) == -1) {
		warn("%s", c->socket);
		if (errno == ENOENT || errno == ECONNREFUSED)
			warnx("is reeve-privd running? try: systemctl status reeve");
		else if (errno == EACCES || errno == EPERM)
			warnx("the control socket is for root and the admin-group of agent.conf");
		exit(CTL_EXIT_AGENT);
	}
	channel(c, fd);
}

void
ctl_send(struct ctl *c, uint32_t type, struct ibuf *ib)
{
	if (c->chan == NULL)
		ctl_connect(c);
	if (imsg_compose(c->chan, type, ib, NULL, 0) == -1 || chan_flush(c->chan) == -1)
		err(CTL_EXIT_AGENT, "cannot send to the agent");
}

void
ctl_recv(struct ctl *c, struct imsg *m)
{
	switch (chan_recv(c->chan, m, ANSWER_TIMEOUT)) {
	case 1:
		return;
	case 0:
		errx(CTL_EXIT_AGENT, "the agent closed the connection; its log says why");
	case -2:
		errx(CTL_EXIT_AGENT, "no answer from the agent within %d s", ANSWER_TIMEOUT / 1000);
	default:
		errx(CTL_EXIT_AGENT, "the agent's answer is malformed; are both of one version?");
	}
}

int
ctl_ask(struct ctl *c, uint32_t type, struct ibuf *ib, char *text, size_t size)
{
	struct imsg m;
	int rc;

	ctl_send(c, type, ib);
	ctl_recv(c, &m);
	if ((m.type != MSG_CTL_OK && m.type != MSG_CTL_ERR) || msg_text_get(&m, text, size) == -1)
		errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
	rc = m.type == MSG_CTL_OK ? CTL_EXIT_OK : CTL_EXIT_REFUSED;
	imsg_free(&m);
	return rc;
}

int
ctl_jobid(const char *s, uint8_t id[16])
{
	if (str_unhex(id, 16, s) == 0)
		return 0;
	warnx("%s: not a job id (32 lower-case hex digits)", s);
	return -1;
}

char *
ctl_readfile(const char *path, size_t max, size_t *len)
{
	struct errmsg e;
	char *buf;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) == -1)
		err(CTL_EXIT_AGENT, "%s", path);
	if (fd_slurp(fd, max, &buf, len, &e) == -1)
		errx(CTL_EXIT_AGENT, "%s: %s", path, e.text);
	close(fd);
	return buf;
}
