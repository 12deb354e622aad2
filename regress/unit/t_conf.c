/* privd/conf.c: values and defaults; what stands at agent.conf's path. Bad lines: t_conffiles. */
#include <sys/mount.h>

#include <sched.h>

#include "privd/conf.h"
#include "regress/unit/confkit.h"

static struct errmsg e;

static struct conf *
from(const char *text)
{
	struct conf *c = conf_fromtext("/etc/reeve/agent.conf", text, strlen(text), &e);

	if (c == NULL)
		errx(1, "%s", e.text);
	return c;
}

static void
test_defaults(void)
{
	struct conf *c = from(CK_AGENT);

	CHECK_STR(c->dir, "/etc/reeve");
	CHECK_STR(c->fleet, CK_FLEET);
	CHECK_STR(c->host_id, CK_HOST);
	CHECK_STR(c->host_name, CK_NAME);
	CHECK_STR(c->haproxy_socket, "");
	CHECK_STR(c->state_dir, "/var/lib/reeve");
	CHECK_STR(c->run_dir, "/run/reeve");
	CHECK_STR(c->libexec_dir, "/usr/libexec/reeve");
	CHECK_STR(c->cgroup_dir, "");
	CHECK_STR(c->admin_group, "");
	CHECK(c->nscriptdirs == 0);
	CHECK(c->admin_gid == (gid_t)-1);
	CHECK(c->max_jobs == 8 && c->max_queue == 64);
	CHECK(c->spool_max == 1073741824 && c->output_max == 16777216);
	CHECK(c->max_span == 3600 && c->keep_days == 30 && c->lock_wait == 60);
	CHECK(c->below_minimum == 0 && c->verbose == 0);
	CHECK(c->heartbeat == 30 && c->poll_wait == 50 && conf_enrolled(c));
	CHECK(c->nservers == 0 && c->ntags == 0 && c->naddresses == 0 && c->proxy[0] == '\0');
	for (int i = 0; i < USER_MAX; i++)
		CHECK(c->users[i].uid == UID_NOBODY && c->users[i].gid == (gid_t)-1);
	free(c);
}

#define BODY "ca bundle\nbearer /s\n"

static void
test_servers(void)
{
	struct conf *c = from(CK_AGENT "proxy [2001:db8::2]:3128\ntag a \"b c\"\n"
				       "[server one]\nurl https://Ctl.Example.net/x/y\n" BODY
				       "[server two]\nurl https://192.0.2.1:8443\nca /c\ncert /d\n"
				       "key /e\n");

	CHECK(c->nservers == 2 && c->proxy_port == 3128 && c->ntags == 1);
	CHECK_STR(c->proxy, "2001:db8::2");
	CHECK_STR(c->tag[0].name, "a");
	CHECK_STR(c->tag[0].value, "b c");
	CHECK_STR(c->server[0].name, "one");
	CHECK_STR(c->server[0].url.host, "ctl.example.net");
	CHECK_STR(c->server[0].url.prefix, "/x/y");
	CHECK_STR(c->server[0].ca, "/etc/ssl/certs/ca-certificates.crt");
	CHECK_STR(c->server[0].bearer, "/s");
	CHECK_STR(c->server[0].cert, "");
	CHECK(c->server[0].url.port == 7440 && c->server[1].url.port == 8443);
	CHECK_STR(c->server[1].ca, "/c");
	CHECK_STR(c->server[1].cert, "/d");
	CHECK_STR(c->server[1].key, "/e");
	CHECK_STR(c->server[1].bearer, "");
	free(c);
	c = from("heartbeat 5\n");
	CHECK(!conf_enrolled(c) && c->heartbeat == 5);
	free(c);
}

static void
test_values(void)
{
	struct conf *c = from(
	    CK_AGENT "haproxy-socket /run/h.sock\nscript-dirs /srv/a \"/srv/b c\"\nstate-dir "
		     "/s\nrun-dir /r\n"
		     "libexec-dir /l\ncgroup-dir /c\nadmin-group adm\nmax-jobs 1\nmax-queue 2\n"
		     "spool-max 1048577\noutput-max 4097\nmax-span 604800\nkeep-days 5\n"
		     "package-lock-wait 0\nbelow-minimum yes\nlog-level debug\n");

	CHECK_STR(c->haproxy_socket, "/run/h.sock");
	CHECK(c->nscriptdirs == 2);
	CHECK_STR(c->scriptdir[0], "/srv/a");
	CHECK_STR(c->scriptdir[1], "/srv/b c");
	CHECK_STR(c->state_dir, "/s");
	CHECK_STR(c->run_dir, "/r");
	CHECK_STR(c->libexec_dir, "/l");
	CHECK_STR(c->cgroup_dir, "/c");
	CHECK_STR(c->admin_group, "adm");
	CHECK(c->max_jobs == 1 && c->max_queue == 2);
	CHECK(c->spool_max == 1048577 && c->output_max == 4097);
	CHECK(c->max_span == 604800 && c->keep_days == 5 && c->lock_wait == 0);
	CHECK(c->below_minimum == 1 && c->verbose == 1);
	free(c);
}

/* The file's own name must be usable: policy.conf and keys/ are looked for beside it. */
static void
test_names(void)
{
	static const char *const bad[] = {"agent.conf", "./agent.conf", "/agent.conf",
	    "/etc//agent.conf", "/etc/../agent.conf", ""};
	char path[CONF_PATH];
	struct conf *c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(conf_fromtext(bad[i], CK_AGENT, strlen(CK_AGENT), &e) == NULL, "%s", bad[i]);
	c = from(CK_AGENT);
	CHECK(conf_beside(c, "policy.conf", path, &e) == 0);
	CHECK_STR(path, "/etc/reeve/policy.conf");
	memset(c->dir, 'a', sizeof(c->dir) - 1);
	CHECK(conf_beside(c, "policy.conf", path, &e) == -1);
	free(c);
}

/* path-attacks: at the file itself and at each directory on the way. */
static void
test_paths(void)
{
	const char *what;
	struct conf *c;
	char *buf;
	size_t len;
	int missing;

	for (unsigned int n = 0;; n++) {
		ck_new();
		ck_text("agent.conf", CK_AGENT, 0644);
		c = conf_load(ck_path("agent.conf"), &e);
		CHECKF(c != NULL, "good: %s", e.text);
		if (c != NULL)
			CHECK_STR(c->dir, kit_dir);
		free(c);
		if ((what = kit_attack("agent.conf", n, 1)) == NULL)
			break;
		e.text[0] = '\0';
		c = conf_load(ck_path("agent.conf"), &e);
		CHECKF(c == NULL, "%s was taken", what);
		CHECKF(strstr(e.text, "agent.conf: ") != NULL, "%s: \"%s\"", what, e.text);
		CHECK(conf_slurp(ck_path("agent.conf"), 4096, &missing, &buf, &len, &e) == -1);
		CHECKF(missing == 0, "%s counts as no file", what);
		free(c);
	}
	kit_must(unlinkat(kit_fd, "agent.conf", 0), "unlink");
	CHECK(conf_slurp(ck_path("agent.conf"), 4096, &missing, &buf, &len, &e) == -1);
	CHECK(missing == 1);
	kit_must(symlinkat("nowhere", kit_fd, "agent.conf"), "symlink");
	CHECK(conf_slurp(ck_path("agent.conf"), 4096, &missing, &buf, &len, &e) == -1);
	CHECKF(missing == 0, "a broken link counts as no file");
	kit_clean();
}

static void
test_parents(void)
{
	static const struct {
		mode_t mode;
		uid_t uid;
		int good;
	} rows[] = {{0755, 0, 1}, {0700, 0, 1}, {0777, 0, 0}, {01777, 0, 0}, {0775, 0, 0},
	    {0755, 65534, 0}};
	struct conf *c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_new();
		kit_must(mkdirat(kit_fd, "d", 0755), "d");
		ck_text("d/agent.conf", CK_AGENT, 0644);
		kit_must(fchmodat(kit_fd, "d", rows[i].mode, 0), "chmod");
		kit_must(fchownat(kit_fd, "d", rows[i].uid, (gid_t)-1, 0), "chown");
		c = conf_load(ck_path("d/agent.conf"), &e);
		CHECKF((c != NULL) == rows[i].good, "mode %o uid %u", (unsigned int)rows[i].mode,
		    (unsigned int)rows[i].uid);
		free(c);
		kit_must(symlinkat("d", kit_fd, "l"), "l");
		c = conf_load(ck_path("l/agent.conf"), &e);
		CHECK(c == NULL);
		kit_clean();
	}
}

/* agent.conf beside the /etc/passwd PASSWD, in a mount namespace of this child's own. */
static const char *passwd;

static int
child_users(void)
{
	struct conf *c;

	ck_text("passwd", passwd, 0644);
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount(ck_path("passwd"), "/etc/passwd", NULL, MS_BIND, NULL) == -1)
		return 77;
	c = conf_load(ck_path("agent.conf"), &e);
	if (c != NULL)
		return c->users[USER_RUN].uid == 901 ? 0 : 1;
	return strstr(e.text, "one uid") != NULL	? 2
	       : strstr(e.text, "uid or gid 0") != NULL ? 3
							: 4;
}

static void
test_users(void)
{
	static const struct {
		const char *passwd;
		int want;
	} rows[] = {
	    {"_reeverun:x:901:901:::\n_reevescript:x:902:901:::\n", 0},
	    {"_reeverun:x:901:901:::\n_reevescript:x:901:902:::\n", 2},
	    {"_reeverun:x:0:901:::\n", 3},
	    {"_reevescript:x:901:0:::\n", 3},
	};

	ck_new();
	ck_text("agent.conf", CK_AGENT, 0644);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rv;

		passwd = rows[i].passwd;
		rv = kit_child(child_users);
		CHECKF(rv == rows[i].want, "row %zu: %d, not %d", i, rv, rows[i].want);
	}
	kit_clean();
}

static void
test_size(void)
{
	size_t n = CONF_FILE_MAX + 1;
	char *big = malloc(n);
	struct conf *c;

	if (big == NULL)
		err(1, "malloc");
	memset(big, '\n', n);
	memcpy(big, CK_AGENT, strlen(CK_AGENT));
	ck_new();
	kit_put("agent.conf", big, n);
	CHECK(conf_load(ck_path("agent.conf"), &e) == NULL);
	CHECKF(strstr(e.text, "larger than") != NULL, "%s", e.text);
	kit_put("agent.conf", big, n - 1);
	c = conf_load(ck_path("agent.conf"), &e);
	CHECKF(c != NULL, "%s", e.text);
	free(c);
	free(big);
	kit_clean();
}

int
main(void)
{
	test_defaults();
	test_values();
	test_servers();
	test_names();
	test_paths();
	test_parents();
	test_users();
	test_size();
	return check_done();
}
