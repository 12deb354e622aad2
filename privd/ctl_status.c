/* reevectl status: the agent, its processes as the kernel sees them, keys, scripts, kinds. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "privd/control_client.h"
#include "privd/netside.h"
#include "version.h"

#define PIDS_SHOWN 16 /* of one tool: a script may have many */

static struct ibuf *
item(const char *what)
{
	struct ibuf *ib = msg_item_open();

	msg_item_add(ib, "what", what);
	return ib;
}

static void
count_jobs(const struct privd *p, unsigned int *running, unsigned int *queue)
{
	const struct job *j;

	*running = *queue = 0;
	TAILQ_FOREACH (j, &p->jobs->live, link) {
		if (j->run != NULL)
			++*running;
		else
			++*queue;
	}
}

static unsigned int
count_keys(const struct privd *p)
{
	unsigned int n = 0;

	while (policy_key(p->w.policy, n) != NULL)
		n++;
	return n;
}

/* The public halves of the host's own keys: for the operator's roster, and for enrolment. */
static void
add_keys(struct ibuf *ib, const struct privd *p)
{
	char result[57], seal[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)];

	if (p->needs_rekey)
		return;
	pubkey_write_b64(&p->keys.result_pub, result);
	sodium_bin2base64(seal, sizeof(seal), p->keys.seal_pub, sizeof(p->keys.seal_pub),
	    sodium_base64_VARIANT_ORIGINAL);
	msg_item_add(ib, "result_key", result);
	msg_item_add(ib, "seal_key", seal);
}

static void
send_agent(struct client *c)
{
	const struct privd *p = c->p;
	struct ibuf *ib = item("agent");
	unsigned int running, queue;
	char host[300], chain[33];
	struct errmsg e;

	count_jobs(p, &running, &queue);
	if (conf_enrolled(p->w.conf))
		snprintf(host, sizeof(host), "%s %s", p->w.conf->host_id, p->w.conf->host_name);
	else
		snprintf(host, sizeof(host), "-");
	msg_item_add(ib, "version", REEVE_VERSION);
	msg_item_add(ib, "host", host);
	msg_item_add(ib, "fleet", p->w.conf->fleet);
	msg_item_add(ib, "state", privd_state(p));
	if (privd_open(p, &e) == -1)
		msg_item_add(ib, "detail", e.text);
	msg_item_addu(ib, "keys", count_keys(p));
	msg_item_addu(ib, "jobs", running);
	msg_item_addu(ib, "queue", queue);
	if (p->ledger != NULL) {
		msg_item_addu(ib, "ledger", ledger_seq(p->ledger));
		msg_item_addu(ib, "flushes", ledger_flushes(p->ledger));
	}
	msg_item_addu(ib, "audit", audit_head(p->audit, chain));
	msg_item_add(ib, "chain", chain);
	if (p->spool != NULL)
		msg_item_addu(ib, "spool", spool_used(p->spool));
	add_keys(ib, p);
	client_send(c, MSG_CTL_ITEM, ib);
}

/* The value of line KEY of a /proc status file: up to its end, without what stands before it. */
static const char *
status_value(const char *text, const char *key, char *dst, size_t size)
{
	char want[32];
	const char *s;
	size_t len;

	snprintf(want, sizeof(want), "\n%s:", key);
	dst[0] = '\0';
	if ((s = strstr(text, want)) == NULL)
		return dst;
	s += strlen(want);
	s += strspn(s, " \t");
	len = strcspn(s, "\t\n");
	if (len >= size)
		len = size - 1;
	memcpy(dst, s, len);
	dst[len] = '\0';
	return dst;
}

static const char *
user_of(const struct privd *p, const char *uid)
{
	const struct script *s;
	uint64_t n;

	if (str_u64(uid, 0, UINT32_MAX, &n) == -1)
		return uid;
	if (n == 0)
		return "root";
	for (unsigned int i = 0; i < USER_MAX; i++)
		if (p->w.conf->users[i].uid == (uid_t)n)
			return user_name((enum user_id)i);
	for (unsigned int i = 0; (s = scripts_nth(p->w.scripts, i)) != NULL; i++)
		if (s->ids.uid == (uid_t)n)
			return s->user;
	return uid;
}

/* One process, read from /proc at this moment; one that is gone is left out. */
static void
send_process(struct client *c, pid_t pid, const char *what)
{
	char path[64], text[4096], v[64], name[96];
	struct ibuf *ib;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return;
	text[0] = '\n';
	n = fd_readn(fd, text + 1, sizeof(text) - 2);
	close(fd);
	if (n <= 0)
		return;
	text[n + 1] = '\0';
	ib = item("process");
	snprintf(name, sizeof(name), "%s%s%s", what, what[0] != '\0' ? ": " : "",
	    status_value(text, "Name", v, sizeof(v)));
	msg_item_add(ib, "name", name);
	msg_item_addu(ib, "pid", (uint64_t)pid);
	msg_item_add(ib, "uid", status_value(text, "Uid", v, sizeof(v)));
	msg_item_add(ib, "user", user_of(c->p, v));
	msg_item_add(ib, "seccomp", status_value(text, "Seccomp", v, sizeof(v)));
	msg_item_add(ib, "nnp", status_value(text, "NoNewPrivs", v, sizeof(v)));
	msg_item_add(ib, "caps", status_value(text, "CapEff", v, sizeof(v)));
	client_send(c, MSG_CTL_ITEM, ib);
}

static void
send_processes(struct client *c)
{
	const struct cgroup *g;
	const struct job *j;
	pid_t pids[PIDS_SHOWN];
	struct netside_look l;
	size_t n;

	send_process(c, getpid(), "");
	for (unsigned int i = 0; netside_nth(i, &l); i++) {
		if (l.netd != 0)
			send_process(c, l.netd, l.name);
		if (l.dial != 0)
			send_process(c, l.dial, l.name);
	}
	TAILQ_FOREACH (j, &c->p->jobs->live, link) {
		if (j->run == NULL || (g = run_cgroup(j->run)) == NULL)
			continue;
		n = cgroup_pids(g, 0, pids, PIDS_SHOWN);
		for (size_t i = 0; i < n; i++)
			send_process(c, pids[i], j->t->kind->name);
		n = cgroup_pids(g, 1, pids, PIDS_SHOWN);
		for (size_t i = 0; i < n; i++)
			send_process(c, pids[i], j->t->kind->name);
	}
}

static void
send_servers(struct client *c)
{
	const struct conf *conf = c->p->w.conf;
	struct netside_look l;
	struct ibuf *ib;
	char url[600];

	for (unsigned int i = 0; netside_nth(i, &l); i++) {
		ib = item("server");
		msg_item_add(ib, "name", l.name);
		for (unsigned int k = 0; k < conf->nservers; k++) {
			if (strcmp(conf->server[k].name, l.name) != 0)
				continue;
			url_text(&conf->server[k].url, url, sizeof(url));
			msg_item_add(ib, "url", url);
		}
		msg_item_add(ib, "state", l.state);
		msg_item_addu(ib, "netd", (uint64_t)l.netd);
		msg_item_addu(ib, "dial", (uint64_t)l.dial);
		msg_item_addu(ib, "restarts", l.restarts);
		msg_item_addu(ib, "cert", l.cert);
		client_send(c, MSG_CTL_ITEM, ib);
	}
}

static void
send_keys(struct client *c)
{
	const struct policy_key *k;
	struct ibuf *ib;

	for (unsigned int i = 0; (k = policy_key(c->p->w.policy, i)) != NULL; i++) {
		ib = item("key");
		msg_item_add(ib, "name", k->name);
		msg_item_add(ib, "role", role_name(k->role));
		msg_item_add(ib, "holder", k->holder);
		client_send(c, MSG_CTL_ITEM, ib);
	}
}

static void
send_scripts(struct client *c)
{
	const struct script *s;
	struct ibuf *ib;

	for (unsigned int i = 0; (s = scripts_nth(c->p->w.scripts, i)) != NULL; i++) {
		ib = item("script");
		msg_item_add(ib, "name", s->name);
		msg_item_add(ib, "user", s->user);
		msg_item_add(ib, "root-equivalent", s->root_equivalent ? "yes" : "no");
		client_send(c, MSG_CTL_ITEM, ib);
	}
}

static void
send_kinds(struct client *c)
{
	const struct kind *k;
	struct ibuf *ib;

	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++) {
		ib = item("kind");
		msg_item_add(ib, "name", k->name);
		msg_item_add(ib, "accepts", policy_accepts(c->p->w.policy, k) ? "yes" : "no");
		client_send(c, MSG_CTL_ITEM, ib);
	}
}

int
privd_on_CTL_STATUS(struct client *c, struct imsg *m)
{
	(void)m;
	send_agent(c);
	send_servers(c);
	send_processes(c);
	send_keys(c);
	send_scripts(c);
	send_kinds(c);
	client_send(c, MSG_CTL_END, NULL);
	return 0;
}
