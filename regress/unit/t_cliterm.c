/* cli/io.c: what a hostile control plane or host may have a terminal show. Attack terminal-escapes.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "regress/check.h"

static char *text;
static size_t textlen;

static const char *
put(const char *p, size_t len, size_t piece)
{
	struct cli_tty t = {0};
	FILE *f;

	free(text);
	text = NULL;
	CHECK((f = open_memstream(&text, &textlen)) != NULL);
	for (size_t at = 0; at < len; at += piece)
		cli_put(&t, f, (const uint8_t *)p + at, len - at < piece ? len - at : piece);
	fclose(f);
	return text;
}

/* the same in any pieces */
#define PUT(in, out)                                                 \
	do {                                                         \
		for (size_t n_ = 1; n_ < sizeof(in); n_++)           \
			CHECK_STR(put(in, sizeof(in) - 1, n_), out); \
	} while (0)

static const char *
json(const char *p, size_t len)
{
	FILE *f;

	free(text);
	text = NULL;
	CHECK((f = open_memstream(&text, &textlen)) != NULL);
	cli_put_json(f, p, len);
	fclose(f);
	return text;
}

#define JSON(in, out) CHECK_STR(json(in, sizeof(in) - 1), out)

int
main(void)
{
	PUT("plain ~\ttext\n", "plain ~\ttext\n");
	PUT("\x1b]0;x\x07", "\\033]0;x\\007");
	PUT("a\rb\bc\x7f", "a\\015b\\010c\\177");
	PUT("a\0b", "a\\000b");
	/* UTF-8, but not its control characters, nor longer forms of shorter ones */
	PUT("\xc3\xa4 \xe2\x80\x93 \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x80\x93 \xf0\x9f\x98\x80");
	PUT("\xc2\xa0", "\xc2\xa0");
	PUT("\xc2\x9b"
	    "31m",
	    "\\302\\23331m");
	PUT("\x9b"
	    "31m",
	    "\\23331m");
	PUT("\xc0\x9b", "\\300\\233");
	PUT("\xe0\x82\x9b", "\\340\\202\\233");
	PUT("\xf0\x80\x82\x9b", "\\360\\200\\202\\233");
	PUT("\xf5\x80\x80\x80", "\\365\\200\\200\\200");
	PUT("\xc3\x1b[0m", "\\303\\033[0m");
	PUT("\xe2\x80\x1b[0m", "\xe2\x80\\033[0m");
	PUT("\xc3\xc3\xa4", "\\303\xc3\xa4");
	JSON("{\"a\":\"\xc3\xa4\\u001b\"}", "{\"a\":\"\xc3\xa4\\u001b\"}");
	JSON("\"\x7f\xc2\x9b\xc2\xa0\"", "\"\\u007f\\u009b\xc2\xa0\"");
	JSON("\"\xc2", "\"\xc2");
	free(text);
	return check_done();
}
