/*
 * The agent side of the wire protocol (/agent/v1/, reeve-protocol(7)): every JSON body between netd
 * (or the enrolment child) and ctld, once, with its reader and its writer. Both ends use these
 * functions and no others, so no two parsers can read one message differently.
 *
 * Readers take LEN bytes, refuse unknown, missing, wrong-typed and out-of-range members, and return
 * 0, or -1 with E. Writers return malloc'ed NUL-ended JSON, or NULL without memory or when the
 * document would be larger than its reader takes. Pointers in a read document live in its own
 * memory: free it by api_X_free() where there is one.
 */
#ifndef PROTO_API_H
#define PROTO_API_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

#define API_VERSION    "1"
#define API_PORT       7440	    /* of a URL without one, and ctld's default */
#define API_BODY_MAX   (256 * 1024) /* of any agent body but blobs and output */
#define API_OUTPUT_MAX (256 * 1024) /* bytes in one PUT of output */
#define API_PEM_MAX    16384
#define API_ADDRS      32
#define API_TAGS       32
#define API_KINDS      64
#define API_RUNNING    256
#define API_JOBS       16 /* tickets in one claim answer */
#define API_CANCELS    64
#define API_WAIT_MAX   50 /* seconds a long poll may be held */
#define API_VITALS_MAX (64 * 1024)

/* ---- POST enroll ---- */

struct api_enroll {
	char token[33]; /* enrolment id: token_id() of the one-use secret */
	char hostname[254];
	char csr[API_PEM_MAX + 1]; /* PKCS #10, PEM */
	char mac[65];		   /* token_mac() over the bytes of csr */
	char machine[65];	   /* SHA-256 of /etc/machine-id, or "" */
	char version[32];
	char result_key[57]; /* base64, as pubkey_write_b64() */
	char seal_key[45];   /* base64 of 32 bytes */
};
char *api_enroll_put(const struct api_enroll *m);
int api_enroll_get(struct api_enroll *m, const char *buf, size_t len, struct errmsg *e);

struct api_enrolled {
	char fleet[33], host_id[33], host_name[254];
	char cert[API_PEM_MAX + 1]; /* "" for a bearer host */
	char ca[API_PEM_MAX + 1];   /* the site's CA */
	char bearer[49];	    /* "" but for a bearer host */
	char online_key[57];	    /* base64: for the host's policy, if root wants it there */
	uint64_t server_time;
};
char *api_enrolled_put(const struct api_enrolled *m);
int api_enrolled_get(struct api_enrolled *m, const char *buf, size_t len, struct errmsg *e);

/* ---- POST heartbeat ---- */

struct api_heartbeat {
	char hostname[254], version[32];
	char boot_id[37]; /* as the kernel writes it; "" unknown */
	uint64_t seq;	  /* of netd's heartbeats since its start, from 1 */
	struct {
		char name[65], value[257];
	} tag[API_TAGS];
	size_t ntags;
	char address[API_ADDRS][48]; /* declared in agent.conf */
	size_t naddresses;
	char kind[API_KINDS][64]; /* that policy can accept */
	size_t nkinds;
	uint64_t ledger_seq, audit_seq;
	char audit_chain[33];
	char running[API_RUNNING][33];
	size_t nrunning;
	/* A JSON object; NULL: the step gave none. The writer gates it, and leaves out what is no
	 * object of at most API_VITALS_MAX bytes and 7 levels. */
	const char *vitals;
	size_t vitalslen;
	char *own; /* memory behind vitals in a document that was read */
};
char *api_heartbeat_put(const struct api_heartbeat *m);
int api_heartbeat_get(struct api_heartbeat *m, const char *buf, size_t len, struct errmsg *e);
void api_heartbeat_free(struct api_heartbeat *m);

struct api_beat {	   /* the answer */
	uint64_t interval; /* seconds; the reader clamps it to 1..300 */
	uint64_t server_time;
	char seen_address[48];
};
char *api_beat_put(const struct api_beat *m);
int api_beat_get(struct api_beat *m, const char *buf, size_t len, struct errmsg *e);

/* ---- POST claim ---- */

struct api_claim {
	uint32_t free;		  /* tickets wanted, 0..API_JOBS */
	char kind[API_KINDS][64]; /* that policy can accept */
	size_t nkinds;
};
char *api_claim_put(const struct api_claim *m);
int api_claim_get(struct api_claim *m, const char *buf, size_t len, struct errmsg *e);

struct api_job {
	char *ticket; /* text, NUL-ended; its first line is checked, nothing else */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;	/* 0 too: privd refuses, and says so in the audit */
	uint64_t fence; /* from 1 */
};
struct api_claimed {
	struct api_job job[API_JOBS];
	size_t njobs;
	uint8_t cancel[API_CANCELS][16];
	size_t ncancels;
};
char *api_claimed_put(const struct api_claimed *m);
int api_claimed_get(struct api_claimed *m, const char *buf, size_t len, struct errmsg *e);
void api_claimed_free(struct api_claimed *m);

/* ---- job/ID/... ---- */

struct api_state {
	uint64_t fence; /* 0: none known, as in a result */
	char state[16]; /* "accepted", "refused", "started", "finished" */
	char reason[REASON_MAX + 1];
};
char *api_state_put(const struct api_state *m);
int api_state_get(struct api_state *m, const char *buf, size_t len, struct errmsg *e);

struct api_result {
	uint64_t fence;
	char record[RESULT_MAX + 1]; /* reeve-result 1 */
	size_t len;
	struct sig sig;
	uint64_t output; /* bytes of the spool that this host will not send any more of: its size,
			  * or what was sent when the output was given up (413) */
};
char *api_result_put(const struct api_result *m);
int api_result_get(struct api_result *m, const char *buf, size_t len, struct errmsg *e);

/* {"offset":N}, {"already":true}, {"nonce":HEX}, {"signature":B64}: documents of one member. */
char *api_offset_put(uint64_t offset);
int api_offset_get(uint64_t *offset, const char *buf, size_t len, struct errmsg *e);
char *api_already_put(int already);
int api_already_get(int *already, const char *buf, size_t len, struct errmsg *e);
char *api_nonce_put(const uint8_t nonce[32]);
int api_nonce_get(uint8_t nonce[32], const char *buf, size_t len, struct errmsg *e);
char *api_sig_put(const struct sig *s);
int api_sig_get(struct sig *s, const char *buf, size_t len, struct errmsg *e);

/* ---- errors, of both sides ---- */

/* API_ERR(NAME, HTTP status, "code", "what it means"): every code that ctld answers with. */
#define API_ERR_TABLE(X)                                                                     \
	X(BAD_REQUEST, 400, "bad_request", "the request is malformed")                       \
	X(UNAUTHORIZED, 401, "unauthorized", "no, unknown or expired credentials")           \
	X(ADDRESS_NOT_ALLOWED, 403, "address_not_allowed", "not from this address")          \
	X(ADDRESS_UNKNOWN, 403, "address_unknown", "the proxy did not say whose call it is") \
	X(HOSTNAME_MISMATCH, 403, "hostname_mismatch", "enrolled under another host name")   \
	X(REVOKED, 403, "revoked", "this identity was revoked")                              \
	X(FORBIDDEN, 403, "forbidden", "this role may not do that")                          \
	X(NOT_FOUND, 404, "not_found", "there is no such thing")                             \
	X(METHOD, 405, "method_not_allowed", "not by this method")                           \
	X(EXISTS, 409, "exists", "it exists already, and is another")                        \
	X(CLONE, 409, "clone_detected", "two machines use this identity")                    \
	X(FENCED, 409, "fenced", "another lease holds this job now")                         \
	X(STATE, 409, "wrong_state", "not in its present state")                             \
	X(GONE, 410, "gone", "used, expired or withdrawn")                                   \
	X(TOO_LARGE, 413, "too_large", "larger than is taken here")                          \
	X(RANGE, 416, "offset", "not at this offset")                                        \
	X(REFUSED, 422, "refused", "understood, and refused")                                \
	X(OLD, 426, "protocol_too_old", "speak a newer version")                             \
	X(TOO_MANY, 429, "too_many", "too many calls: later")                                \
	X(INTERNAL, 500, "internal", "an error of the control plane's own; see its log")     \
	X(UNAVAILABLE, 503, "unavailable", "not now: later")

enum api_errcode {
	API_OK,
#define X(sym, status, code, doc) API_ERR_##sym,
	API_ERR_TABLE(X)
#undef X
	    API_ERR_MAX
};
int api_err_status(enum api_errcode c);
const char *api_err_code(enum api_errcode c);
/* The code of that name; API_OK when there is none. */
enum api_errcode api_err_byname(const char *code);
/* {"error":{"code":"...","message":"..."}} */
char *api_error_put(enum api_errcode c, const char *message);
/* Reads one. CODE "" when BUF is no such document (HTML, another server): -1. */
int api_error_get(char code[65], char message[257], const char *buf, size_t len);

#endif
