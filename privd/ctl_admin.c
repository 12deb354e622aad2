/* reevectl's requests about the agent itself: reload, policy test. */

#include "privd/control_client.h"

int
privd_on_CTL_RELOAD(struct client *c, struct imsg *m)
{
	struct errmsg e;

	(void)m;
	if (privd_reload(c->p, &e) == -1)
		client_err(c, "%s", e.text);
	else
		client_ok(c, "reloaded");
	return 0;
}

int
privd_on_CTL_POLICY(struct client *c, struct imsg *m)
{
	struct msg_submit s;
	struct errmsg e;

	if (msg_submit_get(m, &s) == -1)
		return -1;
	if (intake_test(c->p, &s, &e) == -1)
		client_err(c, "%s", e.text);
	else
		client_ok(c, "allowed: %s", e.text);
	return 0;
}
