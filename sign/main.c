/*
 * reeve-sign: holds the CA key and the online key of a site, and signs for reeve-ctld only what its
 * own rules allow. No network, no database.
 *
 *	reeve-sign [-dnVv] [-D dir] [-s socket] [-u user]
 *	reeve-sign init [-D dir] [-F fleet]
 *	reeve-sign certify-server [-D dir] --name name ... <request >certificate
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <paths.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"
#include "lib/sb.h"
#include "lib/strutil.h"
#include "lib/users.h"
#include "sign/listen.h"
#include "sign/server.h"
#include "sign/sign.h"
#include "version.h"

#define EX_USAGE  64
#define EX_CONFIG 78

struct options {
	const char *dir, *socket, *user, *fleet;
	int check, debug, verbose;
	const char *name[X509_NAMES];
	size_t nnames;
};

static void
usage(void)
{
	fprintf(stderr,
	    "usage: reeve-sign [-dnVv] [-D dir] [-s socket] [-u user]\n"
	    "       reeve-sign init [-D dir] [-F fleet]\n"
	    "       reeve-sign certify-server [-D dir] --name name ... <request >certificate\n");
	exit(EX_USAGE);
}

/* Started by root, it goes on as the user that owns the keys. */
static void
become_sign(void)
{
	struct errmsg e;
	struct user u;

	if (geteuid() != 0)
		return;
	if (user_lookup(user_name(USER_SIGN), &u, &e) == -1 || sb_bounding_cut(0, &e) == -1)
		fatalx("%s", e.text);
	privdrop(u.uid, u.gid, 0);
}

/* ---- init ---- */

/* Only root can make a directory in /var/lib; it belongs to the signer from its first moment. */
static void
make_dir(const char *dir)
{
	struct errmsg e;
	struct stat st;
	struct user u;

	if (geteuid() != 0)
		return;
	if (user_lookup(user_name(USER_SIGN), &u, &e) == -1)
		fatalx("%s", e.text);
	if ((mkdir(dir, 0700) == -1 && errno != EEXIST) || lstat(dir, &st) == -1)
		fatal("%s", dir);
	/* an empty one that root made for it; rmdir(2) would refuse any other */
	if (st.st_uid == 0 && S_ISDIR(st.st_mode) && rmdir(dir) == 0 && mkdir(dir, 0700) == 0 &&
	    lchown(dir, u.uid, u.gid) == -1)
		fatal("%s", dir);
}

static int
do_init(const struct options *o)
{
	char ca[65], online[57];
	struct errmsg e;
	uint8_t hash[32];
	struct sign s;
	int there;

	make_dir(o->dir);
	become_sign();
	if ((there = state_init(o->dir, o->fleet, &e)) == -1 ||
	    state_load(&s, o->dir, 0, &e) == -1) {
		fprintf(stderr, "reeve-sign: %s\n", e.text);
		return EX_CONFIG;
	}
	x509_ca_hash(s.ca, hash);
	str_hex(ca, hash, sizeof(hash));
	pubkey_write_b64(&s.online_pub, online);
	if (there == 1)
		fprintf(stderr,
		    "reeve-sign: %s: a CA and an online key are there; nothing was changed\n",
		    o->dir);
	else
		fprintf(stderr,
		    "reeve-sign: %s: made. ca.key belongs in an offline backup: without it no host "
		    "can be enrolled, with it anybody can be.\n",
		    o->dir);
	printf("fleet %s\nca sha256:%s\nonline %s\n", s.fleet, ca, online);
	state_wipe(&s);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- certify-server ---- */

static int
do_server(const struct options *o)
{
	struct errmsg e;
	struct sign s;
	char *pem;

	if (o->nnames == 0)
		usage();
	become_sign();
	if (state_load(&s, o->dir, 0, &e) == -1) {
		fprintf(stderr, "reeve-sign: %s\n", e.text);
		return EX_CONFIG;
	}
	pem = server_certify(&s, STDIN_FILENO, o->name, o->nnames, &e);
	state_wipe(&s);
	if (pem == NULL) {
		fprintf(stderr, "reeve-sign: %s\n", e.text);
		return 1;
	}
	fputs(pem, stdout);
	free(pem);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- the daemon ---- */

static int stop_pipe[2];

static void
on_stop(int sig)
{
	int saved = errno;

	(void)sig;
	if (write(stop_pipe[1], "", 1) == -1)
		_exit(0);
	errno = saved;
}

static void
set_signals(void)
{
	struct sigaction sa = {.sa_handler = on_stop};

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		fatal("pipe");
	if (sigaction(SIGTERM, &sa, NULL) == -1 || sigaction(SIGINT, &sa, NULL) == -1)
		fatal("signals");
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* The parent waits until the child is ready, so that its exit status says whether that worked. */
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
		if (setsid() == -1 || chdir("/") == -1)
			fatal("setsid");
		return fds[1];
	default:
		close(fds[1]);
		_exit(read(fds[0], &ready, 1) == 1 ? 0 : 1);
	}
}

/* Once confined it cannot connect to a log any more: without one, words go where they went. */
static int
syslog_there(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), there;

	if (fd == -1)
		return 0;
	there = connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0;
	close(fd);
	return there;
}

static void
ready(int fd, int keep_stderr)
{
	int null;

	if (fd == -1)
		return;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 || dup2(null, 0) == -1 ||
	    dup2(null, 1) == -1 || (!keep_stderr && dup2(null, 2) == -1))
		fatal("/dev/null");
	close(null);
	if (write(fd, "", 1) != 1)
		fatal("start");
	close(fd);
}

/* NAME is a user's name, or a number (tests). */
static void
find_peer(const char *name, struct user *u)
{
	struct errmsg e;
	uint64_t n;

	if (str_u64(name, 1, UINT32_MAX - 1, &n) == 0)
		*u = (struct user){(uid_t)n, getegid()};
	else if (user_lookup(name, u, &e) == -1)
		fatalx("%s", e.text);
}

static int
do_daemon(const struct options *o)
{
	struct user own = {geteuid(), getegid()}, peer;
	int sock = -1, tell = -1, to_stderr = o->debug || !syslog_there();
	struct errmsg e;
	struct sign s;

	find_peer(o->user, &peer);
	if (geteuid() == 0 && user_lookup(user_name(USER_SIGN), &own, &e) == -1)
		fatalx("%s", e.text);
	if (!o->check && !o->debug)
		tell = to_background();
	if (!o->check && (sock = sign_listen(o->socket, &own, &peer, &e)) == -1)
		fatalx("%s", e.text);
	become_sign();
	if (state_load(&s, o->dir, !o->check, &e) == -1) {
		log_warnx("%s", e.text);
		return EX_CONFIG;
	}
	if (o->check)
		return 0;
	set_signals();
	log_init("reeve-sign", to_stderr, o->verbose);
	ready(tell, to_stderr);
	sign_confine();
	log_info("ready, fleet %s", s.fleet);
	sign_loop(&s, sock, peer.uid, stop_pipe[0]);
	state_wipe(&s);
	log_info("ended");
	return 0;
}

/* ---- options ---- */

static void
get_options(struct options *o, const char *optstring, int argc, char **argv)
{
	static const struct option longs[] = {{"name", required_argument, NULL, 'N'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int ch;

	while ((ch = getopt_long(argc, argv, optstring, longs, NULL)) != -1) {
		switch (ch) {
		case 'D':
			o->dir = optarg;
			break;
		case 'd':
			o->debug = 1;
			break;
		case 'F':
			o->fleet = optarg;
			break;
		case 'N':
			if (o->nnames == X509_NAMES)
				fatalx("at most %d names", X509_NAMES);
			o->name[o->nnames++] = optarg;
			break;
		case 'n':
			o->check = 1;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'V':
			printf("reeve-sign %s\n", REEVE_VERSION);
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

int
main(int argc, char **argv)
{
	struct options o = {.dir = SIGN_DIR, .socket = SIGN_SOCKET, .user = user_name(USER_CTLD)};
	const char *verb = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;

	if (fd_sane() == -1)
		return 1;
	fd_closefrom(3);
	log_init("reeve-sign", 1, 0);
	if (sodium_init() == -1)
		fatalx("libsodium could not be initialised");
	umask(077);
	if (verb == NULL) {
		get_options(&o, "D:dns:u:Vv", argc, argv);
		return do_daemon(&o);
	}
	argc--;
	argv++;
	if (strcmp(verb, "init") == 0) {
		get_options(&o, "D:F:", argc, argv);
		return do_init(&o);
	}
	if (strcmp(verb, "certify-server") == 0) {
		get_options(&o, "D:", argc, argv);
		return do_server(&o);
	}
	usage();
}
