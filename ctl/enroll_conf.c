/* agent.conf as enrolment sees it: a few words read, a few lines added, the rest left as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/enroll.h"
#include "lib/confline.h"

struct reading {
	struct enroll_conf *c;
	const char *server;
	int in; /* this line is in the section of SERVER */
};

static void
copy(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%s", src);
}

static int
top_line(const struct conf_line *l, struct enroll_conf *c)
{
	if (l->nwords < 2)
		return 0;
	if (strcmp(l->word[0], "fleet") == 0)
		copy(c->fleet, sizeof(c->fleet), l->word[1]);
	else if (strcmp(l->word[0], "hostname") == 0)
		copy(c->hostname, sizeof(c->hostname), l->word[1]);
	else if (strcmp(l->word[0], "proxy") == 0)
		copy(c->proxy, sizeof(c->proxy), l->word[1]);
	else if (strcmp(l->word[0], "state-dir") == 0)
		copy(c->state_dir, sizeof(c->state_dir), l->word[1]);
	else if (strcmp(l->word[0], "host") == 0 && l->nwords == 3) {
		copy(c->host_id, sizeof(c->host_id), l->word[1]);
		copy(c->host_name, sizeof(c->host_name), l->word[2]);
	}
	return 0;
}

static int
on_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reading *r = arg;

	(void)e;
	if (l->nwords == 0) {
		if (r->in)
			r->c->to = l->lineno;
		r->in = l->nsection == 2 && strcmp(l->section[0], "server") == 0 &&
			strcmp(l->section[1], r->server) == 0;
		if (r->in)
			r->c->from = l->lineno;
		return 0;
	}
	if (l->nsection == 0)
		return top_line(l, r->c);
	if (r->in && l->nwords == 2 && strcmp(l->word[0], "url") == 0)
		copy(r->c->url, sizeof(r->c->url), l->word[1]);
	return 0;
}

int
enroll_conf_read(struct enroll_conf *c, const char *file, const char *server, const char *buf,
    size_t len, struct errmsg *e)
{
	struct reading r = {.c = c, .server = server};

	memset(c, 0, sizeof(*c));
	if (conf_parse(file, buf, len, on_line, &r, e) == -1)
		return -1;
	if (c->from > 0 && c->to == 0)
		c->to = (unsigned int)-1;
	return 0;
}

/* The lines of BUF that stay. Comments and blank lines right before a header stay too. */
static void
put_old(FILE *f, const struct enroll_conf *c, const char *buf, size_t len)
{
	const char *end = buf + len, *nl;
	unsigned int no = 1;

	for (; buf < end; buf = nl + 1, no++) {
		if ((nl = memchr(buf, '\n', (size_t)(end - buf))) == NULL)
			nl = end - 1;
		if (c->from == 0 || no < c->from || no >= c->to)
			fwrite(buf, 1, (size_t)(nl + 1 - buf), f);
	}
}

char *
enroll_conf_text(
    const struct enroll_conf *c, const char *buf, size_t len, const struct enroll_section *s)
{
	char *text = NULL, url[540];
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	/* before everything else: behind a header they would be that section's */
	if (c->fleet[0] == '\0')
		fprintf(f, "fleet %s\n", s->fleet);
	if (c->host_id[0] == '\0')
		fprintf(f, "host %s %s\n", s->host_id, s->host_name);
	if (s->hostname != NULL)
		fprintf(f, "hostname %s\n", s->hostname);
	put_old(f, c, buf, len);
	url_text(s->url, url, sizeof(url));
	/* where an old section was taken out, its blank line is still there */
	fprintf(f, "%s[server %s]\nurl %s\nca %s\n", len > 0 && c->from == 0 ? "\n" : "", s->server,
	    url, s->ca);
	if (s->bearer != NULL)
		fprintf(f, "bearer %s\n", s->bearer);
	else
		fprintf(f, "cert %s\nkey %s\n", s->cert, s->key);
	if (ferror(f) != 0 || fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
