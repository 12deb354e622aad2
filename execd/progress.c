/* Reads what apt-get writes to its status descriptor. */
#include <stdio.h>
#include <string.h>

#include "execd/progress.h"
#include "lib/strutil.h"

int
progress_line(const char *line, unsigned int *percent, char *phase, size_t size)
{
	const char *name, *num, *end;
	uint64_t v;

	if (strncmp(line, "dlstatus:", 9) != 0 && strncmp(line, "pmstatus:", 9) != 0)
		return 0;
	name = line + 9;
	/* an architecture may follow the name: "pmstatus:libc6:amd64:40.0:..." */
	if ((end = strchr(name, ':')) == NULL)
		return 0;
	for (num = end + 1; *num != '\0' && (*num < '0' || *num > '9');) {
		if ((num = strchr(num, ':')) == NULL)
			return 0;
		num++;
	}
	if (strn_u64(num, strcspn(num, ".:"), 0, 100, &v) == -1)
		return 0;
	*percent = (unsigned int)v;
	if (line[0] == 'd')
		snprintf(phase, size, "download");
	else
		snprintf(phase, size, "install %.*s", (int)(end - name), name);
	return 1;
}

static void
take_line(struct progress *p, struct framer *f)
{
	char phase[sizeof(p->phase)];
	unsigned int percent;

	p->line[p->len] = '\0';
	if (!progress_line(p->line, &percent, phase, sizeof(phase)) || p->frames == PROGRESS_FRAMES)
		return;
	if (p->frames > 0 && percent == p->last && strcmp(phase, p->phase) == 0)
		return;
	p->last = percent;
	memcpy(p->phase, phase, sizeof(phase));
	p->frames++;
	framer_progress(f, percent, phase);
}

void
progress_feed(struct progress *p, struct framer *f, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			if (!p->skip)
				take_line(p, f);
			p->len = 0;
			p->skip = 0;
		} else if (p->len < sizeof(p->line) - 1)
			p->line[p->len++] = buf[i];
		else
			p->skip = 1;
	}
}
