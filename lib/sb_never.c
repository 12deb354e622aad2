/* The deny list of privd as the build compiled it. */

#include "lib/sb.h"
#include "lib/sb_prog.h"
#include "never.h"

const struct sb_prog *
sb_never(void)
{
	static const struct sb_prog prog = SB_PROG(filter_never);

	return &prog;
}
