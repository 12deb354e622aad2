/* The signer's directory: made once, loaded strictly, never repaired by guessing. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/text.h"
#include "sign/sign.h"

#define LOCK_MS	 2000
#define SITE_MAX 256

enum state_file { SF_FLEET, SF_CA_KEY, SF_CA_CRT, SF_ONLINE_SEC, SF_ONLINE_PUB, SF_ISSUED, SF_MAX };
static const char *const names[SF_MAX] = {
    "fleet", "ca.key", "ca.crt", "online.sec", "online.pub", "issued"};

/* DIR itself must be ours and closed to others. Its descriptor, or -1 with E. */
static int
dir_open(const char *dir, struct errmsg *e)
{
	struct stat st;
	int fd;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return err_errno(e, "%s", dir);
	if (fstat(fd, &st) == -1)
		err_errno(e, "%s", dir);
	else if (st.st_uid != geteuid())
		err_set(e, "%s: belongs to uid %u, and this is uid %u", dir, st.st_uid, geteuid());
	else if ((st.st_mode & 077) != 0)
		err_set(e, "%s: others may look into it: chmod 700 it", dir);
	else
		return fd;
	close(fd);
	return -1;
}

/* How many of the files are there; *HAVE and *MISSING name one of each. -1 with E. */
static int
count(int dirfd, const char **have, const char **missing, struct errmsg *e)
{
	struct stat st;
	int i, n = 0;

	for (i = 0; i < SF_MAX; i++) {
		if (fstatat(dirfd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0) {
			*have = names[i];
			n++;
		} else if (errno == ENOENT)
			*missing = names[i];
		else
			return err_errno(e, "%s", names[i]);
	}
	return n;
}

/* 1 all there, 0 none, -1 half of it, with E. */
static int
state_there(int dirfd, const char *dir, struct errmsg *e)
{
	const char *have = NULL, *missing = NULL;
	int n = count(dirfd, &have, &missing, e);

	if (n == SF_MAX || n == 0)
		return n == SF_MAX;
	if (n == -1)
		return err_prefix(e, "%s", dir);
	return err_set(e,
	    "%s: %s is there, and %s is missing. If no host was enrolled with this CA yet, remove "
	    "the files in it and run \"reeve-sign init\" again; else bring them back from your "
	    "backup",
	    dir, have, missing);
}

static int
put(int dirfd, enum state_file f, const char *text, size_t len, struct errmsg *e)
{
	return fd_replace(dirfd, names[f], 0600, text, len, e);
}

static int
make_fleet(int dirfd, char fleet[33], const char *want, struct errmsg *e)
{
	char text[SITE_MAX];
	uint8_t id[16];
	int n;

	randombytes_buf(id, sizeof(id));
	str_hex(fleet, id, sizeof(id));
	if (want != NULL)
		memcpy(fleet, want, 33);
	n = snprintf(text, sizeof(text), "reeve-site 1\nfleet %s\nend\n", fleet);
	return put(dirfd, SF_FLEET, text, (size_t)n, e);
}

static int
make_ca(int dirfd, const char *fleet, struct errmsg *e)
{
	char *key, *cert;
	int rv = -1;

	if (x509_ca_make(fleet, &key, &cert, e) == -1)
		return -1;
	if (put(dirfd, SF_CA_KEY, key, strlen(key), e) == 0)
		rv = put(dirfd, SF_CA_CRT, cert, strlen(cert), e);
	sodium_memzero(key, strlen(key));
	free(key);
	free(cert);
	return rv;
}

static int
make_online(int dirfd, struct errmsg *e)
{
	char text[SIGNIFY_TEXT_MAX];
	struct seckey k;
	struct pubkey p;
	ssize_t n;
	int rv = -1;

	seckey_new(&k, &p);
	if ((n = seckey_write(&k, "reeve online secret key", text, sizeof(text))) == -1)
		err_set(e, "online.sec: cannot be encoded");
	else
		rv = put(dirfd, SF_ONLINE_SEC, text, (size_t)n, e);
	sodium_memzero(&k, sizeof(k));
	sodium_memzero(text, sizeof(text));
	if (rv == -1)
		return -1;
	if ((n = pubkey_write(&p, "reeve online public key", text, sizeof(text))) == -1)
		return err_set(e, "online.pub: cannot be encoded");
	return put(dirfd, SF_ONLINE_PUB, text, (size_t)n, e);
}

static int
make_all(int dirfd, const char *want, struct errmsg *e)
{
	char fleet[33];

	if (make_fleet(dirfd, fleet, want, e) == -1 || make_ca(dirfd, fleet, e) == -1 ||
	    make_online(dirfd, e) == -1)
		return -1;
	return put(dirfd, SF_ISSUED, "", 0, e);
}

int
state_init(const char *dir, const char *fleet, struct errmsg *e)
{
	int dirfd, rv;

	if (fleet != NULL && !valid_hex(fleet, 32))
		return err_set(e, "fleet %s: must be 32 lower-case hex digits", fleet);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return err_errno(e, "%s", dir);
	if ((dirfd = dir_open(dir, e)) == -1)
		return -1;
	if ((rv = state_there(dirfd, dir, e)) == 0 && make_all(dirfd, fleet, e) == -1)
		rv = err_prefix(e, "%s", dir);
	close(dirfd);
	return rv;
}

/* A file of the directory that is this process's own, and nobody else's to read. */
static int
file_open(int dirfd, enum state_file f, int flags, struct errmsg *e)
{
	struct stat st;
	int fd;

	fd = fd_openat(dirfd, names[f], flags | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1)
		return err_errno(e, "%s", names[f]);
	if (fstat(fd, &st) == -1)
		err_errno(e, "%s", names[f]);
	else if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		err_set(e, "%s: is not a regular file with one name", names[f]);
	else if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		err_set(e, "%s: must belong to uid %u, mode 0600", names[f], geteuid());
	else
		return fd;
	close(fd);
	return -1;
}

/* The caller wipes and frees *BUF. */
static int
file_load(int dirfd, enum state_file f, char **buf, size_t *len, struct errmsg *e)
{
	int fd = file_open(dirfd, f, O_RDONLY, e), rv;

	if (fd == -1)
		return -1;
	if ((rv = fd_slurp(fd, X509_PEMMAX, buf, len, e)) == -1)
		err_prefix(e, "%s", names[f]);
	close(fd);
	return rv;
}

static void
file_wipe(char *buf, size_t len)
{
	if (buf != NULL)
		sodium_memzero(buf, len);
	free(buf);
}

static int
load_fleet(struct sign *s, int dirfd, struct errmsg *e)
{
	char copy[SITE_MAX + 1], *buf = NULL, *v;
	struct text t;
	size_t len = 0;
	int rv = -1;

	if (file_load(dirfd, SF_FLEET, &buf, &len, e) == -1)
		return -1;
	if (text_open(&t, copy, SITE_MAX, buf, len, "site", e) == 0 &&
	    text_fixed(&t, "reeve-site 1") == 0 && (v = text_hex(&t, "fleet", 32)) != NULL &&
	    text_last(&t) == 0) {
		memcpy(s->fleet, v, sizeof(s->fleet));
		rv = 0;
	}
	free(buf);
	return rv == 0 ? 0 : err_prefix(e, "%s", names[SF_FLEET]);
}

static int
load_ca(struct sign *s, int dirfd, struct errmsg *e)
{
	char *key = NULL, *cert = NULL;
	size_t klen = 0, clen = 0;

	if (file_load(dirfd, SF_CA_KEY, &key, &klen, e) == 0 &&
	    file_load(dirfd, SF_CA_CRT, &cert, &clen, e) == 0)
		s->ca = x509_ca_load(key, cert, e);
	file_wipe(key, klen);
	s->ca_pem = cert;
	return s->ca != NULL ? 0 : -1;
}

static int
load_online(struct sign *s, int dirfd, struct errmsg *e)
{
	char *sec = NULL, *pub = NULL;
	size_t slen = 0, plen = 0;
	struct pubkey own;
	int rv = -1;

	if (file_load(dirfd, SF_ONLINE_SEC, &sec, &slen, e) == -1 ||
	    file_load(dirfd, SF_ONLINE_PUB, &pub, &plen, e) == -1)
		;
	else if (seckey_parse(&s->online, sec, slen, NULL, e) == -1)
		err_prefix(e, "%s", names[SF_ONLINE_SEC]);
	else if (pubkey_parse(&s->online_pub, pub, plen, e) == -1)
		err_prefix(e, "%s", names[SF_ONLINE_PUB]);
	else
		rv = 0;
	file_wipe(sec, slen);
	free(pub);
	if (rv == -1)
		return -1;
	seckey_public(&s->online, &own);
	if (memcmp(&own, &s->online_pub, sizeof(own)) != 0)
		return err_set(e, "online.pub is not the public key of online.sec");
	return 0;
}

static int
load_issued(struct sign *s, int dirfd, struct errmsg *e)
{
	int fd = file_open(dirfd, SF_ISSUED, O_RDWR | O_APPEND, e);

	if (fd == -1)
		return -1;
	if (fd_lock(fd, LOCK_MS) == -1) {
		err_errno(e, "issued: another reeve-sign uses it");
		close(fd);
		return -1;
	}
	s->issued = issued_open(fd, e);
	return s->issued != NULL ? 0 : -1;
}

int
state_load(struct sign *s, const char *dir, int reg, struct errmsg *e)
{
	int dirfd, rv;

	memset(s, 0, sizeof(*s));
	if ((dirfd = dir_open(dir, e)) == -1)
		return -1;
	if ((rv = state_there(dirfd, dir, e)) != 1) {
		if (rv == 0)
			err_set(e, "%s: nothing is there: run \"reeve-sign init\" first", dir);
		close(dirfd);
		return -1;
	}
	rv = 0;
	if (load_fleet(s, dirfd, e) == -1 || load_ca(s, dirfd, e) == -1 ||
	    load_online(s, dirfd, e) == -1 || (reg && load_issued(s, dirfd, e) == -1)) {
		err_prefix(e, "%s", dir);
		state_wipe(s);
		rv = -1;
	}
	close(dirfd);
	return rv;
}

void
state_wipe(struct sign *s)
{
	x509_ca_free(s->ca);
	free(s->ca_pem);
	issued_free(s->issued);
	sodium_memzero(s, sizeof(*s));
}
