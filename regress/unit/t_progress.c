/* execd/progress.c: apt's status lines. */
#include <unistd.h>

#include "execd/progress.h"
#include "regress/check.h"

static void
test_lines(void)
{
	static const struct {
		const char *line;
		int r;
		unsigned int percent;
		const char *phase;
	} rows[] = {{"dlstatus:1:23.5000:Retrieving file 1 of 3", 1, 23, "download"},
	    {"pmstatus:tree:40.0:Unpacking tree", 1, 40, "install tree"},
	    {"pmstatus:libc6:amd64:99.9:Configuring", 1, 99, "install libc6"},
	    {"pmstatus:dpkg-exec:100:Running dpkg", 1, 100, "install dpkg-exec"},
	    {"pmerror:tree:40.0:oh", 0, 0, ""}, {"pmstatus:tree", 0, 0, ""},
	    {"pmstatus:", 0, 0, ""}, {"pmstatus:tree:101:x", 0, 0, ""},
	    {"pmstatus:tree:x", 0, 0, ""}, {"pmstatus:a:b:c:d:e", 0, 0, ""},
	    {"dlstatus:1:", 0, 0, ""}, {"dlstatus:1:4294967297:x", 0, 0, ""}, {"", 0, 0, ""},
	    {"x", 0, 0, ""}};
	unsigned int percent;
	char phase[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECKF(progress_line(rows[i].line, &percent, phase, sizeof(phase)) == rows[i].r,
		    "%s", rows[i].line);
		if (rows[i].r)
			CHECKF(percent == rows[i].percent && strcmp(phase, rows[i].phase) == 0,
			    "%s: %u %s", rows[i].line, percent, phase);
	}
}

static unsigned int
frames_of(const char *text, size_t piece)
{
	static struct framer f;
	struct progress p = {.len = 0};
	char path[] = "/tmp/reeve-t-XXXXXX";
	size_t off, n, len = strlen(text);
	struct errmsg e;
	int fd = mkstemp(path);

	unlink(path);
	CHECK(write(fd, FRAME_HEAD, FRAME_HEADLEN) == FRAME_HEADLEN);
	CHECK(framer_init(&f, fd, 1, 0, &e) == 0);
	for (off = 0; off < len; off += n) {
		n = len - off < piece ? len - off : piece;
		progress_feed(&p, &f, text + off, n);
	}
	close(fd);
	return p.frames;
}

int
main(void)
{
	static char flood[400000];
	size_t i, n = 0;

	test_lines();
	for (i = 1; i < 40; i++)
		CHECK(frames_of(
			  "dlstatus:1:1.5:x\ndlstatus:1:1.9:x\njunk\npmstatus:a1:50:y\n", i) == 2);
	/* a line without end is no memory, and its tail no line */
	memset(flood, 'x', 100000);
	strcpy(flood + 100000, "dlstatus:1:5:x\ndlstatus:1:6:x\n");
	CHECK(frames_of(flood, 4096) == 1);
	for (i = 0; i < 10000; i++)
		n += (size_t)sprintf(flood + n, "pmstatus:p%zu:%zu:x\n", i % 7, i % 100);
	CHECK(frames_of(flood, 65536) == PROGRESS_FRAMES);
	return check_done();
}
