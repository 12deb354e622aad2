/* Words for a refusal, formatted once and made safe to log. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/strutil.h"

static void
fill(struct errmsg *e, const char *text)
{
	size_t n = 0;

	/* Words keep their blanks and quotes; only what a terminal or a log could trip over is
	 * encoded. */
	for (; *text != '\0' && n + 5 < sizeof(e->text); text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c <= 0x7e)
			e->text[n++] = (char)c;
		else
			n += (size_t)snprintf(e->text + n, 5, "\\%03o", c);
	}
	e->text[n] = '\0';
}

int
err_set(struct errmsg *e, const char *fmt, ...)
{
	char buf[ERRMSG_MAX];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	fill(e, buf);
	return -1;
}

int
err_errno(struct errmsg *e, const char *fmt, ...)
{
	char buf[ERRMSG_MAX], all[ERRMSG_MAX + 128];
	int saved = errno;
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %s", buf, strerror(saved));
	fill(e, all);
	errno = saved;
	return -1;
}

int
err_prefix(struct errmsg *e, const char *fmt, ...)
{
	char buf[ERRMSG_MAX], all[2 * ERRMSG_MAX + 3];
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %s", buf, e->text);
	fill(e, all);
	return -1;
}
