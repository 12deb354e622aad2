/*
 * A rogue privd against the real reeve-execd: whatever comes wrong, it ends by itself in time and
 * the tool never runs (the spool keeps its bare head). The lawful conversation, of the internal
 * step selftest, runs it: so a bare head means something.
 *
 * REEVE_EXECD names the program; else it is the one built beside this test.
 *
 * regress: no-sanitizer a sanitizer's own calls are not in the supervisor's filter
 */
#include <sys/syscall.h>
#include <sys/wait.h>

#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>

#include "lib/spawn.h"
#include "proto/frame.h"
#include "regress/check.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

#define IN_TIME	   8000	 /* ms in which a breach must have ended it; its own deadline is 10 s */
#define TOO_LONG   30000 /* ms: silence must have ended it */
#define SELFTEST_S 20

struct run {
	pid_t pid;
	int pidfd, sock, spool, null;
};

static char execd[PATH_MAX];
static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];

static void
find_execd(void)
{
	char self[PATH_MAX];
	const char *env = getenv("REEVE_EXECD");
	ssize_t n;

	if (env != NULL) {
		snprintf(execd, sizeof(execd), "%s", env);
		return;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n < 0 ? 0 : n] = '\0';
	snprintf(execd, sizeof(execd), "%.4000s/../../reeve-execd", dirname(self));
}

static void
child(int sock, int null)
{
	char *const argv[] = {execd, NULL}, *const envp[] = {NULL};

	if (dup2(null, 0) == -1 || dup2(null, 1) == -1 || dup2(null, 2) == -1 ||
	    dup2(sock, CHAN_FD) == -1)
		_exit(126);
	fd_closefrom(CHAN_FD + 1);
	execve(execd, argv, envp);
	_exit(127);
}

static void
start(struct run *r)
{
	int sp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) == -1)
		abort();
	r->sock = sp[0];
	r->spool = peer_file(0);
	if (fd_writen(r->spool, FRAME_HEAD, FRAME_HEADLEN) != FRAME_HEADLEN)
		abort();
	r->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if ((r->pid = fork()) == -1)
		abort();
	if (r->pid == 0)
		child(sp[1], r->null);
	close(sp[1]);
	if ((r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0)) == -1)
		abort();
}

/* Waits for its end. Its exit status, 1000 + signal, or -1 when it still lives after MS (then ended
 * here). */
static int
finish(struct run *r, int ms)
{
	struct pollfd p = {.fd = r->pidfd, .events = POLLIN};
	int status, late = poll(&p, 1, ms) != 1;

	if (late)
		kill(r->pid, SIGKILL);
	if (waitpid(r->pid, &status, 0) != r->pid)
		abort();
	close(r->pidfd);
	close(r->sock);
	close(r->null);
	if (late)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* It must have ended by itself, not by a signal, and left no byte in the spool. */
static void
refused(struct run *r, int ms, const char *name, const char *what)
{
	int st = finish(r, ms);

	CHECKF(st == 0 || st == 1, "%s: %s: status %d", name, what, st);
	CHECKF(peer_filesize(r->spool) == FRAME_HEADLEN, "%s: %s: something ran", name, what);
	close(r->spool);
}

/* Sends what it still takes: it may end at any byte. */
static void
say(struct run *r, const void *buf, size_t len, int fd, unsigned int nfds)
{
	ssize_t n = peer_send(r->sock, buf, len, fd, nfds, 0);

	CHECK(n == (ssize_t)len || errno == EPIPE || errno == ECONNRESET);
}

static void
say_row(struct run *r, uint32_t type)
{
	const struct msg_row *row = msg_row(type);

	say(r, msg, sample_message(row, SAMPLE_MIN, msg),
	    type == MSG_EXEC_START ? r->spool : r->null, row->fds);
}

/* ---- what is lawful ---- */

/* Up to EXEC_READY, for the internal step. 1 when it came. */
static int
arm(struct run *r)
{
	uint8_t head[IMSG_HEADER];
	struct pollfd p = {.fd = r->sock, .events = POLLIN};
	ssize_t n;

	start(r);
	say_row(r, MSG_EXEC_HOST);
	say_row(r, MSG_EXEC_START);
	if (poll(&p, 1, IN_TIME) != 1 || fd_readn(r->sock, head, sizeof(head)) != sizeof(head))
		return 0;
	if (head[3] == MSG_EXEC_READY)
		return fd_readn(r->sock, msg, 12) == 12;
	n = recv(r->sock, msg, sizeof(msg), MSG_DONTWAIT);
	fprintf(stderr, "execd: message %u: %.*s\n", head[3], (int)(n > 0 ? n : 0), msg);
	return 0;
}

static int
lawful(void)
{
	struct run r;
	int st;

	if (!arm(&r)) {
		st = finish(&r, IN_TIME);
		CHECKF(0, "%s does not get ready: status %d", execd, st);
		return -1;
	}
	say_row(&r, MSG_EXEC_GO);
	st = finish(&r, SELFTEST_S * 1000);
	CHECKF(st == 0, "status %d", st);
	CHECKF(peer_filesize(r.spool) > EXITREC_SIZE, "nothing ran");
	close(r.spool);
	return 0;
}

/* ---- what is not ---- */

static void
type_sweep(uint32_t type)
{
	const struct msg_row *row = msg_row(type);
	struct run r;

	start(&r);
	if (row != NULL) {
		say_row(&r, type);
	} else {
		peer_head(msg, type, IMSG_HEADER, 0, 0);
		say(&r, msg, IMSG_HEADER, -1, 0);
	}
	/* One that is lawful here waits for more: then the peer goes. START before HOST is not. */
	if (row != NULL && row->to == ROOM_EXECD && (row->phases & PH_START))
		shutdown(r.sock, SHUT_WR);
	refused(&r, IN_TIME, row != NULL ? row->name : "no such type", "alone");
}

static void
one(const struct msg_row *row, size_t len, unsigned int nfds, const char *what)
{
	struct run r;

	start(&r);
	say(&r, msg, len, r.null, nfds);
	refused(&r, IN_TIME, row->name, what);
}

static void
lengths(const struct msg_row *row)
{
	static const uint32_t bad[] = {
	    0, IMSG_HEADER - 1, IMSG_HEADER + MSG_PAYLOAD_MAX + 1, 0x80000000, 0xffffffff};
	size_t i, len;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		peer_head(msg, row->num, bad[i], row->fds, 0);
		one(row, IMSG_HEADER, row->fds, "length");
	}
	if (row->min > 0) {
		peer_head(msg, row->num, IMSG_HEADER + row->min - 1, row->fds, 0);
		one(row, IMSG_HEADER, row->fds, "too short");
	}
	peer_head(msg, row->num, IMSG_HEADER + row->max + 1, row->fds, 0);
	one(row, IMSG_HEADER, row->fds, "too long");
	len = sample_message(row, SAMPLE_MIN, msg);
	peer_head(msg, row->num, (uint32_t)len + 1, row->fds, 0);
	msg[len] = 0;
	one(row, len + 1, row->fds, "trailing byte");
	len = sample_message(row, SAMPLE_MIN, msg);
	one(row, len, row->fds + 1, "surplus descriptor");
	one(row, len, PEER_FDS, "253 descriptors");
	if (row->fds > 0)
		one(row, len, row->fds - 1, "missing descriptor");
}

static void
twice(const struct msg_row *row)
{
	struct run r;

	start(&r);
	if (row->num == MSG_EXEC_START)
		say_row(&r, MSG_EXEC_HOST);
	say_row(&r, row->num);
	say_row(&r, row->num);
	refused(&r, IN_TIME, row->name, "twice");
}

/* Half of each message, all at once, and silence: its own deadline ends each. */
static void
halves(void)
{
	struct run runs[16];
	const struct msg_row *row;
	size_t i, n = 0;

	for (i = 0; (row = msg_nth(i)) != NULL; i++)
		if (row->to == ROOM_EXECD && (row->phases & PH_START)) {
			start(&runs[n]);
			say(&runs[n], msg, sample_message(row, SAMPLE_MAX, msg) / 2, runs[n].null,
			    row->fds);
			n++;
		}
	start(&runs[n++]); /* not a byte at all */
	for (i = 0; i < n; i++)
		refused(&runs[i], TOO_LONG, "half a message", "then silence");
}

/* Ready, and then anything but EXEC_GO. */
static void
armed(const struct msg_row *row)
{
	struct run r;

	CHECK(arm(&r));
	if (row == NULL)
		shutdown(r.sock, SHUT_WR);
	else if (row->num == MSG_EXEC_GO) { /* half of it, then gone */
		sample_message(row, SAMPLE_MIN, msg);
		say(&r, msg, IMSG_HEADER / 2, -1, 0);
		shutdown(r.sock, SHUT_WR);
	} else
		say_row(&r, row->num);
	refused(&r, IN_TIME, row != NULL ? row->name : "end of file", "instead of EXEC_GO");
}

/* EXEC_GO with a descriptor, with a byte, a reserved bit. */
static void
bad_go(void)
{
	const struct msg_row *row = msg_row(MSG_EXEC_GO);
	struct run r;
	int i;

	for (i = 0; i < 3; i++) {
		CHECK(arm(&r));
		peer_head(msg, row->num, IMSG_HEADER + (i == 1), 0, i == 2);
		say(&r, msg, IMSG_HEADER, r.null, i == 0);
		refused(&r, IN_TIME, row->name, "not quite");
	}
}

/* Blobs without end, their descriptors with them. */
static void
flood(void)
{
	const struct msg_row *row = msg_row(MSG_EXEC_BLOB);
	size_t len = sample_message(row, SAMPLE_MIN, msg);
	struct run r;
	int i;

	start(&r);
	for (i = 0; i < 10000; i++)
		if (peer_send(r.sock, msg, len, r.null, 1, 0) == -1)
			break;
	CHECKF(i < 10000, "ten thousand blobs were taken");
	refused(&r, IN_TIME, row->name, "ten thousand times");
}

/* The steps in all orders: only the lawful one could run anything, and none has all of them right.
 */
static void
order(const uint32_t *type, int n)
{
	struct run r;
	int i;

	start(&r);
	for (i = 0; i < n; i++)
		say_row(&r, type[i]);
	shutdown(r.sock, SHUT_WR);
	refused(&r, IN_TIME, "order", msg_row(type[0])->name);
}

static void
orders(void)
{
	static const uint32_t lists[][4] = {
	    {MSG_EXEC_GO, MSG_EXEC_HOST, MSG_EXEC_CGROUP, MSG_EXEC_START},
	    {MSG_EXEC_HOST, MSG_EXEC_GO, MSG_EXEC_CGROUP, MSG_EXEC_START},
	    {MSG_EXEC_CGROUP, MSG_EXEC_START, MSG_EXEC_HOST, MSG_EXEC_GO},
	    {MSG_EXEC_START, MSG_EXEC_HOST, MSG_EXEC_CGROUP, MSG_EXEC_GO},
	    {MSG_EXEC_START, MSG_EXEC_GO, MSG_EXEC_HOST, MSG_EXEC_CGROUP},
	    {MSG_EXEC_HOST, MSG_EXEC_CGROUP, MSG_EXEC_START, MSG_EXEC_HOST},
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		order(lists[i], 4);
}

int
main(void)
{
	static const uint32_t huge[] = {256, 65536 + MSG_EXEC_HOST, 0x80000000, 0xffffffff};
	const struct msg_row *row;
	uint32_t t;
	size_t i;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-execd is started by root only");
	find_execd();
	if (lawful() == -1)
		return check_done();
	for (t = 0; t < 256; t++)
		type_sweep(t);
	for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++)
		type_sweep(huge[i]);
	for (i = 0; (row = msg_nth(i)) != NULL; i++) {
		if (row->to != ROOM_EXECD)
			continue;
		lengths(row);
		if (row->times == MSG_ONCE)
			twice(row);
		armed(row);
	}
	armed(NULL);
	bad_go();
	flood();
	orders();
	halves();
	return check_done();
}
