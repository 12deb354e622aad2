/* reevectl's requests about the agent itself: reload, policy test, a new key store. */

#include <stdio.h>

#include "privd/control_client.h"
#include "privd/netside.h"

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

/*
 * Carried by root, judged by signatures alone: admin keys make a key store, nobody else. What is
 * queued or waits for blobs was allowed by the old one and is looked at afresh.
 */
int
privd_on_CTL_KEYS(struct client *c, struct imsg *m)
{
	struct privd *p = c->p;
	struct msg_keys k;
	struct errmsg e;
	char version[24];

	if (msg_keys_get(m, &k) == -1)
		return -1;
	if (keystore_update(&p->w.keys, p->w.policy, p->statefd, (const char *)k.text, k.len, k.sig,
		(unsigned int)k.nsigs, privd_now(p), &e) == -1) {
		(void)audit_event(p->audit, "key.refuse", "reason", e.text, NULL);
		client_err(c, "%s", e.text);
		return 0;
	}
	p->generation++;
	snprintf(version, sizeof(version), "%llu", (unsigned long long)keystore_version(p->w.keys));
	(void)audit_event(p->audit, "key.load", "version", version, NULL);
	control_reloaded(p);
	netside_reloaded(p);
	client_ok(c, "key store version %s", version);
	return 0;
}
