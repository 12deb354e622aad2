/*
 * state/spool: output frames and blobs of jobs not yet acknowledged (reeve-spool(5)): ID.out and
 * ID.blobN, N the blob's index in the ticket. A file appears with its head or its whole content,
 * never half.
 */
#ifndef PRIVD_SPOOL_H
#define PRIVD_SPOOL_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/err.h"
#include "proto/result.h"
#include "proto/ticket.h"

struct spool;

/* Opens (makes) spool/ 0700 beneath STATEFD; counts what is there. MAX bytes in all. */
struct spool *spool_open(int statefd, uint64_t max, struct errmsg *e);
void spool_close(struct spool *s);

/*
 * The output file of job ID: made with its head when missing, directory entry synced; its bytes are
 * with each exit frame, by the supervisor. With CUT it is cut at its first damaged frame, or begun
 * again without a head: output that was on its way when the power failed. Returns an
 * O_RDWR|O_APPEND fd for a supervisor, mode 0600; *SIZE (may be NULL) its bytes. -1 with E.
 */
int spool_output(struct spool *s, const uint8_t id[16], int cut, uint64_t *size, struct errmsg *e);
/* Read-only fd and an inotify fd (IN_MODIFY|IN_CLOSE_WRITE|IN_DELETE_SELF) on it. 0 or -1. */
int spool_stream(struct spool *s, const uint8_t id[16], int fds[2], struct errmsg *e);
/*
 * The same for a reader who is not root, with a timer that ticks SPOOL_TICK ms apart in the place
 * of the inotify fd: whoever keeps one of those uses up root's share of them (128 on most hosts).
 */
#define SPOOL_TICK 250
int spool_look(struct spool *s, const uint8_t id[16], int fds[2], struct errmsg *e);
/* 1 when job ID has an output file. */
int spool_there(struct spool *s, const uint8_t id[16]);
/*
 * The exit frame of STEP when it is the file's last frame, found by walking all of them: bytes that
 * a tool wrote never look like one. 1 found, 0 none (yet, or no file), -1 E: a damaged frame stands
 * before it, or it is none inside.
 */
int spool_exitrec(
    struct spool *s, const uint8_t id[16], uint8_t step, struct exitrec *r, struct errmsg *e);

/*
 * Blobs. A blob of 0 bytes is refused: it has no last byte. begin makes an O_TMPFILE for blob INDEX
 * of SIZE bytes; piece takes the next bytes, in order and never too many; at the last byte the hash
 * is compared, and the file linked as <id>.blobN and synced. 1 complete, 0 more to come, -1 E
 * (wrong offset, too many, wrong hash: gone).
 */
struct spool_blob;
struct spool_blob *spool_blob_begin(struct spool *s, const uint8_t id[16], uint8_t index,
    const struct ticket_blob *b, struct errmsg *e);
int spool_blob_piece(
    struct spool_blob *b, uint32_t offset, const uint8_t *data, size_t len, struct errmsg *e);
void spool_blob_free(struct spool_blob *b);
/* A complete blob, read-only, hash checked again; -1 E. */
int spool_blob_fd(struct spool *s, const uint8_t id[16], uint8_t index, const struct ticket_blob *b,
    struct errmsg *e);

/* Removes all files of ID. Files of no job in KNOWN are removed at start by spool_sweep(). */
void spool_remove(struct spool *s, const uint8_t id[16]);
int spool_sweep(
    struct spool *s, int (*known)(const uint8_t id[16], void *), void *arg, struct errmsg *e);
/*
 * 0 when WANT more bytes fit under the cap (they are promised to the caller until the files are
 * counted again, at most a second later) and on the disk, with some left for the ledger; else -1
 * with E.
 */
int spool_room(struct spool *s, uint64_t want, struct errmsg *e);
/* Bytes in use, as counted at most a second ago. */
uint64_t spool_used(struct spool *s);

#endif
