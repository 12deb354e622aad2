/* Blobs of the spool: taken in pieces into a nameless file, linked only when their hash is right.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "privd/spool_dir.h"

struct spool_blob {
	struct spool *s;
	char name[SPOOL_NAME];
	int fd; /* -1: failed or complete */
	uint32_t size, got;
	uint8_t want[32];
	crypto_hash_sha256_state hash;
};

static int
blob_check(uint8_t index, const struct ticket_blob *b, struct errmsg *e)
{
	if (index >= TICKET_BLOBS)
		return err_set(e, "blob %u: a ticket has at most %d", index, TICKET_BLOBS);
	if (b->size == 0 || b->size > BLOB_MAX)
		return err_set(e, "blob %u: %u bytes; must be 1 to %d", index, b->size, BLOB_MAX);
	return 0;
}

struct spool_blob *
spool_blob_begin(struct spool *s, const uint8_t id[16], uint8_t index, const struct ticket_blob *b,
    struct errmsg *e)
{
	struct spool_blob *sb;

	if (blob_check(index, b, e) == -1)
		return NULL;
	if ((sb = calloc(1, sizeof(*sb))) == NULL) {
		err_errno(e, "blob %u", index);
		return NULL;
	}
	sb->s = s;
	sb->size = b->size;
	memcpy(sb->want, b->sha256, sizeof(sb->want));
	spool_name(sb->name, id, index);
	crypto_hash_sha256_init(&sb->hash);
	if ((sb->fd = spool_nameless(s, sb->name, e)) == -1) {
		free(sb);
		return NULL;
	}
	/* Where the file system can say at once that there is no room, it does. */
	if (fallocate(sb->fd, 0, 0, sb->size) == -1 && errno != EOPNOTSUPP) {
		err_errno(e, "spool/%s: %u bytes", sb->name, sb->size);
		spool_blob_free(sb);
		return NULL;
	}
	return sb;
}

/* Ends B: nothing more is taken, and a nameless file is gone. */
static int
blob_end(struct spool_blob *b, int rv)
{
	close(b->fd);
	b->fd = -1;
	return rv;
}

/* All bytes are there. A file of that name is left over from an intake that a crash ended. */
static int
blob_complete(struct spool_blob *b, struct errmsg *e)
{
	uint8_t hash[32];

	crypto_hash_sha256_final(&b->hash, hash);
	if (sodium_memcmp(hash, b->want, sizeof(hash)) != 0)
		return err_set(e, "spool/%s: its SHA-256 is not the one in the ticket", b->name);
	if (unlinkat(b->s->dirfd, b->name, 0) == -1 && errno != ENOENT)
		return err_errno(e, "spool/%s: remove an older one", b->name);
	if (spool_link(b->s, b->fd, b->name, e) == -1)
		return -1;
	b->s->used += b->size;
	return 1;
}

int
spool_blob_piece(
    struct spool_blob *b, uint32_t offset, const uint8_t *data, size_t len, struct errmsg *e)
{
	ssize_t n;

	if (b->fd == -1)
		return err_set(e, "spool/%s: takes no more pieces", b->name);
	if (offset != b->got)
		return blob_end(b, err_set(e, "spool/%s: a piece for byte %u came, byte %u is next",
				       b->name, offset, b->got));
	if (len == 0 || len > b->size - b->got)
		return blob_end(b, err_set(e, "spool/%s: a piece of %zu bytes at byte %u of %u",
				       b->name, len, offset, b->size));
	if ((n = fd_writen(b->fd, data, len)) == -1 || (size_t)n != len)
		return blob_end(b, err_errno(e, "spool/%s: write", b->name));
	crypto_hash_sha256_update(&b->hash, data, len);
	b->got += (uint32_t)len;
	if (b->got < b->size)
		return 0;
	return blob_end(b, blob_complete(b, e));
}

void
spool_blob_free(struct spool_blob *b)
{
	if (b == NULL)
		return;
	if (b->fd != -1)
		close(b->fd);
	free(b);
}

/* 0 when FD holds exactly B's bytes; read here only to hash them. */
static int
blob_verify(int fd, const char *name, const struct ticket_blob *b, struct errmsg *e)
{
	crypto_hash_sha256_state st;
	uint8_t buf[16384], hash[32];
	ssize_t n;
	off_t off;

	crypto_hash_sha256_init(&st);
	for (off = 0; off <= (off_t)b->size; off += n) {
		while ((n = pread(fd, buf, sizeof(buf), off)) == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_errno(e, "spool/%s: read", name);
		if (n == 0)
			break;
		crypto_hash_sha256_update(&st, buf, (size_t)n);
	}
	crypto_hash_sha256_final(&st, hash);
	if (sodium_memcmp(hash, b->sha256, sizeof(hash)) != 0)
		return err_set(e, "spool/%s: its SHA-256 is not the one in the ticket", name);
	return 0;
}

int
spool_blob_fd(struct spool *s, const uint8_t id[16], uint8_t index, const struct ticket_blob *b,
    struct errmsg *e)
{
	char name[SPOOL_NAME];
	uint64_t size;
	int fd;

	if (blob_check(index, b, e) == -1)
		return -1;
	spool_name(name, id, index);
	if ((fd = spool_file(s, name, O_RDONLY, &size, e)) == -1)
		return -1;
	if (size != b->size)
		err_set(e, "spool/%s: %llu bytes, not %u", name, (unsigned long long)size, b->size);
	else if (blob_verify(fd, name, b, e) == 0)
		return fd;
	close(fd);
	return -1;
}
