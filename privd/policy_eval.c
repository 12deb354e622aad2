/*
 * Policy, judged. Nothing is allowed but what a line allows; the answer names the line. There is
 * one way out with 0, at the end of policy_allows().
 */

#include <string.h>

#include "lib/strutil.h"
#include "privd/policy_rules.h"

#define POLICY "policy.conf"

int
policy_kindmatch(const char *pattern, const struct kind *k)
{
	const char *star = strchr(pattern, '*');
	size_t n = strlen(pattern), len = strlen(k->name);

	if (star == NULL)
		return strcmp(pattern, k->name) == 0;
	if (!(k->flags & KF_HARMLESS))
		return 0;
	if (star == pattern) /* "*", "*.list" */
		return n - 1 <= len && strcmp(k->name + len - (n - 1), pattern + 1) == 0;
	return star[1] == '\0' && strncmp(k->name, pattern, n - 1) == 0; /* "agent.*" */
}

int
policy_limits(const struct policy_limit *l, const struct kind *k, const struct kind_arg *a)
{
	return (l->kind == NULL || l->kind->id == k->id) && l->type == a->type;
}

/* What a role may never do, whatever its section says. */
static int
role_permits(const struct policy_key *key, const struct kind *k, struct errmsg *e)
{
	switch (key->role) {
	case ROLE_OPERATOR:
	case ROLE_AUTOMATION:
		return 0;
	case ROLE_ONLINE:
		if (k->flags & KF_HARMLESS)
			return 0;
		return err_set(e, POLICY ":%u: key %s is online: it may order harmless kinds only",
		    key->line, key->name);
	case ROLE_ADMIN:
		return err_set(e, POLICY ":%u: key %s is an admin key: it signs no jobs", key->line,
		    key->name);
	default:
		return err_set(e, POLICY ":%u: key %s has no role", key->line, key->name);
	}
}

/* The first allow line of key N that matches K, and the script SCRIPT when that is not NULL. */
static const struct policy_allow *
find_allow(const struct policy *p, unsigned int n, const struct kind *k, const char *script)
{
	for (unsigned int i = 0; i < p->nallows; i++) {
		const struct policy_allow *a = &p->allow[i];

		if (a->key != n || !policy_kindmatch(a->kind, k))
			continue;
		if (a->sub[0] == '\0' || script == NULL || str_glob(a->sub, script))
			return a;
	}
	return NULL;
}

/* agent.cancel: the key must be one that may order the kind of the job that it cancels. */
static int
may_cancel(const struct policy *p, unsigned int n, const struct kind *cancelled, struct errmsg *e)
{
	const struct policy_key *key = &p->key[n];

	if (cancelled == NULL)
		return err_set(e, POLICY ":%u: key %s: the job to cancel is not known here",
		    key->line, key->name);
	if (role_permits(key, cancelled, e) == -1)
		return -1;
	if (find_allow(p, n, cancelled, NULL) == NULL)
		return err_set(e, POLICY ":%u: key %s may not order %s, so it may not cancel it",
		    key->line, key->name, cancelled->name);
	return 0;
}

/* One signer. The allow line that lets it order T; NULL with E. */
static const struct policy_allow *
signer_allows(const struct policy *p, unsigned int n, const struct ticket *t,
    const struct kind *cancelled, struct errmsg *e)
{
	const struct policy_key *key = &p->key[n];
	const struct policy_allow *a;
	const char *script = NULL;

	if (role_permits(key, t->kind, e) == -1)
		return NULL;
	if (key->role == ROLE_AUTOMATION &&
	    (t->notafter < t->issued || t->notafter - t->issued > AUTOMATION_SPAN)) {
		err_set(e,
		    POLICY ":%u: key %s is an automation key: notafter must be at most %d s after "
			   "issued",
		    key->line, key->name, AUTOMATION_SPAN);
		return NULL;
	}
	if (t->kind->id == KIND_SCRIPT_RUN && (script = ticket_argv(t, "name")) == NULL) {
		err_set(e, "script.run without a name");
		return NULL;
	}
	if ((a = find_allow(p, n, t->kind, script)) == NULL) {
		err_set(e, POLICY ":%u: key %s does not allow %s%s%s", key->line, key->name,
		    t->kind->name, script != NULL ? ":" : "", script != NULL ? script : "");
		return NULL;
	}
	if (t->kind->id == KIND_AGENT_CANCEL && may_cancel(p, n, cancelled, e) == -1)
		return NULL;
	return a;
}

static int
listed(const struct policy_limit *l, const char *value)
{
	for (unsigned int i = 0; i < l->nvalues; i++)
		if (str_glob(l->value[i], value))
			return 1;
	return 0;
}

/* Every value of argument A in T against L. */
static int
limit_arg(const struct policy_limit *l, const struct ticket *t, const struct kind_arg *a,
    struct errmsg *e)
{
	int found = 0;

	for (size_t i = 0; i < t->nargs; i++) {
		const struct ticket_arg *v = &t->arg[i];

		if (strcmp(v->def->name, a->name) != 0)
			continue;
		found = 1;
		if (v->sealed)
			return err_set(e,
			    POLICY ":%u: limit %s: argument %s is sealed and cannot be compared",
			    l->line, arg_typename(l->type), a->name);
		if (!listed(l, v->value))
			return err_set(e, POLICY ":%u: limit %s: argument %s: %.64s is not listed",
			    l->line, arg_typename(l->type), a->name, v->value);
	}
	if (!found && !l->none)
		return err_set(e,
		    POLICY ":%u: limit %s: argument %s is absent, and (none) is not listed",
		    l->line, arg_typename(l->type), a->name);
	return 0;
}

static int
limits_pass(const struct policy *p, const struct ticket *t, struct errmsg *e)
{
	for (unsigned int i = 0; i < p->nlimits; i++) {
		const struct policy_limit *l = &p->limit[i];

		for (size_t k = 0; k < t->kind->nargs; k++)
			if (policy_limits(l, t->kind, &t->kind->args[k]) &&
			    limit_arg(l, t, &t->kind->args[k], e) == -1)
				return -1;
	}
	return 0;
}

/* The section of exactly this key; -1 when it has gone. */
static int
section_of(const struct policy *p, const struct policy_key *signer)
{
	for (unsigned int i = 0; i < p->nkeys; i++)
		if (memcmp(p->key[i].pub.key, signer->pub.key, sizeof(signer->pub.key)) == 0)
			return (int)i;
	return -1;
}

int
policy_allows(const struct policy *p, const struct policy_key *const *signers,
    unsigned int nsigners, const struct ticket *t, const struct kind *cancelled, struct errmsg *e)
{
	const struct policy_allow *a = NULL;

	err_set(e, POLICY ": no signer");
	for (unsigned int i = 0; i < nsigners && a == NULL; i++) {
		int n = section_of(p, signers[i]);

		if (n == -1)
			err_set(e, POLICY ": key %s has no section any more", signers[i]->name);
		else
			a = signer_allows(p, (unsigned int)n, t, cancelled, e);
	}
	if (a == NULL || limits_pass(p, t, e) == -1)
		return -1;
	err_set(e, POLICY ":%u: key %s allows %s", a->line, p->key[a->key].name, t->kind->name);
	return 0;
}

int
policy_accepts(const struct policy *p, const struct kind *k)
{
	for (unsigned int n = 0; n < p->nkeys; n++)
		if (role_permits(&p->key[n], k, NULL) == 0 && find_allow(p, n, k, NULL) != NULL)
			return 1;
	return 0;
}
