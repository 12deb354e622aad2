/*
 * The figures of a heartbeat: what changes from one minute to the next, and who this is. It runs at
 * the heartbeat's pace: it reads a handful of files and asks HAProxy one question.
 */
#include <sys/statvfs.h>

#include <string.h>

#include "execd/bio.h"
#include "execd/factout.h"
#include "execd/framer.h"
#include "execd/hapcsv.h"
#include "execd/hapsock.h"
#include "execd/steps.h"
#include "lib/valid.h"

#define VITALS_MAX 65536 /* of the whole object */
#define STAT_MOST  49152 /* no further row of HAProxy's once it is so long */
#define HAP_MS	   2000	 /* HAProxy's time to answer */
#define BOOT_ID	   36

static void
put_bootid(struct jsonout *j, char *buf)
{
	const char *text = factout_slurp("/proc/sys/kernel/random/boot_id", buf, FACT_FILE);

	if (text != NULL && strcspn(text, "\n") == BOOT_ID)
		jo_strn(j, "boot_id", text, BOOT_ID);
}

static void
put_root(struct jsonout *j)
{
	struct statvfs v;

	if (statvfs("/", &v) == -1)
		return;
	jo_obj(j, "disk");
	jo_u64(j, "size", (uint64_t)v.f_blocks * v.f_frsize);
	jo_u64(j, "free", (uint64_t)v.f_bavail * v.f_frsize);
	jo_end(j);
}

/* HAProxy's own table, the columns that say who serves how much. */
static void
put_stat(struct jsonout *j, struct hapsock *h)
{
	static const char *const wanted[] = {"pxname", "svname", "status", "weight", "scur", "smax",
	    "stot", "qcur", "bin", "bout", "econ", "eresp", "rate", "lastchg", "check_status",
	    NULL};
	struct errmsg e;
	int left;

	if (hapsock_last(h, "show stat", &e) == -1) {
		jo_str(j, "state", "silent");
		return;
	}
	jo_str(j, "state", "up");
	left = hap_stat_some(j, "stat", h->buf, h->len, wanted, STAT_MOST, &e);
	if (left > 0)
		jo_u64(j, "left_out", (uint64_t)left);
}

static void
put_haproxy(struct jsonout *j, const struct setup *s, int connected)
{
	struct hapsock h = {.fd = TOOL_SOCK, .until = framer_mono() + HAP_MS};

	if (s->host.haproxy_socket[0] == '\0')
		return;
	jo_obj(j, "haproxy");
	if (connected)
		put_stat(j, &h);
	else
		jo_str(j, "state", "down");
	jo_end(j);
}

static int
vitals(const struct setup *s, int connected)
{
	static char buf[FACT_FILE];
	struct jsonout j;

	jo_init(&j, VITALS_MAX);
	jo_obj(&j, NULL);
	factout_os(&j, buf);
	put_bootid(&j, buf);
	factout_load(&j, buf);
	factout_memory(&j, buf);
	put_root(&j);
	factout_addresses(&j, buf);
	put_haproxy(&j, s, connected);
	jo_end(&j);
	return bio_data(&j) == -1;
}

static int
vitals_connected(const struct setup *s)
{
	return vitals(s, 1);
}

static int
vitals_alone(const struct setup *s)
{
	return vitals(s, 0);
}

int
vitals_prepare(struct work *w, struct errmsg *e)
{
	const char *path = w->in.host.haproxy_socket;
	struct command *c = &w->cmd[0];
	struct errmsg why;

	(void)e;
	command_init(c, NULL);
	w->ncmds = 1;
	/* a HAProxy that is not there is a figure, not a failure */
	if (path[0] != '\0')
		c->sock = hapsock_connect(path, &why);
	c->builtin = c->sock != -1 ? vitals_connected : vitals_alone;
	return 0;
}
