/*
 * Any bytes at every reader of proto/api.h: the first byte says which, the rest is the document.
 * What is taken is written, and what is written reads back as itself. The enrolment token, whose
 * reader takes what people paste, by the number behind the last.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/token.h"
#include "regress/unit/apikit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_token(const uint8_t *data, size_t size)
{
	char text[TOKEN_MAX + 2], one[TOKEN_MAX + 2], two[TOKEN_MAX + 2];
	struct token t, back;
	struct errmsg e;

	if (size > TOKEN_MAX)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (token_parse(&t, text, &e) == -1)
		return;
	token_text(&t, one, sizeof(one));
	if (token_parse(&back, one, &e) == -1)
		abort();
	token_text(&back, two, sizeof(two));
	if (strcmp(one, two) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errmsg e;
	char *one, *two;
	enum doc d;

	if (size == 0)
		return 0;
	d = (enum doc)(data[0] - 'a');
	if (d == DOC_MAX)
		try_token(data + 1, size - 1);
	if (d >= DOC_MAX)
		return 0;
	if ((one = kit_again(d, (const char *)data + 1, size - 1, &e)) == NULL)
		return 0;
	two = kit_again(d, one, strlen(one), &e);
	if (two == NULL || strcmp(one, two) != 0)
		abort();
	free(one);
	free(two);
	return 0;
}
