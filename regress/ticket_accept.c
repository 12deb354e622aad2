/* Throws standard input at the ticket parser: exit 0 accepted, 1 refused with the reason on stderr.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/ticket.h"

int
main(void)
{
	static char buf[TICKET_MAX + 2];
	static struct ticket t;
	struct errmsg e;
	size_t len = fread(buf, 1, sizeof(buf), stdin);

	if (ferror(stdin))
		err(1, "standard input");
	if (ticket_parse(&t, buf, len, &e) == -1)
		errx(1, "%s", e.text);
	return 0;
}
