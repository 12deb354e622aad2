/* Puts what the command line gave in any order into the ticket's order. */
#include "cli/draft.h"

#include <bsd/stdlib.h>
#include <err.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/strutil.h"
#include "lib/valid.h"

#define SEAL_HEAD  "reeve-seal 1\n"
#define SECRET_MAX 4096

char *
draft_split(const struct verb *v, const char *what, char *word)
{
	char *eq = strchr(word, '=');

	if (eq == NULL || eq == word)
		cli_usage(v, "%s: must be name=value, not \"%s\"", what, word);
	*eq = '\0';
	return eq + 1;
}

void
draft_word(const struct verb *v, struct words *w, const char *what, char *word)
{
	if (w->n == TICKET_ARGS)
		cli_usage(v, "%s: at most %d of them", what, TICKET_ARGS);
	w->at[w->n].value = draft_split(v, what, word);
	w->at[w->n++].name = word;
}

static int
host_order(const struct ticket_host *a, const char *id, const char *name)
{
	int order = strcmp(a->id, id);

	return order != 0 ? order : strcmp(a->name, name);
}

void
draft_host(const struct verb *v, struct draft *d, char *word)
{
	struct ticket_host *h = d->t.host;
	char *name = strchr(word, ':');
	size_t i;

	if (name == NULL)
		cli_usage(v, "--host: must be ID:NAME, not \"%s\"", word);
	*name++ = '\0';
	if (!valid_hex(word, JOB_IDLEN))
		cli_usage(v, "--host: the id must be 32 lower-case hex digits, not \"%s\"", word);
	if (!valid_hostname(name))
		cli_usage(v, "--host: \"%s\" is not a host name in lower case", name);
	if (d->t.nhosts == TICKET_HOSTS)
		cli_usage(v, "--host: at most %d of them", TICKET_HOSTS);
	for (i = d->t.nhosts; i > 0 && host_order(&h[i - 1], word, name) > 0; i--)
		h[i] = h[i - 1];
	if (i > 0 && host_order(&h[i - 1], word, name) == 0)
		cli_usage(v, "--host: %s:%s stands twice", word, name);
	h[i].id = word;
	h[i].name = name;
	d->t.nhosts++;
}

void
draft_limit(const struct verb *v, struct draft *d, char *word)
{
	char *value = draft_split(v, "--limit", word);
	struct ticket *t = &d->t;
	uint64_t n;

	if (str_u64(value, 1, UINT32_MAX, &n) == -1)
		cli_usage(v, "--limit: %s: must be a number, not \"%s\"", word, value);
	if (strcmp(word, "seconds") == 0) {
		t->seconds = (uint32_t)n;
		t->has_seconds = 1;
	} else if (strcmp(word, "output") == 0) {
		t->output = n;
		t->has_output = 1;
	} else if (strcmp(word, "stall") == 0) {
		t->stall = (uint32_t)n;
		t->has_stall = 1;
	} else
		cli_usage(v, "--limit: must be seconds, output or stall, not \"%s\"", word);
}

void
draft_requester(const struct verb *v, struct draft *d)
{
	const struct passwd *pw;
	struct ticket *t = &d->t;

	if (t->requester == NULL) {
		pw = getpwuid(getuid());
		t->requester = pw != NULL ? pw->pw_name : "";
	}
	if (!valid_ident(t->requester))
		cli_usage(
		    v, "--requester: must be letters, digits and . _ -, not \"%s\"", t->requester);
}

void
draft_stamp(struct draft *d)
{
	struct ticket *t = &d->t;
	uint8_t raw[JOB_IDLEN / 2];

	arc4random_buf(raw, sizeof(raw));
	str_hex(d->id, raw, sizeof(raw));
	t->id = d->id;
	if (t->issued == 0)
		t->issued = (uint64_t)time(NULL);
	if (t->notbefore == 0)
		t->notbefore = t->issued;
	t->notafter = t->notbefore + d->valid;
}

/* The host's seal key: its file (reeve-seal 1), as `reevectl` shows it. */
static void
load_sealkey(const struct verb *v, const struct draft *d, uint8_t key[32])
{
	size_t len, head = strlen(SEAL_HEAD);
	char *text;

	if (d->sealraw != NULL) {
		memcpy(key, d->sealraw, 32);
		return;
	}
	if (d->sealkey == NULL)
		cli_usage(v, "--seal needs --seal-key, the host's seal.pub");
	text = cli_read(d->sealkey, 256, &len);
	if (strncmp(text, SEAL_HEAD, head) != 0 || len < head + 2 || text[len - 1] != '\n' ||
	    str_b64dec(key, 32, text + head, len - head - 1) != 32)
		errx(CLI_NO, "%s: is not a host's seal key (reeve-seal 1)", d->sealkey);
	free(text);
}

/* What FILE holds, but one newline at its end, sealed: "seal:..." in memory of its own. */
static char *
seal_file(const struct kind_arg *a, const char *file, const uint8_t key[32])
{
	uint8_t box[SECRET_MAX + crypto_box_SEALBYTES];
	static char out[2 * sizeof(box)];
	struct errmsg e;
	char *secret, *copy;
	size_t len;
	int n;

	secret = cli_read(file, SECRET_MAX, &len);
	if (len > 0 && secret[len - 1] == '\n')
		secret[--len] = '\0';
	if (strlen(secret) != len)
		errx(CLI_NO, "%s: argument %s: must not hold a NUL byte", file, a->name);
	if (arg_check(a, secret, &e) == -1)
		errx(CLI_NO, "%s: %s", file, e.text);
	if (sodium_init() == -1 ||
	    crypto_box_seal(box, (const unsigned char *)secret, len, key) != 0)
		errx(CLI_NO, "the seal key is not one that can be sealed to");
	sodium_memzero(secret, len);
	free(secret);
	n = snprintf(out, sizeof(out), "seal:");
	if (str_b64uenc(out + n, sizeof(out) - (size_t)n, box, len + crypto_box_SEALBYTES) == -1 ||
	    (copy = strdup(out)) == NULL)
		err(CLI_CANNOT, NULL);
	return copy;
}

static void
add_arg(struct ticket *t, const struct kind_arg *def, const char *value)
{
	if (t->nargs == TICKET_ARGS)
		errx(CLI_NO, "argument %s: at most %d arguments in all", def->name, TICKET_ARGS);
	t->arg[t->nargs].def = def;
	t->arg[t->nargs++].value = value;
}

/* Every word must be some argument of the kind, and of the right sort. */
static void
check_names(const struct draft *d, const struct words *w, int sealed)
{
	const struct kind_arg *a;
	size_t i;

	for (i = 0; i < w->n; i++) {
		if ((a = kind_arg(d->t.kind, w->at[i].name)) == NULL)
			errx(CLI_NO,
			    "argument %s: %s has none of that name; "
			    "reeve ticket new %s --help lists them",
			    w->at[i].name, d->t.kind->name, d->t.kind->name);
		if (sealed && (a->flags & AF_SEAL) == 0)
			errx(CLI_NO, "argument %s: must not be sealed", a->name);
		if (!sealed && (a->flags & AF_SEAL) && strncmp(w->at[i].value, "seal:", 5) != 0)
			errx(CLI_NO,
			    "argument %s: is a secret and must be sealed: put it in a file, "
			    "--seal %s=FILE --seal-key seal.pub",
			    a->name, a->name);
	}
}

static void
finish_args(const struct verb *v, struct draft *d)
{
	const struct kind *k = d->t.kind;
	uint8_t key[32];
	size_t i, j;

	check_names(d, &d->words, 0);
	check_names(d, &d->seals, 1);
	if (d->seals.n > 0)
		load_sealkey(v, d, key);
	for (i = 0; i < k->nargs; i++) {
		for (j = 0; j < d->words.n; j++)
			if (strcmp(d->words.at[j].name, k->args[i].name) == 0)
				add_arg(&d->t, &k->args[i], d->words.at[j].value);
		for (j = 0; j < d->seals.n; j++)
			if (strcmp(d->seals.at[j].name, k->args[i].name) == 0)
				add_arg(&d->t, &k->args[i],
				    seal_file(&k->args[i], d->seals.at[j].value, key));
	}
}

static void
add_blob(struct draft *d, const struct kind_blob *def, const char *file)
{
	struct ticket *t = &d->t;
	struct ticket_blob *b = &t->blob[t->nblobs];
	size_t len;
	char *buf;

	if (t->nblobs == TICKET_BLOBS)
		errx(CLI_NO, "blob %s: at most %d blobs in all", def->name, TICKET_BLOBS);
	buf = d->blobdata[t->nblobs] = cli_keep(cli_read(file, BLOB_MAX, &len));
	b->def = def;
	b->size = (uint32_t)len;
	ticket_hash(buf, len, b->sha256);
	t->nblobs++;
}

static void
finish_blobs(struct draft *d)
{
	const struct kind *k = d->t.kind;
	size_t i, j, used = 0;

	for (i = 0; i < k->nblobs; i++)
		for (j = 0; j < d->blobs.n; j++)
			if (strcmp(d->blobs.at[j].name, k->blobs[i].name) == 0) {
				add_blob(d, &k->blobs[i], d->blobs.at[j].value);
				used++;
			}
	if (used != d->blobs.n)
		errx(CLI_NO, "--blob: %s has no blob of a name that was given", k->name);
}

void
draft_finish(const struct verb *v, struct draft *d)
{
	finish_args(v, d);
	finish_blobs(d);
}
