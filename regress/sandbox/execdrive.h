/*
 * Plays reeve-privd for one step: starts the real reeve-execd over a socketpair, sends what privd
 * sends, collects the spool's frames. For t_execd*.c and the tool execstep.
 */
#ifndef REGRESS_SANDBOX_EXECDRIVE_H
#define REGRESS_SANDBOX_EXECDRIVE_H

#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "execd/profile.h"
#include "imsg/imsg.h"
#include "imsg/msg_codec.h"
#include "lib/fdutil.h"
#include "lib/spawn.h"
#include "proto/frame.h"
#include "proto/result.h"
#include "proto/ticket.h"

#define DRIVE_HOST_ID	"5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define DRIVE_HOST_NAME "web1.example.net"
#define DRIVE_FLEET	"3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define DRIVE_ID	"9f86d081884c7d659a2feaa0c55ad015"
#define DRIVE_RUN_UID	64101
#define DRIVE_TOOL_UID	64102
#define DRIVE_ISSUED	1795226400

struct drive {
	/* to set */
	struct msg_host host;
	struct msg_start start;
	char ticket[TICKET_MAX + 1];
	uint8_t seal[32];
	int has_seal;
	int no_cgroup;
	int leak; /* descriptors that are open and not CLOEXEC while execd starts */
	/* what stands */
	struct imsgbuf *ch;
	pid_t pid;
	int pidfd, spool;
	char spoolpath[64], cgroup[256];
	/* what came */
	char fail[401];		   /* EXEC_FAIL */
	int ready, status, exited; /* status of execd */
	int has_exit;		   /* EXEC_EXIT came */
	struct exitrec wire, rec;  /* of the message and of the spool */
	int has_rec;
	char *text[FR_MAX]; /* payloads of each frame type, one after the other, NUL-ended */
	size_t len[FR_MAX];
	unsigned int frames[FR_MAX];
};

static inline void
drive_die(const char *what)
{
	fprintf(stderr, "execdrive: %s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * NAME beside or above this test's own program, LEVELS up in the same build. The program's path is
 * asked once: in a new mount namespace within a chroot, /proc tells the one outside.
 */
static inline const char *
drive_built(const char *name, int levels)
{
	static char self[960], path[1024];
	char *slash;
	ssize_t n;

	if (self[0] == '\0') {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		self[n > 0 ? n : 0] = '\0';
	}
	strcpy(path, self);
	for (; levels > 0 && (slash = strrchr(path, '/')) != NULL; levels--)
		*slash = '\0';
	strcat(strcat(path, "/"), name);
	return path;
}

/* The program under test: REEVE_EXECD, or the one that stands in the same build. */
static inline const char *
drive_execd(void)
{
	const char *p = getenv("REEVE_EXECD");

	return p != NULL ? p : drive_built("reeve-execd", 3);
}

/* A ticket of KIND with LINES of "arg NAME VALUE\n" and "limit ..." in their order. */
static inline void
drive_ticket(struct drive *d, const char *kind, const char *lines)
{
	snprintf(d->ticket, sizeof(d->ticket),
	    "reeve-job 1\nfleet %s\nhost %s %s\nid %s\nissued %d\nnotbefore %d\nnotafter %d\n"
	    "requester ops-1\nkind %s\n%send\n",
	    DRIVE_FLEET, DRIVE_HOST_ID, DRIVE_HOST_NAME, DRIVE_ID, DRIVE_ISSUED, DRIVE_ISSUED,
	    DRIVE_ISSUED + 3600, kind, lines);
}

/* Fills host and start as privd would for step STEP of d->ticket; KIND NULL: the internal step. */
static inline void
drive_init(struct drive *d, const char *kind, const char *lines, uint8_t step)
{
	static struct ticket t;
	struct errmsg e;

	memset(d, 0, sizeof(*d));
	d->host.run_uid = d->host.run_gid = DRIVE_RUN_UID;
	d->host.tool_uid = d->host.tool_gid = DRIVE_TOOL_UID;
	snprintf(d->host.version, sizeof(d->host.version), "0.0.0");
	snprintf(d->host.host_id, sizeof(d->host.host_id), "%s", DRIVE_HOST_ID);
	snprintf(d->host.host_name, sizeof(d->host.host_name), "%s", DRIVE_HOST_NAME);
	d->host.lock_wait = 10;
	d->start.step = step;
	memset(d->start.id, 0x9f, sizeof(d->start.id));
	if (kind == NULL) {
		d->start.profile = PR_SELFTEST;
		d->start.seconds = 10;
		d->start.grace = 1;
		d->start.output = 65536;
		return;
	}
	drive_ticket(d, kind, lines);
	if (ticket_parse(&t, d->ticket, strlen(d->ticket), &e) == -1) {
		fprintf(stderr, "execdrive: %s\n", e.text);
		exit(1);
	}
	d->start.kind = t.kind->id;
	d->start.profile = t.kind->steps[step].profile;
	d->start.seconds = t.seconds;
	d->start.grace = t.kind->grace;
	d->start.output = t.output;
	d->start.stall = t.stall;
	if (profile_get(d->start.profile)->pu == PU_ROOT)
		d->host.tool_uid = d->host.tool_gid = 0;
	for (size_t i = 0; i < 16; i++)
		sscanf(&DRIVE_ID[2 * i], "%2hhx", &d->start.id[i]);
}

/* A cgroup of its own where there is a cgroup2: DIR/tool. 0, or -1 when there is none. */
static inline int
drive_cgroup(struct drive *d, int fd[2])
{
	char line[1024], mnt[256], path[320];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int unique;
	int found = 0;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, " - cgroup2 ") != NULL &&
			sscanf(line, "%*s %*s %*s %*s %255s", mnt) == 1;
	if (f != NULL)
		fclose(f);
	if (!found)
		return -1;
	/* the hierarchy is shared with whoever has this pid in a PID namespace of his own */
	if (getrandom(&unique, sizeof(unique), 0) != sizeof(unique))
		return -1;
	snprintf(d->cgroup, sizeof(d->cgroup), "%.200s/reeve-t-%08x", mnt, unique);
	if (mkdir(d->cgroup, 0755) == -1 && errno != EEXIST) {
		d->cgroup[0] = '\0';
		return -1;
	}
	fd[0] = open(d->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/cgroup.kill", d->cgroup);
	fd[1] = open(path, O_WRONLY | O_CLOEXEC);
	if (fd[0] != -1 && fd[1] != -1)
		return 0;
	rmdir(d->cgroup);
	d->cgroup[0] = '\0';
	return -1;
}

static inline void
drive_send(struct drive *d, uint32_t type, struct ibuf *ib, const int *fds, unsigned int nfds)
{
	if (imsg_compose(d->ch, type, ib, fds, nfds) == -1 || chan_flush(d->ch) == -1)
		fprintf(stderr, "execdrive: message %u: %s\n", type, strerror(errno));
}

/* Opens the spool and starts execd; nothing is sent yet. */
static inline void
drive_spawn(struct drive *d)
{
	static const char *const argv[] = {"reeve-execd", NULL}, *const envp[] = {NULL};
	struct spawn sp = {.argv = argv, .envp = envp, .cgroup = -1};
	struct errmsg e;
	int sv[2], i;

	snprintf(d->spoolpath, sizeof(d->spoolpath), "/tmp/reeve-spool-XXXXXX");
	if ((d->spool = mkostemp(d->spoolpath, O_APPEND | O_CLOEXEC)) == -1 ||
	    write(d->spool, FRAME_HEAD, FRAME_HEADLEN) != FRAME_HEADLEN)
		drive_die("spool");
	unlink(d->spoolpath);
	if ((sp.exe = open(drive_execd(), O_RDONLY | O_CLOEXEC)) == -1)
		drive_die(drive_execd());
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		drive_die("socketpair");
	for (i = 0; i < d->leak; i++)
		if (open("/dev/null", O_RDONLY) == -1) /* not CLOEXEC, on purpose */
			drive_die("leak");
	sp.chan = sv[1];
	sp.newpid = profile_get(d->start.profile) == NULL ||
		    (profile_get(d->start.profile)->flags & PF_NEWPID) != 0;
	if ((d->pid = spawn(&sp, &d->pidfd, &e)) == -1) {
		fprintf(stderr, "execdrive: %s\n", e.text);
		exit(1);
	}
	close(sp.exe);
	close(sv[1]);
	d->ch = imsgbuf_new(sv[0], ROOM_PRIVD, ROOM_EXECD);
}

/* Sends EXEC_HOST to EXEC_START. */
static inline void
drive_setup(struct drive *d)
{
	struct ibuf *ib;
	int fd[2], spool;

	drive_send(d, MSG_EXEC_HOST, msg_host_put(&d->host), NULL, 0);
	if (!d->no_cgroup && drive_cgroup(d, fd) == 0)
		drive_send(d, MSG_EXEC_CGROUP, NULL, fd, 2);
	if (d->has_seal) {
		ib = ibuf_open(sizeof(d->seal));
		ibuf_put(ib, d->seal, sizeof(d->seal));
		drive_send(d, MSG_EXEC_SEAL, ib, NULL, 0);
	}
	d->start.ticket = d->ticket[0] != '\0' ? (const uint8_t *)d->ticket : NULL;
	d->start.len = strlen(d->ticket);
	spool = fcntl(d->spool, F_DUPFD_CLOEXEC, 0);
	drive_send(d, MSG_EXEC_START, msg_start_put(&d->start), &spool, 1);
	imsgbuf_gate(d->ch)->phase = PH_SETUP;
}

/* Waits for EXEC_READY (1), EXEC_FAIL or the end of the channel (0). */
static inline int
drive_ready(struct drive *d)
{
	struct imsg m;
	uint32_t profile;

	if (chan_recv(d->ch, &m, 20000) != 1)
		return 0;
	if (m.type == MSG_EXEC_READY)
		d->ready = msg_execready_get(&m, &profile) == 0 && profile == d->start.profile;
	else if (m.type == MSG_EXEC_FAIL)
		msg_text_get(&m, d->fail, sizeof(d->fail));
	imsg_free(&m);
	imsgbuf_gate(d->ch)->phase = PH_ARMED;
	return d->ready;
}

static inline void
drive_go(struct drive *d)
{
	drive_send(d, MSG_EXEC_GO, NULL, NULL, 0);
	imsgbuf_gate(d->ch)->phase = PH_RUN;
}

static inline void
drive_frame(struct drive *d, const struct frame *f)
{
	char *p = realloc(d->text[f->type], d->len[f->type] + f->len + 1);

	if (p == NULL)
		drive_die("memory");
	memcpy(p + d->len[f->type], f->data, f->len);
	d->text[f->type] = p;
	d->len[f->type] += f->len;
	p[d->len[f->type]] = '\0';
	d->frames[f->type]++;
	if (f->type == FR_EXIT && f->len == EXITREC_SIZE)
		d->has_rec = exitrec_get(f->data, &d->rec) == 0;
}

static inline void
drive_frames(struct drive *d)
{
	struct frame f;
	struct stat st;
	uint8_t *buf;
	size_t off = FRAME_HEADLEN;
	ssize_t n;

	if (fstat(d->spool, &st) == -1 || (buf = malloc((size_t)st.st_size + 1)) == NULL ||
	    pread(d->spool, buf, (size_t)st.st_size, 0) != st.st_size)
		drive_die("spool");
	while (off < (size_t)st.st_size) {
		n = frame_get(buf + off, (size_t)st.st_size - off, &f);
		if (n <= 0) {
			fprintf(stderr, "execdrive: a broken frame at %zu\n", off);
			break;
		}
		drive_frame(d, &f);
		off += (size_t)n;
	}
	free(buf);
}

/* Until EXEC_EXIT or the end of the channel; reaps execd, removes the cgroup, reads the frames. */
static inline void
drive_finish(struct drive *d)
{
	struct pollfd p = {.fd = d->pidfd, .events = POLLIN};
	struct imsg m;
	int i;

	while (d->ch != NULL && chan_recv(d->ch, &m, 60000) == 1) {
		if (m.type == MSG_EXEC_EXIT)
			d->has_exit = msg_execexit_get(&m, &d->wire) == 0;
		imsg_free(&m);
	}
	if (poll(&p, 1, 60000) != 1)
		kill(d->pid, SIGKILL);
	d->exited = waitpid(d->pid, &d->status, 0) == d->pid;
	if (d->ch != NULL)
		imsgbuf_free(d->ch);
	d->ch = NULL;
	close(d->pidfd);
	for (i = 0; d->cgroup[0] != '\0' && rmdir(d->cgroup) == -1 && i < 500; i++)
		poll(NULL, 0, 10); /* until the kernel has buried the last one */
	drive_frames(d);
	close(d->spool);
}

static inline void
drive_free(struct drive *d)
{
	int i;

	for (i = 0; i < FR_MAX; i++)
		free(d->text[i]);
	memset(d->text, 0, sizeof(d->text));
}

/* The whole way. */
static inline void
drive_run(struct drive *d)
{
	drive_spawn(d);
	drive_setup(d);
	if (drive_ready(d))
		drive_go(d);
	drive_finish(d);
}

static inline const char *
drive_text(const struct drive *d, enum frame_type t)
{
	return d->text[t] != NULL ? d->text[t] : "";
}

#endif
