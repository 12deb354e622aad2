/* proto/api*.c: the largest documents that are taken, the smallest that are not, clamps, errors. */
#include "proto/api.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"
#include "regress/unit/apikit.h"

/* TEXT with the first OLD replaced by NEW, malloc'ed. */
static char *
swap(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *out = malloc(strlen(text) + strlen(new) + 1);

	if (at == NULL) {
		fprintf(stderr, "%s: no %s\n", text, old);
		exit(1);
	}
	sprintf(out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	return out;
}

/* "[x,x,...]" of N elements ELEM, where %u is its number. */
static char *
list(const char *before, unsigned int n, const char *after)
{
	char *out = malloc(3 + n * (strlen(before) + strlen(after) + 12));
	size_t len = (size_t)sprintf(out, "[");

	for (unsigned int i = 0; i < n; i++)
		len += (size_t)sprintf(
		    out + len, "%s\"%s%02x%s\"", i > 0 ? "," : "", before, i & 255, after);
	sprintf(out + len, "]");
	return out;
}

static int
takes(enum doc d, const char *text)
{
	struct errmsg e;
	char *again = kit_again(d, text, strlen(text), &e);
	int ok = again != NULL;

	free(again);
	return ok;
}

static void
check_list(enum doc d, const char *old, const char *name, unsigned int most, const char *before,
    const char *after)
{
	char *text = kit_doc(d);

	for (unsigned int n = most; n <= most + 1; n++) {
		char *l = list(before, n, after), *new = malloc(strlen(l) + 64), *doc;

		sprintf(new, "\"%s\":%s", name, l);
		doc = swap(text, old, new);
		CHECKF(takes(d, doc) == (n == most), "%s: %u of %s", doc_name[d], n, name);
		free(doc);
		free(new);
		free(l);
	}
	free(text);
}

static void
test_lists(void)
{
	check_list(DOC_HEARTBEAT, "\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]", "addresses",
	    API_ADDRS, "2001:db8::", "");
	check_list(DOC_HEARTBEAT, "\"kinds\":[\"agent.ping\",\"script.run\"]", "kinds", API_KINDS,
	    "kind.", "");
	check_list(DOC_HEARTBEAT, "\"running\":[\"" KIT_HEX "\"]", "running", API_RUNNING,
	    "0123456789abcdef", "0123456789abcd");
	check_list(DOC_CLAIM, "\"kinds\":[\"agent.ping\",\"script.run\"]", "kinds", API_KINDS,
	    "kind.", "");
	check_list(DOC_CLAIMED, "\"cancel\":[\"abababababababababababababababab\"]", "cancel",
	    API_CANCELS, "0123456789abcdef", "0123456789abcd");
}

static void
test_tags(void)
{
	struct api_heartbeat *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
	struct errmsg e;
	char *text;

	kit_heartbeat(m);
	for (m->ntags = 0; m->ntags < API_TAGS; m->ntags++) {
		memset(m->tag[m->ntags].name, 'a', 64);
		sprintf(m->tag[m->ntags].name + 60, "%04zu", m->ntags);
		memset(m->tag[m->ntags].value, '"', 256);
	}
	text = api_heartbeat_put(m);
	CHECK(text != NULL && api_heartbeat_get(back, text, strlen(text), &e) == 0);
	CHECK(back->ntags == API_TAGS && memcmp(m->tag, back->tag, sizeof(m->tag)) == 0);
	api_heartbeat_free(back);
	free(text);
	/* one name twice is one key twice, which no reader takes */
	strcpy(m->tag[1].name, m->tag[0].name);
	text = api_heartbeat_put(m);
	CHECK(text != NULL && api_heartbeat_get(back, text, strlen(text), &e) == -1);
	CHECK(strstr(e.text, "duplicate key") != NULL);
	free(text);
	m->ntags = API_TAGS + 1;
	CHECK(api_heartbeat_put(m) == NULL);
	m->ntags = 0;
	m->nrunning = API_RUNNING + 1;
	CHECK(api_heartbeat_put(m) == NULL);
	free(m);
	free(back);
}

static void
test_text_lengths(void)
{
	struct api_state s = {1, "accepted", ""};
	struct api_enroll *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
	char *text, *longer, big[REASON_MAX + 2];

	memset(s.reason, 'r', REASON_MAX);
	text = api_state_put(&s);
	CHECK(takes(DOC_STATE, text));
	memset(big, 'r', REASON_MAX + 1);
	big[REASON_MAX + 1] = '\0';
	longer = swap(text, s.reason, big);
	CHECK(!takes(DOC_STATE, longer));
	free(text);
	free(longer);
	kit_enroll(m);
	memset(m->csr, 'x', API_PEM_MAX);
	memcpy(m->csr, "-----BEGIN ", 11);
	m->csr[API_PEM_MAX - 1] = '\n';
	text = api_enroll_put(m);
	CHECK(api_enroll_get(back, text, strlen(text), NULL) == 0);
	CHECK(memcmp(m, back, sizeof(*m)) == 0);
	longer = swap(text, "xx", "xxx");
	CHECK(!takes(DOC_ENROLL, longer));
	free(text);
	free(longer);
	free(m);
	free(back);
}

/* ---- formats, each with what is nearly one ---- */

static const struct {
	enum doc d;
	const char *old, *new;
	int ok;
} forms[] = {
    {DOC_ENROLL, "Web1.example.org", "web1", 1},
    {DOC_ENROLL, "Web1.example.org", "WEB-1.A", 1},
    {DOC_ENROLL, "Web1.example.org", "web1.", 0},
    {DOC_ENROLL, "Web1.example.org", "web_1", 0},
    {DOC_ENROLL, "Web1.example.org", "-web", 0},
    {DOC_ENROLL, "Web1.example.org", "we b", 0},
    {DOC_ENROLL, "Web1.example.org", "web1\\n", 0},
    {DOC_ENROLL, "Web1.example.org", "w\\u00e9b", 0},
    {DOC_ENROLL, "\"machine\":\"0", "\"machine\":\"F", 0},
    {DOC_ENROLL, "\"token\":\"0", "\"token\":\"", 0},
    {DOC_ENROLL, "\"token\":\"0", "\"token\":\"00", 0},
    {DOC_ENROLL, "0.1.0+1234abcd", "0.1.0+1234567890abcdef1234567890", 0},
    {DOC_ENROLL, "0.1.0+1234abcd", "1 2", 0},
    {DOC_ENROLL, "0.1.0+1234abcd", "1~rc1-2", 1},
    {DOC_ENROLL, "-----BEGIN", "----BEGIN", 0},
    {DOC_ENROLL, "AAAA\\n", "AAAA\\r\\n", 0},
    {DOC_ENROLL, "X-----\\n\"", "X-----\"", 0},
    {DOC_ENROLL, "AAAA=\"", "AAAA\"", 0},
    {DOC_ENROLL, "AAAA=\"", "AAAB=\"", 0},
    {DOC_ENROLL, "RWQ", "RXQ", 0},
    {DOC_ENROLL, "RWQ", "RW", 0},
    {DOC_ENROLLED, "\"bearer\":\"\"", "\"bearer\":\"" KIT_HEX "0011223344556677\"", 0},
    {DOC_ENROLLED, "1750000000", "0", 0},
    {DOC_ENROLLED, "1750000000", "253402300800", 0},
    {DOC_ENROLLED, "1750000000", "253402300799", 1},
    {DOC_ENROLLED, "1750000000", "1.75e9", 0},
    {DOC_HEARTBEAT, KIT_UUID, "2f3f1b7e-3f5c-4a3e-9a53-0123456789a", 0},
    {DOC_HEARTBEAT, KIT_UUID, "2F3f1b7e-3f5c-4a3e-9a53-0123456789ab", 0},
    {DOC_HEARTBEAT, KIT_UUID, "2f3f1b7e03f5c-4a3e-9a53-0123456789ab", 0},
    {DOC_HEARTBEAT, "\"seq\":18446744073709551615", "\"seq\":0", 0},
    {DOC_HEARTBEAT, "\"ledger\":{\"seq\":17}", "\"ledger\":{\"seq\":0}", 1},
    {DOC_HEARTBEAT, "192.0.2.1", "192.0.2.0/24", 0},
    {DOC_HEARTBEAT, "192.0.2.1", "192.0.2.01", 0},
    {DOC_HEARTBEAT, "192.0.2.1", "any", 0},
    {DOC_HEARTBEAT, "192.0.2.1", "", 0},
    {DOC_HEARTBEAT, "agent.ping", "agent ping", 0},
    {DOC_HEARTBEAT, "agent.ping", "Agent.ping", 0},
    {DOC_HEARTBEAT, "\"role\":", "\"-role\":", 0},
    {DOC_HEARTBEAT, "\"role\":", "\"\":", 0},
    {DOC_HEARTBEAT, "\"role\":", "\"ro le\":", 0},
    {DOC_HEARTBEAT, "\"role\":", "\"r\\u006fle\":", 1},
    {DOC_BEAT, "2001:db8::1", "192.0.2.7", 1},
    {DOC_BEAT, "2001:db8::1", "2001:db8::1%eth0", 0},
    {DOC_CLAIM, "\"free\":16", "\"free\":17", 0},
    {DOC_CLAIM, "\"free\":16", "\"free\":0", 1},
    {DOC_CLAIM, "\"free\":16", "\"free\":4294967296", 0},
    {DOC_CLAIMED, "\"fence\":1", "\"fence\":0", 0},
    {DOC_CLAIMED, "reeve-job 1", "reeve-job 2", 0},
    {DOC_CLAIMED, "reeve-job 1\\n", "reeve-job 1", 0},
    {DOC_CLAIMED, "fleet x", "fleet \\t", 0},
    {DOC_CLAIMED, "fleet x", "fleet \xc3\xa9", 0},
    {DOC_CLAIMED, "\"RWQ", "\"RXQ", 0},
    {DOC_CLAIMED, "\"jobs\":[", "\"jobs\":[1,", 0},
    {DOC_CLAIMED, "\"jobs\":[", "\"jobs\":[{},", 0},
    {DOC_STATE, "refused", "finished", 1},
    {DOC_STATE, "refused", "Refused", 0},
    {DOC_STATE, "refused", "cancelled", 0},
    {DOC_STATE, "policy: line 3", "a\\nb", 0},
    {DOC_RESULT, "reeve-result 1", "reeve-result 10", 0},
    {DOC_RESULT, "x\\\\y", "x\\u001by", 0},
    {DOC_RESULT, "123456789", "9223372036854775807", 1},
    {DOC_RESULT, "123456789", "9223372036854775808", 0},
    {DOC_OFFSET, "4096", "-0", 0},
    {DOC_OFFSET, "4096", "0", 1},
    {DOC_ALREADY, "true", "false", 1},
    {DOC_ALREADY, "true", "1", 0},
    {DOC_ERROR, "clone_detected", "some_later_code", 1},
    {DOC_ERROR, "clone_detected", "Clone", 0},
    {DOC_ERROR, "clone_detected", "a\\u000ab", 0},
};

static void
test_forms(void)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *text = kit_doc(forms[i].d), *doc = swap(text, forms[i].old, forms[i].new);

		CHECKF(takes(forms[i].d, doc) == forms[i].ok, "%s: %s for %s", doc_name[forms[i].d],
		    forms[i].new, forms[i].old);
		free(doc);
		free(text);
	}
}

/* ---- vitals: JSON within JSON ---- */

static int
with_vitals(const char *text, size_t len)
{
	struct api_heartbeat *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
	struct errmsg e;
	char *doc;
	int kept;

	kit_heartbeat(m);
	m->vitals = text;
	m->vitalslen = len;
	doc = api_heartbeat_put(m);
	CHECK(doc != NULL);
	CHECKF(api_heartbeat_get(back, doc, strlen(doc), &e) == 0, "%s", e.text);
	kept = back->vitals != NULL;
	if (kept)
		CHECK(back->vitalslen == len && memcmp(back->vitals, text, len) == 0);
	api_heartbeat_free(back);
	CHECK(back->vitals == NULL && back->own == NULL);
	free(doc);
	free(m);
	free(back);
	return kept;
}

static void
test_vitals(void)
{
	static const char *const bad[] = {"", "[]", "1", "\"x\"", "null", "{", "{}x", "{},\"a\":1",
	    "{\"a\":1,\"a\":2}", " {}", "{\"a\":\"\xff\"}", "{\"a\":[[[[[[[]]]]]]]}"};
	char *big = malloc(API_VITALS_MAX + 2);

	CHECK(with_vitals("{}", 2) && with_vitals("{\"a\":[[[[[[]]]]]]}", 18));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(!with_vitals(bad[i], strlen(bad[i])), "%s", bad[i]);
	CHECK(!with_vitals(NULL, 0) && !with_vitals("{}\0", 3));
	memset(big, ' ', API_VITALS_MAX + 1);
	big[0] = '{';
	big[API_VITALS_MAX - 1] = '}';
	CHECK(with_vitals(big, API_VITALS_MAX));
	big[API_VITALS_MAX - 1] = ' ';
	big[API_VITALS_MAX] = '}';
	CHECK(!with_vitals(big, API_VITALS_MAX + 1));
	free(big);
}

/* ---- the claim's answer ---- */

static void
test_claimed(void)
{
	static char ticket[TICKET_MAX + 2];
	struct api_claimed *m = calloc(1, sizeof(*m)), *back = calloc(1, sizeof(*back));
	struct errmsg e;
	char *text;

	memset(ticket, 'x', TICKET_MAX + 1);
	memcpy(ticket, "reeve-job 1\n", 12);
	for (m->njobs = 0; m->njobs < API_JOBS; m->njobs++) {
		struct api_job *job = &m->job[m->njobs];

		job->ticket = ticket;
		job->len = TICKET_MAX;
		job->fence = UINT64_MAX;
		for (job->nsigs = 0; job->nsigs < TICKET_SIGS; job->nsigs++)
			kit_sig(&job->sig[job->nsigs], (unsigned int)job->nsigs);
	}
	text = api_claimed_put(m);
	CHECK(text != NULL && api_claimed_get(back, text, strlen(text), &e) == 0);
	CHECK(back->njobs == API_JOBS && back->job[15].len == TICKET_MAX);
	CHECK(memcmp(back->job[15].sig, m->job[15].sig, sizeof(m->job[15].sig)) == 0);
	api_claimed_free(back);
	free(text);
	m->njobs = API_JOBS + 1;
	CHECK(api_claimed_put(m) == NULL);
	m->njobs = 1;
	m->job[0].len = TICKET_MAX + 1;
	CHECK(api_claimed_put(m) == NULL);
	m->job[0].len = 12;
	m->job[0].nsigs = TICKET_SIGS + 1;
	CHECK(api_claimed_put(m) == NULL);
	m->job[0].nsigs = 0;
	text = api_claimed_put(m);
	CHECK(text != NULL && takes(DOC_CLAIMED, text));
	free(text);
	/* newlines double in JSON: what would be larger than the reader takes is not written */
	memset(ticket + 12, '\n', TICKET_MAX - 12);
	for (m->njobs = 0; m->njobs < API_JOBS; m->njobs++)
		m->job[m->njobs].len = TICKET_MAX;
	CHECK(api_claimed_put(m) == NULL);
	free(m);
	free(back);
}

static void
test_interval(void)
{
	static const struct {
		uint64_t in, out;
	} row[] = {{0, 1}, {1, 1}, {30, 30}, {300, 300}, {301, 300}, {UINT64_MAX, 300}};
	struct api_beat m = {0, 1, ""};
	char *text;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct api_beat back;

		m.interval = row[i].in;
		text = api_beat_put(&m);
		CHECK(api_beat_get(&back, text, strlen(text), NULL) == 0);
		CHECKF(back.interval == row[i].out, "%llu", (unsigned long long)row[i].in);
		free(text);
	}
}

static void
test_errors(void)
{
	char code[65], message[257], *text, big[1000];

	for (enum api_errcode c = API_OK + 1; c < API_ERR_MAX; c++) {
		CHECK(api_err_status(c) >= 400 && api_err_status(c) <= 503);
		CHECKF(api_err_byname(api_err_code(c)) == c, "%s", api_err_code(c));
		text = api_error_put(c, "why");
		CHECK(api_error_get(code, message, text, strlen(text)) == 0);
		CHECK(strcmp(code, api_err_code(c)) == 0 && strcmp(message, "why") == 0);
		free(text);
	}
	CHECK(api_err_byname("") == API_OK && api_err_byname("x") == API_OK);
	CHECK(api_err_status(API_ERR_MAX) == 500);
	CHECK_STR(api_err_code(API_ERR_MAX), "internal");
	memset(big, 'm', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	big[3] = '\x1b';
	text = api_error_put(API_OK, big);
	CHECK(api_error_get(code, message, text, strlen(text)) == 0 && strlen(message) == 256);
	CHECK(message[3] == '?' && strcmp(code, "internal") == 0);
	free(text);
	CHECK(api_error_get(code, message, "<html>", 6) == -1 && code[0] == '\0');
}

/* A refusal names the member. */
static void
test_words(void)
{
	static const struct {
		const char *old, *new, *words;
	} row[] = {
	    {"\"reason\"", "\"raeson\"", "unknown member \"raeson\""},
	    {",\"reason\":\"policy: line 3\"", "", "missing member \"reason\""},
	    {"\"fence\":7", "\"fence\":\"7\"",
		"member \"fence\": must be a whole number of 0 to 18446744073709551615"},
	    {"refused", "x", "member \"state\": must be accepted, refused, started or finished"},
	    {"policy", "\\u001b", "member \"reason\": must be printable text of at most 200 bytes"},
	    {"\"fence\":7,", "\"fence\":7,\"fence\":7,", "byte 12: duplicate key \"fence\""},
	};
	char *text = kit_doc(DOC_STATE);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *doc = swap(text, row[i].old, row[i].new);
		struct errmsg e;

		CHECK(kit_again(DOC_STATE, doc, strlen(doc), &e) == NULL);
		CHECK_STR(e.text, row[i].words);
		free(doc);
	}
	free(text);
}

int
main(void)
{
	test_lists();
	test_tags();
	test_text_lengths();
	test_forms();
	test_vitals();
	test_claimed();
	test_interval();
	test_errors();
	test_words();
	return check_done();
}
