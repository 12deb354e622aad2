/* policy.conf, read. Whatever is not exactly understood is an error: no policy, no jobs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/confline.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "privd/policy_rules.h"

enum sect { SECT_NONE, SECT_KEY, SECT_LIMIT };

#define KEY_WORDS 4

struct reader {
	struct policy *p;
	const char *file;
	policy_keyfn readkey;
	const void *readarg;
	enum sect sect;
	unsigned int seen[KEY_WORDS]; /* lines, in the order of key_words[] */
	unsigned int limitline;	      /* of [limit] */
};

static struct policy_key *
this_key(struct reader *r)
{
	return &r->p->key[r->p->nkeys - 1];
}

/* ---- [key NAME] ---- */

/* One key in two sections would have two sets of rights. */
static int
check_other_key(struct reader *r, const struct conf_line *l, struct errmsg *e)
{
	const struct policy_key *new = this_key(r);

	for (unsigned int i = 0; i + 1 < r->p->nkeys; i++)
		if (memcmp(r->p->key[i].pub.key, new->pub.key, sizeof(new->pub.key)) == 0)
			return conf_err(
			    l, e, "file: the same key as that of [key %s]", r->p->key[i].name);
	return 0;
}

static int
key_file(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reader *r = arg;
	struct policy_key *k = this_key(r);
	char path[1024], *buf;
	size_t len;
	int rv;

	if (snprintf(path, sizeof(path), "/%s", l->word[1]) >= (int)sizeof(path) ||
	    !valid_path(path))
		return conf_err(l, e,
		    "file: must be a path beneath the directory of this file, without \"..\"");
	if (r->readkey(r->readarg, l->word[1], &buf, &len, e) == -1)
		return err_prefix(e, "%s:%u: file", l->file, l->lineno);
	rv = pubkey_parse(&k->pub, buf, len, e);
	free(buf);
	if (rv == -1)
		return err_prefix(e, "%s:%u: file %s", l->file, l->lineno, l->word[1]);
	if (!pubkey_usable(&k->pub))
		return conf_err(l, e, "file %s: not a point that a key may be", l->word[1]);
	return check_other_key(r, l, e);
}

static int
key_role(const struct conf_line *l, void *arg, struct errmsg *e)
{
	int role = role_byname(l->word[1]);

	if (role == -1)
		return conf_err(l, e, "role: must be admin, operator, automation or online");
	this_key(arg)->role = (enum key_role)role;
	return 0;
}

static int
key_holder(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct policy_key *k = this_key(arg);

	if (!valid_ident(l->word[1]))
		return conf_err(l, e, "holder: must be letters, digits and . _ -, at most 64");
	memcpy(k->holder, l->word[1], strlen(l->word[1]) + 1);
	return 0;
}

/* A pattern of idents: an ident, the start of one and a '*', or '*' alone. */
static int
valid_subpattern(const char *s)
{
	char start[66];
	size_t n = strlen(s);

	if (n == 0 || n >= sizeof(start))
		return 0;
	if (s[n - 1] != '*')
		return valid_ident(s);
	memcpy(start, s, n - 1);
	start[n - 1] = '\0';
	return n == 1 || valid_ident(start);
}

static int
some_kind(const char *pattern)
{
	const struct kind *k;

	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++)
		if (policy_kindmatch(pattern, k))
			return 1;
	return 0;
}

/* The part before ':'. */
static int
check_kindpattern(const struct conf_line *l, const char *pattern, struct errmsg *e)
{
	const char *star = strchr(pattern, '*');

	if (star != NULL && (strchr(star + 1, '*') != NULL || (star != pattern && star[1] != '\0')))
		return conf_err(
		    l, e, "allow: a * stands at the start or at the end of a kind: %s", pattern);
	if (some_kind(pattern))
		return 0;
	if (star != NULL)
		return conf_err(l, e,
		    "allow: %s matches no kind (a * matches harmless kinds only; write the others "
		    "out)",
		    pattern);
	return conf_err(l, e, "allow: there is no kind %s", pattern);
}

static int
split_allow(const struct conf_line *l, const char *word, struct policy_allow *a, struct errmsg *e)
{
	const char *colon = strchr(word, ':');
	size_t n = colon != NULL ? (size_t)(colon - word) : strlen(word);

	if (n >= sizeof(a->kind))
		return conf_err(l, e, "allow: there is no kind %s", word);
	memcpy(a->kind, word, n);
	a->kind[n] = '\0';
	if (check_kindpattern(l, a->kind, e) == -1)
		return -1;
	if (colon == NULL)
		return 0;
	if (strcmp(a->kind, kind_bynum(KIND_SCRIPT_RUN)->name) != 0)
		return conf_err(
		    l, e, "allow: only script.run takes a name after a colon: %s", word);
	if (!valid_subpattern(colon + 1))
		return conf_err(l, e,
		    "allow: after the colon stands a script's name, or the start of one and a *: "
		    "%s",
		    word);
	memcpy(a->sub, colon + 1, strlen(colon + 1) + 1);
	return 0;
}

static int
key_allow(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reader *r = arg;
	struct policy *p = r->p;

	for (int i = 1; i < l->nwords; i++) {
		struct policy_allow *a = &p->allow[p->nallows];

		if (p->nallows == POLICY_ALLOWS)
			return conf_err(l, e, "allow: more than %d words", POLICY_ALLOWS);
		if (split_allow(l, l->word[i], a, e) == -1)
			return -1;
		a->key = p->nkeys - 1;
		a->line = l->lineno;
		for (const struct policy_allow *b = p->allow; b < a; b++)
			if (b->key == a->key && strcmp(b->kind, a->kind) == 0 &&
			    strcmp(b->sub, a->sub) == 0)
				return conf_err(
				    l, e, "allow: duplicate of line %u: %s", b->line, l->word[i]);
		p->nallows++;
	}
	return 0;
}

static const struct conf_key key_words[KEY_WORDS] = {
    {"file", 1, 1, 0, key_file},
    {"role", 1, 1, 0, key_role},
    {"holder", 1, 1, 0, key_holder},
    {"allow", 1, -1, 1, key_allow},
};

static int
begin_key(struct reader *r, const struct conf_line *l, struct errmsg *e)
{
	struct policy *p = r->p;
	struct policy_key *k;

	if (l->nsection != 2 || !valid_ident(l->section[1]))
		return conf_err(l, e, "a key's section is [key NAME]: letters, digits and . _ -");
	for (unsigned int i = 0; i < p->nkeys; i++)
		if (strcmp(p->key[i].name, l->section[1]) == 0)
			return conf_err(
			    l, e, "duplicate of line %u: [key %s]", p->key[i].line, l->section[1]);
	if (p->nkeys == POLICY_KEYS)
		return conf_err(l, e, "more than %d keys", POLICY_KEYS);
	k = &p->key[p->nkeys++];
	memcpy(k->name, l->section[1], strlen(l->section[1]) + 1);
	k->line = l->lineno;
	memset(r->seen, 0, sizeof(r->seen));
	r->sect = SECT_KEY;
	return 0;
}

/* What an allow line of this role may not hold. */
static int
check_role(const struct reader *r, const struct policy_key *k, struct errmsg *e)
{
	for (unsigned int i = 0; i < r->p->nallows; i++) {
		const struct policy_allow *a = &r->p->allow[i];
		const struct kind *kind = kind_byname(a->kind); /* NULL: a pattern, so harmless */

		if (a->key != r->p->nkeys - 1)
			continue;
		if (k->role == ROLE_ADMIN)
			return err_set(
			    e, "%s:%u: allow: an admin key signs no jobs", r->file, a->line);
		if (k->role == ROLE_ONLINE && kind != NULL && !(kind->flags & KF_HARMLESS))
			return err_set(e,
			    "%s:%u: allow: an online key may order harmless kinds only, not %s",
			    r->file, a->line, a->kind);
	}
	return 0;
}

/* Called at the next header and at the end: a key's section must be whole. */
static int
end_section(struct reader *r, struct errmsg *e)
{
	if (r->sect != SECT_KEY)
		return 0;
	for (int i = 0; i < KEY_WORDS; i++)
		if (r->seen[i] == 0 && !key_words[i].many)
			return err_set(e, "%s:%u: [key %s] has no %s", r->file, this_key(r)->line,
			    this_key(r)->name, key_words[i].name);
	return check_role(r, this_key(r), e);
}

/* ---- [limit] ---- */

/* A value without a '*' that no argument under this limit can hold is a slip of the pen. */
static int
value_possible(const struct policy_limit *l, const char *value)
{
	const struct kind *k;

	if (value[strlen(value) - 1] == '*')
		return 1;
	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++)
		for (size_t n = 0; n < k->nargs; n++)
			if (policy_limits(l, k, &k->args[n]) && !(k->args[n].flags & AF_SEAL) &&
			    arg_check(&k->args[n], value, NULL) == 0)
				return 1;
	return 0;
}

static int
limit_value(const struct conf_line *l, struct policy_limit *lim, const char *v, struct errmsg *e)
{
	if (strcmp(v, "(none)") == 0) {
		if (lim->none)
			return conf_err(l, e, "limit: stands twice: (none)");
		lim->none = 1;
		return 0;
	}
	if (v[0] == '\0' || strcspn(v, "*") < strlen(v) - 1)
		return conf_err(l, e, "limit: a value may have a * at its end only: \"%s\"", v);
	if (!value_possible(lim, v))
		return conf_err(
		    l, e, "limit: no argument of type %s can be %s", arg_typename(lim->type), v);
	for (unsigned int i = 0; i < lim->nvalues; i++)
		if (strcmp(lim->value[i], v) == 0)
			return conf_err(l, e, "limit: stands twice: %s", v);
	if ((lim->value[lim->nvalues] = strdup(v)) == NULL)
		return conf_err(l, e, "out of memory");
	lim->nvalues++;
	return 0;
}

/* 1 when some argument is under this limit: one that limits nothing is an error. */
static int
limits_something(const struct policy_limit *l)
{
	const struct kind *k;

	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++)
		for (size_t n = 0; n < k->nargs; n++)
			if (policy_limits(l, k, &k->args[n]))
				return 1;
	return 0;
}

/* "[KIND] TYPE" at the head of the line. Returns where the values begin, or -1. */
static int
limit_head(const struct conf_line *l, struct policy_limit *lim, struct errmsg *e)
{
	int at = strchr(l->word[0], '.') != NULL ? 1 : 0, type;

	if (at == 1 && (lim->kind = kind_byname(l->word[0])) == NULL)
		return conf_err(l, e, "limit: there is no kind %s", l->word[0]);
	if (at >= l->nwords)
		return conf_err(l, e, "limit: too few words: [KIND] TYPE VALUE...");
	if ((type = arg_type_byname(l->word[at])) == -1)
		return conf_err(l, e, "limit: there is no argument type %s", l->word[at]);
	lim->type = (enum arg_type)type;
	if (!limits_something(lim))
		return conf_err(l, e, "limit: %s has no argument of type %s",
		    lim->kind != NULL ? lim->kind->name : "this version", l->word[at]);
	if (at + 1 >= l->nwords)
		return conf_err(l, e, "limit: too few words: [KIND] TYPE VALUE...");
	return at + 1;
}

static int
limit_line(struct reader *r, const struct conf_line *l, struct errmsg *e)
{
	struct policy *p = r->p;
	struct policy_limit *lim = &p->limit[p->nlimits];
	int at;

	if (p->nlimits == POLICY_LIMITS)
		return conf_err(l, e, "limit: more than %d lines", POLICY_LIMITS);
	lim->line = l->lineno;
	if ((at = limit_head(l, lim, e)) == -1)
		return -1;
	for (unsigned int i = 0; i < p->nlimits; i++)
		if (p->limit[i].kind == lim->kind && p->limit[i].type == lim->type)
			return conf_err(l, e, "limit: duplicate of line %u", p->limit[i].line);
	if ((lim->value = calloc((size_t)l->nwords, sizeof(lim->value[0]))) == NULL)
		return conf_err(l, e, "out of memory");
	p->nlimits++; /* policy_free() owns it from here */
	for (; at < l->nwords; at++)
		if (limit_value(l, lim, l->word[at], e) == -1)
			return -1;
	return 0;
}

static int
begin_limit(struct reader *r, const struct conf_line *l, struct errmsg *e)
{
	if (l->nsection != 1)
		return conf_err(l, e, "the section is [limit], its lines stand beneath");
	if (r->limitline != 0)
		return conf_err(l, e, "duplicate of line %u: [limit]", r->limitline);
	r->limitline = l->lineno;
	r->sect = SECT_LIMIT;
	return 0;
}

/* ---- the file ---- */

/* Words whose rules this version cannot keep: refused, so that nobody believes them kept. */
static int
not_yet(const char *name)
{
	return strcmp(name, "require") == 0 || strcmp(name, "approve") == 0 ||
	       strcmp(name, "window") == 0;
}

static int
policy_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reader *r = arg;

	if (l->nwords > 0) {
		if (r->sect == SECT_KEY)
			return conf_dispatch(key_words, KEY_WORDS, r->seen, l, r, e);
		if (r->sect == SECT_LIMIT)
			return limit_line(r, l, e);
		return conf_err(l, e, "%s stands before the first section", l->word[0]);
	}
	if (end_section(r, e) == -1)
		return -1;
	if (strcmp(l->section[0], "key") == 0)
		return begin_key(r, l, e);
	if (strcmp(l->section[0], "limit") == 0)
		return begin_limit(r, l, e);
	if (not_yet(l->section[0]))
		return conf_err(l, e,
		    "%s is not yet supported; remove the line (nothing weaker is assumed)",
		    l->section[0]);
	return conf_err(l, e, "unknown section: %s", l->section[0]);
}

struct policy *
policy_fromtext(const char *file, const char *buf, size_t len, policy_keyfn readkey,
    const void *arg, struct errmsg *e)
{
	struct reader r = {.file = file, .readkey = readkey, .readarg = arg};

	if ((r.p = calloc(1, sizeof(*r.p))) == NULL) {
		err_errno(e, "%s", file);
		return NULL;
	}
	if (conf_parse(file, buf, len, policy_line, &r, e) == -1 || end_section(&r, e) == -1) {
		policy_free(r.p);
		return NULL;
	}
	return r.p;
}

static int
key_from_disk(const void *arg, const char *name, char **buf, size_t *len, struct errmsg *e)
{
	char path[CONF_PATH];
	int missing;

	if (conf_beside(arg, name, path, e) == -1)
		return -1;
	return conf_slurp(path, SIGNIFY_TEXT_MAX, &missing, buf, len, e);
}

struct policy *
policy_load(const struct conf *c, struct errmsg *e)
{
	struct policy *p;
	char path[CONF_PATH], *buf;
	size_t len;
	int missing;

	if (conf_beside(c, "policy.conf", path, e) == -1 ||
	    conf_slurp(path, CONF_FILE_MAX, &missing, &buf, &len, e) == -1)
		return NULL;
	p = policy_fromtext(path, buf, len, key_from_disk, c, e);
	free(buf);
	return p;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	for (unsigned int i = 0; i < p->nlimits; i++) {
		for (unsigned int k = 0; k < p->limit[i].nvalues; k++)
			free(p->limit[i].value[k]);
		free(p->limit[i].value);
	}
	free(p);
}

const struct policy_key *
policy_key(const struct policy *p, unsigned int n)
{
	return n < p->nkeys ? &p->key[n] : NULL;
}
