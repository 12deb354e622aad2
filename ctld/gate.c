/* A request's head, judged strictly before evhttp reads it. */

#include <string.h>
#include <strings.h>

#include "ctld/gate.h"
#include "lib/strutil.h"

/* at most once; *_REFUSED never */
enum field {
	F_OTHER,
	F_HOST,
	F_LENGTH,
	F_AUTH,
	F_NAME,
	F_REEVE,
	F_TYPE,
	F_EXPECT,
	F_CF,
	F_TE_REFUSED,
	F_CE_REFUSED,
	F_MAX
};

static enum field
field_of(const char *name, size_t len)
{
	static const char *const names[F_MAX] = {
	    [F_HOST] = "Host",
	    [F_LENGTH] = "Content-Length",
	    [F_AUTH] = "Authorization",
	    [F_NAME] = "Host-Name",
	    [F_REEVE] = "Reeve",
	    [F_TYPE] = "Content-Type",
	    [F_EXPECT] = "Expect",
	    [F_CF] = "CF-Connecting-IP",
	    [F_TE_REFUSED] = "Transfer-Encoding",
	    [F_CE_REFUSED] = "Content-Encoding",
	};

	for (enum field f = F_HOST; f < F_MAX; f++)
		if (strlen(names[f]) == len && strncasecmp(names[f], name, len) == 0)
			return f;
	return F_OTHER;
}

/* RFC 9110 section 5.6.2 */
static int
is_token(const char *s, size_t len)
{
	static const char other[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (c == '\0' || strchr(other, c) == NULL)
			return 0;
	}
	return len > 0;
}

static int
no(const char **why, const char *text)
{
	*why = text;
	return -1;
}

static int
get_method(struct gate *g, const char *s, size_t len)
{
	for (unsigned int m = M_GET; m <= M_DELETE; m <<= 1) {
		const char *name = route_method((enum method)m);

		if (strlen(name) == len && memcmp(name, s, len) == 0) {
			g->method = (enum method)m;
			return 0;
		}
	}
	return -1;
}

static int
request_line(struct gate *g, const char *line, size_t len, int *http11, const char **why)
{
	const char *target, *version, *query;
	size_t n;

	if ((target = memchr(line, ' ', len)) == NULL ||
	    get_method(g, line, (size_t)(target - line)) == -1)
		return no(why, "not a method that is known here");
	target++;
	version = memchr(target, ' ', len - (size_t)(target - line));
	if (version == NULL || len - (size_t)(version - line) != 9)
		return no(why, "the request line is malformed");
	if (memcmp(version, " HTTP/1.1", 9) == 0)
		*http11 = 1;
	else if (memcmp(version, " HTTP/1.0", 9) != 0)
		return no(why, "neither HTTP/1.1 nor HTTP/1.0");
	n = (size_t)(version - target);
	if (n == 0 || target[0] != '/' || memchr(target, '#', n) != NULL ||
	    !str_printable(target, n))
		return no(why, "the request's target must be a path");
	if ((query = memchr(target, '?', n)) != NULL)
		n = (size_t)(query - target);
	if (n >= sizeof(g->path))
		return no(why, "the path is too long");
	memcpy(g->path, target, n);
	g->path[n] = '\0';
	return 0;
}

static int
field_value(
    struct gate *g, enum field f, const char *v, size_t len, unsigned int *seen, const char **why)
{
	if (f == F_OTHER)
		return 0;
	if (f == F_TE_REFUSED)
		return no(why, "Transfer-Encoding is not taken: send Content-Length");
	if (f == F_CE_REFUSED)
		return no(why, "Content-Encoding is not taken");
	if (*seen & 1U << f)
		return no(why, "a field stands twice");
	*seen |= 1U << f;
	if (f == F_AUTH && len < sizeof(g->auth))
		memcpy(g->auth, v, len);
	if (f == F_LENGTH && strn_u64(v, len, 0, 1ULL << 40, &g->length) == -1)
		return no(why, "Content-Length must be a plain number");
	if (f == F_EXPECT && (len != 12 || strncasecmp(v, "100-continue", 12) != 0))
		return no(why, "not an expectation that is known here");
	return 0;
}

static int
field_line(struct gate *g, const char *line, size_t len, unsigned int *seen, const char **why)
{
	const char *colon = memchr(line, ':', len), *v;
	size_t vlen;

	if (colon == NULL || !is_token(line, (size_t)(colon - line)))
		return no(why, "a field's name is malformed");
	v = colon + 1;
	vlen = len - (size_t)(v - line);
	for (size_t i = 0; i < vlen; i++)
		if (v[i] != '\t' && ((unsigned char)v[i] < 0x20 || (unsigned char)v[i] > 0x7e))
			return no(why, "a field holds other bytes than printable ASCII");
	while (vlen > 0 && (*v == ' ' || *v == '\t'))
		v++, vlen--;
	while (vlen > 0 && (v[vlen - 1] == ' ' || v[vlen - 1] == '\t'))
		vlen--;
	return field_value(g, field_of(line, (size_t)(colon - line)), v, vlen, seen, why);
}

int
gate_head(struct gate *g, const char *head, size_t len, const char **why)
{
	unsigned int seen = 0;
	size_t fields = 0;
	int http11 = 0;

	memset(g, 0, sizeof(*g));
	for (size_t at = 0, n; at < len; at += n + 2) {
		const char *line = head + at, *end = memchr(line, '\r', len - at);

		/* every other control byte is refused in the line itself, a bare LF among them */
		if (end == NULL || (size_t)(end - head) + 1 >= len || end[1] != '\n')
			return no(why, "a line does not end with CRLF");
		n = (size_t)(end - line);
		if (at == 0) {
			if (request_line(g, line, n, &http11, why) == -1)
				return -1;
			continue;
		}
		if (n == 0) {
			if (at + 2 != len)
				return no(why, "bytes after the head");
			if (http11 && !(seen & 1U << F_HOST))
				return no(why, "the field Host is missing");
			return 0;
		}
		if (++fields > GATE_FIELDS)
			return no(why, "too many fields");
		if (field_line(g, line, n, &seen, why) == -1)
			return -1;
	}
	return no(why, "the head does not end");
}
