/* The route table: finding a row, cutting its arguments out of the path. */

#include <string.h>

#include "ctld/route.h"

static const struct route routes[] = {
#define ROUTE(method, path, access, max, handler, doc) \
	{M_##method, path, ACC_##access, max, handler, doc},
#include "ctld/routes.def"
#undef ROUTE
};

#define NROUTES (sizeof(routes) / sizeof(routes[0]))

static int
hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
route_decode(char *dst, size_t size, const char *src, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)src[i];

		if (c == '%') {
			int hi = i + 2 < len ? hexval(src[i + 1]) : -1;
			int lo = i + 2 < len ? hexval(src[i + 2]) : -1;

			if (hi == -1 || lo == -1)
				return -1;
			c = hi << 4 | lo;
			i += 2;
		}
		if (c < 0x20 || c > 0x7e || n + 1 >= size)
			return -1;
		dst[n++] = (char)c;
	}
	dst[n] = '\0';
	return 0;
}

/* One segment against one of the row's; *NARG goes on where it is an argument. */
static int
segment(const char *want, size_t wantlen, const char *have, size_t havelen, char arg[REQ_ARGS][256],
    size_t *narg)
{
	if (want[0] != ':')
		return wantlen == havelen && memcmp(want, have, wantlen) == 0;
	if (*narg == REQ_ARGS || havelen == 0 ||
	    route_decode(arg[*narg], sizeof(arg[0]), have, havelen) == -1)
		return 0;
	/* a decoded slash or dot would name another thing where it is used as a name */
	if (strchr(arg[*narg], '/') != NULL || strcmp(arg[*narg], ".") == 0 ||
	    strcmp(arg[*narg], "..") == 0)
		return 0;
	(*narg)++;
	return 1;
}

static int
matches(const struct route *r, const char *path, char arg[REQ_ARGS][256])
{
	const char *w = r->path, *h = path;
	size_t narg = 0;

	memset(arg, 0, REQ_ARGS * sizeof(arg[0]));
	for (;;) {
		size_t wl, hl;

		if (*w != '/' || *h != '/')
			return *w == '\0' && *h == '\0';
		wl = strcspn(++w, "/");
		hl = strcspn(++h, "/");
		if (!segment(w, wl, h, hl, arg, &narg))
			return 0;
		w += wl;
		h += hl;
	}
}

const struct route *
route_find(enum method m, const char *path, char arg[REQ_ARGS][256], int *other)
{
	*other = 0;
	for (size_t i = 0; i < NROUTES; i++) {
		if (!matches(&routes[i], path, arg))
			continue;
		if (routes[i].method == m)
			return &routes[i];
		*other = 1;
	}
	return NULL;
}

const struct route *
route_nth(size_t n)
{
	return n < NROUTES ? &routes[n] : NULL;
}

const char *
route_method(enum method m)
{
	switch (m) {
	case M_GET:
		return "GET";
	case M_POST:
		return "POST";
	case M_PUT:
		return "PUT";
	case M_DELETE:
		return "DELETE";
	}
	return "";
}
