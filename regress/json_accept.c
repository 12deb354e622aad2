/* Throws standard input at the JSON gate and reader: exit 0 accepted, 1 refused with the reason on
 * stderr.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/jsonin.h"

int
main(void)
{
	static char buf[JSON_MAX + 2];
	struct errmsg e;
	struct json *j;
	size_t len = fread(buf, 1, sizeof(buf), stdin);

	if (ferror(stdin))
		err(1, "standard input");
	if ((j = json_parse(buf, len, &e)) == NULL)
		errx(1, "%s", e.text);
	json_free(j);
	return 0;
}
