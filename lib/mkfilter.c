/* mkfilter: prints the compiled filters of the room that it was linked with. */
#include <stdio.h>

#include "lib/sb_mk.h"

int
main(void)
{
	const char *name;
	struct sb_filter f;

	printf("#include <linux/filter.h>\n");
	for (unsigned int n = 0; room_filter(n, &name, &f); n++)
		if (sb_mk_print(name, &f) == -1)
			return 1;
	return fflush(stdout) != 0 || ferror(stdout);
}
