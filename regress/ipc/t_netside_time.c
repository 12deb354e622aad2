/*
 * What privd's network side does in time, with three servers at once: a netd that says that its
 * loop turns lives on, one that is silent for a minute is killed, and one that dies again and again
 * is started again after a second, two, four, ...
 */
#include "regress/ipc/netkit.h"

#define SECRET "000102030405060708090a0b0c0d0e0f1011121314151617"
#define QUIET                                                                                    \
	"[server quiet]\nurl https://quiet.example.net:7443\nca " KIT "/etc/ca.pem\nbearer " KIT \
	"/etc/secret\n"
#define SILENT 60000 /* ms that a netd may be */
#define SLACK  5000
#define DEATHS 5

static struct kit kit;
static struct netpair alive = {.netd = PEER_NONE, .dial = PEER_NONE};
static struct netpair quiet = {.netd = PEER_NONE, .dial = PEER_NONE};
static int64_t wait_ms[DEATHS], died;
static unsigned int deaths;

/* One more life of the pair that dies as soon as it is ready. */
static void
die(struct netpair *n)
{
	if (died != 0 && deaths < DEATHS)
		wait_ms[deaths++] = kit_ms() - died;
	net_end(n);
	died = kit_ms();
}

static void
take(struct netpair *n)
{
	if (strcmp(n->netd.name, "alive") == 0) {
		CHECK(alive.netd.life == -1);
		alive = *n;
	} else if (strcmp(n->netd.name, "quiet") == 0) {
		CHECK(quiet.netd.life == -1);
		CHECK(strstr(n->netd.seen, "bearer=" SECRET "\n") != NULL);
		CHECK(strstr(n->netd.seen, "cert=") == NULL);
		quiet = *n;
	} else
		die(n);
}

/* Until the silent one is ended: how long that took. */
static int64_t
live(void)
{
	int64_t from = kit_ms(), told = 0, until = from + SILENT + 4 * SLACK;
	struct netpair n;

	while (kit_ms() < until && (quiet.netd.life == -1 || net_lives(&quiet.netd))) {
		if (net_up(&n, 100))
			take(&n);
		if (alive.netd.life != -1 && kit_ms() > told + 15000) {
			net_send(&alive.netd, MSG_NETD_ALIVE, msg_alive_put(1));
			told = kit_ms();
		}
	}
	return kit_ms() - from;
}

int
main(void)
{
	int64_t lived;

	if (geteuid() != 0)
		CHECK_SKIP("reeve-privd is started by root only");
	signal(SIGPIPE, SIG_IGN);
	net_init(&kit, "reeve-execd",
	    "hostname me.example.net\n" NET_SERVER("alive", "7441")
		QUIET NET_SERVER("dying", "7442"));
	kit_write(KIT "/etc/secret", 0600, SECRET "\n");
	kit_start(&kit);
	lived = live();
	CHECKF(lived > SILENT - 1000 && lived < SILENT + SLACK, "the silent one lived %lld ms",
	    (long long)lived);
	CHECK(kit_audit2("event=peer.kill ", "netd\\040was\\040silent\\040for\\04060\\040s") == 1);
	CHECK(net_lives(&alive.netd) && net_lives(&alive.dial));
	CHECKF(deaths == DEATHS, "%u starts within %lld ms", deaths, (long long)lived);
	for (unsigned int i = 0; i < deaths; i++)
		CHECKF(wait_ms[i] > (1000 << i) - 200 && wait_ms[i] < (1000 << i) + SLACK,
		    "start %u after %lld ms", i + 1, (long long)wait_ms[i]);
	net_end(&alive);
	net_end(&quiet);
	kit_stop(&kit);
	return check_done();
}
