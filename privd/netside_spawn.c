/* Starting a pair: two programs opened once, a channel to each and one between them. */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/spawn.h"
#include "privd/netside_pair.h"

static int
open_program(const struct conf *c, const char *name, int *fd, struct errmsg *e)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/%s", c->libexec_dir, name);
	*fd = fd_open_trusted(path, O_RDONLY, FD_TRUST_EXEC, e);
	return *fd == -1 ? -1 : 0;
}

/* They become their users before anything else; without the users nothing is started. */
static int
have_users(const struct conf *c, struct errmsg *e)
{
	static const enum user_id users[] = {USER_NETD, USER_DIAL};

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (c->users[users[i]].uid == UID_NOBODY)
			return err_set(e,
			    "this host has no user %s: make install or systemd-sysusers makes it",
			    user_name(users[i]));
	return 0;
}

int
pair_programs(const struct conf *c, int *netd, int *dial, struct errmsg *e)
{
	*netd = *dial = -1;
	if (have_users(c, e) == -1 || open_program(c, "reeve-netd", netd, e) == -1)
		return -1;
	if (open_program(c, "reeve-dial", dial, e) == 0)
		return 0;
	close(*netd);
	*netd = -1;
	return -1;
}

static int
spawn_side(struct side *s, int exe, const char *name, struct errmsg *e)
{
	const char *const argv[] = {name, NULL};
	const char *const envp[] = {NULL};
	struct spawn sp = {.exe = exe, .argv = argv, .envp = envp, .cgroup = -1};
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return err_errno(e, "socketpair");
	if ((s->chan = imsgbuf_new(sv[0], ROOM_PRIVD, s->room)) == NULL) {
		err_errno(e, "channel");
		close(sv[0]);
		close(sv[1]);
		return -1;
	}
	sp.chan = sv[1];
	s->pid = spawn(&sp, &s->pidfd, e);
	close(sv[1]);
	if (s->pid == -1) {
		s->pid = 0;
		return err_prefix(e, "%s", name);
	}
	return 0;
}

int
pair_spawn(struct pair *pr, int netd, int dial, struct errmsg *e)
{
	if (spawn_side(&pr->netd, netd, "reeve-netd", e) == -1)
		return -1;
	return spawn_side(&pr->dial, dial, "reeve-dial", e);
}

static int
send_settings(struct pair *pr, const struct netset *s, struct errmsg *e)
{
	struct msg_setting m;
	size_t pos = 0;

	while (netset_next(s, &pos, &m) == 1)
		if (imsg_compose(pr->netd.chan, MSG_NETD_CONF, msg_setting_put(&m), NULL, 0) == -1)
			return err_errno(e, "NETD_CONF %s", m.key);
	if (imsg_compose(pr->dial.chan, MSG_DIAL_CONF, msg_dialconf_put(s->dial_port, s->dial_host),
		NULL, 0) == -1)
		return err_errno(e, "DIAL_CONF %s", s->dial_host);
	return 0;
}

int
pair_brief(struct pair *pr, const struct netset *s, struct errmsg *e)
{
	int sv[2];

	if (send_settings(pr, s, e) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return err_errno(e, "socketpair");
	if (imsg_compose(pr->netd.chan, MSG_NETD_PEER, NULL, &sv[0], 1) == -1) {
		err_errno(e, "NETD_PEER");
		close(sv[0]);
		close(sv[1]);
		return -1;
	}
	if (imsg_compose(pr->dial.chan, MSG_DIAL_PEER, NULL, &sv[1], 1) == -1) {
		err_errno(e, "DIAL_PEER");
		close(sv[1]);
		return -1;
	}
	return 0;
}
