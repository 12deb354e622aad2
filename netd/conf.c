/* The settings of one server block. privd checked them; what cannot be right still ends netd. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/netaddr.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "netd/conf.h"

enum key {
	K_SERVER,
	K_VERSION,
	K_HOSTNAME,
	K_HOSTID,
	K_FLEET,
	K_HOST,
	K_PORT,
	K_PREFIX,
	K_PROXY,
	K_BEARER,
	K_HEARTBEAT,
	K_POLLWAIT,
	K_FREE,
	K_VERBOSE,
	K_CA,
	K_CERT,
	K_KEY,
	K_TAG,
	K_ADDRESS,
	K_KIND,
	K_MAX
};

static const struct {
	const char *name;
	int many; /* appended or listed */
	int must;
} keys[K_MAX] = {
    [K_SERVER] = {"server", 0, 1},
    [K_VERSION] = {"version", 0, 1},
    [K_HOSTNAME] = {"host-name", 0, 1},
    [K_HOSTID] = {"host-id", 0, 1},
    [K_FLEET] = {"fleet", 0, 1},
    [K_HOST] = {"host", 0, 1},
    [K_PORT] = {"port", 0, 1},
    [K_PREFIX] = {"prefix", 0, 0},
    [K_PROXY] = {"proxy", 0, 0},
    [K_BEARER] = {"bearer", 0, 0},
    [K_HEARTBEAT] = {"heartbeat", 0, 0},
    [K_POLLWAIT] = {"poll-wait", 0, 0},
    [K_FREE] = {"free", 0, 0},
    [K_VERBOSE] = {"verbose", 0, 0},
    [K_CA] = {"ca", 1, 1},
    [K_CERT] = {"cert", 1, 0},
    [K_KEY] = {"key", 1, 0},
    [K_TAG] = {"tag", 1, 0},
    [K_ADDRESS] = {"address", 1, 0},
    [K_KIND] = {"kind", 1, 0},
};

struct netd_conf *
netd_conf_new(void)
{
	struct netd_conf *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->heartbeat = NETD_BEAT_EVERY;
	c->poll_wait = API_WAIT_MAX;
	c->free = API_JOBS;
	return c;
}

/* A text of printable bytes into DST. */
static int
set_text(char *dst, size_t size, const struct msg_setting *m)
{
	if (m->len >= size || !str_printable((const char *)m->value, m->len))
		return -1;
	memcpy(dst, m->value, m->len);
	dst[m->len] = '\0';
	return 0;
}

static int
set_number(uint32_t *dst, uint32_t min, uint32_t max, const struct msg_setting *m)
{
	uint64_t v;

	if (strn_u64((const char *)m->value, m->len, min, max, &v) == -1)
		return -1;
	*dst = (uint32_t)v;
	return 0;
}

/* PEM comes in pieces. */
static int
add_pem(char *dst, size_t size, const struct msg_setting *m)
{
	size_t n = strlen(dst);

	if (m->len >= size - n || memchr(m->value, '\0', m->len) != NULL)
		return -1;
	memcpy(dst + n, m->value, m->len);
	dst[n + m->len] = '\0';
	return 0;
}

static int
add_ca(struct netd_conf *c, const struct msg_setting *m)
{
	char *p;

	if (m->len > NETD_CA_MAX - c->calen || (p = realloc(c->ca, c->calen + m->len + 1)) == NULL)
		return -1;
	memcpy(p + c->calen, m->value, m->len);
	c->ca = p;
	c->calen += m->len;
	c->ca[c->calen] = '\0';
	return 0;
}

static int
add_tag(struct netd_conf *c, const struct msg_setting *m)
{
	char text[400], *sp;

	if (c->ntags == API_TAGS || set_text(text, sizeof(text), m) == -1 ||
	    (sp = strchr(text, ' ')) == NULL)
		return -1;
	*sp++ = '\0';
	if (strlen(text) >= sizeof(c->tag[0].name) || strlen(sp) >= sizeof(c->tag[0].value))
		return -1;
	strcpy(c->tag[c->ntags].name, text);
	strcpy(c->tag[c->ntags].value, sp);
	c->ntags++;
	return 0;
}

static int
add_address(struct netd_conf *c, const struct msg_setting *m)
{
	struct netaddr a;
	char text[NETADDR_TEXT];

	if (c->naddresses == API_ADDRS || set_text(text, sizeof(text), m) == -1 ||
	    netaddr_parse(&a, text) == -1)
		return -1;
	strcpy(c->address[c->naddresses++], text);
	return 0;
}

static int
add_kind(struct netd_conf *c, const struct msg_setting *m)
{
	if (c->nkinds == API_KINDS || set_text(c->kind[c->nkinds], sizeof(c->kind[0]), m) == -1)
		return -1;
	c->nkinds++;
	return 0;
}

static int
set_port(struct netd_conf *c, const struct msg_setting *m)
{
	uint32_t v;

	if (set_number(&v, 1, 65535, m) == -1)
		return -1;
	c->port = (uint16_t)v;
	return 0;
}

static int
set_bearer(struct netd_conf *c, const struct msg_setting *m)
{
	if (set_text(c->bearer, sizeof(c->bearer), m) == -1 || !valid_hex(c->bearer, 48))
		return -1;
	return 0;
}

static int
set_verbose(struct netd_conf *c, const struct msg_setting *m)
{
	uint32_t v;

	if (set_number(&v, 0, 9, m) == -1)
		return -1;
	c->verbose = (int)v;
	return 0;
}

static int
set(struct netd_conf *c, enum key k, const struct msg_setting *m)
{
	switch (k) {
	case K_SERVER:
		return set_text(c->server, sizeof(c->server), m);
	case K_VERSION:
		return set_text(c->version, sizeof(c->version), m);
	case K_HOSTNAME:
		return set_text(c->host_name, sizeof(c->host_name), m);
	case K_HOSTID:
		return set_text(c->host_id, sizeof(c->host_id), m);
	case K_FLEET:
		return set_text(c->fleet, sizeof(c->fleet), m);
	case K_HOST:
		return set_text(c->host, sizeof(c->host), m);
	case K_PORT:
		return set_port(c, m);
	case K_PREFIX:
		return set_text(c->prefix, sizeof(c->prefix), m);
	case K_PROXY:
		return set_text(c->proxy, sizeof(c->proxy), m);
	case K_BEARER:
		return set_bearer(c, m);
	case K_HEARTBEAT:
		return set_number(&c->heartbeat, NETD_BEAT_MIN, NETD_BEAT_MAX, m);
	case K_POLLWAIT:
		return set_number(&c->poll_wait, 0, API_WAIT_MAX, m);
	case K_FREE:
		return set_number(&c->free, 1, 65536, m);
	case K_VERBOSE:
		return set_verbose(c, m);
	case K_CA:
		return add_ca(c, m);
	case K_CERT:
		return add_pem(c->cert, sizeof(c->cert), m);
	case K_KEY:
		return add_pem(c->key, sizeof(c->key), m);
	case K_TAG:
		return add_tag(c, m);
	case K_ADDRESS:
		return add_address(c, m);
	case K_KIND:
		return add_kind(c, m);
	case K_MAX:
		break;
	}
	return -1;
}

int
netd_conf_set(struct netd_conf *c, const struct msg_setting *m, struct errmsg *e)
{
	int k;

	for (k = 0; k < K_MAX; k++)
		if (strcmp(keys[k].name, m->key) == 0)
			break;
	if (k == K_MAX)
		return err_set(e, "setting \"%s\": unknown", m->key);
	if (!keys[k].many && (c->seen & 1U << k) != 0)
		return err_set(e, "setting \"%s\": twice", m->key);
	if (set(c, (enum key)k, m) == -1)
		return err_set(e, "setting \"%s\": malformed or too large", m->key);
	c->seen |= 1U << k;
	return 0;
}

int
netd_conf_whole(const struct netd_conf *c, struct errmsg *e)
{
	int cert = (c->seen & 1U << K_CERT) != 0, key = (c->seen & 1U << K_KEY) != 0;

	for (int k = 0; k < K_MAX; k++)
		if (keys[k].must && (c->seen & 1U << k) == 0)
			return err_set(e, "setting \"%s\" is missing", keys[k].name);
	if (cert != key || (!cert && c->bearer[0] == '\0'))
		return err_set(e, "a certificate with its key, or a bearer secret, is missing");
	return 0;
}

void
netd_conf_wipe_pem(struct netd_conf *c)
{
	sodium_memzero(c->key, sizeof(c->key));
	free(c->ca);
	c->ca = NULL;
	c->calen = 0;
}

void
netd_conf_free(struct netd_conf *c)
{
	if (c == NULL)
		return;
	free(c->ca);
	sodium_memzero(c, sizeof(*c));
	free(c);
}
