/*
 * Spool frames: what a job's output is made of, on disk and on the wire (reeve-spool(5)).
 *
 * A spool file is a 16-byte head "reeve-spool 1\n\0\0" and frames: type u8, step u8, zero u16,
 * length u32, ms since the epoch u64, payload, CRC-32 u32 over all of that; big endian. Written by
 * a step's supervisor alone, read by privd (the last exit frame only), netd, reevectl and reeve.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD     "reeve-spool 1\n\0\0" /* 16 bytes */
#define FRAME_HEADLEN  16
#define FRAME_FIXED    16 /* before the payload */
#define FRAME_CRC      4
#define FRAME_PAYLOAD  65536		 /* most */
#define FRAME_DATA_MAX (4 * 1024 * 1024) /* DATA of one step, over all its frames */

enum frame_type {
	FR_STDOUT = 1,
	FR_STDERR,
	FR_PROGRESS, /* "percent SP phase" */
	FR_DATA,     /* JSON, the kind's typed result; continued in the next DATA frame when full */
	FR_NOTE,     /* the supervisor's own words: "output cut at 1048576 bytes" */
	FR_EXIT,     /* an exitrec, the last frame of a step */
	FR_MAX
};

struct frame {
	enum frame_type type;
	uint8_t step; /* counted from 1 */
	uint64_t ms;
	const uint8_t *data;
	uint32_t len;
};

const char *frame_typename(enum frame_type t);

/* Encodes into OUT (FRAME_FIXED + LEN + FRAME_CRC bytes at least). Returns the bytes written. */
size_t frame_put(uint8_t *out, const struct frame *f);

/*
 * Decodes the frame at the start of BUF. Returns its whole length; 0 when LEN is too short to hold
 * it yet; -1 when it is malformed (type, zero bytes, length, CRC).
 */
ssize_t frame_get(const uint8_t *buf, size_t len, struct frame *f);

/* CRC-32 (IEEE 802.3), of the ledger too. */
uint32_t crc32_update(uint32_t crc, const void *buf, size_t len); /* start with 0 */

#endif
