/* The ledger: what is appended comes back, within bounds; lock, full disks, foreign files, large
 * ones. */
#include <sys/mount.h>
#include <sys/resource.h>

#include <sched.h>
#include <seccomp.h>
#include <time.h>

#include "lib/log.h"
#include "regress/unit/ledgerkit.h"

static int
count(const struct ledger_rec *r, off_t off, void *arg)
{
	(void)off;
	*(uint64_t *)arg += r->ticketlen;
	return 0;
}

/* Every field of every type comes back as it went in. */
static void
t_fields(void)
{
	static uint8_t buf[LEDGER_FRAME_MAX];
	struct ledger_rec r, back;
	struct errmsg e;
	ssize_t n;
	int type;

	for (type = 1; type < LR_LIMIT; type++) {
		if (ledger_typename((uint8_t)type) == NULL)
			continue;
		r = sample((enum ledger_type)type);
		r.seq = 9;
		n = ledger_rec_put(buf, &r, &e);
		CHECK(n > 0 && ledger_frame(buf, (size_t)n) == (size_t)n);
		CHECK(ledger_rec_get(buf, (size_t)n, &back, &e) == 0 && back.type == r.type &&
		      back.seq == 9);
		switch (r.type) {
		case LR_ACCEPTED:
			CHECK_STR(back.origin, "local");
			CHECK_STR(back.key, "ops");
			CHECK_STR(back.holder, "ops-1");
			CHECK(back.fence == 77 && back.nsigs == 2 &&
			      back.ticketlen == r.ticketlen &&
			      memcmp(back.ticket, r.ticket, r.ticketlen) == 0 &&
			      memcmp(back.sig, r.sig, 2 * sizeof(r.sig[0])) == 0);
			break;
		case LR_STARTED:
			CHECK(back.pid == 4711 && back.starttime == 123456 && back.step == 1 &&
			      back.rollback == 1);
			break;
		case LR_STEPEND:
			CHECK(back.exit.end == END_EXIT && back.exit.code == 3 &&
			      back.exit.outsize == 16);
			CHECK_STR(back.exit.reason, "because");
			break;
		case LR_FINISHED:
			CHECK(back.resultlen == r.resultlen &&
			      memcmp(back.result, r.result, r.resultlen) == 0 &&
			      memcmp(&back.resultsig, &r.resultsig, sizeof(r.resultsig)) == 0);
			break;
		case LR_CANCEL:
			CHECK_STR(back.who, "uid 0");
			break;
		case LR_CHALLENGE:
		case LR_RESET:
			CHECK(memcmp(back.nonce, r.nonce, sizeof(r.nonce)) == 0);
			break;
		default:
			break;
		}
	}
}

static void
t_bounds(void)
{
	static uint8_t buf[LEDGER_FRAME_MAX], big[TICKET_MAX + 1];
	struct ledger_rec r = sample(LR_ACCEPTED), back;
	struct ledger *l = NULL;
	struct seen s;
	struct errmsg e;
	ssize_t n;

	r.ticket = big;
	r.ticketlen = TICKET_MAX;
	r.nsigs = TICKET_SIGS;
	memset(r.origin, 'o', 64);
	memset(r.key, 'k', 64);
	memset(r.holder, 'h', 64);
	r.origin[64] = r.key[64] = r.holder[64] = '\0';
	n = ledger_rec_put(buf, &r, &e);
	CHECK(n > TICKET_MAX && n <= LEDGER_FRAME_MAX);
	CHECK(ledger_rec_get(buf, (size_t)n, &back, &e) == 0 && back.nsigs == TICKET_SIGS);
	r.ticketlen++;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_ACCEPTED);
	r.nsigs = TICKET_SIGS + 1;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_CANCEL);
	strcpy(r.who, "line\nfeed");
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	r = sample(LR_STEP);
	r.rollback = 2;
	CHECK(ledger_rec_put(buf, &r, &e) == -1);
	/* and a ledger that is asked for one of these goes on */
	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0 && (l = reopen(&s, &e)) != NULL);
	CHECK(ledger_append(l, &r, NOW, NULL, &e) == -1 && !ledger_broken(l));
	r = sample(LR_STEP);
	CHECK(ledger_append(l, &r, NOW, NULL, &e) == 0 && ledger_seq(l) == 1);
	CHECK(ledger_read(l, 3, &r, &e) == -1 && ledger_read(l, 1 << 20, &r, &e) == -1);
	ledger_close(l);
}

static void
t_make_and_lock(void)
{
	const struct timespec moment = {.tv_nsec = 100 * 1000 * 1000};
	pid_t pid;
	struct ledger *l;
	struct seen s;
	struct errmsg e;

	kit_new();
	CHECK(ledger_open(kit_fd, NOW, collect, &s, &e) == NULL);
	CHECK(ledger_make(kit_fd, &e) == 0);
	CHECK(ledger_make(kit_fd, &e) == -1 && strstr(e.text, "exists") != NULL);
	CHECK((l = reopen(&s, &e)) != NULL);
	CHECK(reopen(&s, &e) == NULL && strstr(e.text, "lock") != NULL);
	ledger_close(l);
	CHECK((l = reopen(&s, &e)) != NULL);
	/* a child that has not yet reached its execve(2) holds the lock of a privd that died */
	if ((pid = fork()) == 0) {
		nanosleep(&moment, NULL);
		_exit(0);
	}
	ledger_close(l);
	CHECKF((l = reopen(&s, &e)) != NULL, "%s", e.text);
	ledger_close(l);
	CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
	kit_put("ledger", pristine, pristine_len);
	memset(&s, 0, sizeof(s));
	s.stop_at = 5;
	CHECK(ledger_open(kit_fd, NOW, collect, &s, &e) == NULL && s.n == 4);
}

static void
t_paths(void)
{
	const char *what;
	struct ledger *l;
	struct errmsg e;
	struct seen s;
	unsigned int n;

	for (n = 0;; n++) {
		kit_new();
		CHECK(ledger_make(kit_fd, &e) == 0);
		if ((what = kit_attack("ledger", n, 0)) == NULL)
			break;
		CHECKF(reopen(&s, &e) == NULL && e.text[0] != '\0', "%s taken for a ledger", what);
		CHECKF(ledger_make(kit_fd, &e) == -1, "made over a %s", what);
	}
	CHECK(n == 9);
	/* what lies in wait under the temporary name is replaced, not written through */
	kit_new();
	kit_put("victim", "precious", 8);
	kit_must(symlinkat("victim", kit_fd, LEDGER_NEW), "symlink");
	CHECK(ledger_make(kit_fd, &e) == 0);
	free(kit_get("victim", &(size_t){0}));
	CHECK((l = reopen(&s, &e)) != NULL);
	ledger_close(l);
}

/* A write that the disk takes in part: refused, taken back, and the ledger is broken for good. */
static void
t_short_write(void)
{
	struct rlimit old, now;
	struct ledger_rec r = sample(LR_ACCEPTED);
	struct ledger *l;
	struct seen s;
	struct errmsg e;
	size_t len, room;

	signal(SIGXFSZ, SIG_IGN);
	kit_must(getrlimit(RLIMIT_FSIZE, &old), "getrlimit");
	for (room = 0; room < 60; room += 7) {
		kit_new();
		kit_put("ledger", pristine, pristine_len);
		CHECK((l = reopen(&s, &e)) != NULL);
		now = old;
		now.rlim_cur = pristine_len + room;
		kit_must(setrlimit(RLIMIT_FSIZE, &now), "setrlimit");
		CHECK(ledger_append(l, &r, NOW, NULL, &e) == -1 && ledger_broken(l));
		CHECKF(strstr(e.text, "write") != NULL, "%s", e.text);
		kit_must(setrlimit(RLIMIT_FSIZE, &old), "setrlimit");
		CHECK(
		    ledger_append(l, &r, NOW, NULL, &e) == -1 && strstr(e.text, "broken") != NULL);
		CHECK(ledger_seq(l) == whole.n);
		CHECK(ledger_read(l, whole.off[2], &r, &e) == 0 && r.type == LR_STARTED);
		r = sample(LR_ACCEPTED);
		ledger_close(l);
		free(kit_get("ledger", &len));
		CHECK(len == pristine_len);
		same("after a short write", room, whole.n);
	}
}

/* In a child: a file system of 64 KiB that fills up. Exit 0 all well, 77 no mount here, else a
 * line. */
static int
child_full(void)
{
	static struct ledger_rec r;
	static struct seen s;
	struct ledger *l;
	struct errmsg e;
	char mnt[sizeof(kit_dir) + 8];
	uint64_t n, sum = 0;

	snprintf(mnt, sizeof(mnt), "%s/mnt", kit_dir);
	if (mkdir(mnt, 0700) == -1 || unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", mnt, "tmpfs", 0, "size=16k,mode=0700") == -1)
		return 77;
	if ((kit_fd = open(mnt, O_RDONLY | O_DIRECTORY)) == -1 || ledger_make(kit_fd, &e) == -1 ||
	    (l = reopen(&s, &e)) == NULL)
		return 1;
	r = sample(LR_STEP);
	for (n = 0; n < 10000 && ledger_append(l, &r, NOW, NULL, &e) == 0; n++)
		continue;
	if (n == 10000 || !ledger_broken(l) ||
	    (strstr(e.text, "No space") == NULL && strstr(e.text, "disk is full") == NULL))
		return 2;
	if (ledger_seq(l) != n)
		return 3;
	ledger_close(l);
	/* all that was promised is there, and nothing else */
	l = ledger_open(kit_fd, NOW, count, &sum, &e);
	return l != NULL && ledger_seq(l) == n ? 0 : 4;
}

/* In a child: fsync fails with EIO. The record that was written must not come back. */
static int
child_eio(void)
{
	struct ledger_rec r = sample(LR_ACCEPTED);
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	static struct seen s;
	struct ledger *l;
	struct errmsg e;

	if ((l = reopen(&s, &e)) == NULL)
		return 1;
	if (f == NULL || seccomp_rule_add(f, SCMP_ACT_ERRNO(EIO), SCMP_SYS(fsync), 0) != 0 ||
	    seccomp_load(f) != 0)
		return 77;
	if (ledger_append(l, &r, NOW, NULL, &e) != -1 || strstr(e.text, "fsync") == NULL)
		return 2;
	if (!ledger_broken(l) || ledger_append(l, &r, NOW, NULL, &e) != -1)
		return 3;
	return 0;
}

/*
 * LAZY records wait for the next sync, as many as end in the sector in which the first of them
 * begins, and no more. The ledger L cannot sync: what needs it fails.
 */
static int
waits(struct ledger *l, enum ledger_type type)
{
	static uint8_t frame[LEDGER_FRAME_MAX];
	struct ledger_rec r = sample(type);
	struct errmsg e;
	ssize_t len = ledger_rec_put(frame, &r, &e), at = HEADLEN;

	for (; at + len < 512; at += len)
		if (ledger_append(l, &r, NOW, NULL, &e) == -1)
			return 0;
	return len > 0 && ledger_flushes(l) == 0 && ledger_append(l, &r, NOW, NULL, &e) == -1 &&
	       strstr(e.text, "fsync") != NULL;
}

/* In a child: each type of record is synced before its append returns, but for the LAZY ones. */
static int
child_synced(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	static struct seen s;
	struct ledger_rec r;
	struct errmsg e;
	struct ledger *l[LR_LIMIT] = {NULL};
	int type;

	for (type = 1; type < LR_LIMIT; type++) {
		if (ledger_typename((uint8_t)type) == NULL)
			continue;
		kit_new(); /* each with a lock of its own */
		if (ledger_make(kit_fd, &e) == -1 || (l[type] = reopen(&s, &e)) == NULL)
			return 1;
	}
	if (f == NULL || seccomp_rule_add(f, SCMP_ACT_ERRNO(EIO), SCMP_SYS(fsync), 0) != 0 ||
	    seccomp_load(f) != 0)
		return 77;
	for (type = 1; type < LR_LIMIT; type++) {
		r = sample((enum ledger_type)type);
		if (l[type] == NULL)
			continue;
		if (ledger_lazy((enum ledger_type)type)
			? !waits(l[type], (enum ledger_type)type)
			: ledger_append(l[type], &r, NOW, NULL, &e) != -1)
			return 100 + type;
	}
	return 0;
}

static void
t_full_and_eio(void)
{
	int rv;

	kit_new();
	rv = kit_child(child_full);
	CHECKF(rv == 0, "child for a full disk: %d", rv);
	kit_new();
	kit_put("ledger", pristine, pristine_len);
	rv = kit_child(child_eio);
	CHECKF(rv == 0, "child for a failing fsync: %d", rv);
	same("after a failed fsync", 0, whole.n);
	rv = kit_child(child_synced);
	CHECKF(rv == 0, "%s is not synced: %d",
	    rv > 100 ? ledger_typename((uint8_t)(rv - 100)) : "a record", rv);
}

/* A ledger of 18 MB is replayed with the memory of a small one. */
static void
t_streaming(void)
{
	static uint8_t frame[LEDGER_FRAME_MAX], ticket[TICKET_MAX];
	struct ledger_rec r = sample(LR_ACCEPTED);
	struct rusage before, after;
	struct errmsg e;
	struct ledger *l;
	uint64_t sum = 0;
	ssize_t n;
	int fd;

	kit_new();
	CHECK(ledger_make(kit_fd, &e) == 0);
	if ((fd = openat(kit_fd, "ledger", O_WRONLY | O_APPEND)) == -1)
		err(1, "ledger");
	memset(ticket, 't', sizeof(ticket));
	r.ticket = ticket;
	r.ticketlen = sizeof(ticket);
	for (r.seq = 1; r.seq <= 2000; r.seq++) {
		n = ledger_rec_put(frame, &r, &e);
		if (n == -1 || write(fd, frame, (size_t)n) != n)
			err(1, "write");
	}
	close(fd);
	getrusage(RUSAGE_SELF, &before);
	l = ledger_open(kit_fd, NOW, count, &sum, &e);
	getrusage(RUSAGE_SELF, &after);
	CHECKF(l != NULL && ledger_seq(l) == 2000 && sum == 2000 * sizeof(ticket), "%s", e.text);
#ifndef REEVE_SANITIZE
	CHECKF(after.ru_maxrss - before.ru_maxrss < 2048, "%ld KiB more",
	    after.ru_maxrss - before.ru_maxrss);
#endif
	ledger_close(l);
}

int
main(void)
{
	log_init("t_ledger", 0, 0);
	alarm(240);
	build();
	t_fields();
	t_bounds();
	t_make_and_lock();
	t_paths();
	t_short_write();
	t_full_and_eio();
	t_streaming();
	free(pristine);
	kit_clean();
	return check_done();
}
