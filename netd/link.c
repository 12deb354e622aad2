/* What privd says. It is trusted; a message that cannot be is a bug, and ends this process. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "netd/netd.h"

void
netd_tell(struct netd *n, uint32_t type, struct ibuf *ib)
{
	if (ib == NULL)
		fatalx("out of memory");
	if (chan_send(n->privd, type, ib) == -1)
		fatalx("channel to privd: message %u did not go", type);
}

static int
on_conf(struct netd *n, struct imsg *m)
{
	struct msg_setting s;
	struct errmsg e;

	if (msg_setting_get(m, &s) == -1)
		return -1;
	if (netd_conf_set(n->conf, &s, &e) == -1)
		fatalx("%s", e.text);
	return 0;
}

static int
on_stream(struct netd *n, struct imsg *m)
{
	struct job *j;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	if ((j = netd_job_get(n, id)) == NULL) {
		log_warnx("too many jobs: no output of another");
		return 0;
	}
	netd_output_open(n, j, imsg_fd(m, 0), imsg_fd(m, 1));
	return 0;
}

static int
on_state(struct netd *n, const struct imsg *m)
{
	struct msg_state s;

	if (msg_state_get(m, &s) == -1)
		return -1;
	netd_job_state(n, &s);
	return 0;
}

static int
on_exit_(struct netd *n, const struct imsg *m)
{
	struct msg_exit x;

	if (msg_exit_get(m, &x) == -1)
		return -1;
	netd_job_exit(n, &x);
	return 0;
}

static int
on_vitals(struct netd *n, struct imsg *m)
{
	uint32_t number;

	if (msg_num_get(m, &number) == -1)
		return -1;
	netd_beat_vitals(n, number, imsg_fd(m, 0));
	return 0;
}

static int
on_heads(struct netd *n, const struct imsg *m)
{
	struct msg_heads h;

	if (msg_heads_get(m, &h) == -1)
		return -1;
	netd_beat_heads(n, &h);
	return 0;
}

static int
on_needblob(struct netd *n, const struct imsg *m)
{
	uint8_t id[16], index;

	if (msg_needblob_get(m, id, &index) == -1)
		return -1;
	netd_blobs_need(n, id, index);
	return 0;
}

static int
on_confirm(struct netd *n, const struct imsg *m)
{
	uint8_t id[16], nonce[32];

	if (msg_confirmask_get(m, id, nonce) == -1)
		return -1;
	netd_confirm_ask(n, id, nonce);
	return 0;
}

static int
on_peer(struct netd *n, struct imsg *m)
{
	netd_start(n, imsg_fd(m, 0));
	return 0;
}

int
netd_link_msg(struct imsg *m, void *arg)
{
	struct netd *n = arg;

	switch (m->type) {
	case MSG_NETD_CONF:
		return on_conf(n, m);
	case MSG_NETD_PEER:
		return on_peer(n, m);
	case MSG_NETD_STOP:
		netd_stop(n);
		return 0;
	case MSG_JOB_STATE:
		return on_state(n, m);
	case MSG_JOB_STREAM:
		return on_stream(n, m);
	case MSG_JOB_EXIT:
		return on_exit_(n, m);
	case MSG_VITALS:
		return on_vitals(n, m);
	case MSG_HEADS:
		return on_heads(n, m);
	case MSG_JOB_NEEDBLOB:
		return on_needblob(n, m);
	case MSG_CONFIRM_ASK:
		return on_confirm(n, m);
	default:
		return -1;
	}
}

void
netd_link_gone(const char *why, void *arg)
{
	if (why != NULL)
		log_warnx("channel to privd: %s", why);
	netd_exit(arg, why != NULL);
}

void
netd_link_drained(void *arg)
{
	netd_blobs_push(arg);
}
