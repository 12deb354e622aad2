/* What an answer means, and the words for it. */
#include <stdio.h>
#include <string.h>

#include "netd/answer.h"
#include "proto/api.h"

#define WORDS 400

/* Error codes that need a person, and what that person does next. */
static const struct {
	enum api_errcode code;
	const char *next;
} advice[] = {
    {API_ERR_UNAUTHORIZED,
	"the control plane does not know this certificate or secret: enroll this host again "
	"(reevectl enroll TOKEN)"},
    {API_ERR_ADDRESS_NOT_ALLOWED,
	"it allows this host from other addresses only: reeve host allow NAME ADDR,..."},
    {API_ERR_ADDRESS_UNKNOWN,
	"the proxy in front of it does not say whose call it is: see its trusted-proxy setting"},
    {API_ERR_HOSTNAME_MISMATCH,
	"this host was enrolled under another name: hostname in agent.conf, or reeve host rename"},
    {API_ERR_REVOKED, "this identity was revoked: enroll this host again if that was not meant"},
    {API_ERR_CLONE,
	"two machines use this identity: no job runs on either until an operator decided "
	"(reeve host list)"},
    {API_ERR_OLD, "upgrade reeve on this host"},
};

static const char *
advice_for(enum api_errcode c)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (advice[i].code == c)
			return advice[i].next;
	return "";
}

/* An answer without the field "Reeve": somebody else speaks. */
static enum disposition
not_reeve(int status, char words[WORDS])
{
	if (status == 502 || status == 503 || status == 504) {
		snprintf(words, WORDS,
		    "a proxy answers %d: the control plane behind it does not answer", status);
		return D_NET;
	}
	if (status / 100 == 3)
		snprintf(words, WORDS,
		    "this is not a reeve control plane: it redirects (%d), which is never "
		    "followed; check the url in agent.conf",
		    status);
	else
		snprintf(words, WORDS,
		    "this is not a reeve control plane: its answer (%d) has no Reeve field; check "
		    "the url in agent.conf, its prefix too",
		    status);
	return D_SLOW;
}

static enum disposition
by_status(int status, enum api_errcode code, int job)
{
	switch (status) {
	case 401:
	case 403:
	case 426:
		return D_SLOW;
	case 404:
	case 410:
	case 422:
		return job ? D_JOB : D_SLOW;
	case 409:
		if (code == API_ERR_CLONE)
			return D_CLONE;
		return job ? D_JOB : D_SLOW;
	case 413:
		return job ? D_LARGE : D_SLOW;
	case 416:
		return job ? D_OFFSET : D_SLOW;
	case 429:
	case 503:
		return D_TOLD;
	default:
		break;
	}
	if (status / 100 == 5)
		return D_NET;
	return job ? D_JOB : D_SLOW;
}

enum disposition
answer_judge(const struct http_head *head, const char *body, size_t len, int job, char words[WORDS])
{
	char code[65] = "", message[257] = "";
	enum api_errcode known;
	const char *next;

	words[0] = '\0';
	if (head->reeve[0] == '\0')
		return not_reeve(head->status, words);
	if (head->status / 100 == 2)
		return D_OK;
	(void)api_error_get(code, message, body, len);
	known = code[0] != '\0' ? api_err_byname(code) : API_OK;
	next = advice_for(known);
	snprintf(words, WORDS, "the control plane answers %d%s%s%s%s%s%s", head->status,
	    code[0] != '\0' ? " " : "", code, message[0] != '\0' ? ": " : "", message,
	    next[0] != '\0' ? "; " : "", next);
	return by_status(head->status, known, job);
}

void
answer_fault(enum net_fault fault, const char *why, char words[WORDS])
{
	const char *next = "";

	switch (fault) {
	case NETF_CONNECT:
		next = "no connection: ";
		break;
	case NETF_PROXY:
		next = "the proxy of agent.conf refused: ";
		break;
	case NETF_TLS:
		next = "TLS: ";
		break;
	case NETF_TIME:
		next = "too slow: ";
		break;
	case NETF_PROTOCOL:
		next = "this is no HTTP answer as a reeve control plane gives it: ";
		break;
	case NETF_LARGE:
		next = "the answer is larger than allowed: ";
		break;
	case NETF_NONE:
	case NETF_CLOSED:
	case NETF_LOCAL:
		break;
	}
	snprintf(words, WORDS, "%s%s", next, why);
}
