/* Canonical text: the one reader and writer of tickets, results and key files. */
#include "proto/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"

#define SHOWN 64 /* bytes of a bad value that a message repeats */

int
text_err(struct text *t, const char *fmt, ...)
{
	char msg[ERRMSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return err_set(t->e, "line %u: %s", t->line, msg);
}

/* Judges the line that ends at LF; cuts it there. */
static int
check_line(struct text *t, const char *line, char *lf)
{
	const unsigned char *p;

	t->line++;
	if (line == lf)
		return text_err(t, "must not be empty");
	for (p = (const unsigned char *)line; p < (unsigned char *)lf; p++)
		if (*p < 0x20 || *p > 0x7e)
			return text_err(t, "byte 0x%02x is not printable ASCII", *p);
	if (lf[-1] == ' ')
		return text_err(t, "must not end with a space");
	*lf = '\0';
	return 0;
}

int
text_open(struct text *t, char *copy, size_t max, const char *buf, size_t len, const char *what,
    struct errmsg *e)
{
	char *line, *lf;

	memset(t, 0, sizeof(*t));
	t->e = e;
	if (len == 0)
		return err_set(e, "%s is empty", what);
	if (len > max)
		return err_set(e, "%s is longer than %zu bytes", what, max);
	memcpy(copy, buf, len);
	copy[len] = '\0';
	t->next = copy;
	t->end = copy + len;
	for (line = copy; line < t->end; line = lf + 1) {
		lf = memchr(line, '\n', (size_t)(t->end - line));
		if (lf == NULL) {
			t->line++;
			return text_err(t, "must end with a newline");
		}
		if (check_line(t, line, lf) == -1)
			return -1;
	}
	t->line = 0;
	return 0;
}

/* The next line, moved behind; NULL with E when there is none. WANT is for the message. */
static char *
take(struct text *t, const char *want)
{
	char *line = t->next;

	t->line++;
	if (line == NULL) {
		text_err(t, "\"%s\" must stand here, but the text has ended", want);
		return NULL;
	}
	t->next = line + strlen(line) + 1;
	if (t->next >= t->end)
		t->next = NULL;
	return line;
}

int
text_fixed(struct text *t, const char *want)
{
	const char *line = take(t, want);

	if (line == NULL)
		return -1;
	if (strcmp(line, want) != 0)
		return text_err(t, "must be \"%s\", not \"%.*s\"", want, SHOWN, line);
	return 0;
}

int
text_is(const struct text *t, const char *key)
{
	size_t n = strlen(key);

	return t->next != NULL && strncmp(t->next, key, n) == 0 &&
	       (t->next[n] == ' ' || t->next[n] == '\0');
}

char *
text_value(struct text *t, const char *key)
{
	int is = text_is(t, key);
	char *line = take(t, key);

	if (line == NULL)
		return NULL;
	if (!is) {
		text_err(t, "must begin with \"%s\", not \"%.*s\"", key, SHOWN, line);
		return NULL;
	}
	line += strlen(key);
	if (line[0] == '\0' || line[1] == ' ') {
		text_err(t, "%s: one space and a value must follow", key);
		return NULL;
	}
	return line + 1;
}

int
text_u64(struct text *t, const char *key, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *v = text_value(t, key);

	if (v == NULL)
		return -1;
	if (str_u64(v, min, max, out) == -1)
		return text_err(t,
		    "%s: must be a number from %llu to %llu without leading zeros, not \"%.*s\"",
		    key, (unsigned long long)min, (unsigned long long)max, SHOWN, v);
	return 0;
}

char *
text_hex(struct text *t, const char *key, size_t digits)
{
	char *v = text_value(t, key);

	if (v == NULL)
		return NULL;
	if (!valid_hex(v, digits)) {
		text_err(t, "%s: must be %zu lower-case hex digits, not \"%.*s\"", key, digits,
		    SHOWN, v);
		return NULL;
	}
	return v;
}

char *
text_word(char **value)
{
	char *word = *value, *sp = strchr(word, ' ');

	if (sp == NULL || sp == word || sp[1] == ' ')
		return NULL;
	*sp = '\0';
	*value = sp + 1;
	return word;
}

int
text_last(struct text *t)
{
	if (text_fixed(t, "end") == -1)
		return -1;
	if (t->next != NULL) {
		t->line++;
		return text_err(t, "nothing may stand after \"end\"");
	}
	return 0;
}

void
textout_init(struct textout *o, char *buf, size_t size)
{
	memset(o, 0, sizeof(*o));
	o->buf = buf;
	o->size = size;
}

void
textout_put(struct textout *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->failed)
		return;
	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= o->size - o->len)
		o->failed = 1;
	else
		o->len += (size_t)n;
}

ssize_t
textout_done(const struct textout *o, const char *what, struct errmsg *e)
{
	if (o->failed)
		return err_set(e, "%s is longer than %zu bytes", what, o->size);
	return (ssize_t)o->len;
}
