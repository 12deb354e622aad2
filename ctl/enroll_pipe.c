/* From the child to root: fields of a length each, judged at the end that is root. */
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/enroll.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/signify.h"

#define PIPE_MAX (4 * ENROLL_PEM)
#define PEM_LINE 64
#define BEGIN	 "-----BEGIN "
#define END	 "-----END "

int
enroll_send(int fd, const struct enroll_out *out)
{
	struct ibuf *b = ibuf_open(PIPE_MAX);
	int rv;

	if (b == NULL)
		return -1;
	ibuf_put_u8(b, (uint8_t)out->exit);
	ibuf_put_str(b, out->words);
	ibuf_put_str(b, out->fleet);
	ibuf_put_str(b, out->host_id);
	ibuf_put_str(b, out->host_name);
	ibuf_put_str(b, out->key);
	ibuf_put_str(b, out->cert);
	ibuf_put_str(b, out->ca);
	ibuf_put_str(b, out->bearer);
	ibuf_put_str(b, out->online_key);
	rv = b->failed || fd_writen(fd, b->buf, b->wpos) != (ssize_t)b->wpos ? -1 : 0;
	sodium_memzero(b->buf, b->wpos);
	ibuf_free(b);
	return rv;
}

/* One line of a PEM block: 1..64 characters of base64. NULL when it is none. */
static const char *
pem_line(const char *p)
{
	size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

	return n >= 1 && n <= PEM_LINE && p[n] == '\n' ? p + n + 1 : NULL;
}

/* P behind "-----WORD LABEL-----\n"; NULL. */
static const char *
pem_mark(const char *p, const char *word, const char *label)
{
	size_t w = strlen(word), l = strlen(label);

	if (strncmp(p, word, w) != 0 || strncmp(p + w, label, l) != 0 ||
	    strncmp(p + w + l, "-----\n", 6) != 0)
		return NULL;
	return p + w + l + 6;
}

int
enroll_pem_ok(const char *text, const char *label)
{
	const char *p = pem_mark(text, BEGIN, label);
	size_t lines = 0;

	while (p != NULL && strncmp(p, END, strlen(END)) != 0) {
		p = pem_line(p);
		lines++;
	}
	if (p == NULL || lines == 0 || (p = pem_mark(p, END, label)) == NULL)
		return 0;
	return *p == '\0';
}

/* All that comes until the end of the pipe. Its length, or -1 with E. */
static ssize_t
slurp(int fd, int ms, uint8_t *buf, struct errmsg *e)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	time_t until = time(NULL) + ms / 1000;
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, 1000) == -1 && errno != EINTR)
			return err_errno(e, "poll");
		if (time(NULL) > until)
			return err_set(e, "no answer within %d seconds", ms / 1000);
		if (p.revents == 0)
			continue;
		if ((n = read(fd, buf + len, PIPE_MAX - len)) == -1)
			return err_errno(e, "its answer");
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
		if (len == PIPE_MAX)
			return err_set(e, "its answer is too long");
	}
}

static int
get_all(struct ibuf *b, struct enroll_out *o)
{
	uint8_t rc;

	if (ibuf_get_u8(b, &rc) == -1 || rc > CTL_EXIT_REFUSED ||
	    ibuf_get_str(b, o->words, sizeof(o->words)) == -1 ||
	    ibuf_get_str(b, o->fleet, sizeof(o->fleet)) == -1 ||
	    ibuf_get_str(b, o->host_id, sizeof(o->host_id)) == -1 ||
	    ibuf_get_str(b, o->host_name, sizeof(o->host_name)) == -1 ||
	    ibuf_get_str(b, o->key, sizeof(o->key)) == -1 ||
	    ibuf_get_str(b, o->cert, sizeof(o->cert)) == -1 ||
	    ibuf_get_str(b, o->ca, sizeof(o->ca)) == -1 ||
	    ibuf_get_str(b, o->bearer, sizeof(o->bearer)) == -1 ||
	    ibuf_get_str(b, o->online_key, sizeof(o->online_key)) == -1)
		return -1;
	o->exit = rc;
	return ibuf_get_end(b);
}

/* The child may be anybody's by now: nothing of it goes into a file that was not judged here. */
static int
judge(const struct enroll_out *o, const char *hostname, struct errmsg *e)
{
	struct pubkey k;

	if (!valid_hex(o->fleet, 32) || !valid_hex(o->host_id, 32))
		return err_set(e, "fleet and host id are not 32 hex digits each");
	if (!valid_hostname(o->host_name) || strcmp(o->host_name, hostname) != 0)
		return err_set(e, "it is enrolled under another name than %s", hostname);
	if (!enroll_pem_ok(o->key, "PRIVATE KEY"))
		return err_set(e, "the key is not one in PEM");
	if ((o->cert[0] == '\0') == (o->bearer[0] == '\0'))
		return err_set(e, "neither a certificate nor a standing secret came, or both");
	if (o->cert[0] != '\0' && !enroll_pem_ok(o->cert, "CERTIFICATE"))
		return err_set(e, "the certificate is not one in PEM");
	if (o->ca[0] != '\0' && !enroll_pem_ok(o->ca, "CERTIFICATE"))
		return err_set(e, "the CA's certificate is not one in PEM");
	if (o->bearer[0] != '\0' && !valid_hex(o->bearer, TOKEN_SECRET))
		return err_set(e, "the standing secret is not %d hex digits", TOKEN_SECRET);
	if (pubkey_parse_b64(&k, o->online_key, strlen(o->online_key)) == -1)
		return err_set(e, "the online key is none");
	return 0;
}

int
enroll_recv(int fd, int ms, const char *hostname, struct enroll_out *out, struct errmsg *e)
{
	uint8_t *buf = malloc(PIPE_MAX);
	struct ibuf b;
	ssize_t len;
	int rv = -1;

	memset(out, 0, sizeof(*out));
	if (buf == NULL)
		return err_errno(e, "memory");
	if ((len = slurp(fd, ms, buf, e)) != -1) {
		ibuf_from(&b, buf, (size_t)len);
		if (len == 0)
			err_set(e, "it ended without an answer");
		else if (get_all(&b, out) == -1 || !str_printable(out->words, strlen(out->words)))
			err_set(e, "its answer is malformed");
		else
			rv = out->exit == CTL_EXIT_OK ? judge(out, hostname, e) : 0;
	}
	sodium_memzero(buf, PIPE_MAX);
	free(buf);
	return rv;
}
