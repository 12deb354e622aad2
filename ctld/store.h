/*
 * What ctld keeps, in SQLite (store.c: WAL, synchronous FULL, one writer, prepared statements only)
 * and, for outputs and blobs, in files. Functions by topic in store_host.c, store_token.c,
 * store_job.c. Each returns 0, 1 where said, or -1 with E: the statement's failure, logged.
 *
 * Group commit: the first write of an event loop's turn begins a transaction; the turn's end
 * commits it once for all, then runs what waited for it (store_after()).
 */
#ifndef CTLD_STORE_H
#define CTLD_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/netaddr.h"
#include "proto/api.h"

struct store;
struct event_base;

/*
 * Opens or makes STATE-DIR/ctld.db (0600), takes an exclusive lock on STATE-DIR/lock: a second ctld
 * on one database is refused. A newer schema is refused, an older one brought up in one
 * transaction.
 */
struct store *store_open(struct event_base *base, const char *dir, struct errmsg *e);
void store_close(struct store *s);
/* Begins this turn's transaction if none is open. Every writing function calls it. 0 or -1. */
int store_write(struct store *s, struct errmsg *e);
/*
 * ON 1: what is written from now on may be lost with the power (heartbeats, when a token was last
 * used), so its commit may wait a second; others read it at once, and anybody's store_after() or
 * writing of the other kind takes it along.
 */
void store_lazy(struct store *s, int on);
/*
 * Several writes that belong together, within the turn's transaction: when store_end() gets OK 0,
 * what was written since store_begin() is undone and others' work stays. They nest.
 */
int store_begin(struct store *s, struct errmsg *e);
int store_end(struct store *s, int ok, struct errmsg *e);
/* FN(OK, ARG) after the next commit: OK 1, or 0 when it failed and all of it was rolled back. With
 * no transaction open it is called at the end of this turn. 0 or -1 without memory. */
int store_after(struct store *s, void (*fn)(int ok, void *arg), void *arg);
/* Commits now (tests, shutdown). 0 or -1. */
int store_commit(struct store *s);

/* ---- hosts (store_host.c) ---- */

enum host_state { HS_NEW = 1, HS_ONLINE, HS_SILENT, HS_MAINTENANCE, HS_REVOKED };
const char *host_state_name(enum host_state s);

#define HOST_ALLOWS 32

struct host {
	int64_t row; /* its key in the database */
	char id[33], name[254];
	struct netblock allow[HOST_ALLOWS]; /* nallows 0: from anywhere ("any") */
	size_t nallows;
	int bearer; /* it calls with a standing secret, not with a certificate */
	int enrolled, maintenance, clone;
	uint64_t revoked;	/* when; 0 not */
	uint64_t created, last; /* last contact, 0 never */
	char seen[NETADDR_TEXT];
	char version[32];
	uint64_t cert_end;		   /* of its certificate; 0 none */
	char result_key[57], seal_key[45]; /* base64, "" before enrolment */
	char boot_id[37];
	uint64_t ledger_seq, audit_seq;
	char audit_chain[33];
};

/* The one state of a host, now: three heartbeats of INTERVAL seconds missed is silent. */
enum host_state host_state(const struct host *h, uint64_t now, uint32_t interval);

int store_host_add(struct store *s, struct host *h, struct errmsg *e); /* 1: the name exists */
/* 0 found, 1 there is none. */
int store_host_byname(struct store *s, const char *name, struct host *h, struct errmsg *e);
int store_host_byid(struct store *s, const char *id, struct host *h, struct errmsg *e);
int store_host_bycert(struct store *s, const uint8_t sha256[32], struct host *h, struct errmsg *e);
int store_host_bybearer(
    struct store *s, const uint8_t sha256[32], struct host *h, struct errmsg *e);
/* By name, after AFTER ("" the first), at most MAX. *N of them. */
int store_host_list(
    struct store *s, const char *after, size_t max, struct host *out, size_t *n, struct errmsg *e);
/* Writes every column of H but id and created. 1: another host has its name. */
int store_host_update(struct store *s, const struct host *h, struct errmsg *e);
int store_host_remove(struct store *s, const struct host *h, struct errmsg *e);
/* The documents of the newest heartbeat: JSON text, malloc'ed, NULL none. */
int store_host_beat(struct store *s, const struct host *h, char **beat, struct errmsg *e);
int store_host_beat_put(
    struct store *s, const struct host *h, const char *doc, size_t len, struct errmsg *e);
/* Notes a boot id of this host: 0 a new one, 1 seen before. */
int store_host_boot(
    struct store *s, const struct host *h, const char *boot_id, uint64_t now, struct errmsg *e);
/* Forgets them all: another machine may be this host from now on. */
int store_host_forget_boots(struct store *s, const struct host *h, struct errmsg *e);

/* ---- one-use and standing secrets (store_token.c) ---- */

struct enrolment {
	char id[33];	  /* token_id() */
	uint8_t hash[32]; /* H: keys the MAC */
	char host_id[33];
	int bearer;
	uint64_t expires, used; /* used 0: not yet */
	uint8_t csr[32]; /* SHA-256 of the request that used it: that very one is answered again */
	char cert[API_PEM_MAX + 1]; /* with this certificate */
};
/* The one before for this host, used or not, ends. */
int store_enrolment_add(struct store *s, const struct enrolment *en, struct errmsg *e);
int store_enrolment_get(struct store *s, const char *id, struct enrolment *en, struct errmsg *e);
int store_enrolment_drop(struct store *s, const struct host *h, struct errmsg *e);
/* Writes used, csr, cert of an unused one; 1: it was used already. */
int store_enrolment_use(struct store *s, const struct enrolment *en, struct errmsg *e);
/* The credential of a host: its certificate's SHA-256 or its bearer's; the one before ends. */
int store_credential_set(
    struct store *s, const struct host *h, const uint8_t sha256[32], int bearer, struct errmsg *e);

int store_credential_drop(struct store *s, const struct host *h, struct errmsg *e);

enum role { ROLE_VIEWER = 1, ROLE_OPER, ROLE_APPROVER, ROLE_ADMINISTRATOR };
const char *oper_role_name(enum role r); /* "viewer", "operator", "approver", "admin" */
int oper_role_byname(const char *s);	 /* or -1 */

struct oper {
	char name[65];
	enum role role;
	uint64_t created, expires, last; /* expires 0: never */
};
int store_oper_add(struct store *s, const struct oper *o, const uint8_t sha256[32],
    struct errmsg *e); /* 1: the name exists */
int store_oper_bytoken(struct store *s, const uint8_t sha256[32], struct oper *o, struct errmsg *e);
int store_oper_list(
    struct store *s, const char *after, size_t max, struct oper *out, size_t *n, struct errmsg *e);
int store_oper_used(struct store *s, const char *name, uint64_t now, struct errmsg *e);
int store_oper_remove(struct store *s, const char *name, struct errmsg *e); /* 1: there is none */

/* ---- jobs: ctld/store_job.h ---- */

#endif
