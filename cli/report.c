/* The last word on runs: for a person, as JSON, and as an exit code. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"
#include "lib/strutil.h"

#define INDENT 2

char *
report_words(const struct run *r)
{
	char how[REASON_MAX + 64], *out;

	result_describe(r->result.end, r->result.code, r->result.reason, how, sizeof(how));
	switch (r->verdict) {
	case VD_TRUE:
		return cli_keep(strdup(how));
	case VD_UNSIGNED:
		if (asprintf(&out, "%s%s%s (the control plane's word, not the host's)", r->state,
			r->reason[0] != '\0' ? ": " : "", r->reason) == -1)
			err(CLI_CANNOT, NULL);
		return cli_keep(out);
	case VD_UNPINNED:
		return cli_keep(strdup("cannot be judged: the host is not in your roster; \"reeve "
				       "roster pin\" it"));
	case VD_LIES:
		if (asprintf(&out, "the control plane does not tell the truth: %s", r->lie.text) ==
		    -1)
			err(CLI_CANNOT, NULL);
		return cli_keep(out);
	default:
		return cli_keep(strdup(r->state[0] != '\0' ? r->state : "unknown"));
	}
}

/* ---- JSON for a person ---- */

struct pretty {
	FILE *to;
	unsigned int depth;
	int string, escaped;
};

static void
new_line(const struct pretty *p)
{
	fprintf(p->to, "\n%*s", (int)(p->depth * INDENT), "");
}

/* DEL, and the C1 controls of UTF-8, which a terminal may obey; how many bytes were taken. */
static size_t
put_control(const struct pretty *p, const unsigned char *s, size_t len)
{
	if (s[0] == 0x7f) {
		fputs("\\u007f", p->to);
		return 1;
	}
	if (s[0] == 0xc2 && len > 1 && s[1] >= 0x80 && s[1] <= 0x9f) {
		fprintf(p->to, "\\u00%02x", s[1]);
		return 2;
	}
	return 0;
}

static void
put_mark(struct pretty *p, char c, char next)
{
	switch (c) {
	case '{':
	case '[':
		putc(c, p->to);
		p->depth++;
		if (next != '}' && next != ']')
			new_line(p);
		break;
	case '}':
	case ']':
		p->depth--;
		new_line(p);
		putc(c, p->to);
		break;
	case ',':
		putc(c, p->to);
		new_line(p);
		break;
	case ':':
		fputs(": ", p->to);
		break;
	default:
		putc(c, p->to);
		break;
	}
}

static char
next_mark(const char *s, size_t len)
{
	size_t n = strspn(s, " \t\r\n");

	return n < len ? s[n] : '\0';
}

char *
report_pretty(const char *text, size_t len)
{
	struct pretty p = {.depth = 0};
	struct errmsg e;
	char *out = NULL;
	size_t size, i, n;

	if (json_gate(text, len, &e) == -1)
		return NULL;
	if ((p.to = open_memstream(&out, &size)) == NULL)
		err(CLI_CANNOT, NULL);
	for (i = 0; i < len; i += n) {
		n = put_control(&p, (const unsigned char *)text + i, len - i);
		if (n > 0)
			continue;
		n = 1;
		if (p.string) {
			putc(text[i], p.to);
			p.string = p.escaped || text[i] != '"';
			p.escaped = !p.escaped && text[i] == '\\';
		} else if (text[i] == '"') {
			putc('"', p.to);
			p.string = 1;
		} else if (strchr(" \t\r\n", text[i]) == NULL) {
			if ((text[i] == '{' || text[i] == '[') &&
			    (next_mark(text + i + 1, len - i - 1) == text[i] + 2)) {
				fprintf(p.to, "%c%c", text[i], text[i] + 2);
				n = 2 + strspn(text + i + 1, " \t\r\n");
			} else
				put_mark(&p, text[i], '\0');
		}
	}
	putc('\n', p.to);
	fclose(p.to);
	return out;
}

/* ---- a run's end ---- */

static void
print_data(const struct fan *f, const struct run *r)
{
	char *text = report_pretty(r->data.p, r->data.len), *line, *rest = text;

	if (text == NULL) {
		warnx("%s: its typed result is no JSON", r->name);
		return;
	}
	if (f->show == SHOW_LIVE)
		fputs(text, stdout);
	else
		while ((line = strsep(&rest, "\n")) != NULL)
			if (rest != NULL)
				printf("%s: %s\n", r->name, line);
	cli_flush();
	free(text);
}

void
report_run(const struct fan *f, struct run *r)
{
	if (f->show == SHOW_KEEP)
		return;
	if (r->data.len > 0 && r->verdict == VD_TRUE)
		print_data(f, r);
	if (r->verdict == VD_LIES)
		fprintf(stderr, "reeve: WARNING: %s: job %s: %s\n", r->name, r->task->id,
		    report_words(r));
	else if (!f->quiet)
		fprintf(stderr, "reeve: %s: %s, job %s\n", r->name, report_words(r), r->task->id);
	if (r->verdict != VD_TRUE)
		return;
	if (r->result.cut > 0)
		warnx("%s: %llu bytes of output were cut", r->name,
		    (unsigned long long)r->result.cut);
	if (f->judge_output && r->result.outsize == 0 && r->got + r->have > FRAME_HEADLEN)
		warnx("%s: nobody lived to sign for the output above", r->name);
}

/* ---- JSON ---- */

static void
json_result(struct jsonout *j, const struct result *res)
{
	char hex[65];

	jo_str(j, "end", end_name(res->end));
	jo_i64(j, "code", res->code);
	jo_str(j, "reason", res->reason);
	jo_str(j, "effect", effect_name(res->effect));
	jo_u64(j, "step", res->step);
	jo_u64(j, "accepted", res->accepted);
	jo_u64(j, "started", res->started);
	jo_u64(j, "finished", res->finished);
	jo_u64(j, "seq", res->seq);
	jo_u64(j, "output_size", res->outsize);
	str_hex(hex, res->outsha, 32);
	jo_str(j, "output_sha256", hex);
	jo_u64(j, "cut", res->cut);
}

static void
json_bytes(struct jsonout *j, const char *name, const struct bytes *b)
{
	jo_strn(j, name, b->p != NULL ? b->p : "", b->len);
}

static void
json_run(struct jsonout *j, const struct fan *f, const struct run *r)
{
	static const char *const verdicts[] = {"none", "true", "unsigned", "unpinned", "lies"};
	struct errmsg e;

	jo_obj(j, NULL);
	jo_str(j, "job", r->task->id);
	jo_str(j, "kind", r->task->kind->name);
	jo_str(j, "host", r->name);
	jo_str(j, "host_id", r->id);
	jo_str(j, "state", r->state);
	jo_str(j, "verdict", verdicts[r->verdict]);
	jo_str(j, "words", report_words(r));
	if (r->verdict == VD_TRUE)
		json_result(j, &r->result);
	if (f->show == SHOW_KEEP) {
		json_bytes(j, "stdout", &r->out);
		json_bytes(j, "stderr", &r->errout);
		if (r->data.len > 0 && json_gate(r->data.p, r->data.len, &e) == 0)
			jo_raw(j, "data", r->data.p, r->data.len);
		else
			jo_null(j, "data");
	}
	jo_end(j);
}

void
report_json(const struct fan *f)
{
	struct jsonout j;
	size_t i;

	jo_init(&j, 1024UL * 1024 * 1024);
	jo_obj(&j, NULL);
	jo_arr(&j, "jobs");
	for (i = 0; i < f->ntasks; i++)
		jo_str(&j, NULL, f->task[i].id);
	jo_end(&j);
	jo_arr(&j, "runs");
	for (i = 0; i < f->nruns; i++)
		if (!f->run[i].told || f->run[i].verdict != VD_NONE)
			json_run(&j, f, &f->run[i]);
	jo_end(&j);
	jo_end(&j);
	cli_json(&j);
}

/* ---- exit code ---- */

static int
exit_one(const struct run *r)
{
	switch (r->verdict) {
	case VD_TRUE:
		return r->result.end == END_OK	   ? CLI_OK
		       : r->result.end == END_EXIT ? (r->result.code & 0xff)
						   : CLI_ENDED;
	case VD_LIES:
		return CLI_LIES;
	case VD_NONE:
		return CLI_GOESON;
	default:
		return CLI_ENDED;
	}
}

static void
hint(const struct fan *f, int rc)
{
	size_t i;

	for (i = 0; i < f->ntasks; i++)
		warnx("%s; the job goes on: reeve job wait %s",
		    rc == CLI_STOPPED ? "stopped waiting" : "the time to wait is over",
		    f->task[i].id);
}

int
report_exit(const struct fan *f, int rc)
{
	int lies = 0, open = 0, notok = 0, one, last = CLI_OK;
	size_t i;

	for (i = 0; i < f->nruns; i++) {
		if (f->run[i].told && f->run[i].verdict == VD_NONE) /* not asked for */
			continue;
		one = exit_one(&f->run[i]);
		last = one;
		lies |= one == CLI_LIES && f->run[i].verdict == VD_LIES;
		open |= f->run[i].verdict == VD_NONE;
		notok |= one != CLI_OK;
	}
	if (rc == CLI_STOPPED || rc == CLI_GOESON)
		hint(f, rc);
	if (lies)
		return CLI_LIES;
	if (rc == CLI_STOPPED)
		return rc;
	if (open)
		return CLI_GOESON;
	if (f->asked == 1)
		return last;
	return notok ? CLI_NO : CLI_OK;
}
