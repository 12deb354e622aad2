/*
 * Why something was refused, in words for a person.
 *
 * Functions that judge input take a struct errmsg as their last argument and return -1 after
 * they filled it.  The text names what was wrong and where, holds no newline, and is safe to
 * log (err_set() passes it through vis(3)).
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#define ERRMSG_MAX 400

struct errmsg {
	char text[ERRMSG_MAX];
};

/* Formats into E (E may be NULL). Always returns -1, so that "return err_set(...)" reads well. */
int err_set(struct errmsg *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, followed by ": " and strerror(errno). */
int err_errno(struct errmsg *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the text that E holds. Always returns -1. */
int err_prefix(struct errmsg *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
