/*
 * The users that reeve runs as: one table (lib/users.def) makes sysusers.d, `make install`'s and
 * the test commands' users, and this enum. Looked up in /etc/passwd and /etc/group themselves
 * (passwd(5), group(5)), never by NSS.
 */
#ifndef LIB_USERS_H
#define LIB_USERS_H

#include <sys/types.h>

#include "lib/err.h"

enum user_id {
#define USER(sym, name, gecos) USER_##sym,
#include "lib/users.def"
#undef USER
	USER_MAX
};

struct user {
	uid_t uid;
	gid_t gid;
};

#define UID_NOBODY ((uid_t)-1) /* an unset identity is nobody, never uid 0 */

/* The table's name for an id ("_reeverun"); NULL when out of range. */
const char *user_name(enum user_id id);

/*
 * Looks NAME up in /etc/passwd. Returns 0; -1 when missing (E says which and how to make it).
 * Refuses a line with a bad number, uid or gid -1, or a name twice.
 */
int user_lookup(const char *name, struct user *u, struct errmsg *e);
/* The same for a group in /etc/group. */
int group_lookup(const char *name, gid_t *gid, struct errmsg *e);

/* The same two on LEN bytes of such a file, already read. */
int user_find(const char *buf, size_t len, const char *name, struct user *u, struct errmsg *e);
int group_find(const char *buf, size_t len, const char *name, gid_t *gid, struct errmsg *e);

#endif
