/*
 * The corpus regress/conf: each FILE.ok must load, each FILE.bad must fail with exactly the text of
 * FILE.err. DIR in a file stands for the test's directory. With -w the program writes the .err
 * files anew, for a person to read.
 */
#include <dirent.h>
#include <limits.h>

#include "privd/policy.h"
#include "privd/scripts.h"
#include "regress/unit/confkit.h"

#define CORPUS "regress/conf"

static int writing;

/* agent.conf is the one under test only in its own part. */
static struct conf *
load_agent(struct errmsg *e)
{
	char path[sizeof(kit_dir) + 16];

	snprintf(path, sizeof(path), "%s/agent.conf", kit_dir);
	return conf_load(path, e);
}

static int
load_policy(struct errmsg *e)
{
	struct conf *c = load_agent(e);
	struct policy *p;
	int rv;

	if (c == NULL)
		return -1;
	rv = (p = policy_load(c, e)) != NULL ? 0 : -1;
	policy_free(p);
	free(c);
	return rv;
}

static int
load_scripts(struct errmsg *e)
{
	struct conf *c = load_agent(e);
	struct scripts *s;
	int rv;

	if (c == NULL)
		return -1;
	rv = (s = scripts_load(c, e)) != NULL ? 0 : -1;
	scripts_free(s);
	free(c);
	return rv;
}

static int
load_conf(struct errmsg *e)
{
	struct conf *c = load_agent(e);

	free(c);
	return c != NULL ? 0 : -1;
}

static const struct part {
	const char *dir, *file;
	int (*load)(struct errmsg *);
	unsigned int least; /* bad files that the corpus must hold */
} parts[] = {
    {"agent", "agent.conf", load_conf, 60},
    {"policy", "policy.conf", load_policy, 60},
    {"scripts", "scripts.conf", load_scripts, 60},
};

static char *
read_file(const char *path, size_t *len)
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

/* "CORPUS/part/name.bad" to "CORPUS/part/name.err". */
static void
err_path(char out[PATH_MAX], const char *path)
{
	snprintf(out, PATH_MAX, "%.*serr", (int)(strlen(path) - 3), path);
}

static void
check_error(const char *path, const char *got)
{
	char errfile[PATH_MAX], *want;
	size_t len;
	FILE *f;

	err_path(errfile, path);
	if (writing) {
		if ((f = fopen(errfile, "we")) == NULL)
			err(1, "%s", errfile);
		fprintf(f, "%s\n", got);
		fclose(f);
		return;
	}
	want = read_file(errfile, &len);
	if (len > 0)
		want[len - 1] = '\0';
	CHECKF(strcmp(got, want) == 0, "%s:\n  said \"%s\"\n  must \"%s\"", path, got, want);
	free(want);
}

static void
one_file(const struct part *p, const char *path, int bad)
{
	char *raw, *text, *said, dirslash[sizeof(kit_dir) + 1];
	struct errmsg e = {.text = ""};
	size_t len;
	int rv;

	snprintf(dirslash, sizeof(dirslash), "%s/", kit_dir);
	raw = read_file(path, &len);
	text = ck_replace(raw, &len, "DIR", kit_dir);
	kit_put(p->file, text, len);
	free(raw);
	free(text);
	rv = p->load(&e);
	len = strlen(e.text);
	said = ck_replace(e.text, &len, dirslash, "");
	raw = ck_replace(said, &len, kit_dir, "DIR");
	if (!bad)
		CHECKF(rv == 0, "%s: %s", path, raw);
	else {
		CHECKF(rv == -1, "%s: was taken", path);
		check_error(path, raw);
	}
	free(raw);
	free(said);
}

static void
one_part(const struct part *p)
{
	char dir[PATH_MAX], path[PATH_MAX + 256];
	struct dirent **list;
	unsigned int bad = 0, ok = 0;
	int n;

	snprintf(dir, sizeof(dir), "%s/%s", CORPUS, p->dir);
	if ((n = scandir(dir, &list, NULL, alphasort)) == -1)
		err(1, "%s", dir);
	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');

		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		if (strcmp(dot, ".bad") == 0 && ++bad)
			one_file(p, path, 1);
		else if (strcmp(dot, ".ok") == 0 && ++ok)
			one_file(p, path, 0);
		free(list[i]);
	}
	free(list);
	CHECKF(bad >= p->least, "%s: only %u bad files", dir, bad);
	CHECKF(ok >= 4, "%s: only %u good files", dir, ok);
}

/* The samples load as they are; so they do when every line that is only switched off is switched
 * on. */
static void
one_sample(const struct part *p, int uncomment)
{
	char path[PATH_MAX], on[sizeof(kit_dir) + 16];
	size_t len, n = 0;
	char *text;

	snprintf(path, sizeof(path), "etc/%s.sample", p->file);
	one_file(p, path, 0);
	if (!uncomment)
		return;
	text = read_file(path, &len);
	for (size_t i = 0; i < len; i++)
		if (text[i] != '#' || (i > 0 && text[i - 1] != '\n') ||
		    strchr(" \t\n", text[i + 1]) != NULL)
			text[n++] = text[i];
	CHECKF(n < len, "%s: nothing is switched off", path);
	kit_put("sample", text, n);
	free(text);
	snprintf(on, sizeof(on), "%s/sample", kit_dir);
	one_file(p, on, 0);
}

int
main(int argc, char **argv)
{
	char agent[sizeof(kit_dir) + 256];

	writing = argc == 2 && strcmp(argv[1], "-w") == 0;
	ck_new();
	ck_keys();
	ck_scripts();
	ck_work();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		one_part(&parts[i]);
		one_sample(&parts[i], parts[i].load != load_scripts);
		snprintf(agent, sizeof(agent), CK_AGENT "script-dirs %s/scripts\n", kit_dir);
		ck_text("agent.conf", agent, 0644);
	}
	ck_clean();
	return check_done();
}
