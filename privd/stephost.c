/* From this host's words to what an executor is told. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "privd/stephost.h"
#include "version.h"

#define NOBODY "00000000000000000000000000000000"

static const struct script *
script_of(const struct privd *p, const struct ticket *t)
{
	if (t == NULL || t->kind->id != KIND_SCRIPT_RUN)
		return NULL;
	return scripts_find(p->w.scripts, ticket_argv(t, "name"));
}

uint64_t
stephost_seconds(const struct privd *p, const struct ticket *t)
{
	const struct script *s = script_of(p, t);

	return s != NULL && s->timeout != 0 && s->timeout < t->seconds ? s->timeout : t->seconds;
}

unsigned int
stephost_parallel(const struct privd *p, const struct ticket *t)
{
	const struct script *s = script_of(p, t);

	return s != NULL ? s->parallel : 1;
}

int
stephost_samescript(const struct ticket *a, const struct ticket *b)
{
	return strcmp(ticket_argv(a, "name"), ticket_argv(b, "name")) == 0;
}

static int
user_of(const struct privd *p, enum user_id id, struct user *u, struct errmsg *e)
{
	*u = p->w.conf->users[id];
	if (u->uid == UID_NOBODY)
		return err_set(e,
		    "this host has no user %s: make install or systemd-sysusers makes it",
		    user_name(id));
	return 0;
}

static int
tool_user(const struct privd *p, const struct profile *pr, const struct script *s, struct user *u,
    struct errmsg *e)
{
	switch (pr->pu) {
	case PU_TABLE:
		return user_of(p, pr->user, u, e);
	case PU_SCRIPT:
		if (s == NULL)
			return err_set(e, "scripts.conf does not list that script");
		*u = s->ids;
		return 0;
	case PU_ROOT:
		u->uid = 0;
		u->gid = 0;
		return 0;
	}
	return err_set(e, "profile %s has no user", pr->name);
}

int
stephost_check(const struct privd *p, const struct ticket *t, struct errmsg *e)
{
	const struct profile *pr;
	struct msg_host h;

	if (t->kind->id == KIND_SCRIPT_RUN && script_of(p, t) == NULL)
		return err_set(e, "scripts.conf does not list script %s", ticket_argv(t, "name"));
	for (size_t i = 0; i < t->kind->nsteps; i++) {
		if ((pr = profile_get(t->kind->steps[i].profile)) == NULL)
			return err_set(e, "step %s has no profile", t->kind->steps[i].name);
		if (stephost_fill(p, pr, t, &h, e) == -1)
			return -1;
		if (p->cgroup == NULL && !(pr->flags & PF_NEWPID))
			return err_set(
			    e, "%s needs a cgroup2, and this host has none", t->kind->name);
	}
	if (t->kind->par == KP_HAPROXY || t->kind->id == KIND_HAPROXY_SHOW)
		if (p->w.conf->haproxy_socket[0] == '\0')
			return err_set(e, "agent.conf names no haproxy-socket");
	return 0;
}

int
stephost_audit(struct privd *p, const struct ticket *t)
{
	const struct script *s = script_of(p, t);

	if (s == NULL || !s->root_equivalent)
		return 0;
	return audit_event(
	    p->audit, "script.root", "id", t->id, "script", s->name, "user", s->user, NULL);
}

int
stephost_fill(const struct privd *p, const struct profile *pr, const struct ticket *t,
    struct msg_host *h, struct errmsg *e)
{
	const struct conf *c = p->w.conf;
	const struct script *s = script_of(p, t);
	struct user run = {UID_NOBODY, (gid_t)-1}, tool = run;

	memset(h, 0, sizeof(*h));
	if (user_of(p, USER_RUN, &run, e) == -1 || tool_user(p, pr, s, &tool, e) == -1)
		return -1;
	h->run_uid = run.uid;
	h->run_gid = run.gid;
	h->tool_uid = tool.uid;
	h->tool_gid = tool.gid;
	snprintf(h->haproxy_socket, sizeof(h->haproxy_socket), "%s", c->haproxy_socket);
	snprintf(h->version, sizeof(h->version), "%.31s", REEVE_VERSION);
	/* without an identity no ticket comes this far: only the self-test */
	snprintf(h->host_id, sizeof(h->host_id), "%s", conf_enrolled(c) ? c->host_id : NOBODY);
	snprintf(h->host_name, sizeof(h->host_name), "%s",
	    conf_enrolled(c) ? c->host_name : "not-enrolled");
	h->below_minimum = (uint8_t)(c->below_minimum != 0);
	h->lock_wait = c->lock_wait;
	if (s == NULL)
		return 0;
	snprintf(h->script, sizeof(h->script), "%s", s->path);
	snprintf(h->script_home, sizeof(h->script_home), "%s", s->home);
	snprintf(h->script_user, sizeof(h->script_user), "%.63s", s->user);
	snprintf(h->script_write, sizeof(h->script_write), "%s", s->write);
	h->script_caps = s->caps;
	h->script_net = (uint8_t)(s->net != 0);
	h->script_root = (uint8_t)(s->root_equivalent != 0);
	return 0;
}

static int
has_sealed(const struct ticket *t)
{
	for (size_t i = 0; i < t->nargs; i++)
		if (t->arg[i].sealed)
			return 1;
	return 0;
}

static int
open_blobs(struct privd *p, const struct job *j, struct run_req *req, struct errmsg *e)
{
	for (size_t i = 0; i < j->t->nblobs; i++) {
		req->blob[i] = spool_blob_fd(p->spool, j->id, (uint8_t)i, &j->t->blob[i], e);
		if (req->blob[i] == -1)
			return -1;
		req->nblobs++;
	}
	return 0;
}

static uint64_t
output_left(const struct privd *p, const struct job *j, uint64_t used)
{
	uint64_t cap = j->t->output < p->w.conf->output_max ? j->t->output : p->w.conf->output_max;

	return used < cap ? cap - used : 0;
}

int
stephost_request(
    struct privd *p, const struct job *j, uint64_t seconds, struct run_req *req, struct errmsg *e)
{
	const struct kind_step *st = &j->t->kind->steps[j->step];
	struct ledger_rec rec;
	uint64_t used = 0;

	memset(req, 0, sizeof(*req));
	req->spool = -1;
	/* the ticket's bytes stay in the ledger's read buffer until its next call: run_start()
	 * makes none */
	if (ledger_read(p->ledger, j->accepted_off, &rec, e) == -1)
		return -1;
	req->start.ticket = rec.ticket;
	req->start.len = rec.ticketlen;
	snprintf(req->idhex, sizeof(req->idhex), "%s", j->idhex);
	if ((req->profile = profile_get(st->profile)) == NULL)
		return err_set(e, "step %s has no profile", st->name);
	if (stephost_fill(p, req->profile, j->t, &req->host, e) == -1 ||
	    open_blobs(p, j, req, e) == -1 ||
	    (req->spool = spool_output(p->spool, j->id, 1, &used, e)) == -1) {
		for (unsigned int i = 0; i < req->nblobs; i++)
			close(req->blob[i]);
		return -1;
	}
	if (has_sealed(j->t))
		req->seal = p->keys.seal;
	memcpy(req->start.id, j->id, 16);
	req->start.kind = (uint32_t)j->t->kind->id;
	req->start.step = (uint8_t)j->step;
	req->start.rollback = (uint8_t)j->rollback;
	req->start.profile = (uint32_t)st->profile;
	req->start.seconds = (uint32_t)seconds;
	req->start.grace = j->t->kind->grace;
	req->start.output = output_left(p, j, used);
	req->start.stall = j->t->stall;
	return 0;
}
