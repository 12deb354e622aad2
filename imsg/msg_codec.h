/*
 * Payloads, put and get next to each other: msg_codec.c (jobs and reevectl), msg_codec_exec.c (one
 * step), msg_codec_net.c (netd and dial). Every put returns a new ibuf, or NULL without memory or
 * when the values could not be got again (our bug). Every get returns 0, or -1 when the bytes are
 * not exactly such a payload (then the peer ends; what the output holds then means nothing).
 */
#ifndef IMSG_MSG_CODEC_H
#define IMSG_MSG_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"
#include "proto/keysfile.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

/* JOB_SUBMIT, CTL_SUBMIT, CTL_POLICY: fence u64, ticket blk (1..8192), count u8 (0..8), sigs 72
 * each. A job without a signature is refused with an answer, so count 0 is no breach. */
struct msg_submit {
	uint64_t fence;	       /* 0 from CTL */
	const uint8_t *ticket; /* points into the message */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;
};
struct ibuf *msg_submit_put(const struct msg_submit *m);
int msg_submit_get(const struct imsg *im, struct msg_submit *m);

/* CTL_KEYS: text blk (1..KEYSFILE_MAX), count u8 (0..8), sigs 72 each. */
struct msg_keys {
	const uint8_t *text; /* points into the message */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;
};
struct ibuf *msg_keys_put(const struct msg_keys *m);
int msg_keys_get(const struct imsg *im, struct msg_keys *m);

/* JOB_BLOB, CTL_BLOB: id 16, index u8, offset u32, bytes 1..MSG_PIECE to the end. */
struct msg_blob {
	uint8_t id[16];
	uint8_t index;
	uint32_t offset;
	const uint8_t *data;
	size_t len;
};
struct ibuf *msg_blob_put(const struct msg_blob *m);
int msg_blob_get(const struct imsg *im, struct msg_blob *m);

/* Messages that are one id of 16 bytes: JOB_STREAM, RESULT_ACK, JOB_CANCEL, CTL_SHOW, CTL_WAIT,
 * CTL_ACK, CTL_CANCEL, CTL_STREAM. */
struct ibuf *msg_id_put(const uint8_t id[16]);
int msg_id_get(const struct imsg *im, uint8_t id[16]);

/* CTL_NEEDBLOB, JOB_NEEDBLOB: id 16, index u8 (below TICKET_BLOBS). */
struct ibuf *msg_needblob_put(const uint8_t id[16], uint8_t index);
int msg_needblob_get(const struct imsg *im, uint8_t id[16], uint8_t *index);

/* JOB_STATE: id 16, state u8, reason str (0..200 printable), fence u64 (0: none known). A netd that
 * was started after the job learns the lease from it. */
struct msg_state {
	uint8_t id[16];
	uint8_t state; /* enum job_state */
	char reason[REASON_MAX + 1];
	uint64_t fence;
};
enum job_state { JS_ACCEPTED = 1, JS_REFUSED, JS_STARTED, JS_FINISHED, JS_MAX };
struct ibuf *msg_state_put(const struct msg_state *m);
int msg_state_get(const struct imsg *im, struct msg_state *m);

/* JOB_EXIT, CTL_EXIT: id 16, sig 72, record blk. */
struct msg_exit {
	uint8_t id[16];
	struct sig sig;
	const uint8_t *record;
	size_t len;
};
struct ibuf *msg_exit_put(const struct msg_exit *m);
int msg_exit_get(const struct imsg *im, struct msg_exit *m);

/* *_READY of netd and dial: table hash u64. EXEC_READY: table hash u64, profile u32. */
struct ibuf *msg_ready_put(void);
int msg_ready_get(const struct imsg *im); /* -1 also when the hash is another build's */
struct ibuf *msg_execready_put(uint32_t profile);
int msg_execready_get(const struct imsg *im, uint32_t *profile);

/* EXEC_BLOB: index u8 (below TICKET_BLOBS); its descriptor is the blob. */
struct ibuf *msg_execblob_put(uint8_t index);
int msg_execblob_get(const struct imsg *im, uint8_t *index);

/* EXEC_SEAL: the host's secret seal key. The caller wipes both copies. */
struct ibuf *msg_seal_put(const uint8_t key[32]);
int msg_seal_get(const struct imsg *im, uint8_t key[32]);

/*
 * EXEC_HOST: what this host's configuration says about the step, field by field in this order.
 * run_uid and run_gid are never 0 or -1, host_id is 32 hex digits, host_name a host name.
 */
struct msg_host {
	uint32_t run_uid, run_gid;   /* _reeverun */
	uint32_t tool_uid, tool_gid; /* of the profile or the script */
	char haproxy_socket[108];    /* "" none */
	char version[32];	     /* agent version, for facts */
	/* script.run only */
	char script[1024];	/* absolute path */
	char script_home[1024]; /* user's home, "" = "/" */
	char script_user[64];
	uint64_t script_caps;
	uint8_t script_net;	 /* 1: keeps the network */
	uint8_t script_root;	 /* 1: marked root-equivalent */
	char script_write[1024]; /* writable directories, ':' between, "" none */
	char host_id[33], host_name[254];
	uint8_t below_minimum;
	uint32_t lock_wait; /* seconds to wait for the package manager's lock */
};
struct ibuf *msg_host_put(const struct msg_host *m);
int msg_host_get(const struct imsg *im, struct msg_host *m);

/* EXEC_START: id 16, kind u32, step u8, rollback u8, profile u32, seconds u32, grace u32,
 * output u64 (what is left of the cap), stall u32, ticket blk (0 bytes: internal step). */
struct msg_start {
	uint8_t id[16];
	uint32_t kind; /* enum kind_id; KIND_NONE: internal */
	uint8_t step;  /* index into the kind's steps */
	uint8_t rollback;
	uint32_t profile; /* enum profile_id */
	uint32_t seconds, grace;
	uint64_t output;
	uint32_t stall;
	const uint8_t *ticket;
	size_t len;
};
struct ibuf *msg_start_put(const struct msg_start *m);
int msg_start_get(const struct imsg *im, struct msg_start *m);

/* EXEC_EXIT: exitrec, exactly EXITREC_SIZE. */
struct ibuf *msg_execexit_put(const struct exitrec *r);
int msg_execexit_get(const struct imsg *im, struct exitrec *r);

/*
 * CTL_OK, CTL_ERR (at most MSG_TEXT_MAX), EXEC_FAIL (at most 400, as any struct errmsg is): the
 * whole payload is printable text. put writes '?' for any other byte and cuts at MSG_TEXT_MAX, so
 * that an answer always gets out; get refuses what SIZE-1 bytes do not hold.
 */
#define MSG_TEXT_MAX 1024
struct ibuf *msg_text_put(const char *s);
int msg_text_get(const struct imsg *im, char *dst, size_t size);

/*
 * CTL_ITEM: key NUL value NUL pairs, keys idents (valid_ident()), values printable ASCII and LF
 * (add writes '?' for any other byte); for tables on a terminal and --json. An item that grows over
 * the row's size fails when it is composed.
 */
struct ibuf *msg_item_open(void);
void msg_item_add(struct ibuf *b, const char *key, const char *value);
void msg_item_addu(struct ibuf *b, const char *key, uint64_t value);
/* Walks: *POS starts at 0. 1 a pair, 0 end, -1 malformed. */
int msg_item_next(const struct imsg *im, size_t *pos, const char **key, const char **value);

/* NETD_CONF: key str (an ident), value bytes to the end; netd judges the key. */
struct msg_setting {
	char key[65];
	const uint8_t *value;
	size_t len;
};
struct ibuf *msg_setting_put(const struct msg_setting *m);
int msg_setting_get(const struct imsg *im, struct msg_setting *m);

/* DIAL_CONF: port u16 (not 0), host str: a host name or an address. */
struct ibuf *msg_dialconf_put(uint16_t port, const char *host);
int msg_dialconf_get(const struct imsg *im, uint16_t *port, char host[254]);

/* DIAL_ASK, DIAL_DONE, VITALS_ASK, VITALS: the request's number u32. */
struct ibuf *msg_num_put(uint32_t number);
int msg_num_get(const struct imsg *im, uint32_t *number);

/* DIAL_FAIL: the request's number u32, why: 1 to 256 bytes of printable text to the end. */
struct ibuf *msg_dialfail_put(uint32_t number, const char *why);
int msg_dialfail_get(const struct imsg *im, uint32_t *number, char why[257]);

/* NETD_ALIVE: turns of its loop u64. NETD_CERT: seconds since the epoch u64, 0 none. */
struct ibuf *msg_alive_put(uint64_t turns);
int msg_alive_get(const struct imsg *im, uint64_t *turns);

/* HEADS: ledger seq u64, audit seq u64, audit chain 16, count u16 (0..256), ids 16 each. */
#define MSG_HEADS_MAX 256
struct msg_heads {
	uint64_t ledger, audit;
	uint8_t chain[16];
	const uint8_t *ids; /* of running jobs, 16 bytes each; points into the message */
	size_t nids;
};
struct ibuf *msg_heads_put(const struct msg_heads *m);
int msg_heads_get(const struct imsg *im, struct msg_heads *m);

/* CONFIRM_ASK: id 16, nonce 32. CONFIRM_SIG: id 16, sig 72. */
struct ibuf *msg_confirmask_put(const uint8_t id[16], const uint8_t nonce[32]);
int msg_confirmask_get(const struct imsg *im, uint8_t id[16], uint8_t nonce[32]);
struct ibuf *msg_confirmsig_put(const uint8_t id[16], const struct sig *sig);
int msg_confirmsig_get(const struct imsg *im, uint8_t id[16], struct sig *sig);

/* ---- the control plane's keys (msg_codec_sign.c) ---- */

#define SIGN_PEM_MAX 8192

/* SIGN_HELLO: table hash u64, online key str (56 base64 characters), CA certificate blk (PEM). */
struct msg_hello {
	char online[57];
	const uint8_t *ca; /* points into the message */
	size_t calen;
};
struct ibuf *msg_hello_put(const struct msg_hello *m);
int msg_hello_get(
    const struct imsg *im, struct msg_hello *m); /* -1 also for another build's hash */

/* SIGN_CSR: the request's number u32, enrolment 16, host 16, name str, CSR blk (PKCS #10, PEM). */
struct msg_csr {
	uint32_t number;
	uint8_t enrolment[16], host_id[16];
	char host_name[254];
	const uint8_t *csr;
	size_t len;
};
struct ibuf *msg_csr_put(const struct msg_csr *m);
int msg_csr_get(const struct imsg *im, struct msg_csr *m);

/* SIGN_TICKET, SIGN_CERT: number u32, bytes to the end (a ticket; a certificate in PEM). */
struct ibuf *msg_numblk_put(uint32_t number, const void *p, size_t len);
int msg_numblk_get(const struct imsg *im, uint32_t *number, const uint8_t **p, size_t *len);

/* SIGN_CONFIRM: number u32, host 16, job 16, nonce 32, host name str. */
struct msg_signconfirm {
	uint32_t number;
	uint8_t host_id[16], id[16], nonce[32];
	char host_name[254];
};
struct ibuf *msg_signconfirm_put(const struct msg_signconfirm *m);
int msg_signconfirm_get(const struct imsg *im, struct msg_signconfirm *m);

/* SIGN_SIG: number u32, sig 72. SIGN_NO: as DIAL_FAIL. */
struct ibuf *msg_signsig_put(uint32_t number, const struct sig *sig);
int msg_signsig_get(const struct imsg *im, uint32_t *number, struct sig *sig);

#endif
