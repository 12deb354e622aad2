/*
 * ctld/conf.c: values, defaults, and the corpus regress/conf/ctld: each FILE.ok must load, each
 * FILE.bad must fail with exactly the text of FILE.err. With -w the program writes the .err files
 * anew, for a person to read. The sample of the documentation must load too.
 */
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <unistd.h>

#include "ctld/conf.h"
#include "proto/api.h"
#include "regress/check.h"

#define CORPUS "regress/conf/ctld"
#define LEAST  40 /* bad files that there must be */

static int writing;

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *buf = malloc(65536);

	if (f == NULL || buf == NULL)
		err(1, "%s", path);
	*len = fread(buf, 1, 65535, f);
	buf[*len] = '\0';
	fclose(f);
	return buf;
}

static void
bad_file(const char *path, const char *got)
{
	char errfile[PATH_MAX], *want;
	size_t len;
	FILE *f;

	snprintf(errfile, sizeof(errfile), "%.*serr", (int)(strlen(path) - 3), path);
	if (writing) {
		if ((f = fopen(errfile, "we")) == NULL)
			err(1, "%s", errfile);
		fprintf(f, "%s\n", got);
		fclose(f);
		return;
	}
	want = slurp(errfile, &len);
	if (len > 0)
		want[len - 1] = '\0';
	CHECKF(strcmp(got, want) == 0, "%s:\n  said \"%s\"\n  must \"%s\"", path, got, want);
	free(want);
}

static void
one_file(const char *path, int bad)
{
	struct errmsg e = {0};
	struct conf *c;
	size_t len;
	char *buf = slurp(path, &len);

	c = ctld_conf_fromtext("ctld.conf", buf, len, &e);
	CHECKF((c == NULL) == bad, "%s: %s", path, e.text);
	if (bad && c == NULL)
		bad_file(path, e.text);
	free(c);
	free(buf);
}

static void
test_corpus(void)
{
	char path[PATH_MAX];
	DIR *d = opendir(CORPUS);
	unsigned int nbad = 0;
	struct dirent *de;

	if (d == NULL)
		err(1, CORPUS);
	while ((de = readdir(d)) != NULL) {
		const char *dot = strrchr(de->d_name, '.');

		snprintf(path, sizeof(path), CORPUS "/%s", de->d_name);
		if (dot != NULL && strcmp(dot, ".ok") == 0)
			one_file(path, 0);
		if (dot != NULL && strcmp(dot, ".bad") == 0) {
			nbad++;
			one_file(path, 1);
		}
	}
	closedir(d);
	CHECKF(nbad >= LEAST, "%u bad files", nbad);
	one_file("etc/ctld.conf.sample", 0);
}

static void
test_values(void)
{
	struct errmsg e;
	size_t len;
	char *buf = slurp(CORPUS "/least.ok", &len);
	struct conf *c = ctld_conf_fromtext("ctld.conf", buf, len, &e);

	if (c == NULL)
		errx(1, "%s", e.text);
	CHECK(c->nlistens == 1 && c->listen[0].port == API_PORT);
	CHECK_STR(c->listen[0].address, "*");
	CHECK_STR(c->listen[0].cert, "/c");
	CHECK_STR(c->listen[0].key, "/k");
	CHECK_STR(c->url, "https://ctl.example.net:7440");
	CHECK_STR(c->state_dir, "/var/lib/reeve-ctld");
	CHECK_STR(c->sign_socket, "/run/reeve-sign/sign.sock");
	CHECK(!c->url_bundle && c->nproxies == 0 && c->interval == 30 && c->lease == 60);
	CHECK(c->keep_days == 30 && c->output_max == 17179869184ULL && !c->verbose);
	free(c);
	free(buf);
	buf = slurp(CORPUS "/all.ok", &len);
	if ((c = ctld_conf_fromtext("ctld.conf", buf, len, &e)) == NULL)
		errx(1, "%s", e.text);
	CHECK(c->nlistens == 4 && c->listen[2].port == 443 && c->listen[1].port == API_PORT);
	CHECK_STR(c->listen[2].address, "2001:db8::1");
	CHECK_STR(c->url, "https://192.0.2.1:8443/x/y");
	CHECK(c->url_bundle && c->nproxies == 3 && c->proxy[0].header == PROXY_XFF);
	CHECK(c->proxy[1].header == PROXY_FORWARDED && c->proxy[2].header == PROXY_CF);
	CHECK(c->interval == 1 && c->lease == 3600 && c->keep_days == 3650 && c->verbose);
	free(c);
	free(buf);
}

int
main(int argc, char **argv)
{
	const char *top = getenv("TOP");

	writing = argc == 2 && strcmp(argv[1], "-w") == 0;
	if (top != NULL && chdir(top) == -1)
		err(1, "%s", top);
	test_corpus();
	test_values();
	return check_done();
}
