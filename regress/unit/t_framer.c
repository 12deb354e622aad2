/* execd/framer.c: caps, notes, the hash that the exit record carries, a disk that is full. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "execd/framer.h"
#include "regress/check.h"

static struct framer f;

static int
new_spool(void)
{
	char path[] = "/tmp/reeve-t-XXXXXX";
	int fd = mkostemp(path, O_APPEND | O_CLOEXEC);

	unlink(path);
	CHECK(write(fd, FRAME_HEAD, FRAME_HEADLEN) == FRAME_HEADLEN);
	return fd;
}

/* Counts frames and payload of TYPE; -1 when the file is not whole frames. */
static long
payload(int fd, enum frame_type type)
{
	static uint8_t buf[1 << 20];
	struct frame fr;
	ssize_t len = pread(fd, buf, sizeof(buf), 0), n;
	long sum = 0;
	ssize_t off = FRAME_HEADLEN;

	for (; off < len; off += n) {
		if ((n = frame_get(buf + off, (size_t)(len - off), &fr)) <= 0)
			return -1;
		if (fr.type == type)
			sum += fr.len;
	}
	return off == len ? sum : -1;
}

static void
test_cap(void)
{
	static char big[200000];
	struct errmsg e;
	int fd = new_spool();

	CHECK(framer_init(&f, fd, 2, 100000, &e) == 0);
	framer_output(&f, FR_STDOUT, big, 70000);
	CHECK(f.cut == 0 && payload(fd, FR_NOTE) == 0);
	framer_output(&f, FR_STDERR, big, 30000);
	CHECK(f.cut == 0 && payload(fd, FR_NOTE) == 0);
	framer_output(&f, FR_STDOUT, big, 1);
	CHECK(f.cut == 1 && payload(fd, FR_NOTE) > 0);
	framer_output(&f, FR_STDOUT, big, sizeof(big));
	CHECK(f.cut == 1 + sizeof(big));
	CHECK(payload(fd, FR_NOTE) == (long)strlen("output cut at 100000 bytes"));
	CHECK(payload(fd, FR_STDOUT) == 70000 && payload(fd, FR_STDERR) == 30000);
	/* the typed result has a cap of its own */
	CHECK(framer_data(&f, big, sizeof(big)) == 0 && payload(fd, FR_DATA) == (long)sizeof(big));
	close(fd);
	CHECK(framer_init(&f, fd, 1, 1, &e) == -1);
	/* the cap falls into the middle of what comes at once */
	fd = new_spool();
	CHECK(framer_init(&f, fd, 1, 10, &e) == 0);
	framer_output(&f, FR_STDOUT, big, 7);
	framer_output(&f, FR_STDERR, big, 7);
	CHECK(f.cut == 4 && payload(fd, FR_STDOUT) == 7 && payload(fd, FR_STDERR) == 3);
	close(fd);
}

/* A tool that writes byte by byte has no more of the disk than one that does not. */
static void
test_small(void)
{
	struct exitrec r = {.step = 1, .end = END_OK, .effect = EFFECT_NONE};
	struct errmsg e;
	uint64_t most;
	int fd = new_spool();

	CHECK(framer_init(&f, fd, 1, 20000, &e) == 0);
	most = framer_most(&f);
	for (int i = 0; i < 20000; i++)
		framer_output(&f, i & 1 ? FR_STDOUT : FR_STDERR, "x", 1);
	CHECKF(f.size < FRAME_HEADLEN + 2 * 20000 + FRAMER_HEADS + 100, "%llu",
	    (unsigned long long)f.size);
	CHECK(f.cut > 0 &&
	      f.cut + (uint64_t)payload(fd, FR_STDOUT) + (uint64_t)payload(fd, FR_STDERR) == 20000);
	CHECK(payload(fd, FR_NOTE) > 30);
	for (int i = 0; i < 20000 && framer_data(&f, "x", 1) == 0; i++)
		;
	CHECK(framer_data(&f, "x", 1) == -1);
	CHECK(payload(fd, FR_DATA) > 1000 && payload(fd, FR_DATA) < 4000);
	CHECK(framer_exit(&f, &r) == 0 && r.cut == f.cut && f.size < most);
	close(fd);
	/* lines are no such pieces */
	fd = new_spool();
	CHECK(framer_init(&f, fd, 1, 400000, &e) == 0);
	for (int i = 0; i < 10000; i++)
		framer_output(&f, FR_STDOUT, "a line of forty characters, or near that", 40);
	CHECK(f.cut == 0 && payload(fd, FR_STDOUT) == 400000);
	close(fd);
}

static void
test_data_cap(void)
{
	static char big[FRAME_DATA_MAX + 1];
	struct errmsg e;
	int fd = new_spool();

	CHECK(framer_init(&f, fd, 1, 0, &e) == 0);
	CHECK(framer_data(&f, big, FRAME_DATA_MAX + 1) == -1);
	CHECK(framer_data(&f, big, 1) == -1);
	CHECK(framer_init(&f, fd, 1, 0, &e) == 0);
	CHECK(framer_data(&f, big, FRAME_DATA_MAX) == 0 && framer_data(&f, big, 1) == -1);
	close(fd);
}

static void
test_exit(void)
{
	uint8_t before[4096], sha[32];
	struct exitrec r = {.step = 1, .end = END_OK, .effect = EFFECT_NONE};
	struct errmsg e;
	int fd = new_spool();
	ssize_t n;

	CHECK(framer_init(&f, fd, 1, 10, &e) == 0);
	framer_output(&f, FR_STDOUT, "first", 5);
	/* the next step's supervisor takes over in the same file */
	CHECK(framer_init(&f, fd, 2, 10, &e) == 0);
	framer_output(&f, FR_STDOUT, "second", 6);
	framer_progress(&f, 250, "a\tb");
	n = pread(fd, before, sizeof(before), 0);
	crypto_hash_sha256(sha, before, (unsigned long long)n);
	CHECK(framer_exit(&f, &r) == 0);
	CHECK(r.outsize == (uint64_t)n && memcmp(r.outsha, sha, 32) == 0 && r.cut == 0);
	CHECK(payload(fd, FR_EXIT) == EXITREC_SIZE && payload(fd, FR_PROGRESS) == 7);
	close(fd);
}

static void
test_full(void)
{
	struct rlimit old, small;
	struct exitrec r = {.step = 1, .end = END_OK, .effect = EFFECT_NONE};
	static char big[50000];
	struct errmsg e;
	int fd = new_spool();

	signal(SIGXFSZ, SIG_IGN);
	CHECK(framer_init(&f, fd, 1, 1 << 20, &e) == 0);
	framer_output(&f, FR_STDOUT, big, 1000);
	CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small = (struct rlimit){20000, old.rlim_max};
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	framer_output(&f, FR_STDOUT, big, sizeof(big));
	/* a torn frame is cut off again, what did not get there is counted */
	CHECK(f.cut == sizeof(big) && f.failed == EFBIG && payload(fd, FR_STDOUT) == 1000);
	CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK(framer_exit(&f, &r) == 0 && r.cut == sizeof(big));
	CHECK(payload(fd, FR_EXIT) == EXITREC_SIZE);
	close(fd);
}

static void
test_not_a_spool(void)
{
	char path[] = "/tmp/reeve-t-XXXXXX";
	struct errmsg e;
	int fd = mkstemp(path);

	unlink(path);
	CHECK(framer_init(&f, fd, 1, 1, &e) == -1);
	CHECK(write(fd, "reeve-spool 2\n\0\0", 16) == 16);
	CHECK(framer_init(&f, fd, 1, 1, &e) == -1);
	CHECK_STR(e.text, "spool: not a spool file");
	close(fd);
}

int
main(void)
{
	if (sodium_init() == -1)
		return 1;
	test_cap();
	test_small();
	test_data_cap();
	test_exit();
	test_full();
	test_not_a_spool();
	return check_done();
}
