/* reeve on the network: its configuration, the roster, and calls to the control plane. */
#ifndef CLI_SITE_H
#define CLI_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "net/httpc.h"
#include "proto/api.h"
#include "proto/jsonin.h"
#include "proto/token.h"

/* ---- conf.c: reeve.conf(5) and the environment ---- */

struct cli_conf {
	struct url url;
	char *urltext; /* as it was written; NULL none */
	char *ca;      /* a file, or "bundle"; NULL none */
	char *tokenfile, *key, *roster, *requester;
	char token[TOKEN_SECRET + 1];
	char *dir; /* where relative names of the file begin */
};

/* Judges the text of a reeve.conf into C, which was zeroed and has its dir. 0, or -1 with E. */
int cli_conf_parse(
    struct cli_conf *c, const char *file, const char *buf, size_t len, struct errmsg *e);
/* The file, the environment over it, and the defaults. Exits with words when something is wrong. */
void cli_conf_load(struct cli_conf *c);
/* The same when there is no need of a control plane: no url, CA or token is asked for. */
void cli_conf_local(struct cli_conf *c);

/* ---- roster.c: reeve-roster(5), the hosts that the operator has seen with their own eyes ---- */

struct roster_host {
	char name[254], id[33];
	char result[57]; /* key, base64 as pubkey_write_b64() */
	char seal[45];	 /* key, base64 of 32 bytes */
};

struct roster {
	char fleet[33]; /* "" while empty */
	struct roster_host *host;
	size_t n;
	char *path;
};

/* Whole texts only. 0, or -1 with E ("line 3: ..."). R->host is malloc'ed. */
int roster_parse(struct roster *r, const char *buf, size_t len, struct errmsg *e);
/* malloc'ed text, or NULL without memory. */
char *roster_write(const struct roster *r, size_t *len);
void roster_free(struct roster *r);
/* NULL when it is not pinned. */
const struct roster_host *roster_find(const struct roster *r, const char *name);
const struct roster_host *roster_byid(const struct roster *r, const char *id);
/* Puts a host at its place. 0, or -1 with E: name or id are there already, or H is no host. */
int roster_add(struct roster *r, const struct roster_host *h, struct errmsg *e);
/* 0, or -1 when there is none of that name. */
int roster_drop(struct roster *r, const char *name);
/*
 * What the control plane says of a host against what was pinned: 0 when it is the same or the host
 * is not pinned, -1 with E when it is another.
 */
int roster_agrees(const struct roster *r, const struct roster_host *said, struct errmsg *e);

/* From the file that C names; absent is empty. Exits with words when it is damaged or loose. */
void roster_load(struct roster *r, const struct cli_conf *c);
void roster_save(const struct roster *r);
/* The host of that name; exits with words when it is not pinned. */
const struct roster_host *roster_need(const struct roster *r, const char *name);

/* ---- http.c: one connection, calls, errors told apart ---- */

struct site {
	struct cli_conf conf;
	struct netconf *nc;
	struct httpc *c;     /* of site_call(); NULL before the first */
	char hostfield[300]; /* for the Host field */
};

struct answer {
	int status;
	struct json *j;	       /* of an answer with a body; NULL */
	enum api_errcode code; /* API_OK, or which error */
	char message[257];     /* the error's own words, not yet clean */
	uint64_t retry_after;
};

/* Loads configuration and CA; no connection yet. Exits when it cannot. */
struct site *site_open(void);
/* Forgets the token: for the way out that calls nobody. */
void site_wipe(void);
/* A new connection, or NULL with E and FAULT. */
struct httpc *site_connect(struct site *s, enum net_fault *fault, struct errmsg *e);
/* A request's fields that are always the same: token, user agent, deadlines. PATH begins with
 * "/v1/"; FULL gets it behind the URL's prefix. */
void site_request(const struct site *s, struct httpc_req *r, const char *method, const char *path,
    char *full, size_t size);
/* BODY may be NULL. Exits with CLI_NET or CLI_SAID with words for whatever is not 2xx. */
void site_call(
    struct site *s, const char *method, const char *path, const char *body, struct answer *a);
/* The same, but answers with an API error come back too. */
void site_ask(
    struct site *s, const char *method, const char *path, const char *body, struct answer *a);
/* The same for bytes. */
void site_put(struct site *s, const char *path, const void *body, size_t len, struct answer *a);
void answer_free(struct answer *a);
/* Says on stderr what is wrong and what to do next. */
void site_say_fault(const struct site *s, enum net_fault fault, const char *why);
void site_say_error(const struct site *s, const struct answer *a);
/* Judges a head and body as an answer: 0, or -1 after saying why it is none. */
int site_answer(const struct site *s, const struct http_head *h, const char *body, size_t len,
    struct answer *a);
/*
 * Calls EACH for every element of the array NAME over all pages of PATH (which has a '?').
 * EACH gets the element's value.
 */
void site_list(struct site *s, const char *path, const char *name,
    void (*each)(const struct json *j, int v, void *arg), void *arg);
/* The same, but no page more once MOST elements came. */
void site_some(struct site *s, const char *path, const char *name, uint64_t most,
    void (*each)(const struct json *j, int v, void *arg), void *arg);
/* "%2F" where a path's part needs it. */
void site_escape(const char *s, char *dst, size_t size);

/* ---- answers' members (jget.c); each exits with words when the member is not as it must be ----
 */

/* A string that lives until exit; "" of null. */
char *j_str(const struct json *j, int v, const char *name);
/* The same, fit for a terminal. */
char *j_clean(const struct json *j, int v, const char *name);
uint64_t j_u64(const struct json *j, int v, const char *name); /* 0 of null */
int64_t j_i64(const struct json *j, int v, const char *name);
int j_bool(const struct json *j, int v, const char *name);
/* The member itself, -1 of null. */
int j_sub(const struct json *j, int v, const char *name, enum json_type type);
/* The whole value as it came, on a line of its own (--json). */
void j_print(const struct json *j, int v);

/* One host object into what the roster knows of a host. */
void j_host(const struct json *j, int v, struct roster_host *h);

#endif
