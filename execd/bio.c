/* The three pipes of a builtin: text, typed result, last word. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "execd/bio.h"
#include "execd/tool.h"
#include "lib/fdutil.h"

int
bio_data(struct jsonout *j)
{
	const char *text = jo_text(j);
	int r = -1;

	if (text != NULL && fd_writen(TOOL_AUX, text, strlen(text)) == (ssize_t)strlen(text))
		r = 0;
	jo_free(j);
	return r;
}

void
bio_text(const char *s)
{
	if (fd_writen(STDOUT_FILENO, s, strlen(s)) == -1)
		_exit(1);
}

int
bio_verdict(enum end end, const char *fmt, ...)
{
	char buf[REASON_MAX + 32];
	va_list ap;
	int n;

	n = snprintf(buf, sizeof(buf), "%s ", end_name(end));
	va_start(ap, fmt);
	vsnprintf(buf + n, sizeof(buf) - (size_t)n, fmt, ap);
	va_end(ap);
	return fd_writen(TOOL_VERDICT, buf, strlen(buf)) == -1;
}
