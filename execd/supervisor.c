/* The supervisor of one step, from the fork to the exit frame. */
#include <sys/signalfd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/pump.h"
#include "execd/supervisor.h"

#define READY_MS 10000 /* for all tools of the step to confine themselves */

static int
signals(struct errmsg *e)
{
	struct sigaction ign = {.sa_handler = SIG_IGN};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	if (sigaction(SIGPIPE, &ign, NULL) == -1 || sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_errno(e, "signals");
	return fd;
}

/* Root's part: the commands, their children, and then this process's own drop. */
static int
begin(struct work *w, struct errmsg *e)
{
	const char *stage = "";
	size_t i;

	if (w->ops->prepare(w, e) == -1)
		return -1;
	if (confine_tool(&w->tool_box, w->in.profile, &w->in.host, e) == -1 ||
	    confine_supervisor(&w->own_box, w->in.profile, &w->in.host, e) == -1)
		return -1;
	for (i = 0; i < w->ncmds; i++) {
		if (command_done(&w->cmd[i], e) == -1 ||
		    tool_start(&w->tool[i], &w->cmd[i], &w->tool_box, &w->in, e) == -1)
			return -1;
	}
	for (i = 0; i < w->ncmds; i++) {
		if (w->cmd[i].exe != -1)
			close(w->cmd[i].exe);
		if (w->cmd[i].sock != -1)
			close(w->cmd[i].sock);
	}
	if (w->in.cgroup != -1)
		close(w->in.cgroup);
	w->own_box.sb.fsize = framer_most(&w->fr);
	if (sb_apply(&w->own_box.sb, &stage, e) == -1)
		return err_prefix(e, "supervisor: %s", stage);
	return 0;
}

/* 1 the tool is confined and waits; 0 it said nothing yet; -1 E. */
static int
hear(const struct tool *t, struct errmsg *e)
{
	char buf[ERRMSG_MAX];
	ssize_t n;

	n = read(t->sync, buf, sizeof(buf) - 1);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return err_set(e, "tool: died while it confined itself");
	buf[n] = '\0';
	if (buf[0] != TOOL_SAYS_READY)
		return err_set(e, "%s", buf + 1);
	return 1;
}

/* Waits for tool I. 1 ready, 0 privd is gone or cancels, -1 E. */
static int
wait_ready(
    struct work *w, size_t i, struct imsgbuf *ch, int sigfd, uint64_t until, struct errmsg *e)
{
	struct pollfd pf[3] = {{.fd = w->tool[i].sync, .events = POLLIN},
	    {.fd = imsgbuf_fd(ch), .events = POLLRDHUP}, {.fd = sigfd, .events = POLLIN}};
	struct signalfd_siginfo si;
	uint64_t now;
	int r;

	for (;;) {
		now = framer_mono();
		if (now >= until)
			return err_set(e, "tool: not confined within %d s", READY_MS / 1000);
		if (poll(pf, 3, (int)(until - now)) == -1 && errno != EINTR)
			return err_errno(e, "poll");
		if (pf[0].revents != 0 && (r = hear(&w->tool[i], e)) != 0)
			return r;
		if (pf[1].revents != 0)
			return 0;
		if (pf[2].revents != 0 && read(sigfd, &si, sizeof(si)) > 0 &&
		    si.ssi_signo == SIGTERM)
			return 0;
	}
}

/* EXEC_READY goes out, EXEC_GO comes in. 1 go, 0 privd is gone or cancels, -1 E. */
static int
arm(struct imsgbuf *ch, uint32_t profile, int sigfd, struct errmsg *e)
{
	struct pollfd pf[2] = {
	    {.fd = imsgbuf_fd(ch), .events = POLLIN}, {.fd = sigfd, .events = POLLIN}};
	struct signalfd_siginfo si;
	struct imsg m;
	int r;

	if (imsg_compose(ch, MSG_EXEC_READY, msg_execready_put(profile), NULL, 0) == -1 ||
	    chan_flush(ch) == -1)
		return 0;
	imsgbuf_gate(ch)->phase = PH_ARMED;
	for (;;) {
		if (poll(pf, 2, -1) == -1 && errno != EINTR)
			return err_errno(e, "poll");
		if (pf[1].revents != 0 && read(sigfd, &si, sizeof(si)) > 0 &&
		    si.ssi_signo == SIGTERM)
			return 0;
		if (pf[0].revents == 0)
			continue;
		if ((r = chan_recv(ch, &m, 0)) == -2)
			continue;
		if (r != 1)
			return r == 0 ? 0 : err_set(e, "channel: breach");
		r = m.type == MSG_EXEC_GO;
		imsg_free(&m);
		if (!r)
			return err_set(e, "channel: message %u instead of EXEC_GO", m.type);
		imsgbuf_gate(ch)->phase = PH_RUN;
		return 1;
	}
}

/* All commands, the effect, the exit frame, EXEC_EXIT. */
static int
run(struct work *w, struct imsgbuf *ch, int sigfd)
{
	uint64_t until = framer_mono() + (uint64_t)w->in.start.seconds * 1000;
	size_t i;

	w->rec.started = framer_now();
	w->rec.effect = EFFECT_NONE;
	if (w->ops->before != NULL)
		w->ops->before(w);
	for (i = 0; i < w->ncmds; i++) {
		if (w->cmd[i].when != NULL && !w->cmd[i].when())
			continue;
		w->rec.end = 0;
		pump_run(w, i, sigfd, until);
		if (w->rec.end != END_OK)
			break;
	}
	if (w->rec.end == END_OK && w->ops->after != NULL)
		w->ops->after(w);
	w->rec.ended = framer_now();
	if (framer_exit(&w->fr, &w->rec) == -1)
		return 1;
	if (imsg_compose(ch, MSG_EXEC_EXIT, msg_execexit_put(&w->rec), NULL, 0) == 0)
		(void)chan_flush(ch);
	return 0;
}

static int
fail(struct imsgbuf *ch, const struct errmsg *e)
{
	if (imsg_compose(ch, MSG_EXEC_FAIL, msg_text_put(e->text), NULL, 0) == 0)
		(void)chan_flush(ch);
	return 1;
}

int
supervise(struct work *w, struct imsgbuf *ch)
{
	uint64_t until;
	struct errmsg e;
	int sigfd, r = 1;
	size_t i;

	w->rec.step = (uint8_t)(w->in.start.step + 1);
	if (framer_init(&w->fr, w->in.spool, w->rec.step, w->in.start.output, &e) == -1 ||
	    (sigfd = signals(&e)) == -1 || begin(w, &e) == -1)
		return fail(ch, &e);
	if (w->ops->input != NULL && w->ops->input(w, &e) == -1)
		return fail(ch, &e);
	sodium_memzero(w->in.seal, sizeof(w->in.seal));
	until = framer_mono() + READY_MS;
	for (i = 0; i < w->ncmds && r == 1; i++)
		r = wait_ready(w, i, ch, sigfd, until, &e);
	if (r == 1)
		r = arm(ch, w->in.profile->id, sigfd, &e);
	if (r == 1)
		return run(w, ch, sigfd);
	return r == 0 ? 0 : fail(ch, &e);
}
