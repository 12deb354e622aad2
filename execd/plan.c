/* apt-get -s output into a canonical plan. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "execd/plan.h"
#include "execd/sort.h"
#include "lib/strutil.h"
#include "lib/valid.h"

static const char *const acts[] = {NULL, "install", "purge", "remove", "upgrade"};

const char *
plan_actname(enum plan_act a)
{
	return a >= PLAN_INSTALL && a <= PLAN_UPGRADE ? acts[a] : "?";
}

/* "name" or "name:arch". */
static int
valid_archname(const char *s)
{
	char name[256];
	size_t n = strcspn(s, ":");

	if (n >= sizeof(name) || (s[n] == ':' && !valid_ident(s + n + 1)))
		return 0;
	memcpy(name, s, n);
	name[n] = '\0';
	return valid_pkgname(name);
}

/* Cuts the next word off *S at one of ENDS; NULL when there is none. */
static char *
cut_word(char **s, const char *ends)
{
	char *w = *s;
	size_t n = strcspn(w, ends);

	if (n == 0 || w[n] == '\0')
		return NULL;
	*s = w + n + 1;
	w[n] = '\0';
	return w;
}

/* "Inst NAME [OLD] (NEW ORIGIN [ARCH]) ...", "Remv NAME [OLD] ...", "Purg NAME [OLD] ..." */
static int
parse_change(char *s, struct plan_change *c)
{
	char verb = s[0];
	char *p = s + 5, *w;

	*c = (struct plan_change){.old = "", .new = ""};
	if ((w = cut_word(&p, " ")) == NULL || !valid_archname(w))
		return -1;
	c->name = w;
	if (*p == '[') {
		p++;
		if ((w = cut_word(&p, "]")) == NULL || !valid_pkgver(w))
			return -1;
		c->old = w;
		p += strspn(p, " ");
	}
	if (verb != 'I') {
		c->act = verb == 'P' ? PLAN_PURGE : PLAN_REMOVE;
		return 0;
	}
	if (*p++ != '(' || (w = cut_word(&p, " )")) == NULL || !valid_pkgver(w))
		return -1;
	c->new = w;
	c->act = *c->old == '\0' ? PLAN_INSTALL : PLAN_UPGRADE;
	return 0;
}

static int
is_change(const char *line)
{
	return strncmp(line, "Inst ", 5) == 0 || strncmp(line, "Remv ", 5) == 0 ||
	       strncmp(line, "Purg ", 5) == 0;
}

static int
parse_lines(struct plan *p, struct errmsg *e)
{
	char *line, *next = p->buf;
	size_t room = 0;
	void *grown;

	while (next != NULL && *next != '\0') {
		line = next;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		if (!is_change(line))
			continue;
		if (p->n == room) {
			room = room == 0 ? 64 : room * 2;
			if (p->n >= PLAN_CHANGES)
				return err_set(e, "plan: more than %d changes", PLAN_CHANGES);
			if ((grown = reallocarray(p->change, room, sizeof(*p->change))) == NULL)
				return err_errno(e, "plan");
			p->change = grown;
		}
		if (parse_change(line, &p->change[p->n]) == -1)
			return err_set(
			    e, "plan: a line of apt-get that is not understood: %.100s", line);
		p->n++;
	}
	return 0;
}

static int
by_line(const void *a, const void *b)
{
	const struct plan_change *x = a, *y = b;
	int r;

	if (x->act != y->act)
		return x->act < y->act ? -1 : 1;
	if ((r = strcmp(x->name, y->name)) != 0 || (r = strcmp(x->old, y->old)) != 0)
		return r;
	return strcmp(x->new, y->new);
}

void
plan_digest(const void *text, size_t len, char out[8 + 64])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, text, len);
	memcpy(out, "sha256:", 7);
	str_hex(out + 7, hash, sizeof(hash));
}

int
plan_finish(struct plan *p, struct errmsg *e)
{
	const struct plan_change *c;
	size_t i, size = 1;

	if (p->n > 0)
		sort(p->change, p->n, sizeof(*p->change), by_line);
	for (i = 0; i < p->n; i++) {
		c = &p->change[i];
		size += strlen(c->name) + strlen(c->old) + strlen(c->new) + 16;
	}
	if ((p->text = calloc(1, size)) == NULL)
		return err_errno(e, "plan");
	for (i = 0; i < p->n; i++) {
		c = &p->change[i];
		p->len += (size_t)snprintf(p->text + p->len, size - p->len, "%s %s%s%s%s%s\n",
		    plan_actname(c->act), c->name, *c->old != '\0' ? " " : "", c->old,
		    *c->new != '\0' ? " " : "", c->new);
	}
	plan_digest(p->text, p->len, p->digest);
	return 0;
}

int
plan_parse(struct plan *p, const char *out, size_t len, struct errmsg *e)
{
	*p = (struct plan){0};
	if (memchr(out, '\0', len) != NULL)
		return err_set(e, "plan: a NUL byte");
	if ((p->buf = malloc(len + 1)) == NULL)
		return err_errno(e, "plan");
	memcpy(p->buf, out, len);
	p->buf[len] = '\0';
	if (parse_lines(p, e) == -1 || plan_finish(p, e) == -1) {
		plan_free(p);
		return -1;
	}
	return 0;
}

void
plan_free(struct plan *p)
{
	free(p->buf);
	free(p->change);
	free(p->text);
	*p = (struct plan){0};
}

const struct plan_change *
plan_find(const struct plan *p, const char *name)
{
	size_t i, n = strlen(name);
	const char *s;

	for (i = 0; i < p->n; i++) {
		s = p->change[i].name;
		if (strcmp(s, name) == 0 || (strncmp(s, name, n) == 0 && s[n] == ':'))
			return &p->change[i];
	}
	return NULL;
}
