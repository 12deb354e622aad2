/*
 * reeve-netd inside: one event loop, one channel to privd, one to dial, three clients of one
 * server. The server is hostile until proven otherwise, and cannot be proven; privd is trusted, and
 * trusts nothing of this.
 */
#ifndef NETD_NETD_H
#define NETD_NETD_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "imsg/chan.h"
#include "imsg/msg_codec.h"
#include "net/httpc.h"
#include "netd/answer.h"
#include "netd/backoff.h"
#include "netd/conf.h"
#include "proto/api.h"

struct event;
struct event_base;

#define NETD_SETUP_S   10     /* privd has all of it ready */
#define NETD_ALIVE_S   10     /* NETD_ALIVE */
#define NETD_DIAL_S    60     /* dial's own limit is below */
#define NETD_SEND_MS   60000  /* a request's way out */
#define NETD_HEAD_MS   30000  /* then its answer's head ... */
#define NETD_BODY_MS   60000  /* ... and all of it */
#define NETD_SETUP_MS  20000  /* proxy and handshake */
#define NETD_JOBS_MAX  1024   /* that privd can tell of; its own cap is below */
#define NETD_CHAN_ROOM 262144 /* bytes of a blob that may wait in the channel */
#define NETD_STOP_S    3      /* for what is under way at NETD_STOP */
#define NETD_CONFIRMS  16
#define NETD_CONFIRM_S 3600

enum client_role { CL_CLAIM, CL_WORK, CL_CONFIRM, CL_MAX };
enum client_state { CS_DOWN, CS_DIALING, CS_UP };
enum call_kind {
	CALL_NONE,
	CALL_BEAT,
	CALL_CLAIM,
	CALL_STATE,
	CALL_OUTPUT,
	CALL_RESULT,
	CALL_BLOB,
	CALL_CONFIRM
};

struct netd;

/* What came back, or did not. */
struct reply {
	enum net_fault fault; /* NETF_NONE: an answer came whole */
	const char *why;      /* words of a fault */
	struct http_head head;
	const char *body; /* NUL-ended */
	size_t len;
};

struct job {
	TAILQ_ENTRY(job) link;
	struct netd *n;
	uint8_t id[16];
	char hex[33];
	uint64_t fence;
	/* the newest state that privd told and the control plane does not know yet; 0 none */
	uint8_t state, told;
	char reason[REASON_MAX + 1];
	/* blobs, from the ticket's own lines */
	struct {
		char sha256[65];
		uint32_t size;
		int wanted;
	} blob[TICKET_BLOBS];
	size_t nblobs;
	/* output */
	int spool, inotify; /* -1 none */
	struct event *watch;
	int fresh;	    /* there may be more to read */
	int gaveup;	    /* 413: the rest is not sent */
	uint64_t offset;    /* that the control plane has */
	unsigned int wrong; /* 416 in a row */
	/* the end */
	char *record;
	size_t recordlen;
	struct sig sig;
	/* a call of this job failed: not again before */
	struct backoff backoff;
	uint64_t notbefore; /* net_now() */
};

/* One connection, or the wish for one. */
struct client {
	struct netd *n;
	enum client_role role;
	enum client_state state;
	struct httpc *h;
	struct event *io, *timer; /* of the connection */
	int running;		  /* httpc_run() is on the stack */
	short armed;		  /* what io waits for */
	unsigned int served;	  /* calls answered on this connection */
	struct event *again;	  /* back-off, or: look for work */
	uint32_t asked;		  /* dial's number */
	struct backoff backoff;
	uint64_t notbefore; /* net_now(): no connection and no call before */
	int nolink;	    /* it waits since there was no way there */
	uint64_t look;	    /* when again fires */
	/* the call under way */
	enum call_kind call;
	struct job *job;
	uint64_t began;
	size_t index;		/* CALL_BLOB; CALL_OUTPUT: bytes sent */
	uint8_t cstate;		/* CALL_STATE: which */
	uint8_t confirming[16]; /* CALL_CONFIRM */
	struct http_head head;
	char *body;
	size_t len, size, max;
	/* what was said of its troubles, so that a day without a server is not a day of lines */
	char said[256];
	uint64_t said_at;
};

struct confirm {
	uint8_t id[16], nonce[32];
	uint64_t until;
};

struct netd {
	struct event_base *base;
	struct chan *privd, *dial;
	struct netd_conf *conf;
	struct netconf *tls;
	char boot_id[37];
	char host[280];	   /* Host field */
	char headers[384]; /* Reeve and Host-Name */
	char agent[64];
	struct event *setup_timer, *alive_timer, *beat_timer, *stop_timer;
	uint64_t turns, started;
	int stopping;
	uint32_t dialnum;
	struct client client[CL_MAX];
	TAILQ_HEAD(, job) jobs;
	size_t njobs;
	/* heartbeat */
	uint64_t interval; /* seconds */
	uint64_t beats;	   /* sent and answered or not */
	uint32_t asknum;
	enum { BEAT_IDLE, BEAT_ASKED, BEAT_READY } beat;
	int have_heads, have_vitals;
	struct msg_heads heads;
	uint8_t head_ids[MSG_HEADS_MAX][16];
	char *vitals;
	size_t vitalslen;
	int contact; /* a heartbeat was answered 200 since the start or since trouble */
	int lost;    /* a heartbeat found no way to the control plane */
	int cloned;  /* 409: no claims until a heartbeat is answered */
	/* claim */
	uint32_t claim_free;	/* as the poll under way says */
	unsigned int fruitless; /* polls in a row that came back at once with nothing new */
	/* the blob that is on its way to privd, one at a time */
	char *blob;
	size_t bloblen, blobdone;
	uint8_t blob_id[16], blob_index;
	/* confirmations */
	struct confirm confirm[NETD_CONFIRMS];
	size_t nconfirms;
};

/* ---- link.c: privd's words ---- */
int netd_link_msg(struct imsg *m, void *arg);
void netd_link_gone(const char *why, void *arg);
void netd_link_drained(void *arg);
/* Tells privd; a channel that does not take it ends this process. */
void netd_tell(struct netd *n, uint32_t type, struct ibuf *ib);

/* ---- start.c: from the last setting to confined ---- */
void netd_start(struct netd *n, int dialfd);
/* Ends: wipes, and exits with STATUS. */
void netd_exit(struct netd *n, int status) __attribute__((noreturn));
void netd_stop(struct netd *n);

/* ---- dialer.c ---- */
void netd_dial_ask(struct client *c);
int netd_dial_msg(struct imsg *m, void *arg);
void netd_dial_gone(const char *why, void *arg);

/* ---- client.c ---- */
int netd_clients_init(struct netd *n);
/* Looks for something to do on C: connects or sends the next call, unless it waits or is busy. */
void netd_wake(struct client *c);
/* Dial's answers. FD is taken. */
void netd_client_connected(struct client *c, int fd);
void netd_client_failed(struct client *c, const char *why);
/*
 * Sends a call; from netd_next() alone. BODY is copied. MAX: bytes of the answer's body; WAIT_MS is
 * added to the time for its head. 0 or -1.
 */
struct netd_call {
	enum call_kind kind;
	struct job *job;
	const char *method, *path; /* after /agent/v1/ */
	const void *body;
	size_t len;
	const char *type; /* NULL: JSON */
	size_t max;
	unsigned int wait_ms;
};
int netd_client_call(struct client *c, const struct netd_call *call);
/* Closes the connection, drops the call. */
void netd_client_drop(struct client *c);
/* Calls and connections of C wait for MS. */
void netd_client_hold(struct client *c, uint64_t ms);
/* Looks again in MS, or sooner. */
void netd_client_later(struct client *c, uint64_t ms);

/* ---- work.c: what a client does next, and what its answer means ---- */
/* 1 a call was sent, 0 there is nothing to do now. */
int netd_next(struct client *c);
/* 1: a call waits to be sent (so a connection is wanted). */
int netd_wanted(const struct client *c);
void netd_reply(struct client *c, const struct reply *r);
/* What the answer to a call asks of its client: hold, log. Returns the disposition. */
enum disposition netd_judge(struct client *c, const struct reply *r, int job);

/* ---- beat.c ---- */
void netd_beat_init(struct netd *n);
void netd_beat_vitals(struct netd *n, uint32_t number, int fd);
void netd_beat_heads(struct netd *n, const struct msg_heads *h);
int netd_beat_send(struct client *c);
void netd_beat_reply(struct client *c, const struct reply *r);

/* ---- claim.c ---- */
int netd_claim_wanted(const struct netd *n);
int netd_claim_send(struct client *c);
void netd_claim_reply(struct client *c, const struct reply *r);
/* There is room for jobs again. */
void netd_claim_room(struct netd *n);

/* ---- jobs.c ---- */
struct job *netd_job_find(struct netd *n, const uint8_t id[16]);
/* Finds or makes it; NULL without memory, or when there are too many. */
struct job *netd_job_get(struct netd *n, const uint8_t id[16]);
void netd_job_free(struct netd *n, struct job *j);
size_t netd_jobs_open(const struct netd *n); /* those that are not finished */
void netd_job_state(struct netd *n, const struct msg_state *m);
void netd_job_exit(struct netd *n, const struct msg_exit *m);
int netd_jobs_wanted(const struct netd *n);
/* When the first of the calls that wait may go (net_now()), UINT64_MAX: there are none. */
uint64_t netd_jobs_when(const struct netd *n);
int netd_jobs_send(struct client *c); /* the next call of any job, in turn */
void netd_jobs_reply(struct client *c, enum call_kind call, const struct reply *r);
/* Not again before a while. */
void netd_job_hold(struct netd *n, struct job *j, enum backoff_class class, uint64_t told);

/* ---- output.c ---- */
void netd_output_open(struct netd *n, struct job *j, int spool, int inotify);
void netd_output_close(struct job *j);
int netd_output_wanted(const struct job *j);
int netd_output_send(struct client *c, struct job *j);
void netd_output_reply(struct client *c, struct job *j, const struct reply *r, enum disposition d);

/* ---- blobs.c ---- */
/* Reads the ticket's blob lines. */
void netd_blobs_note(struct job *j, const char *ticket);
void netd_blobs_need(struct netd *n, const uint8_t id[16], uint8_t index);
int netd_blobs_wanted(const struct netd *n, const struct job *j);
int netd_blobs_send(struct client *c, struct job *j);
void netd_blobs_reply(struct client *c, struct job *j, const struct reply *r, enum disposition d);
void netd_blobs_push(struct netd *n);

/* ---- confirm.c ---- */
void netd_confirm_ask(struct netd *n, const uint8_t id[16], const uint8_t nonce[32]);
int netd_confirm_wanted(const struct netd *n);
int netd_confirm_send(struct client *c);
void netd_confirm_reply(struct client *c, const struct reply *r);

#endif
