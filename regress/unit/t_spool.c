/* The spool: output files and their exit frames, streams, blobs, the cap, what a tool or a crash
 * left. */
#include <sys/mount.h>

#include <poll.h>
#include <sched.h>
#include <sodium.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/spool.h"
#include "proto/frame.h"
#include "regress/unit/statekit.h"

#define MAX  (64ULL * 1024 * 1024)
#define IDH  "9f86d081884c7d659a2feaa0c55ad015"
#define OUT  "spool/" IDH ".out"
#define BLOB "spool/" IDH ".blob0"

static uint8_t id[16], other[16];

static struct spool *
fresh(uint64_t max)
{
	struct errmsg e;
	struct spool *s;

	kit_new();
	if ((s = spool_open(kit_fd, max, &e)) == NULL)
		errx(1, "%s", e.text);
	return s;
}

/* Appends a frame to FD. */
static void
put_frame(int fd, enum frame_type type, uint8_t step, const void *data, uint32_t len)
{
	struct frame f = {.type = type, .step = step, .ms = 1, .data = data, .len = len};
	uint8_t *buf = malloc(FRAME_FIXED + len + FRAME_CRC);
	size_t n;

	if (buf == NULL)
		err(1, "malloc");
	n = frame_put(buf, &f);
	if (write(fd, buf, n) != (ssize_t)n)
		err(1, "write");
	free(buf);
}

static void
put_exit(int fd, uint8_t step, enum end end)
{
	struct exitrec r = {.step = step, .end = end, .effect = EFFECT_NONE};
	uint8_t buf[EXITREC_SIZE];

	exitrec_put(buf, &r);
	put_frame(fd, FR_EXIT, step, buf, sizeof(buf));
}

static void
t_output(void)
{
	struct spool *s = fresh(MAX);
	uint8_t rec[EXITREC_SIZE];
	struct errmsg e;
	struct exitrec r;
	struct stat st;
	uint64_t size;
	int fd, again;

	CHECK(spool_exitrec(s, id, 0, &r, &e) == 0);
	CHECKF((fd = spool_output(s, id, 0, &size, &e)) != -1, "%s", e.text);
	CHECK(size == FRAME_HEADLEN && fstat(fd, &st) == 0 && st.st_size == FRAME_HEADLEN &&
	      (st.st_mode & 07777) == 0600 && st.st_nlink == 1);
	CHECK((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_RDWR | O_APPEND));
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	put_frame(fd, FR_STDOUT, 0, "hello", 5);
	CHECK((again = spool_output(s, id, 1, &size, &e)) != -1);
	CHECK(size == FRAME_HEADLEN + FRAME_FIXED + 5 + FRAME_CRC);
	CHECK(spool_exitrec(s, id, 0, &r, &e) == 0);
	put_exit(again, 0, END_OK);
	CHECK(spool_exitrec(s, id, 0, &r, &e) == 1 && r.end == END_OK && r.step == 0);
	CHECK(spool_exitrec(s, id, 1, &r, &e) == 0);
	put_frame(fd, FR_STDERR, 1, "more", 4);
	CHECK(spool_exitrec(s, id, 0, &r, &e) == 0);
	put_exit(fd, 1, END_TIMEOUT);
	CHECK(spool_exitrec(s, id, 1, &r, &e) == 1 && r.end == END_TIMEOUT);
	CHECK(spool_exitrec(s, id, 0, &r, &e) == 0 && spool_exitrec(s, id, 2, &r, &e) == 0);
	/* a frame of one step around the record of another */
	exitrec_put(rec, &(struct exitrec){.step = 1, .end = END_OK, .effect = EFFECT_NONE});
	put_frame(fd, FR_EXIT, 2, rec, sizeof(rec));
	CHECK(spool_exitrec(s, id, 2, &r, &e) == -1 && spool_exitrec(s, id, 1, &r, &e) == 0);
	spool_remove(s, id);
	CHECK(!kit_there(OUT));
	CHECK(spool_exitrec(s, id, 1, &r, &e) == 0);
	close(fd);
	close(again);
	spool_close(s);
}

/* Four bytes PAD with which the CRC-32 of BUF (LEN bytes) and PAD is WANT: it is linear in them. */
static void
crc_pad(const uint8_t *buf, size_t len, uint32_t want, uint8_t pad[4])
{
	uint32_t sum[32], bit[32], base, t;
	size_t i, j;

	memset(pad, 0, 4);
	base = crc32_update(crc32_update(0, buf, len), pad, 4);
	for (i = 0; i < 32; i++) {
		pad[i / 8] = (uint8_t)(1U << i % 8);
		sum[i] = crc32_update(crc32_update(0, buf, len), pad, 4) ^ base;
		bit[i] = 1U << i;
		pad[i / 8] = 0;
	}
	for (i = 0; i < 32; i++) {
		for (j = i; !(sum[j] >> i & 1); j++)
			continue;
		if (j != i)
			sum[i] ^= sum[j], bit[i] ^= bit[j];
		for (j = 0; j < 32; j++)
			if (j != i && (sum[j] >> i & 1))
				sum[j] ^= sum[i], bit[j] ^= bit[i];
	}
	for (i = 0, t = 0; i < 32; i++)
		if ((want ^ base) >> i & 1)
			t ^= bit[i];
	for (i = 0; i < 4; i++)
		pad[i] = (uint8_t)(t >> 8 * i);
}

/* A tool's last output ends in bytes that have the shape of an exit frame: they count for nothing.
 */
static void
t_forged_exit(void)
{
	uint8_t inner[FRAME_FIXED + EXITREC_SIZE + FRAME_CRC], rec[EXITREC_SIZE];
	uint8_t out[4 + sizeof(inner) - FRAME_CRC], whole[FRAME_FIXED + sizeof(out) + FRAME_CRC];
	struct exitrec forged = {.step = 0, .end = END_OK, .effect = EFFECT_OK}, r;
	struct frame f = {.type = FR_EXIT, .data = rec, .len = sizeof(rec)};
	struct spool *s = fresh(MAX);
	struct errmsg e;
	int fd;

	exitrec_put(rec, &forged);
	frame_put(inner, &f);
	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	put_frame(fd, FR_STDOUT, 0, inner, sizeof(inner));
	CHECK(spool_exitrec(s, id, 0, &r, &e) == 0);
	/* the stdout frame's own CRC lost with the power: the file now ends with the forged frame
	 */
	kit_must(ftruncate(fd, FRAME_HEADLEN + FRAME_FIXED + sizeof(inner)), "ftruncate");
	CHECKF(spool_exitrec(s, id, 0, &r, &e) == -1 && strstr(e.text, "damaged") != NULL, "%s",
	    e.text);
	/* and the stdout frame's CRC made to be the forged frame's: four bytes before it do that */
	kit_must(ftruncate(fd, FRAME_HEADLEN), "ftruncate");
	memset(out, 0, sizeof(out));
	memcpy(out + 4, inner, sizeof(out) - 4);
	f = (struct frame){.type = FR_STDOUT, .ms = 1, .data = out, .len = sizeof(out)};
	frame_put(whole, &f);
	crc_pad(whole, FRAME_FIXED, 0, out);
	put_frame(fd, FR_STDOUT, 0, out, sizeof(out));
	kit_must((int)pread(fd, whole, sizeof(inner), FRAME_HEADLEN + FRAME_FIXED + 4), "pread");
	CHECK(frame_get(whole, sizeof(inner), &f) == (ssize_t)sizeof(inner) && f.type == FR_EXIT);
	CHECKF(spool_exitrec(s, id, 0, &r, &e) == 0, "a forged exit frame was believed");
	close(fd);
	spool_close(s);
}

/* 1 when the output file is its head and nothing else. */
static int
is_begun(void)
{
	size_t len;
	uint8_t *p = kit_get(OUT, &len);
	int is = len == FRAME_HEADLEN && memcmp(p, FRAME_HEAD, len) == 0;

	free(p);
	return is;
}

/* What a power failure leaves where only the name was synced. */
static void
t_head_lost(void)
{
	static const uint8_t zeros[100];
	struct spool *s = fresh(MAX);
	struct errmsg e;
	uint64_t size;
	int fd;

	kit_put(OUT, zeros, sizeof(zeros));
	CHECK((fd = spool_output(s, id, 1, &size, &e)) != -1 && size == FRAME_HEADLEN);
	CHECK(is_begun());
	put_frame(fd, FR_STDOUT, 0, "x", 1);
	close(fd);
	CHECK((fd = spool_output(s, id, 1, &size, &e)) != -1);
	CHECK(size == FRAME_HEADLEN + FRAME_FIXED + 1 + FRAME_CRC);
	close(fd);
	spool_close(s);
}

/* torn-state: cut off after each byte, and each byte changed. */
static void
t_torn(void)
{
	size_t at, len, frames[5], n;
	struct spool *s = fresh(MAX);
	struct exitrec r;
	struct errmsg e;
	uint64_t size;
	uint8_t *p;
	int fd;

	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	frames[0] = FRAME_HEADLEN;
	put_frame(fd, FR_STDOUT, 0, "one", 3);
	frames[1] = frames[0] + FRAME_FIXED + 3 + FRAME_CRC;
	put_frame(fd, FR_DATA, 0, "{\"two\":2}", 9);
	frames[2] = frames[1] + FRAME_FIXED + 9 + FRAME_CRC;
	put_exit(fd, 0, END_OK);
	frames[3] = frames[2] + FRAME_FIXED + EXITREC_SIZE + FRAME_CRC;
	close(fd);
	p = kit_get(OUT, &len);
	CHECK(len == frames[3]);
	for (at = 0; at <= len; at++) {
		kit_put(OUT, p, at);
		for (n = 3; n > 0 && frames[n] > at; n--)
			continue;
		CHECKF(spool_exitrec(s, id, 0, &r, &e) == (at == len), "%zu bytes", at);
		fd = spool_output(s, id, 1, &size, &e);
		if (at < FRAME_HEADLEN) /* it never came to the disk: begun again */
			CHECKF(fd != -1 && size == FRAME_HEADLEN && is_begun(), "%zu bytes", at);
		else
			CHECKF(fd != -1 && size == frames[n], "%zu bytes: cut to %zu", at,
			    (size_t)size);
		if (fd != -1)
			close(fd);
	}
	for (at = 0; at < len; at++) {
		p[at] ^= 0x10;
		kit_put(OUT, p, len);
		p[at] ^= 0x10;
		CHECKF(spool_exitrec(s, id, 0, &r, &e) != 1, "byte %zu", at);
		for (n = 3; n > 0 && frames[n] > at; n--)
			continue;
		fd = spool_output(s, id, 1, &size, &e);
		CHECKF(
		    at < FRAME_HEADLEN ? fd == -1 : fd != -1 && size == frames[n], "byte %zu", at);
		if (fd != -1)
			close(fd);
	}
	free(p);
	spool_close(s);
}

/* Large output, in frames of every awkward size, is walked right. */
static void
t_large(void)
{
	const uint32_t sizes[] = {0, 1, 65535, 65536, 30000, 65536, 65536, 7};
	static uint8_t data[FRAME_PAYLOAD];
	struct spool *s = fresh(MAX);
	struct exitrec r;
	struct errmsg e;
	uint64_t size, want = FRAME_HEADLEN;
	size_t i;
	int fd;

	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	for (i = 0; i < 64; i++) {
		put_frame(fd, FR_STDOUT, 0, data, sizes[i % 8]);
		want += FRAME_FIXED + sizes[i % 8] + FRAME_CRC;
	}
	put_exit(fd, 0, END_OK);
	want += FRAME_FIXED + EXITREC_SIZE + FRAME_CRC;
	close(fd);
	CHECKF(spool_exitrec(s, id, 0, &r, &e) == 1, "%s", e.text);
	CHECK((fd = spool_output(s, id, 1, &size, &e)) != -1 && size == want);
	close(fd);
	spool_close(s);
}

static void
t_stream(void)
{
	struct spool *s = fresh(MAX);
	struct pollfd pfd = {.events = POLLIN};
	struct errmsg e;
	char buf[4096];
	int fd, fds[2];

	CHECK(spool_stream(s, id, fds, &e) == -1);
	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	CHECKF(spool_stream(s, id, fds, &e) == 0, "%s", e.text);
	CHECK((fcntl(fds[0], F_GETFL) & O_ACCMODE) == O_RDONLY &&
	      fcntl(fds[1], F_GETFD) == FD_CLOEXEC);
	pfd.fd = fds[1];
	CHECK(poll(&pfd, 1, 0) == 0);
	put_frame(fd, FR_STDOUT, 0, "x", 1);
	CHECK(poll(&pfd, 1, 5000) == 1);
	CHECK(read(fds[0], buf, sizeof(buf)) == FRAME_HEADLEN + FRAME_FIXED + 1 + FRAME_CRC);
	CHECK(write(fds[0], "x", 1) == -1);
	close(fd);
	close(fds[0]);
	close(fds[1]);
	spool_close(s);
}

static struct ticket_blob
blob_of(const void *data, size_t len)
{
	struct ticket_blob b = {.size = (uint32_t)len};

	crypto_hash_sha256(b.sha256, data, len);
	return b;
}

static void
t_blob(void)
{
	struct spool *s = fresh(MAX);
	uint8_t data[40000], back[40000];
	struct ticket_blob b;
	struct spool_blob *sb;
	struct errmsg e;
	int fd;

	memset(data, 0x42, sizeof(data));
	b = blob_of(data, sizeof(data));
	CHECK((sb = spool_blob_begin(s, id, 0, &b, &e)) != NULL);
	CHECK(spool_blob_piece(sb, 0, data, 16384, &e) == 0);
	CHECK(spool_blob_piece(sb, 16384, data + 16384, 16384, &e) == 0);
	CHECK(!kit_there(BLOB) && spool_blob_fd(s, id, 0, &b, &e) == -1);
	CHECK(spool_blob_piece(sb, 32768, data + 32768, sizeof(data) - 32768, &e) == 1);
	CHECK(spool_blob_piece(sb, 40000, data, 1, &e) == -1);
	spool_blob_free(sb);
	CHECKF((fd = spool_blob_fd(s, id, 0, &b, &e)) != -1, "%s", e.text);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && lseek(fd, 0, SEEK_CUR) == 0);
	CHECK(read(fd, back, sizeof(back)) == (ssize_t)sizeof(back) &&
	      memcmp(back, data, sizeof(data)) == 0);
	close(fd);
	/* the same once more: what an intake that a crash ended has left is replaced */
	CHECK((sb = spool_blob_begin(s, id, 0, &b, &e)) != NULL);
	CHECK(spool_blob_piece(sb, 0, data, sizeof(data), &e) == 1);
	spool_blob_free(sb);
	/* changed on the disk, cut, or another one asked for */
	b.sha256[0] ^= 1;
	CHECK(spool_blob_fd(s, id, 0, &b, &e) == -1 && strstr(e.text, "SHA-256") != NULL);
	b.sha256[0] ^= 1;
	b.size--;
	CHECK(spool_blob_fd(s, id, 0, &b, &e) == -1);
	b.size++;
	data[0] ^= 1;
	kit_put(BLOB, data, sizeof(data));
	CHECK(spool_blob_fd(s, id, 0, &b, &e) == -1);
	CHECK(spool_blob_fd(s, id, 1, &b, &e) == -1 &&
	      spool_blob_fd(s, id, TICKET_BLOBS, &b, &e) == -1);
	spool_close(s);
}

static unsigned int
entries(void)
{
	char path[sizeof(kit_dir) + 8];
	struct stat st;
	unsigned int n = 0, i;

	for (i = 0; i < TICKET_BLOBS; i++) {
		snprintf(path, sizeof(path), "spool/" IDH ".blob%u", i);
		n += fstatat(kit_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return n;
}

/* blob-abuse: out of order, too many, never ending, hash mismatch; nothing gets a name. */
static void
t_blob_abuse(void)
{
	const struct {
		uint32_t off[3];
		size_t len[3];
		int rv[3];
		const char *what;
	} row[] = {
	    {{0, 0, 10}, {10, 10, 10}, {0, -1, -1}, "a piece twice"},
	    {{10, 0, 0}, {10, 10, 10}, {-1, -1, -1}, "not from the start"},
	    {{0, 20, 10}, {10, 10, 10}, {0, -1, -1}, "a hole"},
	    {{0, 31, 0}, {31, 1, 1}, {-1, -1, -1}, "more than all at once"},
	    {{0, 10, 0}, {10, 21, 1}, {0, -1, -1}, "more than the rest"},
	    {{0, 0, 0}, {0, 0, 0}, {-1, -1, -1}, "nothing"},
	    {{0, 10, 20}, {10, 10, 10}, {0, 0, -1}, "another hash"},
	};
	struct spool *s = fresh(MAX);
	struct ticket_blob b;
	struct spool_blob *sb;
	uint8_t data[64] = {0};
	struct errmsg e;
	size_t i, j;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		b = blob_of(data, 30);
		b.sha256[31] ^= i == 6;
		CHECK((sb = spool_blob_begin(s, id, 0, &b, &e)) != NULL);
		for (j = 0; j < 3; j++)
			CHECKF(spool_blob_piece(sb, row[i].off[j], data, row[i].len[j], &e) ==
				   row[i].rv[j],
			    "%s, piece %zu", row[i].what, j);
		spool_blob_free(sb);
		CHECKF(entries() == 0, "%s", row[i].what);
	}
	b.size = 0;
	CHECK(spool_blob_begin(s, id, 0, &b, &e) == NULL);
	b.size = BLOB_MAX + 1;
	CHECK(spool_blob_begin(s, id, 0, &b, &e) == NULL);
	b.size = 1;
	CHECK(spool_blob_begin(s, id, TICKET_BLOBS, &b, &e) == NULL);
	/* one that never ends leaves nothing */
	CHECK((sb = spool_blob_begin(s, id, 0, &b, &e)) != NULL);
	spool_blob_free(sb);
	CHECK(entries() == 0);
	spool_close(s);
}

static int
known_other(const uint8_t got[16], void *arg)
{
	++*(int *)arg;
	return memcmp(got, other, 16) == 0;
}

static void
t_sweep(void)
{
	struct spool *s = fresh(MAX);
	struct errmsg e;
	int fd, asked = 0;

	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	close(fd);
	CHECK((fd = spool_output(s, other, 0, NULL, &e)) != -1);
	close(fd);
	kit_put(BLOB, "x", 1);
	kit_put("spool/" IDH ".blob8", "x", 1);
	kit_put("spool/" IDH ".outer", "x", 1);
	kit_put("spool/stray", "x", 1);
	kit_must(symlinkat("../victim", kit_fd, "spool/link"), "symlink");
	kit_put("victim", "x", 1);
	CHECKF(spool_sweep(s, known_other, &asked, &e) == 0, "%s", e.text);
	CHECK(asked == 3);
	CHECK(!kit_there(OUT) && !kit_there(BLOB) && !kit_there("spool/" IDH ".blob8") &&
	      !kit_there("spool/" IDH ".outer") && !kit_there("spool/stray") &&
	      !kit_there("spool/link"));
	CHECK(kit_there("victim") && kit_there("spool/ffffffffffffffffffffffffffffffff.out"));
	CHECK(spool_used(s) == FRAME_HEADLEN);
	spool_close(s);
}

static void
t_room(void)
{
	struct spool *s = fresh(100000);
	struct errmsg e;

	CHECK(spool_used(s) == 0);
	CHECK(spool_room(s, 100000, &e) == 0);
	CHECK(spool_room(s, 100001, &e) == -1 && strstr(e.text, "full") != NULL);
	CHECK(spool_room(s, UINT64_MAX, &e) == -1);
	/* promises that no file has kept are forgotten when it matters */
	CHECK(spool_room(s, 60000, &e) == 0 && spool_room(s, 60000, &e) == 0);
	kit_put(OUT, kit_dir, 1);
	spool_close(s);
	s = spool_open(kit_fd, 100000, &e);
	CHECK(s != NULL && spool_used(s) == 1);
	CHECK(spool_room(s, 99999, &e) == 0);
	CHECK(spool_room(s, 100000, &e) == -1);
	spool_close(s);
}

/* In a child: a file system with less room than the cap. */
static int
child_full(void)
{
	static uint8_t data[BLOB_MAX];
	struct ticket_blob b = blob_of(data, sizeof(data));
	struct spool_blob *sb;
	struct errmsg e;
	struct spool *s;
	char mnt[sizeof(kit_dir) + 8];
	int i, rv = 0;

	snprintf(mnt, sizeof(mnt), "%s/mnt", kit_dir);
	if (mkdir(mnt, 0700) == -1 || unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", mnt, "tmpfs", 0, "size=6m,mode=0700") == -1)
		return 77;
	if ((kit_fd = open(mnt, O_RDONLY | O_DIRECTORY)) == -1 ||
	    (s = spool_open(kit_fd, MAX, &e)) == NULL)
		return 1;
	if (spool_room(s, 1024 * 1024, &e) == -1)
		return 2;
	if (spool_room(s, 3 * 1024 * 1024, &e) == 0 || strstr(e.text, "disk") == NULL)
		return 3;
	for (i = 0; i < 8 && rv == 0; i++) {
		if ((sb = spool_blob_begin(s, id, (uint8_t)(i % TICKET_BLOBS), &b, &e)) == NULL)
			break;
		rv = spool_blob_piece(sb, 0, data, sizeof(data), &e) == 1 ? 0 : 5;
		spool_blob_free(sb);
	}
	if (i == 8 || rv != 0 || strstr(e.text, "No space") == NULL)
		return 4;
	return spool_blob_fd(s, id, 0, &b, &e) == -1 ? 6 : 0;
}

static void
t_full(void)
{
	int rv;

	kit_new();
	rv = kit_child(child_full);
	CHECKF(rv == 0, "child for a full disk: %d", rv);
}

static void
t_paths(void)
{
	uint8_t data[3] = "abc";
	struct ticket_blob b = blob_of(data, 3);
	const char *what;
	struct exitrec r;
	struct errmsg e;
	struct spool *s;
	unsigned int n;
	int fd, fds[2];

	for (n = 0;; n++) {
		s = fresh(MAX);
		CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
		put_exit(fd, 0, END_OK);
		close(fd);
		kit_put(BLOB, data, 3);
		if ((what = kit_attack(OUT, n, 0)) == NULL)
			break;
		CHECKF(spool_output(s, id, 0, NULL, &e) == -1, "output to a %s", what);
		CHECKF(spool_output(s, id, 1, NULL, &e) == -1, "output to a %s, cut", what);
		CHECKF(spool_stream(s, id, fds, &e) == -1, "stream of a %s", what);
		CHECKF(spool_exitrec(s, id, 0, &r, &e) == -1, "exit frame of a %s", what);
		if (kit_there("aside"))
			kit_must(unlinkat(kit_fd, "aside", 0), "aside");
		kit_attack(BLOB, n, 0);
		CHECKF(spool_blob_fd(s, id, 0, &b, &e) == -1, "blob from a %s", what);
		spool_close(s);
	}
	spool_close(s);
	for (n = 0;; n++) {
		spool_close(fresh(MAX));
		if ((what = kit_attack("spool", n == 1 ? 2 : n, 0)) == NULL || n == 7)
			break;
		CHECKF(spool_open(kit_fd, MAX, &e) == NULL, "spool is a %s", what);
	}
}

int
main(void)
{
	log_init("t_spool", 0, 0);
	if (sodium_init() == -1 || str_unhex(id, 16, IDH) == -1)
		errx(1, "set-up");
	memset(other, 0xff, sizeof(other));
	alarm(120);
	t_output();
	t_forged_exit();
	kit_fast = 1;
	t_torn();
	t_head_lost();
	kit_fast = 0;
	t_large();
	t_stream();
	t_blob();
	t_blob_abuse();
	t_sweep();
	t_room();
	t_full();
	t_paths();
	kit_clean();
	return check_done();
}
