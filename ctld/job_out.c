/*
 * Outputs: a run's spool file as its host sends it, byte by byte, in STATE/output/JOBID.HOSTID.
 * Both halves of the name are hex digits that were found in the database, never a caller's words.
 * The file's size is the truth of what is held: bytes that are there are skipped.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctld/held.h"
#include "ctld/route.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"

#define RUN_MAX	  (64ULL * 1024 * 1024) /* bytes of one run, whatever its kind */
#define RUN_EXTRA (8ULL * 1024 * 1024)	/* data frames, notes and exit records beside the output */

static int
open_file(const struct ctld *c, const char *job_id, const char *host_id, int flags)
{
	char name[72];

	if (!valid_hex(job_id, 32) || !valid_hex(host_id, 32)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(name, sizeof(name), "%s.%s", job_id, host_id);
	return fd_openat(c->outdir, name, flags, 0600);
}

int
output_open(const struct ctld *c, const char *job_id, const char *host_id)
{
	return open_file(c, job_id, host_id, O_RDONLY);
}

uint64_t
output_size(const struct ctld *c, const char *job_id, const char *host_id)
{
	struct stat st;
	char name[72];

	snprintf(name, sizeof(name), "%s.%s", job_id, host_id);
	if (fstatat(c->outdir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))
		return 0;
	return (uint64_t)st.st_size;
}

ssize_t
output_small(
    const struct ctld *c, const char *job_id, const char *host_id, uint8_t small[OUTPUT_SMALL])
{
	int fd = open_file(c, job_id, host_id, O_RDONLY);
	ssize_t n;
	uint8_t more;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	n = fd_readn(fd, small, OUTPUT_SMALL);
	if (n == OUTPUT_SMALL && read(fd, &more, 1) != 0)
		n = -1;
	close(fd);
	return n;
}

int
output_sync(const struct ctld *c, const char *job_id, const char *host_id, struct errmsg *e)
{
	int fd = open_file(c, job_id, host_id, O_RDONLY), rc;

	if (fd == -1)
		return errno == ENOENT ? 0 : err_errno(e, "output of job %s", job_id);
	if ((rc = fdatasync(fd)) == -1)
		(void)err_errno(e, "output of job %s", job_id);
	close(fd);
	if (rc == 0 && (rc = fsync(c->outdir)) == -1)
		(void)err_errno(e, "state-dir/output");
	return rc;
}

void
output_remove(struct ctld *c, const char *job_id, const char *host_id)
{
	uint64_t size = output_size(c, job_id, host_id);
	char name[72];

	snprintf(name, sizeof(name), "%s.%s", job_id, host_id);
	if (unlinkat(c->outdir, name, 0) == 0)
		(void)queue_outbytes(c, -(int64_t)size);
	else if (errno != ENOENT)
		log_warn("output/%s", name);
}

uint64_t
output_count(const struct ctld *c)
{
	int fd = openat(c->outdir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	uint64_t sum = 0;
	struct dirent *d;
	struct stat st;

	if (dir == NULL) {
		log_warn("state-dir/output");
		if (fd != -1)
			close(fd);
		return 0;
	}
	while ((d = readdir(dir)) != NULL)
		if (fstatat(c->outdir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	closedir(dir);
	return sum;
}

/* ---- PUT job/ID/output ---- */

static uint64_t
run_cap(const struct run *run)
{
	const struct kind *k = kind_bynum(run->kind);
	uint64_t cap = k == NULL ? RUN_EXTRA : 2 * k->outcap + RUN_EXTRA;

	return cap < RUN_MAX ? cap : RUN_MAX;
}

static void
not_at(struct req *r, uint64_t have)
{
	req_json(r, api_err_status(API_ERR_RANGE), api_offset_put(have));
}

/* The bytes of the body that are new go behind the HAVE bytes of FD. *NOW: bytes held then. */
static enum api_errcode
append(struct req *r, int fd, const struct run *run, uint64_t offset, uint64_t have, uint64_t *now)
{
	uint64_t skip = have - offset, add = r->bodylen - skip;
	ssize_t n;

	*now = have;
	if (run->end != 0)
		return API_ERR_STATE;
	if (have + add > run_cap(run) || queue_outbytes(r->c, 0) + add > r->c->conf->output_max)
		return API_ERR_TOO_LARGE;
	n = pwrite(fd, r->body + skip, add, (off_t)have);
	if (n > 0) {
		(void)queue_outbytes(r->c, n);
		*now = have + (uint64_t)n;
	}
	if (n == (ssize_t)add)
		return API_OK;
	log_warn("output of job %s", run->job_id);
	return API_ERR_UNAVAILABLE;
}

static void
refused(struct req *r, enum api_errcode code)
{
	switch (code) {
	case API_ERR_STATE:
		req_error(r, code, "the result is here: no more output");
		return;
	case API_ERR_TOO_LARGE:
		req_error(r, code, "more output than is kept");
		return;
	default:
		req_later(r, API_ERR_UNAVAILABLE, 30, "the output could not be written");
	}
}

static void
put(struct req *r, const struct run *run, uint64_t offset)
{
	int fd = open_file(r->c, run->job_id, run->host_id, O_RDWR | O_CREAT);
	enum api_errcode code = API_OK;
	struct ctld *c = r->c;
	struct stat st;
	uint64_t now;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		log_warn("output of job %s", run->job_id);
		if (fd != -1)
			close(fd);
		refused(r, API_ERR_UNAVAILABLE);
		return;
	}
	now = run->end != 0 ? run->output : (uint64_t)st.st_size;
	if (offset > now) {
		close(fd);
		not_at(r, now);
		return;
	}
	if (offset + r->bodylen > now)
		code = append(r, fd, run, offset, now, &now);
	close(fd);
	if (code == API_OK)
		req_json(r, 200, api_offset_put(now));
	else
		refused(r, code);
	if (run->end == 0 && now > (uint64_t)st.st_size)
		queue_moved(c, run->job_id);
}

void
on_job_output(struct req *r)
{
	uint64_t offset, fence;
	struct errmsg e;
	struct run run;
	int rc;

	if (req_query_u64(r, "offset", UINT64_MAX, INT64_MAX, &offset) == -1 ||
	    req_query_u64(r, "fence", 0, INT64_MAX, &fence) == -1)
		return;
	if (offset == UINT64_MAX) {
		req_error(r, API_ERR_BAD_REQUEST, "offset: missing");
		return;
	}
	if ((rc = store_run_get(r->c->store, r->arg[0], r->host.id, &run, &e)) == -1)
		req_error(r, API_ERR_INTERNAL, "%s", "the database failed");
	else if (rc == 1)
		req_error(r, API_ERR_NOT_FOUND, "this host has no such job");
	else if (fence == 0 || fence > run.fence)
		/* an older one is no harm: a run's bytes are the same under each of its leases */
		req_error(r, API_ERR_FENCED, "this fence was never given");
	else
		put(r, &run, offset);
}
