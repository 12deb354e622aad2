/* scripts.conf, read: which scripts there are, and as whom and how each runs. */

#include <linux/capability.h>

#include <stdlib.h>
#include <string.h>

#include "lib/confline.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "privd/scripts_check.h"

#define SCRIPTS_MAX  256
#define SCRIPTS_FORM "a line is NAME = /PATH [user=NAME] [caps=CAP_A,CAP_B] ..."

struct scripts {
	struct script *s;
	unsigned int n;
};

/*
 * The capabilities that a script may be given. Whoever holds one marked root can make himself root,
 * or undo what this host's protection rests on (the clock, other processes): those only with the
 * word root-equivalent. capabilities(7).
 */
static const struct {
	const char *name;
	int bit;
	int root;
} caps[] = {
    {"CAP_AUDIT_READ", CAP_AUDIT_READ, 0},
    {"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, 0},
    {"CAP_IPC_LOCK", CAP_IPC_LOCK, 0},
    {"CAP_NET_ADMIN", CAP_NET_ADMIN, 0},
    {"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE, 0},
    {"CAP_NET_BROADCAST", CAP_NET_BROADCAST, 0},
    {"CAP_NET_RAW", CAP_NET_RAW, 0},
    {"CAP_SYSLOG", CAP_SYSLOG, 0},
    {"CAP_SYS_NICE", CAP_SYS_NICE, 0},
    {"CAP_WAKE_ALARM", CAP_WAKE_ALARM, 0},
    {"CAP_CHOWN", CAP_CHOWN, 1},
    {"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE, 1},
    {"CAP_FOWNER", CAP_FOWNER, 1},
    {"CAP_FSETID", CAP_FSETID, 1},
    {"CAP_KILL", CAP_KILL, 1},
    {"CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE, 1},
    {"CAP_MKNOD", CAP_MKNOD, 1},
    {"CAP_SETFCAP", CAP_SETFCAP, 1},
    {"CAP_SETGID", CAP_SETGID, 1},
    {"CAP_SETPCAP", CAP_SETPCAP, 1},
    {"CAP_SETUID", CAP_SETUID, 1},
    {"CAP_SYS_ADMIN", CAP_SYS_ADMIN, 1},
    {"CAP_SYS_BOOT", CAP_SYS_BOOT, 1},
    {"CAP_SYS_CHROOT", CAP_SYS_CHROOT, 1},
    {"CAP_SYS_MODULE", CAP_SYS_MODULE, 1},
    {"CAP_SYS_PTRACE", CAP_SYS_PTRACE, 1},
    {"CAP_SYS_RAWIO", CAP_SYS_RAWIO, 1},
    {"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE, 1},
    {"CAP_SYS_TIME", CAP_SYS_TIME, 1},
    {"CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG, 1},
};
#define NCAPS (sizeof(caps) / sizeof(caps[0]))

static uint64_t
root_caps(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < NCAPS; i++)
		if (caps[i].root)
			set |= 1ULL << caps[i].bit;
	return set;
}

/* ---- options ---- */

static int
opt_user(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	size_t n = strlen(v);

	if (n == 0 || n >= sizeof(s->user) || strpbrk(v, ":/ \t") != NULL || v[0] == '-')
		return conf_err(l, e, "user: must be the name of a user");
	memcpy(s->user, v, n + 1);
	return 0;
}

static int
one_cap(const struct conf_line *l, struct script *s, const char *name, struct errmsg *e)
{
	for (size_t i = 0; i < NCAPS; i++) {
		if (strcmp(caps[i].name, name) != 0)
			continue;
		if (s->caps & 1ULL << caps[i].bit)
			return conf_err(l, e, "caps: stands twice: %s", name);
		s->caps |= 1ULL << caps[i].bit;
		return 0;
	}
	return conf_err(l, e, "caps: no capability that a script may have: \"%s\"", name);
}

static int
opt_caps(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	char list[1024], *p = list, *name;

	if (strlen(v) >= sizeof(list))
		return conf_err(l, e, "caps: the list is too long");
	memcpy(list, v, strlen(v) + 1);
	while ((name = strsep(&p, ",")) != NULL)
		if (one_cap(l, s, name, e) == -1)
			return -1;
	return 0;
}

static int
opt_write(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	char list[sizeof(s->write)], *p = list, *dir;

	if (strlen(v) >= sizeof(s->write))
		return conf_err(l, e, "write: longer than %zu bytes in all", sizeof(s->write) - 1);
	memcpy(list, v, strlen(v) + 1);
	while ((dir = strsep(&p, ":")) != NULL)
		if (!valid_path(dir))
			return conf_err(l, e, "write: not a normalised absolute path: \"%s\"", dir);
	memcpy(s->write, v, strlen(v) + 1);
	return 0;
}

static int
opt_network(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	if (strcmp(v, "yes") != 0 && strcmp(v, "no") != 0)
		return conf_err(l, e, "network: must be yes or no");
	s->net = strcmp(v, "yes") == 0;
	return 0;
}

static int
opt_number(const struct conf_line *l, const char *name, const char *v, uint32_t max, uint32_t *out,
    struct errmsg *e)
{
	uint64_t n;

	if (str_u64(v, 1, max, &n) == -1)
		return conf_err(l, e, "%s: must be a number from 1 to %u", name, max);
	*out = (uint32_t)n;
	return 0;
}

static int
opt_timeout(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	return opt_number(l, "timeout", v, kind_bynum(KIND_SCRIPT_RUN)->maxseconds, &s->timeout, e);
}

static int
opt_parallel(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	return opt_number(l, "parallel", v, 64, &s->parallel, e);
}

static int
opt_root(const struct conf_line *l, struct script *s, const char *v, struct errmsg *e)
{
	if (v != NULL)
		return conf_err(l, e, "root-equivalent: takes no value");
	s->root_equivalent = 1;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(const struct conf_line *, struct script *, const char *, struct errmsg *);
} options[] = {
    {"user", opt_user},
    {"caps", opt_caps},
    {"write", opt_write},
    {"network", opt_network},
    {"timeout", opt_timeout},
    {"parallel", opt_parallel},
    {"root-equivalent", opt_root},
};
#define NOPTIONS (sizeof(options) / sizeof(options[0]))

/* "NAME=VALUE", or the word root-equivalent alone. */
static int
option(const struct conf_line *l, struct script *s, const char *word, unsigned int *seen,
    struct errmsg *e)
{
	const char *eq = strchr(word, '=');
	size_t n = eq != NULL ? (size_t)(eq - word) : strlen(word);

	for (size_t i = 0; i < NOPTIONS; i++) {
		if (strlen(options[i].name) != n || memcmp(options[i].name, word, n) != 0)
			continue;
		if (*seen & 1U << i)
			return conf_err(l, e, "%s: stands twice", options[i].name);
		*seen |= 1U << i;
		if (eq == NULL && options[i].set != opt_root)
			return conf_err(l, e, "%s: must be %s=VALUE", word, word);
		return options[i].set(l, s, eq != NULL ? eq + 1 : NULL, e);
	}
	return conf_err(l, e, "unknown option: %s", word);
}

/* ---- a line ---- */

struct reader {
	const struct conf *c;
	struct scripts *list;
};

static int
set_name(const struct reader *r, const struct conf_line *l, struct script *s, struct errmsg *e)
{
	const struct script *old;

	if (!valid_ident(l->word[0]))
		return conf_err(l, e, "a script's name is letters, digits and . _ -, at most 64");
	if ((old = scripts_find(r->list, l->word[0])) != NULL)
		return conf_err(l, e, "duplicate of line %u: %s", old->line, l->word[0]);
	memcpy(s->name, l->word[0], strlen(l->word[0]) + 1);
	return 0;
}

static int
set_path(const struct conf *c, const struct conf_line *l, struct script *s, struct errmsg *e)
{
	const char *path = l->word[2];

	if (!valid_path(path))
		return conf_err(l, e, "%s: not a normalised absolute path: %s", s->name, path);
	for (unsigned int i = 0; i < c->nscriptdirs; i++)
		if (script_within(path, c->scriptdir[i]) && strcmp(path, c->scriptdir[i]) != 0) {
			memcpy(s->path, path, strlen(path) + 1);
			return 0;
		}
	return conf_err(l, e, "%s: %s is not under one of agent.conf's script-dirs", s->name, path);
}

static int
script_line(const struct conf_line *l, void *arg, struct errmsg *e)
{
	struct reader *r = arg;
	struct script *s = &r->list->s[r->list->n];
	unsigned int seen = 0;

	if (l->nwords == 0)
		return conf_err(l, e, "unknown section: %s (there are none here)", l->section[0]);
	if (r->list->n == SCRIPTS_MAX)
		return conf_err(l, e, "more than %d scripts", SCRIPTS_MAX);
	if (l->nwords < 3 || strcmp(l->word[1], "=") != 0)
		return conf_err(l, e, SCRIPTS_FORM);
	memset(s, 0, sizeof(*s));
	s->line = l->lineno;
	s->net = 1;
	s->parallel = 1;
	s->ids.uid = UID_NOBODY;
	s->ids.gid = (gid_t)-1;
	memcpy(s->user, user_name(USER_SCRIPT), strlen(user_name(USER_SCRIPT)) + 1);
	if (set_name(r, l, s, e) == -1 || set_path(r->c, l, s, e) == -1)
		return -1;
	for (int i = 3; i < l->nwords; i++)
		if (option(l, s, l->word[i], &seen, e) == -1)
			return -1;
	if ((s->caps & root_caps()) != 0 && !s->root_equivalent)
		return conf_err(l, e,
		    "caps: one of them makes its holder root: the word root-equivalent must say "
		    "so");
	r->list->n++;
	return 0;
}

/* ---- the file ---- */

static struct scripts *
scripts_new(const char *file, struct errmsg *e)
{
	struct scripts *list = calloc(1, sizeof(*list));

	if (list == NULL || (list->s = calloc(SCRIPTS_MAX, sizeof(list->s[0]))) == NULL) {
		err_errno(e, "%s", file);
		free(list);
		return NULL;
	}
	return list;
}

struct scripts *
scripts_fromtext(
    const struct conf *c, const char *file, const char *buf, size_t len, struct errmsg *e)
{
	struct reader r = {.c = c, .list = scripts_new(file, e)};

	if (r.list == NULL)
		return NULL;
	if (conf_parse(file, buf, len, script_line, &r, e) == -1) {
		scripts_free(r.list);
		return NULL;
	}
	return r.list;
}

/* Each script on this host; the first that does not hold ends it. */
static int
check_all(const struct conf *c, const char *file, struct scripts *list, struct errmsg *e)
{
	for (unsigned int i = 0; i < list->n; i++) {
		struct script *s = &list->s[i];

		if (script_user(c, s, e) == -1 || script_file(s, e) == -1 ||
		    script_writes(c, s, e) == -1)
			return err_prefix(e, "%s:%u: %s", file, s->line, s->name);
	}
	return 0;
}

struct scripts *
scripts_load(const struct conf *c, struct errmsg *e)
{
	struct scripts *list;
	char path[CONF_PATH], *buf;
	size_t len;
	int missing;

	if (conf_beside(c, "scripts.conf", path, e) == -1)
		return NULL;
	if (conf_slurp(path, CONF_FILE_MAX, &missing, &buf, &len, e) == -1)
		return missing ? scripts_new(path, e) : NULL;
	list = scripts_fromtext(c, path, buf, len, e);
	free(buf);
	if (list != NULL && check_all(c, path, list, e) == -1) {
		scripts_free(list);
		return NULL;
	}
	return list;
}

void
scripts_free(struct scripts *list)
{
	if (list == NULL)
		return;
	free(list->s);
	free(list);
}

const struct script *
scripts_find(const struct scripts *list, const char *name)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (strcmp(list->s[i].name, name) == 0)
			return &list->s[i];
	return NULL;
}

const struct script *
scripts_nth(const struct scripts *list, unsigned int n)
{
	return n < list->n ? &list->s[n] : NULL;
}
