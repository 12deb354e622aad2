/*
 * Any bytes at the readers of what the package manager leaves and prints: dpkg's status file, the
 * simulation, apt-cache show, the status lines. The first byte chooses.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "execd/aptshow.h"
#include "execd/dpkg.h"
#include "execd/plan.h"
#include "execd/progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_status(const char *text, size_t len)
{
	const struct dpkg_pkg *p;
	struct errmsg e;
	struct dpkg d;
	size_t i;

	if (dpkg_parse(&d, memcpy(calloc(1, len + 1), text, len), len, &e) == -1)
		return;
	for (i = 0; i < d.n; i++) {
		p = dpkg_find(&d, d.pkg[i].name);
		if (p == NULL || strcmp(p->name, d.pkg[i].name) != 0)
			abort();
		if (i > 0 && strcmp(d.pkg[i - 1].name, d.pkg[i].name) > 0)
			abort();
	}
	dpkg_free(&d);
}

/* A plan's own text names each change once more, so its lines are as many as the changes. */
static void
try_plan(const char *text, size_t len)
{
	size_t lines = 0, i;
	struct errmsg e;
	struct plan p;

	if (plan_parse(&p, text, len, &e) == -1)
		return;
	for (i = 0; i < p.len; i++)
		lines += p.text[i] == '\n';
	if (lines != p.n || strlen(p.text) != p.len)
		abort();
	for (i = 0; i < p.n; i++)
		if (plan_find(&p, p.change[i].name) == NULL)
			abort();
	plan_free(&p);
}

static void
try_progress(char *text, size_t len)
{
	unsigned int percent = 0;
	char phase[64];

	if (memchr(text, '\0', len) != NULL)
		return;
	if (progress_line(text, &percent, phase, sizeof(phase)) && percent > 100)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errmsg e;
	char *text;

	if (size == 0 || (text = calloc(1, size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		try_status(text, size - 1);
		break;
	case 1:
		try_plan(text, size - 1);
		break;
	case 2:
		(void)aptshow_sha256(text, size - 1, "tree", "1", "sha256:aa", &e);
		break;
	default:
		try_progress(text, size - 1);
	}
	free(text);
	return 0;
}
