/* The hosts that liar.c plays: their keys, files for the operator, spools and records. */
#ifndef REGRESS_NET_LIARHOST_H
#define REGRESS_NET_LIARHOST_H

#include <sys/stat.h>

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "proto/frame.h"
#include "proto/result.h"
#include "proto/signify.h"
#include "proto/ticket.h"

#define HOSTS 200
#define FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define TOKEN "000102030405060708090a0b0c0d0e0f1011121314151617"
#define JOBS  8

struct host {
	char name[64], id[33], result[57], seal[45];
	struct seckey key;
};

/* What all connections' processes share. */
struct shared {
	char ticket[JOBS][TICKET_MAX + 1];
	size_t len[JOBS], n;
	unsigned int streams, blobs;
};

static struct host host[HOSTS];
static size_t nhosts = 1;
static const char *dir, *lie;
static struct shared *sh;

static int
is(const char *what)
{
	return strcmp(lie, what) == 0;
}

/* ---- keys and files ---- */

static void
make_host(struct host *h, size_t n)
{
	uint8_t raw[32];
	struct pubkey p;

	snprintf(h->name, sizeof(h->name), "web%zu", n + 1);
	memset(raw, 0x10, sizeof(raw));
	raw[15] = (uint8_t)n;
	str_hex(h->id, raw, 16);
	seckey_new(&h->key, &p);
	pubkey_write_b64(&p, h->result);
	randombytes_buf(raw, sizeof(raw));
	str_b64enc(h->seal, sizeof(h->seal), raw, sizeof(raw));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct host *)a)->name, ((const struct host *)b)->name);
}

static FILE *
create(const char *name, mode_t mode)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	umask(0777 & ~mode);
	if ((f = fopen(path, "w")) == NULL)
		err(1, "%s", path);
	return f;
}

static void
write_files(unsigned int port)
{
	FILE *f = create("roster", 0600);
	size_t i;

	qsort(host, nhosts, sizeof(host[0]), by_name);
	fprintf(f, "reeve-roster 1\nfleet %s\n", FLEET);
	for (i = 0; i < nhosts; i++)
		fprintf(f, "host %s %s %s %s\n", host[i].name, host[i].id, host[i].result,
		    host[i].seal);
	fprintf(f, "end\n");
	fclose(f);
	f = create("token", 0600);
	fprintf(f, "%s\n", TOKEN);
	fclose(f);
	f = create("reeve.conf", 0600);
	fprintf(f,
	    "url https://localhost:%u\nca ca.pem\ntoken-file token\nkey op.sec\nroster roster\n"
	    "requester tester\n",
	    port);
	fclose(f);
}

/* ---- the host's part: its spool and its record ---- */

struct spool {
	uint8_t *p;
	size_t len, sealed; /* before the exit frame */
};

static void
add_frame(struct spool *s, enum frame_type type, const void *data, size_t len)
{
	struct frame f = {.type = type, .step = 1, .ms = 1, .data = data, .len = (uint32_t)len};

	if ((s->p = realloc(s->p, s->len + FRAME_FIXED + len + FRAME_CRC)) == NULL)
		err(1, NULL);
	s->len += frame_put(s->p + s->len, &f);
}

static void
make_spool(struct spool *s, const struct host *h, int forged)
{
	static const char typed[] = "{\"a\":[1,{ }],\"b\":\"\xc2\x9b\"}";
	static char block[32768];
	uint8_t rec[EXITREC_SIZE];
	struct exitrec x = {.step = 1, .end = END_OK, .effect = EFFECT_NONE};
	char text[100];
	int i, n;

	s->p = malloc(FRAME_HEADLEN);
	memcpy(s->p, FRAME_HEAD, FRAME_HEADLEN);
	s->len = FRAME_HEADLEN;
	n = snprintf(text, sizeof(text), "%s from %s\n", forged ? "HELLO" : "hello", h->name);
	add_frame(s, FR_STDOUT, text, (size_t)n);
	add_frame(s, FR_STDERR, "err\n", 4);
	add_frame(s, FR_NOTE, "a note\x1b[2J", 10);
	add_frame(s, FR_DATA, typed, sizeof(typed) - 1);
	memset(block, 'x', sizeof(block));
	for (i = 0; (is("big") || is("output-endless")) && i < 32; i++)
		add_frame(s, FR_STDOUT, block, sizeof(block));
	s->sealed = s->len;
	exitrec_put(rec, &x);
	add_frame(s, FR_EXIT, rec, sizeof(rec));
}

static void
make_record(const struct host *h, const struct ticket *t, const char *text, size_t len,
    char record[RESULT_MAX + 1], char b64[120])
{
	struct result r = {.step = 1,
	    .end = END_OK,
	    .effect = EFFECT_NONE,
	    .accepted = 1,
	    .started = 2,
	    .finished = 3,
	    .seq = 4};
	char line[SIGNIFY_TEXT_MAX];
	struct spool s;
	struct errmsg e;
	struct pubkey p;
	struct seckey k = h->key;
	struct sig sig;
	ssize_t n;

	make_spool(&s, h, 0);
	snprintf(r.host_id, sizeof(r.host_id), "%s", h->id);
	snprintf(r.host_name, sizeof(r.host_name), "%s", is("record-host") ? "web9" : h->name);
	snprintf(r.id, sizeof(r.id), "%s", is("record-job") ? FLEET : t->id);
	snprintf(r.kind, sizeof(r.kind), "%s", t->kind->name);
	ticket_hash(text, is("record-ticket") ? len - 1 : len, r.ticket);
	r.outsize = s.sealed;
	crypto_hash_sha256(r.outsha, s.p, s.sealed);
	if (is("exit-3") || is("record-edited")) {
		r.end = END_EXIT;
		r.code = 3;
	} else if (is("signal")) {
		r.end = END_SIGNAL;
		r.code = 11;
	}
	if ((n = result_write(&r, record, RESULT_MAX, &e)) == -1)
		errx(1, "%s", e.text);
	record[n] = '\0';
	if (is("record-key"))
		seckey_new(&k, &p);
	seckey_sign(&k, record, (size_t)n, &sig);
	if (is("record-edited")) { /* "exit 3" becomes "exit 4" */
		char *at = strstr(record, "exit 3");

		at[5] = '4';
	}
	sig_write(&sig, "x", line, sizeof(line));
	snprintf(b64, 120, "%.100s", strchr(line, '\n') + 1);
	if (is("record-sig"))
		snprintf(b64, 120, "no signature");
	free(s.p);
}

#endif
