/* The agent side's messages: enrolment, heartbeat, claim. */
#include "proto/api.h"

#include <stdlib.h>
#include <string.h>

#include "lib/valid.h"
#include "proto/api_field.h"
#include "proto/json_gate.h"

/* ---- enrolment ---- */

static const struct api_field enroll[] = {
    FIELD_STR(api_enroll, token, "token", FMT_HEX, 0),
    FIELD_STR(api_enroll, hostname, "hostname", FMT_HOST, 0),
    FIELD_STR(api_enroll, csr, "csr", FMT_PEM, 0),
    FIELD_STR(api_enroll, mac, "mac", FMT_HEX, 0),
    FIELD_STR(api_enroll, machine, "machine", FMT_HEX, 1),
    FIELD_STR(api_enroll, version, "version", FMT_VERSION, 0),
    FIELD_STR(api_enroll, result_key, "result_key", FMT_PUBKEY, 0),
    FIELD_STR(api_enroll, seal_key, "seal_key", FMT_KEY32, 0),
};

char *
api_enroll_put(const struct api_enroll *m)
{
	return api_doc_put(enroll, FIELD_ROWS(enroll), m);
}

int
api_enroll_get(struct api_enroll *m, const char *buf, size_t len, struct errmsg *e)
{
	memset(m, 0, sizeof(*m));
	return api_doc_get(buf, len, enroll, FIELD_ROWS(enroll), m, e);
}

static const struct api_field enrolled[] = {
    FIELD_STR(api_enrolled, fleet, "fleet", FMT_HEX, 0),
    FIELD_STR(api_enrolled, host_id, "host_id", FMT_HEX, 0),
    FIELD_STR(api_enrolled, host_name, "host_name", FMT_HOST, 0),
    FIELD_STR(api_enrolled, cert, "cert", FMT_PEM, 1),
    FIELD_STR(api_enrolled, ca, "ca", FMT_PEM, 0),
    FIELD_STR(api_enrolled, bearer, "bearer", FMT_HEX, 1),
    FIELD_STR(api_enrolled, online_key, "online_key", FMT_PUBKEY, 0),
    FIELD_NUM(api_enrolled, server_time, "server_time", FMT_U64, 1, TICKET_TIME_MAX),
};

char *
api_enrolled_put(const struct api_enrolled *m)
{
	return api_doc_put(enrolled, FIELD_ROWS(enrolled), m);
}

int
api_enrolled_get(struct api_enrolled *m, const char *buf, size_t len, struct errmsg *e)
{
	memset(m, 0, sizeof(*m));
	if (api_doc_get(buf, len, enrolled, FIELD_ROWS(enrolled), m, e) == -1)
		return -1;
	if ((m->cert[0] == '\0') == (m->bearer[0] == '\0'))
		return err_set(e, "either \"cert\" or \"bearer\" must be given");
	return 0;
}

/* ---- heartbeat ---- */

static const struct api_field heartbeat[] = {
    FIELD_STR(api_heartbeat, hostname, "hostname", FMT_HOST, 0),
    FIELD_STR(api_heartbeat, version, "version", FMT_VERSION, 0),
    FIELD_STR(api_heartbeat, boot_id, "boot_id", FMT_UUID, 1),
    FIELD_NUM(api_heartbeat, seq, "seq", FMT_U64, 1, UINT64_MAX),
    FIELD_LIST(api_heartbeat, address, naddresses, "addresses", FMT_ADDR),
    FIELD_LIST(api_heartbeat, kind, nkinds, "kinds", FMT_KIND),
    FIELD_LIST(api_heartbeat, running, nrunning, "running", FMT_HEX),
    FIELD_OTHER("ledger"),
    FIELD_OTHER("audit"),
    FIELD_OTHER("tags"),
    FIELD_OTHER("vitals"),
};

static const struct api_field ledger[] = {
    FIELD_NUM(api_heartbeat, ledger_seq, "seq", FMT_U64, 0, UINT64_MAX),
};

static const struct api_field audit[] = {
    FIELD_NUM(api_heartbeat, audit_seq, "seq", FMT_U64, 0, UINT64_MAX),
    FIELD_STR(api_heartbeat, audit_chain, "chain", FMT_HEX, 0),
};

static void
tags_put(struct jsonout *o, const struct api_heartbeat *m)
{
	if (m->ntags > API_TAGS) {
		o->failed = 1;
		return;
	}
	jo_obj(o, "tags");
	for (size_t i = 0; i < m->ntags; i++)
		jo_str(o, m->tag[i].name, m->tag[i].value);
	jo_end(o);
}

/*
 * Vitals come from a step's output. What is no object by itself, or would not fit into the document
 * (size, depth), is left out: a heartbeat without figures is better than none.
 */
static void
vitals_put(struct jsonout *o, const struct api_heartbeat *m)
{
	if (m->vitals == NULL || m->vitalslen == 0 || m->vitalslen > API_VITALS_MAX ||
	    m->vitals[0] != '{' || json_gate_at(m->vitals, m->vitalslen, 1, NULL, NULL) == -1)
		jo_null(o, "vitals");
	else
		jo_raw(o, "vitals", m->vitals, m->vitalslen);
}

char *
api_heartbeat_put(const struct api_heartbeat *m)
{
	struct jsonout o;

	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	api_fields_put(&o, heartbeat, FIELD_ROWS(heartbeat), m);
	jo_obj(&o, "ledger");
	api_fields_put(&o, ledger, FIELD_ROWS(ledger), m);
	jo_end(&o);
	jo_obj(&o, "audit");
	api_fields_put(&o, audit, FIELD_ROWS(audit), m);
	jo_end(&o);
	tags_put(&o, m);
	vitals_put(&o, m);
	jo_end(&o);
	return api_done(&o);
}

static int
tags_get(const struct json *j, int v, struct api_heartbeat *m, struct errmsg *e)
{
	size_t n = json_len(j, v);

	if (json_type(j, v) != JSON_OBJECT || n > API_TAGS)
		return err_set(e, "must be an object of at most %d members", API_TAGS);
	for (size_t i = 0; i < n; i++) {
		if (json_key(j, v, i, m->tag[i].name, sizeof(m->tag[i].name)) == -1 ||
		    !valid_ident(m->tag[i].name))
			return err_set(
			    e, "name %zu must be letters, digits and . _ -, at most 64", i + 1);
		if (api_str_get(j, json_at(j, v, i), FMT_TEXT, 0, m->tag[i].value,
			sizeof(m->tag[i].value), e) == -1)
			return err_prefix(e, "%s", m->tag[i].name);
	}
	m->ntags = n;
	return 0;
}

static int
vitals_get(const struct json *j, int v, struct api_heartbeat *m, struct errmsg *e)
{
	const char *raw = json_raw(j, v, &m->vitalslen);

	if (json_type(j, v) == JSON_NULL) {
		m->vitalslen = 0;
		return 0;
	}
	if (json_type(j, v) != JSON_OBJECT || m->vitalslen > API_VITALS_MAX)
		return err_set(e, "must be null, or an object of at most %d bytes", API_VITALS_MAX);
	if ((m->own = malloc(m->vitalslen + 1)) == NULL)
		return err_set(e, "out of memory");
	memcpy(m->own, raw, m->vitalslen);
	m->own[m->vitalslen] = '\0';
	m->vitals = m->own;
	return 0;
}

static int
parts_get(const struct json *j, struct api_heartbeat *m, struct errmsg *e)
{
	if (api_fields_get(j, json_get(j, 0, "ledger"), ledger, FIELD_ROWS(ledger), m, e) == -1)
		return err_prefix(e, "member \"ledger\"");
	if (api_fields_get(j, json_get(j, 0, "audit"), audit, FIELD_ROWS(audit), m, e) == -1)
		return err_prefix(e, "member \"audit\"");
	if (tags_get(j, json_get(j, 0, "tags"), m, e) == -1)
		return err_prefix(e, "member \"tags\"");
	if (vitals_get(j, json_get(j, 0, "vitals"), m, e) == -1)
		return err_prefix(e, "member \"vitals\"");
	return 0;
}

int
api_heartbeat_get(struct api_heartbeat *m, const char *buf, size_t len, struct errmsg *e)
{
	struct json *j;
	int rv = -1;

	memset(m, 0, sizeof(*m));
	if ((j = api_open(buf, len, e)) == NULL)
		return -1;
	if (api_fields_get(j, 0, heartbeat, FIELD_ROWS(heartbeat), m, e) == 0 &&
	    parts_get(j, m, e) == 0)
		rv = 0;
	json_free(j);
	if (rv == -1)
		api_heartbeat_free(m);
	return rv;
}

void
api_heartbeat_free(struct api_heartbeat *m)
{
	free(m->own);
	m->own = NULL;
	m->vitals = NULL;
	m->vitalslen = 0;
}

static const struct api_field beat[] = {
    FIELD_NUM(api_beat, interval, "interval", FMT_U64, 0, UINT64_MAX),
    FIELD_NUM(api_beat, server_time, "server_time", FMT_U64, 1, TICKET_TIME_MAX),
    FIELD_STR(api_beat, seen_address, "seen_address", FMT_ADDR, 1),
};

char *
api_beat_put(const struct api_beat *m)
{
	return api_doc_put(beat, FIELD_ROWS(beat), m);
}

int
api_beat_get(struct api_beat *m, const char *buf, size_t len, struct errmsg *e)
{
	memset(m, 0, sizeof(*m));
	if (api_doc_get(buf, len, beat, FIELD_ROWS(beat), m, e) == -1)
		return -1;
	m->interval = m->interval < 1 ? 1 : m->interval > 300 ? 300 : m->interval;
	return 0;
}

/* ---- claim ---- */

static const struct api_field claim[] = {
    FIELD_NUM(api_claim, free, "free", FMT_U32, 0, API_JOBS),
    FIELD_LIST(api_claim, kind, nkinds, "kinds", FMT_KIND),
};

char *
api_claim_put(const struct api_claim *m)
{
	return api_doc_put(claim, FIELD_ROWS(claim), m);
}

int
api_claim_get(struct api_claim *m, const char *buf, size_t len, struct errmsg *e)
{
	memset(m, 0, sizeof(*m));
	return api_doc_get(buf, len, claim, FIELD_ROWS(claim), m, e);
}
