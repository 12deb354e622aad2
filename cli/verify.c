/* reeve verify: is this signature that key's, over these bytes? */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/strutil.h"
#include "proto/signify.h"

static void
load(const char *keyfile, const char *sigfile, struct pubkey *p, struct sig *s)
{
	struct errmsg e;
	size_t len;
	char *text = cli_read(keyfile, SIGNIFY_TEXT_MAX, &len);

	if (pubkey_parse(p, text, len, &e) == -1)
		errx(CLI_NO, "%s: %s", keyfile, e.text);
	if (!pubkey_usable(p))
		errx(CLI_NO, "%s: not a key that anything will accept", keyfile);
	free(text);
	text = cli_read(sigfile, SIGNIFY_TEXT_MAX, &len);
	if (sig_parse(s, text, len, &e) == -1)
		errx(CLI_NO, "%s: %s", sigfile, e.text);
	free(text);
}

int
cli_verify(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *keyfile = NULL;
	char words[400], number[17], *text;
	struct pubkey p;
	struct errmsg e;
	struct sig s;
	size_t len;
	int ch;

	while ((ch = cli_getopt(v, argc, argv, "p:h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		keyfile = optarg;
	}
	if (keyfile == NULL)
		cli_usage(v, "-p KEY.pub is missing");
	if (argc - optind != 2)
		cli_usage(v, "FILE and SIGFILE are needed");
	load(keyfile, argv[optind + 1], &p, &s);
	text = cli_read(argv[optind], CLI_FILE_MAX, &len);
	if (!pubkey_verify(&p, text, len, &s)) {
		str_hex(number, s.keynum, sizeof(s.keynum));
		errx(CLI_NO, "%s: the signature is not this key's%s%s", argv[optind],
		    memcmp(s.keynum, p.keynum, sizeof(p.keynum)) == 0 ? " over these bytes"
								      : "; it names key number ",
		    memcmp(s.keynum, p.keynum, sizeof(p.keynum)) == 0 ? "" : number);
	}
	if (cli_identify(text, len, words, sizeof(words), &e) == TEXT_NONE)
		printf("good signature over %zu bytes (%s)\n", len, e.text);
	else
		printf("good signature over %s\n", words);
	free(text);
	return CLI_OK;
}
