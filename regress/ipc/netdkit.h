/*
 * The real reeve-netd between a test that plays privd, dial and the control plane. The test is one
 * loop: it waits for a message of netd's or for a request that came over TLS, and answers as it
 * likes. Connections are served by a child each, which speaks TLS and nothing else.
 */
#ifndef REGRESS_NETDKIT_H
#define REGRESS_NETDKIT_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "proto/frame.h"
#include "regress/check.h"
#include "regress/net/hostile.h"

#define KIT_CONNS 32
#define KIT_MORE  16
#define KIT_MS	  10000
#define KIT_REQ	  (1100 * 1024)

struct kit_req {
	int conn;	 /* whose, for kit_answer() */
	char line[600];	 /* "POST /agent/v1/heartbeat" */
	char head[4096]; /* all fields */
	char *body;	 /* NUL-ended, the kit's */
	size_t len;
};

struct kit {
	pid_t netd; /* or of its strace(1) */
	int ready;
	struct imsgbuf *privd, *dial;
	const char *cert;   /* of the server: "server", "wrong-name", ... */
	const char *refuse; /* words of DIAL_FAIL instead of a connection */
	int manual_beat;    /* heartbeats are the test's own to answer */
	int manual_vitals;  /* and so is VITALS_ASK */
	unsigned int dials, handshakes, faults;
	struct {
		int fd; /* -1 free */
		pid_t pid;
		int waiting; /* a request was given to the test, no answer yet */
		struct kit_req r;
	} conn[KIT_CONNS];
	char log[16384]; /* what netd wrote to standard error */
	size_t loglen;
	int logfd;
	int gone; /* netd closed its channel */
};

static inline int64_t
kit_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the TLS child: requests to the test, answers from it ---- */

static inline int
kit_all(int fd, void *buf, size_t len, int writing)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = writing ? send(fd, p, len, MSG_NOSIGNAL) : read(fd, p, len);

		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One request into BUF: its length, 0 at the end. */
static inline size_t
kit_read_request(SSL *ssl, char *buf)
{
	size_t n = 0, want = 0;
	char *end, *cl;
	int r;

	for (;;) {
		if (n + 16384 > KIT_REQ || (r = SSL_read(ssl, buf + n, 16384)) <= 0)
			return 0;
		n += (size_t)r;
		buf[n] = '\0';
		if (want == 0 && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			want = (size_t)(end - buf) + 4;
			if ((cl = strcasestr(buf, "\r\ncontent-length:")) != NULL && cl < end)
				want += strtoul(cl + 17, NULL, 10);
		}
		if (want != 0 && n >= want)
			return n;
	}
}

static inline void
kit_tls(int fd, int ctl, const char *cert)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char pem[PATH_MAX + 64], key[PATH_MAX + 64], *buf = malloc(KIT_REQ + 1);
	uint32_t n;
	SSL *ssl;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(pem, sizeof(pem), "%s/%s.pem", hostile_pki(), cert);
	snprintf(key, sizeof(key), "%s/%s.key", hostile_pki(), cert);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
	if (SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		_exit(2);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	n = SSL_accept(ssl) == 1;
	if (kit_all(ctl, &n, sizeof(n), 1) == -1 || n == 0)
		_exit(0);
	while ((n = (uint32_t)kit_read_request(ssl, buf)) > 0) {
		if (kit_all(ctl, &n, sizeof(n), 1) == -1 || kit_all(ctl, buf, n, 1) == -1 ||
		    kit_all(ctl, &n, sizeof(n), 0) == -1 || n > KIT_REQ ||
		    kit_all(ctl, buf, n, 0) == -1 || SSL_write(ssl, buf, (int)n) <= 0)
			break;
	}
	_exit(0);
}

/* ---- netd ---- */

static inline void
kit_conf(struct kit *k, const char *key, const char *value, size_t len)
{
	struct msg_setting m = {.value = (const uint8_t *)value, .len = len};

	snprintf(m.key, sizeof(m.key), "%s", key);
	if (imsg_compose(k->privd, MSG_NETD_CONF, msg_setting_put(&m), NULL, 0) == -1)
		abort();
}

static inline void
kit_conf_file(struct kit *k, const char *key, const char *name)
{
	char *p = hostile_file(name);

	kit_conf(k, key, p, strlen(p));
	free(p);
}

/* A program of the same build, its folder two above this test's. */
static inline const char *
kit_program(const char *name)
{
	char up[64];

	snprintf(up, sizeof(up), "../../%s", name);
	return hostile_tool(up);
}

/* Not NULL: programs are started under strace(1) with this -e expression, which writes to the log.
 */
static const char *kit_strace, *kit_strace_log;

/* Starts NAME with fd 3 one end of a pair, its words into a pipe. The other end. */
static inline int
kit_exec(const char *name, pid_t *pid, int *logfd)
{
	int sv[2], p[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1 ||
	    pipe2(p, O_CLOEXEC) == -1)
		abort();
	if ((*pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(p[1], 2) == -1)
			_exit(126);
		if (sv[1] == 3)
			fcntl(3, F_SETFD, 0);
		else if (dup2(sv[1], 3) == -1)
			_exit(126);
		if (kit_strace != NULL)
			execlp("strace", "strace", "-o", kit_strace_log, "-e", kit_strace,
			    kit_program(name), (char *)NULL);
		execl(kit_program(name), name, (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	close(p[1]);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	*logfd = p[0];
	return sv[0];
}

/* What MORE (key, value, ..., NULL) does not say otherwise. */
static inline void
kit_settings(struct kit *k, const char *const *more)
{
	static const char *const plain[][2] = {{"server", "main"}, {"version", "0.1"},
	    {"host-name", "web1.example.net"}, {"host-id", "0123456789abcdef0123456789abcdef"},
	    {"fleet", "fedcba9876543210fedcba9876543210"}, {"host", "reeve.test"}, {"port", "7440"},
	    {"prefix", ""}, {"heartbeat", "30"}, {"poll-wait", "20"}, {"tag", "role web"},
	    {"address", "192.0.2.7"}, {"kind", "agent.ping"}, {"kind", "script.run"},
	    {"verbose", "1"}};
	const char *const *m;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		for (m = more; *m != NULL && strcmp(*m, plain[i][0]) != 0; m += 2)
			;
		if (*m == NULL)
			kit_conf(k, plain[i][0], plain[i][1], strlen(plain[i][1]));
	}
	for (m = more; *m != NULL; m += 2)
		kit_conf(k, m[0], m[1], strlen(m[1]));
	kit_conf_file(k, "ca", "ca.pem");
	kit_conf_file(k, "cert", "client.pem");
	kit_conf_file(k, "key", "client.key");
}

static inline void
kit_log(struct kit *k)
{
	ssize_t n;

	while (k->loglen < sizeof(k->log) - 1 &&
	       (n = read(k->logfd, k->log + k->loglen, sizeof(k->log) - 1 - k->loglen)) > 0)
		k->loglen += (size_t)n;
	k->log[k->loglen] = '\0';
}

static inline int
kit_said(struct kit *k, const char *words)
{
	kit_log(k);
	return strstr(k->log, words) != NULL;
}

static inline void kit_dial(struct kit *k);

/* Netd is started, briefed, confined. EXTRA settings: key, value, ..., NULL. */
static inline void
kit_start(struct kit *k, ...)
{
	const char *more[KIT_MORE + 1];
	struct imsg m;
	va_list ap;
	int sv[2], n = 0;

	memset(k, 0, sizeof(*k));
	for (int i = 0; i < KIT_CONNS; i++)
		k->conn[i].fd = -1;
	k->cert = "server";
	k->privd = imsgbuf_new(kit_exec("reeve-netd", &k->netd, &k->logfd), ROOM_PRIVD, ROOM_NETD);
	va_start(ap, k);
	while (n < KIT_MORE && (more[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	more[n] = NULL;
	kit_settings(k, more);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		abort();
	k->dial = imsgbuf_new(sv[0], ROOM_DIAL, ROOM_NETD);
	imsgbuf_gate(k->dial)->phase = PH_RUN;
	if (imsg_compose(k->privd, MSG_NETD_PEER, NULL, &sv[1], 1) == -1)
		abort();
	if (chan_recv(k->privd, &m, KIT_MS) == 1) {
		k->ready = m.type == MSG_NETD_READY && msg_ready_get(&m) == 0;
		imsg_free(&m);
		imsgbuf_gate(k->privd)->phase = PH_RUN;
	}
	kit_log(k);
	if (k->ready || kit_strace != NULL)
		return;
	CHECKF(0, "netd is not ready: %s", k->log);
	exit(check_done());
}

/* Ends it by its channel; its exit status. */
static inline int
kit_end(struct kit *k)
{
	int status = -1;

	imsgbuf_free(k->privd);
	if (waitpid(k->netd, &status, 0) != k->netd)
		abort();
	imsgbuf_free(k->dial);
	for (int i = 0; i < KIT_CONNS; i++) {
		if (k->conn[i].fd == -1)
			continue;
		close(k->conn[i].fd);
		/* one may hold another's socket, if both were made at once */
		kill(k->conn[i].pid, SIGKILL);
		waitpid(k->conn[i].pid, NULL, 0);
		free(k->conn[i].r.body);
	}
	kit_log(k);
	close(k->logfd);
	return status;
}

static inline void
kit_tell(struct kit *k, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds)
{
	if (imsg_compose(k->privd, type, ib, fds, nfds) == -1 || imsgbuf_write(k->privd) == -1)
		k->gone = 1;
}

/* ---- dial ---- */

static inline void
kit_connect(struct kit *k, uint32_t number)
{
	int sv[2], ctl[2], i;

	for (i = 0; k->conn[i].fd != -1; i++)
		if (i + 1 == KIT_CONNS)
			abort();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ctl) == -1)
		abort();
	hostile_pki();
	if ((k->conn[i].pid = fork()) == 0) {
		close(imsgbuf_fd(k->privd));
		close(imsgbuf_fd(k->dial));
		for (i = 0; i < KIT_CONNS; i++)
			if (k->conn[i].fd != -1)
				close(k->conn[i].fd);
		close(ctl[0]);
		close(sv[0]);
		kit_tls(sv[1], ctl[1], k->cert);
	}
	close(sv[1]);
	close(ctl[1]);
	k->conn[i].fd = ctl[0];
	k->conn[i].waiting = -1; /* its handshake */
	if (imsg_compose(k->dial, MSG_DIAL_DONE, msg_num_put(number), &sv[0], 1) == -1)
		abort();
}

static inline void
kit_dial(struct kit *k)
{
	enum msg_verdict v;
	uint32_t number;
	struct imsg m;

	if (imsgbuf_read(k->dial) < 1)
		return;
	while (imsgbuf_get(k->dial, &m, &v) == 1) {
		if (m.type != MSG_DIAL_ASK || msg_num_get(&m, &number) == -1)
			abort();
		imsg_free(&m);
		k->dials++;
		if (k->refuse != NULL)
			imsg_compose(
			    k->dial, MSG_DIAL_FAIL, msg_dialfail_put(number, k->refuse), NULL, 0);
		else
			kit_connect(k, number);
	}
	(void)imsgbuf_write(k->dial);
}

/* ---- requests ---- */

static inline void
kit_conn_gone(struct kit *k, int i)
{
	close(k->conn[i].fd);
	kill(k->conn[i].pid, SIGKILL);
	waitpid(k->conn[i].pid, NULL, 0);
	free(k->conn[i].r.body);
	memset(&k->conn[i], 0, sizeof(k->conn[i]));
	k->conn[i].fd = -1;
}

/* Something came on connection I: 1 a request. */
static inline int
kit_conn_read(struct kit *k, int i)
{
	struct kit_req *r = &k->conn[i].r;
	char *buf, *end, *sp;
	uint32_t n;

	if (kit_all(k->conn[i].fd, &n, sizeof(n), 0) == -1) {
		kit_conn_gone(k, i);
		return 0;
	}
	if (k->conn[i].waiting == -1) {
		k->handshakes += n == 1;
		k->faults += n != 1;
		k->conn[i].waiting = 0;
		return 0;
	}
	buf = malloc(n + 1);
	if (buf == NULL || kit_all(k->conn[i].fd, buf, n, 0) == -1)
		abort();
	buf[n] = '\0';
	end = strstr(buf, "\r\n\r\n");
	free(r->body);
	memset(r, 0, sizeof(*r));
	r->conn = i;
	snprintf(r->head, sizeof(r->head), "%.*s", (int)(end - buf) + 2, buf);
	snprintf(r->line, sizeof(r->line), "%.*s", (int)strcspn(buf, "\r"), buf);
	if ((sp = strrchr(r->line, ' ')) != NULL)
		*sp = '\0'; /* the version */
	r->len = n - (size_t)(end + 4 - buf);
	memmove(buf, end + 4, r->len + 1);
	r->body = buf;
	k->conn[i].waiting = 1;
	return 1;
}

/* Answers with STATUS, FIELDS (each ended by CRLF) and BODY. */
static inline void
kit_answer_raw(struct kit *k, struct kit_req *r, const char *text, size_t len)
{
	uint32_t n = (uint32_t)len;

	k->conn[r->conn].waiting = 0;
	if (kit_all(k->conn[r->conn].fd, &n, sizeof(n), 1) == -1 ||
	    kit_all(k->conn[r->conn].fd, (void *)(uintptr_t)text, len, 1) == -1)
		kit_conn_gone(k, r->conn);
}

static inline void
kit_answer(struct kit *k, struct kit_req *r, int status, const char *fields, const char *body)
{
	static char buf[KIT_REQ];
	int n;

	n = snprintf(buf, sizeof(buf),
	    "HTTP/1.1 %d x\r\nReeve: 1\r\nContent-Type: application/json\r\n%s", status, fields);
	if (status == 204)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "\r\n");
	else
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "Content-Length: %zu\r\n\r\n%s",
		    strlen(body), body);
	kit_answer_raw(k, r, buf, (size_t)n);
}

/* Figures as the step gives them, in a spool file of their own. */
static inline void
kit_vitals(struct kit *k, uint32_t number, const char *json)
{
	static uint8_t spool[FRAME_HEADLEN + FRAME_FIXED + 4096 + FRAME_CRC];
	struct frame f = {.type = FR_DATA,
	    .step = 1,
	    .data = (const uint8_t *)json,
	    .len = (uint32_t)strlen(json)};
	struct msg_heads h = {.ledger = 7, .audit = 9};
	char name[] = "/tmp/vitalsXXXXXX";
	size_t n;
	int fd;

	if ((fd = mkostemp(name, O_CLOEXEC)) == -1 || unlink(name) == -1)
		abort();
	memcpy(spool, FRAME_HEAD, FRAME_HEADLEN);
	n = FRAME_HEADLEN + frame_put(spool + FRAME_HEADLEN, &f);
	if (write(fd, spool, n) != (ssize_t)n)
		abort();
	kit_tell(k, MSG_HEADS, msg_heads_put(&h), NULL, 0);
	kit_tell(k, MSG_VITALS, msg_num_put(number), &fd, 1);
}

/* ---- the loop ---- */

#define KIT_BEAT "{\"interval\":30,\"server_time\":1795226400,\"seen_address\":\"192.0.2.7\"}"

/*
 * Until netd says a message of TYPE (then 1 and *M), or asks for something that begins with LINE
 * (then 2 and *R), or MS are over (0). Heartbeats and VITALS_ASK are answered on the way, unless
 * the test does that; other messages are dropped, other requests wait for their turn.
 */
static inline int
kit_wait(struct kit *k, uint32_t type, struct imsg *m, const char *line, struct kit_req **r, int ms)
{
	int64_t until = kit_now() + ms, left;
	struct pollfd p[KIT_CONNS + 2];
	enum msg_verdict v;
	uint32_t number;
	int i, n;

	for (;;) {
		for (i = 0; i < KIT_CONNS; i++) {
			struct kit_req *q = &k->conn[i].r;

			if (k->conn[i].fd == -1 || k->conn[i].waiting != 1)
				continue;
			if (line != NULL && strncmp(q->line, line, strlen(line)) == 0) {
				*r = q;
				return 2;
			}
			if (!k->manual_beat && strstr(q->line, "/heartbeat") != NULL)
				kit_answer(k, q, 200, "", KIT_BEAT);
		}
		while ((n = imsgbuf_get(k->privd, m, &v)) == 1) {
			if (type != 0 && m->type == type)
				return 1;
			if (m->type == MSG_VITALS_ASK && !k->manual_vitals &&
			    msg_num_get(m, &number) == 0)
				kit_vitals(k, number, "{\"load\":[0.1]}");
			imsg_free(m);
		}
		if (n == -1)
			abort();
		if ((left = until - kit_now()) <= 0 || k->gone)
			return 0;
		p[0] = (struct pollfd){.fd = imsgbuf_fd(k->privd), .events = POLLIN};
		p[1] = (struct pollfd){.fd = imsgbuf_fd(k->dial), .events = POLLIN};
		for (i = 0; i < KIT_CONNS; i++)
			p[2 + i] = (struct pollfd){
			    .fd = k->conn[i].waiting == 1 ? -1 : k->conn[i].fd, .events = POLLIN};
		if (poll(p, KIT_CONNS + 2, (int)left) == -1)
			abort();
		if (p[0].revents != 0 && (n = imsgbuf_read(k->privd)) == 0)
			k->gone = 1;
		if (p[1].revents != 0)
			kit_dial(k);
		for (i = 0; i < KIT_CONNS; i++)
			if (p[2 + i].revents != 0)
				(void)kit_conn_read(k, i);
		kit_log(k);
	}
}

/* A request that begins with LINE; the test ends without it. */
static inline struct kit_req *
kit_request(struct kit *k, const char *line)
{
	struct kit_req *r = NULL;
	struct imsg m;

	if (kit_wait(k, 0, &m, line, &r, KIT_MS) == 2)
		return r;
	CHECKF(0, "no request %s; netd said: %s", line, k->log);
	exit(check_done());
}

static inline void
kit_message(struct kit *k, uint32_t type, struct imsg *m)
{
	struct kit_req *r;

	if (kit_wait(k, type, m, NULL, &r, KIT_MS) == 1)
		return;
	CHECKF(0, "no message %s; netd said: %s", msg_row(type)->name, k->log);
	exit(check_done());
}

/* Lets MS pass, answering what is answered by itself. */
static inline void
kit_pass(struct kit *k, int ms)
{
	struct kit_req *r;
	struct imsg m;

	(void)kit_wait(k, 0, &m, NULL, &r, ms);
}

#endif
