/*
 * Canonical text, as tickets, results and key files share it: lines "key SP value", US-ASCII
 * 0x20-0x7e, LF ends each line, no empty line, no space at the end of a line or of a value's start.
 * One reader that goes forward only and one writer, so that no format can be laxer than another.
 */
#ifndef PROTO_TEXT_H
#define PROTO_TEXT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct text {
	char *next;	   /* the line not yet taken, NUL-ended; NULL after the last */
	char *end;	   /* behind the last line */
	unsigned int line; /* number of the line taken last */
	struct errmsg *e;
};

/*
 * Copies LEN bytes of BUF into COPY (MAX + 1 bytes) and checks every byte and line; a text longer
 * than MAX is refused. WHAT names it ("ticket"). E stays in use by the calls below. 0 or -1 with E.
 */
int text_open(struct text *t, char *copy, size_t max, const char *buf, size_t len, const char *what,
    struct errmsg *e);
/* Takes a line that must be exactly LINE. 0, or -1 with E. */
int text_fixed(struct text *t, const char *line);
/* 1 when the next line's key is KEY. */
int text_is(const struct text *t, const char *key);
/* Takes a line "KEY value" and returns the value, never empty; NULL with E. */
char *text_value(struct text *t, const char *key);
/* The same for a decimal number MIN..MAX (strutil.h's canonical form). 0 or -1 with E. */
int text_u64(struct text *t, const char *key, uint64_t min, uint64_t max, uint64_t *out);
/* The same for exactly DIGITS lower-case hex digits. NULL with E. */
char *text_hex(struct text *t, const char *key, size_t digits);
/* Cuts the first word off *VALUE, which goes on behind the space; NULL when there is no second
 * word. */
char *text_word(char **value);
/* Takes "end", after which nothing may stand. 0 or -1 with E. */
int text_last(struct text *t);
/* "line N: ..." about the line taken last. Always -1. */
int text_err(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct textout {
	char *buf;
	size_t len, size;
	int failed; /* SIZE was too small: later calls do nothing */
};

void textout_init(struct textout *o, char *buf, size_t size);
void textout_put(struct textout *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The length, or -1 with E when the buffer was too small. WHAT names the text. */
ssize_t textout_done(const struct textout *o, const char *what, struct errmsg *e);

#endif
