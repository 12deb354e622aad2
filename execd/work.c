/* How a step ends, in one place: the first word stands. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "execd/work.h"

static void set_reason(struct work *w, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
set_reason(struct work *w, const char *fmt, va_list ap)
{
	char *r = w->rec.reason;
	size_t i;

	memset(r, 0, sizeof(w->rec.reason));
	vsnprintf(r, sizeof(w->rec.reason), fmt, ap);
	for (i = 0; r[i] != '\0'; i++)
		if (r[i] < 0x20 || r[i] > 0x7e)
			r[i] = '?';
}

void
work_end(struct work *w, enum end end, int32_t code, const char *fmt, ...)
{
	va_list ap;

	if (w->rec.end != 0 && w->rec.end != END_OK)
		return;
	w->rec.end = end;
	w->rec.code = code;
	va_start(ap, fmt);
	set_reason(w, fmt, ap);
	va_end(ap);
}

void
work_effect_ok(struct work *w)
{
	if (w->rec.end != 0 && w->rec.end != END_OK)
		return;
	w->rec.end = END_OK;
	w->rec.effect = EFFECT_OK;
}

void
work_effect_failed(struct work *w, const char *fmt, ...)
{
	va_list ap;

	if (w->rec.end != 0 && w->rec.end != END_OK)
		return;
	w->rec.end = END_EFFECT;
	w->rec.effect = EFFECT_FAILED;
	va_start(ap, fmt);
	set_reason(w, fmt, ap);
	va_end(ap);
}

void
work_data(struct work *w, struct jsonout *j)
{
	const char *text = jo_text(j);

	if (text == NULL)
		work_effect_failed(w, "the result is longer than %zu bytes", j->max);
	else if (framer_data(&w->fr, text, strlen(text)) == -1)
		work_effect_failed(w, "the result could not be written");
	jo_free(j);
}
