/* Parses what HAProxy answers on its admin socket. */
#include <string.h>

#include "execd/hapcsv.h"
#include "lib/strutil.h"
#include "lib/valid.h"

struct columns {
	const char *name[HAP_COLUMNS]; /* NULL: not used (unnamed, or a name twice) */
	size_t n;
};

/* The line at *P without its end; moves *P behind it. NULL at the end. */
static char *
next_line(char **p)
{
	char *line = *p, *nl;

	if (line == NULL || *line == '\0')
		return NULL;
	if ((nl = strchr(line, '\n')) != NULL) {
		*nl = '\0';
		if (nl > line && nl[-1] == '\r')
			nl[-1] = '\0';
		nl++;
	}
	*p = nl;
	return line;
}

/* One CSV field at *P, unquoted in place; *P moves behind its comma, to NULL at the end. */
static char *
next_field(char **p)
{
	char *s = *p, *out, *in;

	if (s == NULL)
		return NULL;
	if (*s != '"') {
		if ((*p = strchr(s, ',')) != NULL)
			*(*p)++ = '\0';
		return s;
	}
	for (in = s + 1, out = s; *in != '\0'; in++) {
		if (*in == '"' && *++in != '"')
			break;
		*out++ = *in;
	}
	*p = *in == ',' ? in + 1 : NULL;
	*out = '\0';
	return s;
}

static char *
next_word(char **p)
{
	char *s = *p, *end;

	if (s == NULL)
		return NULL;
	s += strspn(s, " ");
	if (*s == '\0')
		return NULL;
	end = s + strcspn(s, " ");
	*p = *end == '\0' ? NULL : end + 1;
	*end = '\0';
	return s;
}

static int
is_known(const struct columns *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->name[i] != NULL && strcmp(c->name[i], name) == 0)
			return 1;
	return 0;
}

static int
read_header(struct columns *c, char *line, char *(*next)(char **), struct errmsg *e)
{
	char *p = line, *name;

	c->n = 0;
	if (p == NULL || strncmp(p, "# ", 2) != 0)
		return err_set(e, "HAProxy: an answer without a header: %.60s", p != NULL ? p : "");
	p += 2;
	while ((name = next(&p)) != NULL) {
		if (c->n == HAP_COLUMNS)
			return err_set(e, "HAProxy: more than %d columns", HAP_COLUMNS);
		if (*name == '\0' || strlen(name) > HAP_NAME ||
		    !str_printable(name, strlen(name)) || is_known(c, name))
			name = NULL;
		c->name[c->n++] = name;
	}
	return 0;
}

static void
write_value(struct jsonout *j, const char *name, const char *value)
{
	uint64_t v;

	/* 2^53: what every JSON reader keeps */
	if (str_u64(value, 0, 9007199254740992ULL, &v) == 0)
		jo_u64(j, name, v);
	else
		jo_str(j, name, value);
}

static void
write_row(struct jsonout *j, const struct columns *c, char *line, char *(*next)(char **))
{
	char *p = line, *value;
	size_t i;

	jo_obj(j, NULL);
	for (i = 0; i < c->n && (value = next(&p)) != NULL; i++)
		if (c->name[i] != NULL && *value != '\0')
			write_value(j, c->name[i], value);
	jo_end(j);
}

static int
check_text(const char *buf, size_t len, struct errmsg *e)
{
	if (memchr(buf, '\0', len) != NULL)
		return err_set(e, "HAProxy: a NUL byte in its answer");
	return 0;
}

int
hap_stat(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e)
{
	struct columns c;
	char *p = buf, *line;

	if (check_text(buf, len, e) == -1 || read_header(&c, next_line(&p), next_field, e) == -1)
		return -1;
	jo_arr(j, name);
	while ((line = next_line(&p)) != NULL)
		if (*line != '\0')
			write_row(j, &c, line, next_field);
	jo_end(j);
	return 0;
}

/* The columns that nobody wants lose their names. */
static void
keep_columns(struct columns *c, const char *const *wanted)
{
	size_t i, k;

	for (i = 0; i < c->n; i++) {
		for (k = 0; wanted[k] != NULL; k++)
			if (c->name[i] != NULL && strcmp(c->name[i], wanted[k]) == 0)
				break;
		if (wanted[k] == NULL)
			c->name[i] = NULL;
	}
}

int
hap_stat_some(struct jsonout *j, const char *name, char *buf, size_t len, const char *const *wanted,
    size_t most, struct errmsg *e)
{
	struct columns c;
	char *p = buf, *line;
	int left = 0;

	if (check_text(buf, len, e) == -1 || read_header(&c, next_line(&p), next_field, e) == -1)
		return -1;
	keep_columns(&c, wanted);
	jo_arr(j, name);
	while ((line = next_line(&p)) != NULL) {
		if (*line == '\0')
			continue;
		if (j->len > most || strlen(line) > HAP_ROW)
			left++;
		else
			write_row(j, &c, line, next_field);
	}
	jo_end(j);
	return left;
}

int
hap_servers(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e)
{
	struct columns c;
	char *p = buf, *line;

	if (check_text(buf, len, e) == -1)
		return -1;
	line = next_line(&p);
	if (line == NULL || strcmp(line, "1") != 0)
		return err_set(e, "HAProxy: %.60s", line != NULL ? line : "no answer");
	if (read_header(&c, next_line(&p), next_word, e) == -1)
		return -1;
	jo_arr(j, name);
	while ((line = next_line(&p)) != NULL)
		if (*line != '\0')
			write_row(j, &c, line, next_word);
	jo_end(j);
	return 0;
}

int
hap_info(struct jsonout *j, const char *name, char *buf, size_t len, struct errmsg *e)
{
	struct columns seen = {.n = 0};
	char *p = buf, *line, *value;

	if (check_text(buf, len, e) == -1)
		return -1;
	jo_obj(j, name);
	while ((line = next_line(&p)) != NULL) {
		if (*line == '\0')
			continue;
		if ((value = strstr(line, ": ")) != NULL) {
			*value = '\0';
			value += 2;
		} else if ((value = strchr(line, ':')) != NULL && value[1] == '\0') {
			*value++ = '\0';
		} else {
			jo_end(j);
			return err_set(e, "HAProxy: %.60s", line);
		}
		if (seen.n == HAP_COLUMNS || strlen(line) > HAP_NAME || is_known(&seen, line))
			continue;
		seen.name[seen.n++] = line;
		write_value(j, line, value);
	}
	jo_end(j);
	return 0;
}

void
hap_lines(struct jsonout *j, const char *name, char *buf)
{
	char *p = buf, *line;

	jo_arr(j, name);
	while ((line = next_line(&p)) != NULL)
		if (*line != '\0' || p != NULL)
			jo_str(j, NULL, line);
	jo_end(j);
}

const char *
hap_statename(const struct hap_server *s)
{
	if (s->admin & HAP_ADMIN_MAINT)
		return "maint";
	return s->admin & HAP_ADMIN_DRAIN ? "drain" : "ready";
}

static int
match_row(const struct columns *c, char *line, const char *backend, const char *server,
    struct hap_server *s)
{
	unsigned int have = 0;
	char *p = line, *v;
	uint64_t n;
	size_t i;

	for (i = 0; i < c->n && (v = next_word(&p)) != NULL; i++) {
		if (c->name[i] == NULL)
			continue;
		if (strcmp(c->name[i], "be_name") == 0 && strcmp(v, backend) == 0)
			have |= 1;
		else if (strcmp(c->name[i], "srv_name") == 0 && strcmp(v, server) == 0)
			have |= 2;
		else if (strcmp(c->name[i], "srv_admin_state") == 0 &&
			 str_u64(v, 0, 255, &n) == 0) {
			have |= 4;
			s->admin = (unsigned int)n;
		} else if (strcmp(c->name[i], "srv_uweight") == 0 && str_u64(v, 0, 256, &n) == 0) {
			have |= 8;
			s->weight = (unsigned int)n;
		}
	}
	return have == 15;
}

int
hap_find(char *buf, size_t len, const char *backend, const char *server, struct hap_server *s,
    struct errmsg *e)
{
	struct columns c;
	char *p = buf, *line;

	if (check_text(buf, len, e) == -1)
		return -1;
	line = next_line(&p);
	if (line == NULL || strcmp(line, "1") != 0)
		return err_set(e, "HAProxy: %.100s", line != NULL ? line : "no answer");
	if (read_header(&c, next_line(&p), next_word, e) == -1)
		return -1;
	while ((line = next_line(&p)) != NULL)
		if (match_row(&c, line, backend, server, s))
			return 1;
	return 0;
}
