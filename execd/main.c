/*
 * reeve-execd: runs one step of one job. Started by reeve-privd as root with a channel on fd 3;
 * everything else comes over it. The process becomes the supervisor; its child is the tool.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "execd/setup.h"
#include "execd/supervisor.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/spawn.h"
#include "version.h"

static int
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int
refuse(struct imsgbuf *ch, const struct errmsg *e)
{
	log_warnx("%s", e->text);
	if (imsg_compose(ch, MSG_EXEC_FAIL, msg_text_put(e->text), NULL, 0) == 0)
		(void)chan_flush(ch);
	return 1;
}

int
main(int argc, char *argv[])
{
	struct imsgbuf *ch;
	struct errmsg e;
	struct work *w;
	int r;

	if (fd_sane() == -1)
		return 1;
	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		printf("reeve-execd %s\n", REEVE_VERSION);
		return 0;
	}
	if (argc != 1 || !is_socket(CHAN_FD)) {
		fprintf(stderr,
		    "usage: reeve-execd [-V]\n"
		    "started by reeve-privd with its channel on descriptor 3, not by hand\n");
		return 64;
	}
	fd_closefrom(CHAN_FD + 1);
	log_init("reeve-execd", 1, 0);
	tzset(); /* gmtime_r(3) reads the zone file once, and later it may not */
	if (geteuid() != 0)
		fatalx("not started as root");
	if (sodium_init() == -1)
		fatalx("libsodium does not start");
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (ch = imsgbuf_new(CHAN_FD, ROOM_EXECD, ROOM_PRIVD)) == NULL)
		fatal("start");
	imsgbuf_allow_fds(ch);
	if ((r = setup_read(&w->in, ch, &e)) != 1) {
		if (r == -1)
			log_warnx("%s", e.text);
		return r == 0 ? 0 : 1;
	}
	imsgbuf_gate(ch)->phase = PH_SETUP;
	if (setup_check(&w->in, &e) == -1)
		return refuse(ch, &e);
	w->ops = step_find(w->in.start.kind, w->in.start.step);
	if (w->ops == NULL) {
		err_set(&e, "kind %u, step %u: not built into this executor", w->in.start.kind,
		    w->in.start.step);
		return refuse(ch, &e);
	}
	return supervise(w, ch);
}
