/* The database: opening it, its schema, statements, and the group commit. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctld/store_db.h"
#include "lib/fdutil.h"
#include "lib/log.h"

#define SCHEMA_VERSION 1
#define STATEMENTS     256
#define LAZY_MS	       1000

struct waiter {
	void (*fn)(int, void *);
	void *arg;
};

struct store {
	sqlite3 *db;
	int lock;
	struct event *turn; /* ends a turn: commits, then tells who waited */
	int open;	    /* a transaction is */
	int lazy;	    /* what is written now may wait LAZY_MS for its commit */
	int soon;	    /* the turn's end commits */
	unsigned int depth; /* savepoints */
	struct waiter *waiter;
	size_t nwaiters, maxwaiters;
	struct {
		const char *sql;
		sqlite3_stmt *st;
	} cache[STATEMENTS];
	size_t ncache;
};

static const char *const *
topic_ddl(size_t n)
{
	const char *const *const all[] = {
#define TOPIC(name) store_##name##_ddl(),
#include "ctld/schema.def"
#undef TOPIC
	};

	return n < sizeof(all) / sizeof(all[0]) ? all[n] : NULL;
}

static int
db_error(struct store *s, struct errmsg *e, const char *what)
{
	(void)err_set(e, "database: %s: %s", what, sqlite3_errmsg(s->db));
	log_warnx("database: %s: %s", what, sqlite3_errmsg(s->db));
	return -1;
}

/* Fixed text only: pragmas, schema, transaction words. */
static int
run(struct store *s, const char *sql, struct errmsg *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_error(s, e, sql);
}

static int
make_schema(struct store *s, struct errmsg *e)
{
	const char *const *ddl;
	char version[64];

	if (run(s, "BEGIN IMMEDIATE", e) == -1)
		return -1;
	for (size_t n = 0; (ddl = topic_ddl(n)) != NULL; n++)
		for (; *ddl != NULL; ddl++)
			if (run(s, *ddl, e) == -1)
				return -1;
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", SCHEMA_VERSION);
	if (run(s, version, e) == -1)
		return -1;
	return run(s, "COMMIT", e);
}

static int
check_schema(struct store *s, struct errmsg *e)
{
	sqlite3_stmt *st;
	int64_t have;

	if ((st = store_query(s, e, "PRAGMA user_version", "")) == NULL)
		return -1;
	if (store_row(s, st, e) != 1) {
		store_done(st);
		return db_error(s, e, "user_version");
	}
	have = sqlite3_column_int64(st, 0);
	store_done(st);
	if (have == 0)
		return make_schema(s, e);
	if (have != SCHEMA_VERSION)
		return err_set(e,
		    "the database is of version %lld and this reeve-ctld knows %d: "
		    "install the newer one",
		    (long long)have, SCHEMA_VERSION);
	return 0;
}

static int
take_lock(struct store *s, int dirfd, const char *dir, struct errmsg *e)
{
	s->lock = fd_openat(dirfd, "lock", O_RDWR | O_CREAT, 0600);
	if (s->lock == -1)
		return err_errno(e, "%s/lock", dir);
	if (fd_lock(s->lock, 1000) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(
		    e, "%s: another reeve-ctld runs on this database: stop it first", dir);
	return err_errno(e, "%s/lock", dir);
}

/* SQLite opens by path; that nobody else can put a link there is what the directory's mode says. */
static int
check_dir(int dirfd, const char *dir, struct errmsg *e)
{
	struct stat st;

	if (fstat(dirfd, &st) == -1)
		return err_errno(e, "%s", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return err_set(e,
		    "%s: must belong to the user of reeve-ctld, mode 0700: "
		    "chown it, chmod 700 it",
		    dir);
	return 0;
}

static int
open_db(struct store *s, const char *dir, struct errmsg *e)
{
	static const char *const pragmas[] = {
	    "PRAGMA trusted_schema = OFF",
	    "PRAGMA journal_mode = WAL",
	    "PRAGMA synchronous = FULL",
	    "PRAGMA foreign_keys = ON",
	    "PRAGMA temp_store = MEMORY",
	    "PRAGMA mmap_size = 0",
	};
	char path[1100];
	int rc;

	snprintf(path, sizeof(path), "%s/ctld.db", dir);
	rc = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
	    NULL);
	if (s->db == NULL)
		return err_set(e, "%s: out of memory", path);
	if (rc != SQLITE_OK)
		return err_set(e, "%s: %s", path, sqlite3_errmsg(s->db));
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, 0);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		if (run(s, pragmas[i], e) == -1)
			return -1;
	return check_schema(s, e);
}

static void
tell(struct store *s, int ok)
{
	struct waiter *w = s->waiter;
	size_t n = s->nwaiters;

	/* a waiter may write and wait again: that is the next turn's */
	s->waiter = NULL;
	s->nwaiters = s->maxwaiters = 0;
	for (size_t i = 0; i < n; i++)
		w[i].fn(ok, w[i].arg);
	free(w);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)store_commit(arg);
}

static void
at_turns_end(struct store *s)
{
	const struct timeval now = {0, 0};

	if (s->turn != NULL && !s->soon)
		(void)evtimer_add(s->turn, &now);
	s->soon = 1;
}

static void
before_long(struct store *s)
{
	const struct timeval later = {LAZY_MS / 1000, LAZY_MS % 1000 * 1000};

	if (s->turn != NULL && !s->soon && !evtimer_pending(s->turn, NULL))
		(void)evtimer_add(s->turn, &later);
}

void
store_lazy(struct store *s, int on)
{
	s->lazy = on;
}

struct store *
store_open(struct event_base *base, const char *dir, struct errmsg *e)
{
	struct store *s;
	int dirfd, rc;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		(void)err_set(e, "out of memory");
		return NULL;
	}
	s->lock = -1;
	if ((dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) == -1) {
		(void)err_errno(e, "%s: make it by reeve-ctld init", dir);
		free(s);
		return NULL;
	}
	rc = check_dir(dirfd, dir, e);
	if (rc == 0)
		rc = take_lock(s, dirfd, dir, e);
	close(dirfd);
	if (rc == 0 && base != NULL && (s->turn = evtimer_new(base, on_turn, s)) == NULL)
		rc = err_set(e, "out of memory");
	if (rc == 0)
		rc = open_db(s, dir, e);
	if (rc == 0)
		return s;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL) {
		(void)store_commit(s);
		for (size_t i = 0; i < s->ncache; i++)
			(void)sqlite3_finalize(s->cache[i].st);
		(void)sqlite3_close(s->db);
	}
	if (s->turn != NULL)
		event_free(s->turn);
	if (s->lock != -1)
		close(s->lock);
	free(s->waiter);
	free(s);
}

int
store_write(struct store *s, struct errmsg *e)
{
	if (!s->open) {
		if (run(s, "BEGIN IMMEDIATE", e) == -1)
			return -1;
		s->open = 1;
	} else if (sqlite3_get_autocommit(s->db)) {
		/* a full disk may have undone it: what comes now must not stand alone */
		return err_set(e, "database: the transaction was undone");
	}
	if (s->lazy)
		before_long(s);
	else
		at_turns_end(s);
	return 0;
}

int
store_after(struct store *s, void (*fn)(int, void *), void *arg)
{
	struct waiter *w;
	size_t n;

	if (s->nwaiters == s->maxwaiters) {
		n = s->maxwaiters == 0 ? 16 : s->maxwaiters * 2;
		if ((w = reallocarray(s->waiter, n, sizeof(*w))) == NULL)
			return -1;
		s->waiter = w;
		s->maxwaiters = n;
	}
	s->waiter[s->nwaiters].fn = fn;
	s->waiter[s->nwaiters++].arg = arg;
	at_turns_end(s);
	return 0;
}

int
store_commit(struct store *s)
{
	int ok = 1;

	s->soon = 0;
	if (s->turn != NULL)
		(void)evtimer_del(s->turn);
	if (s->open) {
		s->open = 0;
		if (run(s, "COMMIT", NULL) == -1) {
			ok = 0;
			if (!sqlite3_get_autocommit(s->db))
				(void)run(s, "ROLLBACK", NULL);
		}
	}
	tell(s, ok);
	return ok ? 0 : -1;
}

int
store_begin(struct store *s, struct errmsg *e)
{
	char sql[32];

	if (store_write(s, e) == -1)
		return -1;
	snprintf(sql, sizeof(sql), "SAVEPOINT s%u", s->depth);
	if (run(s, sql, e) == -1)
		return -1;
	s->depth++;
	return 0;
}

int
store_end(struct store *s, int ok, struct errmsg *e)
{
	char sql[64];

	s->depth--;
	/* a full disk has undone the whole transaction by itself */
	if (sqlite3_get_autocommit(s->db))
		return ok ? err_set(e, "database: the transaction was undone") : 0;
	snprintf(sql, sizeof(sql), "%s s%u", ok ? "RELEASE" : "ROLLBACK TO", s->depth);
	if (run(s, sql, e) == -1)
		return -1;
	if (ok)
		return 0;
	snprintf(sql, sizeof(sql), "RELEASE s%u", s->depth);
	return run(s, sql, e);
}

static sqlite3_stmt *
prepared(struct store *s, const char *sql, struct errmsg *e)
{
	sqlite3_stmt *st;

	for (size_t i = 0; i < s->ncache; i++)
		if (s->cache[i].sql == sql)
			return s->cache[i].st;
	if (s->ncache == STATEMENTS) {
		(void)err_set(e, "database: more than %d statements", STATEMENTS);
		return NULL;
	}
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
		(void)db_error(s, e, sql);
		return NULL;
	}
	s->cache[s->ncache].sql = sql;
	s->cache[s->ncache++].st = st;
	return st;
}

static int
bind_one(sqlite3_stmt *st, int n, char type, va_list *ap)
{
	const void *p;
	const char *t;

	switch (type) {
	case 't':
		t = va_arg(*ap, const char *);
		return t == NULL ? sqlite3_bind_null(st, n)
				 : sqlite3_bind_text(st, n, t, -1, SQLITE_TRANSIENT);
	case 'i':
		return sqlite3_bind_int64(st, n, va_arg(*ap, int64_t));
	case 'u':
		/* SQLite's integers are signed: what does not fit is the largest */
		{
			uint64_t v = va_arg(*ap, uint64_t);

			return sqlite3_bind_int64(st, n, v > INT64_MAX ? INT64_MAX : (int64_t)v);
		}
	case 'n':
		return sqlite3_bind_int64(st, n, va_arg(*ap, int));
	case 's':
		t = va_arg(*ap, const char *);
		return sqlite3_bind_text64(
		    st, n, t, va_arg(*ap, size_t), SQLITE_TRANSIENT, SQLITE_UTF8);
	case 'b':
		p = va_arg(*ap, const void *);
		return sqlite3_bind_blob64(st, n, p, va_arg(*ap, size_t), SQLITE_TRANSIENT);
	default:
		return SQLITE_MISUSE;
	}
}

static sqlite3_stmt *
query(struct store *s, struct errmsg *e, const char *sql, const char *fmt, va_list *ap)
{
	sqlite3_stmt *st = prepared(s, sql, e);

	if (st == NULL)
		return NULL;
	for (int n = 1; fmt[n - 1] != '\0'; n++) {
		if (bind_one(st, n, fmt[n - 1], ap) == SQLITE_OK)
			continue;
		(void)db_error(s, e, sql);
		store_done(st);
		return NULL;
	}
	return st;
}

sqlite3_stmt *
store_query(struct store *s, struct errmsg *e, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, fmt);
	st = query(s, e, sql, fmt, &ap);
	va_end(ap);
	return st;
}

int
store_row(struct store *s, sqlite3_stmt *st, struct errmsg *e)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return db_error(s, e, sqlite3_sql(st));
	}
}

void
store_done(sqlite3_stmt *st)
{
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
}

int
store_exec(struct store *s, struct errmsg *e, const char *sql, const char *fmt, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int rc;

	if (store_write(s, e) == -1)
		return -1;
	va_start(ap, fmt);
	st = query(s, e, sql, fmt, &ap);
	va_end(ap);
	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	if (rc == SQLITE_DONE || rc == SQLITE_ROW) {
		rc = sqlite3_changes(s->db);
	} else if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY) {
		(void)err_set(e, "exists already");
		rc = STORE_CONFLICT;
	} else {
		rc = db_error(s, e, sql);
	}
	store_done(st);
	return rc;
}

int
store_text(sqlite3_stmt *st, int col, char *dst, size_t size, struct errmsg *e)
{
	const unsigned char *t = sqlite3_column_text(st, col);
	size_t len = (size_t)sqlite3_column_bytes(st, col);

	if (t == NULL)
		len = 0;
	if (len >= size || (len > 0 && memchr(t, '\0', len) != NULL))
		return err_set(e, "database: %s: column %d does not fit", sqlite3_sql(st), col);
	if (len > 0)
		memcpy(dst, t, len);
	dst[len] = '\0';
	return 0;
}

uint64_t
store_u64(sqlite3_stmt *st, int col)
{
	int64_t v = sqlite3_column_int64(st, col);

	return v < 0 ? 0 : (uint64_t)v;
}

int
store_blob(sqlite3_stmt *st, int col, void *dst, size_t len, struct errmsg *e)
{
	const void *p = sqlite3_column_blob(st, col);

	if (p == NULL || (size_t)sqlite3_column_bytes(st, col) != len)
		return err_set(e, "database: %s: column %d does not fit", sqlite3_sql(st), col);
	memcpy(dst, p, len);
	return 0;
}

int64_t
store_lastrow(struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}
