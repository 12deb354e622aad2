/* pkg.list: dpkg's status and what apt-get would upgrade, as one JSON object. */
#include <string.h>

#include "execd/dpkg.h"
#include "execd/pkg.h"
#include "execd/steps.h"
#include "lib/strutil.h"

int
pkg_list_prepare(struct work *w, struct errmsg *e)
{
	struct command *c = &w->cmd[0];

	pkg_command(c, "/nonexistent");
	if (command_exe(c, "/usr/bin/apt-get", e) == -1)
		return -1;
	command_arg(c, "-s");
	command_arg(c, "-q");
	pkg_option(c, "APT::Get::Show-User-Simulation-Note=0");
	command_arg(c, "dist-upgrade");
	c->flags = CMD_CAPTURE | CMD_QUIET;
	w->ncmds = 1;
	return 0;
}

/* apt writes the native architecture's packages without it. */
static const char *
upgrade_of(const struct plan *p, const struct dpkg_pkg *d)
{
	const struct plan_change *c;
	const char *arch;
	size_t i;

	for (i = 0; i < p->n; i++) {
		c = &p->change[i];
		if (c->act != PLAN_UPGRADE || strcmp(c->old, d->version) != 0)
			continue;
		arch = strchr(c->name, ':');
		if (arch == NULL ? strcmp(c->name, d->name) == 0
				 : strlen(d->name) == (size_t)(arch - c->name) &&
				       strncmp(c->name, d->name, strlen(d->name)) == 0 &&
				       strcmp(arch + 1, d->arch) == 0)
			return c->new;
	}
	return NULL;
}

static void
write_package(struct jsonout *j, const struct plan *p, const struct dpkg_pkg *d)
{
	const char *new = upgrade_of(p, d);

	jo_obj(j, NULL);
	jo_str(j, "name", d->name);
	jo_str(j, "version", d->version);
	jo_str(j, "arch", d->arch);
	jo_bool(j, "held", d->held);
	if (d->broken)
		jo_bool(j, "broken", 1);
	if (new != NULL)
		jo_str(j, "upgradable", new);
	else
		jo_null(j, "upgradable");
	jo_end(j);
}

void
pkg_list_after(struct work *w)
{
	const char *filter = ticket_argv(&w->in.ticket, "filter");
	const struct capture *out = &w->cap[0];
	struct jsonout j;
	struct errmsg e;
	struct dpkg d;
	struct plan p;
	size_t i;

	if (out->over || plan_parse(&p, out->buf != NULL ? out->buf : "", out->len, &e) == -1) {
		work_effect_failed(w, "%s", out->over ? "apt-get says too much" : e.text);
		return;
	}
	if (dpkg_read(&d, &e) == -1) {
		work_effect_failed(w, "%s", e.text);
		plan_free(&p);
		return;
	}
	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	jo_arr(&j, "packages");
	for (i = 0; i < d.n; i++)
		if (d.pkg[i].present && (filter == NULL || str_glob(filter, d.pkg[i].name)))
			write_package(&j, &p, &d.pkg[i]);
	jo_end(&j);
	jo_end(&j);
	work_data(w, &j);
	plan_free(&p);
	dpkg_free(&d);
}
