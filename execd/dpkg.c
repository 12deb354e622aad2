/* Parses dpkg's status file. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "execd/dpkg.h"
#include "execd/sort.h"
#include "lib/fdutil.h"
#include "lib/valid.h"

#define DPKG_JOURNAL "/var/lib/dpkg/updates"

struct stanza {
	const char *name, *status, *version, *arch;
	size_t line;
};

static int
by_name(const void *a, const void *b)
{
	const struct dpkg_pkg *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : strcmp(x->arch, y->arch);
}

/* "install ok installed": what is wanted, the error flag, the state. */
static int
take_status(struct dpkg_pkg *p, const char *s)
{
	const char *flag, *state;

	if ((flag = strchr(s, ' ')) == NULL || (state = strchr(flag + 1, ' ')) == NULL)
		return -1;
	flag++;
	state++;
	p->held = strncmp(s, "hold ", 5) == 0;
	p->installed = strncmp(flag, "ok ", 3) == 0 && strcmp(state, "installed") == 0;
	p->present = strcmp(state, "not-installed") != 0 && strcmp(state, "config-files") != 0;
	p->broken = p->present && !p->installed;
	return 0;
}

static int
take_stanza(struct dpkg *d, const struct stanza *s, size_t *room, struct errmsg *e)
{
	struct dpkg_pkg p = {.name = s->name,
	    .version = s->version != NULL ? s->version : "",
	    .arch = s->arch != NULL ? s->arch : ""};

	if (s->name == NULL || s->status == NULL)
		return err_set(e, "line %zu: a package without %s", s->line,
		    s->name == NULL ? "a name" : "a status");
	if (!valid_pkgname(p.name))
		return err_set(e, "line %zu: not a package name", s->line);
	if (*p.version != '\0' && !valid_pkgver(p.version))
		return err_set(e, "line %zu: %s: not a version", s->line, p.name);
	if (*p.arch != '\0' && !valid_ident(p.arch))
		return err_set(e, "line %zu: %s: not an architecture", s->line, p.name);
	if (take_status(&p, s->status) == -1)
		return err_set(e, "line %zu: %s: not a status", s->line, p.name);
	if (d->n == *room) {
		if (*room == DPKG_PACKAGES)
			return err_set(
			    e, "line %zu: more than %d packages", s->line, DPKG_PACKAGES);
		*room = *room == 0 ? 1024 : *room * 2 > DPKG_PACKAGES ? DPKG_PACKAGES : *room * 2;
		d->pkg = reallocarray(d->pkg, *room, sizeof(*d->pkg));
		if (d->pkg == NULL) {
			d->n = 0;
			return err_errno(e, "line %zu", s->line);
		}
	}
	d->pkg[d->n++] = p;
	return 0;
}

static int
take_field(struct stanza *s, char *line, size_t lineno, struct errmsg *e)
{
	const struct {
		const char *name;
		const char **to;
	} fields[] = {{"Package", &s->name}, {"Status", &s->status}, {"Version", &s->version},
	    {"Architecture", &s->arch}};
	char *value, *end;
	size_t i;

	if ((value = strchr(line, ':')) == NULL || value == line)
		return err_set(e, "line %zu: not a field", lineno);
	*value++ = '\0';
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcasecmp(line, fields[i].name) != 0)
			continue;
		if (*fields[i].to != NULL)
			return err_set(e, "line %zu: %s twice", lineno, fields[i].name);
		*fields[i].to = value;
	}
	return 0;
}

static int
parse_lines(struct dpkg *d, size_t len, struct errmsg *e)
{
	struct stanza s = {.line = 1};
	char *p = d->buf, *end = d->buf + len, *nl;
	size_t line, room = 0;
	int open = 0;

	for (line = 1; p < end; line++, p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return err_set(e, "line %zu: not finished", line);
		*nl = '\0';
		if (*p == '\0') {
			if (open && take_stanza(d, &s, &room, e) == -1)
				return -1;
			open = 0;
			continue;
		}
		if (!open)
			s = (struct stanza){.line = line};
		else if (*p == ' ' || *p == '\t')
			continue;
		open = 1;
		if (take_field(&s, p, line, e) == -1)
			return -1;
	}
	return open ? take_stanza(d, &s, &room, e) : 0;
}

int
dpkg_parse(struct dpkg *d, char *buf, size_t len, struct errmsg *e)
{
	size_t i;
	int r;

	*d = (struct dpkg){.buf = buf};
	if (memchr(buf, '\0', len) != NULL)
		r = err_set(e, "a NUL byte");
	else
		r = parse_lines(d, len, e);
	if (r == 0 && d->n > 0)
		sort(d->pkg, d->n, sizeof(*d->pkg), by_name);
	for (i = 1; r == 0 && i < d->n; i++)
		if (by_name(&d->pkg[i - 1], &d->pkg[i]) == 0)
			r = err_set(e, "%s %s: twice", d->pkg[i].name, d->pkg[i].arch);
	if (r == -1)
		dpkg_free(d);
	return r;
}

void
dpkg_free(struct dpkg *d)
{
	free(d->buf);
	free(d->pkg);
	*d = (struct dpkg){0};
}

int
dpkg_read(struct dpkg *d, struct errmsg *e)
{
	char *buf;
	size_t len;
	int fd, r;

	*d = (struct dpkg){0};
	if ((fd = open(DPKG_STATUS, O_RDONLY | O_CLOEXEC)) == -1)
		return err_errno(e, "%s", DPKG_STATUS);
	r = fd_slurp(fd, DPKG_STATUS_MAX, &buf, &len, e);
	close(fd);
	if (r == -1 || dpkg_parse(d, buf, len, e) == -1)
		return err_prefix(e, "%s", DPKG_STATUS);
	return 0;
}

const struct dpkg_pkg *
dpkg_find(const struct dpkg *d, const char *name)
{
	size_t len = strcspn(name, ":"), lo = 0, hi = d->n, mid;
	const char *arch = name[len] == ':' ? name + len + 1 : NULL;
	const struct dpkg_pkg *p, *best = NULL;
	int r;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		r = strncmp(d->pkg[mid].name, name, len);
		if (r == 0 && d->pkg[mid].name[len] != '\0')
			r = 1;
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (p = d->pkg + lo; p < d->pkg + d->n; p++) {
		if (strncmp(p->name, name, len) != 0 || p->name[len] != '\0')
			break;
		if (arch != NULL && strcmp(arch, p->arch) != 0)
			continue;
		if (best == NULL || (p->installed && !best->installed))
			best = p;
	}
	return best;
}

int
dpkg_interrupted(void)
{
	struct dirent *de;
	struct dpkg d;
	struct errmsg e;
	size_t i;
	int r = 0;
	DIR *dir;

	if ((dir = opendir(DPKG_JOURNAL)) != NULL) {
		while (!r && (de = readdir(dir)) != NULL)
			r = de->d_name[strspn(de->d_name, "0123456789")] == '\0';
		closedir(dir);
	}
	if (r || dpkg_read(&d, &e) == -1)
		return r;
	for (i = 0; i < d.n && !r; i++)
		r = d.pkg[i].broken;
	dpkg_free(&d);
	return r;
}
