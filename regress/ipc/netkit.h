/*
 * The real reeve-privd of privdkit.h with server blocks, and this test in the place of its netds
 * and dials: regress/ipc/relay stands in libexec-dir and passes their channels here.
 */
#ifndef REGRESS_IPC_NETKIT_H
#define REGRESS_IPC_NETKIT_H

#include "regress/check.h"
#include "regress/ipc/privdkit.h"

#define KIT_PEERS KIT "/peers.sock"
#define NET_MS	  20000
#define NET_PEM	  "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n"
#define NET_KEY	  "-----BEGIN PRIVATE KEY-----\nbm8=\n-----END PRIVATE KEY-----\n"

/* Ports tell which netd and which dial belong together. */
#define NET_SERVER(name, port)                                               \
	"[server " name "]\nurl https://ctl.example.net:" port "/x\nca " KIT \
	"/etc/ca.pem\ncert " KIT "/etc/tls.crt\nkey " KIT "/etc/tls.key\n"

/* One process of a pair, as privd sees it. */
struct peer {
	int life; /* the relay lives while this is open */
	int raw;  /* its channel, when CHAN is NULL */
	struct imsgbuf *chan;
	/* what it was told */
	uint16_t port;
	int between;   /* netd: its end of the channel to dial */
	char name[65]; /* netd: the setting "server" */
	char *seen;    /* netd: "key=value" lines, PEM by its length */
};

#define PEER_NONE ((struct peer){.life = -1, .raw = -1, .between = -1})

struct netpair {
	struct peer netd, dial;
};

#define NET_POOL 16
static struct peer net_pool[NET_POOL]; /* started, and not yet one of a pair; life 0: free */

static int net_listener = -1;

static inline void
net_listen(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = KIT_PEERS};

	(void)unlink(KIT_PEERS);
	net_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (net_listener == -1 || bind(net_listener, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(net_listener, 64) == -1)
		kit_die(KIT_PEERS);
}

/* kit_init(), the relay as both programs, and agent.conf with SERVERS at its end. */
static inline void
net_init(struct kit *k, const char *execd, const char *servers)
{
	char from[PATH_MAX + 32];
	int fd;

	kit_init(k, execd);
	snprintf(from, sizeof(from), "%s/regress/ipc/relay", k->bin);
	kit_copy(from, "/mnt/libexec/reeve-netd", 0755);
	kit_copy(from, "/mnt/libexec/reeve-dial", 0755);
	kit_write(KIT "/etc/ca.pem", 0644, NET_PEM);
	kit_write(KIT "/etc/tls.crt", 0644, NET_PEM);
	kit_write(KIT "/etc/tls.key", 0600, NET_KEY);
	if ((fd = open(KIT "/etc/agent.conf", O_WRONLY | O_APPEND | O_CLOEXEC)) == -1 ||
	    write(fd, servers, strlen(servers)) != (ssize_t)strlen(servers))
		kit_die("agent.conf");
	close(fd);
	net_listen();
}

/* Other settings, at once: the pairs start again without a wait. TURN makes them other. */
static inline void
net_renew(const struct kit *k, unsigned int turn)
{
	char key[256];

	snprintf(key, sizeof(key), NET_KEY "%u\n", turn);
	kit_write(KIT "/etc/tls.new", 0600, key);
	if (rename(KIT "/etc/tls.new", KIT "/etc/tls.key") == -1)
		kit_die("tls.key");
	kill(k->pid, SIGHUP);
	CHECK(kit_serves(k)); /* it has read them */
}

static inline void
net_drop(struct peer *p)
{
	if (p->chan != NULL)
		imsgbuf_free(p->chan);
	else if (p->raw != -1)
		close(p->raw);
	if (p->life != -1)
		close(p->life);
	if (p->between != -1)
		close(p->between);
	free(p->seen);
	*p = PEER_NONE;
}

static inline void
net_end(struct netpair *n)
{
	net_drop(&n->netd);
	net_drop(&n->dial);
}

/* 1 when privd has not closed its channel and the process is there still. */
static inline int
net_lives(const struct peer *p)
{
	struct pollfd pfd[2] = {{.fd = p->life, .events = POLLIN}, {.events = POLLRDHUP}};

	pfd[1].fd = p->chan != NULL ? imsgbuf_fd(p->chan) : p->raw;
	return p->life != -1 && poll(pfd, 2, 0) == 0;
}

/* The next process that privd starts, within MS: its role; 0 none, '-' one that is gone. */
static inline char
net_accept(struct peer *p, int ms)
{
	union {
		struct cmsghdr align;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control;
	char role = 0;
	struct iovec iov = {.iov_base = &role, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct pollfd pfd = {.fd = net_listener, .events = POLLIN};
	struct cmsghdr *c;

	*p = PEER_NONE;
	if (poll(&pfd, 1, ms) != 1 ||
	    (p->life = accept4(net_listener, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return 0;
	if (recvmsg(p->life, &m, MSG_CMSG_CLOEXEC) == 1 && (c = CMSG_FIRSTHDR(&m)) != NULL)
		memcpy(&p->raw, CMSG_DATA(c), sizeof(p->raw));
	if (p->raw != -1)
		return role;
	net_drop(p);
	return '-';
}

static inline void
net_setting(struct peer *p, const struct imsg *im)
{
	size_t used = strlen(p->seen), left = 16384 - used;
	struct msg_setting m;

	if (msg_setting_get(im, &m) == -1)
		kit_die("NETD_CONF");
	if (strcmp(m.key, "server") == 0)
		snprintf(p->name, sizeof(p->name), "%.*s", (int)m.len, (const char *)m.value);
	if (strcmp(m.key, "port") == 0)
		p->port = (uint16_t)strtoul((const char *)m.value, NULL, 10);
	if (strcmp(m.key, "ca") == 0 || strcmp(m.key, "cert") == 0 || strcmp(m.key, "key") == 0)
		snprintf(p->seen + used, left, "%s=%zu\n", m.key, m.len);
	else
		snprintf(
		    p->seen + used, left, "%s=%.*s\n", m.key, (int)m.len, (const char *)m.value);
}

/* All that it is told before it is ready. 1, or 0 when it is gone. */
static inline int
net_brief(struct peer *p, enum room room)
{
	uint32_t last = room == ROOM_NETD ? MSG_NETD_PEER : MSG_DIAL_PEER, type;
	struct imsg im;
	char host[254];

	if ((p->chan = imsgbuf_new(p->raw, room, ROOM_PRIVD)) == NULL ||
	    (p->seen = calloc(1, 16384)) == NULL)
		kit_die("channel");
	imsgbuf_allow_fds(p->chan);
	do {
		if (chan_recv(p->chan, &im, NET_MS) != 1)
			return 0;
		type = im.type;
		if (type == last)
			p->between = imsg_fd(&im, 0);
		else if (room == ROOM_NETD)
			net_setting(p, &im);
		else if (msg_dialconf_get(&im, &p->port, host) == -1)
			kit_die("DIAL_CONF");
		imsg_free(&im);
	} while (type != last);
	return 1;
}

/* Two in the pool that belong together, into N. */
static inline int
net_match(struct netpair *n)
{
	struct peer *a, *b;

	for (a = net_pool; a < net_pool + NET_POOL; a++) {
		for (b = net_pool; a->life > 0 && a->name[0] != '\0' && b < net_pool + NET_POOL;
		     b++) {
			if (b->life <= 0 || b->name[0] != '\0' || b->port != a->port)
				continue;
			n->netd = *a;
			n->dial = *b;
			a->life = b->life = 0;
			return 1;
		}
	}
	return 0;
}

static inline void
net_sweep(void)
{
	for (struct peer *p = net_pool; p < net_pool + NET_POOL; p++) {
		if (p->life > 0 && !net_lives(p)) {
			net_drop(p);
			p->life = 0;
		}
	}
}

/*
 * Takes a new pair through its settings; nobody is READY yet. One that privd ended meanwhile (it
 * was just starting it again when its settings changed) is passed over. 1, or 0 when none comes in
 * MS.
 */
static inline int
net_pair(struct netpair *n, int ms)
{
	struct peer p;
	size_t i = 0;
	char role;

	n->netd = n->dial = PEER_NONE;
	for (;;) {
		net_sweep();
		if (net_match(n))
			return 1;
		if ((role = net_accept(&p, ms)) == 0)
			return 0;
		if (role == '-')
			continue;
		if (!net_brief(&p, role == 'n' ? ROOM_NETD : ROOM_DIAL)) {
			net_drop(&p);
			continue;
		}
		for (i = 0; i < NET_POOL && net_pool[i].life > 0; i++)
			;
		if (i == NET_POOL)
			kit_die("too many processes");
		net_pool[i] = p;
	}
}

static inline void
net_send(struct peer *p, uint32_t type, struct ibuf *ib)
{
	CHECKF(imsg_compose(p->chan, type, ib, NULL, 0) == 0 && chan_flush(p->chan) == 0, "send %s",
	    msg_row(type)->name);
}

static inline void
net_ready(struct netpair *n)
{
	net_send(&n->dial, MSG_DIAL_READY, msg_ready_put());
	net_send(&n->netd, MSG_NETD_READY, msg_ready_put());
	imsgbuf_gate(n->dial.chan)->phase = PH_RUN;
	imsgbuf_gate(n->netd.chan)->phase = PH_RUN;
}

/* A pair, ready: within MS. */
static inline int
net_up(struct netpair *n, int ms)
{
	if (!net_pair(n, ms))
		return 0;
	net_ready(n);
	return 1;
}

/* The next message to netd, within MS. 1, else what chan_recv() says. */
static inline int
net_next(struct netpair *n, struct imsg *im, int ms)
{
	return chan_recv(n->netd.chan, im, ms);
}

/* 1 when privd closes the channel of P within MS; what it sends meanwhile is forgotten. */
static inline int
net_closed(struct peer *p, int ms)
{
	int64_t until = kit_ms() + ms, left;
	int fd = p->chan != NULL ? imsgbuf_fd(p->chan) : p->raw;
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	static uint8_t sink[65536];
	ssize_t n;

	while ((left = until - kit_ms()) > 0) {
		if (poll(&pfd, 1, (int)left) != 1)
			continue;
		n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return 1;
	}
	return 0;
}

/* 1 while the output of job HEX is kept. */
static inline int
kit_spooled(const char *hex)
{
	char path[128];

	snprintf(path, sizeof(path), KIT "/state/spool/%s.out", hex);
	return access(path, F_OK) == 0;
}

/* A ticket for this host; NAME of the kind, ID in hex. Returns its length. */
static inline size_t
net_ticket(char *text, size_t size, const char *hex, const char *kind, const char *more)
{
	long long now = (long long)time(NULL);

	return (size_t)snprintf(text, size,
	    "reeve-job 1\nfleet 3b7e0c1a9d2f4e5860718293a4b5c6d7\n"
	    "host 5f0c2c9d8e7f40a1b2c3d4e5f6071829 web1.example.net\nid %s\nissued %lld\n"
	    "notbefore %lld\nnotafter %lld\nrequester ops-1\nkind %s\n%send\n",
	    hex, now, now, now + 600, kind, more);
}

static inline void
net_id(uint8_t id[16], char hex[33])
{
	if (getrandom(id, 16, 0) != 16)
		kit_die("getrandom");
	str_hex(hex, id, 16);
}

/* Submits these bytes signed by SEC (NULL: unsigned). */
static inline void
net_submit(
    struct netpair *n, const struct seckey *sec, const char *text, size_t len, uint64_t fence)
{
	struct msg_submit m = {
	    .fence = fence, .ticket = (const uint8_t *)text, .len = len, .nsigs = sec != NULL};

	if (sec != NULL)
		seckey_sign(sec, text, len, &m.sig[0]);
	net_send(&n->netd, MSG_JOB_SUBMIT, msg_submit_put(&m));
}

/* The next JOB_STATE, whatever comes before it is forgotten. 1, or 0 when none comes in time. */
static inline int
net_state(struct netpair *n, struct msg_state *st, int ms)
{
	struct imsg im;
	int got;

	while (net_next(n, &im, ms) == 1) {
		got = im.type == MSG_JOB_STATE;
		if (got)
			CHECK(msg_state_get(&im, st) == 0);
		imsg_free(&im);
		if (got)
			return 1;
	}
	return 0;
}

#endif
