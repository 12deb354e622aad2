/* Loads compiled filters. Compiling them (sb_seccomp.c) is the build's and the tests' work. */

#include <sys/syscall.h>

#include <linux/seccomp.h>

#include <stdlib.h>
#include <unistd.h>

#include "lib/sb.h"
#include "lib/sb_prog.h"

const struct sock_fprog *
sb_filter_bpf(const struct sb_prog *p)
{
	return &p->fprog;
}

int
sb_filter_load(const struct sb_prog *p, struct errmsg *e)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p->fprog) == -1)
		return err_errno(e, "seccomp");
	return 0;
}

void
sb_filter_free(struct sb_prog *p)
{
	if (p == NULL)
		return;
	free(p->fprog.filter);
	free(p);
}
