/* Reads the body of a submission (ctld/submission.h). */
#include <stdlib.h>
#include <string.h>

#include "ctld/submission.h"
#include "proto/jsonin.h"

static int
read_sigs(const struct json *j, struct submission *m, struct errmsg *e)
{
	int v = json_get(j, 0, "signatures");
	size_t n = json_len(j, v);
	char b64[101];

	if (json_type(j, v) != JSON_ARRAY || n == 0 || n > TICKET_SIGS)
		return err_set(e, "signatures: must be an array of 1 to %d", TICKET_SIGS);
	for (; m->nsigs < n; m->nsigs++)
		if (json_str(j, json_at(j, v, m->nsigs), b64, sizeof(b64)) == -1 ||
		    sig_parse_b64(&m->sig[m->nsigs], b64, strlen(b64)) == -1)
			return err_set(e,
			    "signatures: element %zu: must be the base64 line of a signature",
			    m->nsigs + 1);
	return 0;
}

int
submission_read(struct submission *m, const uint8_t *body, size_t len, int sigs, struct errmsg *e)
{
	static const char *const with[] = {"ticket", "signatures", NULL};
	static const char *const without[] = {"ticket", NULL};
	struct json *j = json_parse((const char *)body, len, e);
	int rc = -1;

	memset(m, 0, sizeof(*m));
	if (j == NULL)
		return -1;
	if (json_type(j, 0) != JSON_OBJECT)
		(void)err_set(e, "must be an object");
	else if (json_only(j, 0, sigs ? with : without, e) == 0) {
		m->ticket = json_strdup(j, json_get(j, 0, "ticket"), &m->len);
		if (m->ticket == NULL || m->len > TICKET_MAX)
			(void)err_set(
			    e, "ticket: must be a string of at most %d bytes", TICKET_MAX);
		else
			rc = sigs ? read_sigs(j, m, e) : 0;
	}
	json_free(j);
	return rc;
}
