/* Enrolments, credentials of hosts, operator tokens: hashes, never a secret. */

#include <string.h>

#include "ctld/store_db.h"

const char *const *
store_token_ddl(void)
{
	static const char *const ddl[] = {
	    "CREATE TABLE enrolment ("
	    "id TEXT PRIMARY KEY, hash BLOB NOT NULL, "
	    "host INTEGER NOT NULL REFERENCES host(row) ON DELETE CASCADE, "
	    "bearer INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL, "
	    "csr BLOB NOT NULL, cert TEXT NOT NULL) STRICT",
	    "CREATE INDEX enrolment_host ON enrolment (host)",
	    "CREATE TABLE credential ("
	    "sha256 BLOB PRIMARY KEY, "
	    "host INTEGER NOT NULL UNIQUE REFERENCES host(row) ON DELETE CASCADE, "
	    "bearer INTEGER NOT NULL) STRICT",
	    "CREATE TABLE oper ("
	    "name TEXT PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, role INTEGER NOT NULL, "
	    "created INTEGER NOT NULL, expires INTEGER NOT NULL, last INTEGER NOT NULL) STRICT",
	    NULL,
	};

	return ddl;
}

int
store_enrolment_add(struct store *s, const struct enrolment *en, struct errmsg *e)
{
	static const uint8_t none[32];

	/* an unused one of before ends: the newest secret is the only one */
	if (store_exec(s, e,
		"DELETE FROM enrolment WHERE host = (SELECT row FROM host WHERE id = ?)", "t",
		en->host_id) < 0)
		return -1;
	return store_exec(s, e,
		   "INSERT INTO enrolment (id, hash, host, bearer, expires, used, csr, cert) "
		   "SELECT ?, ?, row, ?, ?, 0, ?, '' FROM host WHERE id = ?",
		   "tbnubt", en->id, en->hash, sizeof(en->hash), en->bearer, en->expires, none,
		   sizeof(none), en->host_id) == 1
		   ? 0
		   : -1;
}

static int
read_enrolment(sqlite3_stmt *st, struct enrolment *en, struct errmsg *e)
{
	memset(en, 0, sizeof(*en));
	if (store_text(st, 0, en->id, sizeof(en->id), e) == -1 ||
	    store_blob(st, 1, en->hash, sizeof(en->hash), e) == -1 ||
	    store_text(st, 2, en->host_id, sizeof(en->host_id), e) == -1)
		return -1;
	en->bearer = sqlite3_column_int(st, 3);
	en->expires = store_u64(st, 4);
	en->used = store_u64(st, 5);
	if (store_blob(st, 6, en->csr, sizeof(en->csr), e) == -1)
		return -1;
	return store_text(st, 7, en->cert, sizeof(en->cert), e);
}

int
store_enrolment_get(struct store *s, const char *id, struct enrolment *en, struct errmsg *e)
{
	sqlite3_stmt *st;
	int rc;

	st = store_query(s, e,
	    "SELECT n.id, n.hash, h.id, n.bearer, n.expires, n.used, n.csr, n.cert "
	    "FROM enrolment n JOIN host h ON h.row = n.host WHERE n.id = ?",
	    "t", id);
	if (st == NULL)
		return -1;
	rc = store_row(s, st, e);
	if (rc == 1)
		rc = read_enrolment(st, en, e);
	else if (rc == 0)
		rc = 1;
	store_done(st);
	return rc;
}

int
store_enrolment_use(struct store *s, const struct enrolment *en, struct errmsg *e)
{
	int rc;

	/* "used = 0": whoever comes second, finds it used */
	rc = store_exec(s, e,
	    "UPDATE enrolment SET used = ?, csr = ?, cert = ? WHERE id = ? AND used = 0", "ubtt",
	    en->used, en->csr, sizeof(en->csr), en->cert, en->id);
	if (rc < 0)
		return -1;
	return rc == 1 ? 0 : 1;
}

int
store_enrolment_drop(struct store *s, const struct host *h, struct errmsg *e)
{
	return store_exec(s, e, "DELETE FROM enrolment WHERE host = ?", "i", h->row) < 0 ? -1 : 0;
}

int
store_credential_set(
    struct store *s, const struct host *h, const uint8_t sha256[32], int bearer, struct errmsg *e)
{
	if (store_credential_drop(s, h, e) == -1)
		return -1;
	return store_exec(s, e, "INSERT INTO credential (sha256, host, bearer) VALUES (?, ?, ?)",
		   "bin", sha256, (size_t)32, h->row, bearer) == 1
		   ? 0
		   : -1;
}

int
store_credential_drop(struct store *s, const struct host *h, struct errmsg *e)
{
	return store_exec(s, e, "DELETE FROM credential WHERE host = ?", "i", h->row) < 0 ? -1 : 0;
}

static const char *const roles[] = {
    [ROLE_VIEWER] = "viewer",
    [ROLE_OPER] = "operator",
    [ROLE_APPROVER] = "approver",
    [ROLE_ADMINISTRATOR] = "admin",
};

const char *
oper_role_name(enum role r)
{
	return r >= ROLE_VIEWER && r <= ROLE_ADMINISTRATOR ? roles[r] : "unknown";
}

int
oper_role_byname(const char *name)
{
	for (int r = ROLE_VIEWER; r <= ROLE_ADMINISTRATOR; r++)
		if (strcmp(roles[r], name) == 0)
			return r;
	return -1;
}

static int
read_oper(sqlite3_stmt *st, struct oper *o, struct errmsg *e)
{
	int64_t role = sqlite3_column_int64(st, 1);

	memset(o, 0, sizeof(*o));
	if (store_text(st, 0, o->name, sizeof(o->name), e) == -1)
		return -1;
	if (role < ROLE_VIEWER || role > ROLE_ADMINISTRATOR)
		return err_set(e, "database: token %s has no role", o->name);
	o->role = (enum role)role;
	o->created = store_u64(st, 2);
	o->expires = store_u64(st, 3);
	o->last = store_u64(st, 4);
	return 0;
}

int
store_oper_add(struct store *s, const struct oper *o, const uint8_t sha256[32], struct errmsg *e)
{
	int rc;

	rc = store_exec(s, e,
	    "INSERT INTO oper (name, sha256, role, created, expires, last) "
	    "VALUES (?, ?, ?, ?, ?, 0)",
	    "tbnuu", o->name, sha256, (size_t)32, (int)o->role, o->created, o->expires);
	if (rc == STORE_CONFLICT)
		return 1;
	return rc == 1 ? 0 : -1;
}

int
store_oper_bytoken(struct store *s, const uint8_t sha256[32], struct oper *o, struct errmsg *e)
{
	sqlite3_stmt *st;
	int rc;

	st = store_query(s, e,
	    "SELECT name, role, created, expires, last FROM oper WHERE sha256 = ?", "b", sha256,
	    (size_t)32);
	if (st == NULL)
		return -1;
	rc = store_row(s, st, e);
	if (rc == 1)
		rc = read_oper(st, o, e);
	else if (rc == 0)
		rc = 1;
	store_done(st);
	return rc;
}

int
store_oper_list(
    struct store *s, const char *after, size_t max, struct oper *out, size_t *n, struct errmsg *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	*n = 0;
	st = store_query(s, e,
	    "SELECT name, role, created, expires, last FROM oper WHERE name > ? "
	    "ORDER BY name LIMIT ?",
	    "tu", after, (uint64_t)max);
	if (st == NULL)
		return -1;
	while (*n < max && (rc = store_row(s, st, e)) == 1) {
		if (read_oper(st, &out[*n], e) == -1) {
			rc = -1;
			break;
		}
		(*n)++;
	}
	store_done(st);
	return rc == -1 ? -1 : 0;
}

int
store_oper_used(struct store *s, const char *name, uint64_t now, struct errmsg *e)
{
	return store_exec(s, e, "UPDATE oper SET last = ? WHERE name = ?", "ut", now, name) < 0 ? -1
												: 0;
}

int
store_oper_remove(struct store *s, const char *name, struct errmsg *e)
{
	int rc = store_exec(s, e, "DELETE FROM oper WHERE name = ?", "t", name);

	return rc < 0 ? -1 : rc == 1 ? 0 : 1;
}
