/* How the enrolment's child confines itself: as dial does, and it speaks TLS besides. */
#include <linux/filter.h>

#include "ctl/enroll.h"
#include "ctl_filter.h"
#include "lib/sb.h"
#include "lib/sb_prog.h"

#define ENROLL_FDS 32

void
enroll_sandbox(struct sb *s)
{
	static const struct sb_prog prog = SB_PROG(filter_ctl);
	static const struct sb_path paths[] = {{"/etc", SB_READ, 0}, {"/usr", SB_READ, 0},
	    {"/lib", SB_READ, 1}, {"/lib64", SB_READ, 1}, {"/run", SB_READ, 1},
	    {"/var/lib/sss/mc", SB_READ, 1}};

	sb_init(s);
	s->landlock = 1;
	s->paths = paths;
	s->npaths = sizeof(paths) / sizeof(paths[0]);
	s->nofile = ENROLL_FDS;
	s->nproc = 0;
	s->fsize = 0;
	s->prog = &prog;
}

int
enroll_confine(struct errmsg *e)
{
	const char *stage;
	struct sb s;

	enroll_sandbox(&s);
	return sb_apply_dropped(&s, &stage, e) == 0 ? 0 : err_prefix(e, "not confined: %s", stage);
}
