/* The kinds that privd does itself: a few lines each, no executor. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "privd/immediate.h"
#include "privd/netside.h"
#include "proto/frame.h"
#include "version.h"

struct answer {
	char text[512];
	size_t len;
};

static void say(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
say(struct answer *a, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->text + a->len, sizeof(a->text) - a->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof(a->text) - a->len)
		a->len += (size_t)n;
}

static int
do_ping(struct privd *p, struct job *j, struct answer *a, struct errmsg *e)
{
	(void)j;
	(void)e;
	say(a, "version %s\ntime %llu\ncertificate %llu\n", REEVE_VERSION,
	    (unsigned long long)privd_now(p), (unsigned long long)netside_cert());
	return 0;
}

static int
do_challenge(struct privd *p, struct job *j, struct answer *a, struct errmsg *e)
{
	struct ledger_rec rec = {.type = LR_CHALLENGE};
	struct jobs *js = p->jobs;
	size_t most = sizeof(js->challenge) / sizeof(js->challenge[0]);
	char hex[33];

	memcpy(rec.id, j->id, 16);
	randombytes_buf(rec.nonce, 16);
	if (ledger_append(p->ledger, &rec, privd_now(p), NULL, e) == -1)
		return -1;
	if (js->nchallenges == most) /* the oldest makes room */
		memmove(&js->challenge[0], &js->challenge[1],
		    (size_t)--js->nchallenges * sizeof(js->challenge[0]));
	memcpy(js->challenge[js->nchallenges].nonce, rec.nonce, 16);
	js->challenge[js->nchallenges++].given = privd_now(p);
	str_hex(hex, rec.nonce, 16);
	say(a, "challenge %s\n", hex);
	return 0;
}

static int
do_cancel(struct privd *p, struct job *j, struct answer *a, struct errmsg *e)
{
	const char *hex = ticket_argv(j->t, "id");
	uint8_t id[16];

	if (str_unhex(id, 16, hex) == -1)
		return err_set(e, "argument id: not a job id");
	if (job_cancel(p, id, j->key, 1, e) == -1)
		return -1;
	say(a, "cancelling %s\n", hex);
	return 0;
}

static int
do_reload(struct privd *p, struct job *j, struct answer *a, struct errmsg *e)
{
	(void)j;
	if (privd_reload(p, e) == -1)
		return -1;
	say(a, "reloaded\n");
	return 0;
}

static const struct {
	enum kind_id kind;
	int (*fn)(struct privd *, struct job *, struct answer *, struct errmsg *);
} table[] = {
    {KIND_AGENT_PING, do_ping},
    {KIND_AGENT_CHALLENGE, do_challenge},
    {KIND_AGENT_CANCEL, do_cancel},
    {KIND_AGENT_RELOAD, do_reload},
};

static int
write_frame(int fd, enum frame_type type, const void *data, size_t len)
{
	uint8_t buf[FRAME_FIXED + 1024 + FRAME_CRC];
	struct frame f = {.type = type, .data = data, .len = (uint32_t)len};
	struct timespec ts;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	f.ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (len > 1024)
		return -1;
	n = frame_put(buf, &f);
	return fd_writen(fd, buf, n) == (ssize_t)n ? 0 : -1;
}

/* The answer and the exit frame, as a supervisor would leave them. */
static int
put_spool(struct privd *p, const struct job *j, const struct answer *a, struct exitrec *r,
    struct errmsg *e)
{
	uint8_t buf[FRAME_HEADLEN + FRAME_FIXED + sizeof(a->text) + FRAME_CRC];
	uint8_t rec[EXITREC_SIZE];
	ssize_t n;
	int fd, rc = -1;

	if ((fd = spool_output(p->spool, j->id, 1, NULL, e)) == -1)
		return -1;
	if (ftruncate(fd, FRAME_HEADLEN) == 0 &&
	    (a->len == 0 || write_frame(fd, FR_STDOUT, a->text, a->len) == 0) &&
	    (n = pread(fd, buf, sizeof(buf), 0)) >= FRAME_HEADLEN) {
		r->outsize = (uint64_t)n;
		crypto_hash_sha256(r->outsha, buf, (unsigned long long)n);
		exitrec_put(rec, r);
		rc = write_frame(fd, FR_EXIT, rec, sizeof(rec));
	}
	if (rc == 0)
		rc = fsync(fd);
	if (rc == -1)
		err_errno(e, "spool");
	close(fd);
	return rc;
}

void
immediate_run(struct privd *p, struct job *j, struct exitrec *r)
{
	struct answer a = {.len = 0};
	struct errmsg e;
	int rc = err_set(&e, "%s has neither steps nor a function", j->t->kind->name);

	memset(r, 0, sizeof(*r));
	r->effect = EFFECT_NONE;
	r->started = r->ended = j->started * 1000;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].kind == j->t->kind->id)
			rc = table[i].fn(p, j, &a, &e);
	r->end = rc == 0 ? END_OK : END_REFUSED;
	if (rc == -1)
		snprintf(r->reason, sizeof(r->reason), "%.*s", REASON_MAX, e.text);
	if (put_spool(p, j, &a, r, &e) == -1) {
		r->end = END_SETUP;
		r->outsize = 0;
		memset(r->outsha, 0, sizeof(r->outsha));
		snprintf(r->reason, sizeof(r->reason), "%.*s", REASON_MAX, e.text);
	}
}
