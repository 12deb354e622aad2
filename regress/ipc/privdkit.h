/*
 * A real reeve-privd for a test, in a private mount namespace: its own /etc/passwd and /etc/group
 * with reeve's users, a folder on a tmpfs that nobody else sees, a key that may order agent.facts.
 * Nothing of it is left when the test ends. The test speaks to it as reevectl, by imsg or raw
 * bytes.
 */
#ifndef REGRESS_IPC_PRIVDKIT_H
#define REGRESS_IPC_PRIVDKIT_H

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "imsg/msg_codec.h"
#include "lib/strutil.h"
#include "lib/users.h"
#include "regress/ipc/peer.h"

#define KIT	 "/mnt/reeve-ipc" /* under the private tmpfs */
#define KIT_SOCK KIT "/run/control.sock"
#define KIT_UID	 64200

struct kit {
	pid_t pid;
	struct seckey key;
	char bin[PATH_MAX]; /* where this build's programs are */
	char cgroup[64];    /* for its steps */
};

static inline void
kit_die(const char *what)
{
	perror(what);
	exit(1);
}

static inline int64_t
kit_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static inline void
kit_write(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd == -1 || fd_writen(fd, text, strlen(text)) != (ssize_t)strlen(text))
		kit_die(path);
	close(fd);
}

static inline void
kit_copy(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	static char buf[65536];
	ssize_t n = -1;

	while (in != -1 && out != -1 && (n = fd_readn(in, buf, sizeof(buf))) > 0)
		if (fd_writen(out, buf, (size_t)n) != n)
			break;
	if (n != 0)
		kit_die(from);
	close(in);
	close(out);
}

/* /etc/passwd or /etc/group with reeve's names at its end, over the real one. */
static inline void
kit_names(const char *path, int group)
{
	char tmp[64];
	struct user u;
	gid_t g;
	FILE *f;
	int i;

	snprintf(tmp, sizeof(tmp), "/mnt/%s", group ? "group" : "passwd");
	kit_copy(path, tmp, 0644);
	if ((f = fopen(tmp, "a")) == NULL)
		kit_die(tmp);
	for (i = 0; i < USER_MAX; i++) {
		const char *name = user_name((enum user_id)i);

		if (group && group_lookup(name, &g, NULL) == -1)
			fprintf(f, "%s:x:%d:\n", name, KIT_UID + i);
		if (!group && user_lookup(name, &u, NULL) == -1)
			fprintf(f, "%s:x:%d:%d::/nonexistent:/usr/sbin/nologin\n", name,
			    KIT_UID + i, KIT_UID + i);
	}
	if (fclose(f) != 0 || mount(tmp, path, NULL, MS_BIND, NULL) == -1)
		kit_die(path);
}

static inline void
kit_bin(struct kit *k)
{
	ssize_t n = readlink("/proc/self/exe", k->bin, sizeof(k->bin) - 1);
	char *slash;
	int i;

	k->bin[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 3 && (slash = strrchr(k->bin, '/')) != NULL; i++)
		*slash = '\0';
}

static inline void
kit_config(struct kit *k)
{
	char pub[SIGNIFY_TEXT_MAX], conf[1024];
	struct pubkey p;

	mkdir(KIT, 0755);
	mkdir(KIT "/etc", 0755);
	mkdir(KIT "/etc/keys", 0755);
	mkdir(KIT "/state", 0700);
	mkdir(KIT "/run", 0755);
	seckey_new(&k->key, &p);
	if (pubkey_write(&p, "a key for tests", pub, sizeof(pub)) == -1)
		kit_die("key");
	kit_write(KIT "/etc/keys/ops.pub", 0644, pub);
	kit_write(KIT "/etc/policy.conf", 0644,
	    "[key ops]\nfile keys/ops.pub\nrole operator\nholder ops-1\nallow agent.facts\n");
	snprintf(conf, sizeof(conf),
	    "fleet 3b7e0c1a9d2f4e5860718293a4b5c6d7\n"
	    "host 5f0c2c9d8e7f40a1b2c3d4e5f6071829 web1.example.net\n"
	    "state-dir %s/state\nrun-dir %s/run\nlibexec-dir /mnt/libexec\ncgroup-dir %s\n",
	    KIT, KIT, k->cgroup);
	kit_write(KIT "/etc/agent.conf", 0644, conf);
}

/* EXECD: the program beneath the build that stands for reeve-execd. Programs are copied to where
 * only root may write. */
static inline void
kit_init(struct kit *k, const char *execd)
{
	char from[PATH_MAX + 32];
	unsigned int unique;

	memset(k, 0, sizeof(*k));
	kit_bin(k);
	if (unshare(CLONE_NEWNS) == -1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", "/mnt", "tmpfs", MS_NOSUID, "mode=755") == -1)
		kit_die("private mounts");
	umask(022);
	kit_names("/etc/passwd", 0);
	kit_names("/etc/group", 1);
	mkdir("/mnt/libexec", 0755);
	mkdir("/mnt/cgroup", 0755);
	/* the hierarchy is shared with whoever has this pid in a PID namespace of his own */
	if (getrandom(&unique, sizeof(unique), 0) != sizeof(unique))
		kit_die("getrandom");
	snprintf(k->cgroup, sizeof(k->cgroup), "/mnt/cgroup/reeve-ipc-%08x", unique);
	if (mount("cgroup2", "/mnt/cgroup", "cgroup2", 0, NULL) == -1 ||
	    mkdir(k->cgroup, 0755) == -1)
		kit_die("cgroup2");
	snprintf(from, sizeof(from), "%s/%s", k->bin, execd);
	kit_copy(from, "/mnt/libexec/reeve-execd", 0755);
	snprintf(from, sizeof(from), "%s/reeve-privd", k->bin);
	kit_copy(from, "/mnt/reeve-privd", 0755);
	kit_config(k);
}

/* A raw connection to the control socket, or -1. */
static inline int
kit_connect(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = KIT_SOCK};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s != -1 && connect(s, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return s;
	if (s != -1)
		close(s);
	return -1;
}

/* Starts privd and waits until it listens. */
static inline void
kit_start(struct kit *k)
{
	int64_t until = kit_ms() + 20000;
	int s, log;

	if ((k->pid = fork()) == -1)
		kit_die("fork");
	if (k->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		log = open(KIT "/log", O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(log, 1);
		dup2(log, 2);
		fd_closefrom(3);
		execl("/mnt/reeve-privd", "reeve-privd", "-d", "-f", KIT "/etc/agent.conf",
		    (char *)NULL);
		_exit(127);
	}
	while ((s = kit_connect()) == -1) {
		if (kit_ms() > until || waitpid(k->pid, NULL, WNOHANG) != 0) {
			execl("/bin/cat", "cat", KIT "/log", (char *)NULL);
			kit_die("privd does not start");
		}
		poll(NULL, 0, 5);
	}
	close(s);
}

static inline void
kit_stop(struct kit *k)
{
	int status;

	kill(k->pid, SIGTERM);
	if (waitpid(k->pid, &status, 0) != k->pid || status != 0)
		fprintf(stderr, "privd ended with status %x\n", (unsigned int)status);
	if (rmdir(k->cgroup) == -1)
		perror(k->cgroup);
}

/* A channel to privd as root's reevectl, descriptors allowed. */
static inline struct imsgbuf *
kit_channel(void)
{
	int s = kit_connect();
	struct imsgbuf *b;

	if (s == -1 || (b = imsgbuf_new(s, ROOM_CTL, ROOM_PRIVD)) == NULL)
		return NULL;
	imsgbuf_allow_fds(b);
	imsgbuf_gate(b)->phase = PH_RUN;
	return b;
}

/* Submits a signed agent.facts; ID is filled. NULL, or an open channel that waits for its result.
 */
static inline struct imsgbuf *
kit_submit(struct kit *k, uint8_t id[16])
{
	struct imsgbuf *b = kit_channel();
	struct msg_submit m = {.nsigs = 1};
	char ticket[1024], hex[33], text[MSG_TEXT_MAX + 1];
	long long now = (long long)time(NULL);
	struct imsg im;
	int n;

	for (n = 0; n < 16; n++)
		id[n] = (uint8_t)random();
	str_hex(hex, id, 16);
	n = snprintf(ticket, sizeof(ticket),
	    "reeve-job 1\nfleet 3b7e0c1a9d2f4e5860718293a4b5c6d7\n"
	    "host 5f0c2c9d8e7f40a1b2c3d4e5f6071829 web1.example.net\nid %s\nissued %lld\n"
	    "notbefore %lld\nnotafter %lld\nrequester ops-1\nkind agent.facts\nend\n",
	    hex, now, now, now + 600);
	m.ticket = (const uint8_t *)ticket;
	m.len = (size_t)n;
	seckey_sign(&k->key, ticket, m.len, &m.sig[0]);
	if (b == NULL || imsg_compose(b, MSG_CTL_SUBMIT, msg_submit_put(&m), NULL, 0) == -1 ||
	    chan_recv(b, &im, 20000) != 1) {
		imsgbuf_free(b);
		return NULL;
	}
	if (im.type != MSG_CTL_OK) {
		if (msg_text_get(&im, text, sizeof(text)) == 0)
			fprintf(stderr, "submit: %s\n", text);
		imsgbuf_free(b);
		return NULL;
	}
	imsg_free(&im);
	if (imsg_compose(b, MSG_CTL_WAIT, msg_id_put(id), NULL, 0) == -1 || chan_flush(b) == -1) {
		imsgbuf_free(b);
		return NULL;
	}
	return b;
}

/* The result of the job that B waits for, within MS: 0, or -1. B is freed. */
static inline int
kit_result(struct imsgbuf *b, int ms, struct result *r)
{
	int64_t until = kit_ms() + ms;
	struct msg_exit x;
	struct errmsg e;
	struct imsg im;
	int rv = -1;

	while (chan_recv(b, &im, (int)(until - kit_ms() > 0 ? until - kit_ms() : 0)) == 1) {
		if (im.type == MSG_CTL_EXIT && msg_exit_get(&im, &x) == 0 &&
		    result_parse(r, (const char *)x.record, x.len, &e) == 0)
			rv = 0;
		if (im.type == MSG_CTL_ERR || im.type == MSG_CTL_EXIT)
			break;
		imsg_free(&im);
	}
	imsg_free(&im);
	imsgbuf_free(b);
	return rv;
}

/* Entries of /proc/PID/fd: descriptors open in privd. */
static inline int
kit_fds(const struct kit *k)
{
	char path[64];
	int n = -2;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)k->pid);
	if ((d = opendir(path)) == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Resident KiB of privd. */
static inline long
kit_rss(const struct kit *k)
{
	long pages = 0, resident = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)k->pid);
	if ((f = fopen(path, "r")) == NULL || fscanf(f, "%ld %ld", &pages, &resident) != 2)
		resident = -1;
	if (f != NULL)
		fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/*
 * Does it still serve? CTL_STATUS is answered to its end. Returns 0, or the number of descriptors
 * that are open in privd besides this connection: whoever hung up before is gone by then, since
 * privd took a turn to accept and another to answer.
 */
static inline int
kit_serves(const struct kit *k)
{
	struct imsgbuf *b = kit_channel();
	int ended = 0, fds = 0;
	struct imsg im;

	if (b == NULL || imsg_compose(b, MSG_CTL_STATUS, NULL, NULL, 0) == -1) {
		imsgbuf_free(b);
		return 0;
	}
	while (!ended && chan_recv(b, &im, 10000) == 1) {
		ended = im.type == MSG_CTL_END;
		imsg_free(&im);
	}
	if (ended)
		fds = kit_fds(k) - 1;
	imsgbuf_free(b);
	return fds;
}

/* In how many lines of the audit trail WORD and OTHER stand. */
static inline int
kit_audit2(const char *word, const char *other)
{
	FILE *f = fopen(KIT "/state/audit", "r");
	char line[2048];
	int n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, word) != NULL && strstr(line, other) != NULL)
			n++;
	if (f != NULL)
		fclose(f);
	return n;
}

static inline int
kit_audit(const char *word)
{
	return kit_audit2(word, "");
}

#endif
