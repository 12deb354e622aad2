/* Users and groups from /etc/passwd and /etc/group, by fgetpwent(3): no NSS, so no modules in
 * root's memory. */

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "lib/users.h"

static const char *const names[] = {
#define USER(sym, name, gecos) name,
#include "lib/users.def"
#undef USER
};

const char *
user_name(enum user_id id)
{
	return (unsigned int)id < USER_MAX ? names[id] : NULL;
}

int
user_lookup(const char *name, struct user *u, struct errmsg *e)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw;
	int found = 0;

	u->uid = UID_NOBODY;
	u->gid = (gid_t)-1;
	if (f == NULL)
		return err_errno(e, "/etc/passwd");
	while ((pw = fgetpwent(f)) != NULL) {
		if (strcmp(pw->pw_name, name) != 0)
			continue;
		found++;
		u->uid = pw->pw_uid;
		u->gid = pw->pw_gid;
	}
	fclose(f);
	if (found == 1 && u->uid != UID_NOBODY && u->gid != (gid_t)-1)
		return 0;
	u->uid = UID_NOBODY;
	u->gid = (gid_t)-1;
	if (found == 0)
		return err_set(e,
		    "no user %s in /etc/passwd: make install or systemd-sysusers makes reeve's own",
		    name);
	return err_set(
	    e, "/etc/passwd: user %s stands %d times, or without a usable id", name, found);
}

int
group_lookup(const char *name, gid_t *gid, struct errmsg *e)
{
	FILE *f = fopen("/etc/group", "re");
	struct group *gr;
	int found = 0;

	*gid = (gid_t)-1;
	if (f == NULL)
		return err_errno(e, "/etc/group");
	while ((gr = fgetgrent(f)) != NULL) {
		if (strcmp(gr->gr_name, name) != 0)
			continue;
		found++;
		*gid = gr->gr_gid;
	}
	fclose(f);
	if (found == 1 && *gid != (gid_t)-1)
		return 0;
	*gid = (gid_t)-1;
	return err_set(e,
	    found == 0 ? "no group %s in /etc/group"
		       : "/etc/group: group %s stands twice, or without a usable id",
	    name);
}
