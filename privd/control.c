/* The control socket: who may ask, and which handler answers. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/control_client.h"

#define NAME	   "control.sock"
#define GROUPS_MAX 256
#define HALF_MS	   10000 /* a client that sends half a message is not waited for longer */
#define KILL_MS	   60000 /* one line in that time tells of members who break the protocol */

static struct {
	int dir, sock;
	struct loop_fd *w;
	TAILQ_HEAD(clients, client) clients;
	unsigned int n;
	struct loop_timer bury;
	uint64_t killed; /* loop_now() of the last line about a member */
} ct = {.dir = -1, .sock = -1};

struct handler {
	uint32_t type;
	int (*fn)(struct client *, struct imsg *);
	int look; /* harmless to answer: the admin group may ask it too */
};

#define LOOK_CTL_STATUS	  1
#define LOOK_CTL_JOBS	  1
#define LOOK_CTL_SHOW	  1
#define LOOK_CTL_WAIT	  1
#define LOOK_CTL_SUBMIT	  0
#define LOOK_CTL_BLOB	  0
#define LOOK_CTL_ACK	  0
#define LOOK_CTL_RELOAD	  0
#define LOOK_CTL_POLICY	  0
#define LOOK_CTL_KEYS	  0
#define LOOK_CTL_SELFTEST 0
#define LOOK_CTL_CANCEL	  0

static const struct handler handlers[] = {
#define HANDLER_CTL(name)   {MSG_##name, privd_on_##name, LOOK_##name},
#define HANDLER_PRIVD(name) /* not from reevectl */
#define HANDLER_NETD(name)
#define HANDLER_DIAL(name)
#define HANDLER_EXECD(name)
#define HANDLER_CTLD(name)
#define HANDLER_SIGN(name)
#define X(num, name, from, to, phases, times, min, max, fds, doc) HANDLER_##from(name)
    MSG_TABLE(X)
#undef X
};

static const struct handler *
handler_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == type)
			return &handlers[i];
	return NULL;
}

static void
client_free(struct client *c)
{
	TAILQ_REMOVE(&ct.clients, c, link);
	ct.n--;
	loop_del(c->w);
	imsgbuf_free(c->chan);
	client_drop_intake(c, NULL);
	client_left_selftest(c);
	loop_timer_clear(&c->list_t);
	loop_timer_clear(&c->half_t);
	free(c->list);
	free(c);
}

static void
bury(void *arg)
{
	struct client *c, *next;

	(void)arg;
	for (c = TAILQ_FIRST(&ct.clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->ended)
			client_free(c);
	}
}

/* Whoever may only look cannot push older lines out of the audit trail by lines about himself. */
static int
kill_tells(const struct client *c)
{
	uint64_t now = loop_now();

	if (c->root)
		return 1;
	if (ct.killed != 0 && now < ct.killed + KILL_MS)
		return 0;
	ct.killed = now;
	return 1;
}

void
client_end(struct client *c, const char *why)
{
	const struct msg_row *row = msg_row(c->now);

	if (c->ended)
		return;
	c->ended = 1;
	if (why != NULL && kill_tells(c)) {
		log_warnx("control client ended: %s: %s", row != NULL ? row->name : "-", why);
		(void)audit_event(
		    c->p->audit, "peer.kill", "peer", "reevectl", "reason", why, NULL);
	}
	loop_timer_set(&ct.bury, 0, bury, NULL);
}

static void
flush(struct client *c)
{
	if (c->ended)
		return;
	if (imsgbuf_write(c->chan) == -1) {
		client_end(c, NULL);
		return;
	}
	loop_events(c->w, imsgbuf_queued(c->chan) > 0 ? POLLIN | POLLOUT : POLLIN);
}

static void
send_msg(struct client *c, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds)
{
	if (c->ended || (ib == NULL && msg_row(type)->min > 0)) {
		ibuf_free(ib);
		for (unsigned int i = 0; i < nfds; i++)
			close(fds[i]);
		return;
	}
	if (imsg_compose(c->chan, type, ib, fds, nfds) == -1) {
		log_warn("control: %s", msg_row(type)->name);
		for (unsigned int i = 0; i < nfds; i++)
			close(fds[i]);
		client_end(c, "it does not read its answers");
		return;
	}
	flush(c);
}

void
client_send(struct client *c, uint32_t type, struct ibuf *ib)
{
	send_msg(c, type, ib, NULL, 0);
}

void
client_send_fds(struct client *c, uint32_t type, struct ibuf *ib, int fds[2])
{
	send_msg(c, type, ib, fds, 2);
}

void
client_ok(struct client *c, const char *fmt, ...)
{
	char text[ERRMSG_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	client_send(c, MSG_CTL_OK, msg_text_put(text));
}

void
client_err(struct client *c, const char *fmt, ...)
{
	char text[ERRMSG_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	client_send(c, MSG_CTL_ERR, msg_text_put(text));
}

/* The client may be anybody whom the socket's mode lets in: type, length and form were judged by
 * its row, what it may ask is judged here. */
static void
handle(struct client *c, struct imsg *m)
{
	const struct handler *h = handler_find(m->type);

	c->now = m->type;
	if (h == NULL)
		client_end(c, "a message that is not a request");
	else if (!c->root && !h->look)
		client_err(c, "only root may ask this");
	else if (h->fn(c, m) == -1)
		client_end(c, "malformed request");
}

static void
half_over(void *arg)
{
	client_end(arg, "half a message, and then nothing");
}

/* WHOLE: a message came since the last look, so that the time of the next one begins now. */
static void
half_watch(struct client *c, int whole)
{
	int half = imsgbuf_partial(c->chan);

	if (c->half && (whole || !half))
		loop_timer_clear(&c->half_t);
	if (half && (whole || !c->half))
		loop_timer_set(&c->half_t, HALF_MS, half_over, c);
	c->half = half;
}

static void
client_read(struct client *c)
{
	enum msg_verdict v;
	struct imsg m;
	int n, got = 0, whole = 0;

	n = imsgbuf_read(c->chan);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n == -1 && errno == EBADMSG) {
		client_end(c, "framing");
		return;
	}
	while (!c->ended && (got = imsgbuf_get(c->chan, &m, &v)) == 1) {
		handle(c, &m);
		imsg_free(&m);
		whole = 1;
	}
	if (c->ended)
		return;
	if (got == -1)
		client_end(c, msg_verdict_name(v));
	else if (n <= 0)
		client_end(c, NULL);
	else
		half_watch(c, whole);
}

static void
on_client(int fd, short revents, void *arg)
{
	struct client *c = arg;

	(void)fd;
	if (c->ended)
		return;
	if (revents & POLLOUT) {
		flush(c);
		client_more(c);
	}
	if (!c->ended && (revents & (POLLIN | POLLHUP | POLLERR)))
		client_read(c);
}

static int
in_group(int fd, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return 0;
	for (size_t i = 0; i < len / sizeof(gid_t); i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

/* 1 root, 0 a member of the admin group, -1 nobody. Zeroed credentials of a dead peer are pid 0. */
static int
credentials(const struct privd *p, int fd)
{
	gid_t admin = p->w.conf->admin_gid;
	struct ucred cr = {.pid = 0, .uid = UID_NOBODY, .gid = (gid_t)-1};
	socklen_t len = sizeof(cr);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &len) == -1 || len != sizeof(cr))
		return -1;
	if (cr.pid <= 0)
		return -1;
	if (cr.uid == 0)
		return 1;
	if (admin != (gid_t)-1 && (cr.gid == admin || in_group(fd, admin)))
		return 0;
	return -1;
}

static int
client_new(struct privd *p, int fd, int root)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -1;
	c->p = p;
	c->root = root;
	if ((c->chan = imsgbuf_new(fd, ROOM_PRIVD, ROOM_CTL)) == NULL) {
		free(c);
		return -1;
	}
	imsgbuf_gate(c->chan)->phase = PH_RUN;
	if ((c->w = loop_add(fd, POLLIN, on_client, c)) == NULL)
		fatalx("out of memory");
	TAILQ_INSERT_TAIL(&ct.clients, c, link);
	ct.n++;
	return 0;
}

static void
on_accept(int sock, short revents, void *arg)
{
	struct privd *p = arg;
	int fd, root;

	(void)revents;
	if ((fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) == -1) {
		if (errno != EAGAIN && errno != ECONNABORTED)
			log_warn("control: accept");
		return;
	}
	if ((root = credentials(p, fd)) == -1)
		log_warnx("control: a peer that is neither root nor of the admin group");
	else if (ct.n >= (unsigned int)(root ? CONTROL_CLIENTS : CONTROL_CLIENTS - CONTROL_ROOT))
		log_warnx("control: %u clients already", ct.n);
	else if (client_new(p, fd, root) == 0)
		return;
	close(fd);
}

/* The directory, made when it is not there (0755: its names are no secret). */
static int
open_dir(const char *path, struct errmsg *e)
{
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return err_errno(e, "run-dir %s", path);
	return fd_open_trusted(path, O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT, e);
}

/* The socket's name beneath the checked directory: bind(2) knows no bindat. */
static int
bind_at(int dir, int sock, struct errmsg *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	mode_t old;
	int rc;

	if (fstatat(dir, NAME, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return err_set(e, "%s: stands there and is no socket", NAME);
		if (unlinkat(dir, NAME, 0) == -1)
			return err_errno(e, "%s", NAME);
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/%s", dir, NAME);
	old = umask(0177);
	rc = bind(sock, (struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	return rc == -1 ? err_errno(e, "%s: bind", NAME) : 0;
}

static int
set_group(const struct privd *p, struct errmsg *e)
{
	gid_t gid = p->w.conf->admin_gid;
	int none = gid == (gid_t)-1;

	if (fchownat(ct.dir, NAME, 0, none ? 0 : gid, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fchmodat(ct.dir, NAME, none ? 0600 : 0660, 0) == -1)
		return err_errno(e, "%s", NAME);
	return 0;
}

int
control_open(struct privd *p, struct errmsg *e)
{
	TAILQ_INIT(&ct.clients);
	if ((ct.dir = open_dir(p->w.conf->run_dir, e)) == -1)
		return -1;
	ct.sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ct.sock == -1)
		return err_errno(e, "socket");
	if (bind_at(ct.dir, ct.sock, e) == -1 || set_group(p, e) == -1)
		return -1;
	if (listen(ct.sock, CONTROL_CLIENTS) == -1)
		return err_errno(e, "%s: listen", NAME);
	if ((ct.w = loop_add(ct.sock, POLLIN, on_accept, p)) == NULL)
		return err_set(e, "out of memory");
	return 0;
}

void
control_reloaded(struct privd *p)
{
	struct client *c;
	struct errmsg e;

	if (ct.sock == -1)
		return;
	if (set_group(p, &e) == -1)
		log_warnx("control: %s", e.text);
	TAILQ_FOREACH (c, &ct.clients, link)
		client_drop_intake(c, "the configuration changed meanwhile; submit it again");
}

void
control_close(struct privd *p)
{
	struct client *c;

	(void)p;
	if (ct.sock == -1)
		return;
	loop_del(ct.w);
	(void)unlinkat(ct.dir, NAME, 0);
	close(ct.sock);
	close(ct.dir);
	ct.sock = ct.dir = -1;
	while ((c = TAILQ_FIRST(&ct.clients)) != NULL)
		client_free(c);
}

void
control_spool(struct privd *p, const uint8_t id[16])
{
	struct client *c;
	struct errmsg e;
	int fds[2], rc;

	TAILQ_FOREACH (c, &ct.clients, link) {
		if (c->ended || !c->waiting || c->streamed || memcmp(c->waitid, id, 16) != 0)
			continue;
		rc = c->root ? spool_stream(p->spool, id, fds, &e)
			     : spool_look(p->spool, id, fds, &e);
		if (rc == -1) {
			log_debug("control: %s", e.text);
			continue;
		}
		c->streamed = 1;
		client_send_fds(c, MSG_CTL_STREAM, msg_id_put(id), fds);
	}
}

void
control_finished(struct privd *p, const uint8_t id[16], const struct ledger_rec *rec)
{
	struct msg_exit ex = {.sig = rec->resultsig, .record = rec->result, .len = rec->resultlen};
	struct client *c;

	(void)p;
	memcpy(ex.id, id, 16);
	TAILQ_FOREACH (c, &ct.clients, link) {
		if (c->ended || !c->waiting || memcmp(c->waitid, id, 16) != 0)
			continue;
		c->waiting = c->streamed = 0;
		client_send(c, MSG_CTL_EXIT, msg_exit_put(&ex));
	}
}
