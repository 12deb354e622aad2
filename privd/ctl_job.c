/* reevectl's requests about one job: submit and blobs, wait, acknowledge, cancel. */

#include <string.h>

#include "lib/strutil.h"
#include "privd/control_client.h"
#include "privd/intake.h"
#include "privd/netside.h"

#define BLOB_MS 60000 /* a ticket whose blobs do not come is forgotten */

void
client_drop_intake(struct client *c, const char *why)
{
	if (c->intake == NULL)
		return;
	loop_timer_clear(&c->intake_t);
	intake_drop(c->p, c->intake);
	c->intake = NULL;
	if (why != NULL)
		client_err(c, "%s", why);
}

static void
on_blob_timeout(void *arg)
{
	client_drop_intake(arg, "its blobs did not come within 60 s");
}

static void
ask_blob(struct client *c)
{
	uint8_t id[16], n;

	n = intake_needs(c->intake, id);
	loop_timer_set(&c->intake_t, BLOB_MS, on_blob_timeout, c);
	client_send(c, MSG_CTL_NEEDBLOB, msg_needblob_put(id, n));
}

static void
answer(struct client *c, enum intake_verdict v, const char *idhex, const char *state,
    const struct errmsg *e)
{
	switch (v) {
	case IN_ACCEPTED:
		client_ok(c, "accepted %s", idhex);
		break;
	case IN_KNOWN:
		client_ok(c, "known %s %s", idhex, state);
		break;
	case IN_REFUSED:
		client_err(c, "%s", e->text);
		break;
	case IN_BLOBS:
		ask_blob(c);
		break;
	}
}

int
privd_on_CTL_SUBMIT(struct client *c, struct imsg *m)
{
	struct msg_submit s;
	char idhex[33], state[16];
	struct errmsg e;
	enum intake_verdict v;

	if (msg_submit_get(m, &s) == -1)
		return -1;
	if (c->intake != NULL) {
		client_err(c, "the blobs of the ticket before are still to come");
		return 0;
	}
	v = intake_submit(c->p, "local", &s, &c->intake, idhex, state, &e);
	answer(c, v, idhex, state, &e);
	return 0;
}

int
privd_on_CTL_BLOB(struct client *c, struct imsg *m)
{
	struct intake *in = c->intake;
	struct msg_blob b;
	char idhex[33];
	struct errmsg e;
	enum intake_verdict v;
	uint8_t id[16], before;

	if (msg_blob_get(m, &b) == -1)
		return -1;
	if (in == NULL)
		return 0; /* the rest of a blob that was refused already */
	before = intake_needs(in, id);
	v = intake_blob(c->p, in, &b, idhex, &e);
	if (v == IN_BLOBS && intake_needs(in, id) == before)
		return 0;
	loop_timer_clear(&c->intake_t);
	if (v != IN_BLOBS)
		c->intake = NULL;
	answer(c, v, idhex, "queued", &e);
	return 0;
}

/* The result of a finished job, and its output while that is kept. */
static void
send_finished(struct client *c, const struct known *k)
{
	struct msg_exit ex;
	struct ledger_rec rec;
	struct errmsg e;

	control_spool(c->p, k->id);
	c->waiting = c->streamed = 0;
	if (ledger_read(c->p->ledger, k->finished_off, &rec, &e) == -1) {
		client_err(c, "%s", e.text);
		return;
	}
	memcpy(ex.id, k->id, 16);
	ex.sig = rec.resultsig;
	ex.record = rec.result;
	ex.len = rec.resultlen;
	client_send(c, MSG_CTL_EXIT, msg_exit_put(&ex));
}

int
privd_on_CTL_WAIT(struct client *c, struct imsg *m)
{
	const struct known *k;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	if (c->waiting) {
		client_err(c, "one job at a time can be waited for");
		return 0;
	}
	k = known_find(c->p, id);
	if (k == NULL && jobs_find(c->p, id) == NULL) {
		client_err(c, "no such job");
		return 0;
	}
	memcpy(c->waitid, id, 16);
	c->waiting = 1;
	c->streamed = 0;
	if (k != NULL)
		send_finished(c, k);
	else
		control_spool(c->p, id); /* a queued job has none yet */
	return 0;
}

int
privd_on_CTL_ACK(struct client *c, struct imsg *m)
{
	const char *server;
	struct errmsg e;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	if (c->p->ledger == NULL)
		client_err(c, "the ledger is not open: %s", c->p->rekey_why);
	else if ((server = netside_owes(c->p, id)) != NULL)
		/* whoever looks on at the host does not take it from the one who asked */
		client_ok(c, "kept: server %s is to have it", server);
	else if (job_ack(c->p, id, &e) == -1)
		client_err(c, "%s", e.text);
	else
		client_ok(c, "acknowledged");
	return 0;
}

int
privd_on_CTL_CANCEL(struct client *c, struct imsg *m)
{
	struct errmsg e;
	uint8_t id[16];

	if (msg_id_get(m, id) == -1)
		return -1;
	if (job_cancel(c->p, id, "local", 1, &e) == -1)
		client_err(c, "%s", e.text);
	else
		client_ok(c, "cancelling");
	return 0;
}
