/* The settings that privd sends: each once or many times, its bounds, and what must be there. */
#include "netd/conf.h"
#include "regress/check.h"

static int
set(struct netd_conf *c, const char *key, const char *value, size_t len)
{
	struct msg_setting m = {.value = (const uint8_t *)value, .len = len};
	struct errmsg e;

	snprintf(m.key, sizeof(m.key), "%s", key);
	return netd_conf_set(c, &m, &e);
}

static int
sets(struct netd_conf *c, const char *key, const char *value)
{
	return set(c, key, value, strlen(value));
}

static const char *const must[][2] = {{"server", "main"}, {"version", "0.1"},
    {"host-name", "web1.example.net"}, {"host-id", "0123456789abcdef0123456789abcdef"},
    {"fleet", "fedcba9876543210fedcba9876543210"}, {"host", "ctl.test"}, {"port", "7440"},
    {"ca", "PEM"}};
#define NMUST  (sizeof(must) / sizeof(must[0]))
#define BEARER "0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_whole(void)
{
	struct errmsg e;

	for (size_t skip = 0; skip <= NMUST; skip++) {
		struct netd_conf *c = netd_conf_new();

		for (size_t i = 0; i < NMUST; i++)
			CHECK(i == skip || sets(c, must[i][0], must[i][1]) == 0);
		CHECK(netd_conf_whole(c, &e) == -1);
		CHECK(sets(c, "bearer", BEARER) == 0);
		CHECKF(netd_conf_whole(c, &e) == (skip == NMUST ? 0 : -1), "%zu", skip);
		CHECK(sets(c, "cert", "PEM") == 0 && netd_conf_whole(c, &e) == -1);
		CHECK(sets(c, "key", "PEM") == 0);
		CHECK(netd_conf_whole(c, &e) == (skip == NMUST ? 0 : -1));
		netd_conf_free(c);
	}
}

static void
test_bad(void)
{
	static const char *const bad[][2] = {{"colour", "red"}, {"port", "0"}, {"port", "65536"},
	    {"port", "07440"}, {"port", "-1"}, {"port", ""}, {"heartbeat", "0"},
	    {"heartbeat", "301"}, {"poll-wait", "51"}, {"free", "0"}, {"bearer", "0123"},
	    {"bearer", BEARER "0"}, {"bearer", "G123456789abcdef0123456789abcdef0123456789abcdef"},
	    {"tag", "nameonly"}, {"address", "web1"}, {"address", "192.0.2.0/24"},
	    {"server", "a\nb"}, {"verbose", "x"}};
	char big[20000];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct netd_conf *c = netd_conf_new();

		CHECKF(sets(c, bad[i][0], bad[i][1]) == -1, "%s %s", bad[i][0], bad[i][1]);
		netd_conf_free(c);
	}
	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i < NMUST - 1; i++) {
		struct netd_conf *c = netd_conf_new();

		CHECKF(set(c, must[i][0], big, sizeof(big)) == -1, "%s", must[i][0]);
		CHECK(sets(c, must[i][0], must[i][1]) == 0);
		CHECKF(sets(c, must[i][0], must[i][1]) == -1, "%s twice", must[i][0]);
		netd_conf_free(c);
	}
}

/* What comes in pieces, and lists, up to their caps. */
static void
test_many(void)
{
	struct netd_conf *c = netd_conf_new();
	char piece[16000], text[64];
	int n = 0;

	memset(piece, 'y', sizeof(piece));
	while (set(c, "ca", piece, sizeof(piece)) == 0)
		n++;
	CHECK(n == NETD_CA_MAX / 16000 && c->calen == (size_t)n * 16000 && c->ca[0] == 'y');
	CHECK(set(c, "key", piece, sizeof(piece)) == 0 && set(c, "key", piece, 385) == -1);
	CHECK(set(c, "key", piece, 384) == 0 && strlen(c->key) == 16384);
	CHECK(set(c, "cert", "a\0b", 3) == -1);
	netd_conf_wipe_pem(c);
	CHECK(c->ca == NULL && c->key[0] == '\0' && c->key[16383] == '\0');
	for (n = 0; n <= API_TAGS; n++) {
		snprintf(text, sizeof(text), "t%d a value", n);
		CHECK(sets(c, "tag", text) == (n < API_TAGS ? 0 : -1));
	}
	CHECK(strcmp(c->tag[3].name, "t3") == 0 && strcmp(c->tag[3].value, "a value") == 0);
	for (n = 0; n <= API_ADDRS; n++)
		CHECK(sets(c, "address", "2001:db8::1") == (n < API_ADDRS ? 0 : -1));
	for (n = 0; n <= API_KINDS; n++)
		CHECK(sets(c, "kind", "agent.ping") == (n < API_KINDS ? 0 : -1));
	netd_conf_free(c);
}

int
main(void)
{
	test_whole();
	test_bad();
	test_many();
	return check_done();
}
