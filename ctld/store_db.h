/*
 * SQLite, for store_*.c and nobody else: prepared statements by their text, values bound by a
 * format, one place where a failure is logged.
 *
 *	"t" const char * (NULL: SQL NULL)	"i" int64_t	"u" uint64_t
 *	"n" int					"b" const void *, size_t
 *	"s" const char *, size_t: text of that length
 */
#ifndef CTLD_STORE_DB_H
#define CTLD_STORE_DB_H

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "ctld/store.h"

#define STORE_CONFLICT (-2) /* a unique key exists already */

#define TOPIC(name) const char *const *store_##name##_ddl(void);
#include "ctld/schema.def"
#undef TOPIC

/*
 * A statement with its values bound, to be stepped: SQL must be a string literal, since its address
 * is the key of the cache. NULL with E. Not the same SQL twice at a time; end with store_done().
 */
sqlite3_stmt *store_query(struct store *s, struct errmsg *e, const char *sql, const char *fmt, ...);
/* 1 a row, 0 no more, -1 with E. */
int store_row(struct store *s, sqlite3_stmt *st, struct errmsg *e);
void store_done(sqlite3_stmt *st);
/* Writes: opens the turn's transaction, binds, runs. Rows changed, STORE_CONFLICT or -1 with E. */
int store_exec(struct store *s, struct errmsg *e, const char *sql, const char *fmt, ...);

/* Columns. Text that does not fit is an error of the store: -1 with E. */
int store_text(sqlite3_stmt *st, int col, char *dst, size_t size, struct errmsg *e);
uint64_t store_u64(sqlite3_stmt *st, int col); /* NULL and negative: 0 */
/* Exactly LEN bytes. */
int store_blob(sqlite3_stmt *st, int col, void *dst, size_t len, struct errmsg *e);
int64_t store_lastrow(struct store *s);

#endif
