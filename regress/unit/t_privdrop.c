/*
 * The privilege drop: what is left afterwards, as the kernel sees it; what it refuses; and that a
 * drop which the kernel only pretends to do (a filter answers the call with success) is noticed.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <unistd.h>

#include "lib/privdrop.h"

#include "regress/check.h"

#define UID 64101
#define GID 64102

/* How FN ends in a child: its exit status, or -1 for anything else. */
static int
ends(int (*fn)(void))
{
	int st = -1;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		_exit(fn());
	}
	if (waitpid(pid, &st, 0) != pid || !WIFEXITED(st))
		return -1;
	return WEXITSTATUS(st);
}

/* The line KEY of /proc/self/status, without its key. */
static const char *
status_line(const char *key)
{
	static char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	const char *found = "";

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0) {
			line[strcspn(line, "\n")] = '\0';
			found = line + strlen(key);
			break;
		}
	if (f != NULL)
		fclose(f);
	return found;
}

static int
plain(void)
{
	privdrop(UID, GID, 0);
	if (getuid() != UID || geteuid() != UID || getgid() != GID || getgroups(0, NULL) != 0)
		return 10;
	if (strcmp(status_line("Uid:"), "\t64101\t64101\t64101\t64101") != 0 ||
	    strcmp(status_line("Gid:"), "\t64102\t64102\t64102\t64102") != 0)
		return 11;
	if (strspn(status_line("Groups:"), "\t ") != strlen(status_line("Groups:")))
		return 12;
	if (strcmp(status_line("CapPrm:"), "\t0000000000000000") != 0 ||
	    strcmp(status_line("CapEff:"), "\t0000000000000000") != 0 ||
	    strcmp(status_line("CapInh:"), "\t0000000000000000") != 0 ||
	    strcmp(status_line("CapAmb:"), "\t0000000000000000") != 0)
		return 13;
	if (setuid(0) != -1 || setgid(0) != -1 || open("/etc/shadow", O_RDONLY) != -1)
		return 14;
	return prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) == 0 ? 0 : 15;
}

static int
keep(void)
{
	privdrop(UID, GID, 1);
	if (getuid() != UID || strcmp(status_line("CapEff:"), "\t0000000000000000") != 0)
		return 10;
	if (strcmp(status_line("CapPrm:"), "\t0000000000000000") == 0)
		return 11;
	if (prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return 12;
	return setuid(0) == -1 ? 0 : 13;
}

static int
many_groups(void)
{
	gid_t g[] = {0, 4, 27, GID, 5000};

	if (setgroups(5, g) == -1)
		return 9;
	return plain();
}

/* Capabilities that root had made inheritable and ambient go too. */
static int
inheritable(void)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &hdr, d) == -1)
		return 8;
	d[0].inheritable = d[0].permitted;
	d[1].inheritable = d[1].permitted;
	if (syscall(SYS_capset, &hdr, d) == -1 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) == -1)
		return 9;
	return plain();
}

static int
zero_uid(void)
{
	privdrop(0, GID, 0);
	return 0;
}

static int
zero_gid(void)
{
	privdrop(UID, 0, 0);
	return 0;
}

static int
no_uid(void)
{
	privdrop((uid_t)-1, GID, 0);
	return 0;
}

static int
no_gid(void)
{
	privdrop(UID, (gid_t)-1, 0);
	return 0;
}

static int
not_root(void)
{
	if (setresgid(GID, GID, GID) == -1 || setresuid(UID, UID, UID) == -1)
		return 9;
	privdrop(UID, GID, 0);
	return 0;
}

/* The uid changes, and root's capabilities stay: SECBIT_NO_SETUID_FIXUP. */
static int
fixup_keep(void)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == -1)
		return 9;
	privdrop(UID, GID, 1);
	return 0;
}

static int
fixup(void)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == -1)
		return 9;
	return plain();
}

static int faked; /* the syscall that the filter answers */
static int answer;

/* The kernel answers one syscall with ANSWER and does nothing. */
static int
fake(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);

	if (c == NULL || seccomp_rule_add(c, SCMP_ACT_ERRNO((unsigned int)answer), faked, 0) != 0 ||
	    seccomp_load(c) != 0)
		return 9;
	seccomp_release(c);
	privdrop(UID, GID, 0);
	return 0;
}

static void
test_faults(void)
{
	static const struct {
		int nr;
		const char *name;
		int silent; /* a silent fault must be noticed too */
	} row[] = {
	    {SCMP_SYS(setgroups), "setgroups", 1},
	    {SCMP_SYS(setresgid), "setresgid", 1},
	    {SCMP_SYS(setresuid), "setresuid", 1},
	    {SCMP_SYS(capset), "capset", 0},
	    {SCMP_SYS(getresuid), "getresuid", 1},
	    {SCMP_SYS(getresgid), "getresgid", 1},
	    {SCMP_SYS(setfsuid), "setfsuid", 1},
	    {SCMP_SYS(setfsgid), "setfsgid", 1},
	    {SCMP_SYS(prctl), "prctl", 0},
	    {SCMP_SYS(openat), "openat", 0},
	    {SCMP_SYS(read), "read", 1},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		faked = row[i].nr;
		answer = EPERM;
		CHECKF(ends(fake) == 1, "%s fails: the drop goes on", row[i].name);
		if (!row[i].silent)
			continue;
		answer = 0;
		CHECKF(ends(fake) == 1, "%s does nothing: the drop goes on", row[i].name);
	}
	/* getgroups that always says none, while groups are left: /proc says otherwise */
	answer = 0;
	faked = SCMP_SYS(getgroups);
	CHECK(ends(fake) == 0);
}

int
main(void)
{
	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 1;
	}
	CHECK(ends(plain) == 0);
	CHECK(ends(keep) == 0);
	CHECK(ends(many_groups) == 0);
	CHECK(ends(inheritable) == 0);
	CHECK(ends(fixup) == 0);
	CHECK(ends(zero_uid) == 1);
	CHECK(ends(zero_gid) == 1);
	CHECK(ends(no_uid) == 1);
	CHECK(ends(no_gid) == 1);
	CHECK(ends(not_root) == 1);
	CHECK(ends(fixup_keep) == 1);
	test_faults();
	return check_done();
}
