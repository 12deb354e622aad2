/* The host's result and seal keys: made once, in an order that survives a crash; loaded, checked.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/crash.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "privd/hostkeys.h"
#include "privd/ledger.h"

#define RESULT_SEC "result.sec"
#define RESULT_PUB "result.pub"
#define SEAL_SEC   "seal.sec"
#define SEAL_PUB   "seal.pub"

#define SEAL_SEC_HEAD "reeve-seal-secret 1\n"
#define SEAL_PUB_HEAD "reeve-seal 1\n"
#define SEAL_B64      44 /* of 32 bytes */
#define SEAL_TEXT_MAX 80

/* 1 there, 0 not, -1 with E. */
static int
there(int statefd, const char *name, struct errmsg *e)
{
	struct stat st;

	if (fstatat(statefd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_errno(e, "%s", name);
}

static enum first_start
leftover_remove(int statefd, struct errmsg *e)
{
	if (unlinkat(statefd, LEDGER_NEW, 0) == -1 || fsync(statefd) == -1) {
		err_errno(e, "%s: removing what an interrupted first start left", LEDGER_NEW);
		return FS_NEEDS_REKEY;
	}
	return FS_COMPLETE;
}

enum first_start
hostkeys_state(int statefd, struct errmsg *e)
{
	const char *const name[] = {"ledger", RESULT_SEC, RESULT_PUB, SEAL_SEC, SEAL_PUB};
	const size_t count = sizeof(name) / sizeof(name[0]);
	const char *missing = NULL;
	size_t i, have = 0;
	int yes, begun, ledger = 0;

	for (i = 0; i < count; i++) {
		if ((yes = there(statefd, name[i], e)) == -1)
			return FS_NEEDS_REKEY;
		if (i == 0)
			ledger = yes;
		if (yes)
			have++;
		else if (missing == NULL)
			missing = name[i];
	}
	if ((begun = there(statefd, LEDGER_NEW, e)) == -1)
		return FS_NEEDS_REKEY;
	if (have == 0 || (begun && !ledger))
		return FS_NEW;
	if (have == count)
		return begun ? leftover_remove(statefd, e) : FS_COMPLETE;
	err_set(e, "%s is missing from the state directory, other state is there: needs-rekey",
	    missing);
	return FS_NEEDS_REKEY;
}

static int
result_make(int statefd, struct errmsg *e)
{
	char text[SIGNIFY_TEXT_MAX];
	struct seckey sec;
	struct pubkey pub;
	ssize_t n;
	int rv = -1;

	seckey_new(&sec, &pub);
	if ((n = seckey_write(&sec, "reeve result secret key", text, sizeof(text))) == -1)
		err_set(e, "%s: cannot be encoded", RESULT_SEC);
	else if (fd_replace(statefd, RESULT_SEC, 0600, text, (size_t)n, e) == 0)
		rv = 0;
	sodium_memzero(&sec, sizeof(sec));
	sodium_memzero(text, sizeof(text));
	if (rv == -1)
		return -1;
	crash_point("start", "RESULT_SEC", "done");
	if ((n = pubkey_write(&pub, "reeve result public key", text, sizeof(text))) == -1)
		return err_set(e, "%s: cannot be encoded", RESULT_PUB);
	return fd_replace(statefd, RESULT_PUB, 0644, text, (size_t)n, e);
}

static int
seal_write(int statefd, const char *name, mode_t mode, const char *head, const uint8_t key[32],
    struct errmsg *e)
{
	char text[SEAL_TEXT_MAX];
	size_t len = strlen(head);
	ssize_t n;
	int rv = -1;

	memcpy(text, head, len);
	if ((n = str_b64enc(text + len, sizeof(text) - len - 1, key, 32)) == -1)
		err_set(e, "%s: cannot be encoded", name);
	else {
		len += (size_t)n;
		text[len++] = '\n';
		rv = fd_replace(statefd, name, mode, text, len, e);
	}
	sodium_memzero(text, sizeof(text));
	return rv;
}

/*
 * X25519 ignores five bits of a secret key (RFC 7748 section 5). They are written as they will be
 * used, so that one public key has one secret key and a flipped bit is damage that shows.
 */
static void
clamp(uint8_t sec[32])
{
	sec[0] &= 248;
	sec[31] &= 127;
	sec[31] |= 64;
}

static int
is_clamped(const uint8_t sec[32])
{
	return (sec[0] & 7) == 0 && (sec[31] & 0xc0) == 64;
}

static int
seal_make(int statefd, struct errmsg *e)
{
	uint8_t sec[32], pub[32];
	int rv;

	if (crypto_box_keypair(pub, sec) != 0)
		return err_set(e, "%s: libsodium could not make a key", SEAL_SEC);
	clamp(sec);
	rv = seal_write(statefd, SEAL_SEC, 0600, SEAL_SEC_HEAD, sec, e);
	sodium_memzero(sec, sizeof(sec));
	if (rv == -1)
		return -1;
	crash_point("start", "SEAL_SEC", "done");
	return seal_write(statefd, SEAL_PUB, 0644, SEAL_PUB_HEAD, pub, e);
}

int
hostkeys_make(int statefd, struct errmsg *e)
{
	if (sodium_init() == -1)
		return err_set(e, "libsodium: could not be initialised");
	if (fd_replace(statefd, LEDGER_NEW, 0600, "", 0, e) == -1)
		return -1;
	crash_point("start", "MARK", "done");
	if (result_make(statefd, e) == -1)
		return -1;
	crash_point("start", "RESULT_PUB", "done");
	if (seal_make(statefd, e) == -1)
		return -1;
	crash_point("start", "SEAL_PUB", "done");
	return 0;
}

/* The whole of state file NAME, owner and mode checked. The caller wipes and frees *BUF. */
static int
file_load(
    int statefd, const char *name, enum fd_trust trust, char **buf, size_t *len, struct errmsg *e)
{
	int fd, rv = -1;

	if ((fd = fd_openat(statefd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0)) == -1)
		return err_errno(e, "%s", name);
	if (fd_check_trusted(fd, name, trust, e) == 0 &&
	    (rv = fd_slurp(fd, SIGNIFY_TEXT_MAX, buf, len, e)) == -1)
		err_prefix(e, "%s", name);
	close(fd);
	return rv;
}

static void
file_wipe(char *buf, size_t len)
{
	sodium_memzero(buf, len);
	free(buf);
}

static int
result_load(int statefd, struct hostkeys *k, struct errmsg *e)
{
	struct pubkey own;
	size_t len;
	char *buf;
	int rv;

	if (file_load(statefd, RESULT_SEC, FD_TRUST_PRIVATE, &buf, &len, e) == -1)
		return -1;
	rv = seckey_parse(&k->result, buf, len, NULL, e);
	file_wipe(buf, len);
	if (rv == -1)
		return err_prefix(e, "%s", RESULT_SEC);
	if (file_load(statefd, RESULT_PUB, FD_TRUST_ROOT, &buf, &len, e) == -1)
		return -1;
	rv = pubkey_parse(&k->result_pub, buf, len, e);
	file_wipe(buf, len);
	if (rv == -1)
		return err_prefix(e, "%s", RESULT_PUB);
	seckey_public(&k->result, &own);
	if (memcmp(&own, &k->result_pub, sizeof(own)) != 0)
		return err_set(
		    e, "%s is not the public key of %s: needs-rekey", RESULT_PUB, RESULT_SEC);
	return 0;
}

static int
seal_read(int statefd, const char *name, enum fd_trust trust, const char *head, uint8_t key[32],
    struct errmsg *e)
{
	size_t hlen = strlen(head), len;
	char *buf;
	int rv = -1;

	if (file_load(statefd, name, trust, &buf, &len, e) == -1)
		return -1;
	if (len == hlen + SEAL_B64 + 1 && memcmp(buf, head, hlen) == 0 && buf[len - 1] == '\n' &&
	    str_b64dec(key, 32, buf + hlen, SEAL_B64) == 32)
		rv = 0;
	file_wipe(buf, len);
	return rv == 0 ? 0
		       : err_set(e, "%s: is not \"%.*s\" and one key in base64", name,
			     (int)hlen - 1, head);
}

static int
seal_load(int statefd, struct hostkeys *k, struct errmsg *e)
{
	uint8_t own[32];

	if (seal_read(statefd, SEAL_SEC, FD_TRUST_PRIVATE, SEAL_SEC_HEAD, k->seal, e) == -1 ||
	    seal_read(statefd, SEAL_PUB, FD_TRUST_ROOT, SEAL_PUB_HEAD, k->seal_pub, e) == -1)
		return -1;
	if (!is_clamped(k->seal) || crypto_scalarmult_base(own, k->seal) != 0 ||
	    memcmp(own, k->seal_pub, sizeof(own)) != 0)
		return err_set(
		    e, "%s is not the public key of %s: needs-rekey", SEAL_PUB, SEAL_SEC);
	return 0;
}

int
hostkeys_load(int statefd, struct hostkeys *k, struct errmsg *e)
{
	memset(k, 0, sizeof(*k));
	if (sodium_init() == -1)
		return err_set(e, "libsodium: could not be initialised");
	if (result_load(statefd, k, e) == 0 && seal_load(statefd, k, e) == 0)
		return 0;
	hostkeys_wipe(k);
	return -1;
}

void
hostkeys_wipe(struct hostkeys *k)
{
	sodium_memzero(k, sizeof(*k));
}
