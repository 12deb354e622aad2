/*
 * Every document of proto/api.h once, full and valid: what t_api and t_api_mutate start from, and
 * one call that reads a document of any kind and writes it again.
 */
#ifndef REGRESS_APIKIT_H
#define REGRESS_APIKIT_H

#include "proto/api.h"
#include "proto/jsonout.h"
#include "regress/check.h"

enum doc {
	DOC_ENROLL,
	DOC_ENROLLED,
	DOC_HEARTBEAT,
	DOC_BEAT,
	DOC_CLAIM,
	DOC_CLAIMED,
	DOC_STATE,
	DOC_RESULT,
	DOC_OFFSET,
	DOC_ALREADY,
	DOC_NONCE,
	DOC_SIG,
	DOC_ERROR,
	DOC_MAX
};

static const char *const doc_name[DOC_MAX] = {"enroll", "enrolled", "heartbeat", "beat", "claim",
    "claimed", "state", "result", "offset", "already", "nonce", "sig", "error"};

#define KIT_PEM	 "-----BEGIN X-----\nAAAA\n-----END X-----\n"
#define KIT_HEX	 "00112233445566778899aabbccddeeff"
#define KIT_UUID "2f3f1b7e-3f5c-4a3e-9a53-0123456789ab"

static inline void
kit_sig(struct sig *s, unsigned int n)
{
	memset(s->keynum, (int)n, sizeof(s->keynum));
	memset(s->sig, (int)n + 1, sizeof(s->sig));
}

static inline void
kit_keys(char pub[57], char seal[45])
{
	struct pubkey k;

	memset(&k, 7, sizeof(k));
	pubkey_write_b64(&k, pub);
	memset(seal, 'A', 43);
	memcpy(seal + 43, "=", 2);
}

static inline void
kit_enroll(struct api_enroll *m)
{
	memset(m, 0, sizeof(*m));
	strcpy(m->token, KIT_HEX);
	strcpy(m->hostname, "Web1.example.org");
	strcpy(m->csr, KIT_PEM);
	strcpy(m->mac, KIT_HEX KIT_HEX);
	strcpy(m->machine, KIT_HEX KIT_HEX);
	strcpy(m->version, "0.1.0+1234abcd");
	kit_keys(m->result_key, m->seal_key);
}

static inline void
kit_enrolled(struct api_enrolled *m)
{
	char seal[45];

	memset(m, 0, sizeof(*m));
	strcpy(m->fleet, KIT_HEX);
	strcpy(m->host_id, KIT_HEX);
	strcpy(m->host_name, "web1.example.org");
	strcpy(m->cert, KIT_PEM);
	strcpy(m->ca, KIT_PEM);
	kit_keys(m->online_key, seal);
	m->server_time = 1750000000;
}

static inline void
kit_heartbeat(struct api_heartbeat *m)
{
	static const char vitals[] = "{\"load\":[0.5,1],\"os\":{\"id\":\"debian\"},\"x\":null}";

	memset(m, 0, sizeof(*m));
	strcpy(m->hostname, "web1");
	strcpy(m->version, "0.1.0");
	strcpy(m->boot_id, KIT_UUID);
	m->seq = UINT64_MAX;
	strcpy(m->tag[0].name, "role");
	strcpy(m->tag[0].value, "a \"quoted\" \\ value");
	strcpy(m->tag[1].name, "site");
	strcpy(m->tag[1].value, "x");
	m->ntags = 2;
	strcpy(m->address[0], "192.0.2.1");
	strcpy(m->address[1], "2001:db8::1");
	m->naddresses = 2;
	strcpy(m->kind[0], "agent.ping");
	strcpy(m->kind[1], "script.run");
	m->nkinds = 2;
	m->ledger_seq = 17;
	m->audit_seq = 18;
	strcpy(m->audit_chain, KIT_HEX);
	strcpy(m->running[0], KIT_HEX);
	m->nrunning = 1;
	m->vitals = vitals;
	m->vitalslen = sizeof(vitals) - 1;
}

static inline void
kit_claimed(struct api_claimed *m, char *ticket)
{
	memset(m, 0, sizeof(*m));
	m->njobs = 2;
	for (unsigned int i = 0; i < 2; i++) {
		m->job[i].ticket = ticket;
		m->job[i].len = strlen(ticket);
		m->job[i].nsigs = 2 - i;
		m->job[i].fence = 1 + i;
		kit_sig(&m->job[i].sig[0], 1);
		kit_sig(&m->job[i].sig[1], 2);
	}
	memset(m->cancel[0], 0xab, 16);
	m->ncancels = 1;
}

static inline void
kit_result(struct api_result *m)
{
	static const char record[] = "reeve-result 1\nhost \"x\\y\"\n";

	memset(m, 0, sizeof(*m));
	m->fence = 3;
	memcpy(m->record, record, sizeof(record));
	m->len = sizeof(record) - 1;
	kit_sig(&m->sig, 9);
	m->output = 123456789;
}

static inline char *
kit_small(enum doc d)
{
	static char ticket[] = "reeve-job 1\nfleet x\nend\n";
	struct api_beat beat = {30, 1750000000, "2001:db8::1"};
	struct api_claim claim = {API_JOBS, {"agent.ping", "script.run"}, 2};
	struct api_state state = {7, "refused", "policy: line 3"};
	struct api_claimed *claimed;
	uint8_t nonce[32] = {1, 2, 3};
	struct sig s;
	char *text;

	switch (d) {
	case DOC_BEAT:
		return api_beat_put(&beat);
	case DOC_CLAIM:
		return api_claim_put(&claim);
	case DOC_CLAIMED:
		claimed = malloc(sizeof(*claimed));
		kit_claimed(claimed, ticket);
		text = api_claimed_put(claimed);
		free(claimed);
		return text;
	case DOC_STATE:
		return api_state_put(&state);
	case DOC_OFFSET:
		return api_offset_put(4096);
	case DOC_ALREADY:
		return api_already_put(1);
	case DOC_NONCE:
		return api_nonce_put(nonce);
	case DOC_SIG:
		kit_sig(&s, 5);
		return api_sig_put(&s);
	default:
		return api_error_put(API_ERR_CLONE, "two machines");
	}
}

/* A valid document of that kind, malloc'ed. */
static inline char *
kit_doc(enum doc d)
{
	static union {
		struct api_enroll enroll;
		struct api_enrolled enrolled;
		struct api_heartbeat heartbeat;
		struct api_result result;
	} m;

	switch (d) {
	case DOC_ENROLL:
		kit_enroll(&m.enroll);
		return api_enroll_put(&m.enroll);
	case DOC_ENROLLED:
		kit_enrolled(&m.enrolled);
		return api_enrolled_put(&m.enrolled);
	case DOC_HEARTBEAT:
		kit_heartbeat(&m.heartbeat);
		return api_heartbeat_put(&m.heartbeat);
	case DOC_RESULT:
		kit_result(&m.result);
		return api_result_put(&m.result);
	default:
		return kit_small(d);
	}
}

static inline char *
kit_again_small(enum doc d, const char *buf, size_t len, struct errmsg *e)
{
	char code[65], message[257];
	uint8_t nonce[32];
	struct jsonout o;
	uint64_t offset;
	struct sig s;
	int already;

	switch (d) {
	case DOC_OFFSET:
		return api_offset_get(&offset, buf, len, e) == -1 ? NULL : api_offset_put(offset);
	case DOC_ALREADY:
		return api_already_get(&already, buf, len, e) == -1 ? NULL
								    : api_already_put(already);
	case DOC_NONCE:
		return api_nonce_get(nonce, buf, len, e) == -1 ? NULL : api_nonce_put(nonce);
	case DOC_SIG:
		return api_sig_get(&s, buf, len, e) == -1 ? NULL : api_sig_put(&s);
	default:
		err_set(e, "no error document");
		if (api_error_get(code, message, buf, len) == -1)
			return NULL;
		jo_init(&o, API_BODY_MAX);
		jo_obj(&o, NULL);
		jo_obj(&o, "error");
		jo_str(&o, "code", code);
		jo_str(&o, "message", message);
		jo_end(&o);
		jo_end(&o);
		return o.buf;
	}
}

#define KIT_AGAIN(type)                                           \
	do {                                                      \
		if (api_##type##_get(&m->type, buf, len, e) == 0) \
			out = api_##type##_put(&m->type);         \
	} while (0)

/* Reads BUF as that document and writes what was read, malloc'ed; NULL with E when it is refused.
 */
static inline char *
kit_again(enum doc d, const char *buf, size_t len, struct errmsg *e)
{
	union {
		struct api_enroll enroll;
		struct api_enrolled enrolled;
		struct api_heartbeat heartbeat;
		struct api_beat beat;
		struct api_claim claim;
		struct api_claimed claimed;
		struct api_state state;
		struct api_result result;
	} *m = malloc(sizeof(*m));
	char *out = NULL;

	switch (d) {
	case DOC_ENROLL:
		KIT_AGAIN(enroll);
		break;
	case DOC_ENROLLED:
		KIT_AGAIN(enrolled);
		break;
	case DOC_HEARTBEAT:
		KIT_AGAIN(heartbeat);
		api_heartbeat_free(&m->heartbeat);
		break;
	case DOC_BEAT:
		KIT_AGAIN(beat);
		break;
	case DOC_CLAIM:
		KIT_AGAIN(claim);
		break;
	case DOC_CLAIMED:
		KIT_AGAIN(claimed);
		api_claimed_free(&m->claimed);
		break;
	case DOC_STATE:
		KIT_AGAIN(state);
		break;
	case DOC_RESULT:
		KIT_AGAIN(result);
		break;
	default:
		out = kit_again_small(d, buf, len, e);
	}
	free(m);
	return out;
}

#endif
