/*
 * reeve-privd: the root process. Accepts jobs that this host's policy and an operator's signature
 * allow, runs each step in a fresh executor, keeps the ledger, signs results.
 */

#include <sys/signalfd.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "privd/control.h"
#include "privd/jobs.h"
#include "privd/netside.h"
#include "privd/notify.h"
#include "privd/sandbox.h"
#include "privd/start.h"
#include "version.h"

#define CONFFILE "/etc/reeve/agent.conf"
#define PRUNE_MS 3600000
#define AUDIT_MS 1000 /* audit lines wait so long for the disk, together */

struct options {
	const char *file;
	int check, debug, verbose;
};

static struct loop_timer watchdog, prune, auditsync;

static void
usage(void)
{
	fprintf(stderr, "usage: reeve-privd [-dnVv] [-f file]\n");
	exit(64);
}

static void
get_options(struct options *o, int argc, char **argv)
{
	int ch;

	*o = (struct options){.file = CONFFILE};
	while ((ch = getopt(argc, argv, "df:nVv")) != -1) {
		switch (ch) {
		case 'd':
			o->debug = 1;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'n':
			o->check = 1;
			break;
		case 'V':
			printf("reeve-privd %s\n", REEVE_VERSION);
			exit(0);
		case 'v':
			o->verbose++;
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
}

/* The file's name is kept: a reload must find it from wherever privd was started. */
static void
keep_name(struct privd *p, const char *file)
{
	char *full = realpath(file, NULL);

	/* a symlink is refused where the file is opened: only the directory's name is completed */
	if (file[0] == '/' || full == NULL)
		snprintf(p->conffile, sizeof(p->conffile), "%s", file);
	else
		snprintf(p->conffile, sizeof(p->conffile), "%s", full);
	free(full);
}

/*
 * Without -d and without a service manager: the parent waits until the child is READY, so that its
 * exit status says whether the start worked. Returns the descriptor to tell it by, in the child.
 */
static int
to_background(void)
{
	int fds[2];
	char ready;

	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		close(fds[0]);
		if (setsid() == -1)
			fatal("setsid");
		return fds[1];
	default:
		close(fds[1]);
		_exit(read(fds[0], &ready, 1) == 1 ? 0 : 1);
	}
}

static void
parent_done(int fd, const struct options *o)
{
	int null;

	if (fd == -1)
		return;
	if (chdir("/") == -1 || (null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		fatal("/dev/null");
	for (int i = 0; i < 3; i++)
		if (dup2(null, i) == -1)
			fatal("dup2");
	if (null > 2)
		close(null);
	log_init("reeve-privd", 0, o->verbose);
	if (write(fd, "", 1) != 1)
		log_warn("the starting process is gone");
	close(fd);
}

static void
on_watchdog(void *arg)
{
	(void)arg;
	notify_send("WATCHDOG=1");
	loop_timer_set(&watchdog, notify_watchdog(), on_watchdog, NULL);
}

static void
on_prune(void *arg)
{
	struct privd *p = arg;

	if (!p->needs_rekey)
		known_prune(p, privd_now(p));
	loop_timer_set(&prune, PRUNE_MS, on_prune, p);
}

static void
on_auditsync(void *arg)
{
	struct privd *p = arg;

	(void)audit_sync(p->audit); /* it says itself what was wrong */
}

static void
reload(struct privd *p)
{
	struct errmsg e;

	notify_reloading();
	(void)privd_reload(p, &e); /* it says itself what was wrong */
	notify_send("READY=1\nSTATUS=%s", privd_state(p));
}

static void
on_signal(int fd, short revents, void *arg)
{
	struct signalfd_siginfo si;
	struct privd *p = arg;

	(void)revents;
	if (read(fd, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGHUP) {
		reload(p);
		return;
	}
	log_info("signal %u: stopping; running jobs go on", si.ssi_signo);
	p->stopping = 1;
	notify_send("STOPPING=1\nSTATUS=stopping");
	loop_stop();
}

static int
catch_signals(struct privd *p, struct errmsg *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		return err_errno(e, "signals");
	if (loop_add(fd, POLLIN, on_signal, p) == NULL)
		return err_set(e, "out of memory");
	return 0;
}

/* After every turn of the loop: whatever may start now, starts. */
static void
idle(void *arg)
{
	struct privd *p = arg;

	if (!p->needs_rekey)
		jobs_schedule(p);
	if (auditsync.due == 0 && audit_unsynced(p->audit))
		loop_timer_set(&auditsync, AUDIT_MS, on_auditsync, p);
}

static int
start(struct privd *p, struct errmsg *e)
{
	if (sodium_init() == -1)
		return err_set(e, "libsodium does not start");
	if (start_probe(p, e) == -1 || catch_signals(p, e) == -1)
		return -1;
	steps_init(p);
	if (start_state(p, e) == -1 || start_tools(p, e) == -1 || control_open(p, e) == -1)
		return -1;
	if (sandbox_apply(&p->w, e) == -1)
		return -1;
	return netside_open(p, e);
}

static void
run(struct privd *p)
{
	if (!p->needs_rekey)
		adopt_jobs(p);
	if (notify_watchdog() != 0)
		on_watchdog(NULL);
	loop_timer_set(&prune, PRUNE_MS, on_prune, p);
	notify_send("READY=1\nSTATUS=%s", privd_state(p));
	log_info("ready: %s %s", p->w.conf->host_name, privd_state(p));
	if (loop_run(idle, p) == -1)
		fatal("poll");
}

static void
stop(struct privd *p)
{
	control_close(p);
	netside_close(p);
	(void)audit_event(p->audit, "agent.stop", NULL);
	start_undo(p);
}

int
main(int argc, char *argv[])
{
	static struct privd p = {.statefd = -1, .execd = -1, .generation = 1};
	struct options o;
	struct errmsg e;
	int parent = -1;

	if (fd_sane() == -1)
		return 1;
	get_options(&o, argc, argv);
	log_init("reeve-privd", 1, o.verbose);
	if (geteuid() != 0)
		fatalx("must be run by root");
	fd_closefrom(STDERR_FILENO + 1);
	umask(077);
	keep_name(&p, o.file);
	if (start_words(&p, &e) == -1) {
		log_warnx("%s", e.text);
		return EXIT_CONFIG;
	}
	if (o.check) {
		printf("%s: ok\n", p.conffile);
		return 0;
	}
	if (!o.debug && getenv("NOTIFY_SOCKET") == NULL)
		parent = to_background();
	else if (!o.debug)
		log_init("reeve-privd", 0, o.verbose);
	if (notify_init(&e) == -1 || start(&p, &e) == -1)
		fatalx("%s", e.text);
	parent_done(parent, &o);
	run(&p);
	stop(&p);
	return 0;
}
