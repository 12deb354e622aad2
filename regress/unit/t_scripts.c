/* privd/scripts.c, scripts_check.c: values and defaults, tried as the user. Bad lines: t_conffiles.
 */
#include <linux/capability.h>

#include "lib/fdutil.h"
#include "privd/scripts.h"
#include "regress/unit/confkit.h"

static struct errmsg e;

static struct conf *
begin(const char *scripts)
{
	char text[sizeof(kit_dir) + 512], *lines;
	size_t len = strlen(scripts);
	struct conf *c;

	ck_new();
	ck_scripts();
	ck_work();
	snprintf(text, sizeof(text), CK_AGENT "script-dirs %s/scripts\n", kit_dir);
	ck_text("agent.conf", text, 0644);
	lines = ck_replace(scripts, &len, "DIR", kit_dir);
	kit_put("scripts.conf", lines, len);
	free(lines);
	if ((c = conf_load(ck_path("agent.conf"), &e)) == NULL)
		errx(1, "%s", e.text);
	return c;
}

static void
test_values(void)
{
	struct conf *c =
	    begin("# two\nhello = DIR/scripts/hello user=nobody\n"
		  "all = DIR/scripts/two caps=CAP_NET_ADMIN,CAP_SYSLOG write=DIR.work/a:DIR.work/b "
		  "user=daemon network=no timeout=60 parallel=4\n"
		  "fix = DIR/scripts/hello root-equivalent user=root caps=CAP_SETUID\n");
	struct scripts *s = scripts_load(c, &e);
	const struct script *x;
	char work[2 * sizeof(kit_dir) + 32];
	struct user u;

	if (s == NULL)
		errx(1, "%s", e.text);
	x = scripts_nth(s, 0);
	CHECK_STR(x->name, "hello");
	CHECK_STR(x->path, ck_path("scripts/hello"));
	CHECK_STR(x->user, "nobody");
	CHECK(user_lookup("nobody", &u, &e) == 0);
	CHECK(x->ids.uid == u.uid && x->ids.gid == u.gid && x->ids.uid != 0);
	CHECK(x->home[0] == '/');
	CHECK(x->caps == 0 && x->net == 1 && !x->root_equivalent);
	CHECK(x->timeout == 0 && x->parallel == 1 && x->line == 2);
	CHECK_STR(x->write, "");
	x = scripts_nth(s, 1);
	CHECK_STR(x->name, "all");
	CHECK(x->caps == (1ULL << CAP_NET_ADMIN | 1ULL << CAP_SYSLOG));
	CHECK(x->net == 0 && x->timeout == 60 && x->parallel == 4 && x->line == 3);
	snprintf(work, sizeof(work), "%s.work/a:%s.work/b", kit_dir, kit_dir);
	CHECK_STR(x->write, work);
	x = scripts_find(s, "fix");
	CHECK(x == scripts_nth(s, 2));
	CHECK(x->root_equivalent == 1 && x->ids.uid == 0 && x->caps == 1ULL << CAP_SETUID);
	CHECK_STR(x->home, "/root");
	CHECK(scripts_nth(s, 3) == NULL);
	CHECK(scripts_find(s, "hell") == NULL && scripts_find(s, "") == NULL);
	scripts_free(s);
	free(c);
	ck_clean();
}

/* Syntax alone: nobody is looked up, and the default user is _reevescript. */
static void
test_fromtext(void)
{
	static const char text[] = "x = /srv/s/none\n";
	struct conf *c = conf_fromtext("/etc/reeve/agent.conf", CK_AGENT "script-dirs /srv/s\n",
	    strlen(CK_AGENT "script-dirs /srv/s\n"), &e);
	struct scripts *s = scripts_fromtext(c, "scripts.conf", text, strlen(text), &e);

	if (s == NULL)
		errx(1, "%s", e.text);
	CHECK_STR(scripts_nth(s, 0)->user, "_reevescript");
	CHECK(scripts_nth(s, 0)->ids.uid == UID_NOBODY);
	scripts_free(s);
	free(c);
}

static void
test_missing(void)
{
	struct conf *c = begin("");
	struct scripts *s;

	kit_must(unlinkat(kit_fd, "scripts.conf", 0), "unlink");
	s = scripts_load(c, &e);
	CHECKF(s != NULL && scripts_nth(s, 0) == NULL, "%s", e.text);
	scripts_free(s);
	kit_must(symlinkat("nowhere", kit_fd, "scripts.conf"), "symlink");
	CHECK(scripts_load(c, &e) == NULL);
	free(c);
	ck_clean();
}

/* path-attacks: scripts.conf itself, and the script. */
static void
test_paths(void)
{
	static const char *const victims[] = {"scripts.conf", "scripts/hello"};
	const char *what;
	struct conf *c;
	struct scripts *s;

	for (int v = 0; v < 2; v++)
		for (unsigned int n = 0;; n++) {
			c = begin("hello = DIR/scripts/hello user=nobody\n");
			s = scripts_load(c, &e);
			CHECKF(s != NULL, "good: %s", e.text);
			scripts_free(s);
			what = kit_attack(victims[v], n, 1);
			if (what != NULL) {
				CHECKF(scripts_load(c, &e) == NULL, "%s: %s was taken", victims[v],
				    what);
				CHECKF(strstr(e.text, victims[v]) != NULL, "%s: %s", what, e.text);
			}
			free(c);
			ck_clean();
			if (what == NULL)
				break;
		}
}

/* One of reeve's own users runs no script: it could reach what only reeve may. */
static void
test_own_user(void)
{
	struct conf *c = begin("hello = DIR/scripts/hello user=daemon\n");
	struct scripts *s;
	struct user u;

	if (user_lookup("daemon", &u, &e) == -1)
		errx(1, "%s", e.text);
	for (int i = 0; i < USER_MAX; i++) {
		c->users[i] = u;
		s = scripts_load(c, &e);
		CHECKF((s != NULL) == (i == USER_SCRIPT), "%s: %s", user_name((enum user_id)i),
		    e.text);
		scripts_free(s);
		c->users[i].uid = UID_NOBODY;
	}
	free(c);
	ck_clean();
}

/* Trying leaves nothing behind: no child, no descriptor, and root's ids as they were. */
static void
test_no_trace(void)
{
	struct conf *c =
	    begin("a = DIR/scripts/hello user=nobody\nb = DIR/scripts/hello user=daemon\n");
	int before = fd_count();

	for (int i = 0; i < 20; i++)
		scripts_free(scripts_load(c, &e));
	CHECK(fd_count() == before);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	CHECK(geteuid() == 0 && getegid() == 0);
	free(c);
	ck_clean();
}

int
main(void)
{
	test_values();
	test_fromtext();
	test_missing();
	test_paths();
	test_own_user();
	test_no_trace();
	return check_done();
}
