/* How reeve-ctld confines itself. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctld/sandbox.h"
#include "lib/sb_prog.h"
#include "ctld_filter.h"

const struct sb_prog *
ctld_prog(void)
{
	static const struct sb_prog prog = SB_PROG(filter_ctld);

	return &prog;
}

static void
allow_dir(struct ctld_paths *a, const char *file)
{
	char *slash;

	if (a->n == CTLD_PATHS)
		return;
	snprintf(a->dir[a->n], PATH_MAX, "%s", file);
	if ((slash = strrchr(a->dir[a->n], '/')) == NULL || slash == a->dir[a->n])
		return;
	*slash = '\0';
	a->path[a->n] = (struct sb_path){a->dir[a->n], SB_READ, 1};
	a->n++;
}

/*
 * The directories of what a reload reads: a renewed certificate is a new file of the same name, and
 * that name may be a link to where a certificate tool keeps them.
 */
static void
allow_reading(struct ctld_paths *a, const char *file)
{
	char real[PATH_MAX];

	allow_dir(a, file);
	if (realpath(file, real) != NULL && strcmp(real, file) != 0)
		allow_dir(a, real);
}

void
ctld_sandbox(struct sb *s, struct ctld_paths *a, const struct conf *conf, const char *conffile)
{
	a->path[0] = (struct sb_path){conf->state_dir, SB_READ | SB_WRITE, 0};
	a->n = 1;
	allow_reading(a, conffile);
	for (size_t i = 0; i < conf->nlistens; i++) {
		allow_reading(a, conf->listen[i].cert);
		allow_reading(a, conf->listen[i].key);
	}
	sb_init(s);
	s->landlock = 1;
	s->paths = a->path;
	s->npaths = a->n;
	s->landlock_net = 1;
	s->nproc = 0;
	s->prog = ctld_prog();
}

int
ctld_confine(const struct conf *conf, const char *conffile, struct errmsg *e)
{
	struct ctld_paths *a = calloc(1, sizeof(*a));
	const char *stage;
	struct sb s;
	int rc;

	if (a == NULL)
		return err_set(e, "out of memory");
	ctld_sandbox(&s, a, conf, conffile);
	rc = sb_apply_dropped(&s, &stage, e);
	free(a);
	return rc == -1 ? err_prefix(e, "not confined: %s", stage) : 0;
}
