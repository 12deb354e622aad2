/* Hosts in the database. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctld/store_db.h"

/* every column of struct host, in the order of read_host() */
#define COLUMNS                                                                                   \
	"h.row, h.id, h.name, h.allow, h.bearer, h.enrolled, h.maintenance, h.clone, h.revoked, " \
	"h.created, h.last, h.seen, h.version, h.cert_end, h.result_key, h.seal_key, h.boot_id, " \
	"h.ledger_seq, h.audit_seq, h.audit_chain"

#define BOOTS	   64 /* boot ids that are remembered of a host */
#define ALLOW_TEXT (HOST_ALLOWS * (NETADDR_TEXT + 5))

const char *const *
store_host_ddl(void)
{
	static const char *const ddl[] = {
	    "CREATE TABLE host ("
	    "row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, "
	    "allow TEXT NOT NULL, bearer INTEGER NOT NULL, enrolled INTEGER NOT NULL, "
	    "maintenance INTEGER NOT NULL, clone INTEGER NOT NULL, revoked INTEGER NOT NULL, "
	    "created INTEGER NOT NULL, last INTEGER NOT NULL, seen TEXT NOT NULL, "
	    "version TEXT NOT NULL, cert_end INTEGER NOT NULL, result_key TEXT NOT NULL, "
	    "seal_key TEXT NOT NULL, boot_id TEXT NOT NULL, ledger_seq INTEGER NOT NULL, "
	    "audit_seq INTEGER NOT NULL, audit_chain TEXT NOT NULL) STRICT",
	    "CREATE TABLE beat ("
	    "host INTEGER PRIMARY KEY REFERENCES host(row) ON DELETE CASCADE, "
	    "doc TEXT NOT NULL) STRICT",
	    "CREATE TABLE boot ("
	    "host INTEGER NOT NULL REFERENCES host(row) ON DELETE CASCADE, "
	    "boot_id TEXT NOT NULL, first INTEGER NOT NULL, "
	    "PRIMARY KEY (host, boot_id)) STRICT, WITHOUT ROWID",
	    NULL,
	};

	return ddl;
}

const char *
host_state_name(enum host_state s)
{
	static const char *const name[] = {
	    [HS_NEW] = "new",
	    [HS_ONLINE] = "online",
	    [HS_SILENT] = "silent",
	    [HS_MAINTENANCE] = "maintenance",
	    [HS_REVOKED] = "revoked",
	};

	return s >= HS_NEW && s <= HS_REVOKED ? name[s] : "unknown";
}

enum host_state
host_state(const struct host *h, uint64_t now, uint32_t interval)
{
	if (h->revoked != 0)
		return HS_REVOKED;
	if (h->maintenance)
		return HS_MAINTENANCE;
	if (!h->enrolled || h->last == 0)
		return HS_NEW;
	return now > h->last && now - h->last > 3ULL * interval ? HS_SILENT : HS_ONLINE;
}

/* The allow list as one text: blocks and blanks. */
static void
allow_text(const struct host *h, char *buf, size_t size)
{
	char block[NETADDR_TEXT + 5];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < h->nallows && i < HOST_ALLOWS && len < size; i++) {
		netblock_text(&h->allow[i], block, sizeof(block));
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i == 0 ? "" : " ", block);
	}
}

/* An allow list that does not read back is an error: fewer blocks could mean "any". */
static int
allow_parse(struct host *h, char *text, struct errmsg *e)
{
	char *word, *last;

	h->nallows = 0;
	for (word = strtok_r(text, " ", &last); word != NULL; word = strtok_r(NULL, " ", &last)) {
		if (h->nallows == HOST_ALLOWS)
			return err_set(e, "database: host %s: too many addresses", h->name);
		if (netblock_parse(&h->allow[h->nallows], word, e) == -1)
			return -1;
		h->nallows++;
	}
	return 0;
}

static int
read_host(sqlite3_stmt *st, struct host *h, struct errmsg *e)
{
	char allow[ALLOW_TEXT];

	memset(h, 0, sizeof(*h));
	h->row = sqlite3_column_int64(st, 0);
	if (store_text(st, 1, h->id, sizeof(h->id), e) == -1 ||
	    store_text(st, 2, h->name, sizeof(h->name), e) == -1 ||
	    store_text(st, 3, allow, sizeof(allow), e) == -1 || allow_parse(h, allow, e) == -1)
		return -1;
	h->bearer = sqlite3_column_int(st, 4);
	h->enrolled = sqlite3_column_int(st, 5);
	h->maintenance = sqlite3_column_int(st, 6);
	h->clone = sqlite3_column_int(st, 7);
	h->revoked = store_u64(st, 8);
	h->created = store_u64(st, 9);
	h->last = store_u64(st, 10);
	h->cert_end = store_u64(st, 13);
	h->ledger_seq = store_u64(st, 17);
	h->audit_seq = store_u64(st, 18);
	if (store_text(st, 11, h->seen, sizeof(h->seen), e) == -1 ||
	    store_text(st, 12, h->version, sizeof(h->version), e) == -1 ||
	    store_text(st, 14, h->result_key, sizeof(h->result_key), e) == -1 ||
	    store_text(st, 15, h->seal_key, sizeof(h->seal_key), e) == -1 ||
	    store_text(st, 16, h->boot_id, sizeof(h->boot_id), e) == -1)
		return -1;
	return store_text(st, 19, h->audit_chain, sizeof(h->audit_chain), e);
}

int
store_host_add(struct store *s, struct host *h, struct errmsg *e)
{
	char allow[ALLOW_TEXT];
	int rc;

	allow_text(h, allow, sizeof(allow));
	rc = store_exec(s, e,
	    "INSERT INTO host (id, name, allow, bearer, enrolled, maintenance, clone, revoked, "
	    "created, last, seen, version, cert_end, result_key, seal_key, boot_id, ledger_seq, "
	    "audit_seq, audit_chain) VALUES (?, ?, ?, ?, 0, 0, 0, 0, ?, 0, '', '', 0, '', '', '', "
	    "0, 0, '')",
	    "tttnu", h->id, h->name, allow, h->bearer, h->created);
	if (rc == STORE_CONFLICT)
		return 1;
	if (rc != 1)
		return -1;
	h->row = store_lastrow(s);
	return 0;
}

/* Ends ST. */
static int
one_host(struct store *s, sqlite3_stmt *st, struct host *h, struct errmsg *e)
{
	int rc;

	if (st == NULL)
		return -1;
	rc = store_row(s, st, e);
	if (rc == 1)
		rc = read_host(st, h, e);
	else if (rc == 0)
		rc = 1;
	store_done(st);
	return rc;
}

int
store_host_byname(struct store *s, const char *name, struct host *h, struct errmsg *e)
{
	return one_host(s,
	    store_query(s, e, "SELECT " COLUMNS " FROM host h WHERE h.name = ?", "t", name), h, e);
}

int
store_host_byid(struct store *s, const char *id, struct host *h, struct errmsg *e)
{
	return one_host(
	    s, store_query(s, e, "SELECT " COLUMNS " FROM host h WHERE h.id = ?", "t", id), h, e);
}

static int
by_credential(
    struct store *s, const uint8_t sha256[32], int bearer, struct host *h, struct errmsg *e)
{
	return one_host(s,
	    store_query(s, e,
		"SELECT " COLUMNS " FROM credential c JOIN host h ON h.row = c.host "
		"WHERE c.sha256 = ? AND c.bearer = ?",
		"bn", sha256, (size_t)32, bearer),
	    h, e);
}

int
store_host_bycert(struct store *s, const uint8_t sha256[32], struct host *h, struct errmsg *e)
{
	return by_credential(s, sha256, 0, h, e);
}

int
store_host_bybearer(struct store *s, const uint8_t sha256[32], struct host *h, struct errmsg *e)
{
	return by_credential(s, sha256, 1, h, e);
}

int
store_host_list(
    struct store *s, const char *after, size_t max, struct host *out, size_t *n, struct errmsg *e)
{
	sqlite3_stmt *st;
	int rc = 0;

	*n = 0;
	st = store_query(s, e,
	    "SELECT " COLUMNS " FROM host h WHERE h.name > ? ORDER BY h.name LIMIT ?", "tu", after,
	    (uint64_t)max);
	if (st == NULL)
		return -1;
	while (*n < max && (rc = store_row(s, st, e)) == 1) {
		if (read_host(st, &out[*n], e) == -1) {
			rc = -1;
			break;
		}
		(*n)++;
	}
	store_done(st);
	return rc == -1 ? -1 : 0;
}

int
store_host_update(struct store *s, const struct host *h, struct errmsg *e)
{
	char allow[ALLOW_TEXT];
	int rc;

	allow_text(h, allow, sizeof(allow));
	rc = store_exec(s, e,
	    "UPDATE host SET name = ?, allow = ?, bearer = ?, enrolled = ?, maintenance = ?, "
	    "clone = ?, revoked = ?, last = ?, seen = ?, version = ?, cert_end = ?, "
	    "result_key = ?, seal_key = ?, boot_id = ?, ledger_seq = ?, audit_seq = ?, "
	    "audit_chain = ? WHERE row = ?",
	    "ttnnnnuuttutttuuti", h->name, allow, h->bearer, h->enrolled, h->maintenance, h->clone,
	    h->revoked, h->last, h->seen, h->version, h->cert_end, h->result_key, h->seal_key,
	    h->boot_id, h->ledger_seq, h->audit_seq, h->audit_chain, h->row);
	if (rc == STORE_CONFLICT)
		return 1;
	if (rc == 0)
		return err_set(e, "host %s is gone", h->name);
	return rc == 1 ? 0 : -1;
}

int
store_host_remove(struct store *s, const struct host *h, struct errmsg *e)
{
	return store_exec(s, e, "DELETE FROM host WHERE row = ?", "i", h->row) == 1 ? 0 : -1;
}

int
store_host_beat(struct store *s, const struct host *h, char **beat, struct errmsg *e)
{
	sqlite3_stmt *st;
	int rc;

	*beat = NULL;
	st = store_query(s, e, "SELECT doc FROM beat WHERE host = ?", "i", h->row);
	if (st == NULL)
		return -1;
	rc = store_row(s, st, e);
	if (rc == 1) {
		const char *t = (const char *)sqlite3_column_text(st, 0);

		rc = 0;
		if (t == NULL || (*beat = strdup(t)) == NULL)
			rc = err_set(e, "out of memory");
	}
	store_done(st);
	return rc;
}

int
store_host_beat_put(
    struct store *s, const struct host *h, const char *doc, size_t len, struct errmsg *e)
{
	return store_exec(s, e,
		   "INSERT INTO beat (host, doc) VALUES (?, ?) "
		   "ON CONFLICT (host) DO UPDATE SET doc = excluded.doc",
		   "is", h->row, doc, len) == 1
		   ? 0
		   : -1;
}

int
store_host_boot(
    struct store *s, const struct host *h, const char *boot_id, uint64_t now, struct errmsg *e)
{
	int rc;

	rc = store_exec(s, e,
	    "INSERT INTO boot (host, boot_id, first) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
	    "itu", h->row, boot_id, now);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return 1;
	/* a host that boots for ever, or says so, fills no disk */
	return store_exec(s, e,
		   "DELETE FROM boot WHERE host = ?1 AND boot_id IN (SELECT boot_id FROM boot "
		   "WHERE host = ?1 ORDER BY first DESC, boot_id = ?2 DESC LIMIT -1 OFFSET ?3)",
		   "itn", h->row, boot_id, BOOTS) < 0
		   ? -1
		   : 0;
}

int
store_host_forget_boots(struct store *s, const struct host *h, struct errmsg *e)
{
	return store_exec(s, e, "DELETE FROM boot WHERE host = ?", "i", h->row) < 0 ? -1 : 0;
}
