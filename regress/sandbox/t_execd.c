/*
 * The executor end to end, as privd drives it: start-up refusals, what setup refuses, self-test,
 * facts, the go byte, limits, cancel, a privd that is gone.
 */
#include "regress/check.h"
#include "regress/sandbox/execdrive.h"

static void
test_by_hand(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(2);
		close(3);
		execl(drive_execd(), "reeve-execd", (char *)NULL);
		_exit(99);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 64);
}

static void
test_selftest(void)
{
	static struct drive d;

	drive_init(&d, NULL, "", 0);
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECK(d.ready && d.has_rec && d.has_exit);
	CHECKF(d.rec.end == END_OK && d.rec.effect == EFFECT_OK, "%s: %s", d.rec.reason,
	    drive_text(&d, FR_DATA));
	CHECK(strstr(drive_text(&d, FR_DATA), "\"failed\":0}") != NULL);
	CHECK(strstr(drive_text(&d, FR_DATA), "killed by the filter") != NULL);
	CHECK(d.rec.step == 1 && d.rec.started <= d.rec.ended && d.rec.cut == 0);
	CHECK(d.wire.outsize == d.rec.outsize && memcmp(d.wire.outsha, d.rec.outsha, 32) == 0);
	CHECK(d.exited && WIFEXITED(d.status) && WEXITSTATUS(d.status) == 0);
	drive_free(&d);
}

static void
test_facts(void)
{
	static struct drive d;
	const char *keys[] = {
	    "\"os\":{\"id\":", "\"kernel\":", "\"memory\":{\"total\":", "\"disks\":[",
	    "\"addresses\":[", "\"agent\":\"0.0.0\"", "\"host\":\"" DRIVE_HOST_NAME "\""};
	size_t i;

	drive_init(&d, "agent.facts", "", 0);
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECKF(d.rec.end == END_OK, "%s %d %s", end_name(d.rec.end), d.rec.code, d.rec.reason);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		CHECKF(strstr(drive_text(&d, FR_DATA), keys[i]) != NULL, "%s in %s", keys[i],
		    drive_text(&d, FR_DATA));
	drive_free(&d);
}

/* What privd says and the ticket, or our own table, do not: never a tool, never READY. */
static void
wrong_kind(struct drive *d)
{
	d->start.kind = KIND_PKG_LIST;
}

static void
wrong_profile(struct drive *d)
{
	d->start.profile = PR_SELFTEST;
}

static void
wrong_step(struct drive *d)
{
	d->start.step = 1;
}

static void
wrong_rollback(struct drive *d)
{
	d->start.rollback = 1;
}

static void
wrong_id(struct drive *d)
{
	d->start.id[15] ^= 1;
}

static void
wrong_host_name(struct drive *d)
{
	strcpy(d->host.host_name, "web2.example.net");
}

static void
wrong_host_id(struct drive *d)
{
	d->host.host_id[0] = '0';
}

static void
wrong_seconds(struct drive *d)
{
	d->start.seconds = 31;
}

static void
wrong_grace(struct drive *d)
{
	d->start.grace = 60;
}

static void
wrong_output(struct drive *d)
{
	d->start.output++;
}

static void
tool_is_root(struct drive *d)
{
	d->host.tool_uid = 0;
}

static void
tool_is_nobody(struct drive *d)
{
	d->host.tool_uid = UINT32_MAX;
}

static void
tool_is_supervisor(struct drive *d)
{
	d->host.tool_uid = d->host.run_uid;
}

static void
bad_ticket(struct drive *d)
{
	d->ticket[strlen(d->ticket) - 2] = 'D';
}

static void
test_refusals(void)
{
	static const struct {
		const char *name;
		void (*spoil)(struct drive *);
		const char *words; /* of EXEC_FAIL: each by its own check, not by a later layer */
	} rows[] = {{"kind", wrong_kind, "ticket: kind agent.facts, not pkg.list"},
	    {"profile", wrong_profile, "profile facts, not selftest"},
	    {"step", wrong_step, "has no step 1"}, {"rollback", wrong_rollback, "rollback or not"},
	    {"id", wrong_id, "ticket: another job's"},
	    {"host name", wrong_host_name, "ticket: not for host"},
	    {"host id", wrong_host_id, "ticket: not for host"},
	    {"seconds", wrong_seconds, "limit seconds: "}, {"grace", wrong_grace, "grace: "},
	    {"output", wrong_output, "limit output: "},
	    {"root", tool_is_root, "profile facts never runs as root"},
	    {"nobody", tool_is_nobody, "tool: uid "}, {"one uid", tool_is_supervisor, "tool: uid "},
	    {"bad ticket", bad_ticket, ""}};
	static struct drive d;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		drive_init(&d, "agent.facts", "", 0);
		rows[i].spoil(&d);
		drive_run(&d);
		CHECKF(!d.ready && !d.has_rec && !d.has_exit, "%s", rows[i].name);
		CHECKF(strstr(d.fail, rows[i].words) != NULL, "%s: \"%s\"", rows[i].name, d.fail);
		CHECKF(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 1, "%s", rows[i].name);
		drive_free(&d);
	}
}

/* A privd that dies before the go: nothing runs, no exit frame. */
static void
test_no_go(void)
{
	static struct drive d;

	drive_init(&d, "agent.facts", "", 0);
	drive_spawn(&d);
	drive_setup(&d);
	CHECK(drive_ready(&d));
	imsgbuf_free(d.ch);
	d.ch = NULL;
	drive_finish(&d);
	CHECK(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 0);
	CHECK(!d.has_rec && d.frames[FR_DATA] == 0);
	drive_free(&d);
}

/* A privd that dies after the go: the step runs to its end and leaves its exit frame. */
static void
test_go_and_gone(void)
{
	static struct drive d;

	drive_init(&d, "agent.facts", "", 0);
	drive_spawn(&d);
	drive_setup(&d);
	CHECK(drive_ready(&d));
	drive_go(&d);
	imsgbuf_free(d.ch);
	d.ch = NULL;
	drive_finish(&d);
	CHECK(d.has_rec && d.rec.end == END_OK && d.frames[FR_DATA] > 0);
	drive_free(&d);
}

/* Anything but EXEC_GO while armed is a breach: the tool never runs. */
static void
test_other_than_go(void)
{
	static struct drive d;

	drive_init(&d, "agent.facts", "", 0);
	drive_spawn(&d);
	drive_setup(&d);
	CHECK(drive_ready(&d));
	/* the header of an EXEC_HOST, which is over for this channel */
	CHECK(write(imsgbuf_fd(d.ch), "\0\0\0\x28\0\0\0\x10\0\0\0\0\0\0\0\0", 16) == 16);
	drive_finish(&d);
	CHECK(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 1);
	CHECK(!d.has_rec && d.frames[FR_DATA] == 0);
	drive_free(&d);
}

/* A second step in the same spool: its exit frame covers what the first one left. */
static void
test_second_step(void)
{
	static struct drive d;
	struct stat st;
	struct frame f = {
	    .type = FR_NOTE, .step = 1, .ms = 1, .data = (const uint8_t *)"x", .len = 1};
	uint8_t buf[64];
	size_t n;

	drive_init(&d, "agent.facts", "", 0);
	drive_spawn(&d);
	n = frame_put(buf, &f);
	CHECK(write(d.spool, buf, n) == (ssize_t)n);
	drive_setup(&d);
	CHECK(drive_ready(&d));
	drive_go(&d);
	CHECK(fstat(d.spool, &st) == 0 && st.st_size >= FRAME_HEADLEN + (off_t)n);
	drive_finish(&d);
	CHECK(d.has_rec && d.rec.outsize > FRAME_HEADLEN + n && d.frames[FR_NOTE] == 1);
	drive_free(&d);
}

/* A spool that is none: refused, and left as it is. */
static void
test_bad_spool(void)
{
	static struct drive d;

	drive_init(&d, "agent.facts", "", 0);
	drive_spawn(&d);
	CHECK(ftruncate(d.spool, 0) == 0 && write(d.spool, "not a spool file", 16) == 16);
	drive_setup(&d);
	CHECK(!drive_ready(&d));
	CHECK_STR(d.fail, "spool: not a spool file");
	drive_finish(&d);
	drive_free(&d);
}

int
main(void)
{
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	test_by_hand();
	test_selftest();
	test_facts();
	test_refusals();
	test_no_go();
	test_go_and_gone();
	test_other_than_go();
	test_second_step();
	test_bad_spool();
	return check_done();
}
