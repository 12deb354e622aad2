/* privd/policy.c, policy_eval.c: who may order what. Bad lines: t_conffiles. */
#include "privd/policy.h"
#include "proto/ticket.h"
#include "regress/unit/confkit.h"
#include "regress/unit/ticketkit.h"

#define KEYS                                                                            \
	"[key ops]\nfile ops\nrole operator\nholder ops-1\n"                            \
	"allow pkg.install pkg.refresh script.run:backup-* agent.cancel\n"              \
	"[key online]\nfile online\nrole online\nholder online\nallow agent.* *.list\n" \
	"[key root]\nfile admin\nrole admin\nholder anna\n"                             \
	"[key cron]\nfile auto\nrole automation\nholder cron\n"                         \
	"allow script.run agent.cancel *\n"

static struct errmsg e;
static struct pubkey pubs[CK_NKEYS];
static const char *const files[CK_NKEYS] = {"ops", "online", "admin", "auto", "ops2"};
static struct policy *pol;

static int
readkey(const void *arg, const char *name, char **buf, size_t *len, struct errmsg *err)
{
	(void)arg;
	for (int i = 0; i < CK_NKEYS; i++)
		if (strcmp(files[i], name) == 0) {
			if ((*buf = malloc(SIGNIFY_TEXT_MAX)) == NULL)
				abort();
			*len = (size_t)pubkey_write(&pubs[i], name, *buf, SIGNIFY_TEXT_MAX);
			return 0;
		}
	return err_set(err, "%s: none", name);
}

static void
load(const char *text)
{
	policy_free(pol);
	pol = policy_fromtext("policy.conf", text, strlen(text), readkey, NULL, &e);
	if (pol == NULL)
		errx(1, "%s", e.text);
}

/* A ticket of KIND with the lines ARGS, spanning SPAN seconds. */
static const struct ticket *
ticket(const char *kind, const char *args, unsigned int span)
{
	static struct ticket t;
	char text[TICKET_MAX];
	int n = snprintf(text, sizeof(text),
	    "reeve-job 1\nfleet " KIT_FLEET "\nhost " KIT_HOST " web1.example.net\nid " KIT_ID
	    "\nissued 1795226400\nnotbefore 1795226400\nnotafter %u\nrequester ops-1\nkind "
	    "%s\n%send\n",
	    1795226400 + span, kind, args);

	if (ticket_parse(&t, text, (size_t)n, &e) == -1)
		errx(1, "%s: %s", kind, e.text);
	return &t;
}

static int
allows(enum ck_key key, const struct ticket *t, const struct kind *cancelled)
{
	const struct policy_key *k = NULL;

	e.text[0] = '\0';
	for (unsigned int i = 0; (k = policy_key(pol, i)) != NULL; i++)
		if (memcmp(k->pub.key, pubs[key].key, sizeof(k->pub.key)) == 0)
			break;
	if (k == NULL)
		errx(1, "key %d is not in the policy", (int)key);
	return policy_allows(pol, &k, 1, t, cancelled, &e);
}

static const struct {
	enum ck_key key;
	const char *kind, *args;
	unsigned int span;
	int allowed;
	const char *line; /* what E holds */
} rows[] = {
    {CK_OPS, "pkg.install", "arg name nginx\n", 3600, 1,
	"policy.conf:5: key ops allows pkg.install"},
    {CK_OPS, "pkg.refresh", "", 604800, 1, "policy.conf:5: key ops allows pkg.refresh"},
    {CK_OPS, "agent.ping", "", 60, 0, "policy.conf:1: key ops does not allow agent.ping"},
    {CK_OPS, "haproxy.server", "arg backend b\narg server s\n", 60, 0,
	"policy.conf:1: key ops does not allow haproxy.server"},
    {CK_OPS, "script.run", "arg name backup-db\n", 60, 1,
	"policy.conf:5: key ops allows script.run"},
    {CK_OPS, "script.run", "arg name backup-\n", 60, 1, "policy.conf:5: key ops allows script.run"},
    {CK_OPS, "script.run", "arg name backup\n", 60, 0,
	"policy.conf:1: key ops does not allow script.run:backup"},
    {CK_OPS, "script.run", "arg name restore\narg arg backup-db\n", 60, 0,
	"policy.conf:1: key ops does not allow script.run:restore"},
    {CK_ONLINE, "agent.ping", "", 60, 1, "policy.conf:10: key online allows agent.ping"},
    {CK_ONLINE, "agent.facts", "", 60, 1, "policy.conf:10: key online allows agent.facts"},
    {CK_ONLINE, "pkg.list", "", 60, 1, "policy.conf:10: key online allows pkg.list"},
    {CK_ONLINE, "haproxy.show", "arg what stat\n", 60, 0,
	"policy.conf:6: key online does not allow haproxy.show"},
    {CK_ONLINE, "agent.reload", "", 60, 0,
	"policy.conf:6: key online is online: it may order harmless kinds only"},
    {CK_ONLINE, "pkg.install", "arg name nginx\n", 60, 0,
	"policy.conf:6: key online is online: it may order harmless kinds only"},
    {CK_ADMIN, "agent.ping", "", 60, 0,
	"policy.conf:11: key root is an admin key: it signs no jobs"},
    {CK_AUTO, "script.run", "arg name anything\n", 3600, 1,
	"policy.conf:19: key cron allows script.run"},
    {CK_AUTO, "script.run", "arg name anything\n", 3601, 0,
	"policy.conf:15: key cron is an automation key: notafter must be at most 3600 s after "
	"issued"},
    {CK_AUTO, "haproxy.show", "arg what info\n", 60, 1,
	"policy.conf:19: key cron allows haproxy.show"},
    {CK_AUTO, "pkg.refresh", "", 60, 0, "policy.conf:15: key cron does not allow pkg.refresh"},
    {CK_AUTO, "agent.reload", "", 60, 0, "policy.conf:15: key cron does not allow agent.reload"},
};

static void
test_rows(void)
{
	load(KEYS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rv =
		    allows(rows[i].key, ticket(rows[i].kind, rows[i].args, rows[i].span), NULL);

		CHECKF((rv == 0) == rows[i].allowed, "row %zu %s: %s", i, rows[i].kind, e.text);
		CHECK_STR(e.text, rows[i].line);
	}
}

/* agent.cancel: written out, by a key that may order the kind that it cancels. */
static void
test_cancel(void)
{
	const struct ticket *t = ticket("agent.cancel", "arg id " KIT_ID "\n", 60);

	load(KEYS);
	CHECK(allows(CK_OPS, t, kind_byname("pkg.install")) == 0);
	CHECK_STR(e.text, "policy.conf:5: key ops allows agent.cancel");
	CHECK(allows(CK_OPS, t, kind_byname("script.run")) == 0);
	CHECK(allows(CK_OPS, t, kind_byname("haproxy.server")) == -1);
	CHECK_STR(
	    e.text, "policy.conf:1: key ops may not order haproxy.server, so it may not cancel it");
	CHECK(allows(CK_OPS, t, NULL) == -1);
	CHECK_STR(e.text, "policy.conf:1: key ops: the job to cancel is not known here");
	CHECK(allows(CK_ONLINE, t, kind_byname("agent.facts")) == -1);
	CHECK(allows(CK_AUTO, t, kind_byname("pkg.refresh")) == -1);
	CHECK(allows(CK_AUTO, t, kind_byname("agent.facts")) == 0);
	load("[key ops]\nfile ops\nrole operator\nholder o\nallow pkg.install agent.*\n");
	CHECK(allows(CK_OPS, t, kind_byname("pkg.install")) == -1);
	CHECK_STR(e.text, "policy.conf:1: key ops does not allow agent.cancel");
}

/* One signer that may is enough; none is not; one that left the policy counts for nothing. */
static void
test_signers(void)
{
	const struct policy_key *s[2], gone = {.name = "gone"};
	const struct ticket *t = ticket("pkg.refresh", "", 60);

	load(KEYS);
	CHECK(policy_allows(pol, s, 0, t, NULL, &e) == -1);
	CHECK_STR(e.text, "policy.conf: no signer");
	s[0] = policy_key(pol, 2);
	s[1] = policy_key(pol, 1);
	CHECK(policy_allows(pol, s, 2, t, NULL, &e) == -1);
	s[1] = policy_key(pol, 0);
	CHECK(policy_allows(pol, s, 2, t, NULL, &e) == 0);
	CHECK_STR(e.text, "policy.conf:5: key ops allows pkg.refresh");
	s[0] = &gone;
	CHECK(policy_allows(pol, s, 1, t, NULL, &e) == -1);
	CHECK_STR(e.text, "policy.conf: key gone has no section any more");
	CHECK(policy_key(pol, 3) != NULL && policy_key(pol, 4) == NULL);
	load("# nothing\n");
	CHECK(policy_key(pol, 0) == NULL);
	s[0] = &gone;
	CHECK(policy_allows(pol, s, 1, t, NULL, &e) == -1);
}

#define SEALED                                                                                \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 49 bytes, the \
										least */
#define OPS                                                                             \
	"[key ops]\nfile ops\nrole operator\nholder o\nallow * pkg.install script.run " \
	"haproxy.server\n[limit]\n"

static const struct {
	const char *limits, *kind, *args;
	int allowed;
	const char *line;
} limits[] = {
    {"pkgname nginx lib*\n", "pkg.install", "arg name nginx\narg name libc6\n", 1,
	":5: key ops allows pkg.install"},
    {"pkgname nginx lib*\n", "pkg.install", "arg name nginx\narg name vim\n", 0,
	":7: limit pkgname: argument name: vim is not listed"},
    {"pkgname nginx\n", "pkg.install", "arg name nginx-full\n", 0,
	":7: limit pkgname: argument name: nginx-full is not listed"},
    {"pkgname nginx\n", "pkg.list", "arg filter vim\n", 1, ":5: key ops allows pkg.list"},
    {"pkgglob lib*\n", "pkg.list", "", 0,
	":7: limit pkgglob: argument filter is absent, and (none) is not listed"},
    {"pkgglob lib* (none)\n", "pkg.list", "", 1, ":5: key ops allows pkg.list"},
    {"pkgglob lib*\n", "pkg.list", "arg filter li*\n", 0,
	":7: limit pkgglob: argument filter: li* is not listed"},
    {"pkgglob (none)\n", "pkg.list", "arg filter vim\n", 0,
	":7: limit pkgglob: argument filter: vim is not listed"},
    {"pkgver 1.2*\n", "pkg.install", "arg name nginx\n", 0,
	":7: limit pkgver: argument version is absent, and (none) is not listed"},
    {"pkgver 1.2*\n", "pkg.install", "arg name nginx\narg version 1.20\n", 1,
	":5: key ops allows pkg.install"},
    {"pkg.install pkgver 1.2*\n", "agent.ping", "", 1, ":5: key ops allows agent.ping"},
    {"haproxy.server ident web s1\n", "haproxy.server",
	"arg backend web\narg server s1\narg state drain\n", 1,
	":5: key ops allows haproxy.server"},
    {"haproxy.server ident web s1\n", "haproxy.server",
	"arg backend web\narg server s2\narg state drain\n", 0,
	":7: limit ident: argument server: s2 is not listed"},
    {"haproxy.server ident web s1\n", "script.run", "arg name web2\n", 1,
	":5: key ops allows script.run"},
    {"haproxy.server int 0 128\n", "haproxy.server", "arg backend b\narg server s\narg weight 12\n",
	0, ":7: limit int: argument weight: 12 is not listed"},
    /* both lines count: a second one never widens the first */
    {"ident backup-*\nscript.run ident restore\n", "script.run", "arg name restore\n", 0,
	":7: limit ident: argument name: restore is not listed"},
    {"ident backup-* (none)\nscript.run ident backup-db (none)\n", "script.run",
	"arg name backup-db\n", 1, ":5: key ops allows script.run"},
    {"ident backup-* (none)\nscript.run ident backup-db (none)\n", "script.run",
	"arg name backup-fs\n", 0, ":8: limit ident: argument name: backup-fs is not listed"},
    /* decoded before it is compared */
    {"text safe (none)\n", "script.run", "arg name x\narg arg safe\n", 1,
	":5: key ops allows script.run"},
    {"text safe b64:* (none)\n", "script.run", "arg name x\narg arg b64:LQpyZg\n", 0,
	":7: limit text: argument arg: -\\012rf is not listed"},
    /* a sealed value cannot be looked at */
    {"text * (none)\n", "script.run", "arg name x\narg token seal:" SEALED "\n", 0,
	":7: limit text: argument token is sealed and cannot be compared"},
};

static void
test_limits(void)
{
	char text[1024], want[512];

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int rv;

		snprintf(text, sizeof(text), "%s%s", OPS, limits[i].limits);
		load(text);
		rv = allows(CK_OPS, ticket(limits[i].kind, limits[i].args, 60), NULL);
		CHECKF((rv == 0) == limits[i].allowed, "row %zu: %s", i, e.text);
		snprintf(want, sizeof(want), "policy.conf%s", limits[i].line);
		CHECK_STR(e.text, want);
	}
}

static void
test_accepts(void)
{
	static const struct {
		const char *kind;
		int yes;
	} a[] = {{"agent.ping", 1}, {"pkg.install", 1}, {"script.run", 1}, {"agent.reload", 0},
	    {"haproxy.server", 0}, {"pkg.list", 1}, {"agent.cancel", 1}};

	load(KEYS);
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		CHECKF(policy_accepts(pol, kind_byname(a[i].kind)) == a[i].yes, "%s", a[i].kind);
	load("[key root]\nfile admin\nrole admin\nholder anna\n");
	CHECK(policy_accepts(pol, kind_byname("agent.ping")) == 0);
}

/* Every kind by every pattern: a '*' never reaches one that is not harmless. */
static void
test_stars(void)
{
	static const char *const stars[] = {
	    "*", "agent.*", "*.list", "pkg.*", "*g", "haproxy.sho*"};
	const struct kind *k;
	char text[256];

	for (size_t i = 0; i < sizeof(stars) / sizeof(stars[0]); i++) {
		snprintf(text, sizeof(text),
		    "[key ops]\nfile ops\nrole operator\nholder o\nallow %s\n", stars[i]);
		load(text);
		for (size_t n = 0; (k = kind_nth(n)) != NULL; n++)
			CHECKF(!policy_accepts(pol, k) || (k->flags & KF_HARMLESS), "%s %s",
			    stars[i], k->name);
	}
}

/* path-attacks: policy.conf and a key file. */
static void
test_paths(void)
{
	static const char *const victims[] = {"policy.conf", "ops.pub"};
	struct conf *c;
	struct policy *p;
	const char *what;

	for (int v = 0; v < 2; v++)
		for (unsigned int n = 0;; n++) {
			ck_new();
			ck_text("agent.conf", CK_AGENT, 0644);
			ck_text("policy.conf", "[key ops]\nfile ops.pub\nrole operator\nholder o\n",
			    0600);
			ck_pub("ops.pub", &pubs[CK_OPS], 0644);
			if ((c = conf_load(ck_path("agent.conf"), &e)) == NULL)
				errx(1, "%s", e.text);
			p = policy_load(c, &e);
			CHECKF(p != NULL, "good: %s", e.text);
			policy_free(p);
			what = kit_attack(victims[v], n, 1);
			if (what == NULL) {
				kit_must(unlinkat(kit_fd, victims[v], 0), "unlink");
				CHECK(policy_load(c, &e) == NULL);
				free(c);
				break;
			}
			CHECKF(policy_load(c, &e) == NULL, "%s: %s was taken", victims[v], what);
			CHECKF(strstr(e.text, victims[v]) != NULL, "%s", e.text);
			free(c);
		}
	kit_clean();
}

int
main(void)
{
	for (int i = 0; i < CK_NKEYS; i++)
		seckey_new(&ck_sec[i], &pubs[i]);
	test_rows();
	test_cancel();
	test_signers();
	test_limits();
	test_accepts();
	test_stars();
	test_paths();
	policy_free(pol);
	return check_done();
}
