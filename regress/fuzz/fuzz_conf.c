/*
 * Any bytes as agent.conf, policy.conf and scripts.conf (and so through the lines' reader). A
 * refusal must say why; what is taken must keep its own promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/valid.h"
#include "privd/policy.h"
#include "privd/scripts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char agent[] = "fleet 3b7e0c1a9d2f4e5860718293a4b5c6d7\n"
			    "host 5f0c2c9d8e7f40a1b2c3d4e5f6071829 web1\nscript-dirs /s /t/u\n";

/* Four names give four keys; any other has none. */
static int
readkey(const void *arg, const char *name, char **buf, size_t *len, struct errmsg *e)
{
	static struct pubkey pub[4];
	static int made;
	struct seckey sec;

	(void)arg;
	for (; made < 4; made++)
		seckey_new(&sec, &pub[made]);
	if (name[0] < 'a' || name[0] > 'd' || name[1] != '\0')
		return err_set(e, "%s: no such key", name);
	if ((*buf = malloc(SIGNIFY_TEXT_MAX)) == NULL)
		abort();
	*len = (size_t)pubkey_write(&pub[name[0] - 'a'], name, *buf, SIGNIFY_TEXT_MAX);
	return 0;
}

/* Roles and stars hold whatever the file says. */
static void
check_policy(const struct policy *p)
{
	const struct policy_key *k;
	const struct kind *kind;
	int signers = 0;

	for (unsigned int i = 0; (k = policy_key(p, i)) != NULL; i++) {
		if (!valid_ident(k->name) || !valid_ident(k->holder) || !pubkey_usable(&k->pub))
			abort();
		signers += k->role == ROLE_OPERATOR || k->role == ROLE_AUTOMATION;
	}
	for (size_t n = 0; (kind = kind_nth(n)) != NULL; n++)
		if (policy_accepts(p, kind) && signers == 0 && !(kind->flags & KF_HARMLESS))
			abort();
}

static void
check_scripts(const struct scripts *s)
{
	const struct script *x;

	for (unsigned int i = 0; (x = scripts_nth(s, i)) != NULL; i++)
		if (!valid_ident(x->name) || !valid_path(x->path) || x->parallel == 0 ||
		    scripts_find(s, x->name) != x || x->ids.uid != UID_NOBODY ||
		    (strncmp(x->path, "/s/", 3) != 0 && strncmp(x->path, "/t/u/", 5) != 0))
			abort();
}

/* Either of a fleet and somebody in it, or of none: then no server is asked and nobody is named. */
static void
check_agent(const struct conf *c)
{
	if (conf_enrolled(c)) {
		if (!valid_hex(c->fleet, JOB_IDLEN) || !valid_hex(c->host_id, JOB_IDLEN) ||
		    !valid_hostname(c->host_name))
			abort();
	} else if (c->fleet[0] != '\0' || c->host_id[0] != '\0' || c->nservers != 0)
		abort();
	if (c->max_jobs == 0 || c->output_max > c->spool_max)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *host;
	const char *text = (const char *)data;
	struct errmsg e = {.text = ""};
	struct conf *c;
	struct policy *p;
	struct scripts *s;

	if (host == NULL)
		host = conf_fromtext("/etc/reeve/agent.conf", agent, sizeof(agent) - 1, &e);
	if (host == NULL)
		abort();
	c = conf_fromtext("/etc/reeve/agent.conf", text, size, &e);
	if (c != NULL)
		check_agent(c);
	else if (e.text[0] == '\0')
		abort();
	free(c);
	e.text[0] = '\0';
	if ((p = policy_fromtext("policy.conf", text, size, readkey, NULL, &e)) != NULL)
		check_policy(p);
	else if (e.text[0] == '\0')
		abort();
	policy_free(p);
	e.text[0] = '\0';
	if ((s = scripts_fromtext(host, "scripts.conf", text, size, &e)) != NULL)
		check_scripts(s);
	else if (e.text[0] == '\0')
		abort();
	scripts_free(s);
	return 0;
}
