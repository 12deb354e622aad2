/* proto/api*.c: each document through its writer and reader, and the bounds of both. */
#include "proto/api.h"
#include "proto/jsonin.h"
#include "regress/unit/apikit.h"

static void
test_round(void)
{
	struct errmsg e;

	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d), *again;

		CHECKF(text != NULL, "%s", doc_name[d]);
		if (text == NULL)
			continue;
		CHECKF(json_gate(text, strlen(text), &e) == 0, "%s: %s", doc_name[d], e.text);
		again = kit_again(d, text, strlen(text), &e);
		CHECKF(again != NULL, "%s: %s: %s", doc_name[d], e.text, text);
		if (again != NULL)
			CHECK_STR(again, text);
		free(again);
		free(text);
	}
}

int
main(void)
{
	test_round();
	return check_done();
}
