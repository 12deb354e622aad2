/* What privd is at the moment: its host's words, and whether it takes jobs. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "privd/control.h"
#include "privd/netside.h"
#include "privd/privd.h"
#include "privd/sandbox.h"

#define CLOCK_BACK 2 /* seconds of going back that are worth a line */

uint64_t
privd_now(struct privd *p)
{
	uint64_t now = (uint64_t)time(NULL);
	char was[24], is[24];

	if (now + CLOCK_BACK < p->lastnow && p->audit != NULL) {
		snprintf(was, sizeof(was), "%llu", (unsigned long long)p->lastnow);
		snprintf(is, sizeof(is), "%llu", (unsigned long long)now);
		(void)audit_event(p->audit, "clock.back", "was", was, "is", is, NULL);
	}
	p->lastnow = now;
	return now;
}

void
words_free(struct words *w)
{
	policy_free(w->policy);
	scripts_free(w->scripts);
	keystore_free(w->keys);
	free(w->conf);
	memset(w, 0, sizeof(*w));
}

int
words_load(const char *conffile, struct words *w, struct errmsg *e)
{
	memset(w, 0, sizeof(*w));
	if ((w->conf = conf_load(conffile, e)) == NULL ||
	    (w->policy = policy_load(w->conf, e)) == NULL ||
	    (w->scripts = scripts_load(w->conf, e)) == NULL || netside_check(w, e) == -1) {
		words_free(w);
		return -1;
	}
	return 0;
}

/* What cannot change while jobs are tied to it. */
static int
same_identity(const struct conf *a, const struct conf *b, struct errmsg *e)
{
	const struct {
		const char *name, *a, *b;
	} fixed[] = {
	    {"fleet", a->fleet, b->fleet},
	    {"host", a->host_id, b->host_id},
	    {"host", a->host_name, b->host_name},
	    {"state-dir", a->state_dir, b->state_dir},
	    {"run-dir", a->run_dir, b->run_dir},
	    {"libexec-dir", a->libexec_dir, b->libexec_dir},
	    {"cgroup-dir", a->cgroup_dir, b->cgroup_dir},
	};

	/* the first identity is taken as it comes: no job is tied to none */
	for (size_t i = conf_enrolled(a) ? 0 : 3; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(fixed[i].a, fixed[i].b) != 0)
			return err_set(
			    e, "%s cannot change in a running agent: restart it", fixed[i].name);
	return 0;
}

static int
try_reload(struct privd *p, struct words *w, struct errmsg *e)
{
	if (words_load(p->conffile, w, e) == -1)
		return -1;
	if (same_identity(p->w.conf, w->conf, e) == -1 || netside_covers(p, w, e) == -1)
		return -1;
	w->keys = keystore_load(p->statefd, w->conf->fleet, e);
	return w->keys == NULL ? -1 : sandbox_covers(w, e);
}

void
privd_audit_keys(struct privd *p)
{
	char count[16], version[24];
	unsigned int n = 0;

	while (policy_key(p->w.policy, n) != NULL)
		n++;
	snprintf(count, sizeof(count), "%u", n);
	snprintf(version, sizeof(version), "%llu", (unsigned long long)keystore_version(p->w.keys));
	(void)audit_event(p->audit, "key.load", "keys", count, "store", version, NULL);
}

static void
audit_enrolled(struct privd *p)
{
	const struct conf *c = p->w.conf;

	log_info("this host is %s of fleet %s now", c->host_name, c->fleet);
	(void)audit_event(p->audit, "host.enroll", "fleet", c->fleet, "host", c->host_id, "name",
	    c->host_name, NULL);
}

int
privd_reload(struct privd *p, struct errmsg *e)
{
	struct words w, old;

	if (try_reload(p, &w, e) == -1) {
		words_free(&w);
		log_warnx("the old configuration stays: %s", e->text);
		(void)audit_event(p->audit, "conf.refuse", "reason", e->text, NULL);
		return -1;
	}
	old = p->w;
	p->w = w;
	if (!conf_enrolled(old.conf) && conf_enrolled(w.conf))
		audit_enrolled(p);
	p->generation++;
	words_free(&old);
	log_setverbose(
	    p->w.conf->verbose > log_getverbose() ? p->w.conf->verbose : log_getverbose());
	control_reloaded(p);
	netside_reloaded(p);
	log_info("configuration reloaded");
	(void)audit_event(p->audit, "conf.reload", "file", p->conffile, NULL);
	privd_audit_keys(p);
	return 0;
}

int
privd_disabled(const struct privd *p)
{
	char path[1100];
	struct stat st;

	snprintf(path, sizeof(path), "%s/disabled", p->w.conf->dir);
	/* only "it is not there" means not disabled */
	return lstat(path, &st) == 0 || errno != ENOENT;
}

const char *
privd_state(const struct privd *p)
{
	if (p->needs_rekey)
		return "needs-rekey";
	if (p->stopping)
		return "stopping";
	if (ledger_broken(p->ledger))
		return "broken";
	if (!conf_enrolled(p->w.conf))
		return "not-enrolled";
	return privd_disabled(p) ? "disabled" : "running";
}

int
privd_open(const struct privd *p, struct errmsg *e)
{
	if (p->needs_rekey)
		return err_set(e, "this host needs an admin-signed reset: %s", p->rekey_why);
	if (p->stopping)
		return err_set(e, "reeve-privd is stopping");
	if (ledger_broken(p->ledger))
		return err_set(e, "the ledger cannot be written: see the log, then restart "
				  "reeve-privd");
	if (!conf_enrolled(p->w.conf))
		return err_set(e, NOT_ENROLLED);
	if (privd_disabled(p))
		return err_set(e, "disabled by the file %s/disabled", p->w.conf->dir);
	return 0;
}
