/*
 * reeve-dial: resolves and connects for one reeve-netd, to the one host and port that privd named,
 * and passes the connected socket. Knows no secret and reads no byte from the network.
 */
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dial/connect.h"
#include "dial/sandbox.h"
#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"
#include "lib/spawn.h"
#include "lib/users.h"
#include "version.h"

#define SETUP_MS 10000 /* privd has all of it ready */

struct dial {
	struct imsgbuf *privd, *netd;
	char host[254];
	uint16_t port;
};

static int
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Root's rights end here; what is left is an own user without any. */
static void
become_dial(void)
{
	struct errmsg e;
	struct user u;

	if (geteuid() != 0)
		fatalx("not started as root");
	if (user_lookup(user_name(USER_DIAL), &u, &e) == -1)
		fatalx("%s", e.text);
	if (sb_bounding_cut(0, &e) == -1)
		fatalx("%s", e.text);
	privdrop(u.uid, u.gid, 0);
}

/* DIAL_CONF and DIAL_PEER, in this order; closed before that is an end without a word. */
static void
read_setup(struct dial *d)
{
	struct imsg m;
	int n, fd, conf = 0;

	while (d->netd == NULL) {
		if ((n = chan_recv(d->privd, &m, SETUP_MS)) == 0)
			_exit(0);
		if (n != 1)
			fatalx("privd did not send the settings");
		if (m.type == MSG_DIAL_CONF) {
			if (msg_dialconf_get(&m, &d->port, d->host) == -1)
				fatalx("DIAL_CONF is malformed");
			conf = 1;
		} else if (m.type == MSG_DIAL_PEER && conf) {
			fd = imsg_fd(&m, 0);
			if (!is_socket(fd) ||
			    (d->netd = imsgbuf_new(fd, ROOM_DIAL, ROOM_NETD)) == NULL)
				fatalx("DIAL_PEER brought no channel");
			imsgbuf_gate(d->netd)->phase = PH_RUN;
		} else {
			fatalx("privd sent message %u too early", m.type);
		}
		imsg_free(&m);
	}
}

static void
confine(void)
{
	const char *stage;
	struct errmsg e;
	struct sb s;

	dial_sandbox(&s);
	if (sb_apply_dropped(&s, &stage, &e) == -1)
		fatalx("not confined: %s: %s", stage, e.text);
}

static void
answer(struct dial *d, uint32_t number)
{
	struct dial_watch w = {{imsgbuf_fd(d->privd), imsgbuf_fd(d->netd)}};
	char why[DIAL_WHY];
	int fd, rv;

	if ((fd = dial_connect(d->host, d->port, &w, why)) == -2)
		_exit(0);
	if (fd == -1) {
		log_debug("%s", why);
		rv = imsg_compose(d->netd, MSG_DIAL_FAIL, msg_dialfail_put(number, why), NULL, 0);
	} else if ((rv = imsg_compose(d->netd, MSG_DIAL_DONE, msg_num_put(number), &fd, 1)) == -1) {
		close(fd);
	}
	if (rv == -1 || chan_flush(d->netd) == -1)
		fatal("channel to netd");
}

/* Takes every request that has come. */
static void
serve(struct dial *d)
{
	enum msg_verdict v;
	uint32_t number;
	struct imsg m;
	int n;

	if ((n = imsgbuf_read(d->netd)) == 0)
		_exit(0);
	if (n == -1 && errno != EAGAIN)
		fatal("channel to netd");
	while ((n = imsgbuf_get(d->netd, &m, &v)) == 1) {
		if (m.type != MSG_DIAL_ASK || msg_num_get(&m, &number) == -1)
			fatalx("channel to netd: message %u is malformed", m.type);
		imsg_free(&m);
		answer(d, number);
	}
	if (n == -1)
		fatalx("channel to netd: message %u: %s", m.type, msg_verdict_name(v));
}

static void
loop(struct dial *d)
{
	struct pollfd p[2] = {{.fd = imsgbuf_fd(d->privd), .events = POLLIN},
	    {.fd = imsgbuf_fd(d->netd), .events = POLLIN}};
	struct imsg m;

	for (;;) {
		if (poll(p, 2, -1) == -1) {
			if (errno == EINTR)
				continue;
			fatal("poll");
		}
		if (p[0].revents != 0) {
			/* there is nothing that privd may still say: it closed, or it is not privd
			 */
			if (chan_recv(d->privd, &m, 0) == 0)
				_exit(0);
			fatalx("privd sent what it may not");
		}
		if (p[1].revents != 0)
			serve(d);
	}
}

int
main(int argc, char *argv[])
{
	struct dial d = {.netd = NULL};

	if (fd_sane() == -1)
		return 1;
	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		printf("reeve-dial %s\n", REEVE_VERSION);
		return 0;
	}
	if (argc != 1 || !is_socket(CHAN_FD)) {
		fprintf(stderr,
		    "usage: reeve-dial [-V]\n"
		    "started by reeve-privd with its channel on descriptor 3, not by hand\n");
		return 64;
	}
	fd_closefrom(CHAN_FD + 1);
	log_init("reeve-dial", 1, 0);
	become_dial();
	log_init_held("reeve-dial", 0);
	if ((d.privd = imsgbuf_new(CHAN_FD, ROOM_DIAL, ROOM_PRIVD)) == NULL)
		fatal("start");
	imsgbuf_allow_fds(d.privd);
	read_setup(&d);
	confine();
	if (imsg_compose(d.privd, MSG_DIAL_READY, msg_ready_put(), NULL, 0) == -1 ||
	    chan_flush(d.privd) == -1)
		fatal("channel to privd");
	imsgbuf_gate(d.privd)->phase = PH_RUN;
	loop(&d);
	return 0;
}
