/*
 * The internal step vitals end to end: its figures, with and without a HAProxy, one that is silent,
 * one that answers without measure; and which internal steps there are.
 */
#include <sys/un.h>

#include "regress/check.h"
#include "regress/sandbox/execdrive.h"

#define DIR	 "/run/reeve-vitals"
#define SOCK	 DIR "/admin.sock"
#define DATA_MAX 65536

static int listener = -1;

static void
vitals_init(struct drive *d, const char *socket_path)
{
	drive_init(d, NULL, "", STEP_VITALS);
	d->start.profile = PR_VITALS;
	snprintf(d->host.haproxy_socket, sizeof(d->host.haproxy_socket), "%s", socket_path);
}

static void
listen_there(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = SOCK};

	(void)mkdir(DIR, 0755);
	(void)unlink(SOCK);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 || bind(listener, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(listener, 8) == -1) {
		perror(SOCK);
		exit(1);
	}
}

/* Answers one question with the header and N rows like ROW; none at all when N is -1. */
static pid_t
haproxy(int n, const char *row)
{
	char buf[256];
	pid_t pid = fork();
	FILE *f;
	int s;

	if (pid != 0)
		return pid;
	alarm(60);
	if ((s = accept(listener, NULL, NULL)) == -1 || read(s, buf, sizeof(buf)) <= 0)
		_exit(1);
	if (n == -1)
		pause();
	f = fdopen(s, "w");
	fprintf(f, "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,status,weight,rate,\n");
	for (int i = 0; i < n; i++)
		fprintf(f, "%s\n", row);
	fclose(f);
	_exit(0);
}

static void
reap(pid_t pid)
{
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static const char *
run(struct drive *d)
{
	drive_run(d);
	CHECK_STR(d->fail, "");
	CHECKF(d->rec.end == END_OK, "%s %d %s", end_name(d->rec.end), d->rec.code, d->rec.reason);
	CHECK(d->frames[FR_DATA] == 1);
	CHECKF(d->len[FR_DATA] <= DATA_MAX, "%zu bytes", d->len[FR_DATA]);
	return drive_text(d, FR_DATA);
}

static void
test_alone(void)
{
	static const char *const keys[] = {"{\"os\":{\"id\":", "\"kernel\":", "\"arch\":",
	    "\"boot_id\":\"", "\"uptime\":", "\"load\":[\"",
	    "\"memory\":{\"total\":", "\"disk\":{\"size\":", "\"addresses\":["};
	static struct drive d;
	const char *text;

	vitals_init(&d, "");
	text = run(&d);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		CHECKF(strstr(text, keys[i]) != NULL, "no %s in %s", keys[i], text);
	CHECK(strstr(text, "haproxy") == NULL);
	drive_free(&d);
}

static void
test_haproxy(void)
{
	static struct drive d;
	const char *text;
	pid_t pid;

	pid = haproxy(2, "web,s1,0,3,7,9,,100,2,3,UP,50,4,");
	vitals_init(&d, SOCK);
	text = run(&d);
	CHECKF(
	    strstr(text, "\"haproxy\":{\"state\":\"up\",\"stat\":[{\"pxname\":\"web\",\"svname\":"
			 "\"s1\",\"qcur\":0,\"scur\":7,\"smax\":9,\"stot\":100,\"bin\":2,"
			 "\"bout\":3,\"status\":\"UP\",\"weight\":50,\"rate\":4},") != NULL,
	    "%s", text);
	CHECK(strstr(text, "qmax") == NULL && strstr(text, "left_out") == NULL);
	drive_free(&d);
	reap(pid);

	/* rows without end: as many as a heartbeat holds, and the number of the others */
	pid = haproxy(20000, "web,s1,0,3,7,9,,100,2,3,UP,50,4,");
	vitals_init(&d, SOCK);
	text = run(&d);
	CHECKF(strstr(text, "],\"left_out\":1") != NULL, "%.200s", text);
	drive_free(&d);
	reap(pid);

	/* it takes the question and says nothing: two seconds, and the other figures */
	pid = haproxy(-1, "");
	vitals_init(&d, SOCK);
	text = run(&d);
	CHECKF(strstr(text, "\"haproxy\":{\"state\":\"silent\"}}") != NULL, "%s", text);
	CHECKF(d.rec.ended - d.rec.started < 5000, "%llu ms",
	    (unsigned long long)(d.rec.ended - d.rec.started));
	drive_free(&d);
	reap(pid);

	close(listener);
	vitals_init(&d, SOCK);
	text = run(&d);
	CHECKF(strstr(text, "\"haproxy\":{\"state\":\"down\"}}") != NULL, "%s", text);
	drive_free(&d);
}

/* An internal step is a profile and its own number, nothing else. */
static void
test_refusals(void)
{
	static const struct {
		uint32_t profile;
		uint8_t step;
	} bad[] = {{PR_VITALS, STEP_SELFTEST}, {PR_SELFTEST, STEP_VITALS}, {PR_FACTS, STEP_VITALS},
	    {PR_VITALS, 2}, {PR_PKGLIST, STEP_SELFTEST}};
	static struct drive d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vitals_init(&d, "");
		d.start.profile = bad[i].profile;
		d.start.step = bad[i].step;
		drive_run(&d);
		CHECKF(!d.ready && strstr(d.fail, "not its own") != NULL, "profile %u, step %u: %s",
		    bad[i].profile, bad[i].step, d.fail);
		drive_free(&d);
	}
}

int
main(void)
{
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	test_alone();
	listen_there();
	test_haproxy();
	test_refusals();
	(void)unlink(SOCK);
	(void)rmdir(DIR);
	return check_done();
}
