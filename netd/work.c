/* What a client does next, and what an answer asks of it. */
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "netd/netd.h"

#define SAY_AGAIN_MS 600000 /* the same trouble is told again after this long */

static const char *const client_name[CL_MAX] = {"claim", "heartbeat", "confirm"};

int
netd_wanted(const struct client *c)
{
	const struct netd *n = c->n;

	switch (c->role) {
	case CL_CLAIM:
		return netd_claim_wanted(n);
	case CL_WORK:
		return n->beat == BEAT_READY || netd_jobs_wanted(n);
	case CL_CONFIRM:
		return netd_confirm_wanted(n);
	case CL_MAX:
		break;
	}
	return 0;
}

int
netd_next(struct client *c)
{
	switch (c->role) {
	case CL_CLAIM:
		return netd_claim_send(c);
	case CL_WORK:
		/* a heartbeat never waits for a job's bytes */
		if (c->n->beat == BEAT_READY)
			return netd_beat_send(c);
		return netd_jobs_send(c);
	case CL_CONFIRM:
		return netd_confirm_send(c);
	case CL_MAX:
		break;
	}
	return 0;
}

/* Once for each new trouble, and again now and then. */
static void
say(struct client *c, const char *words)
{
	uint64_t now = net_now();

	if (strncmp(c->said, words, sizeof(c->said) - 1) == 0 && now - c->said_at < SAY_AGAIN_MS) {
		log_debug("%s: %s", client_name[c->role], words);
		return;
	}
	snprintf(c->said, sizeof(c->said), "%s", words);
	c->said_at = now;
	log_warnx("%s: %s", client_name[c->role], words);
}

/* One got through: what the others wait for, for want of a way there, may go now. */
static void
wake_others(struct client *c)
{
	for (int i = 0; i < CL_MAX; i++) {
		struct client *o = &c->n->client[i];

		if (o == c || !o->nolink)
			continue;
		o->nolink = 0;
		o->notbefore = 0;
		netd_client_later(o, 0);
	}
}

static void
say_well(struct client *c)
{
	if (c->said[0] != '\0')
		log_info("%s: answered again", client_name[c->role]);
	c->said[0] = '\0';
	c->nolink = 0;
	wake_others(c);
}

static enum disposition
judge_fault(struct client *c, const struct reply *r)
{
	unsigned int served = c->served;
	char words[400];

	netd_client_drop(c);
	/* a server may close what was idle, at the moment of the next call: at once again */
	if (r->fault == NETF_CLOSED && served > 0)
		return D_NET;
	/* a page too large, or without a length, of somebody else's web server */
	if (r->head.status != 0 && r->head.reeve[0] == '\0') {
		if (answer_judge(&r->head, "", 0, 0, words) == D_SLOW) {
			say(c, words);
			netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_SLOW, 0));
			return D_SLOW;
		}
	} else {
		answer_fault(r->fault, r->why, words);
	}
	say(c, words);
	c->nolink = r->fault == NETF_CONNECT || r->fault == NETF_TIME;
	netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_NET, 0));
	return D_NET;
}

static void
cloned(struct client *c)
{
	struct netd *n = c->n;

	n->cloned = 1;
	if (n->client[CL_CLAIM].call != CALL_NONE)
		netd_client_drop(&n->client[CL_CLAIM]);
}

enum disposition
netd_judge(struct client *c, const struct reply *r, int job)
{
	enum disposition d;
	char words[400];

	if (r->fault != NETF_NONE)
		return judge_fault(c, r);
	c->served++;
	d = answer_judge(&r->head, r->body, r->len, job, words);
	switch (d) {
	case D_OK:
		say_well(c);
		backoff_reset(&c->backoff);
		return d;
	case D_NET:
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_NET, 0));
		break;
	case D_TOLD:
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_TOLD, r->head.retry_after));
		break;
	case D_SLOW:
		netd_client_hold(c, backoff_next(&c->backoff, BACKOFF_SLOW, 0));
		break;
	case D_CLONE:
		cloned(c);
		break;
	case D_OFFSET:
		return d;
	case D_LARGE:
	case D_JOB:
		break;
	}
	say(c, words);
	return d;
}

void
netd_reply(struct client *c, const struct reply *r)
{
	enum call_kind call = c->call;

	c->call = CALL_NONE;
	switch (call) {
	case CALL_NONE: /* it did not even connect */
		(void)netd_judge(c, r, 0);
		break;
	case CALL_BEAT:
		netd_beat_reply(c, r);
		break;
	case CALL_CLAIM:
		netd_claim_reply(c, r);
		break;
	case CALL_CONFIRM:
		netd_confirm_reply(c, r);
		break;
	case CALL_STATE:
	case CALL_OUTPUT:
	case CALL_RESULT:
	case CALL_BLOB:
		netd_jobs_reply(c, call, r);
		break;
	}
}
