/* One pair of reeve-netd and reeve-dial, for netside*.c. */
#ifndef PRIVD_NETSIDE_PAIR_H
#define PRIVD_NETSIDE_PAIR_H

#include <sys/queue.h>

#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "privd/intake.h"
#include "privd/loop.h"
#include "privd/netside.h"

#define PAIR_INTAKES 16	 /* tickets that wait for their blobs: as many as one claim brings */
#define PAIR_TOLD    512 /* jobs that netd is told of and has not acknowledged; the rest waits */
#define PAIR_STREAMS 32	 /* jobs whose spool and inotify descriptors netd holds */
#define PAIR_OLD     16	 /* of them, jobs that had ended before they were offered */

struct pair;

/* One of the two processes. */
struct side {
	struct pair *pair;
	enum room room;
	struct imsgbuf *chan;
	struct loop_fd *chan_w, *pid_w;
	pid_t pid; /* 0: none, or reaped */
	int pidfd;
	int ready;
	int half; /* a message has begun and is waited for */
	struct loop_timer half_t;
	uint32_t now; /* the message being handled, for the log */
};

/* A job that this netd is told of. */
struct offer {
	TAILQ_ENTRY(offer) link;
	uint8_t id[16];
	uint64_t fence;
	uint8_t told; /* enum job_state: the newest that was said; 0 nothing */
	uint8_t streamed, exited;
};

struct waiting {
	struct pair *pair;
	struct intake *intake; /* NULL: free */
	uint64_t fence;
	struct loop_timer t;
};

/* So many at once, and so many a second: an empty bucket is waited for, not a reason to kill. */
struct bucket {
	uint32_t left; /* thousandths */
	uint64_t at;   /* loop_now() of the last look */
};

/* So many, and one more each period. */
struct ration {
	uint32_t left;
	uint64_t at; /* loop_now() */
};

enum pair_state { PAIR_STARTING, PAIR_RUNNING, PAIR_ENDING, PAIR_WAITING };

struct pair {
	TAILQ_ENTRY(pair) link;
	struct privd *p;
	char name[65];
	uint8_t hash[32]; /* of the settings that it was started with */
	enum pair_state state;
	int removed; /* its server block is gone */
	int at_once; /* to be started again without waiting */
	struct side netd, dial;
	uint64_t started;      /* loop_now() */
	unsigned int restarts; /* in all */
	unsigned int backoff;  /* seconds before the next start */
	char why[ERRMSG_MAX];  /* it ends */
	struct loop_timer ready_t, alive_t, again_t, pause_t;
	int paused; /* not read for a moment: it asks too much */
	struct bucket messages, refusals;
	struct ration jobs, lines; /* that it may have written to this host's disk */
	uint64_t unsaid;	   /* refusals without a line of their own since the last one */
	uint64_t cert;
	TAILQ_HEAD(, offer) offers;
	unsigned int noffers, ntold, nstreams; /* of them */
	struct waiting wait[PAIR_INTAKES];
	int asks_vitals;
	uint32_t vitals; /* the number to answer with */
};

/*
 * Every row from netd or dial to privd has a handler of this name, declared from the table: one
 * that is not written fails to link. Each returns 0, or -1 when the payload is malformed: that ends
 * the pair.
 */
#define NS_NETD_PRIVD(name) NS_ROW(name)
#define NS_DIAL_PRIVD(name) NS_ROW(name)
#define NS_PRIVD_NETD(name) /* not to us */
#define NS_PRIVD_DIAL(name)
#define NS_NETD_DIAL(name)
#define NS_DIAL_NETD(name)
#define NS_PRIVD_EXECD(name)
#define NS_EXECD_PRIVD(name)
#define NS_CTL_PRIVD(name)
#define NS_PRIVD_CTL(name)
#define NS_SIGN_CTLD(name)
#define NS_CTLD_SIGN(name)
#define NS_X(num, name, from, to, phases, times, min, max, fds, doc) NS_##from##_##to(name)

#define NS_ROW(name) int privd_on_##name(struct side *, struct imsg *);
MSG_TABLE(NS_X)
#undef NS_ROW

/* ---- netside_chan.c ---- */

const char *side_name(const struct side *s); /* "netd", "dial" */
/* A callback of the loop, with a struct side. */
void side_on_channel(int fd, short revents, void *arg);
/* Writes what is queued, and watches for what is wanted next. */
void side_flush(struct side *s);
void pair_fill(struct pair *pr); /* its buckets */
/* Queues a message for netd; a pair that does not read is ended. FDS are taken. */
void pair_send(struct pair *pr, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds);
/* A request that was refused: audited under EVENT (NULL: it was already), and paid for. */
void pair_refused(struct pair *pr, const char *event, const uint8_t id[16], const char *reason);

/* ---- netside.c ---- */

/* Ends both processes. BREACH: they broke the protocol, which is audited. */
void pair_end(struct pair *pr, int breach, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The pair is confined and ready, both of it. */
int pair_running(const struct pair *pr);
/* Pair N from 0; NULL after the last. */
struct pair *pair_nth(unsigned int n);

/* ---- netside_set.c ---- */

/* The settings of one server block, as NETD_CONF messages in their order. Holds secrets. */
struct netset {
	uint8_t *buf; /* key NUL, length u32 of this host, bytes; again and again */
	size_t len, size;
	char dial_host[254];
	uint16_t dial_port;
};
/* 0, or -1 with E and S empty. */
int netset_make(
    struct netset *s, const struct words *w, const struct conf_server *sv, struct errmsg *e);
/* Walks: *POS starts at 0. 1 a setting, 0 end. */
int netset_next(const struct netset *s, size_t *pos, struct msg_setting *m);
void netset_hash(const struct netset *s, uint8_t hash[32]);
void netset_free(struct netset *s); /* wipes it */

/* ---- netside_spawn.c ---- */

int pair_programs(const struct conf *c, int *netd, int *dial, struct errmsg *e);
/* Starts both, with a channel each and one between them. 0; -1 with E: what was started is there
 * and to be ended. */
int pair_spawn(struct pair *pr, int netd, int dial, struct errmsg *e);
/* Queues all that both are told before they are ready. 0 or -1 with E. */
int pair_brief(struct pair *pr, const struct netset *s, struct errmsg *e);

/* ---- netside_jobs.c ---- */

/* After READY: every job of this server that is not acknowledged is offered again. */
void pair_offer_all(struct pair *pr);
/* Says what was not said yet of the offered jobs. */
void pair_tell(struct pair *pr);
/* Forgets what it was told, and tickets that wait for blobs: WHY (may be NULL) is told to netd. */
void pair_forget(struct pair *pr);
void pair_drop_intakes(struct pair *pr, const char *why);

/* ---- netside_ration.c ---- */

/* Full rations, for a new server. */
void pair_rations(struct pair *pr);
/* 1: a refusal may be written to the audit trail, with how many before it were not; else 0. */
int pair_line(struct pair *pr, uint64_t *unsaid);

/* ---- netside_vitals.c ---- */

/* The pair is gone: nobody waits for the figures any more. */
void pair_left_vitals(struct pair *pr);

#endif
