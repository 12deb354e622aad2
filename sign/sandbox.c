/* How the signer confines itself: nothing can be opened, made, started or sent anywhere any more.
 */
#include <sys/stat.h>

#include <unistd.h>

#include "lib/log.h"
#include "lib/sb_prog.h"
#include "sign/sandbox.h"
#include "sign/sign.h"
#include "sign_filter.h"

#define SIGN_FDS 16

const struct sb_prog *
sign_prog(void)
{
	static const struct sb_prog prog = SB_PROG(filter_sign);

	return &prog;
}

void
sign_sandbox(struct sb *s)
{
	sb_init(s);
	s->landlock = 1; /* no path at all: the register is held open */
	s->landlock_net = 1;
	s->nofile = SIGN_FDS;
	s->nproc = 0;
	s->prog = sign_prog();
}

void
sign_confine(void)
{
	const char *stage;
	struct errmsg e;
	struct sb s;

	sign_sandbox(&s);
	if (sb_apply_dropped(&s, &stage, &e) == -1)
		fatalx("not confined: %s: %s", stage, e.text);
}
