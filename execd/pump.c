/*
 * The loop around a running tool: output into frames, input out of memory, the clock, the cancel
 * signal, and the end of the whole tree.
 */
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/progress.h"
#include "execd/pump.h"
#include "lib/fdutil.h"

#define DRAIN_MS  1000	/* pipes still open this long after the tool's end are given up */
#define REAP_MS	  10000 /* a killed tool that does not die is given up: it sits in the kernel */
#define READ_SIZE 65536

struct pump {
	struct work *w;
	struct tool *t;
	const struct command *cmd;
	struct capture *cap;
	int sigfd;
	uint64_t until, killat, giveup, quiet; /* framer_mono(); 0 not set */
	enum end cause;			       /* why it was ended; 0 by itself */
	int killed, exited, status, dataover;
	char execfail[ERRMSG_MAX];
	struct progress prog;
	char verdict[REASON_MAX + 64];
	size_t verdictlen;
};

static void
capture_add(struct capture *c, const char *buf, size_t len)
{
	size_t want = c->len + len + 1;
	char *p;

	if (c->over || want > CAPTURE_MAX) {
		c->over = 1;
		return;
	}
	if (want > c->size) {
		want = want < 65536 ? 65536 : want * 2;
		if ((p = realloc(c->buf, want)) == NULL) {
			c->over = 1;
			return;
		}
		c->buf = p;
		c->size = want;
	}
	memcpy(c->buf + c->len, buf, len);
	c->len += len;
	c->buf[c->len] = '\0';
}

static void
kill_tree(struct pump *p)
{
	int fd = p->w->in.cgroup_kill;

	p->killed = 1;
	if (p->giveup == 0)
		p->giveup = framer_mono() + (p->exited ? DRAIN_MS : REAP_MS);
	if (fd != -1 && write(fd, "1", 1) == 1)
		return;
	/* as init of the PID namespace our own exit is the kill: nothing to wait for */
	if (p->w->in.profile->flags & PF_NEWPID)
		p->giveup = framer_mono();
}

/* Ends the tool for CAUSE: TERM, then KILL after the kind's grace. The first cause stands. */
static void
stop(struct pump *p, enum end cause)
{
	if (p->cause != 0 || p->exited)
		return;
	p->cause = cause;
	tool_term(p->t);
	p->killat = framer_mono() + (uint64_t)p->w->in.start.grace * 1000;
}

static void
on_output(struct pump *p, int fd, const char *buf, size_t len)
{
	size_t n;

	if (fd == p->t->out) {
		if (p->cmd->flags & CMD_CAPTURE)
			capture_add(p->cap, buf, len);
		if (!(p->cmd->flags & CMD_QUIET))
			framer_output(&p->w->fr, FR_STDOUT, buf, len);
	} else if (fd == p->t->err)
		framer_output(&p->w->fr, FR_STDERR, buf, len);
	else if (fd == p->t->verdict) {
		n = sizeof(p->verdict) - 1 - p->verdictlen;
		n = len < n ? len : n;
		memcpy(p->verdict + p->verdictlen, buf, n);
		p->verdictlen += n;
	} else if (p->cmd->builtin != NULL) {
		if (framer_data(&p->w->fr, buf, len) == -1)
			p->dataover = 1;
	} else
		progress_feed(&p->prog, &p->w->fr, buf, len);
}

/* One read. 1 more may come, 0 nothing now or the end (then *FD is closed and -1). */
static int
read_one(struct pump *p, int *fd)
{
	static char buf[READ_SIZE];
	ssize_t n;

	if (*fd == -1)
		return 0;
	n = read(*fd, buf, sizeof(buf));
	if (n > 0) {
		p->quiet = framer_mono();
		on_output(p, *fd, buf, (size_t)n);
		return 1;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
	return 0;
}

static void
on_sync(struct pump *p)
{
	char buf[ERRMSG_MAX];
	ssize_t n;

	n = read(p->t->sync, buf, sizeof(buf) - 1);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && buf[0] == TOOL_SAYS_EXEC) {
		buf[n] = '\0';
		snprintf(p->execfail, sizeof(p->execfail), "%s", buf + 1);
		return;
	}
	close(p->t->sync);
	p->t->sync = -1;
}

static void
on_input(struct pump *p)
{
	struct work *w = p->w;
	ssize_t n;

	if (w->inoff < w->inlen) {
		n = write(p->t->in, w->input + w->inoff, w->inlen - w->inoff);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0 && (w->inoff += (size_t)n) < w->inlen)
			return;
	}
	/* all written, or a script that does not read (EPIPE): both are its own business */
	sodium_memzero(w->input, w->inlen);
	close(p->t->in);
	p->t->in = -1;
}

/* As init of a PID namespace we also get the orphans. */
static void
on_child(struct pump *p)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != p->t->pid)
			continue;
		p->exited = 1;
		p->status = status;
		p->t->pid = 0;
	}
}

static void
on_signal(struct pump *p)
{
	struct signalfd_siginfo si;

	while (read(p->sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			on_child(p);
		else if (si.ssi_signo == SIGTERM)
			stop(p, END_CANCELLED);
	}
}

static void
on_clock(struct pump *p)
{
	uint64_t now = framer_mono(), stall = (uint64_t)p->w->in.start.stall * 1000;

	if (!p->exited && now >= p->until)
		stop(p, END_TIMEOUT);
	if (!p->exited && stall != 0 && now >= p->quiet + stall)
		stop(p, END_STALLED);
	if (p->killat != 0 && now >= p->killat && !p->killed)
		kill_tree(p);
}

/* Until the next thing that the clock brings, in ms. */
static int
clock_left(const struct pump *p)
{
	uint64_t now = framer_mono(), next = p->until,
		 stall = (uint64_t)p->w->in.start.stall * 1000;

	if (p->exited || p->cause != 0)
		next = UINT64_MAX;
	else if (stall != 0 && p->quiet + stall < next)
		next = p->quiet + stall;
	if (p->killat != 0 && !p->killed && p->killat < next)
		next = p->killat;
	if (p->giveup != 0 && p->giveup < next)
		next = p->giveup;
	if (next <= now)
		return 0;
	return next - now < 60000 ? (int)(next - now) : 60000;
}

static int
pipes_open(const struct tool *t)
{
	return t->out != -1 || t->err != -1 || t->aux != -1 || t->verdict != -1;
}

static void
turn(struct pump *p)
{
	struct tool *t = p->t;
	int *fds[] = {&t->out, &t->err, &t->aux, &t->verdict};
	struct pollfd pf[7];
	size_t i;

	for (i = 0; i < 4; i++)
		pf[i] = (struct pollfd){.fd = *fds[i], .events = POLLIN};
	pf[4] = (struct pollfd){.fd = p->sigfd, .events = POLLIN};
	pf[5] = (struct pollfd){.fd = t->sync, .events = POLLIN};
	pf[6] = (struct pollfd){.fd = t->in, .events = POLLOUT};
	if (poll(pf, 7, clock_left(p)) == -1 && errno != EINTR)
		return;
	for (i = 0; i < 4; i++)
		if (pf[i].revents != 0)
			read_one(p, fds[i]);
	if (pf[5].revents != 0)
		on_sync(p);
	if (pf[6].revents != 0)
		on_input(p);
	if (pf[4].revents != 0)
		on_signal(p);
	on_clock(p);
}

/* What still sits in the pipes when nobody who could write is waited for any more. */
static void
drain(struct pump *p)
{
	int *fds[] = {&p->t->out, &p->t->err, &p->t->aux, &p->t->verdict};
	size_t i, turns;

	for (i = 0; i < 4; i++)
		for (turns = 0; turns < 64 && read_one(p, fds[i]); turns++)
			;
}

static void
judge_exit(struct pump *p)
{
	struct work *w = p->w;
	int sig;

	if (p->execfail[0] != '\0')
		work_end(w, END_SETUP, 0, "exec: %s", p->execfail);
	else if (p->cause != 0)
		work_end(w, p->cause, 0, "%s", "");
	else if (!p->exited)
		work_end(w, END_UNKNOWN, 0, "the tool does not end");
	else if (WIFSIGNALED(p->status)) {
		sig = WTERMSIG(p->status);
		if (sig == SIGSYS)
			work_end(w, END_SANDBOX, 0, "a system call outside the profile");
		else
			work_end(w, END_SIGNAL, sig, "%s", "");
	} else if (WEXITSTATUS(p->status) != 0 && !(p->cmd->flags & CMD_SOFT))
		work_end(w, END_EXIT, WEXITSTATUS(p->status), "%s", "");
	else
		w->rec.end = END_OK;
}

/* A builtin that ended well may have a last word: "effect-failed No such server." */
static void
judge_verdict(struct pump *p)
{
	char *why;
	int end;

	if (p->dataover)
		work_effect_failed(p->w, "the result is longer than %d bytes", FRAME_DATA_MAX);
	p->verdict[p->verdictlen] = '\0';
	if (p->verdictlen == 0 || p->w->rec.end != END_OK)
		return;
	if ((why = strchr(p->verdict, ' ')) != NULL)
		*why++ = '\0';
	end = end_byname(p->verdict);
	if (end == END_OK)
		work_effect_ok(p->w);
	else if (end == END_EFFECT)
		work_effect_failed(p->w, "%s", why != NULL ? why : "");
	else if (end == END_REFUSED)
		work_end(p->w, END_REFUSED, 0, "%s", why != NULL ? why : "");
}

/*
 * After the tool's end: whatever it left running holds its pipes open. That ends now, but for a
 * package manager that was told to stop (dpkg may use the grace to end in order), and but for the
 * step's next command, which waits in the same cgroup.
 */
static void
end_tree(struct pump *p, int last)
{
	int spare = (p->cmd->flags & CMD_ALONE) && p->cause != 0 && !p->killed;

	if (p->exited && !spare) {
		if (last)
			kill_tree(p);
		p->giveup = framer_mono() + DRAIN_MS;
		if (last && p->w->in.cgroup_kill == -1)
			p->giveup = framer_mono();
	}
	while (pipes_open(p->t) && (p->giveup == 0 || framer_mono() < p->giveup))
		turn(p);
	drain(p);
	if (last && !p->killed)
		kill_tree(p);
}

void
pump_run(struct work *w, size_t n, int sigfd, uint64_t until)
{
	struct pump p = {.w = w,
	    .t = &w->tool[n],
	    .cmd = &w->cmd[n],
	    .cap = &w->cap[n],
	    .sigfd = sigfd,
	    .until = until,
	    .quiet = framer_mono()};

	if (write(p.t->sync, &(char){TOOL_GO}, 1) != 1)
		snprintf(p.execfail, sizeof(p.execfail), "the tool is gone");
	while (!p.exited && (p.giveup == 0 || framer_mono() < p.giveup))
		turn(&p);
	if (p.t->sync != -1)
		on_sync(&p);
	judge_exit(&p);
	end_tree(&p, n + 1 == w->ncmds || w->rec.end != END_OK);
	judge_verdict(&p);
	if ((p.cmd->flags & CMD_QUIET) && w->rec.end != END_OK && p.cap->buf != NULL)
		framer_output(&w->fr, FR_STDOUT, p.cap->buf, p.cap->len);
	tool_close(p.t);
}
