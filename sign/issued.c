/* The register of what was certified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "sign/issued.h"

#define ISSUED_MAX  (256UL * 1024 * 1024)
#define LINE_MAXLEN 512

struct issued {
	int fd, broken;
	size_t bytes; /* of the file */
	struct issued_row *row;
	size_t n, size;
};

static int
keep(struct issued *is, const struct issued_row *r, struct errmsg *e)
{
	struct issued_row *p;
	size_t size = is->size > 0 ? is->size * 2 : 64;

	if (is->n == is->size) {
		if ((p = reallocarray(is->row, size, sizeof(*p))) == NULL)
			return err_errno(e, "issued");
		is->row = p;
		is->size = size;
	}
	is->row[is->n++] = *r;
	return 0;
}

/* Cuts the next word off *P; the last one ends with the line. */
static char *
word(char **p)
{
	char *w = *p, *sp = strchr(w, ' ');

	if (sp != NULL)
		*sp++ = '\0';
	else
		sp = w + strlen(w);
	*p = sp;
	return w;
}

static int
row_parse(struct issued_row *r, char *line)
{
	char *name, *p = line;

	if (str_unhex(r->enrolment, 16, word(&p)) == -1 ||
	    str_unhex(r->host_id, 16, word(&p)) == -1)
		return -1;
	name = word(&p);
	if (!valid_hostname(name))
		return -1;
	snprintf(r->name, sizeof(r->name), "%s", name);
	if (str_unhex(r->key, 32, word(&p)) == -1 ||
	    str_unhex(r->serial, SERIAL_LEN, word(&p)) == -1)
		return -1;
	return str_u64(p, 1, UINT64_MAX / 2, &r->when);
}

static int
lines(struct issued *is, char *buf, size_t len, struct errmsg *e)
{
	struct issued_row r;
	unsigned long no = 0;
	size_t done = 0;
	char *nl;

	memset(&r, 0, sizeof(r));
	while ((nl = memchr(buf + done, '\n', len - done)) != NULL) {
		no++;
		*nl = '\0';
		if (row_parse(&r, buf + done) == -1)
			return err_set(e, "issued:%lu: malformed", no);
		if (keep(is, &r, e) == -1)
			return -1;
		done = (size_t)(nl - buf) + 1;
	}
	is->bytes = done;
	if (done == len)
		return 0;
	log_warnx("issued: %zu bytes of a line that was never finished are cut off", len - done);
	if (ftruncate(is->fd, (off_t)done) == -1 || fsync(is->fd) == -1)
		return err_errno(e, "issued");
	return 0;
}

struct issued *
issued_open(int fd, struct errmsg *e)
{
	struct issued *is = calloc(1, sizeof(*is));
	char *buf = NULL;
	size_t len;
	int rv = -1;

	if (is == NULL) {
		err_errno(e, "issued");
		close(fd);
		return NULL;
	}
	is->fd = fd;
	if (fd_slurp(fd, ISSUED_MAX, &buf, &len, e) == -1)
		err_prefix(e, "issued");
	else
		rv = lines(is, buf, len, e);
	free(buf);
	if (rv == -1) {
		issued_free(is);
		return NULL;
	}
	return is;
}

void
issued_free(struct issued *is)
{
	if (is == NULL)
		return;
	close(is->fd);
	free(is->row);
	free(is);
}

const struct issued_row *
issued_byenrolment(const struct issued *is, const uint8_t enrolment[16])
{
	for (size_t i = 0; i < is->n; i++)
		if (memcmp(is->row[i].enrolment, enrolment, 16) == 0)
			return &is->row[i];
	return NULL;
}

const struct issued_row *
issued_bykey(const struct issued *is, const uint8_t key[32])
{
	for (size_t i = 0; i < is->n; i++)
		if (memcmp(is->row[i].key, key, 32) == 0)
			return &is->row[i];
	return NULL;
}

int
issued_add(struct issued *is, const struct issued_row *r, struct errmsg *e)
{
	char line[LINE_MAXLEN], enrolment[33], host[33], key[65], serial[2 * SERIAL_LEN + 1];
	int n;

	if (is->broken)
		return err_set(e, "the register could not be written before; see the log");
	str_hex(enrolment, r->enrolment, 16);
	str_hex(host, r->host_id, 16);
	str_hex(key, r->key, 32);
	str_hex(serial, r->serial, SERIAL_LEN);
	/* what the next start could not read must not be written */
	if (is->bytes + sizeof(line) > ISSUED_MAX)
		return err_set(e, "the register is full (%lu bytes)", ISSUED_MAX);
	n = snprintf(line, sizeof(line), "%s %s %s %s %s %llu\n", enrolment, host, r->name, key,
	    serial, (unsigned long long)r->when);
	if (n < 0 || (size_t)n >= sizeof(line))
		return err_set(e, "issued: line too long");
	if (fd_writen(is->fd, line, (size_t)n) != n || fsync(is->fd) == -1) {
		/* what stands at its end is not known: only a new start looks */
		is->broken = 1;
		return err_errno(e, "issued");
	}
	is->bytes += (size_t)n;
	return keep(is, r, e);
}
