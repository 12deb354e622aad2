/* Finds a package file's digest in what apt-cache show prints. */
#include <string.h>

#include "execd/aptshow.h"

struct show {
	const char *name, *version, *sha;
	size_t namelen, versionlen, shalen;
};

static int
is_field(const char *line, size_t len, const char *field, const char **value, size_t *vlen)
{
	size_t n = strlen(field);

	if (len < n + 2 || memcmp(line, field, n) != 0 || line[n] != ':' || line[n + 1] != ' ')
		return 0;
	*value = line + n + 2;
	*vlen = len - n - 2;
	return 1;
}

static int
same(const char *s, size_t len, const char *t)
{
	return s != NULL && len == strlen(t) && memcmp(s, t, len) == 0;
}

/* 1 this stanza confirms WANT, 0 it is of no concern, -1 it contradicts. */
static int
judge(const struct show *s, const char *name, const char *version, const char *want)
{
	if (!same(s->name, s->namelen, name) || !same(s->version, s->versionlen, version) ||
	    s->sha == NULL)
		return 0;
	return same(s->sha, s->shalen, want + strlen("sha256:")) ? 1 : -1;
}

int
aptshow_sha256(const char *out, size_t len, const char *name, const char *version, const char *want,
    struct errmsg *e)
{
	struct show s = {0};
	const char *p = out, *end = out != NULL ? out + len : NULL, *nl;
	int r, found = 0;
	size_t n;

	while (p != NULL && p <= end) {
		nl = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		n = (size_t)((nl != NULL ? nl : end) - p);
		if (n == 0) {
			if ((r = judge(&s, name, version, want)) == -1)
				return err_set(e,
				    "%s: the package lists give version %s sha256:%.*s", name,
				    version, (int)s.shalen, s.sha);
			found |= r;
			s = (struct show){0};
		} else if (!is_field(p, n, "Package", &s.name, &s.namelen) &&
			   !is_field(p, n, "Version", &s.version, &s.versionlen))
			is_field(p, n, "SHA256", &s.sha, &s.shalen);
		p = nl != NULL ? nl + 1 : n == 0 ? NULL : end;
	}
	if (!found)
		return err_set(
		    e, "%s: the package lists give no digest of version %s", name, version);
	return 0;
}
