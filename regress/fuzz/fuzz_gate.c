/*
 * Any bytes as a request's head, as a path, as forwarding headers and as ctld.conf. The first byte
 * chooses. A head that passes must be one that no lax reader cuts otherwise: no bare LF, no NUL, no
 * Transfer-Encoding, one Content-Length at most.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ctld/auth.h"
#include "ctld/conf.h"
#include "ctld/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
fields(const char *text, const char *name)
{
	size_t n = 0, len = strlen(name);

	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		n += strncasecmp(p + 1, name, len) == 0;
	return n;
}

static void
try_head(const char *text, size_t len)
{
	const char *why = NULL;
	struct gate g;

	if (gate_head(&g, text, len, &why) == -1) {
		if (why == NULL)
			abort();
		return;
	}
	if (strlen(text) != len || len < 4 || strcmp(text + len - 4, "\r\n\r\n") != 0)
		abort();
	for (const char *p = text; *p != '\0'; p++)
		if ((*p == '\n' && (p == text || p[-1] != '\r')) || (*p == '\r' && p[1] != '\n'))
			abort();
	if (fields(text, "transfer-encoding:") != 0 || fields(text, "content-length:") > 1 ||
	    fields(text, " ") != 0 || g.path[0] != '/')
		abort();
}

static void
try_path(const char *text)
{
	char arg[REQ_ARGS][256];
	int other;

	if (route_find(M_GET, text, arg, &other) == NULL)
		return;
	for (size_t i = 0; i < REQ_ARGS; i++)
		if (strchr(arg[i], '/') != NULL || strcmp(arg[i], "..") == 0 ||
		    strcmp(arg[i], ".") == 0)
			abort();
}

static void
try_forward(const char *text)
{
	struct netaddr sock = {4, {10, 0, 0, 1}}, out;
	struct conf c = {.nproxies = 1};
	struct errmsg e;

	if (netblock_parse(&c.proxy[0].from, "10.0.0.0/8", &e) == -1)
		abort();
	for (int h = PROXY_CF; h <= PROXY_FORWARDED; h++) {
		c.proxy[0].header = (enum proxy_header)h;
		/* nobody, or somebody who is no proxy of ours */
		if (forward_peer(&c, &sock, text, text, text, &out) == FORWARD_OK
			? out.len == 0 || netblock_has(&c.proxy[0].from, &out)
			: out.len != 0)
			abort();
	}
}

static void
try_conf(const char *text, size_t len)
{
	struct errmsg e = {0};
	struct conf *c = ctld_conf_fromtext("ctld.conf", text, len, &e);

	if (c == NULL && e.text[0] == '\0')
		abort();
	if (c != NULL && (c->nlistens == 0 || strncmp(c->url, "https://", 8) != 0))
		abort();
	free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0 || (text = malloc(size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] & 3) {
	case 0:
		try_head(text, size - 1);
		break;
	case 1:
		try_path(text);
		break;
	case 2:
		try_forward(text);
		break;
	default:
		try_conf(text, size - 1);
	}
	free(text);
	return 0;
}
