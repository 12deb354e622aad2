/* Blobs: what a ticket binds by its hash. Operators bring them, hosts with such a job fetch them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/http.h>
#include <sodium.h>

#include "ctld/queue.h"
#include "ctld/route.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/jsonout.h"

#define BLOBS_MAX (1024ULL * 1024 * 1024) /* bytes of all */

int
blob_forget(struct ctld *c, const char *sha256, struct errmsg *e)
{
	if (!valid_hex(sha256, 64))
		return err_set(e, "blob: its name is damaged");
	if (unlinkat(c->blobdir, sha256, 0) == -1 && errno != ENOENT)
		return err_errno(e, "blobs/%s", sha256);
	return store_blob_remove(c->store, sha256, e);
}

/* ---- POST /v1/blobs?sha256=HEX ---- */

static char *
blob_doc(const char *sha256, size_t size)
{
	struct jsonout o;
	const char *text;
	char *doc;

	jo_init(&o, 1024);
	jo_obj(&o, NULL);
	jo_str(&o, "sha256", sha256);
	jo_u64(&o, "size", size);
	jo_end(&o);
	text = jo_text(&o);
	doc = text == NULL ? NULL : strdup(text);
	jo_free(&o);
	return doc;
}

static void
blob_keep(struct req *r, const char *sha256)
{
	struct errmsg e = {""};
	uint64_t total = 0, size;
	int have;

	if ((have = store_blob_get(r->c->store, sha256, &size, &e)) == -1 ||
	    store_blob_total(r->c->store, &total, &e) == -1) {
		req_error(r, API_ERR_INTERNAL, "the database failed");
		return;
	}
	if (have == 1 && total + r->bodylen > BLOBS_MAX) {
		req_error(r, API_ERR_TOO_LARGE, "no room for more blobs: later");
		return;
	}
	if (fd_replace(r->c->blobdir, sha256, 0600, r->body, r->bodylen, &e) == -1) {
		log_warnx("%s", e.text);
		req_later(r, API_ERR_UNAVAILABLE, 30, "the blob could not be written");
		return;
	}
	if (store_blob_add(r->c->store, sha256, r->bodylen, ctld_now(), &e) == -1)
		req_error(r, API_ERR_INTERNAL, "the database failed");
	else
		req_json_durable(r, 201, blob_doc(sha256, r->bodylen));
}

void
on_blob_put(struct req *r)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char want[80], is[65];

	if (req_query(r, "sha256", want, sizeof(want)) == -1 || !valid_hex(want, 64)) {
		req_error(r, API_ERR_BAD_REQUEST, "sha256: 64 lower-case hex digits");
		return;
	}
	if (r->bodylen == 0) {
		req_error(r, API_ERR_BAD_REQUEST, "an empty blob");
		return;
	}
	crypto_hash_sha256(hash, r->body, r->bodylen);
	str_hex(is, hash, sizeof(hash));
	if (strcmp(is, want) != 0)
		req_error(r, API_ERR_REFUSED, "these bytes have another SHA-256: %s", is);
	else
		blob_keep(r, want);
}

/* ---- GET blob/SHA256, of a host ---- */

/* "bytes=A-B" or "bytes=A-" (RFC 9110, 14.1.2): 0, 1 when it is none that is taken, -1 outside. */
static int
range(const char *text, size_t size, size_t *from, size_t *to)
{
	const char *dash;
	uint64_t a, b = size - 1;

	if (strncmp(text, "bytes=", 6) != 0 || (dash = strchr(text, '-')) == NULL)
		return 1;
	text += 6;
	if (strn_u64(text, (size_t)(dash - text), 0, INT64_MAX, &a) == -1)
		return 1;
	if (dash[1] != '\0' && (str_u64(dash + 1, 0, INT64_MAX, &b) == -1 || b < a))
		return 1;
	if (a >= size)
		return -1;
	*from = (size_t)a;
	*to = b >= size ? size : (size_t)b + 1;
	return 0;
}

static void
blob_send(struct req *r, const char *p, size_t size)
{
	const char *want = req_header(r, "Range");
	size_t from = 0, to = size;
	char text[80];
	int rc = want == NULL ? 1 : range(want, size, &from, &to);

	if (rc == -1) {
		snprintf(text, sizeof(text), "bytes */%zu", size);
		evhttp_add_header(evhttp_request_get_output_headers(r->ev), "Content-Range", text);
		req_error(r, API_ERR_RANGE, "the blob has %zu bytes", size);
		return;
	}
	if (rc == 0) {
		snprintf(text, sizeof(text), "bytes %zu-%zu/%zu", from, to - 1, size);
		evhttp_add_header(evhttp_request_get_output_headers(r->ev), "Content-Range", text);
	}
	req_bytes(r, rc == 0 ? 206 : 200, "application/octet-stream", p + from, to - from);
}

void
on_job_blob(struct req *r)
{
	struct errmsg e = {""};
	char *p = NULL;
	size_t size;
	int fd, rc;

	rc = valid_hex(r->arg[0], 64) ? store_blob_allowed(r->c->store, r->host.id, r->arg[0], &e)
				      : 1;
	if (rc == -1) {
		req_error(r, API_ERR_INTERNAL, "the database failed");
		return;
	}
	/* on a slow line the blobs alone may take longer than a lease */
	if (rc == 0 && store_blob_fetched(r->c->store, r->host.id, r->arg[0],
			   ctld_now() + r->c->conf->lease, &e) == -1)
		log_warnx("%s", e.text);
	fd = rc == 1 ? -1 : fd_openat(r->c->blobdir, r->arg[0], O_RDONLY, 0);
	if (fd == -1) {
		req_error(r, API_ERR_NOT_FOUND, "no job of this host names such a blob");
		return;
	}
	rc = fd_slurp(fd, BLOB_MAX, &p, &size, &e);
	close(fd);
	if (rc == -1 || size == 0) {
		log_warnx("blobs/%s: %s", r->arg[0], e.text);
		req_error(r, API_ERR_INTERNAL, "the blob cannot be read");
	} else
		blob_send(r, p, size);
	free(p);
}
