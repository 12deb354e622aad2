/*
 * Any bytes at the JSON gate. What passes must be tokens to jsmn and readable to its end; and what
 * is written anew from the tokens must pass again and say the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/jsonin.h"
#include "proto/jsonout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_value(struct jsonout *o, const struct json *j, int v, const char *name)
{
	size_t len;
	const char *raw;
	char *key, *s;

	if (json_type(j, v) == 0)
		abort();
	if (json_type(j, v) == JSON_STRING) {
		if ((s = json_strdup(j, v, &len)) == NULL)
			abort();
		jo_strn(o, name, s, len);
		free(s);
		return;
	}
	if (json_type(j, v) != JSON_OBJECT && json_type(j, v) != JSON_ARRAY) {
		raw = json_raw(j, v, &len);
		jo_raw(o, name, raw, len);
		return;
	}
	if (json_type(j, v) == JSON_OBJECT)
		jo_obj(o, name);
	else
		jo_arr(o, name);
	key = malloc(JSON_MAX);
	for (size_t n = 0; n < json_len(j, v); n++) {
		int object = json_type(j, v) == JSON_OBJECT;

		if (object && (json_key(j, v, n, key, JSON_MAX) == -1 ||
				  json_get(j, v, key) != json_at(j, v, n)))
			abort();
		write_value(o, j, json_at(j, v, n), object ? key : NULL);
	}
	free(key);
	jo_end(o);
}

/* The document once more, in the writer's form. NULL when BUF is refused. */
static char *
again(const char *buf, size_t len)
{
	struct jsonout o;
	struct json *j = json_parse(buf, len, NULL);

	if ((j == NULL) != (json_gate(buf, len, NULL) == -1))
		abort();
	if (j == NULL)
		return NULL;
	jo_init(&o, 8 * JSON_MAX);
	write_value(&o, j, 0, NULL);
	json_free(j);
	if (jo_text(&o) == NULL)
		abort();
	return o.buf;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *one, *two;

	if ((one = again((const char *)data, size)) == NULL)
		return 0;
	if ((two = again(one, strlen(one))) == NULL || strcmp(one, two) != 0)
		abort();
	free(one);
	free(two);
	return 0;
}
