/* Members of the control plane's answers. One that is missing ends the program: it is no answer. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/site.h"

static void __attribute__((noreturn)) lacks(const char *name)
{
	errx(CLI_NET,
	    "the control plane's answer has no right \"%s\"; is it of another version? "
	    "(reeve --version, reeve whoami)",
	    name);
}

char *
j_str(const struct json *j, int v, const char *name)
{
	int m = json_get(j, v, name);
	size_t len;
	char *s;

	if (json_type(j, m) == JSON_NULL)
		return cli_keep(strdup(""));
	if ((s = json_strdup(j, m, &len)) == NULL)
		lacks(name);
	return cli_keep(s);
}

char *
j_clean(const struct json *j, int v, const char *name)
{
	return cli_clean(j_str(j, v, name));
}

uint64_t
j_u64(const struct json *j, int v, const char *name)
{
	int m = json_get(j, v, name);
	uint64_t n = 0;

	if (json_type(j, m) != JSON_NULL && json_u64(j, m, 0, INT64_MAX, &n) == -1)
		lacks(name);
	return n;
}

int64_t
j_i64(const struct json *j, int v, const char *name)
{
	int m = json_get(j, v, name);
	int64_t n = 0;

	if (json_type(j, m) != JSON_NULL && json_i64(j, m, INT64_MIN, INT64_MAX, &n) == -1)
		lacks(name);
	return n;
}

int
j_bool(const struct json *j, int v, const char *name)
{
	int b;

	if (json_bool(j, json_get(j, v, name), &b) == -1)
		lacks(name);
	return b;
}

int
j_sub(const struct json *j, int v, const char *name, enum json_type type)
{
	int m = json_get(j, v, name);

	if (json_type(j, m) == JSON_NULL)
		return -1;
	if (json_type(j, m) != type)
		lacks(name);
	return m;
}

void
j_print(const struct json *j, int v)
{
	size_t len;
	const char *raw = json_raw(j, v, &len);

	cli_put_json(stdout, raw, len);
	putchar('\n');
}

static void
fill(const struct json *j, int v, const char *name, char *dst, size_t size)
{
	int m = json_get(j, v, name);

	dst[0] = '\0';
	if (json_type(j, m) != JSON_NULL && json_str(j, m, dst, size) == -1)
		lacks(name);
}

void
j_host(const struct json *j, int v, struct roster_host *h)
{
	fill(j, v, "name", h->name, sizeof(h->name));
	fill(j, v, "id", h->id, sizeof(h->id));
	fill(j, v, "result_key", h->result, sizeof(h->result));
	fill(j, v, "seal_key", h->seal, sizeof(h->seal));
}
