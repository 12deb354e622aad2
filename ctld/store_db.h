/*
 * What the store's own files (store.c and store_*.c) share and nobody else includes: the database
 * and its prepared statements. store.c makes the tables of a new database from each topic's schema.
 */
#ifndef CTLD_STORE_DB_H
#define CTLD_STORE_DB_H

#include "ctld/store.h"

struct sqlite3;
struct sqlite3_stmt;

struct sqlite3 *store_db(struct store *s);
/*
 * The prepared statement of SQL, reset and with nothing bound; it lives as long as S. SQL must be a
 * string literal: statements are kept by its address. NULL with E, logged.
 */
struct sqlite3_stmt *store_stmt(struct store *s, const char *sql, struct errmsg *e);
/* E says which statement failed and why (sqlite3_errmsg()), logged. Always -1. */
int store_fail(struct store *s, struct sqlite3_stmt *st, struct errmsg *e);

/* CREATE TABLE and CREATE INDEX statements of version 1. */
const char *store_job_schema(void);

#endif
