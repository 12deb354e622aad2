/* The agent side's messages about jobs: the claim's answer, states, results, confirmations. */
#include "proto/api.h"

#include <stdlib.h>
#include <string.h>

#include "lib/strutil.h"
#include "proto/api_field.h"

#define TICKET_FIRST "reeve-job 1\n"
#define RESULT_FIRST "reeve-result 1\n"

/* Printable ASCII in lines, of which the first is FIRST: 1 or 0. */
static int
is_lines(const char *text, size_t len, const char *first)
{
	if (strncmp(text, first, strlen(first)) != 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e))
			return 0;
	return 1;
}

static int
sig_get(const struct json *j, int v, struct sig *s, struct errmsg *e)
{
	char b64[101];

	if (json_str(j, v, b64, sizeof(b64)) == 0 && sig_parse_b64(s, b64, strlen(b64)) == 0)
		return 0;
	return err_set(e, "must be the base64 of a signature, as signify writes it");
}

static void
sig_put(struct jsonout *o, const char *name, const struct sig *s)
{
	char b64[101];

	sig_write_b64(s, b64);
	jo_str(o, name, b64);
}

/* ---- the claim's answer ---- */

static const struct api_field job[] = {
    FIELD_OTHER("ticket"),
    FIELD_OTHER("signatures"),
    FIELD_NUM(api_job, fence, "fence", FMT_U64, 1, UINT64_MAX),
};

static const struct api_field claimed[] = {
    FIELD_OTHER("jobs"),
    FIELD_OTHER("cancel"),
};

static void
job_put(struct jsonout *o, const struct api_job *m)
{
	if (m->nsigs > TICKET_SIGS || m->len > TICKET_MAX) {
		o->failed = 1;
		return;
	}
	jo_obj(o, NULL);
	jo_strn(o, "ticket", m->ticket, m->len);
	jo_arr(o, "signatures");
	for (size_t i = 0; i < m->nsigs; i++)
		sig_put(o, NULL, &m->sig[i]);
	jo_end(o);
	jo_u64(o, "fence", m->fence);
	jo_end(o);
}

char *
api_claimed_put(const struct api_claimed *m)
{
	struct jsonout o;
	char id[33];

	if (m->njobs > API_JOBS || m->ncancels > API_CANCELS)
		return NULL;
	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	jo_arr(&o, "jobs");
	for (size_t i = 0; i < m->njobs; i++)
		job_put(&o, &m->job[i]);
	jo_end(&o);
	jo_arr(&o, "cancel");
	for (size_t i = 0; i < m->ncancels; i++) {
		str_hex(id, m->cancel[i], 16);
		jo_str(&o, NULL, id);
	}
	jo_end(&o);
	jo_end(&o);
	return api_done(&o);
}

static int
sigs_get(const struct json *j, int v, struct api_job *m, struct errmsg *e)
{
	size_t n = json_len(j, v);

	if (json_type(j, v) != JSON_ARRAY || n > TICKET_SIGS)
		return err_set(
		    e, "member \"signatures\": must be an array of at most %d", TICKET_SIGS);
	for (size_t i = 0; i < n; i++)
		if (sig_get(j, json_at(j, v, i), &m->sig[i], e) == -1)
			return err_prefix(e, "member \"signatures\": element %zu", i + 1);
	m->nsigs = n;
	return 0;
}

static int
job_get(const struct json *j, int v, struct api_job *m, struct errmsg *e)
{
	if (api_fields_get(j, v, job, FIELD_ROWS(job), m, e) == -1)
		return -1;
	if ((m->ticket = json_strdup(j, json_get(j, v, "ticket"), &m->len)) == NULL ||
	    m->len > TICKET_MAX || !is_lines(m->ticket, m->len, TICKET_FIRST))
		return err_set(e,
		    "member \"ticket\": must be a ticket of at most %d bytes that "
		    "begins with \"reeve-job 1\"",
		    TICKET_MAX);
	return sigs_get(j, json_get(j, v, "signatures"), m, e);
}

static int
jobs_get(const struct json *j, int v, struct api_claimed *m, struct errmsg *e)
{
	size_t n = json_len(j, v);

	if (json_type(j, v) != JSON_ARRAY || n > API_JOBS)
		return err_set(e, "member \"jobs\": must be an array of at most %d", API_JOBS);
	m->njobs = n; /* api_claimed_free() looks at all of them */
	for (size_t i = 0; i < n; i++)
		if (job_get(j, json_at(j, v, i), &m->job[i], e) == -1)
			return err_prefix(e, "job %zu", i + 1);
	return 0;
}

static int
cancel_get(const struct json *j, int v, struct api_claimed *m, struct errmsg *e)
{
	size_t n = json_len(j, v);
	char id[33];

	if (json_type(j, v) != JSON_ARRAY || n > API_CANCELS)
		return err_set(e, "must be an array of at most %d", API_CANCELS);
	for (size_t i = 0; i < n; i++) {
		if (api_str_get(j, json_at(j, v, i), FMT_HEX, 0, id, sizeof(id), e) == -1 ||
		    str_unhex(m->cancel[i], 16, id) == -1)
			return err_prefix(e, "element %zu", i + 1);
	}
	m->ncancels = n;
	return 0;
}

int
api_claimed_get(struct api_claimed *m, const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	int rv = -1;

	memset(m, 0, sizeof(*m));
	if ((j = api_open(buf, len, e)) == NULL)
		return -1;
	if (api_fields_get(j, 0, claimed, FIELD_ROWS(claimed), m, e) == 0 &&
	    jobs_get(j, json_get(j, 0, "jobs"), m, e) == 0) {
		rv = cancel_get(j, json_get(j, 0, "cancel"), m, e);
		if (rv == -1)
			err_prefix(e, "member \"cancel\"");
	}
	json_free(j);
	if (rv == -1)
		api_claimed_free(m);
	return rv;
}

void
api_claimed_free(struct api_claimed *m)
{
	for (size_t i = 0; i < m->njobs && i < API_JOBS; i++) {
		free(m->job[i].ticket);
		m->job[i].ticket = NULL;
	}
	m->njobs = 0;
}

/* ---- states and results ---- */

static const struct api_field state[] = {
    FIELD_NUM(api_state, fence, "fence", FMT_U64, 0, UINT64_MAX),
    FIELD_STR(api_state, state, "state", FMT_STATE, 0),
    FIELD_STR(api_state, reason, "reason", FMT_TEXT, 1),
};

char *
api_state_put(const struct api_state *m)
{
	return api_doc_put(state, FIELD_ROWS(state), m);
}

int
api_state_get(struct api_state *m, const char *buf, size_t len, struct errmsg *e)
{
	memset(m, 0, sizeof(*m));
	return api_doc_get(buf, len, state, FIELD_ROWS(state), m, e);
}

static const struct api_field result[] = {
    FIELD_NUM(api_result, fence, "fence", FMT_U64, 0, UINT64_MAX),
    FIELD_OTHER("record"),
    FIELD_OTHER("signature"),
    FIELD_NUM(api_result, output, "output", FMT_U64, 0, INT64_MAX),
};

char *
api_result_put(const struct api_result *m)
{
	struct jsonout o;

	if (m->len > RESULT_MAX)
		return NULL;
	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	jo_strn(&o, "record", m->record, m->len);
	sig_put(&o, "signature", &m->sig);
	api_fields_put(&o, result, FIELD_ROWS(result), m);
	jo_end(&o);
	return api_done(&o);
}

static int
record_get(const struct json *j, struct api_result *m, struct errmsg *e)
{
	if (json_str(j, json_get(j, 0, "record"), m->record, sizeof(m->record)) == -1 ||
	    !is_lines(m->record, strlen(m->record), RESULT_FIRST))
		return err_set(e,
		    "member \"record\": must be a result record of at most %d bytes "
		    "that begins with \"reeve-result 1\"",
		    RESULT_MAX);
	m->len = strlen(m->record);
	if (sig_get(j, json_get(j, 0, "signature"), &m->sig, e) == -1)
		return err_prefix(e, "member \"signature\"");
	return 0;
}

int
api_result_get(struct api_result *m, const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	int rv;

	memset(m, 0, sizeof(*m));
	if ((j = api_open(buf, len, e)) == NULL)
		return -1;
	rv = api_fields_get(j, 0, result, FIELD_ROWS(result), m, e);
	if (rv == 0)
		rv = record_get(j, m, e);
	json_free(j);
	return rv;
}

/* ---- documents of one member ---- */

struct one_num {
	uint64_t offset;
};
static const struct api_field offset_doc[] = {
    FIELD_NUM(one_num, offset, "offset", FMT_U64, 0, INT64_MAX),
};

char *
api_offset_put(uint64_t offset)
{
	struct one_num m = {.offset = offset};

	return api_doc_put(offset_doc, 1, &m);
}

int
api_offset_get(uint64_t *offset, const char *buf, size_t len, struct errmsg *e)
{
	struct one_num m;

	if (api_doc_get(buf, len, offset_doc, 1, &m, e) == -1)
		return -1;
	*offset = m.offset;
	return 0;
}

/* Opens a document whose one member is NAME; *V is its value. NULL with E. */
static struct json *
one_open(const char *buf, size_t len, const char *name, int *v, struct errmsg *e)
{
	struct api_field row = FIELD_OTHER(name);
	struct json *j;

	if ((j = api_open(buf, len, e)) == NULL)
		return NULL;
	if (api_fields_get(j, 0, &row, 1, NULL, e) == -1) {
		json_free(j);
		return NULL;
	}
	*v = json_get(j, 0, name);
	return j;
}

char *
api_already_put(int already)
{
	struct jsonout o;

	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	jo_bool(&o, "already", already);
	jo_end(&o);
	return api_done(&o);
}

int
api_already_get(int *already, const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	int v, rv;

	if ((j = one_open(buf, len, "already", &v, e)) == NULL)
		return -1;
	if ((rv = json_bool(j, v, already)) == -1)
		err_set(e, "member \"already\": must be true or false");
	json_free(j);
	return rv;
}

struct one_nonce {
	char nonce[65];
};
static const struct api_field nonce_doc[] = {
    FIELD_STR(one_nonce, nonce, "nonce", FMT_HEX, 0),
};

char *
api_nonce_put(const uint8_t nonce[32])
{
	struct one_nonce m;

	str_hex(m.nonce, nonce, 32);
	return api_doc_put(nonce_doc, 1, &m);
}

int
api_nonce_get(uint8_t nonce[32], const char *buf, size_t len, struct errmsg *e)
{
	struct one_nonce m;

	if (api_doc_get(buf, len, nonce_doc, 1, &m, e) == -1)
		return -1;
	return str_unhex(nonce, 32, m.nonce);
}

char *
api_sig_put(const struct sig *s)
{
	struct jsonout o;

	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	sig_put(&o, "signature", s);
	jo_end(&o);
	return api_done(&o);
}

int
api_sig_get(struct sig *s, const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	int v, rv;

	if ((j = one_open(buf, len, "signature", &v, e)) == NULL)
		return -1;
	if ((rv = sig_get(j, v, s, e)) == -1)
		err_prefix(e, "member \"signature\"");
	json_free(j);
	return rv;
}
