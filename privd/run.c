/* One step in one executor. */

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/spawn.h"
#include "privd/loop.h"
#include "privd/run.h"

#define SETUP_MS 15000 /* an executor that is not ready by then is killed */
#define REAP_MS	 20    /* between two looks at a cgroup that is not empty yet */
#define REAP_LOG (30000 / REAP_MS)

struct run {
	struct privd *p;
	const struct run_ops *ops;
	void *arg;
	struct cgroup cg;
	int has_cg;
	pid_t pid;
	uint64_t starttime;
	int pidfd, watchfd;
	struct imsgbuf *chan;
	struct loop_fd *chan_w, *pid_w, *watch_w;
	struct loop_timer setup, reap;
	uint32_t profile; /* that EXEC_READY must name */
	unsigned int looks;
	int reaped;
	struct run_end end;
};

static void reap_look(void *);

static void
run_free(struct run *r)
{
	loop_timer_clear(&r->setup);
	loop_timer_clear(&r->reap);
	loop_del(r->chan_w);
	loop_del(r->pid_w);
	loop_del(r->watch_w);
	imsgbuf_free(r->chan);
	if (r->pidfd != -1)
		close(r->pidfd);
	if (r->watchfd != -1)
		close(r->watchfd);
	if (r->has_cg)
		cgroup_close(&r->cg);
	free(r);
}

void
run_kill(struct run *r)
{
	r->end.killed = 1;
	if (r->has_cg && cgroup_kill(&r->cg) == -1)
		log_warn("kill cgroup %s", r->cg.name);
	if (r->pidfd != -1 && !r->reaped &&
	    syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL, 0) == -1 && errno != ESRCH)
		log_warn("kill executor %ld", (long)r->pid);
}

int
run_term(struct run *r)
{
	int fd = r->pidfd, rc;

	if (fd == -1 && (!r->has_cg || (fd = cgroup_supervisor(&r->cg)) == -1))
		return -1;
	rc = (int)syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0);
	if (fd != r->pidfd)
		close(fd);
	return rc;
}

pid_t
run_pid(const struct run *r, uint64_t *starttime)
{
	*starttime = r->starttime;
	return r->pid;
}

const struct cgroup *
run_cgroup(const struct run *r)
{
	return r->has_cg ? &r->cg : NULL;
}

/* Broke the protocol: logged, audited, killed; its end comes by the pidfd. */
static void
breach(struct run *r, const char *why)
{
	if (r->end.breach)
		return;
	r->end.breach = 1;
	snprintf(r->end.why, sizeof(r->end.why), "protocol breach: %s", why);
	log_warnx("executor %ld of %s: %s", (long)r->pid, r->cg.name, r->end.why);
	(void)audit_event(r->p->audit, "peer.kill", "peer", "execd", "reason", why, NULL);
	run_kill(r);
}

static void
on_ready(struct run *r, const struct imsg *m)
{
	uint32_t profile;

	if (msg_execready_get(m, &profile) == -1 || profile != r->profile) {
		breach(r, "EXEC_READY of another build or profile");
		return;
	}
	loop_timer_clear(&r->setup);
	r->end.ready = 1;
	imsgbuf_gate(r->chan)->phase = PH_ARMED;
	r->ops->ready(r, r->arg);
}

static void
on_message(struct run *r, const struct imsg *m)
{
	switch (m->type) {
	case MSG_EXEC_READY:
		on_ready(r, m);
		break;
	case MSG_EXEC_FAIL:
		if (msg_text_get(m, r->end.why, sizeof(r->end.why)) == -1)
			breach(r, "EXEC_FAIL malformed");
		break;
	case MSG_EXEC_EXIT:
		if (msg_execexit_get(m, &r->end.rec) == -1)
			breach(r, "EXEC_EXIT malformed");
		else
			r->end.have = 1;
		break;
	default:
		breach(r, "a message that is not an executor's");
	}
}

static void
chan_close(struct run *r)
{
	loop_del(r->chan_w);
	r->chan_w = NULL;
	imsgbuf_free(r->chan);
	r->chan = NULL;
}

/* The peer may be hostile: whatever its row does not allow ends it. */
static void
chan_read(struct run *r)
{
	enum msg_verdict v;
	struct imsg m;
	int n, got;

	if (r->chan == NULL)
		return;
	n = imsgbuf_read(r->chan);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n == -1 && errno == EBADMSG) {
		breach(r, "framing");
		return;
	}
	while ((got = imsgbuf_get(r->chan, &m, &v)) == 1) {
		on_message(r, &m);
		imsg_free(&m);
		if (r->end.breach)
			return;
	}
	if (got == -1)
		breach(r, msg_verdict_name(v));
	else if (n <= 0)
		chan_close(
		    r); /* its end comes by the pidfd; after EXEC_GO a lost channel harms nothing */
}

static void
on_chan(int fd, short revents, void *arg)
{
	struct run *r = arg;

	(void)fd;
	if (revents & POLLOUT) {
		if (imsgbuf_write(r->chan) == -1) {
			chan_close(r);
			return;
		}
		if (imsgbuf_queued(r->chan) == 0)
			loop_events(r->chan_w, POLLIN);
	}
	if (revents & (POLLIN | POLLHUP | POLLERR))
		chan_read(r);
}

static int
chan_flush_some(struct run *r)
{
	if (imsgbuf_write(r->chan) == -1)
		return -1;
	if (imsgbuf_queued(r->chan) > 0)
		loop_events(r->chan_w, POLLIN | POLLOUT);
	return 0;
}

/* Everything is dead and its cgroup empty: the owner hears of it, once, and the run is gone. */
static void
finish(struct run *r)
{
	if (r->has_cg)
		r->end.oomed = cgroup_oomed(&r->cg);
	if (r->has_cg && cgroup_remove(r->p->cgroup, &r->cg) == -1)
		log_warn("remove cgroup %s", r->cg.name);
	r->has_cg = 0;
	r->ops->end(r, &r->end, r->arg);
	run_free(r);
}

static void
reap_look(void *arg)
{
	struct run *r = arg;

	if (!r->has_cg || cgroup_populated(&r->cg) == 0) {
		finish(r);
		return;
	}
	if (++r->looks % REAP_LOG == 0)
		log_warnx("cgroup %s is still not empty", r->cg.name);
	if (cgroup_kill(&r->cg) == -1)
		log_warn("kill cgroup %s", r->cg.name);
	loop_timer_set(&r->reap, REAP_MS, reap_look, r);
}

/* The supervisor ended: take its last words and its status, then whatever it left behind goes. */
static void
on_pidfd(int fd, short revents, void *arg)
{
	struct run *r = arg;
	siginfo_t si;

	(void)revents;
	memset(&si, 0, sizeof(si));
	if (waitid((idtype_t)P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) == -1 || si.si_pid == 0)
		return;
	r->reaped = 1;
	r->end.status = si.si_code == CLD_EXITED ? si.si_status << 8 : si.si_status & 0x7f;
	log_debug("executor %ld of %s ended, status 0x%x", (long)r->pid, r->cg.name, r->end.status);
	while (r->chan != NULL && !r->end.breach && imsgbuf_fd(r->chan) != -1) {
		struct imsgbuf *before = r->chan;
		struct pollfd pfd = {imsgbuf_fd(r->chan), POLLIN, 0};

		if (poll(&pfd, 1, 0) <= 0)
			break;
		chan_read(r);
		if (r->chan != before)
			break;
	}
	if (r->chan != NULL)
		chan_close(r);
	loop_del(r->pid_w);
	r->pid_w = NULL;
	loop_timer_clear(&r->setup);
	reap_look(r);
}

static void
on_setup_timeout(void *arg)
{
	struct run *r = arg;

	snprintf(r->end.why, sizeof(r->end.why), "not ready within %d s", SETUP_MS / 1000);
	run_kill(r);
}

static struct run *
run_new(struct privd *p, const struct run_ops *ops, void *arg, struct errmsg *e)
{
	struct run *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		err_set(e, "out of memory");
		return NULL;
	}
	r->p = p;
	r->ops = ops;
	r->arg = arg;
	r->pidfd = r->watchfd = -1;
	return r;
}

static int
spawn_execd(struct run *r, const struct run_req *req, int chan, struct errmsg *e)
{
	static const char *const argv[] = {"reeve-execd", NULL};
	const char *envp[3] = {"LANG=C", NULL, NULL};
	struct spawn sp = {.exe = r->p->execd,
	    .argv = argv,
	    .envp = envp,
	    .chan = chan,
	    .null_stdio = 1,
	    .cgroup = r->has_cg ? r->cg.sup : -1,
	    .newpid = (req->profile->flags & PF_NEWPID) != 0};
#ifdef REEVE_CRASH
	char crash[160];

	if (getenv("REEVE_CRASH") != NULL) {
		snprintf(crash, sizeof(crash), "REEVE_CRASH=%s", getenv("REEVE_CRASH"));
		envp[1] = crash;
	}
#endif
	if (log_getverbose() > 1)
		sp.null_stdio = 0; /* -vv in the foreground: the executor's words too */
	if ((r->pid = spawn(&sp, &r->pidfd, e)) == -1)
		return -1;
	r->starttime = fd_pid_starttime(r->pid);
	return 0;
}

/* The two ends of the channel; OUR end does not block. */
static int
open_channel(struct run *r, int *theirs, struct errmsg *e)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		return err_errno(e, "socketpair");
	*theirs = sv[1];
	if (fd_nonblock(sv[0], 1) == -1 ||
	    (r->chan = imsgbuf_new(sv[0], ROOM_PRIVD, ROOM_EXECD)) == NULL) {
		err_errno(e, "channel");
		close(sv[0]);
		return -1;
	}
	return 0;
}

/* Queues all that an executor is told before it starts. Takes the descriptors of REQ that it sends.
 */
static int
brief(struct run *r, struct run_req *req, struct errmsg *e)
{
	int fds[2];

	if (imsg_compose(r->chan, MSG_EXEC_HOST, msg_host_put(&req->host), NULL, 0) == -1)
		return err_errno(e, "EXEC_HOST");
	if (r->has_cg) {
		if (cgroup_tool_fds(&r->cg, fds, e) == -1)
			return -1;
		if (imsg_compose(r->chan, MSG_EXEC_CGROUP, NULL, fds, 2) == -1)
			return err_errno(e, "EXEC_CGROUP");
	}
	for (unsigned int i = 0; i < req->nblobs; i++) {
		fds[0] = req->blob[i];
		req->blob[i] = -1;
		if (imsg_compose(r->chan, MSG_EXEC_BLOB, msg_execblob_put((uint8_t)i), fds, 1) ==
		    -1)
			return err_errno(e, "EXEC_BLOB");
	}
	if (req->seal != NULL &&
	    imsg_compose(r->chan, MSG_EXEC_SEAL, msg_seal_put(req->seal), NULL, 0) == -1)
		return err_errno(e, "EXEC_SEAL");
	fds[0] = req->spool;
	req->spool = -1;
	if (imsg_compose(r->chan, MSG_EXEC_START, msg_start_put(&req->start), fds, 1) == -1)
		return err_errno(e, "EXEC_START");
	imsgbuf_gate(r->chan)->phase = PH_SETUP;
	return chan_flush_some(r) == -1 ? err_errno(e, "channel") : 0;
}

static void
close_req(struct run_req *req)
{
	if (req->spool != -1)
		close(req->spool);
	for (unsigned int i = 0; i < req->nblobs; i++)
		if (req->blob[i] != -1)
			close(req->blob[i]);
}

static int
make_group(struct run *r, const struct run_req *req, struct errmsg *e)
{
	const struct profile *pr = req->profile;

	if (r->p->cgroup == NULL) {
		if (!(pr->flags & PF_NEWPID))
			return err_set(
			    e, "profile %s needs a cgroup2, and this host has none", pr->name);
		return 0;
	}
	if (cgroup_make(r->p->cgroup, req->idhex, req->start.step, pr->mem_max, pr->pids_max,
		&r->cg, e) == -1)
		return -1;
	r->has_cg = 1;
	return 0;
}

struct run *
run_start(
    struct privd *p, struct run_req *req, const struct run_ops *ops, void *arg, struct errmsg *e)
{
	struct run *r = run_new(p, ops, arg, e);
	int theirs = -1, ok;

	ok = r != NULL && make_group(r, req, e) == 0 && open_channel(r, &theirs, e) == 0 &&
	     spawn_execd(r, req, theirs, e) == 0;
	if (theirs != -1)
		close(theirs);
	if (!ok) {
		close_req(req);
		if (r != NULL) {
			if (r->has_cg)
				(void)cgroup_remove(p->cgroup, &r->cg);
			r->has_cg = 0;
			run_free(r);
		}
		return NULL;
	}
	r->chan_w = loop_add(imsgbuf_fd(r->chan), POLLIN, on_chan, r);
	r->pid_w = loop_add(r->pidfd, POLLIN, on_pidfd, r);
	if (r->chan_w == NULL || r->pid_w == NULL)
		fatalx("out of memory"); /* the restart finds the executor again by its cgroup */
	r->profile = (uint32_t)req->profile->id;
	loop_timer_set(&r->setup, SETUP_MS, on_setup_timeout, r);
	if (brief(r, req, e) == -1) { /* it lives: its end comes by the pidfd */
		snprintf(r->end.why, sizeof(r->end.why), "%s", e->text);
		run_kill(r);
	}
	close_req(req);
	return r;
}

/* An adopted supervisor is not our child: nothing to wait for, and only the spool knows its end. */
static void
on_adopted_gone(int fd, short revents, void *arg)
{
	struct run *r = arg;

	(void)fd;
	(void)revents;
	loop_del(r->pid_w);
	loop_del(r->watch_w);
	r->pid_w = r->watch_w = NULL;
	reap_look(r);
}

static void
on_watch(int fd, short revents, void *arg)
{
	struct run *r = arg;

	(void)revents;
	if (cgroup_watched(fd) == 0)
		on_adopted_gone(r->pidfd, 0, r);
}

/* Its end is told at the loop's next turn, never inside run_adopt(). */
static void
adopt_look(void *arg)
{
	struct run *r = arg;

	if (r->pidfd == -1)
		on_adopted_gone(-1, 0, r);
	else if (r->watchfd != -1)
		on_watch(r->watchfd, 0, r);
}

static struct run *
adopt(struct run *r, struct errmsg *e)
{
	r->end.adopted = r->end.ready = r->end.went = 1;
	if (r->pidfd != -1 && (r->pid_w = loop_add(r->pidfd, POLLIN, on_adopted_gone, r)) == NULL) {
		err_set(e, "out of memory");
		run_free(r);
		return NULL;
	}
	loop_timer_set(&r->setup, 0, adopt_look, r);
	return r;
}

struct run *
run_adopt(struct privd *p, struct cgroup *g, const struct run_ops *ops, void *arg, struct errmsg *e)
{
	struct run *r = run_new(p, ops, arg, e);

	if (r == NULL) {
		cgroup_close(g);
		return NULL;
	}
	r->cg = *g;
	r->has_cg = 1;
	r->pidfd = cgroup_supervisor(&r->cg);
	if ((r->watchfd = cgroup_watch(&r->cg)) == -1 ||
	    (r->watch_w = loop_add(r->watchfd, POLLPRI, on_watch, r)) == NULL) {
		err_errno(e, "watch cgroup %s", r->cg.name);
		run_free(r);
		return NULL;
	}
	return adopt(r, e);
}

struct run *
run_adopt_pid(struct privd *p, int pidfd, const struct run_ops *ops, void *arg, struct errmsg *e)
{
	struct run *r = run_new(p, ops, arg, e);

	if (r == NULL) {
		close(pidfd);
		return NULL;
	}
	r->pidfd = pidfd;
	return adopt(r, e);
}

int
run_go(struct run *r, struct errmsg *e)
{
	int rc = -1;

	if (r->chan == NULL)
		err_set(e, "the executor is gone");
	else if (imsg_compose(r->chan, MSG_EXEC_GO, NULL, NULL, 0) == -1 ||
		 chan_flush_some(r) == -1)
		err_errno(e, "EXEC_GO");
	else
		rc = 0;
	if (rc == -1) {
		run_kill(r);
		return -1;
	}
	r->end.went = 1;
	imsgbuf_gate(r->chan)->phase = PH_RUN;
	return 0;
}
