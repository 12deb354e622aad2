/*
 * Users and groups from /etc/passwd and /etc/group, read here and not by NSS, so that no module
 * comes into root's memory. fgetpwent(3) would pass over a line that it cannot read, and takes
 * numbers that strtoul(3) takes; this does neither.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/users.h"

#define DB_MAX (16 * 1024 * 1024)

static const char *const names[] = {
#define USER(sym, name, gecos) name,
#include "lib/users.def"
#undef USER
};

const char *
user_name(enum user_id id)
{
	return (unsigned int)id < USER_MAX ? names[id] : NULL;
}

/* Field N (from 0) of a line of LEN bytes: its start, with *FLEN set; NULL when there is none. */
static const char *
field(const char *line, size_t len, int n, size_t *flen)
{
	const char *colon;

	for (;;) {
		colon = memchr(line, ':', len);
		*flen = colon != NULL ? (size_t)(colon - line) : len;
		if (n-- == 0)
			return line;
		if (colon == NULL)
			return NULL;
		len -= *flen + 1;
		line = colon + 1;
	}
}

/* An id in field N; (uint32_t)-1 means "no change" to the kernel and is no id. */
static int
id_field(const char *line, size_t len, int n, uint32_t *id)
{
	uint64_t v;
	size_t flen;
	const char *f = field(line, len, n, &flen);

	if (f == NULL || strn_u64(f, flen, 0, UINT32_MAX - 1, &v) == -1)
		return -1;
	*id = (uint32_t)v;
	return 0;
}

/* The one line of BUF whose first field is NAME. Returns how many there are; *LINE is the last. */
static unsigned int
find_line(const char *buf, size_t len, const char *name, const char **line, size_t *linelen)
{
	const char *end = buf + len, *nl;
	size_t want = strlen(name), n, flen;
	unsigned int found = 0;

	for (; buf < end; buf += n + 1) {
		nl = memchr(buf, '\n', (size_t)(end - buf));
		n = nl != NULL ? (size_t)(nl - buf) : (size_t)(end - buf);
		field(buf, n, 0, &flen);
		if (flen != want || flen == n || memcmp(buf, name, want) != 0)
			continue;
		found++;
		*line = buf;
		*linelen = n;
	}
	return found;
}

int
user_find(const char *buf, size_t len, const char *name, struct user *u, struct errmsg *e)
{
	const char *line = NULL;
	uint32_t uid, gid;
	unsigned int found;
	size_t n = 0;

	u->uid = UID_NOBODY;
	u->gid = (gid_t)-1;
	if ((found = find_line(buf, len, name, &line, &n)) == 0)
		return err_set(e,
		    "no user %s in /etc/passwd: make install or systemd-sysusers makes reeve's own",
		    name);
	if (found > 1)
		return err_set(e, "/etc/passwd: user %s stands %u times", name, found);
	if (id_field(line, n, 2, &uid) == -1 || id_field(line, n, 3, &gid) == -1)
		return err_set(e, "/etc/passwd: user %s has no usable uid and gid", name);
	u->uid = uid;
	u->gid = gid;
	return 0;
}

int
group_find(const char *buf, size_t len, const char *name, gid_t *gid, struct errmsg *e)
{
	const char *line = NULL;
	unsigned int found;
	uint32_t id;
	size_t n = 0;

	*gid = (gid_t)-1;
	if ((found = find_line(buf, len, name, &line, &n)) == 0)
		return err_set(e, "no group %s in /etc/group", name);
	if (found > 1)
		return err_set(e, "/etc/group: group %s stands %u times", name, found);
	if (id_field(line, n, 2, &id) == -1)
		return err_set(e, "/etc/group: group %s has no usable gid", name);
	*gid = id;
	return 0;
}

static int
read_db(const char *path, char **buf, size_t *len, struct errmsg *e)
{
	int fd, rc;

	if ((fd = fd_open_trusted(path, O_RDONLY, FD_TRUST_ROOT, e)) == -1)
		return -1;
	if ((rc = fd_slurp(fd, DB_MAX, buf, len, e)) == -1)
		err_prefix(e, "%s", path);
	close(fd);
	return rc;
}

int
user_lookup(const char *name, struct user *u, struct errmsg *e)
{
	char *buf;
	size_t len;
	int rc;

	u->uid = UID_NOBODY;
	u->gid = (gid_t)-1;
	if (read_db("/etc/passwd", &buf, &len, e) == -1)
		return -1;
	rc = user_find(buf, len, name, u, e);
	free(buf);
	return rc;
}

int
group_lookup(const char *name, gid_t *gid, struct errmsg *e)
{
	char *buf;
	size_t len;
	int rc;

	*gid = (gid_t)-1;
	if (read_db("/etc/group", &buf, &len, e) == -1)
		return -1;
	rc = group_find(buf, len, name, gid, e);
	free(buf);
	return rc;
}
