/*
 * The kinds table, made from proto/kinds.def as constant data, and the judging of argument values.
 *
 * Each KIND row opens a struct whose members are its ARG (BLOB, STEP) rows: a row's offset there is
 * its index and the size is their number. So a row under the wrong kind, one too many, or a number
 * given twice does not compile.
 */
#include "proto/job.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/strutil.h"
#include "lib/valid.h"

#define CAT2(a, b) a##b
#define CAT(a, b)  CAT2(a, b)
#define ROW	   CAT(row, __LINE__)

struct args_of_none {
	char base;
#define KIND(num, sym, ...)    \
	}                      \
	;                      \
	struct args_of_##sym { \
		char base;
#define ARG(...) char ROW;
#include KINDS_DEF
};

struct blobs_of_none {
	char base;
#define KIND(num, sym, ...)     \
	}                       \
	;                       \
	struct blobs_of_##sym { \
		char base;
#define BLOB(...) char ROW;
#include KINDS_DEF
};

struct steps_of_none {
	char base;
#define KIND(num, sym, ...)     \
	}                       \
	;                       \
	struct steps_of_##sym { \
		char base;
#define STEP(...) char ROW;
#include KINDS_DEF
};

#define AT(what, sym)	 offsetof(struct what##_of_##sym, ROW) - 1
#define COUNT(what, sym) sizeof(struct what##_of_##sym) - 1

static const struct kind kinds[KIND_MAX] = {
/* clang-format off */
#define KIND(num, sym, nm, pc, cc, fl, secs, maxsecs, gr, cap, st, does) \
	[num].id = KIND_##sym, [num].name = nm, [num].par = KP_##pc, [num].cancel = KC_##cc, \
	[num].flags = fl, [num].seconds = secs, [num].maxseconds = maxsecs, [num].grace = gr, \
	[num].outcap = cap, [num].stall = st, [num].doc = does, \
	[num].nargs = COUNT(args, sym), [num].nblobs = COUNT(blobs, sym), \
	[num].nsteps = COUNT(steps, sym),
#define ARG(sym, nm, ty, lo, hi, wds, fl, does) \
	[KIND_##sym].args[AT(args, sym)] = { nm, AT_##ty, lo, hi, wds, fl, does },
#define BLOB(sym, nm, fl, does) [KIND_##sym].blobs[AT(blobs, sym)] = { nm, fl, does },
#define STEP(sym, nm, prof, fl) [KIND_##sym].steps[AT(steps, sym)] = { nm, PR_##prof, fl },
#include KINDS_DEF
    /* clang-format on */
};

/* One row a type: its name, its rule in words, and the check when the string alone decides. */
static const struct {
	const char *name, *must;
	int (*valid)(const char *);
} types[AT_MAX] = {
    [AT_IDENT] = {"ident", "letters, digits and . _ -, at most 64, the first a letter or digit",
	valid_ident},
    [AT_PKGNAME] = {"pkgname", "a package name", valid_pkgname},
    [AT_PKGVER] = {"pkgver", "a package version", valid_pkgver},
    [AT_PKGGLOB] = {"pkgglob", "a package name, or the start of one and a *", valid_pkgglob},
    [AT_UNIT] = {"unit", "a systemd unit's name", valid_unit},
    [AT_HOSTNAME] = {"hostname", "a host name in lower case", valid_hostname},
    [AT_INT] = {"int", "a number", NULL},
    [AT_BOOL] = {"bool", "yes or no", NULL},
    [AT_ENUM] = {"enum", "one of its words", NULL},
    [AT_PATH] = {"path", "an absolute path without //, . or ..", valid_path},
    [AT_CIDR] = {"cidr", "an IPv4 or IPv6 address, or a network with no host bits set", valid_cidr},
    [AT_PORT] = {"port", "a port from 1 to 65535", NULL},
    [AT_TEXT] = {"text", "text", NULL},
    [AT_SHA256] = {"sha256", "\"sha256:\" and 64 lower-case hex digits", valid_sha256},
    [AT_JOBID] = {"jobid", "32 lower-case hex digits", NULL},
};

const struct kind *
kind_bynum(uint32_t num)
{
	if (num == 0 || num >= KIND_MAX || kinds[num].name == NULL)
		return NULL;
	return &kinds[num];
}

const struct kind *
kind_nth(size_t n)
{
	uint32_t i;

	for (i = 1; i < KIND_MAX; i++)
		if (kinds[i].name != NULL && n-- == 0)
			return &kinds[i];
	return NULL;
}

const struct kind *
kind_byname(const char *name)
{
	uint32_t i;

	for (i = 1; i < KIND_MAX; i++)
		if (kinds[i].name != NULL && strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

const char *
arg_typename(enum arg_type t)
{
	return (unsigned int)t < AT_MAX ? types[t].name : "?";
}

int
arg_type_byname(const char *s)
{
	int i;

	for (i = 0; i < AT_MAX; i++)
		if (strcmp(types[i].name, s) == 0)
			return i;
	return -1;
}

const char *
profile_name(enum profile_id p)
{
	static const char *const names[PR_MAX] = {[PR_NONE] = "none",
	    [PR_FACTS] = "facts",
	    [PR_SELFTEST] = "selftest",
	    [PR_SCRIPT] = "script",
	    [PR_PKG] = "pkg",
	    [PR_PKGPLAN] = "pkgplan",
	    [PR_PKGLIST] = "pkglist",
	    [PR_HAPSOCK] = "hapsock",
	    [PR_VITALS] = "vitals"};

	return (unsigned int)p < PR_MAX ? names[p] : "?";
}

const char *
kind_parname(enum kind_par p)
{
	switch (p) {
	case KP_READ:
		return "read";
	case KP_PKG:
		return "pkg";
	case KP_HAPROXY:
		return "haproxy";
	case KP_SCRIPT:
		return "script";
	}
	return "?";
}

const char *
kind_cancelname(enum kind_cancel c)
{
	switch (c) {
	case KC_ANY:
		return "any";
	case KC_SIGNED:
		return "signed";
	case KC_NEVER:
		return "never";
	}
	return "?";
}

const struct kind_arg *
kind_arg(const struct kind *k, const char *name)
{
	size_t i;

	for (i = 0; i < k->nargs; i++)
		if (strcmp(k->args[i].name, name) == 0)
			return &k->args[i];
	return NULL;
}

/* 1 when S is one of the comma-separated WORDS. */
static int
in_words(const char *words, const char *s)
{
	size_t n = strlen(s);
	const char *p;

	for (p = words; p != NULL; p = strchr(p, ','), p = p == NULL ? NULL : p + 1)
		if (n > 0 && strncmp(p, s, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return strchr(s, ',') == NULL;
	return 0;
}

static int
text_ok(const struct kind_arg *a, const char *value)
{
	size_t n = strlen(value);

	if ((int64_t)n < a->low || (int64_t)n > a->high)
		return 0;
	return (a->flags & AF_B64) != 0 || str_printable(value, n);
}

static int
value_ok(const struct kind_arg *a, const char *value)
{
	uint64_t n;

	switch (a->type) {
	case AT_INT:
		return str_u64(value, (uint64_t)a->low, (uint64_t)a->high, &n) == 0;
	case AT_PORT:
		return str_u64(value, 1, 65535, &n) == 0;
	case AT_BOOL:
		return in_words("yes,no", value);
	case AT_ENUM:
		return in_words(a->words, value);
	case AT_TEXT:
		return text_ok(a, value);
	case AT_JOBID:
		return valid_hex(value, JOB_IDLEN);
	default:
		return types[a->type].valid(value);
	}
}

int
arg_check(const struct kind_arg *a, const char *value, struct errmsg *e)
{
	char must[200];

	if (value_ok(a, value))
		return 0;
	arg_must(a, must, sizeof(must));
	if (a->flags & AF_SEAL)
		return err_set(e, "argument %s: must be %s", a->name, must);
	return err_set(e, "argument %s: must be %s, not \"%.64s\"", a->name, must, value);
}

void
arg_must(const struct kind_arg *a, char *buf, size_t size)
{
	switch (a->type) {
	case AT_INT:
		snprintf(
		    buf, size, "a number from %lld to %lld", (long long)a->low, (long long)a->high);
		break;
	case AT_ENUM:
		snprintf(buf, size, "one of %s", a->words);
		break;
	case AT_TEXT:
		snprintf(buf, size, "%lld to %lld %s", (long long)a->low, (long long)a->high,
		    a->flags & AF_B64 ? "bytes, none of them NUL" : "bytes of printable ASCII");
		break;
	default:
		snprintf(buf, size, "%s", types[a->type].must);
		break;
	}
}
