/* The spool: files of jobs that are not yet acknowledged. Root never copies what is in them. */
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/spool_dir.h"
#include "proto/frame.h"

#define SPOOL_DIR   "spool"
#define SPOOL_SPARE (4 * 1024 * 1024) /* disk left alone: the ledger must still be written */

#define EXITFRAME (FRAME_FIXED + EXITREC_SIZE + FRAME_CRC)
#define FRAME_ALL (FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC)

/* What walking a file's frames found. */
struct walk {
	uint64_t end;  /* after the last good frame */
	uint64_t last; /* where that one starts; 0 there is none */
	uint64_t off;  /* of the window */
	size_t len;
	uint8_t win[2 * FRAME_ALL];
};

void
spool_name(char name[SPOOL_NAME], const uint8_t id[16], int index)
{
	char hex[JOB_IDLEN + 1];

	str_hex(hex, id, 16);
	if (index == -1)
		snprintf(name, SPOOL_NAME, "%s.out", hex);
	else
		snprintf(name, SPOOL_NAME, "%s.blob%d", hex, index);
}

/* The reverse: 0, or -1 when NAME is not one of ours. */
static int
name_parse(const char *name, uint8_t id[16])
{
	char hex[JOB_IDLEN + 1];
	uint64_t index;

	if (strlen(name) < JOB_IDLEN)
		return -1;
	memcpy(hex, name, JOB_IDLEN);
	hex[JOB_IDLEN] = '\0';
	name += JOB_IDLEN;
	if (str_unhex(id, 16, hex) == -1)
		return -1;
	if (strcmp(name, ".out") == 0)
		return 0;
	if (strncmp(name, ".blob", 5) != 0)
		return -1;
	return str_u64(name + 5, 0, TICKET_BLOBS - 1, &index);
}

int
spool_file(struct spool *s, const char *name, int flags, uint64_t *size, struct errmsg *e)
{
	struct stat st;
	int fd;

	if ((fd = fd_openat(s->dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK, 0)) == -1)
		return err_errno(e, "spool/%s", name);
	if (fd_check_trusted(fd, name, FD_TRUST_PRIVATE, e) == -1) {
		err_prefix(e, "spool");
		goto fail;
	}
	if (fstat(fd, &st) == -1) {
		err_errno(e, "spool/%s", name);
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, "spool/%s: is not a regular file", name);
		goto fail;
	}
	*size = (uint64_t)st.st_size;
	return fd;
fail:
	close(fd);
	errno = EPERM;
	return -1;
}

int
spool_nameless(struct spool *s, const char *name, struct errmsg *e)
{
	int fd;

	if ((fd = openat(s->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) == -1)
		return err_errno(e, "spool/%s: nameless file", name);
	return fd;
}

int
spool_link(struct spool *s, int fd, const char *name, struct errmsg *e)
{
	char self[64];
	int rv;

	if (fsync(fd) == -1)
		return err_errno(e, "spool/%s: fsync", name);
	rv = linkat(fd, "", s->dirfd, name, AT_EMPTY_PATH);
	if (rv == -1 && errno == ENOENT) {
		/* Without CAP_DAC_READ_SEARCH the kernel says so, and open(2) shows this way. */
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		rv = linkat(AT_FDCWD, self, s->dirfd, name, AT_SYMLINK_FOLLOW);
	}
	if (rv == -1)
		return err_errno(e, "spool/%s: link", name);
	if (fsync(s->dirfd) == -1)
		return err_errno(e, "spool: fsync");
	return 0;
}

/* Opens the directory again to read it: a stream has its own position. */
static DIR *
dir_read(struct spool *s, struct errmsg *e)
{
	DIR *d;
	int fd;

	if ((fd = fd_openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY, 0)) == -1) {
		err_errno(e, "spool");
		return NULL;
	}
	if ((d = fdopendir(fd)) == NULL) {
		err_errno(e, "spool");
		close(fd);
	}
	return d;
}

static int
count_files(struct spool *s, struct errmsg *e)
{
	struct dirent *de;
	struct stat st;
	DIR *d;

	if ((d = dir_read(s, e)) == NULL)
		return -1;
	s->used = s->promised = 0;
	while ((de = readdir(d)) != NULL)
		if (fstatat(s->dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			s->used += (uint64_t)st.st_size;
	closedir(d);
	clock_gettime(CLOCK_MONOTONIC, &s->counted);
	return 0;
}

static int
count_is_old(const struct spool *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - s->counted.tv_sec > 1 ||
	       (now.tv_sec != s->counted.tv_sec && now.tv_nsec >= s->counted.tv_nsec);
}

static int
dir_open(struct spool *s, int statefd, struct errmsg *e)
{
	if (mkdirat(statefd, SPOOL_DIR, 0700) == 0) {
		if (fsync(statefd) == -1)
			return err_errno(e, "fsync of the state directory");
	} else if (errno != EEXIST)
		return err_errno(e, "mkdir spool");
	s->dirfd = fd_openat(statefd, SPOOL_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (s->dirfd == -1)
		return err_errno(e, "spool");
	return fd_check_trusted(s->dirfd, "spool", FD_TRUST_PRIVATE, e);
}

struct spool *
spool_open(int statefd, uint64_t max, struct errmsg *e)
{
	struct spool *s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		err_errno(e, "spool");
		return NULL;
	}
	s->dirfd = -1;
	s->max = max;
	if (dir_open(s, statefd, e) == 0 && count_files(s, e) == 0)
		return s;
	spool_close(s);
	return NULL;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	if (s->dirfd != -1)
		close(s->dirfd);
	free(s);
}

/* Fills the window from W->end on. Bytes there, -1 with errno. */
static ssize_t
walk_fill(int fd, struct walk *w)
{
	size_t skip = (size_t)(w->end - w->off);
	ssize_t n = 1;

	if (w->len - skip >= FRAME_ALL)
		return (ssize_t)(w->len - skip);
	memmove(w->win, w->win + skip, w->len - skip);
	w->len -= skip;
	w->off = w->end;
	while (n != 0 && w->len < FRAME_ALL) {
		n = pread(fd, w->win + w->len, sizeof(w->win) - w->len, (off_t)(w->off + w->len));
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			w->len += (size_t)n;
	}
	return (ssize_t)w->len;
}

/* Walks FD from its head to its end or to the first bad frame. 0; -1 with E: not read, or no head.
 */
static int
walk(int fd, const char *name, struct walk *w, struct errmsg *e)
{
	struct frame f;
	ssize_t n, len;

	w->end = w->last = w->off = 0;
	w->len = 0;
	if ((n = walk_fill(fd, w)) == -1)
		return err_errno(e, "spool/%s: read", name);
	if (n < FRAME_HEADLEN || memcmp(w->win, FRAME_HEAD, FRAME_HEADLEN) != 0)
		return err_set(e, "spool/%s: does not begin as a spool file of version 1", name);
	for (w->end = FRAME_HEADLEN;; w->end += (uint64_t)len) {
		if ((n = walk_fill(fd, w)) == -1)
			return err_errno(e, "spool/%s: read", name);
		if ((len = frame_get(w->win + (w->end - w->off), (size_t)n, &f)) <= 0)
			return 0;
		w->last = w->end;
	}
}

/* Writes the head of FD, which is empty. */
static int
head_put(int fd, const char *name, struct errmsg *e)
{
	if (fd_writen(fd, FRAME_HEAD, FRAME_HEADLEN) != FRAME_HEADLEN)
		return err_errno(e, "spool/%s: write", name);
	return 0;
}

/*
 * 1 when the head of FD's file never came to the disk: the name is synced when the file is made,
 * its bytes with the first exit frame, so nothing in it was promised to anybody. -1 with E.
 */
static int
head_lost(int fd, const char *name, uint64_t size, struct errmsg *e)
{
	static const uint8_t zero[FRAME_HEADLEN];
	uint8_t head[FRAME_HEADLEN];

	if (size < FRAME_HEADLEN)
		return 1;
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return err_errno(e, "spool/%s: read", name);
	return memcmp(head, zero, sizeof(zero)) == 0;
}

/* Cuts FD after its last good frame, on whose end W stands. */
static int
torn_cut(int fd, const char *name, const struct walk *w, uint64_t *size, struct errmsg *e)
{
	if (w->end == *size)
		return 0;
	if (ftruncate(fd, (off_t)w->end) == -1 || fsync(fd) == -1)
		return err_errno(e, "spool/%s: cutting torn output", name);
	log_warnx("spool/%s: %llu bytes of torn output were cut", name,
	    (unsigned long long)(*size - w->end));
	*size = w->end;
	return 0;
}

static int
torn_find(int fd, const char *name, uint64_t *size, struct errmsg *e)
{
	struct walk *w;
	int rv;

	if ((rv = head_lost(fd, name, *size, e)) == -1)
		return -1;
	if (rv) {
		*size = FRAME_HEADLEN;
		if (ftruncate(fd, 0) == -1)
			return err_errno(e, "spool/%s: beginning again", name);
		return head_put(fd, name, e);
	}
	if ((w = malloc(sizeof(*w))) == NULL)
		return err_errno(e, "spool/%s", name);
	rv = walk(fd, name, w, e) == -1 ? -1 : torn_cut(fd, name, w, size, e);
	free(w);
	return rv;
}

/* A new output file with nothing but its head, its name synced. -1 with errno; EEXIST without E. */
static int
output_make(struct spool *s, const char *name, struct errmsg *e)
{
	int fd, saved;

	fd = fd_openat(
	    s->dirfd, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd == -1)
		return errno == EEXIST ? -1 : err_errno(e, "spool/%s", name);
	if (head_put(fd, name, e) == 0) {
		if (fsync(s->dirfd) == 0)
			return fd;
		err_errno(e, "spool: fsync");
	}
	saved = errno;
	(void)unlinkat(s->dirfd, name, 0);
	close(fd);
	errno = saved;
	return -1;
}

int
spool_output(struct spool *s, const uint8_t id[16], int cut, uint64_t *size, struct errmsg *e)
{
	char name[SPOOL_NAME];
	uint64_t n = FRAME_HEADLEN;
	int fd;

	spool_name(name, id, -1);
	if ((fd = output_make(s, name, e)) == -1) {
		if (errno != EEXIST || (fd = spool_file(s, name, O_RDWR | O_APPEND, &n, e)) == -1)
			return -1;
		if (cut && torn_find(fd, name, &n, e) == -1) {
			close(fd);
			return -1;
		}
	}
	if (size != NULL)
		*size = n;
	return fd;
}

/* An inotify fd on FD's file, -1 with errno. */
static int
notify_of(int fd)
{
	char self[64];
	int in;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if ((in = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1)
		return -1;
	if (inotify_add_watch(in, self, IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE_SELF) != -1)
		return in;
	close(in);
	return -1;
}

static int
ticker(int fd)
{
	const struct timespec tick = {.tv_nsec = SPOOL_TICK * 1000000L};
	const struct itimerspec every = {.it_interval = tick, .it_value = tick};
	int t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	(void)fd;
	if (t != -1 && timerfd_settime(t, 0, &every, NULL) == 0)
		return t;
	if (t != -1)
		close(t);
	return -1;
}

int
spool_there(struct spool *s, const uint8_t id[16])
{
	char name[SPOOL_NAME];
	struct stat st;

	spool_name(name, id, -1);
	return fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Read-only, and what NEWS makes of it to say that there is more to read. */
static int
open_stream(struct spool *s, const uint8_t id[16], int (*news)(int), int fds[2], struct errmsg *e)
{
	char name[SPOOL_NAME];
	uint64_t size;

	spool_name(name, id, -1);
	if ((fds[0] = spool_file(s, name, O_RDONLY, &size, e)) == -1)
		return -1;
	if ((fds[1] = news(fds[0])) != -1)
		return 0;
	err_errno(e, "spool/%s: watch", name);
	close(fds[0]);
	return -1;
}

int
spool_stream(struct spool *s, const uint8_t id[16], int fds[2], struct errmsg *e)
{
	return open_stream(s, id, notify_of, fds, e);
}

int
spool_look(struct spool *s, const uint8_t id[16], int fds[2], struct errmsg *e)
{
	return open_stream(s, id, ticker, fds, e);
}

/* The last bytes of the file, if they have the shape of STEP's exit frame. 1, 0, -1 with E. */
static int
tail_exit(
    int fd, const char *name, uint64_t size, uint8_t step, uint8_t buf[EXITFRAME], struct errmsg *e)
{
	struct frame f;
	ssize_t n;

	if (size < FRAME_HEADLEN + EXITFRAME)
		return 0;
	while ((n = pread(fd, buf, EXITFRAME, (off_t)(size - EXITFRAME))) == -1 && errno == EINTR)
		continue;
	if (n == -1)
		return err_errno(e, "spool/%s: read", name);
	return n == EXITFRAME && frame_get(buf, EXITFRAME, &f) == EXITFRAME && f.type == FR_EXIT &&
	       f.step == step && f.len == EXITREC_SIZE;
}

/* Whether the frame that ends the file begins where an exit frame would: 1, 0, -1 with E. */
static int
tail_isframe(int fd, const char *name, uint64_t size, struct errmsg *e)
{
	struct walk *w;
	int rv;

	if ((w = malloc(sizeof(*w))) == NULL)
		return err_errno(e, "spool/%s", name);
	rv = walk(fd, name, w, e);
	if (rv == 0 && w->end != size)
		rv = err_set(e, "spool/%s: damaged at byte %llu", name, (unsigned long long)w->end);
	else if (rv == 0)
		rv = w->last == size - EXITFRAME;
	free(w);
	return rv;
}

int
spool_exitrec(
    struct spool *s, const uint8_t id[16], uint8_t step, struct exitrec *r, struct errmsg *e)
{
	char name[SPOOL_NAME];
	uint8_t buf[EXITFRAME];
	uint64_t size;
	int fd, rv;

	spool_name(name, id, -1);
	if ((fd = spool_file(s, name, O_RDONLY, &size, e)) == -1)
		return errno == ENOENT ? 0 : -1;
	if ((rv = tail_exit(fd, name, size, step, buf, e)) == 1)
		rv = tail_isframe(fd, name, size, e);
	close(fd);
	if (rv == 1 && (exitrec_get(buf + FRAME_FIXED, r) == -1 || r->step != step))
		return err_set(
		    e, "spool/%s: its exit frame holds no exit record of this step", name);
	return rv;
}

void
spool_remove(struct spool *s, const uint8_t id[16])
{
	char name[SPOOL_NAME];
	int i;

	/* blobs are taken in their order, so none follows one that is not there */
	for (i = -1; i < TICKET_BLOBS; i++) {
		spool_name(name, id, i);
		if (unlinkat(s->dirfd, name, 0) == 0)
			continue;
		if (errno != ENOENT)
			log_warn("spool/%s: remove", name);
		else if (i != -1)
			break;
	}
}

int
spool_sweep(
    struct spool *s, int (*known)(const uint8_t id[16], void *), void *arg, struct errmsg *e)
{
	struct dirent *de;
	uint8_t id[16];
	DIR *d;

	if ((d = dir_read(s, e)) == NULL)
		return -1;
	while ((de = readdir(d)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		if (name_parse(de->d_name, id) == 0 && known(id, arg))
			continue;
		log_info("spool/%s: belongs to no job, removed", de->d_name);
		if (unlinkat(s->dirfd, de->d_name, 0) == -1)
			log_warn("spool/%s: remove", de->d_name);
	}
	closedir(d);
	return count_files(s, e);
}

int
spool_room(struct spool *s, uint64_t want, struct errmsg *e)
{
	struct statvfs v;
	uint64_t left;

	if ((count_is_old(s) || s->used + s->promised + want > s->max) && count_files(s, e) == -1)
		return -1;
	if (want > s->max || s->used + s->promised > s->max - want)
		return err_set(e,
		    "spool: full: %llu of %llu bytes are in use, %llu more are wanted",
		    (unsigned long long)s->used, (unsigned long long)s->max,
		    (unsigned long long)want);
	if (fstatvfs(s->dirfd, &v) == -1)
		return err_errno(e, "spool: fstatvfs");
	left = (uint64_t)v.f_bavail * v.f_frsize;
	if (left < SPOOL_SPARE || left - SPOOL_SPARE < want)
		return err_set(e, "spool: the disk has only %llu bytes left, %llu are wanted",
		    (unsigned long long)left, (unsigned long long)(want + SPOOL_SPARE));
	s->promised += want;
	return 0;
}

uint64_t
spool_used(struct spool *s)
{
	struct errmsg e;

	if (count_is_old(s) && count_files(s, &e) == -1)
		log_warnx("%s", e.text);
	return s->used;
}
