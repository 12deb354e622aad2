/* A spool as it comes over the network: its frames cut, hashed and shown. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run.h"
#include "lib/strutil.h"

#define BUF_SIZE   (FRAME_FIXED + FRAME_PAYLOAD + FRAME_CRC)
#define LINE_WAITS 65536 /* of a line that does not end */

static void
keep(struct bytes *b, const void *p, size_t len)
{
	if ((b->p = realloc(b->p, b->len + len + 1)) == NULL)
		err(CLI_CANNOT, NULL);
	memcpy(b->p + b->len, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

/*
 * Output as the tool wrote it; but what comes may be anybody's until the host's record is verified,
 * and a terminal obeys it.
 */
static void
put_bytes(FILE *to, const void *p, size_t len)
{
	static struct cli_tty state[2];

	if (isatty(fileno(to)))
		cli_put(&state[to == stderr], to, p, len);
	else
		fwrite(p, 1, len, to);
}

static void
put_lines(const struct run *r, FILE *to, struct bytes *b, const uint8_t *p, size_t len)
{
	const uint8_t *nl;
	size_t n;

	while (len > 0) {
		nl = memchr(p, '\n', len);
		n = nl != NULL ? (size_t)(nl - p) + 1 : len;
		keep(b, p, n);
		p += n;
		len -= n;
		if (nl == NULL && b->len < LINE_WAITS)
			break;
		fprintf(to, "%s: ", r->name);
		put_bytes(to, b->p, b->len);
		if (nl == NULL)
			putc('\n', to);
		b->len = 0;
	}
}

static void
clear_progress(struct run *r)
{
	if (r->progress)
		fputs("\r\033[K", stderr);
	r->progress = 0;
}

static void
put(struct fan *f, struct run *r, FILE *to, struct bytes *b, const struct frame *fr)
{
	switch (f->show) {
	case SHOW_LIVE:
		clear_progress(r);
		put_bytes(to, fr->data, fr->len);
		break;
	case SHOW_PREFIX:
		put_lines(r, to, b, fr->data, fr->len);
		break;
	case SHOW_KEEP:
		keep(b, fr->data, fr->len);
		break;
	case SHOW_NONE:
		break;
	}
}

/* The supervisor's words: encoded wherever they go, unlike the tool's own output. */
static void
put_words(struct fan *f, struct run *r, const struct frame *fr)
{
	char *words = cli_keep(strndup((const char *)fr->data, fr->len));

	if (f->show != SHOW_LIVE && f->show != SHOW_PREFIX)
		return;
	clear_progress(r);
	fprintf(stderr, "reeve: %s: %s\n", r->name, cli_clean(words));
}

static void
put_progress(struct fan *f, struct run *r, const struct frame *fr)
{
	char *words;
	size_t percent;

	if (f->show != SHOW_LIVE || f->quiet || !isatty(STDERR_FILENO))
		return;
	words = cli_clean(cli_keep(strndup((const char *)fr->data, fr->len)));
	percent = strcspn(words, " ");
	fprintf(stderr, "\r\033[K%.*s %%%s", (int)percent, words, words + percent);
	r->progress = 1;
}

static void
on_frame(struct fan *f, struct run *r, const struct frame *fr)
{
	switch (fr->type) {
	case FR_STDOUT:
		put(f, r, stdout, &r->out, fr);
		break;
	case FR_STDERR:
		put(f, r, stderr, &r->errout, fr);
		break;
	case FR_DATA:
		if (r->data.len <= FRAME_DATA_MAX * KIND_STEPS)
			keep(&r->data, fr->data, fr->len);
		break;
	case FR_PROGRESS:
		put_progress(f, r, fr);
		break;
	case FR_NOTE:
		put_words(f, r, fr);
		break;
	default:
		break;
	}
}

/* The record of the host names the bytes before an exit frame: their hash is taken there. */
static void
hash_frame(struct run *r, const struct frame *fr, const uint8_t *p, size_t len)
{
	crypto_hash_sha256_state sha;

	if (fr->type == FR_EXIT) {
		sha = r->sha;
		crypto_hash_sha256_final(&sha, r->exit_sha);
		r->exit_at = r->got;
		r->exit_len = len;
	}
	crypto_hash_sha256_update(&r->sha, p, len);
	r->got += len;
}

/* Takes whole frames out of the buffer. */
static int
take_frames(struct fan *f, struct run *r)
{
	struct frame fr;
	size_t done = 0;
	ssize_t n = 0;

	if (!r->headed) {
		if (r->have < FRAME_HEADLEN)
			return 0;
		if (memcmp(r->buf, FRAME_HEAD, FRAME_HEADLEN) != 0)
			return -1;
		crypto_hash_sha256_init(&r->sha);
		crypto_hash_sha256_update(&r->sha, r->buf, FRAME_HEADLEN);
		r->got = done = FRAME_HEADLEN;
		r->headed = 1;
	}
	while ((n = frame_get(r->buf + done, r->have - done, &fr)) > 0) {
		on_frame(f, r, &fr);
		hash_frame(r, &fr, r->buf + done, (size_t)n);
		done += (size_t)n;
	}
	memmove(r->buf, r->buf + done, r->have - done);
	r->have -= done;
	return n == -1 ? -1 : 0;
}

int
spool_feed(struct fan *f, struct run *r, const uint8_t *p, size_t len)
{
	size_t n;

	if (r->buf == NULL && (r->buf = malloc(BUF_SIZE)) == NULL)
		err(CLI_CANNOT, NULL);
	for (; len > 0 && !r->damaged; p += n, len -= n) {
		n = len < BUF_SIZE - r->have ? len : BUF_SIZE - r->have;
		memcpy(r->buf + r->have, p, n);
		r->have += n;
		if (take_frames(f, r) == -1)
			r->damaged = 1;
	}
	if (f->show == SHOW_LIVE || f->show == SHOW_PREFIX)
		cli_flush();
	return r->damaged ? -1 : 0;
}

void
spool_flush(struct fan *f, struct run *r)
{
	clear_progress(r);
	if (f->show != SHOW_PREFIX)
		return;
	if (r->out.len > 0)
		put_lines(r, stdout, &r->out, (const uint8_t *)"\n", 1);
	if (r->errout.len > 0)
		put_lines(r, stderr, &r->errout, (const uint8_t *)"\n", 1);
	cli_flush();
}
