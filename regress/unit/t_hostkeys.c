/* The host's keys: made, loaded, each pair belonging together; first start, interrupted, lost. */
#include <sodium.h>

#include "privd/hostkeys.h"
#include "privd/ledger.h"
#include "regress/unit/statekit.h"

static const char *const files[] = {"result.sec", "result.pub", "seal.sec", "seal.pub", "ledger"};
#define NFILES (sizeof(files) / sizeof(files[0]))

static void
complete(void)
{
	struct errmsg e;

	kit_new();
	CHECK(hostkeys_state(kit_fd, &e) == FS_NEW);
	CHECKF(hostkeys_make(kit_fd, &e) == 0, "%s", e.text);
	CHECK(hostkeys_state(kit_fd, &e) == FS_NEW);
	CHECKF(ledger_make(kit_fd, &e) == 0, "%s", e.text);
	CHECK(hostkeys_state(kit_fd, &e) == FS_COMPLETE);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	kit_must(fstatat(kit_fd, name, &st, AT_SYMLINK_NOFOLLOW), name);
	return st.st_mode & 07777;
}

static void
t_make_and_load(void)
{
	uint8_t box[3 + crypto_box_SEALBYTES], open_[3];
	struct hostkeys k, again, zero;
	struct errmsg e;
	struct sig sig;

	complete();
	CHECK(mode_of("result.sec") == 0600 && mode_of("seal.sec") == 0600);
	CHECK(mode_of("result.pub") == 0644 && mode_of("seal.pub") == 0644);
	CHECKF(hostkeys_load(kit_fd, &k, &e) == 0, "%s", e.text);
	CHECK(hostkeys_load(kit_fd, &again, &e) == 0 && memcmp(&k, &again, sizeof(k)) == 0);
	seckey_sign(&k.result, "abc", 3, &sig);
	CHECK(pubkey_verify(&k.result_pub, "abc", 3, &sig));
	CHECK(crypto_box_seal(box, (const uint8_t *)"abc", 3, k.seal_pub) == 0);
	CHECK(crypto_box_seal_open(open_, box, sizeof(box), k.seal_pub, k.seal) == 0 &&
	      memcmp(open_, "abc", 3) == 0);
	complete();
	CHECK(hostkeys_load(kit_fd, &again, &e) == 0);
	CHECK(memcmp(k.seal, again.seal, 32) != 0 &&
	      memcmp(k.result_pub.key, again.result_pub.key, 32) != 0);
	hostkeys_wipe(&k);
	memset(&zero, 0, sizeof(zero));
	CHECK(memcmp(&k, &zero, sizeof(k)) == 0);
}

/* Each set of files but none and all is lost state, and the first missing one is named. */
static void
t_lost(void)
{
	struct errmsg e;
	unsigned int set, i;

	for (set = 1; set < (1U << NFILES) - 1; set++) {
		complete();
		for (i = 0; i < NFILES; i++)
			if (!(set & 1U << i))
				kit_must(unlinkat(kit_fd, files[i], 0), files[i]);
		CHECKF(hostkeys_state(kit_fd, &e) == FS_NEEDS_REKEY, "set %x", set);
		CHECKF(strstr(e.text, "needs-rekey") != NULL, "%s", e.text);
	}
	complete();
	kit_must(unlinkat(kit_fd, "seal.pub", 0), "seal.pub");
	CHECK(hostkeys_state(kit_fd, &e) == FS_NEEDS_REKEY && strstr(e.text, "seal.pub") != NULL);
}

/* A crash after each file that the first start writes: it begins again, and ends. */
static void
t_interrupted(void)
{
	struct hostkeys k;
	struct errmsg e;
	unsigned int have, i;

	for (have = 0; have < NFILES; have++) {
		complete();
		kit_must(renameat(kit_fd, "ledger", kit_fd, LEDGER_NEW), "rename");
		for (i = have; i < NFILES - 1; i++)
			kit_must(unlinkat(kit_fd, files[i], 0), files[i]);
		CHECKF(hostkeys_state(kit_fd, &e) == FS_NEW, "after %u keys: %s", have, e.text);
		CHECK(hostkeys_make(kit_fd, &e) == 0 && ledger_make(kit_fd, &e) == 0);
		CHECK(hostkeys_state(kit_fd, &e) == FS_COMPLETE &&
		      hostkeys_load(kit_fd, &k, &e) == 0);
	}
	/* nothing of a first start is left to make a later loss look like one */
	CHECK(!kit_there(LEDGER_NEW));
	kit_put(LEDGER_NEW, "", 0);
	CHECK(hostkeys_state(kit_fd, &e) == FS_COMPLETE && !kit_there(LEDGER_NEW));
	kit_must(unlinkat(kit_fd, "ledger", 0), "ledger");
	CHECK(hostkeys_state(kit_fd, &e) == FS_NEEDS_REKEY && strstr(e.text, "ledger") != NULL);
}

static void
t_pairs(void)
{
	struct hostkeys k;
	struct errmsg e;
	unsigned int i;
	uint8_t *old;
	size_t len;

	for (i = 0; i < NFILES - 1; i++) {
		complete();
		old = kit_get(files[i], &len);
		complete();
		kit_put(files[i], old, len);
		free(old);
		CHECKF(hostkeys_load(kit_fd, &k, &e) == -1 && strstr(e.text, "needs-rekey") != NULL,
		    "another host's %s: %s", files[i], e.text);
		CHECK(sodium_is_zero((const uint8_t *)&k, sizeof(k)));
	}
}

/*
 * torn-state of the key files: no changed byte goes unseen, but where it says nothing (a comment,
 * the salt of a key without passphrase): the keys are the same then.
 */
static void
t_bytes(void)
{
	size_t len, at, start;
	struct hostkeys k, good;
	struct errmsg e;
	unsigned int i;
	uint8_t *p;

	complete();
	CHECK(hostkeys_load(kit_fd, &good, &e) == 0);
	for (i = 0; i < NFILES - 1; i++) {
		p = kit_get(files[i], &len);
		start = i < 2 ? (size_t)((uint8_t *)memchr(p, '\n', len) - p) : 0;
		for (at = start; at < len; at++) {
			p[at] ^= 1;
			kit_put(files[i], p, len);
			p[at] ^= 1;
			CHECKF(hostkeys_load(kit_fd, &k, &e) == -1 ||
				   memcmp(&k, &good, sizeof(k)) == 0,
			    "%s, byte %zu", files[i], at);
		}
		for (at = 0; at < len; at++) {
			kit_put(files[i], p, at);
			CHECKF(hostkeys_load(kit_fd, &k, &e) == -1, "%s, %zu bytes", files[i], at);
		}
		kit_put(files[i], p, len);
		free(p);
	}
	CHECKF(hostkeys_load(kit_fd, &k, &e) == 0, "%s", e.text);
}

static void
t_paths(void)
{
	const char *what;
	struct hostkeys k;
	struct errmsg e;
	unsigned int i, n;

	for (i = 0; i < NFILES - 1; i++)
		for (n = 0;; n++) {
			complete();
			if ((what = kit_attack(files[i], n, i % 2 == 1)) == NULL)
				break;
			CHECKF(
			    hostkeys_load(kit_fd, &k, &e) == -1 && strstr(e.text, files[i]) != NULL,
			    "%s as %s: %s", files[i], what, e.text);
		}
}

/* A first start writes through nothing that lies in wait for it. */
static void
t_in_wait(void)
{
	struct hostkeys k;
	struct errmsg e;
	unsigned int i;
	uint8_t *p;
	size_t len;

	kit_new();
	kit_put("victim", "precious", 8);
	kit_put(LEDGER_NEW, "", 0);
	for (i = 0; i < NFILES - 1; i++)
		kit_must(symlinkat("victim", kit_fd, files[i]), files[i]);
	CHECK(hostkeys_make(kit_fd, &e) == 0 && hostkeys_load(kit_fd, &k, &e) == 0);
	p = kit_get("victim", &len);
	CHECK(len == 8 && memcmp(p, "precious", 8) == 0);
	free(p);
}

int
main(void)
{
	alarm(120);
	t_make_and_load();
	kit_fast = 1;
	t_lost();
	t_interrupted();
	t_pairs();
	t_bytes();
	t_paths();
	kit_fast = 0;
	t_in_wait();
	kit_clean();
	return check_done();
}
