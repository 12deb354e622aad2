/* Asking dial for connections, by number. */
#include <unistd.h>

#include "lib/log.h"
#include "netd/netd.h"

void
netd_dial_ask(struct client *c)
{
	struct netd *n = c->n;

	c->asked = ++n->dialnum;
	c->state = CS_DIALING;
	if (chan_send(n->dial, MSG_DIAL_ASK, msg_num_put(c->asked)) == -1)
		log_warnx("channel to dial: a request did not go");
}

/* Who waits for NUMBER; NULL when that was given up. */
static struct client *
asker(struct netd *n, uint32_t number)
{
	for (int i = 0; i < CL_MAX; i++)
		if (n->client[i].state == CS_DIALING && n->client[i].asked == number)
			return &n->client[i];
	return NULL;
}

int
netd_dial_msg(struct imsg *m, void *arg)
{
	struct netd *n = arg;
	struct client *c;
	uint32_t number;
	char why[257];

	switch (m->type) {
	case MSG_DIAL_DONE:
		if (msg_num_get(m, &number) == -1)
			return -1;
		if ((c = asker(n, number)) != NULL)
			netd_client_connected(c, imsg_fd(m, 0));
		return 0;
	case MSG_DIAL_FAIL:
		if (msg_dialfail_get(m, &number, why) == -1)
			return -1;
		if ((c = asker(n, number)) != NULL)
			netd_client_failed(c, why);
		return 0;
	default:
		return -1;
	}
}

/* A pair lives and dies together. */
void
netd_dial_gone(const char *why, void *arg)
{
	log_warnx("channel to dial: %s", why != NULL ? why : "closed");
	netd_exit(arg, 1);
}
