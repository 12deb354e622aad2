/*
 * Following a job: the agent hands over the spool's read-only descriptor and an inotify descriptor,
 * and every byte comes from there; the agent copies none. The signed result comes as a message.
 */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "proto/frame.h"
#include "proto/jsonout.h"

#define JSON_MAX (256u * 1024 * 1024)

struct text {
	char *p;
	size_t len;
};

struct follow {
	struct ctl *c;
	int spool, notify;
	uint8_t buf[FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC];
	size_t have;
	off_t off;
	int headed;
	struct text out, errout, data; /* --json keeps them for the end */
	struct result result;
	int ended;
};

static void
keep(struct text *t, const void *p, size_t len)
{
	if ((t->p = realloc(t->p, t->len + len + 1)) == NULL)
		err(CTL_EXIT_AGENT, NULL);
	memcpy(t->p + t->len, p, len);
	t->len += len;
	t->p[t->len] = '\0';
}

static void
put(struct follow *f, FILE *to, struct text *t, const struct frame *fr)
{
	if (f->c->json) {
		keep(t, fr->data, fr->len);
		return;
	}
	fwrite(fr->data, 1, fr->len, to);
	fflush(to);
}

/* A supervisor's words go to a terminal: encoded, unlike the job's own output. */
static void
put_words(const char *what, const struct frame *fr)
{
	char words[512];

	str_vis(words, sizeof(words), (const char *)fr->data, fr->len);
	fprintf(stderr, "reevectl: %s%s\n", what, words);
}

static void
on_frame(struct follow *f, const struct frame *fr)
{
	switch (fr->type) {
	case FR_STDOUT:
		put(f, stdout, &f->out, fr);
		break;
	case FR_STDERR:
		put(f, stderr, &f->errout, fr);
		break;
	case FR_DATA:
		keep(&f->data, fr->data, fr->len);
		break;
	case FR_PROGRESS:
		if (!f->c->json && isatty(STDERR_FILENO))
			put_words("progress ", fr);
		break;
	case FR_NOTE:
		put_words("", fr);
		break;
	default:
		break;
	}
}

/* Takes whole frames out of the buffer. 0, or -1 when they are damaged. */
static int
take_frames(struct follow *f)
{
	struct frame fr;
	size_t done = 0;
	ssize_t n;

	if (!f->headed) {
		if (f->have < FRAME_HEADLEN)
			return 0;
		if (memcmp(f->buf, FRAME_HEAD, FRAME_HEADLEN) != 0)
			return -1;
		done = FRAME_HEADLEN;
		f->headed = 1;
	}
	while ((n = frame_get(f->buf + done, f->have - done, &fr)) > 0) {
		on_frame(f, &fr);
		done += (size_t)n;
	}
	memmove(f->buf, f->buf + done, f->have - done);
	f->have -= done;
	return n == -1 ? -1 : 0;
}

/* Reads the spool to its present end. */
static int
drain(struct follow *f)
{
	ssize_t n;

	while ((n = pread(f->spool, f->buf + f->have, sizeof(f->buf) - f->have, f->off)) > 0) {
		f->off += n;
		f->have += (size_t)n;
		if (take_frames(f) == -1) {
			warnx("the spool is damaged at byte %lld", (long long)f->off);
			return -1;
		}
	}
	return n == -1 ? -1 : 0;
}

int
ctl_saveresult(const char *file, const uint8_t *record, size_t len, const struct sig *sig)
{
	char text[SIGNIFY_TEXT_MAX], name[4096];
	struct errmsg e;
	ssize_t n;

	if ((n = sig_write(sig, "reeve result", text, sizeof(text))) == -1 ||
	    snprintf(name, sizeof(name), "%s.sig", file) >= (int)sizeof(name)) {
		warnx("%s: cannot make the signature file", file);
		return -1;
	}
	if (fd_replace(AT_FDCWD, file, 0644, record, len, &e) == -1 ||
	    fd_replace(AT_FDCWD, name, 0644, text, (size_t)n, &e) == -1) {
		warnx("%s: %s", file, e.text);
		return -1;
	}
	return 0;
}

static void
on_message(struct follow *f, struct imsg *m, const uint8_t id[16], const char *resultfile)
{
	struct msg_exit ex;
	struct errmsg e;
	uint8_t got[16];
	char text[1025];
	int flags;

	switch (m->type) {
	case MSG_CTL_STREAM:
		if (msg_id_get(m, got) == -1 || memcmp(got, id, 16) != 0 || f->spool != -1)
			break;
		f->spool = imsg_fd(m, 0);
		f->notify = imsg_fd(m, 1);
		if ((flags = fcntl(f->notify, F_GETFL)) == -1 ||
		    fcntl(f->notify, F_SETFL, flags | O_NONBLOCK) == -1)
			err(CTL_EXIT_AGENT, "inotify descriptor");
		return;
	case MSG_CTL_EXIT:
		if (msg_exit_get(m, &ex) == -1 || memcmp(ex.id, id, 16) != 0 ||
		    result_parse(&f->result, (const char *)ex.record, ex.len, &e) == -1)
			break;
		if (resultfile != NULL &&
		    ctl_saveresult(resultfile, ex.record, ex.len, &ex.sig) == -1)
			exit(CTL_EXIT_AGENT);
		f->ended = 1;
		return;
	case MSG_CTL_ERR:
		if (msg_text_get(m, text, sizeof(text)) == -1)
			break;
		warnx("%s", text);
		exit(CTL_EXIT_REFUSED);
	default:
		break;
	}
	errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
}

/* One turn: what the socket or the spool has. */
static void
turn(struct follow *f, const uint8_t id[16], const char *resultfile)
{
	struct pollfd pfd[2] = {{imsgbuf_fd(f->c->chan), POLLIN, 0}, {f->notify, POLLIN, 0}};
	char events[4096];
	enum msg_verdict v;
	struct imsg m;
	int r;

	if (poll(pfd, f->notify == -1 ? 1 : 2, -1) == -1) {
		if (errno == EINTR)
			return;
		err(CTL_EXIT_AGENT, "poll");
	}
	if (f->notify != -1 && (pfd[1].revents & POLLIN))
		while (read(f->notify, events, sizeof(events)) > 0)
			;
	if (pfd[0].revents != 0) {
		if ((r = imsgbuf_read(f->c->chan)) == 0)
			errx(CTL_EXIT_AGENT, "the agent went away; the job goes on: "
					     "\"reevectl wait\" again when it is back");
		if (r == -1 && errno != EAGAIN)
			err(CTL_EXIT_AGENT, "read from the agent");
		while (!f->ended && (r = imsgbuf_get(f->c->chan, &m, &v)) == 1) {
			on_message(f, &m, id, resultfile);
			imsg_free(&m);
		}
		if (r == -1)
			errx(CTL_EXIT_AGENT, "the agent's answer is malformed");
	}
	if (f->spool != -1)
		(void)drain(f);
}

static void
print_json(struct follow *f)
{
	const struct result *r = &f->result;
	char hex[65];
	struct jsonout j;
	const char *text;

	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "id", r->id);
	jo_str(&j, "kind", r->kind);
	jo_str(&j, "end", end_name(r->end));
	jo_i64(&j, "code", r->code);
	jo_str(&j, "reason", r->reason);
	jo_str(&j, "effect", effect_name(r->effect));
	jo_u64(&j, "step", r->step);
	jo_u64(&j, "accepted", r->accepted);
	jo_u64(&j, "started", r->started);
	jo_u64(&j, "finished", r->finished);
	jo_u64(&j, "seq", r->seq);
	jo_u64(&j, "output_size", r->outsize);
	str_hex(hex, r->outsha, 32);
	jo_str(&j, "output_sha256", hex);
	jo_u64(&j, "cut", r->cut);
	jo_strn(&j, "stdout", f->out.p != NULL ? f->out.p : "", f->out.len);
	jo_strn(&j, "stderr", f->errout.p != NULL ? f->errout.p : "", f->errout.len);
	jo_strn(&j, "data", f->data.p != NULL ? f->data.p : "", f->data.len);
	jo_end(&j);
	if ((text = jo_text(&j)) == NULL)
		errx(CTL_EXIT_AGENT, "too much output for --json");
	puts(text);
	jo_free(&j);
}

static void
print_end(struct follow *f)
{
	const struct result *r = &f->result;
	char words[REASON_MAX + 64];

	if (f->c->json) {
		print_json(f);
		return;
	}
	if (f->data.len > 0)
		printf("%s\n", f->data.p);
	fflush(stdout);
	result_describe(r->end, r->code, r->reason, words, sizeof(words));
	fprintf(stderr, "reevectl: job %s %s: %s\n", r->id, r->kind, words);
	if (r->cut > 0)
		fprintf(stderr, "reevectl: %llu bytes of output were cut\n",
		    (unsigned long long)r->cut);
}

int
ctl_wait(struct ctl *c, const uint8_t id[16], int keepit, const char *resultfile)
{
	struct follow f = {.c = c, .spool = -1, .notify = -1};
	char text[1025];
	int rc;

	ctl_send(c, MSG_CTL_WAIT, msg_id_put(id));
	while (!f.ended)
		turn(&f, id, resultfile);
	if (f.spool != -1 && drain(&f) == -1)
		return CTL_EXIT_AGENT;
	print_end(&f);
	rc = f.result.end == END_OK ? CTL_EXIT_OK : CTL_EXIT_NOTOK;
	if (!keepit && ctl_ask(c, MSG_CTL_ACK, msg_id_put(id), text, sizeof(text)) != CTL_EXIT_OK)
		warnx("the result could not be acknowledged: %s", text);
	free(f.out.p);
	free(f.errout.p);
	free(f.data.p);
	if (f.spool != -1)
		close(f.spool);
	if (f.notify != -1)
		close(f.notify);
	return rc;
}
