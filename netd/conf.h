/* The settings of one server block, as privd sends them (NETD_CONF) before NETD_PEER. */
#ifndef NETD_CONF_H
#define NETD_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/msg_codec.h"
#include "lib/err.h"
#include "proto/api.h"

#define NETD_CA_MAX	(512 * 1024)
#define NETD_BEAT_MIN	1 /* seconds: a heartbeat's interval, whoever names it */
#define NETD_BEAT_MAX	300
#define NETD_BEAT_EVERY 30

struct netd_conf {
	char server[65], version[32], host_name[254], host_id[33], fleet[33];
	char host[254], prefix[256], proxy[300];
	uint16_t port;
	char *ca;
	size_t calen;
	char cert[API_PEM_MAX + 1], key[API_PEM_MAX + 1];
	char bearer[49];
	uint32_t heartbeat, poll_wait, free;
	int verbose;
	struct {
		char name[65], value[257];
	} tag[API_TAGS];
	size_t ntags;
	char address[API_ADDRS][48];
	size_t naddresses;
	char kind[API_KINDS][64];
	size_t nkinds;
	uint32_t seen; /* settings that stand once */
};

/* NULL without memory. */
struct netd_conf *netd_conf_new(void);
/* One setting. 0; -1 with E: unknown, twice, malformed, too large. */
int netd_conf_set(struct netd_conf *c, const struct msg_setting *m, struct errmsg *e);
/* All that must be there is. 0 or -1 with E. */
int netd_conf_whole(const struct netd_conf *c, struct errmsg *e);
/* Wipes and frees the PEM texts and the key: TLS has its own copies now. */
void netd_conf_wipe_pem(struct netd_conf *c);
void netd_conf_free(struct netd_conf *c);

#endif
