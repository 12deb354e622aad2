/*
 * The audit trail's writer. What could not be written whole is taken back, so that the file never
 * holds half a line that a later one would follow. audit_sync() brings lines to the disk.
 */

#include <sys/stat.h>

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/audit.h"

#define FILE_NAME "audit"
#define OLD_NAME  "audit.1"
#define NEW_NAME  "audit.new"
#define KEY_NAME  "audit.key"
#define KEEP	  4		    /* rotated files */
#define ROTATE_AT (4 * 1024 * 1024) /* bytes */
#define VALUE_MAX 512		    /* bytes of one encoded value */
#define TAIL	  (4 * AUDIT_LINE)  /* read at start to find where the trail ended */

struct audit {
	int dirfd, fd;
	uint8_t key[AUDIT_KEYLEN];
	uint64_t seq;
	char chain[AUDIT_CHAIN];
	off_t size;
	int unsynced; /* lines since the last sync */
	int broken;   /* a sync failed: what is on the disk is not known any more */
};

/* ---- start ---- */

/* Opens NAME in the state directory and checks it. -1 with E; *MISSING when there is none. */
static int
open_own(int dirfd, const char *name, int flags, int *missing, struct errmsg *e)
{
	struct stat st;
	int fd;

	*missing = 0;
	fd = fd_openat(dirfd, name, flags | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd == -1) {
		*missing = errno == ENOENT;
		return err_errno(e, "%s", name);
	}
	if (fstat(fd, &st) == -1)
		err_errno(e, "%s", name);
	else if (!S_ISREG(st.st_mode))
		err_set(e, "%s: not a regular file", name);
	else if (fd_check_trusted(fd, name, FD_TRUST_PRIVATE, e) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
there_is(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A key is made once, with the trail. A trail without its key cannot go on. */
static int
make_key(struct audit *a, struct errmsg *e)
{
	if (there_is(a->dirfd, FILE_NAME) || there_is(a->dirfd, OLD_NAME))
		return err_set(e, KEY_NAME " is missing, but there is an audit trail: put the key "
					   "back, or move audit and audit.1 to 4 away");
	randombytes_buf(a->key, sizeof(a->key));
	return fd_replace(a->dirfd, KEY_NAME, 0600, a->key, sizeof(a->key), e);
}

static int
load_key(struct audit *a, struct errmsg *e)
{
	char extra;
	int fd, missing, ok;

	if ((fd = open_own(a->dirfd, KEY_NAME, O_RDONLY, &missing, e)) == -1)
		return missing ? make_key(a, e) : -1;
	ok = fd_readn(fd, a->key, sizeof(a->key)) == (ssize_t)sizeof(a->key) &&
	     fd_readn(fd, &extra, 1) == 0;
	close(fd);
	if (!ok)
		return err_set(e, KEY_NAME ": must be %d bytes", AUDIT_KEYLEN);
	return 0;
}

static int
make_file(int dirfd, const char *name, struct errmsg *e)
{
	int fd;

	if (unlinkat(dirfd, name, 0) == -1 && errno != ENOENT)
		return err_errno(e, "%s", name);
	fd = fd_openat(dirfd, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd == -1)
		return err_errno(e, "%s", name);
	if (fchmod(fd, 0600) == -1 || fsync(fd) == -1 || fsync(dirfd) == -1) {
		err_errno(e, "%s", name);
		close(fd);
		return -1;
	}
	return fd;
}

/* Where a file's whole lines end, and what the last of them says. */
struct tail {
	off_t end;
	int lines; /* 0: there is none */
	uint64_t seq;
	char chain[AUDIT_CHAIN];
};

/* Start of the line whose newline stands at BUF[NL]. */
static size_t
line_start(const char *buf, size_t nl)
{
	while (nl > 0 && buf[nl - 1] != '\n')
		nl--;
	return nl;
}

/*
 * What follows the last newline was torn by a crash, and so was a last line with a NUL in it (a
 * block that never reached the disk). A last line that is wrong in any other way was not torn but
 * changed: that is for a person to look at.
 */
static int
find_tail(int fd, const char *name, struct tail *t, struct errmsg *e)
{
	char buf[TAIL];
	struct stat st;
	size_t n, start;
	off_t from;

	memset(t, 0, sizeof(*t));
	if (fstat(fd, &st) == -1)
		return err_errno(e, "%s", name);
	from = st.st_size > (off_t)sizeof(buf) ? st.st_size - (off_t)sizeof(buf) : 0;
	n = (size_t)(st.st_size - from);
	if (lseek(fd, from, SEEK_SET) == -1 || fd_readn(fd, buf, n) != (ssize_t)n)
		return err_errno(e, "%s", name);
	for (;;) {
		while (n > 0 && buf[n - 1] != '\n')
			n--;
		t->end = from + (off_t)n;
		if (n == 0 && from == 0)
			return 0;
		start = n > 0 ? line_start(buf, n - 1) : 0;
		if (n == 0 || (start == 0 && from != 0))
			break;
		if (auditchain_split(buf + start, n - 1 - start, &t->seq, t->chain) == 0) {
			t->lines = 1;
			return 0;
		}
		if (memchr(buf + start, '\0', n - start) == NULL)
			break;
		n = start;
	}
	return err_set(
	    e, "%s: its last line is damaged: move the audit files and the key away", name);
}

/* The file before, when the present one has no line yet. 1 there is one, 0 none, -1 E. */
static int
tail_of_old(struct audit *a, struct errmsg *e)
{
	struct tail t;
	int fd, missing, rv;

	if ((fd = open_own(a->dirfd, OLD_NAME, O_RDONLY, &missing, e)) == -1)
		return missing ? 0 : -1;
	rv = find_tail(fd, OLD_NAME, &t, e);
	close(fd);
	if (rv == -1)
		return -1;
	if (!t.lines)
		return err_set(e, OLD_NAME ": holds no line");
	a->seq = t.seq;
	memcpy(a->chain, t.chain, sizeof(a->chain));
	return 1;
}

/* What was cut, in the trail itself. */
static int
note_cut(struct audit *a, off_t cut, struct errmsg *e)
{
	char bytes[24];

	if (cut == 0)
		return 0;
	snprintf(bytes, sizeof(bytes), "%lld", (long long)cut);
	if (audit_event(a, "audit.cut", "bytes", bytes, NULL) == -1)
		return err_set(e, FILE_NAME ": cannot be written");
	return 0;
}

/* Takes up the trail where it ended: here, or in the file before when this one has no line yet. */
static int
go_on(struct audit *a, struct errmsg *e)
{
	struct tail t;
	struct stat st;
	off_t cut;
	int old = 0;

	if (fstat(a->fd, &st) == -1)
		return err_errno(e, FILE_NAME);
	if (find_tail(a->fd, FILE_NAME, &t, e) == -1)
		return -1;
	if (t.lines) {
		a->seq = t.seq;
		memcpy(a->chain, t.chain, sizeof(a->chain));
	} else if ((old = tail_of_old(a, e)) == -1)
		return -1;
	a->size = t.end;
	cut = st.st_size - t.end;
	if (cut != 0 && ftruncate(a->fd, t.end) == -1)
		return err_errno(e, FILE_NAME ": cutting its torn end");
	if (old && audit_event(a, "audit.rotate", "previous", a->chain, NULL) == -1)
		return err_set(e, FILE_NAME ": cannot be written");
	return note_cut(a, cut, e);
}

struct audit *
audit_open(int statefd, struct errmsg *e)
{
	struct audit *a = calloc(1, sizeof(*a));
	int missing;

	if (a == NULL || sodium_init() == -1) {
		err_set(e, "audit: out of memory or randomness");
		free(a);
		return NULL;
	}
	memcpy(a->chain, AUDIT_FIRST, sizeof(a->chain));
	a->fd = -1;
	if ((a->dirfd = fcntl(statefd, F_DUPFD_CLOEXEC, 3)) == -1) {
		err_errno(e, "audit");
		goto fail;
	}
	if (load_key(a, e) == -1)
		goto fail;
	a->fd = open_own(a->dirfd, FILE_NAME, O_RDWR | O_APPEND, &missing, e);
	if (a->fd == -1 && (!missing || (a->fd = make_file(a->dirfd, FILE_NAME, e)) == -1))
		goto fail;
	if (go_on(a, e) == 0)
		return a;
fail:
	audit_close(a);
	return NULL;
}

void
audit_close(struct audit *a)
{
	if (a == NULL)
		return;
	if (a->fd != -1) {
		(void)audit_sync(a); /* it says itself what was wrong */
		close(a->fd);
	}
	if (a->dirfd != -1)
		close(a->dirfd);
	sodium_memzero(a->key, sizeof(a->key));
	free(a);
}

/* ---- writing ---- */

struct line {
	char text[AUDIT_LINE];
	size_t len; /* without NUL */
};

#define LINE_ROOM \
	(AUDIT_LINE - AUDIT_CHAIN_LEN - 1) /* for text; chain, digits and newline follow */

static void
line_head(struct line *l, const char *event, uint64_t seq)
{
	int n = snprintf(l->text, LINE_ROOM, "event=%s seq=%llu time=%lld", event,
	    (unsigned long long)seq, (long long)time(NULL));

	l->len = n < LINE_ROOM ? (size_t)n : LINE_ROOM - 1;
}

/* " KEY=VALUE", the value encoded and cut; left out when not even its key fits. */
static void
line_pair(struct line *l, const char *key, const char *value)
{
	size_t room = LINE_ROOM - l->len, head = strlen(key) + 2;
	char v[VALUE_MAX + 1];

	if (room <= head + 1)
		return;
	str_vis(v, sizeof(v) < room - head ? sizeof(v) : room - head, value, strlen(value));
	l->len += (size_t)snprintf(l->text + l->len, room, " %s=%s", key, v);
}

/* Appends L, then takes its chain as the newest. */
static int
line_write(struct audit *a, struct line *l)
{
	char chain[AUDIT_CHAIN];

	auditchain_next(a->key, a->chain, l->text, l->len, chain);
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, " chain=%s", chain);
	l->text[l->len] = '\n';
	if (fd_writen(a->fd, l->text, l->len + 1) != (ssize_t)l->len + 1) {
		log_warn("audit: %s", FILE_NAME);
		if (ftruncate(a->fd, a->size) == -1)
			a->broken = 1;
		return -1;
	}
	a->unsynced = 1;
	a->size += (off_t)l->len + 1;
	a->seq++;
	memcpy(a->chain, chain, sizeof(a->chain));
	syslog(LOG_AUTHPRIV | LOG_INFO, "%.*s", (int)l->len, l->text);
	return 0;
}

/* audit.3 becomes audit.4 and so on; then audit becomes audit.1 and the new one audit. */
static int
shift_files(struct audit *a)
{
	char from[32], to[32];

	for (int i = KEEP - 1; i >= 1; i--) {
		snprintf(from, sizeof(from), FILE_NAME ".%d", i);
		snprintf(to, sizeof(to), FILE_NAME ".%d", i + 1);
		if (renameat(a->dirfd, from, a->dirfd, to) == -1 && errno != ENOENT)
			return -1;
	}
	if (renameat(a->dirfd, FILE_NAME, a->dirfd, OLD_NAME) == -1)
		return -1;
	if (renameat(a->dirfd, NEW_NAME, a->dirfd, FILE_NAME) == -1) {
		a->broken = 1;
		return -1;
	}
	return fsync(a->dirfd);
}

/*
 * The new file's first line names the chain before it, so that it can be verified alone. The old
 * one is on the disk before: a file that is not the last may have no torn end.
 */
static int
rotate(struct audit *a)
{
	struct errmsg e;
	struct line l;
	int fd;

	if (audit_sync(a) == -1)
		return -1;
	if ((fd = make_file(a->dirfd, NEW_NAME, &e)) == -1) {
		log_warnx("audit: %s", e.text);
		return -1;
	}
	if (shift_files(a) == -1) {
		log_warn("audit: rotation");
		close(fd);
		return -1;
	}
	close(a->fd);
	a->fd = fd;
	a->size = 0;
	line_head(&l, "audit.rotate", a->seq + 1);
	line_pair(&l, "previous", a->chain);
	return line_write(a, &l);
}

int
audit_event(struct audit *a, const char *event, ...)
{
	const char *key, *value;
	struct line l;
	va_list ap;

	if (a->broken || (a->size >= ROTATE_AT && rotate(a) == -1))
		return -1;
	line_head(&l, event, a->seq + 1);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL)
		if ((value = va_arg(ap, const char *)) != NULL)
			line_pair(&l, key, value);
	va_end(ap);
	return line_write(a, &l);
}

int
audit_unsynced(const struct audit *a)
{
	return a->unsynced && !a->broken;
}

int
audit_sync(struct audit *a)
{
	if (a->broken)
		return -1;
	if (!a->unsynced)
		return 0;
	if (fdatasync(a->fd) == -1) {
		log_warn("audit: %s", FILE_NAME);
		a->broken = 1;
		return -1;
	}
	a->unsynced = 0;
	return 0;
}

uint64_t
audit_head(const struct audit *a, char chain[33])
{
	memcpy(chain, a->chain, AUDIT_CHAIN);
	return a->seq;
}
