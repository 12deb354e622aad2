/* Strict configuration lines. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/confline.h"

#define LINE_BYTES 4095
#define FILE_BYTES (256 * 1024)

int
conf_err(const struct conf_line *l, struct errmsg *e, const char *fmt, ...)
{
	char buf[ERRMSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return err_set(e, "%s:%u: %s", l->file, l->lineno, buf);
}

static int
check_bytes(const struct conf_line *l, const char *s, size_t len, struct errmsg *e)
{
	if (len > LINE_BYTES)
		return conf_err(l, e, "line longer than %d bytes", LINE_BYTES);
	for (size_t i = 0; i < len; i++)
		if (s[i] != '\t' && (s[i] < 0x20 || s[i] > 0x7e))
			return conf_err(l, e, "byte 0x%02x is not printable ASCII",
			    (unsigned int)(unsigned char)s[i]);
	return 0;
}

/* Takes one word off *P in place; NULL at the end of the line, *BAD on a quote gone wrong. */
static char *
next_word(char **p, int *bad)
{
	char *s = *p + strspn(*p, " \t"), *end;

	*bad = 0;
	if (*s == '\0')
		return NULL;
	if (*s == '"') {
		end = strchr(++s, '"');
		if (end == NULL || strchr(" \t", end[1]) == NULL) {
			*bad = 1;
			return NULL;
		}
		*p = end[1] == '\0' ? end + 1 : end + 2;
		*end = '\0';
		return s;
	}
	end = s + strcspn(s, " \t");
	*p = *end == '\0' ? end : end + 1;
	*end = '\0';
	if (strchr(s, '"') != NULL) {
		*bad = 1;
		return NULL;
	}
	return s;
}

static int
split(struct conf_line *l, char *s, char **out, int max, struct errmsg *e)
{
	char *w;
	int n = 0, bad;

	while ((w = next_word(&s, &bad)) != NULL) {
		if (n == max)
			return conf_err(l, e, "more than %d words", max);
		out[n++] = w;
	}
	if (bad)
		return conf_err(l, e, "unclosed or misplaced quote");
	return n;
}

/* "[word word]": the words stay where they are until the next section, in HEAD. */
static int
section(struct conf_line *l, char *s, char *head, size_t headsize, struct errmsg *e)
{
	char *words[8];
	size_t n = strlen(s);
	int k;

	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	if (n < 2 || s[n - 1] != ']' || n - 1 > headsize)
		return conf_err(l, e, "a section is [words] and nothing after");
	memcpy(head, s + 1, n - 2);
	head[n - 2] = '\0';
	if (strpbrk(head, "[]") != NULL)
		return conf_err(l, e, "a section is [words] and nothing after");
	if ((k = split(l, head, words, 8, e)) == -1)
		return -1;
	if (k == 0)
		return conf_err(l, e, "empty section");
	for (int i = 0; i < k; i++)
		l->section[i] = words[i];
	l->nsection = k;
	l->sectline = l->lineno;
	l->nwords = 0;
	return 0;
}

struct parse {
	struct conf_line l;
	char line[LINE_BYTES + 1], head[LINE_BYTES + 1];
};

static int
one_line(struct parse *p, const char *s, size_t len,
    int (*fn)(const struct conf_line *, void *, struct errmsg *), void *arg, struct errmsg *e)
{
	char *start;

	if (check_bytes(&p->l, s, len, e) == -1)
		return -1;
	memcpy(p->line, s, len);
	p->line[len] = '\0';
	start = p->line + strspn(p->line, " \t");
	if (*start == '\0' || *start == '#')
		return 0;
	if (*start == '[') {
		if (section(&p->l, start, p->head, sizeof(p->head), e) == -1)
			return -1;
	} else if ((p->l.nwords = split(&p->l, start, p->l.word, CONF_WORDS, e)) == -1)
		return -1;
	return fn(&p->l, arg, e);
}

int
conf_parse(const char *file, const char *buf, size_t len,
    int (*fn)(const struct conf_line *, void *, struct errmsg *), void *arg, struct errmsg *e)
{
	struct parse p = {.l = {.file = file}};
	const char *nl, *end = buf + len;

	if (len > FILE_BYTES)
		return err_set(e, "%s: larger than %d bytes", file, FILE_BYTES);
	while (buf < end) {
		p.l.lineno++;
		if ((nl = memchr(buf, '\n', (size_t)(end - buf))) == NULL)
			return conf_err(&p.l, e, "unfinished last line: no newline at its end");
		if (one_line(&p, buf, (size_t)(nl - buf), fn, arg, e) == -1)
			return -1;
		buf = nl + 1;
	}
	return 0;
}

int
conf_dispatch(const struct conf_key *keys, size_t nkeys, unsigned int *seen,
    const struct conf_line *l, void *arg, struct errmsg *e)
{
	int args = l->nwords - 1;

	for (size_t i = 0; i < nkeys; i++) {
		if (strcmp(keys[i].name, l->word[0]) != 0)
			continue;
		if (seen[i] != 0 && !keys[i].many)
			return conf_err(l, e, "duplicate of line %u: %s", seen[i], keys[i].name);
		if (args < keys[i].min || (keys[i].max != -1 && args > keys[i].max))
			return conf_err(l, e, "%s: %s", keys[i].name,
			    args < keys[i].min ? "too few words" : "too many words");
		seen[i] = l->lineno;
		return keys[i].set(l, arg, e);
	}
	return conf_err(l, e, "unknown keyword: %s", l->word[0]);
}
