/* What netd makes of each answer: the whole table of statuses and codes, with and without a job. */
#include "netd/answer.h"
#include "proto/api.h"
#include "regress/check.h"

static enum disposition
judge(int status, const char *reeve, const char *body, int job, char words[400])
{
	struct http_head h = {.status = status};

	snprintf(h.reeve, sizeof(h.reeve), "%s", reeve);
	return answer_judge(&h, body, strlen(body), job, words);
}

static const struct {
	int status;
	const char *code;
	enum disposition call, job;
} rows[] = {
    {200, "", D_OK, D_OK},
    {201, "", D_OK, D_OK},
    {204, "", D_OK, D_OK},
    {302, "", D_SLOW, D_JOB},
    {400, "bad_request", D_SLOW, D_JOB},
    {401, "unauthorized", D_SLOW, D_SLOW},
    {403, "address_not_allowed", D_SLOW, D_SLOW},
    {403, "address_unknown", D_SLOW, D_SLOW},
    {403, "hostname_mismatch", D_SLOW, D_SLOW},
    {403, "revoked", D_SLOW, D_SLOW},
    {403, "", D_SLOW, D_SLOW},
    {404, "not_found", D_SLOW, D_JOB},
    {405, "method_not_allowed", D_SLOW, D_JOB},
    {409, "clone_detected", D_CLONE, D_CLONE},
    {409, "fenced", D_SLOW, D_JOB},
    {409, "wrong_state", D_SLOW, D_JOB},
    {409, "", D_SLOW, D_JOB},
    {410, "gone", D_SLOW, D_JOB},
    {413, "too_large", D_SLOW, D_LARGE},
    {416, "offset", D_SLOW, D_OFFSET},
    {422, "refused", D_SLOW, D_JOB},
    {426, "protocol_too_old", D_SLOW, D_SLOW},
    {429, "too_many", D_TOLD, D_TOLD},
    {500, "internal", D_NET, D_NET},
    {502, "", D_NET, D_NET},
    {503, "unavailable", D_TOLD, D_TOLD},
    {599, "", D_NET, D_NET},
};

static void
test_table(void)
{
	char body[256], words[400], number[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\",\"message\":\"m\"}}",
		    rows[i].code);
		snprintf(number, sizeof(number), "%d", rows[i].status);
		CHECKF(judge(rows[i].status, "1", body, 0, words) == rows[i].call, "%d %s",
		    rows[i].status, rows[i].code);
		CHECKF((words[0] == '\0') == (rows[i].call == D_OK), "%s", words);
		CHECKF(rows[i].call == D_OK || strstr(words, number) != NULL, "%s", words);
		CHECKF(judge(rows[i].status, "1", body, 1, words) == rows[i].job, "%d %s, a job",
		    rows[i].status, rows[i].code);
		/* rubbish instead of words changes nothing but what is told by a code */
		if (rows[i].status != 409)
			CHECK(judge(rows[i].status, "1", "<html>", 0, words) == rows[i].call);
	}
}

/* Every code that ctld can say leads somewhere, and needs no person but where it says so. */
static void
test_codes(void)
{
	char words[400], *body;

	for (int c = API_OK + 1; c < API_ERR_MAX; c++) {
		enum api_errcode code = (enum api_errcode)c;

		body = api_error_put(code, "m");
		CHECK(judge(api_err_status(code), "1", body, 0, words) != D_OK);
		CHECKF(strstr(words, api_err_code(code)) != NULL, "%s", words);
		free(body);
	}
}

/* Without the field it is not a reeve, whatever it says. */
static void
test_stranger(void)
{
	char words[400];

	for (int status = 200; status < 600; status++) {
		int gateway = status == 502 || status == 503 || status == 504;
		enum disposition d =
		    judge(status, "", "{\"error\":{\"code\":\"clone_detected\"}}", 1, words);

		CHECKF(d == (gateway ? D_NET : D_SLOW), "%d: %d", status, (int)d);
		CHECKF(gateway || strstr(words, "not a reeve") != NULL, "%s", words);
	}
}

int
main(void)
{
	test_table();
	test_codes();
	test_stranger();
	return check_done();
}
