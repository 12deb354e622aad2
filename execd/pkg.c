/* pkg.refresh, and the apply step of pkg.install: apt-get as root, by fixed argument lists. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "execd/dpkg.h"
#include "execd/pkg.h"
#include "execd/steps.h"

#define APT_GET "/usr/bin/apt-get"
#define DPKG	"/usr/bin/dpkg"

void
pkg_command(struct command *c, const char *home)
{
	command_init(c, home);
	command_env(c, "DEBIAN_FRONTEND", "noninteractive");
	command_env(c, "DEBCONF_NONINTERACTIVE_SEEN", "true");
	command_env(c, "APT_LISTCHANGES_FRONTEND", "none");
	command_env(c, "APT_LISTBUGS_FRONTEND", "none");
	command_env(c, "NEEDRESTART_SUSPEND", "1");
}

void
pkg_option(struct command *c, const char *fmt, ...)
{
	char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	command_arg(c, "-o");
	command_arg(c, buf);
}

/* Options that every apt-get which changes something gets. */
static int
root_apt(struct work *w, struct command *c, struct errmsg *e)
{
	pkg_command(c, "/root");
	if (command_exe(c, APT_GET, e) == -1)
		return -1;
	command_arg(c, "-q");
	command_arg(c, "-y");
	pkg_option(c, "APT::Status-Fd=%d", TOOL_AUX);
	pkg_option(c, "DPkg::Lock::Timeout=%u", w->in.host.lock_wait);
	pkg_option(c, "Dpkg::Use-Pty=0");
	pkg_option(c, "Dpkg::Progress-Fancy=0");
	c->flags = CMD_ALONE;
	return 0;
}

int
pkg_refresh_prepare(struct work *w, struct errmsg *e)
{
	struct command *c = &w->cmd[0];

	if (root_apt(w, c, e) == -1)
		return -1;
	/* without this a list that could not be fetched is a warning and exit status 0 */
	pkg_option(c, "APT::Update::Error-Mode=any");
	command_arg(c, "update");
	c->flags |= CMD_CAPTURE;
	w->ncmds = 1;
	return 0;
}

static unsigned int
count_lines(const char *text, const char *start)
{
	unsigned int n = 0;
	size_t len = strlen(start);

	for (; text != NULL && *text != '\0'; text = strchr(text, '\n')) {
		text += *text == '\n';
		n += strncmp(text, start, len) == 0;
	}
	return n;
}

/* Lines with "Err:" may be a compression that the archive does not have: the exit status judges. */
void
pkg_refresh_after(struct work *w)
{
	const char *out = w->cap[0].buf;
	struct jsonout j;

	jo_init(&j, 4096);
	jo_obj(&j, NULL);
	jo_u64(&j, "fetched", count_lines(out, "Get:"));
	jo_u64(&j, "unchanged", count_lines(out, "Hit:"));
	jo_u64(&j, "ignored", count_lines(out, "Ign:"));
	jo_end(&j);
	work_data(w, &j);
}

void
pkg_install_args(struct command *c, const struct ticket *t)
{
	const char *name, *version = ticket_argv(t, "version");
	size_t i;

	/* what nobody approved by its digest removes nothing; a version that is named may be older
	 */
	if (ticket_argv(t, "plan") == NULL && !ticket_isplan(t))
		command_arg(c, "--no-remove");
	if (version != NULL)
		command_arg(c, "--allow-downgrades");
	command_arg(c, "install");
	command_arg(c, "--");
	for (i = 0; (name = ticket_argn(t, "name", i)) != NULL; i++) {
		if (version != NULL)
			command_argf(c, "%s=%s", name, version);
		else
			command_arg(c, name);
	}
}

/* The first command of an apply: what a former run of dpkg left half done, if it did. */
static int
heal_command(struct command *c, const char *conf, struct errmsg *e)
{
	pkg_command(c, "/root");
	if (command_exe(c, DPKG, e) == -1)
		return -1;
	command_argf(c, "--force-%s", conf);
	command_arg(c, "--configure");
	command_arg(c, "-a");
	c->flags = CMD_ALONE | CMD_SOFT;
	c->when = dpkg_interrupted;
	return 0;
}

int
pkg_apply_prepare(struct work *w, struct errmsg *e)
{
	const struct ticket *t = &w->in.ticket;
	const char *arg = ticket_argv(t, "conffile");
	int new = arg != NULL &&strcmp(arg, "new") == 0;
	const char *conf = new ? "confnew" : "confold";
	struct command *c = &w->cmd[1];

	if (heal_command(&w->cmd[0], conf, e) == -1 || root_apt(w, c, e) == -1)
		return -1;
	command_env(c, new ? "UCF_FORCE_CONFFNEW" : "UCF_FORCE_CONFFOLD", "1");
	/* no confdef beside it: that one keeps the old file also where the new one is asked for */
	pkg_option(c, "Dpkg::Options::=--force-%s", conf);
	pkg_install_args(c, t);
	w->ncmds = 2;
	return 0;
}

/* What was installed before, for the list of changes; and a word when dpkg has to be healed first.
 */
void
pkg_apply_before(struct work *w)
{
	struct errmsg e;

	if (dpkg_interrupted())
		framer_note(&w->fr, "dpkg was interrupted: what it left is configured first");
	if ((w->before = calloc(1, sizeof(*w->before))) != NULL && dpkg_read(w->before, &e) == -1)
		framer_note(&w->fr, "%s", e.text);
}

static void
add_change(struct plan *p, size_t *room, const struct dpkg_pkg *old, const struct dpkg_pkg *new)
{
	const struct dpkg_pkg *x = old != NULL ? old : new;
	struct plan_change c = {.act = PLAN_UPGRADE,
	    .name = x->name,
	    .old = old != NULL ? old->version : "",
	    .new = new != NULL ? new->version : ""};
	void *grown;

	if (old == NULL)
		c.act = PLAN_INSTALL;
	else if (new == NULL)
		c.act = PLAN_REMOVE;
	if (p->n == *room) {
		*room = *room == 0 ? 64 : *room * 2;
		if ((grown = reallocarray(p->change, *room, sizeof(*p->change))) == NULL)
			return;
		p->change = grown;
	}
	p->change[p->n++] = c;
}

/* Both lists are sorted alike: one walk over the two. */
static void
diff(struct plan *p, const struct dpkg *a, const struct dpkg *b)
{
	const struct dpkg_pkg *x, *y;
	size_t i = 0, k = 0, room = 0;
	int r;

	*p = (struct plan){0};
	while (i < a->n || k < b->n) {
		x = i < a->n ? &a->pkg[i] : NULL;
		y = k < b->n ? &b->pkg[k] : NULL;
		if (x != NULL && y != NULL) {
			if ((r = strcmp(x->name, y->name)) == 0)
				r = strcmp(x->arch, y->arch);
			x = r > 0 ? NULL : x;
			y = r < 0 ? NULL : y;
		}
		i += x != NULL;
		k += y != NULL;
		x = x != NULL && x->installed ? x : NULL;
		y = y != NULL && y->installed ? y : NULL;
		if ((x == NULL) != (y == NULL) ||
		    (x != NULL && strcmp(x->version, y->version) != 0))
			add_change(p, &room, x, y);
	}
}

/* Every name installed, at the version asked for: said by dpkg's own status, not by apt-get. */
static void
check_installed(struct work *w, const struct dpkg *now)
{
	const struct ticket *t = &w->in.ticket;
	const char *name, *version = ticket_argv(t, "version");
	const struct dpkg_pkg *p;
	size_t i;

	for (i = 0; (name = ticket_argn(t, "name", i)) != NULL; i++) {
		p = dpkg_find(now, name);
		if (p == NULL || !p->present)
			work_effect_failed(w, "%s is not installed", name);
		else if (!p->installed)
			work_effect_failed(w, "%s is only half installed", name);
		else if (version != NULL && strcmp(p->version, version) != 0)
			work_effect_failed(w, "%s is installed at version %s", name, p->version);
	}
	work_effect_ok(w);
}

void
pkg_apply_after(struct work *w)
{
	static const struct dpkg nothing;
	struct jsonout j;
	struct errmsg e;
	struct dpkg now;
	struct plan p;

	if (dpkg_read(&now, &e) == -1) {
		work_effect_failed(w, "%s", e.text);
		return;
	}
	diff(&p, w->before != NULL ? w->before : &nothing, &now);
	if (plan_finish(&p, &e) == -1)
		framer_note(&w->fr, "%s", e.text);
	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	pkg_json_changes(&j, &p);
	jo_end(&j);
	work_data(w, &j);
	check_installed(w, &now);
	plan_free(&p);
	dpkg_free(&now);
}
