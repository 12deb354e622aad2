/* ctld/store*.c: what is kept, group commit, undoing, a second opener, a newer schema. */
#include <sys/stat.h>

#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "ctld/agents.h"
#include "ctld/store_db.h"
#include "regress/check.h"

static char dir[64];
static struct event_base *base;
static struct store *s;
static struct errmsg e;
static int told[2];

static struct store *
reopen(void)
{
	store_close(s);
	s = store_open(base, dir, &e);
	CHECKF(s != NULL, "%s", e.text);
	if (s == NULL)
		exit(1);
	return s;
}

static struct host
host(const char *name, const char *id)
{
	struct host h = {.created = 7, .nallows = 2};

	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.id, sizeof(h.id), "%s", id);
	(void)netblock_parse(&h.allow[0], "192.0.2.0/24", &e);
	(void)netblock_parse(&h.allow[1], "2001:db8::1", &e);
	return h;
}

#define ID1 "0123456789abcdef0123456789abcdef"
#define ID2 "1123456789abcdef0123456789abcdef"

static void
test_hosts(void)
{
	struct host a = host("a.example.net", ID1), b = host("b.example.net", ID2), h, list[4];
	size_t n;
	char *doc;

	CHECK(store_host_add(s, &a, &e) == 0 && store_host_add(s, &b, &e) == 0);
	CHECK(store_host_add(s, &a, &e) == 1);
	reopen();
	CHECK(store_host_byname(s, "a.example.net", &h, &e) == 0);
	CHECK_STR(h.id, ID1);
	CHECK(h.nallows == 2 && h.created == 7 && !h.enrolled);
	CHECK(memcmp(h.allow, a.allow, 2 * sizeof(a.allow[0])) == 0);
	CHECK(store_host_byname(s, "A.example.net", &h, &e) == 1);
	CHECK(store_host_byname(s, "a.example.net' OR '1'='1", &h, &e) == 1);
	CHECK(store_host_byid(s, ID2, &h, &e) == 0);
	CHECK(store_host_list(s, "", 4, list, &n, &e) == 0 && n == 2);
	CHECK(store_host_list(s, "", 1, list, &n, &e) == 0 && n == 1);
	CHECK(store_host_list(s, "a.example.net", 4, list, &n, &e) == 0 && n == 1);
	CHECK_STR(list[0].name, "b.example.net");
	h.last = 99;
	h.enrolled = 1;
	h.audit_seq = UINT64_MAX; /* larger than SQLite's: it stays the largest */
	snprintf(h.name, sizeof(h.name), "a.example.net");
	CHECK(store_host_update(s, &h, &e) == 1);
	snprintf(h.name, sizeof(h.name), "c.example.net");
	CHECK(store_host_update(s, &h, &e) == 0);
	CHECK(store_host_byid(s, ID2, &h, &e) == 0 && h.last == 99 && h.audit_seq == INT64_MAX);
	CHECK(store_host_beat(s, &h, &doc, &e) == 0 && doc == NULL);
	CHECK(store_host_beat_put(s, &h, "{}x", 2, &e) == 0);
	CHECK(store_host_beat(s, &h, &doc, &e) == 0 && doc != NULL && strcmp(doc, "{}") == 0);
	free(doc);
	CHECK(store_host_boot(s, &h, "x", 1, &e) == 0 && store_host_boot(s, &h, "x", 2, &e) == 1);
	CHECK(store_host_forget_boots(s, &h, &e) == 0 && store_host_boot(s, &h, "x", 3, &e) == 0);
	for (uint64_t i = 0; i < 100; i++) {
		char boot[37];

		snprintf(boot, sizeof(boot), "b%llu", (unsigned long long)i);
		CHECK(store_host_boot(s, &h, boot, 4, &e) == 0);
		CHECK(store_host_boot(s, &h, boot, 4, &e) == 1);
	}
	/* of a hundred, the newest are known */
	CHECK(store_host_boot(s, &h, "x", 5, &e) == 0);
	CHECK(store_host_remove(s, &h, &e) == 0);
	CHECK(store_host_byid(s, ID2, &h, &e) == 1 && store_host_beat(s, &h, &doc, &e) == 0);
	CHECK(doc == NULL);
}

static void
test_secrets(void)
{
	struct enrolment en = {.expires = 5}, got;
	uint8_t cred[32] = {1}, other[32] = {2};
	struct oper o = {.name = "ops", .role = ROLE_OPER, .created = 3}, list[3];
	struct host h;
	size_t n;

	snprintf(en.id, sizeof(en.id), ID2);
	snprintf(en.host_id, sizeof(en.host_id), ID1);
	en.hash[0] = 9;
	CHECK(store_enrolment_add(s, &en, &e) == 0);
	CHECK(store_enrolment_get(s, ID2, &got, &e) == 0 && got.hash[0] == 9 && got.used == 0);
	CHECK_STR(got.host_id, ID1);
	got.used = 4;
	got.csr[1] = 8;
	snprintf(got.cert, sizeof(got.cert), "PEM");
	CHECK(store_enrolment_use(s, &got, &e) == 0 && store_enrolment_use(s, &got, &e) == 1);
	CHECK(store_enrolment_get(s, ID2, &got, &e) == 0 && got.used == 4 && got.csr[1] == 8);
	snprintf(en.id, sizeof(en.id), ID1);
	CHECK(store_enrolment_add(s, &en, &e) == 0);
	CHECK(store_enrolment_get(s, ID2, &got, &e) == 1);
	CHECK(store_host_byid(s, ID1, &h, &e) == 0);
	CHECK(store_enrolment_drop(s, &h, &e) == 0 && store_enrolment_get(s, ID1, &got, &e) == 1);
	snprintf(en.host_id, sizeof(en.host_id), "none");
	CHECK(store_enrolment_add(s, &en, &e) == -1);

	CHECK(store_credential_set(s, &h, cred, 0, &e) == 0);
	CHECK(store_host_bycert(s, cred, &h, &e) == 0);
	CHECK(store_host_bybearer(s, cred, &h, &e) == 1); /* each of its own kind */
	CHECK(store_host_bycert(s, cred, &h, &e) == 0);
	CHECK(store_credential_set(s, &h, other, 1, &e) == 0);
	CHECK(
	    store_host_bycert(s, cred, &h, &e) == 1 && store_host_bybearer(s, other, &h, &e) == 0);

	CHECK(store_oper_add(s, &o, cred, &e) == 0 && store_oper_add(s, &o, other, &e) == 1);
	CHECK(store_oper_bytoken(s, other, &o, &e) == 1);
	CHECK(store_oper_bytoken(s, cred, &o, &e) == 0 && o.role == ROLE_OPER && o.last == 0);
	CHECK(store_oper_used(s, "ops", 8, &e) == 0);
	CHECK(store_oper_list(s, "", 3, list, &n, &e) == 0 && n == 1 && list[0].last == 8);
	CHECK(store_oper_remove(s, "ops", &e) == 0 && store_oper_remove(s, "ops", &e) == 1);
	CHECK(oper_role_byname("admin") == ROLE_ADMINISTRATOR && oper_role_byname("Admin") == -1);
	CHECK(store_host_remove(s, &h, &e) == 0 && store_host_bybearer(s, other, &h, &e) == 1);
}

static void
on_after(int ok, void *arg)
{
	told[*(int *)arg] = ok ? 1 : -1;
}

static void
test_group(void)
{
	struct host a = host("g1.example.net", ID1), b = host("g2.example.net", ID2), h;
	static int one = 0, two = 1;

	CHECK(store_commit(s) == 0);
	/* two of one turn: told together, after the turn */
	CHECK(store_host_add(s, &a, &e) == 0 && store_after(s, on_after, &one) == 0);
	CHECK(store_host_add(s, &b, &e) == 0 && store_after(s, on_after, &two) == 0);
	CHECK(told[0] == 0 && told[1] == 0);
	CHECK(event_base_loop(base, EVLOOP_ONCE) != -1);
	CHECK(told[0] == 1 && told[1] == 1);
	/* nothing written: told all the same */
	told[0] = 0;
	CHECK(store_after(s, on_after, &one) == 0 && event_base_loop(base, EVLOOP_ONCE) != -1);
	CHECK(told[0] == 1);
	/* undone, and only that; nested too */
	CHECK(store_begin(s, &e) == 0 && store_host_remove(s, &a, &e) == 0);
	CHECK(store_begin(s, &e) == 0 && store_host_remove(s, &b, &e) == 0);
	CHECK(store_end(s, 0, &e) == 0 && store_end(s, 1, &e) == 0);
	reopen();
	CHECK(store_host_byid(s, ID1, &h, &e) == 1 && store_host_byid(s, ID2, &h, &e) == 0);
}

/* What another process would find on disk. */
static int
on_disk(const char *id)
{
	char path[128];
	sqlite3_stmt *st;
	sqlite3 *db;
	int n = -1;

	snprintf(path, sizeof(path), "%s/ctld.db", dir);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT count(*) FROM host WHERE id = ?", -1, &st, NULL) !=
		SQLITE_OK)
		return -1;
	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* A heartbeat's write waits, and goes along with the next that must not. */
static void
test_lazy(void)
{
	static const char *const id[] = {"2123456789abcdef0123456789abcdef",
	    "3123456789abcdef0123456789abcdef", "4123456789abcdef0123456789abcdef"};
	struct host a = host("l1.example.net", id[0]), b = host("l2.example.net", id[1]),
		    c = host("l3.example.net", id[2]), h;
	static int one = 0;

	CHECK(store_commit(s) == 0);
	store_lazy(s, 1);
	CHECK(store_host_add(s, &a, &e) == 0);
	store_lazy(s, 0);
	CHECK(event_base_loop(base, EVLOOP_NONBLOCK) != -1);
	CHECK(on_disk(id[0]) == 0 && store_host_byid(s, id[0], &h, &e) == 0);
	CHECK(store_host_add(s, &b, &e) == 0);
	CHECK(event_base_loop(base, EVLOOP_ONCE) != -1);
	CHECK(on_disk(id[0]) == 1 && on_disk(id[1]) == 1);
	store_lazy(s, 1);
	CHECK(store_host_add(s, &c, &e) == 0);
	store_lazy(s, 0);
	told[0] = 0;
	CHECK(store_after(s, on_after, &one) == 0 && event_base_loop(base, EVLOOP_ONCE) != -1);
	CHECK(told[0] == 1 && on_disk(id[2]) == 1);
	store_lazy(s, 1);
	CHECK(store_host_remove(s, &c, &e) == 0);
	store_lazy(s, 0);
	/* alone it is on disk a second later */
	CHECK(on_disk(id[2]) == 1 && event_base_loop(base, EVLOOP_ONCE) != -1);
	CHECK(on_disk(id[2]) == 0);
}

static void
test_open(void)
{
	struct store *t;

	/* Another ctld on one database; the test's name in the attack list is "second ctld". */
	CHECK((t = store_open(base, dir, &e)) == NULL && strstr(e.text, "another") != NULL);
	CHECK(store_exec(s, &e, "PRAGMA user_version = 2", "") >= 0);
	store_close(s);
	CHECK((s = store_open(base, dir, &e)) == NULL && strstr(e.text, "version 2") != NULL);
	CHECK(chmod(dir, 0750) == 0);
	CHECK((s = store_open(base, dir, &e)) == NULL && strstr(e.text, "0700") != NULL);
	CHECK((s = store_open(base, "/nonexistent/x", &e)) == NULL);
}

/* "Attack enrolment-abuse" has them at a running ctld; here is the rule itself. */
static void
test_clone(void)
{
	static const struct {
		const char *boot0, *boot1, *chain1;
		uint64_t seq0, seq1;
		int seen, clone;
	} row[] = {
	    {"", "b1", "c1", 0, 0, 0, 0},
	    {"b1", "", "c1", 5, 1, 0, 0},
	    {"b1", "b1", "c1", 5, 6, 1, 0},
	    {"b1", "b1", "c1", 5, 5, 1, 0},
	    {"b1", "b1", "c2", 5, 6, 1, 0},
	    {"b1", "b1", "c2", 5, 5, 1, 1},
	    {"b1", "b1", "c1", 5, 4, 1, 1},
	    {"b1", "b2", "c1", 5, 6, 0, 0},
	    {"b1", "b2", "c1", 5, 4, 0, 0},
	    {"b1", "b2", "c1", 5, 6, 1, 1},
	    {"b1", "b1", "", 5, 5, 1, 0},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct api_heartbeat m = {.audit_seq = row[i].seq1};
		struct host h = {.audit_seq = row[i].seq0, .audit_chain = "c1"};

		snprintf(h.boot_id, sizeof(h.boot_id), "%s", row[i].boot0);
		snprintf(m.boot_id, sizeof(m.boot_id), "%s", row[i].boot1);
		snprintf(m.audit_chain, sizeof(m.audit_chain), "%s", row[i].chain1);
		CHECKF(agents_is_clone(&h, &m, row[i].seen) == row[i].clone, "row %zu", i);
	}
}

static void
test_states(void)
{
	struct host h = {0};

	CHECK(host_state(&h, 1000, 30) == HS_NEW);
	h.enrolled = 1;
	CHECK(host_state(&h, 1000, 30) == HS_NEW);
	h.last = 1000;
	CHECK(host_state(&h, 1090, 30) == HS_ONLINE && host_state(&h, 1091, 30) == HS_SILENT);
	CHECK(host_state(&h, 900, 30) == HS_ONLINE);
	h.maintenance = 1;
	CHECK(host_state(&h, 5000, 30) == HS_MAINTENANCE);
	h.revoked = 1;
	CHECK(host_state(&h, 1000, 30) == HS_REVOKED);
}

int
main(void)
{
	snprintf(dir, sizeof(dir), "%s/store.XXXXXX", getenv("T") != NULL ? getenv("T") : "/tmp");
	if (mkdtemp(dir) == NULL || sodium_init() == -1 || (base = event_base_new()) == NULL)
		return 1;
	reopen();
	test_hosts();
	test_secrets();
	test_group();
	test_lazy();
	test_open();
	test_clone();
	test_states();
	event_base_free(base);
	return check_done();
}
