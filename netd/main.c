/*
 * reeve-netd: speaks HTTPS with one control plane, on connections that dial hands it, for privd.
 * Drops its rights first; then settings, confinement, READY, and the loop.
 */
#include <sys/stat.h>

#include <event2/event.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"
#include "lib/sb.h"
#include "lib/spawn.h"
#include "lib/users.h"
#include "netd/netd.h"
#include "version.h"

#define BIG 65536

static int
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Root's rights end here; what is left is an own user without any. */
static void
become_netd(void)
{
	struct errmsg e;
	struct user u;

	if (geteuid() != 0)
		fatalx("not started as root");
	if (user_lookup(user_name(USER_NETD), &u, &e) == -1)
		fatalx("%s", e.text);
	if (sb_bounding_cut(0, &e) == -1)
		fatalx("%s", e.text);
	privdrop(u.uid, u.gid, 0);
}

/* The heartbeat tells one boot from another; later no file can be read. */
static void
read_boot_id(struct netd *n)
{
	ssize_t len;
	int fd;

	if ((fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)) == -1)
		return;
	len = fd_readn(fd, n->boot_id, sizeof(n->boot_id) - 1);
	close(fd);
	if (len != (ssize_t)sizeof(n->boot_id) - 1)
		len = 0;
	n->boot_id[len] = '\0';
}

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	netd_stop(arg);
}

static void
add_signal(struct netd *n, int sig)
{
	struct event *ev;

	if ((ev = evsignal_new(n->base, sig, on_term, n)) == NULL || event_add(ev, NULL) == -1)
		fatalx("signal events");
}

static void
on_setup_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fatalx("privd did not send the settings");
}

/* Large buffers are short: back to the system with them, each time (mallopt(3)). */
static void
keep_small(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, BIG);
	(void)mallopt(M_TRIM_THRESHOLD, BIG);
}

static void
init(struct netd *n)
{
	static const struct timeval tv = {.tv_sec = NETD_SETUP_S};
	static const struct chan_ops ops = {
	    .msg = netd_link_msg, .gone = netd_link_gone, .drained = netd_link_drained};
	struct event_config *cfg;

	if (sodium_init() == -1 || tls_init() == -1)
		fatalx("libsodium or libtls does not start");
	read_boot_id(n);
	keep_small();
	if ((cfg = event_config_new()) == NULL ||
	    event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == -1 ||
	    (n->base = event_base_new_with_config(cfg)) == NULL)
		fatalx("libevent does not start");
	event_config_free(cfg);
	add_signal(n, SIGTERM);
	add_signal(n, SIGINT);
	TAILQ_INIT(&n->jobs);
	if ((n->conf = netd_conf_new()) == NULL || netd_clients_init(n) == -1 ||
	    (n->setup_timer = evtimer_new(n->base, on_setup_late, n)) == NULL ||
	    event_add(n->setup_timer, &tv) == -1)
		fatalx("out of memory");
	n->privd = chan_new(n->base, CHAN_FD, ROOM_NETD, ROOM_PRIVD, 1, &ops, n);
	if (n->privd == NULL)
		fatal("start");
}

int
main(int argc, char *argv[])
{
	static struct netd n;

	if (fd_sane() == -1)
		return 1;
	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		printf("reeve-netd %s\n", REEVE_VERSION);
		return 0;
	}
	if (argc != 1 || !is_socket(CHAN_FD)) {
		fprintf(stderr,
		    "usage: reeve-netd [-V]\n"
		    "started by reeve-privd with its channel on descriptor 3, not by hand\n");
		return 64;
	}
	fd_closefrom(CHAN_FD + 1);
	log_init("reeve-netd", 1, 0);
	become_netd();
	log_init_held("reeve-netd", 0); /* tzset(3) too: certificates' times need the zone */
	init(&n);
	while (event_base_loop(n.base, EVLOOP_ONCE) == 0)
		n.turns++;
	netd_exit(&n, 1);
}
