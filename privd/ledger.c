/* The ledger's file: locked, replayed, cut, appended to (privd/ledger.h says what it promises). */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/crash.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "privd/ledger.h"
#include "privd/ledger_rec.h"

#define LEDGER_NAME    "ledger"
#define LEDGER_LOCK_MS 500

#define SECTOR 512 /* what a disk writes whole or not at all */

struct ledger {
	int fd;
	int broken;
	int waiting; /* the last record is not synced yet */
	off_t end;   /* where the next record goes */
	uint64_t seq, flushes;
	/* A window on the file, for reading: never all of it. */
	off_t winoff;
	size_t winlen;
	uint8_t win[8 * LEDGER_FRAME_MAX];
	uint8_t out[LEDGER_FRAME_MAX];
};

int
ledger_make(int statefd, struct errmsg *e)
{
	char head[LEDGER_HEADMAX];
	struct stat st;
	int n;

	if (fstatat(statefd, LEDGER_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, "ledger: exists already");
	if (errno != ENOENT)
		return err_errno(e, "ledger");
	n = snprintf(head, sizeof(head), "%s%d\n", LEDGER_WORD, LEDGER_VERSION);
	if (fd_replace(statefd, LEDGER_NEW, 0600, head, (size_t)n, e) == -1)
		return -1;
	crash_point("start", "HEAD", "done");
	if (renameat2(statefd, LEDGER_NEW, statefd, LEDGER_NAME, RENAME_NOREPLACE) == -1)
		return err_errno(e, "rename %s to ledger", LEDGER_NEW);
	if (fsync(statefd) == -1)
		return err_errno(e, "fsync of the state directory");
	crash_point("start", "LEDGER", "done");
	return 0;
}

/*
 * Points *P at the bytes from OFF on: at least one whole frame's worth, or all up to the end of the
 * file. Returns how many, -1 with E.
 */
static ssize_t
window(struct ledger *l, off_t off, const uint8_t **p, struct errmsg *e)
{
	size_t skip = 0, want;
	ssize_t n;

	if (off >= l->winoff && off <= l->winoff + (off_t)l->winlen)
		skip = (size_t)(off - l->winoff);
	else
		l->winlen = 0;
	want = l->end - off < LEDGER_FRAME_MAX ? (size_t)(l->end - off) : LEDGER_FRAME_MAX;
	if (l->winlen - skip < want) {
		memmove(l->win, l->win + skip, l->winlen - skip);
		l->winlen -= skip;
		l->winoff = off;
		skip = 0;
		do {
			n = pread(l->fd, l->win + l->winlen, sizeof(l->win) - l->winlen,
			    off + (off_t)l->winlen);
			if (n == -1 && errno == EINTR)
				continue;
			if (n == -1)
				return err_errno(e, "ledger: read at byte %lld", (long long)off);
			l->winlen += (size_t)n;
		} while (n != 0 && l->winlen < want);
	}
	*p = l->win + skip;
	return (ssize_t)(l->winlen - skip);
}

/* A LAZY record waits only when it ends in the sector where it begins, and the next begins there.
 */
static int
may_wait(const struct ledger *l, const struct ledger_rec *r, ssize_t len)
{
	return ledger_lazy(r->type) && l->end / SECTOR == (l->end + len) / SECTOR;
}

static int
record_sync(struct ledger *l, const struct ledger_rec *r, struct errmsg *e)
{
	crash_point("ledger", ledger_typename((uint8_t)r->type), "sync");
	if (fsync(l->fd) == -1)
		return err_errno(e, "ledger: fsync");
	l->flushes++;
	crash_point("ledger", ledger_typename((uint8_t)r->type), "done");
	return 0;
}

/* Writes R as record NEXT at l->end in one write, and syncs it unless it may wait. Moves nothing
 * on. The length, or -1.
 */
static ssize_t
record_write(struct ledger *l, struct ledger_rec *r, uint64_t now, struct errmsg *e)
{
	ssize_t len, n;

	r->seq = l->seq + 1;
	r->time = now;
	if ((len = ledger_rec_put(l->out, r, e)) == -1)
		return -1;
	l->winlen = 0;
	l->broken = 1; /* until all of it has worked */
	crash_point("ledger", ledger_typename((uint8_t)r->type), "write");
	if ((n = pwrite(l->fd, l->out, (size_t)len, l->end)) == -1)
		return err_errno(e, "ledger: write");
	if (n != len)
		return err_set(e, "ledger: write: only %zd of %zd bytes: the disk is full", n, len);
	l->waiting = may_wait(l, r, len);
	if (!l->waiting && record_sync(l, r, e) == -1)
		return -1;
	l->broken = 0;
	return len;
}

static void
record_took(struct ledger *l, const struct ledger_rec *r, ssize_t len)
{
	l->seq = r->seq;
	l->end += len;
}

/*
 * REST bytes at l->end are a torn record: a CUT record is written over them first and the rest cut
 * off after it, so that a crash in between leaves either the torn tail or the word that it was cut.
 */
static int
tail_cut(struct ledger *l, uint64_t rest, uint64_t now,
    int (*fn)(const struct ledger_rec *, off_t, void *), void *arg, struct errmsg *e)
{
	struct ledger_rec r = {.type = LR_CUT, .number = rest};
	off_t at = l->end;
	ssize_t len;

	if ((len = record_write(l, &r, now, e)) == -1)
		return -1;
	record_took(l, &r, len);
	if (ftruncate(l->fd, l->end) == -1)
		return err_errno(e, "ledger: cutting a torn tail at byte %lld", (long long)at);
	if (fsync(l->fd) == -1)
		return err_errno(e, "ledger: fsync");
	log_warnx("ledger: %llu bytes of a torn record were cut at byte %lld",
	    (unsigned long long)rest, (long long)at);
	return fn(&r, at, arg);
}

/* One good frame of LEN bytes at OFF: decoded, its number checked, handed to FN. */
static int
record_replay(struct ledger *l, const uint8_t *p, size_t len, off_t off,
    int (*fn)(const struct ledger_rec *, off_t, void *), void *arg, struct errmsg *e)
{
	struct ledger_rec r;

	if (ledger_rec_get(p, len, &r, e) == -1)
		return err_prefix(e, "ledger: the record at byte %lld", (long long)off);
	if (r.seq != l->seq + 1)
		return err_set(e,
		    "ledger: the record at byte %lld has number %llu, not %llu: needs-rekey",
		    (long long)off, (unsigned long long)r.seq, (unsigned long long)l->seq + 1);
	l->seq = r.seq;
	return fn(&r, off, arg);
}

static int
replay(struct ledger *l, uint64_t now, int (*fn)(const struct ledger_rec *, off_t, void *),
    void *arg, struct errmsg *e)
{
	off_t off, size = l->end;
	const uint8_t *p;
	ssize_t n;
	size_t len;

	if ((n = window(l, 0, &p, e)) == -1 || (off = ledger_head(p, (size_t)n, e)) == -1)
		return -1;
	for (; off < size; off += (off_t)len) {
		if ((n = window(l, off, &p, e)) == -1)
			return -1;
		if ((len = ledger_frame(p, (size_t)n)) == 0)
			break;
		if (record_replay(l, p, len, off, fn, arg, e) == -1)
			return -1;
	}
	if (off == size)
		return 0;
	/* The window holds at least a frame's worth; more than that is no torn record. */
	if (size - off > LEDGER_FRAME_MAX || n < size - off ||
	    !ledger_torn(p, (size_t)(size - off)))
		return err_set(e,
		    "ledger: damaged at byte %lld, and that is not its last record: needs-rekey",
		    (long long)off);
	l->end = off;
	return tail_cut(l, (uint64_t)(size - off), now, fn, arg, e);
}

static int
file_open(struct ledger *l, int statefd, struct errmsg *e)
{
	struct stat st;

	l->fd = fd_openat(statefd, LEDGER_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (l->fd == -1)
		return err_errno(e, "ledger");
	if (fd_check_trusted(l->fd, "ledger", FD_TRUST_PRIVATE, e) == -1)
		return -1;
	if (fd_lock(l->fd, LEDGER_LOCK_MS) == -1) {
		if (errno == EWOULDBLOCK)
			return err_set(e, "ledger: another reeve-privd holds its lock");
		return err_errno(e, "ledger: flock");
	}
	if (fstat(l->fd, &st) == -1)
		return err_errno(e, "ledger: fstat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, "ledger: is not a regular file");
	l->end = st.st_size;
	return 0;
}

struct ledger *
ledger_open(int statefd, uint64_t now, int (*fn)(const struct ledger_rec *, off_t, void *),
    void *arg, struct errmsg *e)
{
	struct ledger *l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		err_errno(e, "ledger");
		return NULL;
	}
	if (file_open(l, statefd, e) == -1 || replay(l, now, fn, arg, e) == -1) {
		ledger_close(l);
		return NULL;
	}
	return l;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->waiting && fsync(l->fd) == -1)
		log_warn("ledger: fsync");
	if (l->fd != -1)
		close(l->fd);
	free(l);
}

int
ledger_append(struct ledger *l, struct ledger_rec *r, uint64_t now, off_t *off, struct errmsg *e)
{
	ssize_t len;

	if (l->broken)
		return err_set(
		    e, "ledger: broken by an earlier failed write; start reeve-privd again");
	if ((len = record_write(l, r, now, e)) == -1) {
		/* What did not become durable must not come back after a restart. */
		if (l->broken && (ftruncate(l->fd, l->end) == -1 || fsync(l->fd) == -1))
			log_warn(
			    "ledger: taking back a failed record at byte %lld", (long long)l->end);
		return -1;
	}
	if (off != NULL)
		*off = l->end;
	record_took(l, r, len);
	return 0;
}

int
ledger_read(struct ledger *l, off_t off, struct ledger_rec *r, struct errmsg *e)
{
	const uint8_t *p;
	ssize_t n;
	size_t len;

	if (off < 0 || off >= l->end)
		return err_set(e, "ledger: no record at byte %lld", (long long)off);
	if ((n = window(l, off, &p, e)) == -1)
		return -1;
	if ((len = ledger_frame(p, (size_t)n)) == 0)
		return err_set(e, "ledger: the record at byte %lld is damaged", (long long)off);
	if (ledger_rec_get(p, len, r, e) == -1)
		return err_prefix(e, "ledger: the record at byte %lld", (long long)off);
	return 0;
}

uint64_t
ledger_seq(const struct ledger *l)
{
	return l->seq;
}

int
ledger_broken(const struct ledger *l)
{
	return l->broken;
}

uint64_t
ledger_flushes(const struct ledger *l)
{
	return l->flushes;
}
