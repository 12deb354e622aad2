/* How dial confines itself. */
#include <sys/stat.h>

#include <unistd.h>

#include "dial/sandbox.h"
#include "lib/sb_prog.h"
#include "dial_filter.h" /* needs the instructions' type */

#define DIAL_FDS 32 /* channels, standard ones, a socket, and what resolver modules open */

const struct sb_prog *
dial_prog(void)
{
	static const struct sb_prog prog = SB_PROG(filter_dial);

	return &prog;
}

/* Where the words go may be a file that root opened: it must be able to grow. */
static int
logs_to_file(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);
}

void
dial_sandbox(struct sb *s)
{
	static const struct sb_path paths[] = {
	    {"/etc", SB_READ, 0}, {"/usr", SB_READ, 0}, {"/lib", SB_READ, 1},
	    {"/lib64", SB_READ, 1}, {"/run", SB_READ, 1},
	    {"/var/lib/sss/mc", SB_READ, 1}, /* sssd's answers, mapped by its module */
	};

	sb_init(s);
	s->landlock = 1;
	s->paths = paths;
	s->npaths = sizeof(paths) / sizeof(paths[0]);
	s->nofile = DIAL_FDS;
	s->nproc = 0;
	s->fsize = logs_to_file() ? RLIM_INFINITY : 0;
	s->prog = dial_prog();
}
