/* privd/keys.c: the key store, who is usable by it, and how it is replaced. */
#include "privd/keys.h"
#include "regress/unit/confkit.h"

#define NOW 1795226400ULL
#define N   6 /* keys: 0..2 admins, 3 operator, 4 automation, 5 a stranger */

static struct errmsg e;
static struct seckey sec[N];
static struct pubkey pub[N];
static struct policy *pol;

/* ---- making stores ---- */

struct row {
	int key;
	enum key_role role;
	const char *holder;
	uint64_t notafter, revoked;
};

static int
by_b64(const void *a, const void *b)
{
	char x[57], y[57];

	pubkey_write_b64(&((const struct keysfile_key *)a)->pub, x);
	pubkey_write_b64(&((const struct keysfile_key *)b)->pub, y);
	return strcmp(x, y);
}

static char storetext[KEYSFILE_MAX];

static size_t
store(uint64_t version, uint32_t threshold, const struct row *rows, size_t nrows)
{
	static struct keysfile k;
	ssize_t n;

	memset(&k, 0, sizeof(k));
	memcpy(k.fleet, CK_FLEET, sizeof(k.fleet));
	k.version = version;
	k.threshold = threshold;
	k.nkeys = nrows;
	for (size_t i = 0; i < nrows; i++) {
		k.key[i] = (struct keysfile_key){.pub = pub[rows[i].key],
		    .role = rows[i].role,
		    .notafter = rows[i].notafter,
		    .revoked = rows[i].revoked};
		snprintf(k.key[i].holder, sizeof(k.key[i].holder), "%s", rows[i].holder);
	}
	qsort(k.key, nrows, sizeof(k.key[0]), by_b64);
	if ((n = keysfile_write(&k, storetext, sizeof(storetext), &e)) == -1)
		errx(1, "%s", e.text);
	return (size_t)n;
}

static struct keystore *
load_new(size_t len)
{
	kit_new();
	if (len > 0)
		kit_put("keystore", storetext, len);
	return keystore_load(kit_fd, CK_FLEET, &e);
}

static int
readkey(const void *arg, const char *name, char **buf, size_t *len, struct errmsg *err)
{
	(void)arg, (void)err;
	if ((*buf = malloc(SIGNIFY_TEXT_MAX)) == NULL)
		abort();
	*len = (size_t)pubkey_write(&pub[name[1] - '0'], name, *buf, SIGNIFY_TEXT_MAX);
	return 0;
}

static const char policytext[] = "[key a0]\nfile k0\nrole admin\nholder anna\n"
				 "[key a1]\nfile k1\nrole admin\nholder bert\n"
				 "[key ops]\nfile k3\nrole operator\nholder ops-1\n"
				 "[key cron]\nfile k4\nrole automation\nholder cron\n"
				 "[key out]\nfile k5\nrole operator\nholder x\n";

/* ---- usable ---- */

static int
usable(const struct keystore *k, int n, uint64_t now)
{
	e.text[0] = '\0';
	return keystore_usable(k, policy_key(pol, (unsigned int)n), now, &e);
}

static void
test_none(void)
{
	struct keystore *k = load_new(0);

	CHECKF(k != NULL, "%s", e.text);
	CHECK(keystore_version(k) == 0);
	for (int i = 0; i < 5; i++)
		CHECK(usable(k, i, NOW) == 0);
	keystore_free(k);
}

static void
test_usable(void)
{
	static const struct row rows[] = {{0, ROLE_ADMIN, "anna", 0, 0},
	    {1, ROLE_ADMIN, "bert", 0, NOW - 5}, {3, ROLE_OPERATOR, "ops-1", NOW, 0},
	    {4, ROLE_AUTOMATION, "other", 0, 0}};
	static const struct row wrong[] = {{3, ROLE_ADMIN, "ops-1", 0, 0}};
	struct keystore *k = load_new(store(7, 1, rows, 4));

	CHECKF(k != NULL, "%s", e.text);
	CHECK(keystore_version(k) == 7);
	CHECK(usable(k, 0, NOW) == 0);
	CHECK(usable(k, 1, NOW) == -1);
	CHECK_STR(e.text, "key a1 was revoked");
	CHECK(usable(k, 1, NOW - 10) == -1); /* a clock set back does not undo it */
	CHECK(usable(k, 2, NOW) == 0);
	CHECK(usable(k, 2, NOW + 1) == -1);
	CHECK_STR(e.text, "key ops expired");
	CHECK(usable(k, 3, NOW) == -1);
	CHECK_STR(e.text, "key cron is held by other in the key store, by cron in policy.conf");
	CHECK(usable(k, 4, NOW) == -1);
	CHECK_STR(e.text, "key out is not in the key store");
	keystore_free(k);
	k = load_new(store(1, 1, wrong, 1));
	CHECK(usable(k, 2, NOW) == -1);
	CHECK_STR(e.text, "key ops is admin in the key store, operator in policy.conf");
	keystore_free(k);
}

/* ---- load ---- */

static void
refused(const char *text, size_t len, const char *why)
{
	kit_new();
	kit_put("keystore", text, len);
	e.text[0] = '\0';
	CHECKF(keystore_load(kit_fd, CK_FLEET, &e) == NULL, "taken: %s", why);
	CHECKF(strstr(e.text, why) != NULL, "\"%s\" says not \"%s\"", e.text, why);
}

static void
test_load(void)
{
	static const struct row rows[] = {{0, ROLE_ADMIN, "anna", 0, 0}};
	size_t len = store(1, 1, rows, 1);
	char *t = strdup(storetext);

	if (t == NULL)
		err(1, "strdup");
	t[strlen("reeve-keys ")] = '2';
	refused(t, len, "its format is \"reeve-keys 2\", this version of reeve knows");
	refused("reeve-keys 11\n", 14, "its format is \"reeve-keys 11\"");
	refused("", 0, "key store");
	refused("junk\n", 5, "key store");
	refused(storetext, len - 1, "key store");
	memcpy(t, storetext, len);
	t[strlen("reeve-keys 1\nfleet ")] ^= 1;
	refused(t, len, "is of fleet");
	free(t);
	/* torn-state: no cut and no flipped bit is taken for a store with other words */
	for (size_t i = 0; i < len; i++) {
		kit_new();
		kit_put("keystore", storetext, i);
		CHECKF(keystore_load(kit_fd, CK_FLEET, &e) == NULL, "cut at %zu", i);
	}
}

static void
test_paths(void)
{
	static const struct row rows[] = {{0, ROLE_ADMIN, "anna", 0, 0}};
	size_t len = store(1, 1, rows, 1);
	const char *what;

	for (unsigned int n = 0;; n++) {
		keystore_free(load_new(len));
		if ((what = kit_attack("keystore", n, 0)) == NULL)
			break;
		e.text[0] = '\0';
		CHECKF(keystore_load(kit_fd, CK_FLEET, &e) == NULL, "%s was taken", what);
		CHECKF(strncmp(e.text, "keystore", 8) == 0, "%s: %s", what, e.text);
	}
}

/* ---- update ---- */

/* Signs storetext with KEYS (a string of digits) and offers it. */
static int
offer(struct keystore **k, size_t len, const char *keys)
{
	struct sig sigs[8];
	unsigned int n = 0;

	for (; keys[n] != '\0'; n++)
		seckey_sign(&sec[keys[n] - '0'], storetext, len, &sigs[n]);
	e.text[0] = '\0';
	return keystore_update(k, pol, kit_fd, storetext, len, sigs, n, NOW, &e);
}

static void
offer_bad(struct keystore **k, size_t len, const char *keys, const char *why)
{
	uint64_t v = keystore_version(*k);

	CHECKF(offer(k, len, keys) == -1, "taken: %s", why);
	CHECKF(strstr(e.text, why) != NULL, "\"%s\" says not \"%s\"", e.text, why);
	CHECK(keystore_version(*k) == v);
}

static void
test_first(void)
{
	static const struct row rows[] = {
	    {0, ROLE_ADMIN, "anna", 0, 0}, {2, ROLE_ADMIN, "carl", 0, 0}};
	static const struct row alien[] = {{2, ROLE_ADMIN, "carl", 0, 0}};
	struct keystore *k = load_new(0);
	size_t len;

	len = store(2, 1, rows, 2);
	offer_bad(&k, len, "0", "version 2 does not follow 0");
	len = store(1, 1, rows, 2);
	offer_bad(&k, len, "", "signed by 0 of the present admin keys, 1 are needed");
	offer_bad(&k, len, "3", "signature 1: not by an admin key that may sign");
	offer_bad(&k, len, "03", "signature 2: not by an admin key that may sign");
	offer_bad(&k, len, "2", "signed by 0 of the present admin keys, 1 are needed");
	len = store(1, 1, alien, 1);
	offer_bad(&k, len, "0", "signed by 0 of its own admin keys, 1 are needed");
	len = store(1, 2, rows, 2);
	offer_bad(&k, len, "00", "signed by 1 of its own admin keys, 2 are needed");
	CHECK(!kit_there("keystore"));
	CHECKF(offer(&k, len, "02") == 0, "%s", e.text);
	CHECK(keystore_version(k) == 1);
	keystore_free(k);
	k = keystore_load(kit_fd, CK_FLEET, &e);
	CHECKF(k != NULL && keystore_version(k) == 1, "%s", e.text);
	keystore_free(k);
}

static void
test_next(void)
{
	static const struct row v1[] = {{0, ROLE_ADMIN, "anna", 0, 0},
	    {1, ROLE_ADMIN, "bert", NOW - 1, 0}, {2, ROLE_ADMIN, "carl", 0, 0},
	    {3, ROLE_OPERATOR, "ops-1", 0, NOW - 9}};
	static const struct row back[] = {{0, ROLE_ADMIN, "anna", 0, 0},
	    {2, ROLE_ADMIN, "carl", 0, 0}, {3, ROLE_OPERATOR, "ops-1", 0, 0}};
	static const struct row gone[] = {
	    {0, ROLE_ADMIN, "anna", 0, 0}, {2, ROLE_ADMIN, "carl", 0, 0}};
	static const struct row later[] = {{0, ROLE_ADMIN, "anna", 0, 0},
	    {2, ROLE_ADMIN, "carl", 0, 0}, {3, ROLE_OPERATOR, "ops-1", 0, NOW}};
	static const struct row good[] = {{0, ROLE_ADMIN, "anna", 0, 0},
	    {2, ROLE_ADMIN, "carl", 0, NOW}, {3, ROLE_OPERATOR, "ops-1", 0, NOW - 9}};
	struct keystore *k = load_new(store(1, 2, v1, 4));
	size_t len;

	len = store(2, 1, back, 3);
	offer_bad(&k, len, "02", "a key of ops-1 was revoked and must stay so");
	len = store(2, 1, gone, 2);
	offer_bad(&k, len, "02", "a key of ops-1 was revoked and must stay so");
	len = store(2, 1, later, 3);
	offer_bad(&k, len, "02", "a key of ops-1 was revoked and must stay so");
	len = store(1, 1, good, 3);
	offer_bad(&k, len, "02", "version 1 does not follow 1");
	len = store(3, 1, good, 3);
	offer_bad(&k, len, "02", "version 3 does not follow 1");
	len = store(2, 1, good, 3);
	offer_bad(&k, len, "0", "signed by 1 of the present admin keys, 2 are needed");
	offer_bad(&k, len, "00", "signed by 1 of the present admin keys, 2 are needed");
	offer_bad(&k, len, "01", "signature 2: not by an admin key that may sign");
	CHECKF(offer(&k, len, "02") == 0, "%s", e.text);
	CHECK(keystore_version(k) == 2);
	CHECKF(usable(k, 2, NOW) == -1, "revoked");
	/* the one that this version revoked signs no further one */
	len = store(3, 1, good, 3);
	offer_bad(&k, len, "2", "signature 1: not by an admin key that may sign");
	CHECKF(offer(&k, len, "0") == 0, "%s", e.text);
	keystore_free(k);
}

/* A file that cannot be written leaves the old store, in memory and on the disk. */
static void
test_unwritable(void)
{
	static const struct row rows[] = {{0, ROLE_ADMIN, "anna", 0, 0}};
	struct keystore *k = load_new(store(1, 1, rows, 1));
	struct sig s;
	size_t len = store(2, 1, rows, 1);
	int ro = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	seckey_sign(&sec[0], storetext, len, &s);
	CHECK(keystore_update(&k, pol, ro, storetext, len, &s, 1, NOW, &e) == -1);
	CHECK(keystore_version(k) == 1);
	close(ro);
	keystore_free(k);
}

int
main(void)
{
	for (int i = 0; i < N; i++)
		seckey_new(&sec[i], &pub[i]);
	kit_fast = 1;
	pol = policy_fromtext("policy.conf", policytext, sizeof(policytext) - 1, readkey, NULL, &e);
	if (pol == NULL)
		errx(1, "%s", e.text);
	test_none();
	test_usable();
	test_load();
	test_paths();
	test_first();
	test_next();
	test_unwritable();
	kit_clean();
	policy_free(pol);
	return check_done();
}
