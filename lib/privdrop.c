/* The one privilege drop, and its proof. */

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"

static void
drop_ids(uid_t uid, gid_t gid, int keepcaps)
{
	if (prctl(PR_SET_KEEPCAPS, keepcaps != 0, 0, 0, 0) == -1)
		fatal("privdrop: PR_SET_KEEPCAPS");
	if (setgroups(0, NULL) == -1)
		fatal("privdrop: setgroups");
	if (setresgid(gid, gid, gid) == -1)
		fatal("privdrop: setresgid %u", (unsigned int)gid);
	if (setresuid(uid, uid, uid) == -1)
		fatal("privdrop: setresuid %u", (unsigned int)uid);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1)
		fatal("privdrop: PR_SET_KEEPCAPS");
}

/* setresuid(2) empties permitted, effective and ambient, not what is inheritable. */
static void
drop_caps(void)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (syscall(SYS_capset, &hdr, none) == -1)
		fatal("privdrop: capset");
}

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

/* Even with KEEPCAPS nothing is effective now, so each of these must fail. */
static void
prove_no_way_back(uid_t olduid, gid_t oldgid, uid_t uid, gid_t gid)
{
	const uid_t keepu = (uid_t)-1;
	const gid_t keepg = (gid_t)-1;

	if (setresuid(0, 0, 0) != -1 || setresuid(keepu, 0, keepu) != -1 || setuid(0) != -1)
		fatalx("privdrop: uid %u could become root again", (unsigned int)uid);
	if (setresgid(keepg, 0, keepg) != -1 || setgroups(1, &oldgid) != -1)
		fatalx("privdrop: gid %u could change groups again", (unsigned int)gid);
	if (olduid != uid && setresuid(keepu, olduid, keepu) != -1)
		fatalx("privdrop: uid %u could be taken back", (unsigned int)olduid);
	if (oldgid != gid && setresgid(keepg, oldgid, keepg) != -1)
		fatalx("privdrop: gid %u could be taken back", (unsigned int)oldgid);
}

/* Line KEY of /proc/PID/status must be WANT, blanks being equal. */
static void
expect_line(const char *status, const char *key, const char *want)
{
	const char *p = strstr(status, key), *w = want;

	if (p == NULL)
		fatalx("privdrop: /proc/self/status has no line %s", key + 1);
	for (p += strlen(key); *p != '\n' && *p != '\0'; p++) {
		if (*p == '\t' || *p == ' ')
			continue;
		while (*w == ' ')
			w++;
		if (*p != *w++)
			fatalx("privdrop: /proc/self/status: %s is not %s", key + 1, want);
	}
	if (*w != '\0')
		fatalx("privdrop: /proc/self/status: %s is not %s", key + 1, want);
}

static void
prove_proc(uid_t uid, gid_t gid, int keepcaps)
{
	static const char none[] = "0000000000000000";
	char status[8192], ids[64];
	ssize_t n;
	int fd;

	if ((fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC)) == -1)
		fatal("privdrop: /proc/self/status");
	if ((n = fd_readn(fd, status, sizeof(status) - 1)) == -1)
		fatal("privdrop: /proc/self/status");
	close(fd);
	status[n] = '\0';
	snprintf(ids, sizeof(ids), "%u %u %u %u", uid, uid, uid, uid);
	expect_line(status, "\nUid:", ids);
	snprintf(ids, sizeof(ids), "%u %u %u %u", gid, gid, gid, gid);
	expect_line(status, "\nGid:", ids);
	expect_line(status, "\nGroups:", "");
	expect_line(status, "\nCapEff:", none);
	expect_line(status, "\nCapAmb:", none);
	if (keepcaps)
		return;
	expect_line(status, "\nCapInh:", none);
	expect_line(status, "\nCapPrm:", none);
}

void
privdrop(uid_t uid, gid_t gid, int keepcaps)
{
	uid_t olduid = geteuid();
	gid_t oldgid = getegid();

	if (uid == 0 || uid == (uid_t)-1 || gid == 0 || gid == (gid_t)-1)
		fatalx("privdrop: refuses uid %d gid %d", (int)uid, (int)gid);
	drop_ids(uid, gid, keepcaps);
	if (!keepcaps)
		drop_caps();
	prove_ids(uid, gid);
	prove_no_way_back(olduid, oldgid, uid, gid);
	prove_proc(uid, gid, keepcaps);
}
