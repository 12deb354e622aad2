/* Requests as bytes (RFC 9112 section 3). */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/strutil.h"
#include "net/http_parser.h"
#include "net/httpreq.h"

#define HEAD_MAX 8192

/* Printable, no space, not empty. */
static int
is_word(const char *s)
{
	return s != NULL && *s != '\0' && str_printable(s, strlen(s)) && strchr(s, ' ') == NULL;
}

static int
is_line(const char *s)
{
	return *s != '\0' && str_printable(s, strlen(s));
}

/* Fields that this file writes itself: a second one would be a second opinion. */
static int
is_ours(const char *name, size_t len)
{
	static const char *const ours[] = {"host", "content-length", "transfer-encoding",
	    "connection", "expect", "te", "trailer", "upgrade", "authorization", "content-type"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == len && strncasecmp(ours[i], name, len) == 0)
			return 1;
	return 0;
}

/* More fields: each "Name: value" CRLF. */
static int
are_fields(const char *s)
{
	while (*s != '\0') {
		size_t n = 0, line = strcspn(s, "\r\n");

		while (http_is_tchar((unsigned char)s[n]))
			n++;
		if (n == 0 || s[n] != ':' || is_ours(s, n) || !str_printable(s, line) ||
		    strncmp(s + line, "\r\n", 2) != 0)
			return 0;
		s += line + 2;
	}
	return 1;
}

static int
check(const char *host, const char *agent, const struct httpc_req *r, struct errmsg *e)
{
	if (!is_word(r->method) || !is_word(host))
		return err_set(e, "request: a method or host with blanks or control bytes");
	if (!is_word(r->path) || r->path[0] != '/' || strchr(r->path, '#') != NULL)
		return err_set(e, "request: a path that does not begin with / or holds a blank, a "
				  "control byte or #");
	if (agent != NULL && !is_line(agent))
		return err_set(e, "request: a client's name with control bytes");
	if (r->bearer != NULL && !is_word(r->bearer))
		return err_set(e, "request: a bearer secret with blanks or control bytes");
	if (r->type != NULL && !is_line(r->type))
		return err_set(e, "request: a content type with control bytes");
	if (r->headers != NULL && !are_fields(r->headers))
		return err_set(e, "request: header fields that are malformed or not the caller's");
	return 0;
}

/* Appends to HEAD; sets its length to HEAD_MAX when it is full, which stays. */
static void __attribute__((format(printf, 3, 4))) add(char *head, size_t *len, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(head + *len, HEAD_MAX - *len, fmt, ap);
	va_end(ap);
	*len = n < 0 || (size_t)n >= HEAD_MAX - *len ? HEAD_MAX : *len + (size_t)n;
}

static void
body_fields(char *head, size_t *len, const struct httpc_req *r)
{
	int may = strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0 &&
		  strcmp(r->method, "DELETE") != 0;

	if (r->bodylen > 0)
		add(head, len, "Content-Type: %s\r\n",
		    r->type != NULL ? r->type : "application/json");
	if (r->bodylen > 0 || may)
		add(head, len, "Content-Length: %zu\r\n", r->bodylen);
}

static int
keep(struct httpreq_text *t, char *head, size_t len, const void *body, size_t bodylen,
    struct errmsg *e)
{
	memset(t, 0, sizeof(*t));
	if (len >= HEAD_MAX)
		return err_set(e, "request: a head of more than %d bytes", HEAD_MAX);
	if ((t->p = malloc(len + bodylen)) == NULL)
		return err_set(e, "out of memory");
	memcpy(t->p, head, len);
	if (bodylen > 0)
		memcpy(t->p + len, body, bodylen);
	t->len = len + bodylen;
	return 0;
}

int
httpreq_text(struct httpreq_text *t, const char *host, const char *agent, const struct httpc_req *r,
    struct errmsg *e)
{
	char head[HEAD_MAX];
	size_t len = 0;
	int rc;

	if (check(host, agent, r, e) == -1)
		return -1;
	add(head, &len, "%s %s HTTP/1.1\r\nHost: %s\r\n", r->method, r->path, host);
	if (agent != NULL)
		add(head, &len, "User-Agent: %s\r\n", agent);
	if (r->bearer != NULL)
		add(head, &len, "Authorization: Bearer %s\r\n", r->bearer);
	if (r->headers != NULL)
		add(head, &len, "%s", r->headers);
	body_fields(head, &len, r);
	add(head, &len, "\r\n");
	rc = keep(t, head, len, r->body, r->bodylen, e);
	explicit_bzero(head, sizeof(head));
	return rc;
}

int
httpreq_connect(struct httpreq_text *t, const char *to, const char *agent, struct errmsg *e)
{
	char head[HEAD_MAX];
	size_t len = 0;

	if (!is_word(to) || (agent != NULL && !is_line(agent)))
		return err_set(e, "proxy: a host with blanks or control bytes");
	add(head, &len, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", to, to);
	if (agent != NULL)
		add(head, &len, "User-Agent: %s\r\n", agent);
	add(head, &len, "\r\n");
	return keep(t, head, len, NULL, 0, e);
}

void
httpreq_free(struct httpreq_text *t)
{
	if (t->p != NULL)
		explicit_bzero(t->p, t->len);
	free(t->p);
	memset(t, 0, sizeof(*t));
}
