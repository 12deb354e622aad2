/* From a server block to what its netd is told. Files are read as root, checked on their fd. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/valid.h"
#include "privd/netside_pair.h"
#include "version.h"

#define CA_MAX	  (512 * 1024)
#define PIECE	  16000 /* of a CA file in one setting */
#define PEM_MAX	  PIECE
#define BEARER	  48
#define PEM_BEGIN "-----BEGIN "

static int
add(struct netset *s, const char *key, const void *value, size_t len, struct errmsg *e)
{
	size_t keylen = strlen(key) + 1;
	uint32_t n = (uint32_t)len;

	if (keylen + sizeof(n) + len > s->size - s->len)
		return err_set(e, "%s: too many settings", key);
	memcpy(s->buf + s->len, key, keylen);
	memcpy(s->buf + s->len + keylen, &n, sizeof(n));
	memcpy(s->buf + s->len + keylen + sizeof(n), value, len);
	s->len += keylen + sizeof(n) + len;
	return 0;
}

static int
add_text(struct netset *s, const char *key, const char *value, struct errmsg *e)
{
	return add(s, key, value, strlen(value), e);
}

static int
add_number(struct netset *s, const char *key, uint32_t n, struct errmsg *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	return add_text(s, key, text, e);
}

int
netset_next(const struct netset *s, size_t *pos, struct msg_setting *m)
{
	const uint8_t *at = s->buf + *pos;
	size_t keylen;
	uint32_t n;

	if (*pos >= s->len)
		return 0;
	keylen = strlen((const char *)at) + 1;
	snprintf(m->key, sizeof(m->key), "%s", (const char *)at);
	memcpy(&n, at + keylen, sizeof(n));
	m->value = at + keylen + sizeof(n);
	m->len = n;
	*pos += keylen + sizeof(n) + n;
	return 1;
}

void
netset_hash(const struct netset *s, uint8_t hash[32])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, 32);
	crypto_generichash_update(&st, s->buf, s->len);
	crypto_generichash_update(&st, (const uint8_t *)s->dial_host, sizeof(s->dial_host));
	crypto_generichash_update(&st, (const uint8_t *)&s->dial_port, sizeof(s->dial_port));
	crypto_generichash_final(&st, hash, 32);
}

void
netset_free(struct netset *s)
{
	if (s->buf != NULL)
		sodium_memzero(s->buf, s->len);
	free(s->buf);
	memset(s, 0, sizeof(*s));
}

static int
read_file(
    const char *path, size_t max, enum fd_trust trust, char **buf, size_t *len, struct errmsg *e)
{
	int fd, rv;

	if ((fd = fd_open_trusted(path, O_RDONLY, trust, e)) == -1)
		return -1;
	if ((rv = fd_slurp(fd, max, buf, len, e)) == -1)
		err_prefix(e, "%s", path);
	close(fd);
	return rv;
}

static int
add_pem(struct netset *s, const char *key, const char *path, size_t max, enum fd_trust trust,
    struct errmsg *e)
{
	size_t len, off, n;
	int rv = 0;
	char *buf;

	if (read_file(path, max, trust, &buf, &len, e) == -1)
		return -1;
	/* only against the wrong file: what stands in it netd alone reads */
	if (memmem(buf, len, PEM_BEGIN, strlen(PEM_BEGIN)) == NULL)
		rv = err_set(e, "%s: holds no PEM text", path);
	for (off = 0; rv == 0 && off < len; off += n) {
		n = len - off < PIECE ? len - off : PIECE;
		rv = add(s, key, buf + off, n, e);
	}
	sodium_memzero(buf, len);
	free(buf);
	return rv;
}

static int
add_bearer(struct netset *s, const char *path, struct errmsg *e)
{
	char *buf;
	size_t len;
	int rv;

	if (read_file(path, 256, FD_TRUST_PRIVATE, &buf, &len, e) == -1)
		return -1;
	if (len == BEARER + 1 && buf[BEARER] == '\n')
		buf[BEARER] = '\0';
	if (valid_hex(buf, BEARER))
		rv = add(s, "bearer", buf, BEARER, e);
	else
		rv = err_set(e, "%s: must hold %d lower-case hex digits in one line", path, BEARER);
	sodium_memzero(buf, len);
	free(buf);
	return rv;
}

static int
add_identity(struct netset *s, const struct conf *c, const struct conf_server *sv, struct errmsg *e)
{
	if (add_text(s, "server", sv->name, e) == -1 ||
	    add_text(s, "version", REEVE_VERSION, e) == -1 ||
	    add_text(s, "host-name", c->hostname, e) == -1 ||
	    add_text(s, "host-id", c->host_id, e) == -1 ||
	    add_text(s, "fleet", c->fleet, e) == -1 ||
	    add_pem(s, "ca", sv->ca, CA_MAX, FD_TRUST_ROOT, e) == -1)
		return -1;
	if (sv->bearer[0] != '\0')
		return add_bearer(s, sv->bearer, e);
	if (add_pem(s, "cert", sv->cert, PEM_MAX, FD_TRUST_ROOT, e) == -1)
		return -1;
	return add_pem(s, "key", sv->key, PEM_MAX, FD_TRUST_PRIVATE, e);
}

static int
add_target(struct netset *s, const struct conf *c, const struct conf_server *sv, struct errmsg *e)
{
	const char *host = c->proxy[0] != '\0' ? c->proxy : sv->url.host;
	char proxy[300];

	snprintf(s->dial_host, sizeof(s->dial_host), "%s", host);
	s->dial_port = c->proxy[0] != '\0' ? c->proxy_port : sv->url.port;
	if (add_text(s, "host", sv->url.host, e) == -1 ||
	    add_number(s, "port", sv->url.port, e) == -1 ||
	    add_text(s, "prefix", sv->url.prefix, e) == -1)
		return -1;
	if (c->proxy[0] == '\0')
		return 0;
	snprintf(proxy, sizeof(proxy), strchr(c->proxy, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    c->proxy, c->proxy_port);
	return add_text(s, "proxy", proxy, e);
}

static int
add_telling(struct netset *s, const struct words *w, struct errmsg *e)
{
	const struct conf *c = w->conf;
	const struct kind *k;
	char text[NETADDR_TEXT + 400];

	for (unsigned int i = 0; i < c->ntags; i++) {
		snprintf(text, sizeof(text), "%s %s", c->tag[i].name, c->tag[i].value);
		if (add_text(s, "tag", text, e) == -1)
			return -1;
	}
	for (unsigned int i = 0; i < c->naddresses; i++) {
		netaddr_text(&c->address[i], text);
		if (add_text(s, "address", text, e) == -1)
			return -1;
	}
	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++)
		if (policy_accepts(w->policy, k) && add_text(s, "kind", k->name, e) == -1)
			return -1;
	if (add_number(s, "heartbeat", c->heartbeat, e) == -1 ||
	    add_number(s, "poll-wait", c->poll_wait, e) == -1 ||
	    add_number(s, "free", c->max_queue, e) == -1)
		return -1;
	return add_number(s, "verbose", c->verbose != 0 || log_getverbose() != 0, e);
}

int
netset_make(struct netset *s, const struct words *w, const struct conf_server *sv, struct errmsg *e)
{
	memset(s, 0, sizeof(*s));
	s->size = CA_MAX + 4 * PEM_MAX;
	if ((s->buf = malloc(s->size)) == NULL)
		return err_set(e, "out of memory");
	if (add_identity(s, w->conf, sv, e) == 0 && add_target(s, w->conf, sv, e) == 0 &&
	    add_telling(s, w, e) == 0)
		return 0;
	netset_free(s);
	return err_prefix(e, "server %s", sv->name);
}

int
netside_check(const struct words *w, struct errmsg *e)
{
	struct netset s;
	int netd = -1, dial = -1;

	if (w->conf->nservers == 0)
		return 0;
	for (unsigned int i = 0; i < w->conf->nservers; i++) {
		if (netset_make(&s, w, &w->conf->server[i], e) == -1)
			return -1;
		netset_free(&s);
	}
	if (pair_programs(w->conf, &netd, &dial, e) == -1)
		return -1;
	close(netd);
	close(dial);
	return 0;
}
