/* Start-up. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/sb.h"
#include "privd/jobs.h"
#include "privd/start.h"
#include "version.h"

/* The word with which ledger.c and hostkeys.c say that state was lost, not that a call failed. */
#define LOST "needs-rekey"

#define LOCK_MS 2000 /* for an executor of a privd that died to let go of its lock */

int
start_words(struct privd *p, struct errmsg *e)
{
	if (words_load(p->conffile, &p->w, e) == -1)
		return -1;
	log_setverbose(
	    p->w.conf->verbose > log_getverbose() ? p->w.conf->verbose : log_getverbose());
	return 0;
}

int
start_probe(const struct privd *p, struct errmsg *e)
{
	if (sb_probe_minimum(e) == 0)
		return 0;
	if (!p->w.conf->below_minimum)
		return err_prefix(e, "this kernel offers less than reeve needs");
	log_warnx("below the minimum, as agent.conf allows: %s", e->text);
	return 0;
}

static int
open_statedir(struct privd *p, struct errmsg *e)
{
	const char *dir = p->w.conf->state_dir;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return err_errno(e, "state-dir %s", dir);
	p->statefd = fd_open_trusted(dir, O_RDONLY | O_DIRECTORY, FD_TRUST_PRIVATE, e);
	if (p->statefd == -1)
		return -1;
	if (fd_lock(p->statefd, LOCK_MS) == -1)
		return errno == EWOULDBLOCK
			   ? err_set(e, "state-dir %s: another reeve-privd uses it", dir)
			   : err_errno(e, "state-dir %s: flock", dir);
	return 0;
}

static void
need_rekey(struct privd *p, const struct errmsg *why)
{
	p->needs_rekey = 1;
	snprintf(
	    p->rekey_why, sizeof(p->rekey_why), "%.*s", (int)sizeof(p->rekey_why) - 1, why->text);
	log_warnx("no job will be taken: %s", why->text);
	(void)audit_event(p->audit, "rekey.needed", "reason", why->text, NULL);
}

/* Result key, seal key and ledger are made together or not at all. */
static int
open_keys(struct privd *p, struct errmsg *e)
{
	switch (hostkeys_state(p->statefd, e)) {
	case FS_NEW:
		log_info("first start: making the host's keys and an empty ledger");
		if (hostkeys_make(p->statefd, e) == -1 || ledger_make(p->statefd, e) == -1)
			return -1;
		break;
	case FS_COMPLETE:
		break;
	case FS_NEEDS_REKEY:
		need_rekey(p, e);
		return 0;
	}
	if (hostkeys_load(p->statefd, &p->keys, e) == 0)
		return 0;
	if (strstr(e->text, LOST) == NULL)
		return -1;
	need_rekey(p, e);
	return 0;
}

static int
known_job(const uint8_t id[16], void *arg)
{
	struct privd *p = arg;
	const struct known *k = known_find(p, id);

	return jobs_find(p, id) != NULL || (k != NULL && !k->acked);
}

static int
open_ledger(struct privd *p, struct errmsg *e)
{
	char lost[24];
	uint64_t seq;

	/* adopt_record() stops for one reason only */
	err_set(e, "ledger: a record tells of a job that was never accepted: " LOST);
	p->ledger = ledger_open(p->statefd, privd_now(p), adopt_record, p, e);
	if (p->ledger == NULL && strstr(e->text, LOST) == NULL)
		return -1;
	if (p->ledger == NULL) {
		need_rekey(p, e);
		return 0;
	}
	seq = ledger_seq(p->ledger);
	if (p->cut != 0 && p->cut + 300 >= privd_now(p)) {
		snprintf(lost, sizeof(lost), "%llu", (unsigned long long)seq);
		(void)audit_event(p->audit, "ledger.cut", "seq", lost, NULL);
	}
	known_prune(p, privd_now(p));
	return spool_sweep(p->spool, known_job, p, e);
}

int
start_state(struct privd *p, struct errmsg *e)
{
	if (open_statedir(p, e) == -1)
		return -1;
	if ((p->audit = audit_open(p->statefd, e)) == NULL)
		return -1;
	if (audit_event(p->audit, "agent.start", "version", REEVE_VERSION, "host",
		conf_enrolled(p->w.conf) ? p->w.conf->host_name : NULL, NULL) == -1)
		log_warnx("the audit trail cannot be written: no job will be taken");
	p->w.keys = keystore_load(p->statefd, p->w.conf->fleet, e);
	if (p->w.keys == NULL)
		return -1;
	privd_audit_keys(p);
	if ((p->spool = spool_open(p->statefd, p->w.conf->spool_max, e)) == NULL)
		return -1;
	p->floor = REEVE_BUILD_TIME;
	if (jobs_init(p, e) == -1 || open_keys(p, e) == -1)
		return -1;
	return p->needs_rekey ? 0 : open_ledger(p, e);
}

int
start_tools(struct privd *p, struct errmsg *e)
{
	char path[1100];

	if ((p->cgroup = cgroup_base(p->w.conf, e)) == NULL) {
		if (!p->w.conf->below_minimum)
			return -1;
		log_warnx("below the minimum, as agent.conf allows: %s", e->text);
	}
	snprintf(path, sizeof(path), "%s/reeve-execd", p->w.conf->libexec_dir);
	p->execd = fd_open_trusted(path, O_RDONLY, FD_TRUST_EXEC, e);
	return p->execd == -1 ? -1 : 0;
}

void
start_undo(struct privd *p)
{
	ledger_close(p->ledger);
	spool_close(p->spool);
	if (p->audit != NULL)
		audit_close(p->audit);
	hostkeys_wipe(&p->keys);
	words_free(&p->w);
}
