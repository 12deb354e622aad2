/*
 * Attack denied-table. Every profile of execd, every variant of a script's, and the supervisor:
 * confined by execd's own lines, one child per probe. What a profile's sets do not hold must end as
 * its filter says; what they hold must work, or be refused by the layer that the row names; and
 * what the profile is for must work. Runs in a mount namespace with doors of its own making.
 */
#include <sys/vfs.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>

#include "regress/check.h"
#include "regress/sandbox/expect.h"
#include "regress/sandbox/probe_table.h"
#include "regress/sandbox/sbchild.h"

#include "execd/confine.h"

#define UID_TOOL 64601
#define UID_RUN	 64602

static const struct inst insts[] = {
    {"facts", PR_FACTS, 0, 0, 0, 0, ""},
    {"selftest", PR_SELFTEST, 0, 0, 0, 0, ""},
    {"hapsock", PR_HAPSOCK, 0, 0, 0, 0, ""},
    {"vitals", PR_VITALS, 0, 0, 0, 0, ""},
    {"pkg", PR_PKG, 0, 1, 0, 0, ""},
    {"pkgplan", PR_PKGPLAN, 0, 0, 0, 0, ""},
    {"pkglist", PR_PKGLIST, 0, 0, 0, 0, ""},
    {"script", PR_SCRIPT, 0, 0, 0, 0, ""},
    {"script with network", PR_SCRIPT, 0, 0, 1, 0, ""},
    {"script with write=", PR_SCRIPT, 0, 0, 0, 0, "/run/scope"},
    {"script with a capability", PR_SCRIPT, 0, 0, 0, 1ULL << CAP_NET_BIND_SERVICE, ""},
    {"script as root", PR_SCRIPT, 0, 1, 1, 0, ""},
    {"script as root, narrowed", PR_SCRIPT, 0, 1, 0, 1ULL << CAP_CHOWN, "/run/scope"},
    {"supervisor of facts", PR_FACTS, 1, 0, 0, 0, ""},
    {"supervisor of pkg", PR_PKG, 1, 0, 0, 0, ""},
    {"supervisor of script", PR_SCRIPT, 1, 0, 0, 0, ""},
};

static struct report *reports; /* shared with the children */
static volatile int *ready;
static struct probe_ctx ctx;
static int quiet; /* what probes that execute print */

/* ---- one child per probe, as execd's tool child does it ---- */

static void
confine_here(const struct box *b, struct report *r)
{
	const char *stage = "";
	struct errmsg e = {""};

	if (setsid() != -1 && chdir("/") == 0 && sb_apply(&b->c.sb, &stage, &e) == 0)
		return;
	snprintf(r->error, sizeof(r->error), "%s: %s", stage, e.text);
	r->result = NO_BOX;
	syscall(__NR_exit_group, 1);
}

static void
run_probe(const struct box *b, const struct probe *q, struct report *r)
{
	pid_t pid;

	r->result = NO_REPORT;
	if ((pid = fork()) == 0) {
		alarm(CHILD_SECONDS);
		dup2(quiet, 1);
		dup2(quiet, 2);
		confine_here(b, r);
		r->result = q->fn(q, &ctx);
		syscall(__NR_exit_group, 0);
	}
	if (pid == -1 || waitpid(pid, &r->status, 0) != pid)
		r->status = 0xff00;
}

/* What each profile is for. */
struct purpose {
	enum profile_id id;
	int supervisor;
	const char *name;
	int (*fn)(const struct probe *, const struct probe_ctx *);
	const char *path;
};

static int
w_pair(const struct probe *p, const struct probe_ctx *c)
{
	struct pollfd f = {.fd = c->held[1], .events = POLLIN};
	char buf[4];

	(void)p;
	if (write(c->held[0], "ping", 4) != 4 || poll(&f, 1, 1000) != 1)
		return errno != 0 ? errno : EIO;
	return read(c->held[1], buf, 4) == 4 && memcmp(buf, "ping", 4) == 0 ? 0 : EIO;
}

static int
w_uname(const struct probe *p, const struct probe_ctx *c)
{
	char buf[1024];

	(void)p;
	(void)c;
	return err_of(syscall(__NR_uname, buf));
}

static int
w_list(const struct probe *p, const struct probe_ctx *c)
{
	DIR *d = opendir(p->path);

	(void)c;
	return d != NULL && readdir(d) != NULL ? 0 : errno;
}

static int
w_child(const struct probe *p, const struct probe_ctx *c)
{
	long pid = syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	int status;

	(void)p;
	(void)c;
	if (pid == 0)
		syscall(__NR_exit_group, 9);
	if (pid == -1 || wait4((pid_t)pid, &status, 0, NULL) != pid)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 9 ? 0 : EIO;
}

static int
w_shell(const struct probe *p, const struct probe_ctx *c)
{
	(void)c;
	execl("/bin/sh", "sh", "-c", p->path, (char *)NULL);
	return errno;
}

#define SHELL                                                                                 \
	"t=$(mktemp -p /tmp) && echo x | cat >$t && test x = \"$(cat $t)\" && mkdir $t.d && " \
	"mv $t $t.d/f && ln -s f $t.d/l && ls -l $t.d >/dev/null && rm -r $t.d && exec true"

static const struct purpose purposes[] = {
    {PR_FACTS, 0, "uptime", p_read, "/proc/uptime"},
    {PR_FACTS, 0, "processes", w_list, "/proc"},
    {PR_FACTS, 0, "uname", w_uname, NULL},
    {PR_SELFTEST, 0, "own status", p_read, "/proc/self/status"},
    {PR_SELFTEST, 0, "a child for a probe", w_child, NULL},
    {PR_HAPSOCK, 0, "talk over the held socket", w_pair, NULL},
    {PR_VITALS, 0, "load", p_read, "/proc/loadavg"},
    {PR_VITALS, 0, "uname", w_uname, NULL},
    {PR_VITALS, 0, "talk over the held socket", w_pair, NULL},
    {PR_PKG, 0, "a maintainer script", w_shell, SHELL},
    {PR_PKG, 0, "a child", w_child, NULL},
    {PR_PKGPLAN, 0, "apt-get", p_exec, "/usr/bin/apt-get"},
    {PR_PKGLIST, 0, "apt-get", p_exec, "/usr/bin/apt-get"},
    {PR_SCRIPT, 0, "a shell", w_shell, SHELL},
    {PR_SCRIPT, 0, "a child", w_child, NULL},
    {PR_FACTS, 1, "talk over the held socket", w_pair, NULL},
    {PR_PKG, 1, "the state of dpkg", p_read, "/var/lib/dpkg/status"},
    {PR_SCRIPT, 1, "talk over the held socket", w_pair, NULL},
};

static void
test_purposes(const struct box *b, struct report *r)
{
	unsigned int n = 0;

	for (size_t i = 0; i < N(purposes); i++) {
		const struct purpose *u = &purposes[i];
		struct probe q = {u->name, PC_OWN, __NR_openat, u->fn, PB_OK, 0, u->path};

		if (u->id != b->in->id || u->supervisor != b->in->supervisor)
			continue;
		if (u->fn == p_exec)
			q.nr = __NR_execve;
		n++;
		run_probe(b, &q, r);
		CHECKF((r->result == 0 || r->result == NO_REPORT) && r->status == 0,
		    "%s: %s does not work: %d, status %#x %s", b->in->name, u->name, r->result,
		    r->status, r->result == NO_BOX ? r->error : "");
	}
	CHECKF(n > 0, "%s: nothing is known that must work", b->in->name);
}

/* clone3 answers ENOSYS to everybody, so that libc falls back. */
static void
test_clone3(const struct box *b, struct report *r)
{
	static const struct probe q = {"clone3", PC_OWN, __NR_clone3, p_bad, PB_ANY, 0, NULL};

	run_probe(b, &q, r);
	CHECKF(r->result == ENOSYS && r->status == 0, "%s: clone3: %d", b->in->name, r->result);
}

/* ---- what the kernel shows of a confined process ---- */

static uint64_t
status_field(const char *text, const char *key, int base)
{
	const char *p = strstr(text, key);

	return p == NULL ? UINT64_MAX - 1 : strtoull(p + strlen(key), NULL, base);
}

static void
golden(const struct box *b, const char *t)
{
	const struct sb *s = &b->c.sb;
	uint64_t amb = s->ambient ? s->caps : 0;
	char want[96];

	CHECKF(status_field(t, "\nNoNewPrivs:\t", 10) == 1, "%s", b->in->name);
	CHECKF(status_field(t, "\nSeccomp:\t", 10) == 2, "%s", b->in->name);
	CHECKF(status_field(t, "\nCapPrm:\t", 16) == s->caps, "%s", b->in->name);
	CHECKF(status_field(t, "\nCapEff:\t", 16) == s->caps, "%s", b->in->name);
	CHECKF(status_field(t, "\nCapBnd:\t", 16) == s->caps, "%s", b->in->name);
	CHECKF(status_field(t, "\nCapInh:\t", 16) == amb, "%s", b->in->name);
	CHECKF(status_field(t, "\nCapAmb:\t", 16) == amb, "%s", b->in->name);
	snprintf(want, sizeof(want), "\nUid:\t%u\t%u\t%u\t%u\n", s->uid, s->uid, s->uid, s->uid);
	CHECKF(strstr(t, want) != NULL, "%s", b->in->name);
	snprintf(want, sizeof(want), "\nGid:\t%u\t%u\t%u\t%u\n", s->gid, s->gid, s->gid, s->gid);
	CHECKF(strstr(t, want) != NULL, "%s", b->in->name);
	CHECKF(strstr(t, "\nGroups:\t \n") != NULL, "%s: groups", b->in->name);
	CHECKF(b->p->cls == CLASS_C || b->in->root || s->uid != 0, "%s is root", b->in->name);
}

/* Its pid as /proc of this namespace has it: from the pidfd's own words. */
static long
pid_of(int pidfd)
{
	char path[64], buf[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return (long)status_field(buf, "\nPid:\t", 10);
}

static void
test_golden(const struct box *b, struct report *r)
{
	char path[64], buf[8192] = "";
	int fd, pidfd, i;
	struct stat st;
	pid_t pid;

	*ready = 0;
	r->result = NO_REPORT;
	if ((pid = fork()) == 0) {
		alarm(CHILD_SECONDS);
		confine_here(b, r);
		*ready = 1;
		for (;;) /* no call at all: some profiles have none that waits */
			;
	}
	pidfd = (int)syscall(__NR_pidfd_open, pid, 0);
	for (i = 0; i < 5000 && !*ready && r->result == NO_REPORT; i++)
		poll(NULL, 0, 1);
	snprintf(path, sizeof(path), "/proc/%ld/status", pid_of(pidfd));
	if ((fd = open(path, O_RDONLY)) != -1 && read(fd, buf, sizeof(buf) - 1) > 0)
		golden(b, buf);
	else
		CHECKF(0, "%s: %s: %s", b->in->name, path, r->error);
	close(fd);
	/* what is not dumpable belongs to root in /proc: no process of its uid reads its memory */
	CHECKF(stat(path, &st) == 0 && st.st_uid == (b->c.sb.dumpable ? b->c.sb.uid : 0),
	    "%s: %s is of uid %u", b->in->name, path, st.st_uid);
	close(pidfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- all instances ---- */

static pid_t
start_peer(uid_t uid, gid_t gid)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(gid) == -1 || setuid(uid) == -1)
			_exit(1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/* In the PID namespace that the profile asks for: all its probes. Exit status: were all good? */
static int
run_instance(const struct box *b)
{
	struct report *r = reports;

	ctx.parent = getpid();
	ctx.peer = start_peer(b->c.sb.uid, b->c.sb.gid);
	for (size_t i = 0; i < N(probes); i++) {
		if (probes[i].nr == SB_NR_NONE)
			continue;
		run_probe(b, &probes[i], &r[i]);
		judge(b, &probes[i], &r[i]);
	}
	test_clone3(b, r);
	test_purposes(b, r);
	test_golden(b, r);
	kill(ctx.peer, SIGKILL);
	waitpid(ctx.peer, NULL, 0);
	printf("%s: %u checks, %u failed\n", b->in->name, check_n, check_bad);
	fflush(NULL);
	return check_bad == 0 ? 0 : 1;
}

static void
describe(struct box *b, const struct inst *in)
{
	struct msg_host h = {.run_uid = UID_RUN, .run_gid = UID_RUN};
	struct errmsg e = {""};
	int rc;

	memset(b, 0, sizeof(*b));
	b->in = in;
	b->p = profile_get(in->id);
	b->abi = sb_landlock_abi();
	h.tool_uid = h.tool_gid = in->root ? 0 : UID_TOOL;
	h.script_root = (uint8_t)in->root;
	h.script_net = (uint8_t)in->net;
	h.script_caps = in->caps;
	snprintf(h.script, sizeof(h.script), "/opt/scripts/x");
	snprintf(h.script_write, sizeof(h.script_write), "%s", in->write);
	b->newpid = (b->p->flags & PF_NEWPID) != 0;
	b->dflt = in->supervisor ? SB_KILL : b->p->dflt;
	rc = in->supervisor ? confine_supervisor(&b->c, b->p, &h, &e)
			    : confine_tool(&b->c, b->p, &h, &e);
	CHECKF(rc == 0, "%s: %s", in->name, e.text);
	/* one capability at most for a uid of its own, none for what execs nothing */
	if (in->supervisor || b->p->flags & PF_BUILTIN)
		CHECKF(b->c.sb.caps == 0, "%s has capabilities", in->name);
	if (b->p->cls == CLASS_A && !in->root)
		CHECKF((b->c.sb.caps & (b->c.sb.caps - 1)) == 0, "%s has capabilities", in->name);
	CHECKF(b->c.sb.uid == 0 ? in->root : b->c.sb.landlock, "%s: uid or Landlock", in->name);
	for (unsigned int i = 0; !in->supervisor && i < b->p->nsets; i++)
		b->sets |= 1U << b->p->sets[i];
	if (in->id == PR_SCRIPT && b->c.sb.caps != 0 && !in->supervisor)
		b->sets |= 1U << SBS_IDS;
	if (in->supervisor)
		b->sets =
		    1U << SBS_BASE | 1U << SBS_POLL | (in->id == PR_PKG ? 1U << SBS_FILES : 0);
}

static void
test_instance(const struct inst *in)
{
	static struct box b;
	int status = -1;
	pid_t pid;

	describe(&b, in);
	fflush(NULL);
	pid = (pid_t)syscall(__NR_clone, SIGCHLD | (b.newpid ? CLONE_NEWPID : 0), 0, 0, 0, 0);
	if (pid == 0) {
		check_n = check_bad = 0;
		_exit(run_instance(&b));
	}
	CHECK(pid != -1 && waitpid(pid, &status, 0) == pid);
	CHECKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %#x", in->name, status);
}

/* A profile that nobody tries fails the test; so does one that is tried and is no more. */
static void
test_complete(void)
{
	for (uint32_t id = 0; id < PR_MAX; id++) {
		unsigned int n = 0;

		for (size_t i = 0; i < N(insts); i++)
			n += insts[i].id == id && !insts[i].supervisor;
		CHECKF((profile_get(id) != NULL) == (n > 0), "profile %u: %u instances", id, n);
	}
	CHECK(profile_get(PR_MAX) == NULL && profile_get(UINT32_MAX) == NULL);
}

/* ---- doors, in a mount namespace of this test ---- */

static void
make_dir(const char *path)
{
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		CHECKF(0, "%s: %s", path, strerror(errno));
}

/* DIR with a layer over it, so that a probe that gets through writes nowhere. */
static void
overlay(const char *dir, const char *name)
{
	char up[64], work[64], opts[256];
	struct statfs fs;

	snprintf(up, sizeof(up), "/run/over/%s.u", name);
	snprintf(work, sizeof(work), "/run/over/%s.w", name);
	make_dir(up);
	make_dir(work);
	snprintf(opts, sizeof(opts), "lowerdir=%s,upperdir=%s,workdir=%s", dir, up, work);
	/* the kernel stacks two; then this is a view already, which is thrown away */
	if (syscall(SYS_mount, "overlay", dir, "overlay", 0, opts) == -1)
		CHECKF(statfs(dir, &fs) == 0 && fs.f_type == 0x794c7630, "overlay on %s", dir);
}

static void
listen_at(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path, path, strlen(path) + 1);
	CHECKF(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 && listen(fd, 64) == 0 &&
		   chmod(path, 0666) == 0,
	    "%s: %s", path, strerror(errno));
}

static void
set_up(void)
{
	static const char *const dirs[] = {"/run/over", "/run/systemd", "/run/dbus",
	    "/run/containerd", "/run/reeve", "/run/scope", "/run/lock", "/run/user",
	    "/run/user/900", "/run/user/900/systemd", "/run/screen"};
	static const char *const socks[] = {"/run/systemd/private", "/run/dbus/system_bus_socket",
	    "/run/docker.sock", "/run/containerd/containerd.sock", "/run/snapd.socket",
	    "/run/reeve/control.sock", "/run/user/900/systemd/private", "/run/user/900/bus",
	    "/run/screen/S-postgres"};
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int fd;

	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(syscall(SYS_mount, NULL, "/", NULL, 0x44000 /* MS_REC | MS_PRIVATE */, NULL) == 0);
	CHECK(syscall(SYS_mount, "none", "/run", "tmpfs", 0, "mode=0755") == 0);
	for (size_t i = 0; i < N(dirs); i++)
		make_dir(dirs[i]);
	overlay("/etc", "etc");
	overlay("/var", "var");
	overlay("/usr/bin", "bin");
	make_dir("/etc/reeve");
	make_dir("/var/lib/reeve");
	make_dir("/etc/cron.d");
	make_dir("/var/spool/cron");
	close(open("/etc/reeve/agent.conf", O_WRONLY | O_CREAT, 0600));
	close(open("/var/lib/reeve/ledger", O_WRONLY | O_CREAT, 0600));
	for (size_t i = 0; i < N(socks); i++)
		listen_at(socks[i]);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ctx.held) == 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 && listen(fd, 64) == 0 &&
	      getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	ctx.port = ntohs(sin.sin_port);
}

int
main(void)
{
	static const struct rlimit none = {0, 0};
	size_t size = (N(probes) + 1) * sizeof(*reports);

#ifdef REEVE_TRACE
	CHECK_SKIP("a TRACE build logs instead of killing");
#endif
	if (getuid() != 0)
		CHECK_SKIP("confinement needs root");
	if (sb_landlock_abi() < SB_LANDLOCK_MIN)
		CHECK_SKIP("the kernel has no Landlock ABI 2");
	setrlimit(RLIMIT_CORE, &none);
	quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	reports =
	    mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(reports != MAP_FAILED);
	ready = (volatile int *)(void *)((char *)reports + size);
	set_up();
	test_complete();
	for (size_t i = 0; i < N(insts); i++)
		test_instance(&insts[i]);
	return check_done();
}
