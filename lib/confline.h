/*
 * Strict configuration lines, for agent.conf, policy.conf and scripts.conf.
 *
 * A line is blank, a comment ('#' as its first non-blank byte), a section "[word word]", or words
 * split at blanks and tabs. A word may be "double-quoted" to hold blanks (no escapes, no quote
 * inside). US-ASCII printable and tab only, lines at most 4095 bytes, 256 words, file at most
 * 256 KiB; a NUL, CR, an unfinished last line or an unclosed quote is an error. Every error is
 * "FILE:LINE: why". The words live until the function that was called for their line returns.
 */
#ifndef LIB_CONFLINE_H
#define LIB_CONFLINE_H

#include <stddef.h>

#include "lib/err.h"

#define CONF_WORDS 256

struct conf_line {
	const char *file; /* for messages */
	unsigned int lineno;
	const char *section[8]; /* words of the section header that holds this line */
	int nsection;
	unsigned int sectline; /* line of that header, 0 before the first; new value: new section */
	char *word[CONF_WORDS];
	int nwords;
};

/* Sets E to "FILE:LINE: ...". Always returns -1. */
int conf_err(const struct conf_line *l, struct errmsg *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Parses LEN bytes of BUF (read by the caller from a checked fd). FN is called for each line with
 * words, and once for each section header (nwords 0). It returns 0, or -1 with E set by conf_err().
 * Returns 0 or -1.
 */
int conf_parse(const char *file, const char *buf, size_t len,
    int (*fn)(const struct conf_line *, void *, struct errmsg *), void *arg, struct errmsg *e);

/* Keyword tables: one row a keyword; unknown keyword, wrong number of words, duplicate = error. */
struct conf_key {
	const char *name;
	int min, max; /* words after the keyword; max -1 = no limit */
	int many;     /* may stand more than once */
	int (*set)(const struct conf_line *, void *, struct errmsg *);
};

/*
 * Finds and runs the row for l->word[0]. SEEN (one unsigned int a row, zeroed by the caller) holds
 * the line where each was seen, for "duplicate of line N".
 */
int conf_dispatch(const struct conf_key *keys, size_t nkeys, unsigned int *seen,
    const struct conf_line *l, void *arg, struct errmsg *e);

#endif
