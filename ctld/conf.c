/* ctld.conf: one table of keywords, one function a value. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctld/conf.h"
#include "lib/confline.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/api.h"
#include "proto/token.h"

#define FILE_MAX (256 * 1024)

static int
set_path(const struct conf_line *l, const char *v, char *dst, size_t size, struct errmsg *e)
{
	if (!valid_path(v))
		return conf_err(l, e,
		    "%s: must be an absolute path without \"..\", \"//\" or a slash at its end",
		    l->word[0]);
	if (strlen(v) >= size)
		return conf_err(l, e, "%s: longer than %zu bytes", l->word[0], size - 1);
	memcpy(dst, v, strlen(v) + 1);
	return 0;
}

static int
set_number(const struct conf_line *l, uint64_t min, uint64_t max, uint64_t *out, struct errmsg *e)
{
	if (str_u64(l->word[1], min, max, out) == -1)
		return conf_err(l, e, "%s: must be a plain number from %llu to %llu", l->word[0],
		    (unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int
set_u32(const struct conf_line *l, uint32_t min, uint32_t max, uint32_t *dst, struct errmsg *e)
{
	uint64_t v;

	if (set_number(l, min, max, &v, e) == -1)
		return -1;
	*dst = (uint32_t)v;
	return 0;
}

/* "*", "192.0.2.1", "[2001:db8::1]", each with ":PORT" or without */
static int
set_address(const struct conf_line *l, struct conf_listen *cl, struct errmsg *e)
{
	char text[64], *host = text, *port = NULL, *end;
	struct netaddr a;
	uint64_t n;

	if (strlen(l->word[1]) >= sizeof(text))
		return conf_err(l, e, "listen: the address is too long");
	memcpy(text, l->word[1], strlen(l->word[1]) + 1);
	if (text[0] == '[') {
		host = text + 1;
		if ((end = strchr(host, ']')) == NULL || (end[1] != '\0' && end[1] != ':'))
			return conf_err(l, e, "listen: must be [ADDRESS] or [ADDRESS]:PORT");
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
	} else if ((end = strchr(host, ':')) != NULL) {
		if (strchr(end + 1, ':') != NULL)
			return conf_err(l, e, "listen: write an IPv6 address in brackets");
		*end = '\0';
		port = end + 1;
	}
	cl->port = API_PORT;
	if (port != NULL) {
		if (str_u64(port, 1, 65535, &n) == -1)
			return conf_err(l, e, "listen: the port must be 1 to 65535");
		cl->port = (uint16_t)n;
	}
	if (strcmp(host, "*") != 0 &&
	    (netaddr_parse(&a, host) == -1 || (text[0] == '[') != (strchr(host, ':') != NULL)))
		return conf_err(l, e, "listen: must be an IP address or *, not a name");
	memcpy(cl->address, host, strlen(host) + 1);
	return 0;
}

static int
set_listen(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;
	struct conf_listen *cl;

	if (c->nlistens == CONF_LISTENS)
		return conf_err(l, e, "listen: more than %d", CONF_LISTENS);
	cl = &c->listen[c->nlistens];
	if (set_address(l, cl, e) == -1)
		return -1;
	if (strcmp(l->word[2], "cert") != 0 || strcmp(l->word[4], "key") != 0)
		return conf_err(l, e, "listen: must be: listen ADDRESS cert FILE key FILE");
	if (set_path(l, l->word[3], cl->cert, sizeof(cl->cert), e) == -1 ||
	    set_path(l, l->word[5], cl->key, sizeof(cl->key), e) == -1)
		return -1;
	for (size_t i = 0; i < c->nlistens; i++)
		if (strcmp(c->listen[i].address, cl->address) == 0 && c->listen[i].port == cl->port)
			return conf_err(l, e, "listen: stands twice: %s", l->word[1]);
	c->nlistens++;
	return 0;
}

static int
set_url(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;
	struct errmsg why;
	struct url u;

	if (url_parse(&u, l->word[1], &why) == -1)
		return conf_err(l, e, "public-url: %s", why.text);
	url_text(&u, c->url, sizeof(c->url));
	if (l->nwords == 3 && strcmp(l->word[2], "bundle") != 0)
		return conf_err(l, e, "public-url: after the URL only \"bundle\" may stand");
	c->url_bundle = l->nwords == 3;
	return 0;
}

static int
set_state(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return set_path(l, l->word[1], c->state_dir, sizeof(c->state_dir), e);
}

static int
set_sign(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	return set_path(l, l->word[1], c->sign_socket, sizeof(c->sign_socket), e);
}

static int
set_proxy(const struct conf_line *l, void *arg, struct errmsg *e)
{
	static const char *const names[] = {
	    [PROXY_CF] = "CF-Connecting-IP",
	    [PROXY_XFF] = "X-Forwarded-For",
	    [PROXY_FORWARDED] = "Forwarded",
	};
	struct conf *c = arg;
	struct errmsg why;

	if (c->nproxies == CONF_PROXIES)
		return conf_err(l, e, "proxy: more than %d", CONF_PROXIES);
	if (netblock_parse(&c->proxy[c->nproxies].from, l->word[1], &why) == -1)
		return conf_err(l, e, "proxy: %s", why.text);
	for (int h = PROXY_CF; h <= PROXY_FORWARDED; h++)
		if (strcasecmp(l->word[2], names[h]) == 0)
			c->proxy[c->nproxies].header = (enum proxy_header)h;
	if (c->proxy[c->nproxies].header == PROXY_NONE)
		return conf_err(l, e,
		    "proxy: the header must be CF-Connecting-IP, X-Forwarded-For or Forwarded");
	c->nproxies++;
	return 0;
}

static int
set_interval(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return set_u32(l, 1, 300, &((struct conf *)arg)->interval, e);
}

static int
set_lease(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return set_u32(l, 1, 3600, &((struct conf *)arg)->lease, e);
}

static int
set_keep(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return set_u32(l, 1, 3650, &((struct conf *)arg)->keep_days, e);
}

static int
set_output(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return set_number(l, 1ULL << 20, 1ULL << 44, &((struct conf *)arg)->output_max, e);
}

static int
set_level(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (strcmp(l->word[1], "info") != 0 && strcmp(l->word[1], "debug") != 0)
		return conf_err(l, e, "log-level: must be info or debug");
	c->verbose = strcmp(l->word[1], "debug") == 0;
	return 0;
}

static const struct conf_key keys[] = {
    {"listen", 5, 5, 1, set_listen},
    {"public-url", 1, 2, 0, set_url},
    {"state-dir", 1, 1, 0, set_state},
    {"sign-socket", 1, 1, 0, set_sign},
    {"proxy", 2, 2, 1, set_proxy},
    {"heartbeat", 1, 1, 0, set_interval},
    {"lease", 1, 1, 0, set_lease},
    {"keep-days", 1, 1, 0, set_keep},
    {"output-max", 1, 1, 0, set_output},
    {"log-level", 1, 1, 0, set_level},
};

#define NKEYS (sizeof(keys) / sizeof(keys[0]))

struct reading {
	struct conf *c;
	unsigned int seen[NKEYS];
};

static int
on_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reading *r = arg;

	if (l->nwords == 0)
		return conf_err(l, e, "there are no sections in this file");
	return conf_dispatch(keys, NKEYS, r->seen, l, r->c, e);
}

struct conf *
ctld_conf_fromtext(const char *file, const char *buf, size_t len, struct errmsg *e)
{
	struct reading r = {0};
	int rc;

	if ((r.c = calloc(1, sizeof(*r.c))) == NULL) {
		(void)err_set(e, "out of memory");
		return NULL;
	}
	r.c->interval = 30;
	r.c->lease = 60;
	r.c->keep_days = 30;
	r.c->output_max = 16ULL << 30;
	memcpy(r.c->state_dir, CONF_STATE, sizeof(CONF_STATE));
	memcpy(r.c->sign_socket, CONF_SIGN, sizeof(CONF_SIGN));
	rc = conf_parse(file, buf, len, on_line, &r, e);
	if (rc == 0 && r.c->nlistens == 0)
		rc = err_set(e, "%s: no listen line: say where to listen", file);
	if (rc == 0 && r.c->url[0] == '\0')
		rc = err_set(e, "%s: no public-url line: say by which URL hosts reach it", file);
	if (rc == 0)
		return r.c;
	free(r.c);
	return NULL;
}

struct conf *
ctld_conf_load(const char *file, struct errmsg *e)
{
	struct conf *c = NULL;
	char *buf;
	size_t len;
	int fd;

	/* not only root reads it: after the drop a reload does */
	if ((fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) == -1) {
		(void)err_errno(e, "%s", file);
		return NULL;
	}
	if (fd_slurp(fd, FILE_MAX, &buf, &len, e) == 0) {
		c = ctld_conf_fromtext(file, buf, len, e);
		free(buf);
	} else {
		(void)err_prefix(e, "%s", file);
	}
	close(fd);
	return c;
}
