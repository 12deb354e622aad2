/* Reads the EXEC_* messages of one step and checks them against the ticket and our own tables. */
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "execd/setup.h"
#include "lib/strutil.h"

static int
take_host(struct setup *s, struct imsg *m, struct errmsg *e)
{
	if (msg_host_get(m, &s->host) == -1)
		return err_set(e, "EXEC_HOST: malformed");
	s->has_host = 1;
	return 0;
}

static int
take_blob(struct setup *s, struct imsg *m, struct errmsg *e)
{
	if (m->data[0] != s->nblobs || s->nblobs == TICKET_BLOBS)
		return err_set(e, "EXEC_BLOB: blob %u, expected %zu", m->data[0], s->nblobs);
	s->blob[s->nblobs++] = imsg_fd(m, 0);
	return 0;
}

static int
take_seal(struct setup *s, struct imsg *m, struct errmsg *e)
{
	if (m->len != sizeof(s->seal))
		return err_set(e, "EXEC_SEAL: malformed");
	memcpy(s->seal, m->data, sizeof(s->seal));
	/* the channel's buffer holds it too; nobody reads these bytes again */
	sodium_memzero((void *)(uintptr_t)m->data, m->len);
	s->has_seal = 1;
	return 0;
}

static int
take_start(struct setup *s, struct imsg *m, struct errmsg *e)
{
	struct msg_start *st = &s->start;

	if (msg_start_get(m, st) == -1)
		return err_set(e, "EXEC_START: malformed");
	s->spool = imsg_fd(m, 0);
	str_hex(s->idhex, st->id, sizeof(st->id));
	s->profile = profile_get(st->profile);
	if (s->profile == NULL)
		return err_set(e, "EXEC_START: no profile %u", st->profile);
	if (st->kind != KIND_NONE) {
		s->kind = kind_bynum(st->kind);
		if (s->kind == NULL)
			return err_set(e, "EXEC_START: no kind %u", st->kind);
		if (ticket_parse(&s->ticket, (const char *)st->ticket, st->len, e) == -1)
			return err_prefix(e, "ticket");
	} else if (st->len != 0)
		return err_set(e, "EXEC_START: a ticket for the internal step");
	st->ticket = NULL;
	return 0;
}

static int
take(struct setup *s, struct imsg *m, struct errmsg *e)
{
	switch (m->type) {
	case MSG_EXEC_HOST:
		return take_host(s, m, e);
	case MSG_EXEC_CGROUP:
		s->cgroup = imsg_fd(m, 0);
		s->cgroup_kill = imsg_fd(m, 1);
		return 0;
	case MSG_EXEC_BLOB:
		return take_blob(s, m, e);
	case MSG_EXEC_SEAL:
		return take_seal(s, m, e);
	case MSG_EXEC_START:
		return take_start(s, m, e);
	default:
		return err_set(e, "message %u: not for an executor", m->type);
	}
}

int
setup_read(struct setup *s, struct imsgbuf *ch, struct errmsg *e)
{
	struct imsg m;
	uint32_t type;
	int r;

	memset(s, 0, offsetof(struct setup, ticket));
	s->spool = s->cgroup = s->cgroup_kill = -1;
	do {
		r = chan_recv(ch, &m, SETUP_TIMEOUT);
		if (r == 0)
			return 0;
		if (r < 0)
			return err_set(
			    e, "channel: %s", r == -2 ? "nothing came in time" : "breach");
		type = m.type;
		r = take(s, &m, e);
		imsg_free(&m);
		if (r == -1)
			return -1;
	} while (type != MSG_EXEC_START);
	return 1;
}

static int
check_ids(const struct setup *s, struct errmsg *e)
{
	const struct msg_host *h = &s->host;
	const struct profile *p = s->profile;
	int root_ok = p->pu == PU_ROOT || (p->pu == PU_SCRIPT && h->script_root);

	if (h->run_uid == 0 || h->run_gid == 0 || h->run_uid == UID_NOBODY ||
	    h->run_gid == (gid_t)-1)
		return err_set(e, "supervisor: uid %u is not one to run as", h->run_uid);
	if (h->tool_uid == UID_NOBODY || h->tool_gid == (gid_t)-1 || h->tool_uid == h->run_uid)
		return err_set(e, "tool: uid %u is not one to run as", h->tool_uid);
	if (!root_ok && (h->tool_uid == 0 || h->tool_gid == 0))
		return err_set(e, "tool: profile %s never runs as root", p->name);
	if (p->pu == PU_ROOT && (h->tool_uid != 0 || h->tool_gid != 0))
		return err_set(e, "tool: profile %s is root's", p->name);
	return 0;
}

static int
check_internal(const struct setup *s, struct errmsg *e)
{
	const struct msg_start *st = &s->start;

	if (st->profile != (st->step == STEP_VITALS ? PR_VITALS : PR_SELFTEST) ||
	    st->step > STEP_VITALS || st->rollback)
		return err_set(e, "internal step: profile %s is not its own", s->profile->name);
	if (st->seconds == 0 || st->seconds > 300 || st->grace > 60)
		return err_set(e, "internal step: limits out of range");
	return 0;
}

static int
check_step(const struct setup *s, struct errmsg *e)
{
	const struct msg_start *st = &s->start;
	const struct kind *k = s->kind;
	const struct kind_step *ks;

	if (st->step >= k->nsteps)
		return err_set(e, "%s has no step %u", k->name, st->step);
	ks = &k->steps[st->step];
	if (ks->profile != st->profile)
		return err_set(e, "%s, step %s: profile %s, not %s", k->name, ks->name,
		    profile_name(ks->profile), s->profile->name);
	if (((ks->flags & ST_ROLLBACK) != 0) != (st->rollback != 0))
		return err_set(e, "%s, step %s: rollback or not?", k->name, ks->name);
	if ((ks->flags & ST_APPLY) && ticket_isplan(&s->ticket))
		return err_set(e, "%s, step %s: not in mode plan", k->name, ks->name);
	return 0;
}

static int
check_limits(const struct setup *s, struct errmsg *e)
{
	const struct msg_start *st = &s->start;
	const struct ticket *t = &s->ticket;

	if (st->seconds == 0 || st->seconds > t->seconds)
		return err_set(
		    e, "limit seconds: %u is not within the ticket's %u", st->seconds, t->seconds);
	if (st->grace != s->kind->grace)
		return err_set(e, "grace: %u is not the kind's %u", st->grace, s->kind->grace);
	if (st->output > t->output)
		return err_set(e, "limit output: over the ticket's");
	if (st->stall != t->stall)
		return err_set(e, "limit stall: %u is not the ticket's %u", st->stall, t->stall);
	return 0;
}

static int
check_host(const struct setup *s, struct errmsg *e)
{
	const struct ticket *t = &s->ticket;
	size_t i;

	for (i = 0; i < t->nhosts; i++)
		if (strcmp(t->host[i].id, s->host.host_id) == 0 &&
		    strcmp(t->host[i].name, s->host.host_name) == 0)
			return 0;
	return err_set(e, "ticket: not for host %s %s", s->host.host_id, s->host.host_name);
}

int
setup_check(const struct setup *s, struct errmsg *e)
{
	if (!s->has_host)
		return err_set(e, "EXEC_HOST: did not come");
	if (s->spool == -1)
		return err_set(e, "EXEC_START: no spool");
	if (s->cgroup_kill == -1 && !(s->profile->flags & PF_NEWPID))
		return err_set(
		    e, "profile %s: without a cgroup nothing could end it", s->profile->name);
	if (check_ids(s, e) == -1)
		return -1;
	if (s->kind == NULL)
		return check_internal(s, e);
	if (s->ticket.kind != s->kind)
		return err_set(e, "ticket: kind %s, not %s", s->ticket.kind->name, s->kind->name);
	if (strcmp(s->ticket.id, s->idhex) != 0)
		return err_set(e, "ticket: another job's");
	if (s->nblobs != s->ticket.nblobs)
		return err_set(e, "blobs: %zu, the ticket names %zu", s->nblobs, s->ticket.nblobs);
	if (check_host(s, e) == -1 || check_step(s, e) == -1)
		return -1;
	return check_limits(s, e);
}
