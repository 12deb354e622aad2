/* The plain path of the real netd: heartbeat, claim, submit, state, output, result, confirm. */
#include "regress/ipc/netdflow.h"

int
main(void)
{
	static struct kit k;

	kit_start(&k, NULL);
	flow_all(&k);
	CHECK(k.dials == 3);
	CHECKF(kit_end(&k) == 0, "%s", k.log);
	if (check_bad > 0)
		fprintf(stderr, "%s\n", k.log);
	return check_done();
}
