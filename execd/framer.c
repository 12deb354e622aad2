/* The spool writer of a supervisor: whole frames or none, a cap, and a running hash. */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "execd/framer.h"
#include "lib/crash.h"
#include "lib/fdutil.h"

#define FRAMER_OWN (8 << 20) /* notes, progress, the exit frame */

static uint64_t
now_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
framer_now(void)
{
	return now_ms(CLOCK_REALTIME);
}

uint64_t
framer_mono(void)
{
	return now_ms(CLOCK_BOOTTIME);
}

int
framer_init(struct framer *f, int fd, uint8_t step, uint64_t cap, struct errmsg *e)
{
	ssize_t n;

	memset(f, 0, offsetof(struct framer, buf));
	f->fd = fd;
	f->step = step;
	f->room = f->cap = cap;
	f->dataroom = FRAME_DATA_MAX;
	f->heads = cap + FRAMER_HEADS;
	f->dataheads = FRAMER_HEADS;
	crypto_hash_sha256_init(&f->sha);
	for (;;) {
		n = pread(fd, f->buf, sizeof(f->buf), (off_t)f->size);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(e, "spool: read");
		if (f->size == 0 &&
		    (n < FRAME_HEADLEN || memcmp(f->buf, FRAME_HEAD, FRAME_HEADLEN) != 0))
			return err_set(e, "spool: not a spool file");
		if (n == 0)
			return 0;
		crypto_hash_sha256_update(&f->sha, f->buf, (size_t)n);
		f->size += (uint64_t)n;
	}
}

/* One frame, whole or not at all: a torn one is cut off again, so that readers never see it. */
static int
put_frame(struct framer *f, enum frame_type type, const void *buf, size_t len)
{
	struct frame fr = {
	    .type = type, .step = f->step, .ms = framer_now(), .data = buf, .len = (uint32_t)len};
	size_t n;
	ssize_t done;

	n = frame_put(f->buf, &fr);
	done = fd_writen(f->fd, f->buf, n);
	if (done != (ssize_t)n) {
		if (f->failed == 0)
			f->failed = errno != 0 ? errno : EIO;
		if (ftruncate(f->fd, (off_t)f->size) == -1)
			f->failed = errno;
		errno = f->failed;
		return -1;
	}
	f->size += n;
	/* the hash covers the file up to the exit frame */
	if (type != FR_EXIT)
		crypto_hash_sha256_update(&f->sha, f->buf, n);
	return 0;
}

void
framer_note(struct framer *f, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	put_frame(f, FR_NOTE, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

uint64_t
framer_most(const struct framer *f)
{
	return f->size + 2 * f->cap + FRAME_DATA_MAX + 2 * FRAMER_HEADS + FRAMER_OWN;
}

/* One more head out of HEADS. 1, or 0 when they are used up. */
static int
take_head(uint64_t *heads)
{
	if (*heads < FRAME_FIXED + FRAME_CRC)
		return 0;
	*heads -= FRAME_FIXED + FRAME_CRC;
	return 1;
}

void
framer_output(struct framer *f, enum frame_type type, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t keep, n;

	keep = len < f->room ? len : (size_t)f->room;
	f->room -= keep;
	f->cut += len - keep;
	for (; keep > 0; p += n, keep -= n) {
		n = keep < FRAME_PAYLOAD ? keep : FRAME_PAYLOAD;
		if (!take_head(&f->heads)) {
			f->cut += keep;
			f->room = 0;
			break;
		}
		if (put_frame(f, type, p, n) == -1)
			f->cut += n;
	}
	if (f->cut > 0 && !f->noted && f->failed == 0) {
		f->noted = 1;
		if (f->heads < FRAME_FIXED + FRAME_CRC)
			framer_note(f, "output cut: it came in too many small pieces");
		else
			framer_note(f, "output cut at %llu bytes", (unsigned long long)f->cap);
	}
}

int
framer_data(struct framer *f, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t n;

	if (len > f->dataroom) {
		f->dataroom = 0;
		return -1;
	}
	f->dataroom -= len;
	for (; len > 0; p += n, len -= n) {
		n = len < FRAME_PAYLOAD ? len : FRAME_PAYLOAD;
		if (!take_head(&f->dataheads) || put_frame(f, FR_DATA, p, n) == -1) {
			f->dataroom = 0;
			return -1;
		}
	}
	return 0;
}

void
framer_progress(struct framer *f, unsigned int percent, const char *phase)
{
	char text[256];
	int i, n;

	n = snprintf(text, sizeof(text), "%u %s", percent > 100 ? 100 : percent, phase);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	for (i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	put_frame(f, FR_PROGRESS, text, (size_t)n);
}

int
framer_exit(struct framer *f, struct exitrec *r)
{
	uint8_t buf[EXITREC_SIZE];
	crypto_hash_sha256_state sha = f->sha;

	r->outsize = f->size;
	crypto_hash_sha256_final(&sha, r->outsha);
	r->cut = f->cut;
	exitrec_put(buf, r);
	crash_point("spool", "EXIT", "write");
	if (put_frame(f, FR_EXIT, buf, sizeof(buf)) == -1 || fsync(f->fd) == -1)
		return -1;
	crash_point("spool", "EXIT", "sync");
	return 0;
}
