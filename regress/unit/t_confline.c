/* Configuration lines: what splits how, and every way in which a file is refused, with file:line.
 */
#include "lib/confline.h"

#include "regress/check.h"

struct seen {
	char text[4096]; /* "[a b] w|w|w\n" for each call */
	unsigned int calls;
};

static int
note(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	(void)e;
	s->calls++;
	n += (size_t)snprintf(s->text + n, sizeof(s->text) - n, "%u@%u[", l->lineno, l->sectline);
	for (int i = 0; i < l->nsection; i++)
		n += (size_t)snprintf(
		    s->text + n, sizeof(s->text) - n, "%s%s", i > 0 ? "," : "", l->section[i]);
	n += (size_t)snprintf(s->text + n, sizeof(s->text) - n, "]");
	for (int i = 0; i < l->nwords; i++)
		n += (size_t)snprintf(
		    s->text + n, sizeof(s->text) - n, "%s%s", i > 0 ? "|" : "", l->word[i]);
	snprintf(s->text + n, sizeof(s->text) - n, "\n");
	return 0;
}

static void
test_good(void)
{
	static const struct {
		const char *in, *want;
	} row[] = {
	    {"", ""},
	    {"\n\n", ""},
	    {"# note\n  # note\n\t\n", ""},
	    {"a\n", "1@0[]a\n"},
	    {"  a\tb  c \t\n", "1@0[]a|b|c\n"},
	    {"a \"b c\" d\n", "1@0[]a|b c|d\n"},
	    {"a \"\"\n", "1@0[]a|\n"},
	    {"\"a\"\n", "1@0[]a\n"},
	    {"a \"b\"\t\"c\"\n", "1@0[]a|b|c\n"},
	    {"a #b\n", "1@0[]a|#b\n"},
	    {"a \\n 'b' $c ; {}\n", "1@0[]a|\\n|'b'|$c|;|{}\n"},
	    {"[s]\na\n", "1@1[s]\n2@1[s]a\n"},
	    {"  [key  ops]  \na\n[other]\nb\n",
		"1@1[key,ops]\n2@1[key,ops]a\n3@3[other]\n4@3[other]b\n"},
	    {"x\n[\"a b\" c]\n\n#\ny z\n", "1@0[]x\n2@2[a b,c]\n5@2[a b,c]y|z\n"},
	    {"[s]\n[s]\n", "1@1[s]\n2@2[s]\n"},
	    {"a [b]\n", "1@0[]a|[b]\n"},
	};
	struct seen s;
	struct errmsg e = {""};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&s, 0, sizeof(s));
		CHECKF(
		    conf_parse("f", row[i].in, strlen(row[i].in), note, &s, &e) == 0, "%s", e.text);
		CHECK_STR(s.text, row[i].want);
	}
}

struct bad {
	const char *in;
	size_t len; /* 0: strlen */
	const char *words;
};

static void
test_bad(void)
{
	static const struct bad row[] = {
	    {"a", 0, "f:1: "},
	    {"a\nb", 0, "f:2: "},
	    {"ok\nb\r\n", 0, "f:2: byte 0x0d"},
	    {"\r\n", 0, "f:1: byte 0x0d"},
	    {"a\0b\n", 4, "f:1: byte 0x00"},
	    {"\0", 1, "f:1: "},
	    {"a\x7f\n", 0, "f:1: byte 0x7f"},
	    {"a \xc3\xa9\n", 0, "f:1: byte 0xc3"},
	    {"# note \x1b[2J\n", 0, "f:1: byte 0x1b"},
	    {"\n\n\"a\n", 0, "f:3: unclosed"},
	    {"a \"b\n", 0, "f:1: unclosed"},
	    {"a b\"c\"\n", 0, "f:1: unclosed or misplaced"},
	    {"a \"b\"c\n", 0, "f:1: unclosed or misplaced"},
	    {"a \"b\"\"c\"\n", 0, "f:1: unclosed or misplaced"},
	    {"a b\"\n", 0, "f:1: unclosed or misplaced"},
	    {"\"\n", 0, "f:1: unclosed"},
	    {"[\n", 0, "f:1: a section"},
	    {"[]\n", 0, "f:1: "},
	    {"[ ]\n", 0, "f:1: empty"},
	    {"[a\n", 0, "f:1: a section"},
	    {"[a] b\n", 0, "f:1: a section"},
	    {"[a]]\n", 0, "f:1: a section"},
	    {"[[a]\n", 0, "f:1: a section"},
	    {"[a] # note\n", 0, "f:1: a section"},
	    {"[\"a]\n", 0, "f:1: unclosed"},
	    {"[1 2 3 4 5 6 7 8 9]\n", 0, "f:1: more than 8 words"},
	};
	struct seen s;
	struct errmsg e;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t n = row[i].len != 0 ? row[i].len : strlen(row[i].in);

		memset(&s, 0, sizeof(s));
		e.text[0] = '\0';
		CHECKF(
		    conf_parse("f", row[i].in, n, note, &s, &e) == -1, "row %zu: %s", i, row[i].in);
		CHECKF(strncmp(e.text, row[i].words, strlen(row[i].words)) == 0,
		    "row %zu: \"%s\" is not \"%s\"", i, e.text, row[i].words);
	}
}

/* LINES lines of BYTES bytes each with the newline. */
static char *
fill(size_t lines, size_t bytes, size_t *len)
{
	char *buf = malloc(lines * bytes + 1);

	if (buf == NULL)
		exit(1);
	memset(buf, 'x', lines * bytes);
	for (size_t i = 1; i <= lines; i++)
		buf[i * bytes - 1] = '\n';
	buf[lines * bytes] = '\0';
	*len = lines * bytes;
	return buf;
}

static int
ignore(const struct conf_line *l, void *arg, struct errmsg *e)
{
	(void)arg;
	(void)e;
	return l->nwords >= 0 ? 0 : -1;
}

static void
test_limits(void)
{
	struct errmsg e;
	size_t len;
	char *buf;

	buf = fill(1, 4096, &len); /* 4095 bytes and the newline */
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == 0);
	free(buf);
	buf = fill(1, 4097, &len);
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == -1);
	CHECK(strncmp(e.text, "f:1: line longer", 16) == 0);
	free(buf);
	buf = fill(64, 4096, &len); /* 256 KiB */
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == 0);
	free(buf);
	buf = fill(65, 4096, &len);
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == -1 && strncmp(e.text, "f: ", 3) == 0);
	free(buf);
	buf = fill(1, 2 * CONF_WORDS, &len);
	for (size_t i = 1; i < len - 1; i += 2)
		buf[i] = ' ';
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == 0);
	free(buf);
	buf = fill(1, 2 * CONF_WORDS + 2, &len);
	for (size_t i = 1; i < len - 1; i += 2)
		buf[i] = ' ';
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == -1);
	CHECK(strstr(e.text, "more than 256 words") != NULL);
	free(buf);
	/* a section as long as a line may be */
	buf = fill(1, 4096, &len);
	buf[0] = '[';
	buf[4094] = ']';
	CHECK(conf_parse("f", buf, len, ignore, NULL, &e) == 0);
	free(buf);
}

/* Each byte at each place of a line: never more than a refusal, and what is accepted is printable.
 */
static void
test_bytes(void)
{
	static const char base[] = "[k a]\nword \"two w\" x\n";
	char buf[sizeof(base)];
	struct errmsg e;
	struct seen s;

	for (size_t at = 0; at < sizeof(base) - 1; at++)
		for (int c = 0; c < 256; c++) {
			int rc;

			memcpy(buf, base, sizeof(buf));
			buf[at] = (char)c;
			memset(&s, 0, sizeof(s));
			rc = conf_parse("f", buf, sizeof(base) - 1, note, &s, &e);
			if (c != '\t' && c != '\n' && (c < 0x20 || c > 0x7e))
				CHECKF(rc == -1, "byte %d at %zu", c, at);
		}
}

static int
set_value(const struct conf_line *l, void *arg, struct errmsg *e)
{
	if (strcmp(l->word[1], "bad") == 0)
		return conf_err(l, e, "%s: not a value", l->word[1]);
	*(unsigned int *)arg += 1;
	return 0;
}

static const struct conf_key keys[] = {
    {"one", 1, 1, 0, set_value},
    {"many", 1, -1, 1, set_value},
    {"two", 2, 3, 0, set_value},
};

struct ctx {
	unsigned int seen[3], sets;
};

static int
dispatch(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct ctx *c = arg;

	if (l->nwords == 0)
		return 0;
	return conf_dispatch(keys, 3, c->seen, l, &c->sets, e);
}

static void
test_dispatch(void)
{
	static const struct {
		const char *in, *want;
		unsigned int sets;
	} row[] = {
	    {"one 1\nmany 1 2 3\nmany 4\ntwo 1 2\n", "", 4},
	    {"one 1\n\none 2\n", "f:3: duplicate of line 1: one", 1},
	    {"two 1\n", "f:1: two: too few words", 0},
	    {"one\n", "f:1: one: too few words", 0},
	    {"one 1 2\n", "f:1: one: too many words", 0},
	    {"two 1 2 3 4\n", "f:1: two: too many words", 0},
	    {"many\n", "f:1: many: too few words", 0},
	    {"on 1\n", "f:1: unknown keyword: on", 0},
	    {"One 1\n", "f:1: unknown keyword: One", 0},
	    {"\"one \" 1\n", "f:1: unknown keyword: one ", 0},
	    {"many 1\none bad\n", "f:2: bad: not a value", 1},
	};
	struct errmsg e;
	struct ctx c;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&c, 0, sizeof(c));
		e.text[0] = '\0';
		CHECK(conf_parse("f", row[i].in, strlen(row[i].in), dispatch, &c, &e) ==
		      (row[i].want[0] != '\0' ? -1 : 0));
		CHECK_STR(e.text, row[i].want);
		CHECK(c.sets == row[i].sets);
	}
}

int
main(void)
{
	test_good();
	test_bad();
	test_limits();
	test_bytes();
	test_dispatch();
	return check_done();
}
