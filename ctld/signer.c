/* The channel to reeve-sign: connect, greet, ask, be answered. */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctld/signer.h"
#include "imsg/chan.h"
#include "imsg/msg_codec.h"
#include "lib/log.h"

#define BACKOFF_MIN 1 /* seconds */
#define BACKOFF_MAX 30
#define ANSWER_SECS 10
#define PENDING_MAX 1024

struct ask {
	TAILQ_ENTRY(ask) link;
	uint32_t number, want; /* the answer's type, beside SIGN_NO */
	uint64_t until;	       /* tick of the timer */
	struct signer_cb cb;
};

struct signer {
	struct event_base *base;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct chan *chan;
	int greeted, told; /* told: its absence was logged */
	struct event *retry, *tick;
	unsigned int backoff;
	uint64_t now; /* ticks of one second */
	uint32_t last;
	unsigned int npending;
	TAILQ_HEAD(asks, ask) asks;
	char ca[SIGN_PEM_MAX + 1], online[57];
};

static void
finish(struct signer *s, struct ask *a, const struct signer_answer *r)
{
	struct signer_cb cb = a->cb;

	TAILQ_REMOVE(&s->asks, a, link);
	s->npending--;
	free(a);
	if (cb.done != NULL)
		cb.done(r, cb.arg);
}

/* The channel is down: nothing can be asked from within a callback, so this ends. */
static void
finish_all(struct signer *s, const char *why)
{
	struct signer_answer r = {.end = SIGNER_AWAY, .why = why};
	struct ask *a;

	while ((a = TAILQ_FIRST(&s->asks)) != NULL)
		finish(s, a, &r);
}

static void
try_later(struct signer *s)
{
	struct timeval tv = {.tv_sec = s->backoff};

	s->backoff = s->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : s->backoff * 2;
	event_add(s->retry, &tv);
}

static void
drop(struct signer *s, const char *why)
{
	/* WHY is the channel's own */
	if (!s->told)
		log_warnx("signer: %s; trying again", why);
	s->told = 1;
	chan_free(s->chan);
	s->chan = NULL;
	s->greeted = 0;
	try_later(s);
	finish_all(s, "the signer is away");
}

static int
on_hello(struct signer *s, const struct imsg *m)
{
	struct msg_hello h;

	if (msg_hello_get(m, &h) == -1 || memchr(h.ca, '\0', h.calen) != NULL)
		return -1;
	if (s->ca[0] != '\0' && (strlen(s->ca) != h.calen || memcmp(s->ca, h.ca, h.calen) != 0 ||
				    strcmp(s->online, h.online) != 0)) {
		log_warnx("signer: it has another CA or online key than before: start ctld again");
		return -1;
	}
	memcpy(s->ca, h.ca, h.calen);
	s->ca[h.calen] = '\0';
	memcpy(s->online, h.online, sizeof(s->online));
	chan_gate(s->chan)->phase = PH_RUN;
	s->greeted = 1;
	s->backoff = BACKOFF_MIN;
	s->told = 0;
	log_info("signer: connected");
	return 0;
}

/* The request that the answer belongs to; NULL when nobody waits for it any more. */
static struct ask *
ask_find(struct signer *s, uint32_t number)
{
	struct ask *a;

	TAILQ_FOREACH (a, &s->asks, link)
		if (a->number == number)
			return a;
	return NULL;
}

static int
on_cert(const struct imsg *m, uint32_t *number, struct signer_answer *r, char *pem)
{
	const uint8_t *p;
	size_t len;

	if (msg_numblk_get(m, number, &p, &len) == -1 || memchr(p, '\0', len) != NULL)
		return -1;
	memcpy(pem, p, len);
	pem[len] = '\0';
	r->pem = pem;
	return 0;
}

static int
on_message(struct imsg *m, void *arg)
{
	struct signer *s = arg;
	struct signer_answer r = {.end = SIGNER_OK, .why = ""};
	char why[257], pem[SIGN_PEM_MAX + 1];
	uint32_t number = 0;
	struct ask *a;
	int rv = -1;

	switch (m->type) {
	case MSG_SIGN_HELLO:
		return on_hello(s, m);
	case MSG_SIGN_CERT:
		rv = on_cert(m, &number, &r, pem);
		break;
	case MSG_SIGN_SIG:
		rv = msg_signsig_get(m, &number, &r.sig);
		break;
	case MSG_SIGN_NO:
		r.end = SIGNER_NO;
		r.why = why;
		rv = msg_dialfail_get(m, &number, why);
		break;
	default:
		break;
	}
	if (rv == -1)
		return -1;
	if ((a = ask_find(s, number)) == NULL)
		return 0;
	if (r.end == SIGNER_OK && a->want != m->type)
		return -1;
	finish(s, a, &r);
	return 0;
}

static void
on_gone(const char *why, void *arg)
{
	drop(arg, why != NULL ? why : "it closed the channel");
}

static int
open_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
on_retry(int nofd, short what, void *arg)
{
	static const struct chan_ops ops = {.msg = on_message, .gone = on_gone};
	struct signer *s = arg;
	int fd;

	(void)nofd;
	(void)what;
	if ((fd = open_socket(s->path)) != -1) {
		s->chan = chan_new(s->base, fd, ROOM_CTLD, ROOM_SIGN, 0, &ops, s);
		if (s->chan != NULL)
			return;
		close(fd);
	}
	if (!s->told)
		log_warn("signer: %s; trying again", s->path);
	s->told = 1;
	try_later(s);
}

/* Once a second: answers that did not come in time. The order of asking is that of their ends. */
static void
on_tick(int nofd, short what, void *arg)
{
	struct signer_answer r = {.end = SIGNER_AWAY, .why = "the signer did not answer in time"};
	struct signer *s = arg;
	struct ask *a;

	(void)nofd;
	(void)what;
	s->now++;
	while ((a = TAILQ_FIRST(&s->asks)) != NULL && a->until < s->now)
		finish(s, a, &r);
}

struct signer *
signer_new(struct event_base *base, const char *path, struct errmsg *e)
{
	struct timeval second = {.tv_sec = 1}, now = {0};
	struct signer *s;

	if ((s = calloc(1, sizeof(*s))) == NULL || strlen(path) >= sizeof(s->path)) {
		free(s);
		err_set(e, "signer: the socket's path is too long, or there is no memory");
		return NULL;
	}
	TAILQ_INIT(&s->asks);
	s->base = base;
	s->backoff = BACKOFF_MIN;
	memcpy(s->path, path, strlen(path) + 1);
	s->retry = event_new(base, -1, 0, on_retry, s);
	s->tick = event_new(base, -1, EV_PERSIST, on_tick, s);
	if (s->retry == NULL || s->tick == NULL || event_add(s->tick, &second) == -1 ||
	    event_add(s->retry, &now) == -1) {
		signer_free(s);
		err_set(e, "signer: no memory");
		return NULL;
	}
	return s;
}

void
signer_free(struct signer *s)
{
	struct ask *a;

	if (s == NULL)
		return;
	while ((a = TAILQ_FIRST(&s->asks)) != NULL) {
		TAILQ_REMOVE(&s->asks, a, link);
		free(a);
	}
	if (s->retry != NULL)
		event_free(s->retry);
	if (s->tick != NULL)
		event_free(s->tick);
	chan_free(s->chan);
	free(s);
}

int
signer_wait(struct signer *s, unsigned int ms, struct errmsg *e)
{
	uint64_t until = s->now + (ms + 999) / 1000;

	/* the tick ends every turn after a second at most */
	while (!s->greeted && s->now < until)
		if (event_base_loop(s->base, EVLOOP_ONCE) == -1)
			break;
	if (s->greeted)
		return 0;
	return err_set(e, "%s: no reeve-sign answers there: start it first", s->path);
}

int
signer_up(const struct signer *s)
{
	return s->greeted;
}

const char *
signer_ca(const struct signer *s)
{
	return s->ca;
}

const char *
signer_online(const struct signer *s)
{
	return s->online;
}

/* Room for one more request; its number is never 0 and not in use. NULL: not now. */
static struct ask *
ask_new(struct signer *s, uint32_t want, struct signer_cb cb)
{
	struct ask *a;

	if (!s->greeted || s->npending >= PENDING_MAX || (a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	do
		s->last++;
	while (s->last == 0 || ask_find(s, s->last) != NULL);
	a->number = s->last;
	a->want = want;
	a->until = s->now + ANSWER_SECS;
	a->cb = cb;
	return a;
}

/* IB is consumed. Its number, or 0. */
static uint32_t
ask_send(struct signer *s, struct ask *a, uint32_t type, struct ibuf *ib)
{
	uint32_t number = a->number;

	if (ib == NULL || chan_send(s->chan, type, ib) == -1) {
		free(a);
		return 0;
	}
	TAILQ_INSERT_TAIL(&s->asks, a, link);
	s->npending++;
	return number;
}

uint32_t
signer_certify(struct signer *s, const uint8_t enrolment[16], const uint8_t host_id[16],
    const char *host_name, const char *csr, struct signer_cb cb)
{
	struct msg_csr m = {.csr = (const uint8_t *)csr, .len = strlen(csr)};
	struct ask *a;

	if (strlen(host_name) >= sizeof(m.host_name) || (a = ask_new(s, MSG_SIGN_CERT, cb)) == NULL)
		return 0;
	m.number = a->number;
	memcpy(m.enrolment, enrolment, sizeof(m.enrolment));
	memcpy(m.host_id, host_id, sizeof(m.host_id));
	memcpy(m.host_name, host_name, strlen(host_name) + 1);
	return ask_send(s, a, MSG_SIGN_CSR, msg_csr_put(&m));
}

uint32_t
signer_ticket(struct signer *s, const char *ticket, size_t len, struct signer_cb cb)
{
	struct ask *a = ask_new(s, MSG_SIGN_SIG, cb);

	if (a == NULL)
		return 0;
	return ask_send(s, a, MSG_SIGN_TICKET, msg_numblk_put(a->number, ticket, len));
}

uint32_t
signer_confirm(struct signer *s, const uint8_t host_id[16], const char *host_name,
    const uint8_t job[16], const uint8_t nonce[32], struct signer_cb cb)
{
	struct msg_signconfirm m;
	struct ask *a;

	if (strlen(host_name) >= sizeof(m.host_name) || (a = ask_new(s, MSG_SIGN_SIG, cb)) == NULL)
		return 0;
	m.number = a->number;
	memcpy(m.host_id, host_id, sizeof(m.host_id));
	memcpy(m.id, job, sizeof(m.id));
	memcpy(m.nonce, nonce, sizeof(m.nonce));
	memcpy(m.host_name, host_name, strlen(host_name) + 1);
	return ask_send(s, a, MSG_SIGN_CONFIRM, msg_signconfirm_put(&m));
}

void
signer_forget(struct signer *s, uint32_t number)
{
	struct ask *a = ask_find(s, number);

	if (a != NULL)
		a->cb.done = NULL;
}
