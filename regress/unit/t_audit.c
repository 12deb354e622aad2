/* privd/audit.c: lines, chain, torn ends, rotation, foreign files. Verifying alone: t_auditchain.
 */
#include <sys/resource.h>

#include <inttypes.h>
#include <time.h>

#include "privd/audit.h"
#include "proto/auditchain.h"
#include "regress/unit/statekit.h"

#define FULL (4 * 1024 * 1024)

static struct errmsg e;

static struct audit *
must_open(void)
{
	struct audit *a = audit_open(kit_fd, &e);

	if (a == NULL)
		errx(1, "%s", e.text);
	return a;
}

static int
verify(const char *name, uint64_t *last, char chain[AUDIT_CHAIN])
{
	int fd = openat(kit_fd, name, O_RDONLY | O_CLOEXEC), rv;
	int key = openat(kit_fd, "audit.key", O_RDONLY | O_CLOEXEC);

	e.text[0] = '\0';
	rv = audit_verify(fd, key, last, chain, &e);
	close(fd);
	close(key);
	return rv;
}

/* The whole trail of one file: it must hold, and end where A stands. */
static void
check_trail(const struct audit *a)
{
	char chain[AUDIT_CHAIN] = "", head[AUDIT_CHAIN];
	uint64_t last = 0, seq = audit_head(a, head);

	CHECKF(verify("audit", &last, chain) == 0, "%s", e.text);
	CHECK(last == seq);
	CHECK_STR(chain, head);
}

static void
test_lines(void)
{
	struct audit *a;
	uint64_t seq, when;
	char chain[AUDIT_CHAIN], *p;
	uint8_t *text;
	size_t len;
	int n = 0;

	kit_new();
	a = must_open();
	CHECK(audit_head(a, chain) == 0);
	CHECK_STR(chain, AUDIT_FIRST);
	CHECK(audit_event(a, "agent.start", NULL) == 0);
	CHECK(audit_event(a, "job.refuse", "id", NULL, "kind", "pkg.install", "reason",
		  "no \"key\"\n=x", "empty", "", NULL) == 0);
	CHECK(audit_head(a, chain) == 2);
	check_trail(a);
	text = kit_get("audit", &len);
	text[len] = '\0';
	p = strchr((char *)text, '\n') + 1;
	CHECKF(
	    sscanf(p,
		"event=job.refuse seq=%" SCNu64 " time=%" SCNu64
		" kind=pkg.install reason=no\\040\\042key\\042\\012=x empty= chain=%*32[0-9a-f]%n",
		&seq, &when, &n) == 2 &&
		n > 0 && p[n] == '\n' && p[n + 1] == '\0',
	    "%s", p);
	CHECK(seq == 2 && (uint64_t)time(NULL) - when < 100);
	free(text);
	audit_close(a);
	/* the next process goes on */
	a = must_open();
	CHECK(audit_event(a, "agent.stop", NULL) == 0);
	CHECK(audit_head(a, chain) == 3);
	check_trail(a);
	audit_close(a);
}

/* However long the values, a line keeps its bound and its chain. */
static void
test_long(void)
{
	static char big[5000], wild[5000];
	struct audit *a;
	uint8_t *text;
	size_t len;

	memset(big, 'x', sizeof(big) - 1);
	memset(wild, '\n', sizeof(wild) - 1);
	kit_new();
	a = must_open();
	for (int i = 0; i < 40; i++) {
		big[900 + i] = '\0';
		CHECK(audit_event(
			  a, "job.refuse", "reason", big, "more", wild, "last", big, NULL) == 0);
		big[900 + i] = 'x';
		CHECK(audit_event(a, "job.refuse", "reason", wild, "k1", wild, "k2", wild, "k3",
			  wild, NULL) == 0);
	}
	text = kit_get("audit", &len);
	for (size_t i = 0, start = 0; i < len; i++)
		if (text[i] == '\n') {
			CHECKF(i + 1 - start <= AUDIT_LINE, "%zu bytes", i + 1 - start);
			start = i + 1;
		}
	free(text);
	check_trail(a);
	audit_close(a);
}

/* torn-state: cut at every byte of the last line; the trail goes on and says what was lost. */
static void
test_torn(void)
{
	struct audit *a;
	uint8_t *text;
	size_t len, two = 0;
	char chain[AUDIT_CHAIN], lost[64];

	kit_new();
	a = must_open();
	for (int i = 0; i < 3; i++) {
		CHECK(audit_event(a, "job.accept", "id", "x", NULL) == 0);
		if (i == 1)
			free(kit_get("audit", &two));
	}
	audit_close(a);
	text = kit_get("audit", &len);
	for (size_t cut = two; cut <= len; cut++) {
		uint8_t *now;
		size_t n;

		kit_put("audit", text, cut);
		a = must_open();
		CHECK(audit_head(a, chain) == (cut == two ? 2U : 3U));
		now = kit_get("audit", &n);
		now[n] = '\0';
		snprintf(lost, sizeof(lost), " bytes=%zu chain=", cut - two);
		CHECKF((strstr((char *)now, lost) != NULL) == (cut != two && cut != len), "cut %zu",
		    cut);
		free(now);
		check_trail(a);
		audit_close(a);
	}
	/* a block that was never written: zeros before the newline */
	memset(text + two, 0, 20);
	kit_put("audit", text, len);
	a = must_open();
	CHECK(audit_head(a, chain) == 3);
	check_trail(a);
	audit_close(a);
	/* nothing but zeros */
	memset(text, 0, len);
	kit_put("audit", text, len);
	a = must_open();
	CHECK(audit_head(a, chain) == 1);
	check_trail(a);
	audit_close(a);
	free(text);
}

/* A last line that was changed is not torn: nobody writes over the evidence. */
static void
test_changed(void)
{
	static const char *const bad[] = {"hello\n", "event=x seq=1 time=5\n", "\n",
	    "event=x seq=1 time=5 chain=0123\n",
	    "event=x seq=-1 time=5 chain=00000000000000000000000000000000\n"};
	uint8_t *text;
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kit_new();
		audit_close(must_open());
		kit_put("audit", bad[i], strlen(bad[i]));
		CHECKF(audit_open(kit_fd, &e) == NULL, "%s", bad[i]);
		CHECK_STR(e.text,
		    "audit: its last line is damaged: move the audit files and the key away");
		text = kit_get("audit", &len);
		CHECK(len == strlen(bad[i]) && memcmp(text, bad[i], len) == 0);
		free(text);
	}
}

/* Fills audit to its bound, by the chain itself and without a sync a line. */
static void
fill(void)
{
	char line[AUDIT_LINE + 1], chain[AUDIT_CHAIN] = AUDIT_FIRST;
	uint8_t *key;
	size_t keylen, size = 0;
	FILE *f;
	int n;

	audit_close(must_open());
	key = kit_get("audit.key", &keylen);
	if ((f = fdopen(openat(kit_fd, "audit", O_WRONLY | O_CLOEXEC), "w")) == NULL)
		err(1, "audit");
	for (int i = 1; size < FULL; i++) {
		n = snprintf(line, sizeof(line), "event=x seq=%d time=1 pad=%0900d", i, i);
		auditchain_next(key, chain, line, (size_t)n, chain);
		size += (size_t)fprintf(f, "%s chain=%s\n", line, chain);
	}
	fclose(f);
	free(key);
}

static void
test_rotation(void)
{
	char chain[AUDIT_CHAIN] = "", head[AUDIT_CHAIN], name[24];
	uint64_t last = 0, seq;
	struct audit *a;

	kit_new();
	fill();
	for (int i = 1; i <= 4; i++) {
		snprintf(name, sizeof(name), "audit.%d", i);
		kit_put(name, &i, sizeof(i));
	}
	a = must_open();
	seq = audit_head(a, head);
	CHECK(audit_event(a, "job.accept", "id", "x", NULL) == 0);
	CHECK(audit_head(a, head) == seq + 2);
	CHECK(kit_there("audit.1") && kit_there("audit.4") && !kit_there("audit.5"));
	CHECK(!kit_there("audit.new"));
	check_trail(a); /* alone, from the chain that its first line names */
	CHECKF(verify("audit.1", &last, chain) == 0 && last == seq, "%s", e.text);
	CHECKF(verify("audit", &last, chain) == 0 && last == seq + 2, "%s", e.text);
	CHECK_STR(chain, head);
	audit_close(a);
	/* a crash between the two renames, and one before the new file's first line */
	for (int i = 0; i < 2; i++) {
		kit_must(unlinkat(kit_fd, "audit", 0), "unlink");
		if (i == 1)
			kit_put("audit", "", 0);
		kit_put("audit.new", "", 0);
		a = must_open();
		CHECKF(audit_head(a, head) == seq + 1, "seq %" PRIu64, audit_head(a, head));
		check_trail(a);
		audit_close(a);
	}
	last = seq - 1;
	memset(chain, '0', sizeof(chain) - 1);
	CHECK(verify("audit", &last, chain) == -1);
}

/* Without its key a trail cannot go on; a key of another length is none. */
static void
test_key(void)
{
	kit_new();
	audit_close(must_open());
	kit_must(unlinkat(kit_fd, "audit.key", 0), "unlink");
	CHECK(audit_open(kit_fd, &e) == NULL);
	CHECKF(strstr(e.text, "audit.key is missing") != NULL, "%s", e.text);
	CHECK(!kit_there("audit.key"));
	kit_put("audit.key", "short", 5);
	CHECK(audit_open(kit_fd, &e) == NULL);
	kit_put("audit.key", "0123456789abcdef0123456789abcdef0", 33);
	CHECK(audit_open(kit_fd, &e) == NULL);
	CHECK_STR(e.text, "audit.key: must be 32 bytes");
}

/* path-attacks: audit, its key, and the older file that is looked at when the newest is empty. */
static void
test_paths(void)
{
	static const char *const victims[] = {"audit", "audit.key", "audit.1"};
	const char *what;
	struct audit *a;
	uint8_t *text;
	size_t len;

	for (int v = 0; v < 3; v++)
		for (unsigned int n = 0;; n++) {
			kit_new();
			a = must_open();
			CHECK(audit_event(a, "agent.start", NULL) == 0);
			audit_close(a);
			if (v == 2) {
				text = kit_get("audit", &len);
				kit_put("audit.1", text, len);
				kit_put("audit", "", 0);
				free(text);
			}
			if ((what = kit_attack(victims[v], n, 0)) == NULL)
				break;
			e.text[0] = '\0';
			a = audit_open(kit_fd, &e);
			CHECKF(a == NULL, "%s: %s was taken", victims[v], what);
			CHECKF(strstr(e.text, victims[v]) != NULL, "%s: %s", what, e.text);
			audit_close(a);
		}
	/* what stands where rotation will make its file is not written through */
	kit_new();
	kit_put("victim", "keep", 4);
	fill();
	kit_must(symlinkat("victim", kit_fd, "audit.new"), "symlink");
	a = must_open();
	CHECK(audit_event(a, "agent.start", NULL) == 0);
	check_trail(a);
	audit_close(a);
	text = kit_get("victim", &len);
	CHECK(len == 4);
	free(text);
}

/* disk-full: nothing of the line stays, the caller hears of it, and later lines go on. */
static int
full_child(void)
{
	struct rlimit small = {.rlim_cur = 700, .rlim_max = 4096}, big = {4096, 4096};
	struct audit *a = must_open();
	unsigned int bad = check_bad;
	char pad[301];
	int good = 0;

	memset(pad, 'x', 300);
	pad[300] = '\0';
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &small) == -1)
		return 2;
	while (good < 10 && audit_event(a, "job.accept", "pad", pad, NULL) == 0)
		good++;
	if (good == 0 || good == 10 || setrlimit(RLIMIT_FSIZE, &big) == -1)
		return 3;
	if (audit_event(a, "job.accept", "pad", "y", NULL) == -1)
		return 4;
	check_trail(a);
	audit_close(a);
	return check_bad > bad;
}

static void
test_full(void)
{
	kit_new();
	CHECK(kit_child(full_child) == 0);
}

int
main(void)
{
	kit_fast = 1;
	test_lines();
	test_long();
	test_torn();
	test_changed();
	test_rotation();
	test_key();
	test_paths();
	test_full();
	kit_clean();
	return check_done();
}
