/* reeve.conf: where the control plane is, and what the operator is to it. */
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/site.h"
#include "lib/confline.h"
#include "lib/strutil.h"
#include "lib/valid.h"

#define CONF_MAX (64 * 1024)

/* A name in the file that is not absolute begins where the file lies. */
static char *
beside(const struct cli_conf *c, const char *path)
{
	char *out;

	if (path[0] == '/' || c->dir == NULL)
		return cli_keep(strdup(path));
	if (asprintf(&out, "%s/%s", c->dir, path) == -1)
		err(CLI_CANNOT, NULL);
	return cli_keep(out);
}

static int
set_url(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct cli_conf *c = arg;
	struct errmsg why;

	if (url_parse(&c->url, l->word[1], &why) == -1)
		return conf_err(l, e, "url: %s", why.text);
	c->urltext = cli_keep(strdup(l->word[1]));
	return 0;
}

static int
set_ca(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct cli_conf *c = arg;

	(void)e;
	c->ca =
	    strcmp(l->word[1], "bundle") == 0 ? cli_keep(strdup("bundle")) : beside(c, l->word[1]);
	return 0;
}

static int
set_file(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct cli_conf *c = arg;
	char *path = beside(c, l->word[1]);

	(void)e;
	if (strcmp(l->word[0], "token-file") == 0)
		c->tokenfile = path;
	else if (strcmp(l->word[0], "key") == 0)
		c->key = path;
	else
		c->roster = path;
	return 0;
}

static int
set_requester(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct cli_conf *c = arg;

	if (!valid_ident(l->word[1]))
		return conf_err(l, e,
		    "requester: must be letters, digits and . _ -, at most 64, not \"%s\"",
		    l->word[1]);
	c->requester = cli_keep(strdup(l->word[1]));
	return 0;
}

static const struct conf_key keys[] = {
    {"url", 1, 1, 0, set_url},
    {"ca", 1, 1, 0, set_ca},
    {"token-file", 1, 1, 0, set_file},
    {"key", 1, 1, 0, set_file},
    {"roster", 1, 1, 0, set_file},
    {"requester", 1, 1, 0, set_requester},
};

struct parsing {
	struct cli_conf *c;
	unsigned int seen[sizeof(keys) / sizeof(keys[0])];
};

static int
on_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct parsing *p = arg;

	if (l->nsection != 0)
		return conf_err(l, e, "there are no sections in reeve.conf");
	return conf_dispatch(keys, sizeof(keys) / sizeof(keys[0]), p->seen, l, p->c, e);
}

int
cli_conf_parse(struct cli_conf *c, const char *file, const char *buf, size_t len, struct errmsg *e)
{
	struct parsing p = {.c = c};

	return conf_parse(file, buf, len, on_line, &p, e);
}

/* ~/.config/reeve, and a file in it. */
static char *
home_file(const char *name)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;
	char *out;

	if (home == NULL || home[0] != '/')
		home = (pw = getpwuid(getuid())) != NULL ? pw->pw_dir : "/";
	if (asprintf(&out, "%s/.config/reeve/%s", home, name) == -1)
		err(CLI_CANNOT, NULL);
	return cli_keep(out);
}

static void
load_file(struct cli_conf *c)
{
	const char *named = getenv("REEVE_CONF");
	char *path = named != NULL ? cli_keep(strdup(named)) : home_file("reeve.conf"), *buf,
	     *slash;
	struct errmsg e;
	size_t len;

	c->dir = cli_keep(strdup(path));
	if ((slash = strrchr(c->dir, '/')) != NULL)
		slash[slash == c->dir] = '\0';
	else
		c->dir = cli_keep(strdup("."));
	if (named == NULL && access(path, F_OK) == -1 && errno == ENOENT)
		return;
	buf = cli_read_own(path, "what reeve trusts", 022, CONF_MAX, &len);
	if (cli_conf_parse(c, path, buf, len, &e) == -1)
		errx(CLI_NO, "%s", e.text);
	free(buf);
}

static void
take_env(char **value, const char *name)
{
	const char *v = getenv(name);

	if (v != NULL && v[0] != '\0')
		*value = cli_keep(strdup(v));
}

/* REEVE_TOKEN, or the file; its last newline is no part of it. */
static void
load_token(struct cli_conf *c)
{
	const char *env = getenv("REEVE_TOKEN");
	const char *from = env != NULL ? "REEVE_TOKEN" : c->tokenfile;
	uint8_t raw[TOKEN_SECRET / 2];
	char *buf = NULL;
	struct errmsg e;
	size_t len = 0;

	if (env == NULL && access(c->tokenfile, F_OK) == -1 && errno == ENOENT)
		errx(CLI_NO,
		    "%s: there is no token; an admin makes one by \"reeve token add NAME\": write "
		    "it "
		    "there (mode 0600), or set REEVE_TOKEN",
		    c->tokenfile);
	if (env == NULL) {
		buf = cli_read_own(c->tokenfile, "the token", 077, 4096, &len);
		if (len > 0 && buf[len - 1] == '\n')
			buf[--len] = '\0';
	}
	if (secret_parse(raw, env != NULL ? env : buf, &e) == -1)
		errx(CLI_NO, "%s: %s", from, e.text);
	str_hex(c->token, raw, sizeof(raw));
	sodium_memzero(raw, sizeof(raw));
	if (buf != NULL) {
		sodium_memzero(buf, len);
		free(buf);
	}
}

void
cli_conf_local(struct cli_conf *c)
{
	struct errmsg e;

	memset(c, 0, sizeof(*c));
	load_file(c);
	take_env(&c->ca, "REEVE_CA");
	take_env(&c->key, "REEVE_KEY");
	take_env(&c->roster, "REEVE_ROSTER");
	if (getenv("REEVE_URL") != NULL) {
		take_env(&c->urltext, "REEVE_URL");
		if (c->urltext == NULL || url_parse(&c->url, c->urltext, &e) == -1)
			errx(CLI_NO, "REEVE_URL: %s", c->urltext == NULL ? "is empty" : e.text);
	}
	if (c->tokenfile == NULL)
		c->tokenfile = home_file("token");
	if (c->roster == NULL)
		c->roster = home_file("roster");
}

void
cli_conf_load(struct cli_conf *c)
{
	cli_conf_local(c);
	if (c->urltext == NULL)
		errx(CLI_NO, "no control plane is named: \"url https://HOST:PORT\" in "
			     "~/.config/reeve/reeve.conf, or REEVE_URL; see reeve.conf(5)");
	if (c->ca == NULL)
		errx(CLI_NO,
		    "no CA is named: \"ca FILE\" (the site's, ca.crt of the control host) or \"ca "
		    "bundle\" in ~/.config/reeve/reeve.conf, or REEVE_CA; see reeve.conf(5)");
	load_token(c);
}
