/* Users and groups: the table, lookups in passwd(5) and group(5) texts, and what they refuse. */
#include <pwd.h>
#include <unistd.h>

#include "lib/users.h"

#include "regress/check.h"

#define FIND(text, name)  user_find((text), sizeof(text) - 1, (name), &u, &e)
#define GFIND(text, name) group_find((text), sizeof(text) - 1, (name), &g, &e)

static const char *const bad_ids[] = {"-1", "+5", " 5", "5 ", "05", "", "x", "4294967295",
    "4294967296", "18446744073709551616", "0x5", "5a"};

static void
test_table(void)
{
	CHECK_STR(user_name(USER_RUN), "_reeverun");
	CHECK_STR(user_name(USER_SCRIPT), "_reevescript");
	CHECK(user_name(USER_MAX) == NULL && user_name((enum user_id) - 1) == NULL);
	for (int i = 0; i < USER_MAX; i++) {
		CHECK(strncmp(user_name((enum user_id)i), "_reeve", 6) == 0);
		for (int k = 0; k < i; k++)
			CHECK(strcmp(user_name((enum user_id)i), user_name((enum user_id)k)) != 0);
	}
}

static void
test_user(void)
{
	static const char db[] =
	    "root:x:0:0:root:/root:/bin/sh\n# a note\n\n+\n:x:9:9:::\nab:x:5:6:g:/:/x\n"
	    "abc:x:7:8:::\nshort:x:7\ntwice:x:1:1:::\ntwice:x:2:2:::\n_reeverun:x:4294967294:0:::\n"
	    "last:x:3:4:::";
	struct errmsg e = {""};
	struct user u;

	CHECK(FIND(db, "root") == 0 && u.uid == 0 && u.gid == 0);
	CHECK(FIND(db, "ab") == 0 && u.uid == 5 && u.gid == 6);
	CHECK(FIND(db, "abc") == 0 && u.uid == 7 && u.gid == 8);
	CHECK(FIND(db, "_reeverun") == 0 && u.uid == 4294967294U);
	CHECK(FIND(db, "last") == 0 && u.uid == 3);
	CHECK(FIND(db, "a") == -1 && u.uid == UID_NOBODY && strstr(e.text, "make install") != NULL);
	CHECK(FIND(db, "ab:x") == -1 && FIND(db, "root:x:0:0") == -1);
	CHECK(FIND(db, "twice") == -1 && strstr(e.text, "2 times") != NULL && u.uid == UID_NOBODY);
	CHECK(FIND(db, "short") == -1 && strstr(e.text, "usable") != NULL && u.uid == UID_NOBODY);
	CHECK(FIND("", "root") == -1);
	CHECK(FIND("root", "root") == -1);
	CHECK(FIND("root:x:0:0\0:", "root") == -1 && u.uid == UID_NOBODY);
	for (size_t i = 0; i < sizeof(bad_ids) / sizeof(bad_ids[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line), "bad:x:%s:5:::\n", bad_ids[i]);
		CHECKF(user_find(line, strlen(line), "bad", &u, &e) == -1 && u.uid == UID_NOBODY &&
			   u.gid == (gid_t)-1,
		    "uid \"%s\"", bad_ids[i]);
		snprintf(line, sizeof(line), "bad:x:5:%s:::\n", bad_ids[i]);
		CHECKF(user_find(line, strlen(line), "bad", &u, &e) == -1 && u.uid == UID_NOBODY,
		    "gid \"%s\"", bad_ids[i]);
	}
}

static void
test_group(void)
{
	static const char db[] = "root:x:0:\nadm:x:4:root,me\nd:x:1:\nd:x:1:\nbad:x:-1:\n";
	struct errmsg e = {""};
	gid_t g;

	CHECK(GFIND(db, "adm") == 0 && g == 4);
	CHECK(GFIND(db, "root") == 0 && g == 0);
	CHECK(GFIND(db, "ad") == -1 && g == (gid_t)-1 && strstr(e.text, "/etc/group") != NULL);
	CHECK(GFIND(db, "d") == -1 && g == (gid_t)-1);
	CHECK(GFIND(db, "bad") == -1 && g == (gid_t)-1);
}

/* On this machine: the same answer as the C library's own. */
static void
test_machine(void)
{
	struct passwd *pw = getpwnam("nobody");
	struct errmsg e = {""};
	struct user u;
	gid_t g = 5;

	CHECKF(user_lookup("root", &u, &e) == 0 && u.uid == 0 && u.gid == 0, "%s", e.text);
	if (pw != NULL)
		CHECKF(user_lookup("nobody", &u, &e) == 0 && u.uid == pw->pw_uid &&
			   u.gid == pw->pw_gid,
		    "%s", e.text);
	CHECK(user_lookup("no-such-user", &u, &e) == -1 && u.uid == UID_NOBODY);
	CHECK(group_lookup("root", &g, &e) == 0 && g == 0);
	CHECK(group_lookup("no-such-group", &g, &e) == -1 && g == (gid_t)-1);
}

int
main(void)
{
	test_table();
	test_user();
	test_group();
	test_machine();
	return check_done();
}
