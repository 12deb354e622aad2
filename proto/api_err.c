/* The errors that a control plane answers with: one table, one document. */
#include <stdlib.h>
#include <string.h>

#include "proto/api.h"
#include "proto/api_field.h"

static const struct {
	int status;
	const char *code;
} errs[API_ERR_MAX] = {[API_OK] = {200, ""},
#define X(sym, num, name, doc) [API_ERR_##sym] = {num, name},
    API_ERR_TABLE(X)
#undef X
};

int
api_err_status(enum api_errcode c)
{
	return (unsigned int)c < API_ERR_MAX ? errs[c].status : 500;
}

const char *
api_err_code(enum api_errcode c)
{
	return (unsigned int)c < API_ERR_MAX ? errs[c].code : "internal";
}

enum api_errcode
api_err_byname(const char *code)
{
	for (unsigned int i = API_OK + 1; i < API_ERR_MAX; i++)
		if (strcmp(errs[i].code, code) == 0)
			return i;
	return API_OK;
}

char *
api_error_put(enum api_errcode c, const char *message)
{
	char text[257];
	struct jsonout o;
	size_t i;

	/* ASCII of a length that the reader takes; words may quote what was sent */
	for (i = 0; message[i] != '\0' && i + 1 < sizeof(text); i++)
		text[i] = (char)(message[i] >= 0x20 && message[i] <= 0x7e ? message[i] : '?');
	text[i] = '\0';
	jo_init(&o, API_BODY_MAX);
	jo_obj(&o, NULL);
	jo_obj(&o, "error");
	jo_str(&o, "code", api_err_code(c == API_OK ? API_ERR_INTERNAL : c));
	jo_str(&o, "message", text);
	jo_end(&o);
	jo_end(&o);
	return api_done(&o);
}

/* A code may be of a later version: its letters are judged, not its name. */
static int
is_code(const char *s)
{
	return *s != '\0' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

int
api_error_get(char code[65], char message[257], const char *buf, size_t len)
{
	static const char *const outer[] = {"error", NULL}, *const inner[] = {
								"code", "message", NULL};
	struct json *j;
	int v, rv = -1;

	code[0] = message[0] = '\0';
	if ((j = api_open(buf, len, NULL)) == NULL)
		return -1;
	v = json_get(j, 0, "error");
	if (json_only(j, 0, outer, NULL) == 0 && json_only(j, v, inner, NULL) == 0 &&
	    json_str(j, json_get(j, v, "code"), code, 65) == 0 && is_code(code) &&
	    json_str(j, json_get(j, v, "message"), message, 257) == 0)
		rv = 0;
	if (rv == -1)
		code[0] = message[0] = '\0';
	json_free(j);
	return rv;
}
