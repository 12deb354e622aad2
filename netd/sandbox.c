/* How netd confines itself. */
#include <sys/stat.h>

#include <unistd.h>

#include "lib/sb_prog.h"
#include "netd/sandbox.h"
#include "netd_filter.h" /* needs the instructions' type */

/* 32 jobs' spool and inotify descriptors, three connections, channels, the loop's own. */
#define NETD_FDS 96

const struct sb_prog *
netd_prog(void)
{
	static const struct sb_prog prog = SB_PROG(filter_netd);

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
netd_sandbox(struct sb *s)
{
	sb_init(s);
	s->landlock = 1; /* and no path */
	s->landlock_net = 1;
	s->nofile = NETD_FDS;
	s->nproc = 0;
	s->fsize = logs_to_file() ? RLIM_INFINITY : 0;
	s->prog = netd_prog();
}
