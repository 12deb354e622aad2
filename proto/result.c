/* How things ended: names of the enums, the exit record, the result record's text. */
#include "proto/result.h"

#include <stdio.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/job.h"
#include "proto/text.h"
#include "proto/ticket.h"

#define CODE_NONE 0x00
#define CODE_EXIT 0x01 /* 1..255 */
#define CODE_SIG  0x02 /* 1..64 */
#define CODE_NR	  0x04 /* a syscall number, 0 where not known */

static const struct {
	const char *name;
	unsigned int code;
} ends[END_MAX] = {
    [END_OK] = {"ok", CODE_NONE},
    [END_EXIT] = {"exit", CODE_EXIT},
    [END_EFFECT] = {"effect-failed", CODE_NONE},
    [END_SIGNAL] = {"signal", CODE_SIG},
    [END_SANDBOX] = {"sandbox", CODE_NR},
    [END_TIMEOUT] = {"timeout", CODE_NONE},
    [END_STALLED] = {"stalled", CODE_NONE},
    [END_OOM] = {"oom", CODE_NONE},
    [END_CANCELLED] = {"cancelled", CODE_NONE},
    [END_SETUP] = {"setup-failed", CODE_NONE},
    [END_ROLLEDBACK] = {"rolled-back", CODE_NONE},
    [END_REFUSED] = {"refused", CODE_NONE},
    [END_EXPIRED] = {"expired", CODE_NONE},
    [END_UNKNOWN] = {"unknown", CODE_NONE},
};

static const char *const effects[EFFECT_MAX] = {
    [EFFECT_NONE] = "none", [EFFECT_OK] = "ok", [EFFECT_FAILED] = "failed"};

const char *
end_name(enum end e)
{
	return (unsigned int)e >= END_OK && (unsigned int)e < END_MAX ? ends[e].name : "?";
}

int
end_byname(const char *s)
{
	int i;

	for (i = END_OK; i < END_MAX; i++)
		if (strcmp(ends[i].name, s) == 0)
			return i;
	return -1;
}

const char *
effect_name(enum effect e)
{
	return (unsigned int)e >= EFFECT_NONE && (unsigned int)e < EFFECT_MAX ? effects[e] : "?";
}

int
effect_byname(const char *s)
{
	int i;

	for (i = EFFECT_NONE; i < EFFECT_MAX; i++)
		if (strcmp(effects[i], s) == 0)
			return i;
	return -1;
}

/* 1 when CODE may stand with E. */
static int
code_ok(enum end e, int64_t code)
{
	if ((unsigned int)e < END_OK || (unsigned int)e >= END_MAX)
		return 0;
	switch (ends[e].code) {
	case CODE_EXIT:
		return code >= 1 && code <= 255;
	case CODE_SIG:
		return code >= 1 && code <= 64;
	case CODE_NR:
		return code >= 0 && code <= INT32_MAX;
	default:
		return code == 0;
	}
}

/* 1 when S is as reason_set() makes it. */
static int
reason_ok(const char *s, size_t len)
{
	if (len == 0)
		return 1;
	return len <= REASON_MAX && str_printable(s, len) && s[0] != ' ' && s[len - 1] != ' ' &&
	       strcmp(s, "-") != 0;
}

void
reason_set(char reason[REASON_MAX + 1], const char *text)
{
	char clean[REASON_MAX + 1] = "";
	size_t i, n;

	text += strspn(text, " ");
	n = strnlen(text, REASON_MAX);
	for (i = 0; i < n; i++)
		clean[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
	while (n > 0 && clean[n - 1] == ' ')
		n--;
	if (n == 1 && clean[0] == '-')
		n = 0;
	memcpy(reason, clean, n);
	memset(reason + n, 0, REASON_MAX + 1 - n);
}

static uint8_t *
put_be(uint8_t *p, uint64_t v, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	return p + bytes;
}

static uint64_t
get_be(const uint8_t **p, unsigned int bytes)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		v = v << 8 | (*p)[i];
	*p += bytes;
	return v;
}

void
exitrec_put(uint8_t buf[EXITREC_SIZE], const struct exitrec *r)
{
	char reason[REASON_MAX + 1];
	uint8_t *p = buf;

	reason_set(reason, r->reason);
	p = put_be(p, r->step, 1);
	p = put_be(p, (uint64_t)r->end, 1);
	p = put_be(p, (uint32_t)r->code, 4);
	p = put_be(p, (uint64_t)r->effect, 1);
	p = put_be(p, r->started, 8);
	p = put_be(p, r->ended, 8);
	p = put_be(p, r->outsize, 8);
	memcpy(p, r->outsha, 32);
	p = put_be(p + 32, r->cut, 8);
	p = put_be(p, strlen(reason), 1);
	memcpy(p, reason, REASON_MAX);
}

int
exitrec_get(const uint8_t buf[EXITREC_SIZE], struct exitrec *r)
{
	const uint8_t *p = buf;
	struct exitrec x;
	size_t len, i;

	memset(&x, 0, sizeof(x));
	x.step = (uint8_t)get_be(&p, 1);
	x.end = (enum end)get_be(&p, 1);
	x.code = (int32_t)(uint32_t)get_be(&p, 4);
	x.effect = (enum effect)get_be(&p, 1);
	x.started = get_be(&p, 8);
	x.ended = get_be(&p, 8);
	x.outsize = get_be(&p, 8);
	memcpy(x.outsha, p, 32);
	p += 32;
	x.cut = get_be(&p, 8);
	len = (size_t)get_be(&p, 1);
	if (len > REASON_MAX)
		return -1;
	memcpy(x.reason, p, len);
	for (i = len; i < REASON_MAX; i++)
		if (p[i] != 0)
			return -1;
	if (x.step > KIND_STEPS || !code_ok(x.end, x.code) || !reason_ok(x.reason, len) ||
	    (unsigned int)x.effect < EFFECT_NONE || (unsigned int)x.effect >= EFFECT_MAX)
		return -1;
	*r = x;
	return 0;
}

/* 0 when R can be written so that it parses again. */
static int
result_check(const struct result *r, struct errmsg *e)
{
	if (!valid_hex(r->host_id, JOB_IDLEN) || !valid_hostname(r->host_name))
		return err_set(e, "result: host is not an id and a host name");
	if (!valid_hex(r->id, JOB_IDLEN))
		return err_set(e, "result: id is not 32 lower-case hex digits");
	if (!valid_ident(r->kind) || r->step > KIND_STEPS)
		return err_set(e, "result: kind or step is out of range");
	if (!code_ok(r->end, r->code))
		return err_set(
		    e, "result: end %u cannot have code %d", (unsigned int)r->end, r->code);
	if ((unsigned int)r->effect < EFFECT_NONE || (unsigned int)r->effect >= EFFECT_MAX)
		return err_set(e, "result: effect %u is out of range", (unsigned int)r->effect);
	if (r->seq == 0 || r->accepted > TICKET_TIME_MAX || r->started > TICKET_TIME_MAX ||
	    r->finished > TICKET_TIME_MAX)
		return err_set(e, "result: seq or a time is out of range");
	return 0;
}

ssize_t
result_write(const struct result *r, char *buf, size_t size, struct errmsg *e)
{
	char ticket[65], out[65], previous[65], reason[REASON_MAX + 1], code[16] = "";
	struct textout o;

	if (result_check(r, e) == -1)
		return -1;
	str_hex(ticket, r->ticket, 32);
	str_hex(out, r->outsha, 32);
	str_hex(previous, r->previous, 32);
	reason_set(reason, r->reason);
	if (ends[r->end].code != CODE_NONE)
		snprintf(code, sizeof(code), " %d", r->code);
	textout_init(&o, buf, size);
	textout_put(&o, "reeve-result 1\nhost %s %s\nid %s\nticket %s\nkind %s\nstep %u\n",
	    r->host_id, r->host_name, r->id, ticket, r->kind, r->step);
	textout_put(&o, "end %s%s\nreason %s\neffect %s\noutput %llu %s\ncut %llu\n",
	    ends[r->end].name, code, reason[0] == '\0' ? "-" : reason, effects[r->effect],
	    (unsigned long long)r->outsize, out, (unsigned long long)r->cut);
	textout_put(&o, "accepted %llu\nstarted %llu\nfinished %llu\nseq %llu\nprevious %s\n",
	    (unsigned long long)r->accepted, (unsigned long long)r->started,
	    (unsigned long long)r->finished, (unsigned long long)r->seq, previous);
	return textout_done(&o, "result", e);
}

static int
parse_host(struct text *t, struct result *r)
{
	char *v = text_value(t, "host"), *id;

	if (v == NULL)
		return -1;
	id = text_word(&v);
	if (id == NULL || !valid_hex(id, JOB_IDLEN) || !valid_hostname(v))
		return text_err(t, "host: must be 32 lower-case hex digits and a host name");
	memcpy(r->host_id, id, JOB_IDLEN + 1);
	memcpy(r->host_name, v, strlen(v) + 1);
	return 0;
}

static int
parse_job(struct text *t, struct result *r)
{
	const char *id, *hash, *kind;
	uint64_t step;

	if ((id = text_hex(t, "id", JOB_IDLEN)) == NULL ||
	    (hash = text_hex(t, "ticket", 64)) == NULL || (kind = text_value(t, "kind")) == NULL)
		return -1;
	memcpy(r->id, id, JOB_IDLEN + 1);
	if (str_unhex(r->ticket, 32, hash) == -1 || !valid_ident(kind) ||
	    strlen(kind) >= sizeof(r->kind))
		return text_err(t, "kind: must be a job kind's name");
	memcpy(r->kind, kind, strlen(kind) + 1);
	if (text_u64(t, "step", 0, KIND_STEPS, &step) == -1)
		return -1;
	r->step = (uint32_t)step;
	return 0;
}

static int
parse_end(struct text *t, struct result *r)
{
	char *word = text_value(t, "end"), *code;
	uint64_t n = 0;
	int end;

	if (word == NULL)
		return -1;
	if ((code = strchr(word, ' ')) != NULL)
		*code++ = '\0';
	if ((end = end_byname(word)) == -1)
		return text_err(t, "end: \"%s\" is not an end", word);
	if ((code != NULL) != (ends[end].code != CODE_NONE) ||
	    (code != NULL && str_u64(code, 0, INT32_MAX, &n) == -1) ||
	    !code_ok((enum end)end, (int64_t)n))
		return text_err(
		    t, "end: the code of \"%s\" is missing, out of range or too much", word);
	r->end = (enum end)end;
	r->code = (int32_t)n;
	return 0;
}

static int
parse_reason(struct text *t, struct result *r)
{
	const char *v = text_value(t, "reason");

	if (v == NULL)
		return -1;
	if (strcmp(v, "-") == 0)
		v = "";
	if (!reason_ok(v, strlen(v)))
		return text_err(
		    t, "reason: must be at most %d bytes of printable ASCII", REASON_MAX);
	memcpy(r->reason, v, strlen(v) + 1);
	return 0;
}

static int
parse_output(struct text *t, struct result *r)
{
	char *v = text_value(t, "effect"), *size;
	int effect;

	if (v == NULL)
		return -1;
	if ((effect = effect_byname(v)) == -1)
		return text_err(t, "effect: must be none, ok or failed");
	r->effect = (enum effect)effect;
	if ((v = text_value(t, "output")) == NULL)
		return -1;
	if ((size = text_word(&v)) == NULL || str_u64(size, 0, UINT64_MAX, &r->outsize) == -1 ||
	    str_unhex(r->outsha, 32, v) == -1)
		return text_err(t, "output: must be a size and 64 lower-case hex digits");
	return text_u64(t, "cut", 0, UINT64_MAX, &r->cut);
}

static int
parse_tail(struct text *t, struct result *r)
{
	const char *previous;

	if (text_u64(t, "accepted", 0, TICKET_TIME_MAX, &r->accepted) == -1 ||
	    text_u64(t, "started", 0, TICKET_TIME_MAX, &r->started) == -1 ||
	    text_u64(t, "finished", 0, TICKET_TIME_MAX, &r->finished) == -1 ||
	    text_u64(t, "seq", 1, UINT64_MAX, &r->seq) == -1 ||
	    (previous = text_hex(t, "previous", 64)) == NULL)
		return -1;
	if (str_unhex(r->previous, 32, previous) == -1 || t->next != NULL)
		return text_err(t, "nothing may stand after the line \"previous\"");
	return 0;
}

int
result_parse(struct result *r, const char *buf, size_t len, struct errmsg *e)
{
	char copy[RESULT_MAX + 1];
	struct result x;
	struct text t;

	memset(&x, 0, sizeof(x));
	if (text_open(&t, copy, RESULT_MAX, buf, len, "result", e) == -1 ||
	    text_fixed(&t, "reeve-result 1") == -1 || parse_host(&t, &x) == -1 ||
	    parse_job(&t, &x) == -1 || parse_end(&t, &x) == -1 || parse_reason(&t, &x) == -1 ||
	    parse_output(&t, &x) == -1 || parse_tail(&t, &x) == -1)
		return -1;
	*r = x;
	return 0;
}

void
result_describe(enum end end, int32_t code, const char *reason, char *buf, size_t size)
{
	char num[16] = "";

	if ((unsigned int)end >= END_OK && (unsigned int)end < END_MAX &&
	    ends[end].code != CODE_NONE && code != 0)
		snprintf(num, sizeof(num), " %d", code);
	snprintf(buf, size, "%s%s%s%s", end_name(end), num,
	    reason != NULL && reason[0] != '\0' ? ": " : "", reason != NULL ? reason : "");
}
