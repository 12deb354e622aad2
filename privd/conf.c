/* agent.conf: one table of keywords, one function a value. */

#include <sys/stat.h>
#include <sys/utsname.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "privd/conf_set.h"
#include "proto/ticket.h"

int
conf_set_text(const struct conf_line *l, const char *v, char *dst, size_t size, struct errmsg *e)
{
	size_t n = strlen(v);

	if (n >= size)
		return conf_err(l, e, "%s: longer than %zu bytes", l->word[0], size - 1);
	memcpy(dst, v, n + 1);
	return 0;
}

int
conf_set_path(const struct conf_line *l, char *dst, size_t size, struct errmsg *e)
{
	if (!valid_path(l->word[1]))
		return conf_err(l, e,
		    "%s: must be an absolute path without \"..\", \"//\" or a slash at its end",
		    l->word[0]);
	return conf_set_text(l, l->word[1], dst, size, e);
}

int
conf_get_number(
    const struct conf_line *l, uint64_t min, uint64_t max, uint64_t *out, struct errmsg *e)
{
	if (str_u64(l->word[1], min, max, out) == -1)
		return conf_err(l, e, "%s: must be a plain number from %llu to %llu", l->word[0],
		    (unsigned long long)min, (unsigned long long)max);
	return 0;
}

int
conf_set_u32(const struct conf_line *l, uint32_t min, uint32_t max, uint32_t *dst, struct errmsg *e)
{
	uint64_t v;

	if (conf_get_number(l, min, max, &v, e) == -1)
		return -1;
	*dst = (uint32_t)v;
	return 0;
}

static int
set_fleet(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (!valid_hex(l->word[1], JOB_IDLEN))
		return conf_err(l, e, "fleet: must be %d lower-case hex digits", JOB_IDLEN);
	return conf_set_text(l, l->word[1], c->fleet, sizeof(c->fleet), e);
}

static int
set_host(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (!valid_hex(l->word[1], JOB_IDLEN))
		return conf_err(l, e, "host: the id must be %d lower-case hex digits", JOB_IDLEN);
	if (!valid_hostname(l->word[2]))
		return conf_err(l, e, "host: the name must be a host name in lower case");
	if (conf_set_text(l, l->word[1], c->host_id, sizeof(c->host_id), e) == -1)
		return -1;
	return conf_set_text(l, l->word[2], c->host_name, sizeof(c->host_name), e);
}

static int
set_haproxy(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return conf_set_path(l, c->haproxy_socket, sizeof(c->haproxy_socket), e);
}

static int
set_scriptdirs(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	for (int i = 1; i < l->nwords; i++) {
		if (!valid_path(l->word[i]))
			return conf_err(
			    l, e, "script-dirs: not a normalised absolute path: %s", l->word[i]);
		for (unsigned int k = 0; k < c->nscriptdirs; k++)
			if (strcmp(c->scriptdir[k], l->word[i]) == 0)
				return conf_err(l, e, "script-dirs: stands twice: %s", l->word[i]);
		if (conf_set_text(l, l->word[i], c->scriptdir[c->nscriptdirs],
			sizeof(c->scriptdir[0]), e) == -1)
			return -1;
		c->nscriptdirs++;
	}
	return 0;
}

static int
set_state(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return conf_set_path(l, c->state_dir, sizeof(c->state_dir), e);
}

static int
set_run(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return conf_set_path(l, c->run_dir, sizeof(c->run_dir), e);
}

static int
set_libexec(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return conf_set_path(l, c->libexec_dir, sizeof(c->libexec_dir), e);
}

static int
set_cgroup(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return conf_set_path(l, c->cgroup_dir, sizeof(c->cgroup_dir), e);
}

static int
set_group(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (strpbrk(l->word[1], ":,/ ") != NULL || l->word[1][0] == '\0')
		return conf_err(l, e, "admin-group: must be the name of a group");
	return conf_set_text(l, l->word[1], c->admin_group, sizeof(c->admin_group), e);
}

static int
set_maxjobs(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 1, 256, &((struct conf *)arg)->max_jobs, e);
}

static int
set_maxqueue(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 1, 65536, &((struct conf *)arg)->max_queue, e);
}

static int
set_spoolmax(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_get_number(l, 1ULL << 20, 1ULL << 44, &((struct conf *)arg)->spool_max, e);
}

static int
set_outputmax(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_get_number(l, 4096, 1ULL << 30, &((struct conf *)arg)->output_max, e);
}

static int
set_maxspan(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 1, TICKET_SPAN_MAX, &((struct conf *)arg)->max_span, e);
}

static int
set_keepdays(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 1, 3650, &((struct conf *)arg)->keep_days, e);
}

static int
set_lockwait(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 0, 3600, &((struct conf *)arg)->lock_wait, e);
}

static int
set_below(const struct conf_line *l, void *arg, struct errmsg *e)
{
	if (strcmp(l->word[1], "yes") != 0)
		return conf_err(l, e, "below-minimum: only \"yes\" may stand here");
	((struct conf *)arg)->below_minimum = 1;
	return 0;
}

static int
set_loglevel(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (strcmp(l->word[1], "info") != 0 && strcmp(l->word[1], "debug") != 0)
		return conf_err(l, e, "log-level: must be info or debug");
	c->verbose = strcmp(l->word[1], "debug") == 0;
	return 0;
}

static const struct conf_key keys[] = {
    {"fleet", 1, 1, 0, set_fleet},
    {"host", 2, 2, 0, set_host},
    {"haproxy-socket", 1, 1, 0, set_haproxy},
    {"script-dirs", 1, CONF_SCRIPTDIRS, 0, set_scriptdirs},
    {"state-dir", 1, 1, 0, set_state},
    {"run-dir", 1, 1, 0, set_run},
    {"libexec-dir", 1, 1, 0, set_libexec},
    {"cgroup-dir", 1, 1, 0, set_cgroup},
    {"admin-group", 1, 1, 0, set_group},
    {"max-jobs", 1, 1, 0, set_maxjobs},
    {"max-queue", 1, 1, 0, set_maxqueue},
    {"spool-max", 1, 1, 0, set_spoolmax},
    {"output-max", 1, 1, 0, set_outputmax},
    {"max-span", 1, 1, 0, set_maxspan},
    {"keep-days", 1, 1, 0, set_keepdays},
    {"package-lock-wait", 1, 1, 0, set_lockwait},
    {"below-minimum", 1, 1, 0, set_below},
    {"log-level", 1, 1, 0, set_loglevel},
    {"hostname", 1, 1, 0, conf_set_hostname},
    {"address", 1, -1, 1, conf_set_address},
    {"heartbeat", 1, 1, 0, conf_set_heartbeat},
    {"poll-wait", 1, 1, 0, conf_set_pollwait},
    {"proxy", 1, 1, 0, conf_set_proxy},
    {"tag", 2, 2, 1, conf_set_tag},
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

struct reader {
	struct conf *c;
	unsigned int seen[NKEYS], inserver[CONF_SERVER_KEYS];
};

static int
conf_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reader *r = arg;

	if (l->nwords > 0 && l->nsection > 0)
		return conf_server_line(l, r->c, r->inserver, e);
	if (l->nwords > 0)
		return conf_dispatch(keys, NKEYS, r->seen, l, r->c, e);
	if (strcmp(l->section[0], "server") != 0)
		return conf_err(l, e, "unknown section: %s", l->section[0]);
	memset(r->inserver, 0, sizeof(r->inserver));
	return conf_server_begin(l, r->c, e);
}

/* The defaults; what has none stays empty. */
static void
conf_init(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->state_dir, sizeof(c->state_dir), "/var/lib/reeve");
	snprintf(c->run_dir, sizeof(c->run_dir), "/run/reeve");
	snprintf(c->libexec_dir, sizeof(c->libexec_dir), "/usr/libexec/reeve");
	c->admin_gid = (gid_t)-1;
	c->max_jobs = 8;
	c->max_queue = 64;
	c->spool_max = 1ULL << 30;
	c->output_max = 16ULL << 20;
	c->max_span = 3600;
	c->keep_days = 30;
	c->lock_wait = 60;
	c->heartbeat = 30;
	c->poll_wait = 50;
	for (int i = 0; i < USER_MAX; i++) {
		c->users[i].uid = UID_NOBODY;
		c->users[i].gid = (gid_t)-1;
	}
}

static int
set_dir(struct conf *c, const char *file, struct errmsg *e)
{
	const char *slash = strrchr(file, '/');

	if (!valid_path(file))
		return err_set(e, "%s: must be named by a normalised absolute path", file);
	if (slash == file)
		return err_set(e, "%s: must not stand in the root directory", file);
	memcpy(c->dir, file, (size_t)(slash - file));
	return 0;
}

int
conf_enrolled(const struct conf *c)
{
	return c->fleet[0] != '\0' && c->host_id[0] != '\0';
}

/* What no line alone can say. */
static int
check_whole(const struct conf *c, const char *file, struct errmsg *e)
{
	int none = c->fleet[0] == '\0' && c->host_id[0] == '\0' && c->nservers == 0;

	if (c->fleet[0] == '\0' && !none)
		return err_set(e, "%s: no fleet: it needs a line \"fleet HEX\"", file);
	if (c->host_id[0] == '\0' && !none)
		return err_set(e, "%s: no host: it needs a line \"host ID NAME\"", file);
	if (c->output_max > c->spool_max)
		return err_set(e, "%s: output-max %llu is more than spool-max %llu", file,
		    (unsigned long long)c->output_max, (unsigned long long)c->spool_max);
	return conf_net_check(c, file, e);
}

struct conf *
conf_fromtext(const char *file, const char *buf, size_t len, struct errmsg *e)
{
	struct reader r = {.c = malloc(sizeof(*r.c))};

	if (r.c == NULL) {
		err_errno(e, "%s", file);
		return NULL;
	}
	conf_init(r.c);
	if (set_dir(r.c, file, e) == 0 && conf_parse(file, buf, len, conf_line, &r, e) == 0 &&
	    check_whole(r.c, file, e) == 0)
		return r.c;
	free(r.c);
	return NULL;
}

/* A reeve user that is root, or two that are one, would undo the separation: refused. */
static int
find_users(struct conf *c, struct errmsg *e)
{
	for (int i = 0; i < USER_MAX; i++) {
		const char *name = user_name((enum user_id)i);

		if (user_lookup(name, &c->users[i], NULL) == -1)
			continue;
		if (c->users[i].uid == 0 || c->users[i].gid == 0)
			return err_set(e, "/etc/passwd: user %s has uid or gid 0", name);
		for (int k = 0; k < i; k++)
			if (c->users[k].uid == c->users[i].uid)
				return err_set(e, "/etc/passwd: users %s and %s have one uid",
				    user_name((enum user_id)k), name);
	}
	return 0;
}

/* What the system calls itself, when no line says so and a control plane is to hear it. */
static int
find_hostname(struct conf *c, struct errmsg *e)
{
	struct utsname u;

	if (c->hostname[0] != '\0' || c->nservers == 0)
		return 0;
	if (uname(&u) == -1)
		return err_errno(e, "uname");
	for (size_t i = 0; u.nodename[i] != '\0'; i++)
		if (u.nodename[i] >= 'A' && u.nodename[i] <= 'Z')
			u.nodename[i] = (char)(u.nodename[i] - 'A' + 'a');
	if (!valid_hostname(u.nodename))
		return err_set(e, "the system's own name is no host name: it needs a line "
				  "\"hostname NAME\"");
	snprintf(c->hostname, sizeof(c->hostname), "%s", u.nodename);
	return 0;
}

/* What the text alone does not say. */
static int
complete(struct conf *c, struct errmsg *e)
{
	if (find_users(c, e) == -1 || find_hostname(c, e) == -1)
		return -1;
	return c->admin_group[0] == '\0' ? 0 : group_lookup(c->admin_group, &c->admin_gid, e);
}

struct conf *
conf_load(const char *file, struct errmsg *e)
{
	struct conf *c = NULL;
	char *buf;
	size_t len;
	int fd;

	if ((fd = fd_open_trusted(file, O_RDONLY, FD_TRUST_ROOT, e)) == -1)
		return NULL;
	if (fd_slurp(fd, CONF_FILE_MAX, &buf, &len, e) == -1) {
		err_prefix(e, "%s", file);
	} else {
		c = conf_fromtext(file, buf, len, e);
		free(buf);
	}
	close(fd);
	if (c != NULL && complete(c, e) == -1) {
		err_prefix(e, "%s", file);
		free(c);
		return NULL;
	}
	return c;
}

int
conf_beside(const struct conf *c, const char *name, char path[CONF_PATH], struct errmsg *e)
{
	if (snprintf(path, CONF_PATH, "%s/%s", c->dir, name) >= CONF_PATH)
		return err_set(e, "%s/%s: longer than %d bytes", c->dir, name, CONF_PATH - 1);
	return 0;
}

int
conf_slurp(const char *path, size_t max, int *missing, char **buf, size_t *len, struct errmsg *e)
{
	struct stat st;
	int fd, rv;

	*missing = 0;
	if ((fd = fd_open_trusted(path, O_RDONLY, FD_TRUST_ROOT, e)) == -1) {
		*missing = lstat(path, &st) == -1 && errno == ENOENT;
		return -1;
	}
	if ((rv = fd_slurp(fd, max, buf, len, e)) == -1)
		err_prefix(e, "%s", path);
	close(fd);
	return rv;
}
