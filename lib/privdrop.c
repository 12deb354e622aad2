/* The one privilege drop, and its proof. */

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/privdrop.h"

static void
prove_ids(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) == -1 || r != uid || e != uid || s != uid)
		fatalx("privdrop: the user ids are not %u", (unsigned int)uid);
	if (getresgid(&gr, &ge, &gs) == -1 || gr != gid || ge != gid || gs != gid)
		fatalx("privdrop: the group ids are not %u", (unsigned int)gid);
	/* setfsuid(2) returns the present one and changes nothing for an invalid argument */
	if (setfsuid((uid_t)-1) != (int)uid || setfsgid((gid_t)-1) != (int)gid)
		fatalx("privdrop: the file system ids are not %u:%u", (unsigned int)uid,
		    (unsigned int)gid);
	if (getgroups(0, NULL) != 0)
		fatalx("privdrop: supplementary groups are left");
}

static void
prove_no_way_back(uid_t uid)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (setresuid(0, 0, 0) != -1 || setresuid((uid_t)-1, 0, (uid_t)-1) != -1 ||
	    setresgid((gid_t)-1, 0, (gid_t)-1) != -1 || setgroups(0, NULL) != -1)
		fatalx("privdrop: uid %u could become root again", (unsigned int)uid);
	if (syscall(SYS_capget, &hdr, data) == -1)
		fatal("privdrop: capget");
	if (data[0].effective != 0 || data[0].permitted != 0 || data[0].inheritable != 0 ||
	    data[1].effective != 0 || data[1].permitted != 0 || data[1].inheritable != 0)
		fatalx("privdrop: capabilities are left");
}

void
privdrop(uid_t uid, gid_t gid, int keepcaps)
{
	if (uid == 0 || uid == (uid_t)-1 || gid == 0 || gid == (gid_t)-1)
		fatalx("privdrop: refuses uid %d gid %d", (int)uid, (int)gid);
	if (prctl(PR_SET_KEEPCAPS, keepcaps ? 1 : 0, 0, 0, 0) == -1)
		fatal("privdrop: PR_SET_KEEPCAPS");
	if (setgroups(0, NULL) == -1)
		fatal("privdrop: setgroups");
	if (setresgid(gid, gid, gid) == -1)
		fatal("privdrop: setresgid");
	if (setresuid(uid, uid, uid) == -1)
		fatal("privdrop: setresuid");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1)
		fatal("privdrop: PR_SET_KEEPCAPS");
	prove_ids(uid, gid);
	if (!keepcaps)
		prove_no_way_back(uid);
}
