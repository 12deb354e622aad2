/* ctld.conf: where ctld listens and what it trusts (reeve-ctld.conf(5)). */
#ifndef CTLD_CONF_H
#define CTLD_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/netaddr.h"

#define CONF_LISTENS 16
#define CONF_PROXIES 16
#define CONF_STATE   "/var/lib/reeve-ctld"
#define CONF_SIGN    "/run/reeve-sign/sign.sock"

enum proxy_header { PROXY_NONE, PROXY_CF, PROXY_XFF, PROXY_FORWARDED };

struct conf_listen {
	char address[64]; /* an IP address, or "*" */
	uint16_t port;	  /* API_PORT when none is given */
	char cert[1024], key[1024];
};

struct conf {
	struct conf_listen listen[CONF_LISTENS];
	size_t nlistens;
	char url[512];	       /* public-url: what enrolment tokens name; https */
	int url_bundle;	       /* public-url ... bundle: its certificate is a public one */
	char state_dir[1024];  /* /var/lib/reeve-ctld */
	char sign_socket[108]; /* /run/reeve-sign/sign.sock */
	struct {
		struct netblock from;
		enum proxy_header header;
	} proxy[CONF_PROXIES];
	size_t nproxies;
	uint32_t interval;   /* heartbeat seconds told to agents, default 30, 1..300 */
	uint32_t lease;	     /* seconds of a claim without a state, default 60 */
	uint32_t keep_days;  /* finished jobs are kept, default 30 */
	uint64_t output_max; /* bytes of output of all jobs, default 16 GiB */
	int verbose;
};

/* As privd's: strict, FILE:LINE. NULL with E. The caller frees. */
struct conf *ctld_conf_load(const char *file, struct errmsg *e);
struct conf *ctld_conf_fromtext(const char *file, const char *buf, size_t len, struct errmsg *e);

#endif
