/*
 * jobbench SOCKET KEY.sec FLEET HOSTID HOSTNAME SCRIPT-NAME SCRIPT-PATH UID DIR FLUSHES TURNS
 *
 * One job's time, from CTL_SUBMIT to its signed result, beside the floor, turn by turn in one run.
 * Tickets are signed before the clock starts: signing is the operator's machine's work. Prints one
 * line for each, in microseconds.
 */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "imsg/msg_codec.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "regress/bench/floor.h"

static struct seckey key;
static struct imsgbuf *chan;

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
open_agent(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", path);
	if ((chan = imsgbuf_new(fd, ROOM_CTL, ROOM_PRIVD)) == NULL)
		err(1, "channel");
	imsgbuf_allow_fds(chan);
	imsgbuf_gate(chan)->phase = PH_RUN;
}

static void
open_key(const char *path)
{
	struct errmsg e;
	char *text;
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fd_slurp(fd, SIGNIFY_TEXT_MAX, &text, &len, &e) == -1 ||
	    seckey_parse(&key, text, len, NULL, &e) == -1)
		errx(1, "%s: no usable key", path);
	close(fd);
	free(text);
}

static size_t
make_ticket(char *buf, size_t size, char **av, struct sig *sig)
{
	unsigned char id[16];
	char hex[33];
	long t = (long)time(NULL);
	int n;

	randombytes_buf(id, sizeof(id));
	str_hex(hex, id, sizeof(id));
	n = snprintf(buf, size,
	    "reeve-job 1\nfleet %s\nhost %s %s\nid %s\nissued %ld\nnotbefore %ld\nnotafter %ld\n"
	    "requester bench\nkind script.run\narg name %s\nend\n",
	    av[3], av[4], av[5], hex, t, t, t + 600, av[6]);
	seckey_sign(&key, buf, (size_t)n, sig);
	return (size_t)n;
}

static void
answer(struct imsg *m)
{
	if (chan_recv(chan, m, 60000) != 1)
		errx(1, "no answer");
}

static void
send_id(uint32_t type, const uint8_t id[16])
{
	if (imsg_compose(chan, type, msg_id_put(id), NULL, 0) == -1 || chan_flush(chan) == -1)
		err(1, "send");
}

/* Submit, wait for the result, the stream held open as a reader does; what follows is not timed. */
static double
job_turn(char **av)
{
	struct msg_submit sub = {.nsigs = 1};
	struct msg_exit ex;
	struct result r;
	struct errmsg e;
	struct imsg m;
	uint8_t id[16];
	char buf[TICKET_MAX], text[1025];
	double t0, t1;
	int end = 0, fd[2] = {-1, -1};

	sub.len = make_ticket(buf, sizeof(buf), av, &sub.sig[0]);
	sub.ticket = (const uint8_t *)buf;
	t0 = now_us();
	if (imsg_compose(chan, MSG_CTL_SUBMIT, msg_submit_put(&sub), NULL, 0) == -1 ||
	    chan_flush(chan) == -1)
		err(1, "submit");
	answer(&m);
	if (msg_text_get(&m, text, sizeof(text)) == -1 || m.type != MSG_CTL_OK ||
	    str_unhex(id, 16, strrchr(text, ' ') + 1) == -1)
		errx(1, "refused: %s", text);
	imsg_free(&m);
	send_id(MSG_CTL_WAIT, id);
	while (!end) {
		answer(&m);
		if (m.type == MSG_CTL_EXIT) {
			if (msg_exit_get(&m, &ex) == -1 ||
			    result_parse(&r, (const char *)ex.record, ex.len, &e) == -1)
				errx(1, "result");
			if (r.end != END_OK)
				errx(1, "the job ended %s", end_name(r.end));
			end = 1;
		} else if (m.type == MSG_CTL_STREAM)
			for (unsigned int i = 0; i < 2; i++)
				fd[i] = imsg_fd(&m, i);
		imsg_free(&m);
	}
	t1 = now_us();
	for (int i = 0; i < 2; i++)
		if (fd[i] != -1)
			close(fd[i]);
	send_id(MSG_CTL_ACK, id);
	answer(&m);
	imsg_free(&m);
	return t1 - t0;
}

/* CPU time of this process and of all the children that it waited for. */
static double
cpu_us(void)
{
	static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
	struct rusage u;
	double t = 0;

	for (size_t i = 0; i < 2; i++) {
		if (getrusage(who[i], &u) == -1)
			err(1, "getrusage");
		t += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
		     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	}
	return t;
}

static int
cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *name, double *t, size_t n)
{
	qsort(t, n, sizeof(*t), cmp);
	printf("%s p50 %.0f p90 %.0f p99 %.0f\n", name, t[n / 2], t[n * 9 / 10], t[n * 99 / 100]);
}

int
main(int argc, char **argv)
{
	uint64_t uid, flushes, turns;
	double *fl, *dry, *jobs, t, cpu = 0;

	if (argc != 12 || str_u64(argv[8], 1, 65534, &uid) == -1 ||
	    str_u64(argv[10], 0, 1000, &flushes) == -1 ||
	    str_u64(argv[11], 2, 100000, &turns) == -1)
		errx(2, "usage: see the head of jobbench.c");
	if (sodium_init() == -1)
		errx(1, "libsodium");
	open_agent(argv[1]);
	open_key(argv[2]);
	floor_init(argv[9]);
	fl = calloc(turns, sizeof(*fl));
	dry = calloc(turns, sizeof(*dry));
	jobs = calloc(turns, sizeof(*jobs));
	if (fl == NULL || dry == NULL || jobs == NULL)
		err(1, NULL);
	(void)job_turn(argv);
	for (size_t i = 0; i < turns; i++) {
		cpu -= cpu_us();
		t = now_us();
		if (floor_turn(argv[7], (uid_t)uid, 0) != 0)
			errx(1, "the floor's tool failed");
		dry[i] = now_us() - t;
		cpu += cpu_us();
		t = now_us();
		if (floor_turn(argv[7], (uid_t)uid, (unsigned int)flushes) != 0)
			errx(1, "the floor's tool failed");
		fl[i] = now_us() - t;
		jobs[i] = job_turn(argv);
	}
	report("floor", dry, turns);
	report("floor+flushes", fl, turns);
	report("job", jobs, turns);
	printf("floor-cpu %.0f\n", cpu / (double)turns);
	return 0;
}
