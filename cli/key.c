/* reeve key: pairs in signify(1)'s files, unencrypted; signify -G makes those with a passphrase. */
#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/strutil.h"
#include "proto/signify.h"

#define COMMENT_MAX 900
#define SECRET_LINE 140 /* characters of a secret key's base64; a public key has 56 */

static char *
with_ending(const char *name, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s%s", name, ending) == -1)
		err(CLI_CANNOT, NULL);
	return path;
}

/* The secret file first: a public key without one would be worthless. */
static void
write_pair(const char *name, const char *comment)
{
	char text[SIGNIFY_TEXT_MAX], line[COMMENT_MAX + 20];
	char *pub = with_ending(name, ".pub"), *sec = with_ending(name, ".sec");
	struct seckey k;
	struct pubkey p;
	ssize_t n;

	if (access(pub, F_OK) == 0)
		errx(CLI_CANNOT, "%s: is there already, and is never written over", pub);
	seckey_new(&k, &p);
	snprintf(line, sizeof(line), "%s secret key", comment);
	n = seckey_write(&k, line, text, sizeof(text));
	sodium_memzero(&k, sizeof(k));
	if (n > 0)
		cli_write(sec, 0600, 1, text, (size_t)n);
	sodium_memzero(text, sizeof(text));
	snprintf(line, sizeof(line), "%s public key", comment);
	if (n > 0 && (n = pubkey_write(&p, line, text, sizeof(text))) > 0)
		cli_write(pub, 0644, 1, text, (size_t)n);
	if (n <= 0)
		errx(CLI_CANNOT, "%s: the key could not be written as text", name);
	printf("%s\n%s\n", sec, pub);
	free(pub);
	free(sec);
}

int
key_new(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *comment = "reeve";
	int ch;

	while ((ch = cli_getopt(v, argc, argv, "c:h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		comment = optarg;
	}
	if (argc - optind != 1)
		cli_usage(v, "one NAME is needed; it gets the endings .pub and .sec");
	if (strlen(comment) > COMMENT_MAX || !str_printable(comment, strlen(comment)))
		cli_usage(v, "comment: must be at most %d bytes of printable ASCII", COMMENT_MAX);
	write_pair(argv[optind], comment);
	return CLI_OK;
}

/* A public key's file, or an unencrypted secret key's. */
static void
load_any(const char *path, struct pubkey *p, char **comment)
{
	static const char prefix[] = "untrusted comment: ";
	struct errmsg e;
	struct seckey k;
	size_t len;
	char *text = cli_read(path, SIGNIFY_TEXT_MAX, &len);
	const char *line = strchr(text, '\n');
	int secret = line != NULL && strcspn(line + 1, "\n") == SECRET_LINE;

	if (secret ? seckey_parse(&k, text, len, NULL, &e) : pubkey_parse(p, text, len, &e))
		errx(CLI_NO, "%s: %s", path, e.text);
	if (secret) {
		seckey_public(&k, p);
		sodium_memzero(&k, sizeof(k));
	}
	if ((*comment = strndup(text + strlen(prefix), strcspn(text, "\n") - strlen(prefix))) ==
	    NULL)
		err(CLI_CANNOT, NULL);
	sodium_memzero(text, len);
	free(text);
}

static void
show_json(const char *comment, const char *number, const char *print, const char *b64)
{
	struct jsonout j;

	jo_init(&j, CLI_JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "fingerprint", print);
	jo_str(&j, "number", number);
	jo_str(&j, "key", b64);
	jo_str(&j, "comment", comment);
	jo_end(&j);
	cli_json(&j);
}

static void
show_table(const char *comment, const char *number, const char *print, const char *b64)
{
	static const char *const cols[] = {"WHAT", "VALUE"};
	struct table *t = table_new(cols, 2, 0);
	char clean[4 * SIGNIFY_COMMENT_MAX + 1];

	str_vis(clean, sizeof(clean), comment, strlen(comment));
	table_row(t, (const char *[]){"fingerprint", print});
	table_row(t, (const char *[]){"number", number});
	table_row(t, (const char *[]){"key", b64});
	table_row(t,
	    (const char *[]){"comment", str_printable(comment, strlen(comment)) ? comment : clean});
	table_print(t);
}

int
key_show(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"help", no_argument, NULL, 'h'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	char number[17], print[65 + 7] = "sha256:", b64[57], *comment;
	struct pubkey p;
	uint8_t hash[32];
	int ch, json = 0;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		json = 1;
	}
	if (argc - optind != 1)
		cli_usage(v, "one FILE is needed");
	load_any(argv[optind], &p, &comment);
	ticket_hash((const char *)p.key, sizeof(p.key), hash);
	str_hex(print + 7, hash, sizeof(hash));
	str_hex(number, p.keynum, sizeof(p.keynum));
	pubkey_write_b64(&p, b64);
	if (json)
		show_json(comment, number, print, b64);
	else
		show_table(comment, number, print, b64);
	free(comment);
	if (!pubkey_usable(&p))
		errx(CLI_NO, "%s: not a key that anything will accept", argv[optind]);
	return CLI_OK;
}
