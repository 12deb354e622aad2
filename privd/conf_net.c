/* agent.conf's words about the network: [server NAME] sections, and what a heartbeat tells. */

#include <stdio.h>
#include <string.h>

#include "lib/netaddr.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "privd/conf_set.h"

#define TAG_MAX 256

int
conf_set_hostname(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;

	if (!valid_hostname(l->word[1]))
		return conf_err(l, e, "hostname: must be a host name in lower case");
	return conf_set_text(l, l->word[1], c->hostname, sizeof(c->hostname), e);
}

int
conf_set_address(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;
	struct netaddr a;

	for (int i = 1; i < l->nwords; i++) {
		if (netaddr_parse(&a, l->word[i]) == -1)
			return conf_err(
			    l, e, "address: not an IPv4 or IPv6 address: %s", l->word[i]);
		if (c->naddresses == CONF_ADDRS)
			return conf_err(l, e, "address: at most %d of them", CONF_ADDRS);
		for (unsigned int k = 0; k < c->naddresses; k++)
			if (memcmp(&c->address[k], &a, sizeof(a)) == 0)
				return conf_err(l, e, "address: stands twice: %s", l->word[i]);
		c->address[c->naddresses++] = a;
	}
	return 0;
}

int
conf_set_heartbeat(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 1, 300, &((struct conf *)arg)->heartbeat, e);
}

int
conf_set_pollwait(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_u32(l, 0, 50, &((struct conf *)arg)->poll_wait, e);
}

/* HOST:PORT, or [ADDRESS]:PORT. */
int
conf_set_proxy(const struct conf_line *l, void *arg, struct errmsg *e)
{
	static const char must[] = "proxy: must be HOST:PORT, an IPv6 address in brackets";
	struct conf *c = arg;
	const char *v = l->word[1], *colon = strrchr(v, ':');
	struct netaddr a;
	uint64_t port;
	size_t n;

	if (colon == NULL || str_u64(colon + 1, 1, 65535, &port) == -1)
		return conf_err(l, e, "%s", must);
	n = (size_t)(colon - v);
	if (n > 2 && v[0] == '[' && v[n - 1] == ']') {
		v++;
		n -= 2;
	} else if (memchr(v, ':', n) != NULL)
		return conf_err(l, e, "%s", must);
	if (n >= sizeof(c->proxy))
		return conf_err(l, e, "%s", must);
	memcpy(c->proxy, v, n);
	c->proxy[n] = '\0';
	if (v == l->word[1] ? !valid_hostname(c->proxy) && netaddr_parse(&a, c->proxy) == -1
			    : netaddr_parse(&a, c->proxy) == -1)
		return conf_err(l, e, "%s", must);
	c->proxy_port = (uint16_t)port;
	return 0;
}

int
conf_set_tag(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf *c = arg;
	struct conf_tag *t = &c->tag[c->ntags];

	if (c->ntags == CONF_TAGS)
		return conf_err(l, e, "tag: at most %d of them", CONF_TAGS);
	if (!valid_ident(l->word[1]))
		return conf_err(l, e,
		    "tag: the name must be letters, digits and . _ -, at most 64, the first a "
		    "letter or digit");
	for (unsigned int i = 0; i < c->ntags; i++)
		if (strcmp(c->tag[i].name, l->word[1]) == 0)
			return conf_err(l, e, "tag: %s stands twice", l->word[1]);
	if (!valid_text(l->word[2], TAG_MAX))
		return conf_err(l, e, "tag: the value must be 1 to %d bytes", TAG_MAX);
	snprintf(t->name, sizeof(t->name), "%s", l->word[1]);
	snprintf(t->value, sizeof(t->value), "%s", l->word[2]);
	c->ntags++;
	return 0;
}

/* The server whose section is being read: the last one. */
static struct conf_server *
present(struct conf *c)
{
	return &c->server[c->nservers - 1];
}

static int
set_url(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct errmsg why;

	if (url_parse(&present(arg)->url, l->word[1], &why) == -1)
		return conf_err(l, e, "url: %s", why.text);
	present(arg)->has_url = 1;
	return 0;
}

static int
set_ca(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct conf_server *s = present(arg);

	if (strcmp(l->word[1], "bundle") == 0)
		return conf_set_text(l, CONF_BUNDLE, s->ca, sizeof(s->ca), e);
	if (l->word[1][0] != '/')
		return conf_err(l, e, "ca: must be an absolute path, or the word bundle");
	return conf_set_path(l, s->ca, sizeof(s->ca), e);
}

static int
set_cert(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_path(l, present(arg)->cert, sizeof(present(arg)->cert), e);
}

static int
set_key(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_path(l, present(arg)->key, sizeof(present(arg)->key), e);
}

static int
set_bearer(const struct conf_line *l, void *arg, struct errmsg *e)
{
	return conf_set_path(l, present(arg)->bearer, sizeof(present(arg)->bearer), e);
}

static const struct conf_key keys[CONF_SERVER_KEYS] = {
    {"url", 1, 1, 0, set_url},
    {"ca", 1, 1, 0, set_ca},
    {"cert", 1, 1, 0, set_cert},
    {"key", 1, 1, 0, set_key},
    {"bearer", 1, 1, 0, set_bearer},
};

int
conf_server_begin(const struct conf_line *l, struct conf *c, struct errmsg *e)
{
	struct conf_server *s = &c->server[c->nservers];

	if (l->nsection != 2 || !valid_ident(l->section[1]) || strcmp(l->section[1], "local") == 0)
		return conf_err(l, e,
		    "a server's section is [server NAME]; the name is letters, digits and . _ -, "
		    "and not \"local\"");
	for (unsigned int i = 0; i < c->nservers; i++)
		if (strcmp(c->server[i].name, l->section[1]) == 0)
			return conf_err(l, e, "server %s: stands in line %u already", l->section[1],
			    c->server[i].line);
	if (c->nservers == CONF_SERVERS)
		return conf_err(l, e, "server: at most %d of them", CONF_SERVERS);
	snprintf(s->name, sizeof(s->name), "%s", l->section[1]);
	s->line = l->lineno;
	c->nservers++;
	return 0;
}

int
conf_server_line(const struct conf_line *l, struct conf *c, unsigned int *seen, struct errmsg *e)
{
	return conf_dispatch(keys, CONF_SERVER_KEYS, seen, l, c, e);
}

int
conf_net_check(const struct conf *c, const char *file, struct errmsg *e)
{
	const struct conf_server *s;
	const char *miss;

	for (unsigned int i = 0; i < c->nservers; i++) {
		s = &c->server[i];
		miss = NULL;
		if (!s->has_url)
			miss = "a line \"url https://HOST\"";
		else if (s->ca[0] == '\0')
			miss = "a line \"ca FILE\" or \"ca bundle\"";
		else if ((s->cert[0] == '\0') != (s->key[0] == '\0'))
			miss = "both lines, cert and key, or none of them";
		else if ((s->cert[0] == '\0') == (s->bearer[0] == '\0'))
			miss = "either cert and key, or bearer";
		if (miss != NULL)
			return err_set(
			    e, "%s:%u: server %s: it needs %s", file, s->line, s->name, miss);
	}
	return 0;
}
