/*
 * proto/api*.c. Attack schema-closure: of each document every key is removed, doubled, renamed and
 * retyped, and one is added: all refused. Attack differential: what mutations of a message are
 * taken say the same when they are written and read again, and order and blanks say nothing.
 */
#include "proto/api.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"
#include "regress/unit/apikit.h"

static void
test_round(void)
{
	struct errmsg e;

	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d), *again;

		CHECKF(text != NULL, "%s", doc_name[d]);
		if (text == NULL)
			continue;
		CHECKF(json_gate(text, strlen(text), &e) == 0, "%s: %s", doc_name[d], e.text);
		again = kit_again(d, text, strlen(text), &e);
		CHECKF(again != NULL, "%s: %s: %s", doc_name[d], e.text, text);
		if (again != NULL)
			CHECK_STR(again, text);
		free(again);
		free(text);
	}
}

/* ---- schema-closure: a document is written anew with one change at one member ---- */

enum change {
	CH_NONE,
	CH_REMOVE,
	CH_DOUBLE,
	CH_RENAME,
	CH_CASE,
	CH_ADD,
	CH_NULL,
	CH_NUMBER,
	CH_MINUS,
	CH_FRACTION,
	CH_BIG,
	CH_STRING,
	CH_EMPTY,
	CH_TRUE,
	CH_ARRAY,
	CH_OBJECT,
	CH_WRAP,
	CH_MAX
};

static const char *const other[CH_MAX] = {[CH_NULL] = "null",
    [CH_NUMBER] = "18446744073709551615",
    [CH_MINUS] = "-1",
    [CH_FRACTION] = "1.5",
    [CH_BIG] = "18446744073709551616",
    [CH_STRING] = "\"\\u00e9 ?\"",
    [CH_EMPTY] = "\"\"",
    [CH_TRUE] = "true",
    [CH_ARRAY] = "[[]]",
    [CH_OBJECT] = "{\"zzz\":{}}"};

struct walk {
	struct json *j;
	struct jsonout o;
	enum change ch;
	int at, seen;	/* change the AT-th member of the document */
	char path[128]; /* which that was */
};

static void rewrite(struct walk *w, int v, const char *name);

static void
change(struct walk *w, int v, const char *name)
{
	char key[136];
	size_t len;
	const char *raw = json_raw(w->j, v, &len);

	snprintf(w->path, sizeof(w->path), "%s", name);
	switch (w->ch) {
	case CH_REMOVE:
		return;
	case CH_RENAME:
	case CH_CASE:
		snprintf(key, sizeof(key), "%s%s", name, w->ch == CH_RENAME ? "_" : "");
		if (w->ch == CH_CASE)
			key[0] = (char)(key[0] ^ 0x20);
		jo_raw(&w->o, key, raw, len);
		return;
	case CH_DOUBLE:
		jo_raw(&w->o, name, raw, len);
		jo_raw(&w->o, name, raw, len);
		return;
	case CH_ADD:
		jo_raw(&w->o, name, raw, len);
		jo_u64(&w->o, "zzz", 1);
		return;
	case CH_WRAP:
		jo_arr(&w->o, name);
		jo_raw(&w->o, NULL, raw, len);
		jo_end(&w->o);
		return;
	default:
		jo_raw(&w->o, name, other[w->ch], strlen(other[w->ch]));
	}
}

static void
rewrite_object(struct walk *w, int v, const char *name)
{
	char key[128];
	int me;

	jo_obj(&w->o, name);
	for (size_t n = 0; n < json_len(w->j, v); n++) {
		CHECK(json_key(w->j, v, n, key, sizeof(key)) == 0);
		me = w->seen++;
		if (me == w->at)
			change(w, json_at(w->j, v, n), key);
		else
			rewrite(w, json_at(w->j, v, n), key);
	}
	jo_end(&w->o);
}

static void
rewrite(struct walk *w, int v, const char *name)
{
	size_t len;
	const char *raw = json_raw(w->j, v, &len);

	if (json_type(w->j, v) == JSON_OBJECT && (name == NULL || strcmp(name, "vitals") != 0))
		rewrite_object(w, v, name);
	else if (json_type(w->j, v) == JSON_ARRAY) {
		jo_arr(&w->o, name);
		for (size_t n = 0; n < json_len(w->j, v); n++)
			rewrite(w, json_at(w->j, v, n), NULL);
		jo_end(&w->o);
	} else
		jo_raw(&w->o, name, raw, len);
}

/* The few changes that make another valid document. */
static int
still_valid(enum doc d, enum change ch, const char *path)
{
	static const struct {
		enum doc d;
		enum change ch;
		const char *path;
	} row[] = {
	    {DOC_ENROLL, CH_EMPTY, "machine"},
	    {DOC_ENROLLED, CH_EMPTY, "bearer"},
	    {DOC_HEARTBEAT, CH_EMPTY, "boot_id"},
	    {DOC_HEARTBEAT, CH_NULL, "vitals"},
	    {DOC_HEARTBEAT, CH_OBJECT, "vitals"},
	    {DOC_HEARTBEAT, CH_NUMBER, "seq"},
	    {DOC_HEARTBEAT, CH_REMOVE, "role"},
	    {DOC_HEARTBEAT, CH_REMOVE, "site"},
	    {DOC_HEARTBEAT, CH_RENAME, "role"},
	    {DOC_HEARTBEAT, CH_RENAME, "site"},
	    {DOC_HEARTBEAT, CH_CASE, "role"},
	    {DOC_HEARTBEAT, CH_CASE, "site"},
	    {DOC_BEAT, CH_NUMBER, "interval"},
	    {DOC_BEAT, CH_EMPTY, "seen_address"},
	    {DOC_CLAIMED, CH_NUMBER, "fence"},
	    {DOC_STATE, CH_NUMBER, "fence"},
	    {DOC_STATE, CH_EMPTY, "reason"},
	    {DOC_RESULT, CH_NUMBER, "fence"},
	    {DOC_ALREADY, CH_TRUE, "already"},
	    {DOC_ERROR, CH_STRING, "message"},
	    {DOC_ERROR, CH_EMPTY, "message"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i].d == d && row[i].ch == ch && strcmp(row[i].path, path) == 0)
			return 1;
	return 0;
}

static void
closure_one(enum doc d, struct walk *w)
{
	struct errmsg e = {.text = ""};
	const char *text;
	char *again;

	w->seen = 0;
	w->path[0] = '\0';
	jo_init(&w->o, API_BODY_MAX);
	rewrite(w, 0, NULL);
	text = jo_text(&w->o);
	CHECK(text != NULL);
	if (text != NULL && w->path[0] != '\0') {
		again = kit_again(d, text, strlen(text), &e);
		CHECKF((again != NULL) == still_valid(d, w->ch, w->path), "%s: %s, change %d: %s",
		    doc_name[d], w->path, (int)w->ch, text);
		CHECKF(again != NULL || e.text[0] != '\0', "%s: no reason", doc_name[d]);
		free(again);
	}
	jo_free(&w->o);
}

static void
test_closure(void)
{
	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d);
		struct walk w = {.j = json_parse(text, strlen(text), NULL)};
		int members;

		CHECK(w.j != NULL);
		w.at = -1;
		closure_one(d, &w);
		members = w.seen;
		CHECK(members > 0);
		for (w.at = 0; w.at < members; w.at++)
			for (w.ch = CH_NONE + 1; w.ch < CH_MAX; w.ch++)
				closure_one(d, &w);
		json_free(w.j);
		free(text);
	}
}

/* Not an object, not a document, more than one. */
static void
test_frame(void)
{
	static const char *const bad[] = {
	    "", "[]", "\"x\"", "1", "null", "true", "{}", "[{}]", "{"};
	struct errmsg e;
	size_t len;
	char *text, *more;

	for (enum doc d = 0; d < DOC_MAX; d++) {
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			CHECKF(kit_again(d, bad[i], strlen(bad[i]), &e) == NULL, "%s: %s",
			    doc_name[d], bad[i]);
		text = kit_doc(d);
		len = strlen(text);
		more = malloc(len + API_BODY_MAX + 1);
		memset(more, ' ', len + API_BODY_MAX + 1);
		memcpy(more, text, len);
		free(kit_again(d, more, len + 1, &e));
		CHECK(kit_again(d, more, API_BODY_MAX + 1, &e) == NULL);
		more[len] = 'x';
		CHECK(kit_again(d, more, len + 1, &e) == NULL);
		more[len] = '\0';
		CHECK(kit_again(d, more, len + 1, &e) == NULL);
		for (size_t n = 0; n < len; n++)
			CHECKF(kit_again(d, text, n, &e) == NULL, "%s cut at %zu", doc_name[d], n);
		free(more);
		free(text);
	}
}

/* ---- differential ---- */

static uint32_t
rnd(uint32_t n)
{
	static uint64_t x = 2463534242ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)((x >> 16) % n);
}

/* What is taken is written in one way, and that way reads back as itself. Returns 1 when taken. */
static int
stable(enum doc d, const char *buf, size_t len)
{
	struct errmsg e;
	char *one = kit_again(d, buf, len, &e), *two;

	if (one == NULL)
		return 0;
	two = kit_again(d, one, strlen(one), &e);
	CHECKF(two != NULL, "%s: %s: %s", doc_name[d], e.text, one);
	if (two != NULL)
		CHECK_STR(two, one);
	free(one);
	free(two);
	return 1;
}

static void
test_mutations(void)
{
	static char buf[8192];
	size_t taken = 0, total = 0, len;

	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d);

		CHECK(strlen(text) + 8 < sizeof(buf));
		for (unsigned int i = 0; i < 4000; i++) {
			len = strlen(text);
			memcpy(buf, text, len);
			for (uint32_t k = rnd(2) + 1; k > 0; k--)
				buf[rnd((uint32_t)len)] =
				    (char)(rnd(3) ? 0x20 + rnd(0x5f) : rnd(256));
			total++;
			taken += (size_t)stable(d, buf, len);
		}
		free(text);
	}
	CHECKF(taken > total / 100 && taken < total / 2, "%zu of %zu taken", taken, total);
}

/* Blanks between all tokens, members in the other order, every string in escapes. */
static void
dress(struct jsonout *o, const struct json *j, int v, const char *name, int how)
{
	static const char blank[] = " \t\n\r";
	char key[128], s[8192], esc[6 * sizeof(s)];
	size_t n = json_len(j, v), len;

	if (json_type(j, v) == JSON_OBJECT) {
		jo_obj(o, name);
		for (size_t i = 0; i < n; i++) {
			CHECK(json_key(j, v, n - 1 - i, key, sizeof(key)) == 0);
			dress(o, j, json_at(j, v, n - 1 - i), key, how);
		}
		jo_end(o);
	} else if (json_type(j, v) == JSON_ARRAY) {
		jo_arr(o, name);
		for (size_t i = 0; i < n; i++)
			dress(o, j, json_at(j, v, i), NULL, how);
		jo_end(o);
	} else if (json_str(j, v, s, sizeof(s)) == 0 && how == 1) {
		len = (size_t)sprintf(esc, "\"");
		for (const char *p = s; *p != '\0'; p++)
			len += (size_t)sprintf(esc + len, "\\u%04X", *p & 255u);
		len += (size_t)sprintf(esc + len, "\"%s", blank);
		jo_raw(o, name, esc, len);
	} else {
		const char *raw = json_raw(j, v, &len);

		snprintf(esc, sizeof(esc), "%s%.*s%s", blank, (int)len, raw, blank);
		jo_raw(o, name, esc, strlen(esc));
	}
}

static void
test_dressed(void)
{
	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d);
		struct json *j = json_parse(text, strlen(text), NULL);

		for (int how = 0; how < 2; how++) {
			struct jsonout o;
			struct errmsg e;
			const char *dressed;
			char *again;

			jo_init(&o, API_BODY_MAX);
			dress(&o, j, 0, NULL, how);
			dressed = jo_text(&o);
			CHECK(dressed != NULL);
			again = dressed == NULL ? NULL : kit_again(d, dressed, strlen(dressed), &e);
			CHECKF(again != NULL, "%s: %s", doc_name[d], e.text);
			/* tags and vitals keep the order and the bytes that they came in */
			if (again != NULL && d != DOC_HEARTBEAT)
				CHECK_STR(again, text);
			free(again);
			jo_free(&o);
		}
		json_free(j);
		free(text);
	}
}

int
main(void)
{
	test_round();
	test_closure();
	test_frame();
	test_mutations();
	test_dressed();
	return check_done();
}
