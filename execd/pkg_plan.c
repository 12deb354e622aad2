/* The check step of pkg.install: what apt-get would do, judged before anything is done. */
#include <stdio.h>
#include <string.h>

#include "execd/aptshow.h"
#include "execd/dpkg.h"
#include "execd/pkg.h"
#include "execd/steps.h"

static int
plan_apt(struct command *c, const char *path, struct errmsg *e)
{
	pkg_command(c, "/nonexistent");
	if (command_exe(c, path, e) == -1)
		return -1;
	c->flags = CMD_CAPTURE | CMD_QUIET;
	return 0;
}

int
pkg_check_prepare(struct work *w, struct errmsg *e)
{
	const struct ticket *t = &w->in.ticket;
	struct command *c = &w->cmd[0];

	if (plan_apt(c, "/usr/bin/apt-get", e) == -1)
		return -1;
	command_arg(c, "-s");
	command_arg(c, "-q");
	command_arg(c, "-y");
	pkg_option(c, "APT::Get::Show-User-Simulation-Note=0");
	pkg_install_args(c, t);
	w->ncmds = 1;
	if (ticket_argv(t, "sha256") == NULL)
		return 0;
	c = &w->cmd[1];
	if (plan_apt(c, "/usr/bin/apt-cache", e) == -1)
		return -1;
	command_arg(c, "-q");
	command_arg(c, "show");
	command_arg(c, "--");
	command_arg(c, ticket_argv(t, "name"));
	w->ncmds = 2;
	return 0;
}

/*
 * A name that apt took for a pattern, a task or a virtual package is not what was signed: it must
 * stand in the plan, or be installed already, letter by letter.
 */
static void
check_names(struct work *w, const struct plan *p, const struct dpkg *now)
{
	const struct ticket *t = &w->in.ticket;
	const char *name, *version = ticket_argv(t, "version");
	const struct plan_change *c;
	const struct dpkg_pkg *have;
	size_t i;

	for (i = 0; (name = ticket_argn(t, "name", i)) != NULL; i++) {
		c = plan_find(p, name);
		have = dpkg_find(now, name);
		if (c != NULL && (c->act == PLAN_INSTALL || c->act == PLAN_UPGRADE)) {
			if (version != NULL && strcmp(c->new, version) != 0)
				work_end(w, END_REFUSED, 0, "%s: the plan says version %s", name,
				    c->new);
		} else if (c != NULL)
			work_end(w, END_REFUSED, 0, "%s: the plan removes it", name);
		else if (have == NULL || !have->present)
			work_end(w, END_REFUSED, 0, "%s: no package of exactly that name", name);
		else if (version != NULL && strcmp(have->version, version) != 0)
			work_end(w, END_REFUSED, 0, "%s: stays at version %s", name, have->version);
	}
}

static void
check_digest(struct work *w, const struct plan *p)
{
	const char *want = ticket_argv(&w->in.ticket, "plan");

	if (want != NULL && strcmp(want, p->digest) != 0)
		work_end(w, END_REFUSED, 0, "plan: it is now %s", p->digest);
}

/* The file that would be fetched, by the package lists, which the archive's key signed. */
static void
check_file(struct work *w, const struct plan *p)
{
	const struct ticket *t = &w->in.ticket;
	const char *want = ticket_argv(t, "sha256"), *name = ticket_argv(t, "name");
	const struct plan_change *c;
	const char *version = ticket_argv(t, "version");
	struct errmsg e;

	if (want == NULL)
		return;
	if ((c = plan_find(p, name)) != NULL)
		version = c->new;
	if (c == NULL)
		return; /* nothing is fetched: it is installed already */
	if (aptshow_sha256(w->cap[1].buf, w->cap[1].len, name, version, want, &e) == -1)
		work_end(w, END_REFUSED, 0, "%s", e.text);
}

void
pkg_json_changes(struct jsonout *j, const struct plan *p)
{
	const struct plan_change *c;
	size_t i;

	jo_str(j, "plan", p->digest);
	jo_arr(j, "changes");
	for (i = 0; i < p->n; i++) {
		c = &p->change[i];
		jo_obj(j, NULL);
		jo_str(j, "action", plan_actname(c->act));
		jo_str(j, "name", c->name);
		if (*c->old != '\0')
			jo_str(j, "old", c->old);
		if (*c->new != '\0')
			jo_str(j, "new", c->new);
		jo_end(j);
	}
	jo_end(j);
}

static void
show_plan(struct work *w, const struct plan *p)
{
	char line[sizeof(p->digest) + 8];
	struct jsonout j;

	framer_output(&w->fr, FR_STDOUT, p->text, p->len);
	snprintf(line, sizeof(line), "plan %s\n", p->digest);
	framer_output(&w->fr, FR_STDOUT, line, strlen(line));
	if (!ticket_isplan(&w->in.ticket))
		return;
	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	pkg_json_changes(&j, p);
	jo_end(&j);
	work_data(w, &j);
}

void
pkg_check_after(struct work *w)
{
	const struct capture *out = &w->cap[0];
	struct errmsg e;
	struct dpkg now;
	struct plan p;

	if (out->over || w->cap[1].over) {
		work_end(w, END_REFUSED, 0, "plan: longer than %d bytes", CAPTURE_MAX);
		return;
	}
	if (plan_parse(&p, out->buf != NULL ? out->buf : "", out->len, &e) == -1) {
		work_end(w, END_REFUSED, 0, "%s", e.text);
		return;
	}
	if (dpkg_read(&now, &e) == -1)
		work_end(w, END_REFUSED, 0, "%s", e.text);
	else {
		show_plan(w, &p);
		check_names(w, &p, &now);
		check_file(w, &p);
		check_digest(w, &p);
		dpkg_free(&now);
	}
	plan_free(&p);
}
