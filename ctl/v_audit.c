/* The verb audit: the chain of the audit trail, verified without the agent, on any machine. */

#include <sys/stat.h>

#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "ctl/ctl.h"
#include "proto/auditchain.h"
#include "proto/jsonout.h"

#define JSON_MAX 8192

/* What was verified so far. */
struct span {
	uint64_t first, last; /* 0: no line yet */
	char chain[AUDIT_CHAIN];
};

/* A file that cannot be read is no damaged trail: it exits with CTL_EXIT_AGENT. */
static int
open_regular(const char *path, off_t min, off_t max)
{
	struct stat st;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) == -1 ||
	    fstat(fd, &st) == -1)
		err(CTL_EXIT_AGENT, "%s", path);
	if (!S_ISREG(st.st_mode))
		errx(CTL_EXIT_AGENT, "%s: is not a regular file", path);
	if (st.st_size < min || st.st_size > max)
		errx(CTL_EXIT_AGENT, "%s: has %lld bytes; %s", path, (long long)st.st_size,
		    min == max ? "an audit key has 32" : "too large for an audit file");
	return fd;
}

static int
open_key(const char *key, const char *file)
{
	char copy[PATH_MAX], path[PATH_MAX + 16];

	if (key == NULL) {
		if (strlen(file) >= sizeof(copy))
			errx(CTL_EXIT_AGENT, "%s: name too long", file);
		strcpy(copy, file);
		snprintf(path, sizeof(path), "%s/audit.key", dirname(copy));
		key = path;
	}
	return open_regular(key, AUDIT_KEYLEN, AUDIT_KEYLEN);
}

/* The number of a file's first line; 0 when it has none. */
static uint64_t
first_seq(int fd)
{
	char buf[AUDIT_LINE], chain[AUDIT_CHAIN];
	const char *nl;
	uint64_t seq;
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	if (n <= 0 || (nl = memchr(buf, '\n', (size_t)n)) == NULL ||
	    auditchain_split(buf, (size_t)(nl - buf), &seq, chain) == -1)
		return 0;
	return seq;
}

static int
verify_file(struct span *s, int keyfd, const char *path, struct errmsg *e)
{
	int fd = open_regular(path, 0, (off_t)AUDIT_FILE_MAX), r;

	r = audit_verify(fd, keyfd, &s->last, s->chain, e);
	if (s->first == 0)
		s->first = first_seq(fd);
	close(fd);
	return r;
}

static void
print_json(const struct span *s, const char *file, const struct errmsg *e)
{
	struct jsonout j;
	const char *text;

	jo_init(&j, JSON_MAX);
	jo_obj(&j, NULL);
	jo_bool(&j, "ok", file == NULL);
	if (file == NULL) {
		jo_u64(&j, "lines", s->first == 0 ? 0 : s->last - s->first + 1);
		jo_u64(&j, "first", s->first);
		jo_u64(&j, "last", s->last);
		jo_str(&j, "chain", s->chain);
	} else {
		jo_str(&j, "file", file);
		jo_str(&j, "reason", e->text);
	}
	jo_end(&j);
	if ((text = jo_text(&j)) == NULL)
		errx(CTL_EXIT_AGENT, "too much for one answer");
	puts(text);
	jo_free(&j);
}

static int
verify_all(struct ctl *c, const char *key, char **files)
{
	struct span s = {0, 0, ""};
	int keyfd = open_key(key, files[0]);
	struct errmsg e;

	for (; *files != NULL; files++) {
		if (verify_file(&s, keyfd, *files, &e) == 0)
			continue;
		if (c->json)
			print_json(&s, *files, &e);
		warnx("%s: %s", *files, e.text);
		close(keyfd);
		return CTL_EXIT_NOTOK;
	}
	close(keyfd);
	if (c->json)
		print_json(&s, NULL, NULL);
	else if (s.first == 0)
		puts("ok: 0 lines");
	else
		printf("ok: %llu lines, seq %llu to %llu, chain %s\n",
		    (unsigned long long)(s.last - s.first + 1), (unsigned long long)s.first,
		    (unsigned long long)s.last, s.chain);
	return CTL_EXIT_OK;
}

int
verb_audit(struct ctl *c, int argc, char **argv)
{
	const char *key = NULL;
	int ch;

	if (argc < 2 || strcmp(argv[1], "verify") != 0)
		return ctl_usage("audit");
	argc--;
	argv++;
	while ((ch = getopt(argc, argv, "+k:")) != -1) {
		if (ch != 'k')
			return ctl_usage("audit");
		key = optarg;
	}
	if (argc == optind)
		return ctl_usage("audit");
	if (sodium_init() == -1)
		errx(CTL_EXIT_AGENT, "libsodium does not start");
	return verify_all(c, key, argv + optind);
}
