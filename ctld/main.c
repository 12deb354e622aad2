/*
 * reeve-ctld: the control plane. Answers agents and operators over HTTPS, keeps the queue and the
 * state in SQLite. Holds no key that could make a host do anything: those are reeve-sign's and the
 * operators'.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "ctld/init.h"
#include "ctld/notify.h"
#include "ctld/sandbox.h"
#include "ctld/start.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "version.h"

#define CONFFILE "/etc/reeve-ctld/ctld.conf"

struct options {
	const char *file;
	int check, debug, verbose;
};

static void __attribute__((noreturn)) usage(FILE *f, int rc)
{
	fprintf(f, "usage: reeve-ctld [-dnVv] [-f file]\n"
		   "       reeve-ctld init --url https://HOST[:PORT] [--name ADDR ...] [--help]\n");
	exit(rc);
}

static void
get_options(struct options *o, int argc, char **argv)
{
	int ch;

	*o = (struct options){.file = CONFFILE};
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		usage(stdout, 0);
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
			printf("reeve-ctld %s\n", REEVE_VERSION);
			exit(0);
		case 'v':
			o->verbose++;
			break;
		default:
			usage(stderr, 64);
		}
	}
	if (optind != argc)
		usage(stderr, 64);
}

/* As reeve-privd does: the parent waits, so that its exit status says whether the start worked. */
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

/* Goes to the background, while descriptors can still be moved about: confinement ends that. */
static void
detach(const struct options *o)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		if (null == -1 || dup2(null, i) == -1)
			fatal("/dev/null");
	close(null);
	log_init("reeve-ctld", 0, o->verbose);
}

static void
parent_done(int fd)
{
	if (fd == -1)
		return;
	if (write(fd, "", 1) != 1)
		log_warn("the starting process is gone");
	close(fd);
}

static void
on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct start *s = arg;
	struct errmsg e;

	(void)sig;
	(void)what;
	ctld_notify("RELOADING=1");
	if (start_reload(s, &e) == -1) {
		log_warnx("reload: %s: nothing was changed", e.text);
	} else {
		log_setverbose(s->verbose > 0 ? s->verbose : s->c.conf->verbose);
		log_info("reloaded");
	}
	ctld_notify("READY=1");
}

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	struct start *s = arg;

	(void)what;
	log_info("signal %d: stopping", (int)sig);
	ctld_notify("STOPPING=1");
	(void)event_base_loopbreak(s->c.base);
}

static void
catch_signals(struct start *s)
{
	static const int stops[] = {SIGINT, SIGTERM};
	struct event *ev;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signal");
	if ((ev = evsignal_new(s->c.base, SIGHUP, on_hup, s)) == NULL ||
	    evsignal_add(ev, NULL) == -1)
		fatalx("signals: out of memory");
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if ((ev = evsignal_new(s->c.base, stops[i], on_term, s)) == NULL ||
		    evsignal_add(ev, NULL) == -1)
			fatalx("signals: out of memory");
}

static void
run(struct start *s)
{
	if (event_base_dispatch(s->c.base) == -1)
		fatalx("the event loop failed");
	start_undo(s);
}

static int
check(struct start *s, const char *file)
{
	struct errmsg e;

	if (start_check(s, file, &e) == -1) {
		log_warnx("%s", e.text);
		return EXIT_CONFIG;
	}
	printf("%s: ok\n", file);
	return 0;
}

int
main(int argc, char *argv[])
{
	static struct start s;
	struct options o;
	struct errmsg e;
	int parent = -1;

	if (fd_sane() == -1 || sodium_init() == -1)
		return 1;
	umask(077);
	if (argc > 1 && strcmp(argv[1], "init") == 0)
		return init_main(argc - 1, argv + 1);
	get_options(&o, argc, argv);
	log_init("reeve-ctld", 1, o.verbose);
	if (o.check)
		return check(&s, o.file);
	/* a child would not be the process that the service manager's sockets are for */
	if (getenv("LISTEN_FDS") == NULL)
		fd_closefrom(STDERR_FILENO + 1);
	if (!o.debug && getenv("NOTIFY_SOCKET") == NULL && getenv("LISTEN_FDS") == NULL)
		parent = to_background();
	else if (!o.debug)
		log_init("reeve-ctld", 0, o.verbose);
	if (start_words(&s, o.file, &e) == -1) {
		log_warnx("%s", e.text);
		return EXIT_CONFIG;
	}
	s.verbose = o.verbose;
	log_setverbose(o.verbose > 0 ? o.verbose : s.c.conf->verbose);
	if (chdir("/") == -1)
		fatal("/");
	if (start_drop(&e) == -1)
		fatalx("%s", e.text);
	ctld_notify_init();
	if ((s.c.base = event_base_new()) == NULL)
		fatalx("out of memory");
	catch_signals(&s);
	if (start_serving(&s, &e) == -1)
		fatalx("%s", e.text);
	if (parent != -1)
		detach(&o);
	if (ctld_confine(s.c.conf, s.conffile, &e) == -1)
		fatalx("%s", e.text);
	parent_done(parent);
	ctld_notify("READY=1");
	log_info("ready: %s", s.c.conf->url);
	run(&s);
	return 0;
}
