/*
 * Payloads, put and get next to each other (msg_codec.c). Every put returns a new ibuf or NULL;
 * every get returns 0, or -1 when the bytes are not exactly such a payload (then the peer ends).
 */
#ifndef IMSG_MSG_CODEC_H
#define IMSG_MSG_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

/* JOB_SUBMIT, CTL_SUBMIT, CTL_POLICY: fence u64, ticket blk (1..8192), count u8 (0..8), sigs 72 each.
 * A job without a signature is refused with an answer, so count 0 is no breach. */
struct msg_submit {
	uint64_t fence; /* 0 from CTL */
	const uint8_t *ticket; /* points into the message */
	size_t len;
	struct sig sig[TICKET_SIGS];
	size_t nsigs;
};
struct ibuf *msg_submit_put(const struct msg_submit *m);
int msg_submit_get(const struct imsg *im, struct msg_submit *m);

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

/* Messages that are one id of 16 bytes: JOB_STREAM, RESULT_ACK, JOB_CANCEL, CTL_SHOW, CTL_WAIT, ... */
struct ibuf *msg_id_put(const uint8_t id[16]);
int msg_id_get(const struct imsg *im, uint8_t id[16]);

/* CTL_NEEDBLOB: id 16, index u8. */
struct ibuf *msg_needblob_put(const uint8_t id[16], uint8_t index);
int msg_needblob_get(const struct imsg *im, uint8_t id[16], uint8_t *index);

/* JOB_STATE: id 16, state u8, reason str (0..200 printable). */
struct msg_state {
	uint8_t id[16];
	uint8_t state; /* enum job_state */
	char reason[REASON_MAX + 1];
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

/* EXEC_HOST: what this host's configuration says about the step. */
struct msg_host {
	uint32_t run_uid, run_gid;   /* _reeverun */
	uint32_t tool_uid, tool_gid; /* of the profile or the script */
	char haproxy_socket[108];    /* "" none */
	char version[32];	     /* agent version, for facts */
	/* script.run only */
	char script[1024];	     /* absolute path */
	char script_home[1024];	     /* user's home, "" = "/" */
	char script_user[64];
	uint64_t script_caps;
	uint8_t script_net;	     /* 1: keeps the network */
	uint8_t script_root;	     /* 1: marked root-equivalent */
	char script_write[1024];     /* writable directories, ':' between, "" none */
	char host_id[33], host_name[254];
	uint8_t below_minimum;
	uint32_t lock_wait;	     /* seconds to wait for the package manager's lock */
};
struct ibuf *msg_host_put(const struct msg_host *m);
int msg_host_get(const struct imsg *im, struct msg_host *m);

/* EXEC_START: id 16, kind u32, step u8, rollback u8, profile u32, seconds u32, grace u32,
 * output u64 (what is left of the cap), stall u32, ticket blk (0 bytes: internal step). */
struct msg_start {
	uint8_t id[16];
	uint32_t kind;	  /* enum kind_id; KIND_NONE: internal */
	uint8_t step;	  /* index into the kind's steps */
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

/* CTL_OK, CTL_ERR, EXEC_FAIL: the whole payload is printable text. */
struct ibuf *msg_text_put(const char *s);
int msg_text_get(const struct imsg *im, char *dst, size_t size);

/* CTL_ITEM: key NUL value NUL pairs, keys ident-like; for tables on a terminal and --json. */
struct ibuf *msg_item_open(void);
void msg_item_add(struct ibuf *b, const char *key, const char *value);
void msg_item_addu(struct ibuf *b, const char *key, uint64_t value);
/* Walks: *POS starts at 0. 1 a pair, 0 end, -1 malformed. */
int msg_item_next(const struct imsg *im, size_t *pos, const char **key, const char **value);

#endif
