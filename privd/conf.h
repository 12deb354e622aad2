/* agent.conf: what this host is (reeve-agent.conf(5)). */
#ifndef PRIVD_CONF_H
#define PRIVD_CONF_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/netaddr.h"
#include "lib/users.h"
#include "proto/job.h"
#include "proto/token.h"

#define CONF_SCRIPTDIRS 16
#define CONF_PATH	1024
#define CONF_FILE_MAX	(256 * 1024) /* of each of the host's words */
#define CONF_SERVERS	8
#define CONF_TAGS	32 /* as many tags and addresses as a heartbeat holds */
#define CONF_ADDRS	32
#define CONF_BUNDLE	"/etc/ssl/certs/ca-certificates.crt" /* "ca bundle" */

/* A control plane: [server NAME]. */
struct conf_server {
	char name[65];
	unsigned int line; /* of its header */
	int has_url;
	struct url url;
	char ca[CONF_PATH];
	char cert[CONF_PATH], key[CONF_PATH]; /* "" with bearer */
	char bearer[CONF_PATH];		      /* "" with cert and key */
};

struct conf_tag {
	char name[65], value[257];
};

struct conf {
	char
	    dir[1024]; /* directory of the file: policy.conf, scripts.conf, keys/ stand beside it */
	char fleet[33]; /* "" with host_id: not enrolled */
	char host_id[33], host_name[254];
	char hostname[254]; /* what it says of itself; conf_load(): the system's when none stands */
	struct conf_server server[CONF_SERVERS];
	unsigned int nservers;
	char proxy[254]; /* "" none */
	uint16_t proxy_port;
	uint32_t heartbeat; /* seconds, default 30 */
	uint32_t poll_wait; /* seconds, default 50; 0 plain polling */
	struct netaddr address[CONF_ADDRS];
	unsigned int naddresses;
	struct conf_tag tag[CONF_TAGS];
	unsigned int ntags;
	char haproxy_socket[108]; /* "" none */
	char scriptdir[CONF_SCRIPTDIRS][1024];
	unsigned int nscriptdirs;
	char state_dir[1024];	/* /var/lib/reeve */
	char run_dir[1024];	/* /run/reeve */
	char libexec_dir[1024]; /* where reeve-execd is */
	char cgroup_dir[1024];	/* "" = found by itself */
	char admin_group[65];	/* "" none */
	gid_t admin_gid;	/* (gid_t)-1 none */
	uint32_t max_jobs;	/* running at once, default 8 */
	uint32_t max_queue;	/* accepted and waiting, default 64 */
	uint64_t spool_max;	/* bytes of spool on this host, default 1 GiB */
	uint64_t output_max;	/* cap of one job, default 16 MiB, at most the kind's */
	uint32_t max_span;	/* seconds a ticket may span here, default 3600, at most 7 days */
	uint32_t keep_days;	/* signed results kept, default 30 */
	uint32_t lock_wait;	/* seconds for the package lock, default 60 */
	int below_minimum;	/* the word "below-minimum yes" */
	int verbose;
	struct user
	    users[USER_MAX]; /* uid (uid_t)-1: missing, and only fatal when a step needs it */
};

/*
 * Reads FILE (opened by fd_open_trusted(), FD_TRUST_PRIVATE not needed: it holds no secret). A
 * duplicate or unknown keyword, a bad value, a fleet without a host or a host without a fleet: NULL
 * with E "FILE:LINE: ...". A file without either, and without a server, is that of a host that is
 * not enrolled. The returned conf is the caller's to free(3).
 */
struct conf *conf_load(const char *file, struct errmsg *e);
/*
 * The same from LEN bytes of memory, without looking at /etc/passwd: users stay missing and the
 * group without a number.
 */
struct conf *conf_fromtext(const char *file, const char *buf, size_t len, struct errmsg *e);

/* 1 when the file names fleet and host. */
int conf_enrolled(const struct conf *c);

/* The path of NAME beside agent.conf. 0, or -1 with E when it is too long. */
int conf_beside(const struct conf *c, const char *name, char path[CONF_PATH], struct errmsg *e);
/*
 * Reads one of the host's words (fd_open_trusted(), at most MAX bytes) into malloc'ed memory. 0; -1
 * with E, and *MISSING 1 when nothing at all stands at PATH (not even a broken link).
 */
int conf_slurp(
    const char *path, size_t max, int *missing, char **buf, size_t *len, struct errmsg *e);

#endif
