/*
 * Attack denied-table, for reeve-sign. Confined by the signer's own lines: what it is for works, a
 * session with certificates, tickets, confirmations and a second peer; every probe that no row of
 * its filter allows ends it; and no row is redundant: without any one of them the session dies,
 * but for those that say "portability".
 */
#include <sys/mount.h>
#include <sys/un.h>

#include <grp.h>
#include <syslog.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "regress/check.h"
#include "regress/sandbox/probe_table.h"
#include "regress/sandbox/sbchild.h"
#include "regress/sandbox/sbref.h"
#include "regress/unit/signkit.h"
#include "sign/filter.h"
#include "sign/listen.h"
#include "sign/sandbox.h"

#define UID_SIGN 64603
#define ROWS	 512 /* already in the register: it grows by large blocks */

static char dir[64], path[96];
static int stop[2], sock, syslogd;
static pid_t signer_pid;
static struct probe_ctx ctx;
static const struct sb_prog *prog;

/* ---- the signer's side ---- */

static void
on_stop(int sig)
{
	(void)sig;
	if (write(stop[1], "", 1) != 1)
		_exit(9);
}

/* Dropped and confined as sign/main.c does it; only the filter may be another. */
static int
confine(void)
{
	const char *stage;
	struct errmsg e;
	struct sb s;

	if (setgroups(0, NULL) == -1 || setresgid(UID_SIGN, UID_SIGN, UID_SIGN) == -1 ||
	    setresuid(UID_SIGN, UID_SIGN, UID_SIGN) == -1)
		return -1;
	sign_sandbox(&s);
	if (prog != NULL)
		s.prog = prog;
	if (sb_apply_dropped(&s, &stage, &e) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", stage, e.text);
	return -1;
}

static int
signer(void)
{
	struct sigaction sa = {.sa_handler = on_stop};
	struct errmsg e;
	struct sign s;

	if (setegid(UID_SIGN) == -1 || seteuid(UID_SIGN) == -1 ||
	    state_load(&s, dir, 1, &e) == -1 || seteuid(0) == -1 || setegid(0) == -1) {
		fprintf(stderr, "state: %s\n", e.text);
		return CHILD_BROKEN;
	}
	sigaction(SIGTERM, &sa, NULL);
	log_init("t_sign", 0, 0);
	if (confine() == -1)
		return CHILD_BROKEN;
	sign_loop(&s, sock, 0, stop[0]);
	state_wipe(&s);
	return 0;
}

/* ---- ctld's side ---- */

static struct imsgbuf *
dial(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct imsgbuf *b;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		return NULL;
	if ((b = imsgbuf_new(fd, ROOM_CTLD, ROOM_SIGN)) == NULL)
		close(fd);
	return b;
}

/* The listening socket is ours too, so a dead signer is not seen by its channel. */
static int
gone(void)
{
	siginfo_t si = {.si_pid = 0};

	return waitid(P_PID, (id_t)signer_pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid != 0;
}

static int
recv_one(struct imsgbuf *b, struct imsg *m)
{
	int n = -2;

	for (int i = 0; i < 500 && n == -2; i++)
		if ((n = chan_recv(b, m, 20)) == -2 && gone())
			return 0;
	return n;
}

/* Sends and takes one answer; 1 it was WANT. */
static int
ask(struct imsgbuf *b, uint32_t type, struct ibuf *ib, uint32_t want)
{
	struct imsg m;
	int ok;

	if (type != 0 && (imsg_compose(b, type, ib, NULL, 0) == -1 || chan_flush(b) == -1))
		return 0;
	if (recv_one(b, &m) != 1)
		return 0;
	ok = m.type == want;
	imsg_free(&m);
	if (want == MSG_SIGN_HELLO)
		imsgbuf_gate(b)->phase = PH_RUN;
	return ok;
}

static int
certified(struct imsgbuf *b, uint8_t n, char *csr)
{
	struct msg_csr m = {.enrolment = {9, n}, .host_id = {n}, .host_name = "web1"};

	m.csr = (const uint8_t *)csr;
	m.len = strlen(csr);
	return ask(b, MSG_SIGN_CSR, msg_csr_put(&m), MSG_SIGN_CERT);
}

static int
confirmed(struct imsgbuf *b)
{
	struct msg_signconfirm m = {.host_name = "web1"};

	return ask(b, MSG_SIGN_CONFIRM, msg_signconfirm_put(&m), MSG_SIGN_SIG);
}

/* Two peers; the first is certified, answered again, confirmed and refused. 1 all of it went. */
static int
conversation(void)
{
	static char *csr;
	static uint8_t n;
	struct imsgbuf *b = dial();
	int ok;

	if (csr == NULL)
		csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")});
	n = 1;
	if (b == NULL)
		return 0;
	ok = ask(b, 0, NULL, MSG_SIGN_HELLO) && certified(b, n, csr) && certified(b, n, csr) &&
	     confirmed(b) &&
	     ask(b, MSG_SIGN_TICKET, msg_numblk_put(1, "reeve-job 1\n", 12), MSG_SIGN_NO);
	imsgbuf_free(b);
	if (!ok || (b = dial()) == NULL)
		return 0;
	ok = ask(b, 0, NULL, MSG_SIGN_HELLO) && confirmed(b);
	imsgbuf_free(b);
	return ok;
}

/* Lines with other keys, in place of whatever the last session left there. */
static void
fill_register(void)
{
	char name[80];
	FILE *f;

	snprintf(name, sizeof(name), "%s/issued", dir);
	if ((f = fopen(name, "w")) == NULL)
		exit(1);
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "%032x %032x web%d %064x 40%038x 1795226400\n", i, i, i, i, i);
	fclose(f);
}

/* Its queue is short, and a full one would be waited for. */
static void
drain_log(void)
{
	char buf[2048];

	while (recv(syslogd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* One life of a signer: 0, or what it died of (1000 + signal), or 1 when it did not answer. */
static int
life(void)
{
	struct rlimit none = {0, 0};
	int st, ok;
	pid_t pid;
	char c;

	fill_register();
	drain_log();
	while (read(stop[0], &c, 1) == 1)
		;
	fflush(NULL);
	if ((pid = fork()) == 0) {
		setrlimit(RLIMIT_CORE, &none);
		alarm(20);
		_exit(signer());
	}
	signer_pid = pid;
	ok = conversation();
	kill(pid, SIGTERM);
	if (waitpid(pid, &st, 0) != pid)
		return CHILD_BROKEN;
	if (WIFSIGNALED(st))
		return 1000 + WTERMSIG(st);
	return WEXITSTATUS(st) != 0 ? WEXITSTATUS(st) : !ok;
}

/* ---- no row is redundant ---- */

/* One life with those rows that KEEP says. */
static int
life_with(int (*keep)(size_t i, size_t arg), size_t arg)
{
	static struct sb_rule rules[128];
	const struct sb_set *all = sign_rows();
	struct sb_set set = {"sign, in part", rules, 0};
	struct sb_filter f = {.dflt = SB_KILL, .sets = {&set}};
	struct sb_prog *p;
	struct errmsg e;
	int end;

	for (size_t i = 0; i < all->nrules; i++)
		if (keep(i, arg))
			rules[set.nrules++] = all->rules[i];
	if ((p = sb_filter_compile(&f, &e)) == NULL) {
		fprintf(stderr, "%s\n", e.text);
		return CHILD_BROKEN;
	}
	prog = p;
	end = life();
	prog = NULL;
	sb_filter_free(p);
	return end;
}

static int
says(size_t i, const char *words)
{
	return strncmp(sign_rows()->rules[i].why, words, strlen(words)) == 0;
}

static int
but_one(size_t i, size_t skip)
{
	return i != skip;
}

static int
but_malloc(size_t i, size_t none)
{
	(void)none;
	return !says(i, "portability: malloc");
}

/* The rows of malloc stand in for each other; without all of them there is none. */
static void
redundant(void)
{
	unsigned int tried = 0;
	int end;

	for (size_t i = 0; i < sign_rows()->nrules; i++) {
		if (says(i, "portability"))
			continue;
		end = life_with(but_one, i);
		CHECKF(end == 1000 + SIGSYS, "row %zu (%s): nobody needs it (%d)", i,
		    sign_rows()->rules[i].why, end);
		tried++;
	}
	CHECK(tried >= 15);
	CHECK(life_with(but_malloc, 0) == 1000 + SIGSYS);
}

/* ---- what it must not do ---- */

struct shared {
	volatile int result;
};
static struct shared *shared;

struct
try {
	const struct probe *q;
};

static int
try_probe(void *arg)
{
	const struct probe *q = ((struct try *)arg)->q;

	if (confine() == -1)
		return CHILD_BROKEN;
	shared->result = q->fn(q, &ctx);
	syscall(__NR_exit_group, 0);
	return 0;
}

/* The bare call is in a row: a descriptor that is none is all that stops it. */
static int
bare_allowed(int nr)
{
	static const int bare[] = {__NR_accept4, __NR_sendto};

	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
		if (bare[i] == nr)
			return 1;
	return 0;
}

static void
denied(void)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const struct probe *q = &probes[i];
		struct try t = {q};
		int end;

		if (q->nr == SB_NR_NONE)
			continue;
		shared->result = -1;
		end = in_child(try_probe, &t);
		if (bare_allowed(q->nr) && q->fn == p_bad)
			CHECKF(end == 0 && shared->result > 0, "%s: %d, %d", q->name, end,
			    shared->result);
		else
			CHECKF(end == 1000 + SIGSYS, "%s: lived (%d, result %d)", q->name, end,
			    shared->result);
	}
}

/* The probes that try a thing for good must work without the filter, or they show nothing. */
static int
try_open(void *arg)
{
	(void)arg;
	return open("/etc/passwd", O_RDONLY) == -1;
}

/* The socket's owner may connect by its mode, and is not who is let in. */
static int
try_stranger(void *arg)
{
	struct imsgbuf *b;
	struct imsg m;

	(void)arg;
	if (setgroups(0, NULL) == -1 || setresgid(UID_SIGN, UID_SIGN, UID_SIGN) == -1 ||
	    setresuid(UID_SIGN, UID_SIGN, UID_SIGN) == -1 || (b = dial()) == NULL)
		return CHILD_BROKEN;
	return chan_recv(b, &m, 5000) == 1;
}

static void
stranger(void)
{
	pid_t pid;

	if ((pid = fork()) == 0) {
		alarm(20);
		_exit(signer());
	}
	signer_pid = pid;
	CHECK(in_child(try_stranger, NULL) == 0);
	CHECK(conversation());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Landlock alone, without the filter: nothing can be opened, its own directory neither. */
static int
try_landlock(void *arg)
{
	struct errmsg e;
	struct sb s;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	(void)arg;
	sign_sandbox(&s);
	if (fd == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    sb_landlock_apply(&s, &e) == -1)
		return CHILD_BROKEN;
	if (open("/etc/passwd", O_RDONLY) != -1 || openat(fd, "ca.key", O_RDONLY) != -1 ||
	    openat(fd, "new", O_WRONLY | O_CREAT, 0600) != -1 || open("/", O_RDONLY) != -1)
		return 1;
	return 0;
}

/* ---- a place for it ---- */

static void
give(const char *name)
{
	char file[96];

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	if (lchown(file, UID_SIGN, UID_SIGN) == -1) {
		perror(file);
		exit(1);
	}
}

/* A /dev of our own with a log that takes everything, so that syslog(3) has somebody to talk to. */
static void
make_log(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") == -1 ||
	    mknod("/dev/null", S_IFCHR | 0666, 1 << 8 | 3) == -1 ||
	    mknod("/dev/urandom", S_IFCHR | 0666, 1 << 8 | 9) == -1 ||
	    chmod("/dev/null", 0666) == -1)
		CHECK_SKIP("mounting needs root");
	syslogd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(syslogd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod("/dev/log", 0666) == -1)
		exit(1);
}

static void
make_place(void)
{
	struct user owner = {UID_SIGN, UID_SIGN}, peer = {0, 0};
	struct errmsg e;

	snprintf(dir, sizeof(dir), "%s", kit_dir());
	snprintf(path, sizeof(path), "%s.sock", dir);
	for (int i = 0; i < 6; i++)
		give((const char *const[]){
		    "fleet", "ca.key", "ca.crt", "online.sec", "online.pub", "issued"}[i]);
	give(".");
	if (pipe2(stop, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ctx.held) == -1 ||
	    (sock = sign_listen(path, &owner, &peer, &e)) == -1) {
		fprintf(stderr, "place: %s\n", e.text);
		exit(1);
	}
	ctx.parent = ctx.peer = getpid();
}

int
main(void)
{
	int end;

#ifdef REEVE_SANITIZE
	CHECK_SKIP("these builds hold rows for their own run time");
#endif
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	make_log();
	make_place();
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK((end = life()) == 0);
	if (end != 0)
		fprintf(stderr, "the session ends with %d\n", end);
	redundant();
	denied();
	fill_register();
	drain_log();
	stranger();
	CHECK(in_child(try_open, NULL) == 0);
	CHECK(in_child(try_landlock, NULL) == 0);
	unlink(path);
	kit_remove(dir);
	return check_done();
}
