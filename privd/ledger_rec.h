/* Records of the ledger as bytes (reeve-ledger(5)): for ledger.c, its tests and its fuzzer. */
#ifndef PRIVD_LEDGER_REC_H
#define PRIVD_LEDGER_REC_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "privd/ledger.h"

#define LEDGER_WORD	 "reeve-ledger " /* its version in decimal and a newline follow */
#define LEDGER_VERSION	 1
#define LEDGER_HEADMAX	 32 /* bytes in which the first line must end */
#define LEDGER_FIXED	 24 /* before the payload */
#define LEDGER_CRC	 4
#define LEDGER_PAYLOAD	 12288 /* most */
#define LEDGER_FRAME_MAX (LEDGER_FIXED + LEDGER_PAYLOAD + LEDGER_CRC)

/* Length of the first line of a ledger of our version in LEN bytes of BUF; -1 with E for all
 * others. */
ssize_t ledger_head(const uint8_t *buf, size_t len, struct errmsg *e);

/* Encodes R as a frame into BUF. Returns its length; -1 with E when a field does not fit its rule.
 */
ssize_t ledger_rec_put(uint8_t buf[LEDGER_FRAME_MAX], const struct ledger_rec *r, struct errmsg *e);

/* The length of the frame at the start of BUF; 0 when no whole frame with a right CRC is there. */
size_t ledger_frame(const uint8_t *buf, size_t len);

/*
 * Decodes a frame that ledger_frame() measured. 0; -1 with E: unknown type, or a payload that is
 * not exactly that type's. R points into BUF.
 */
int ledger_rec_get(const uint8_t *buf, size_t len, struct ledger_rec *r, struct errmsg *e);

/*
 * LEN bytes without a frame at their start, up to the end of the file: 1 when one interrupted write
 * explains them (no longer than one frame, and no frame anywhere in them), 0 when something was
 * damaged instead.
 */
int ledger_torn(const uint8_t *buf, size_t len);

#endif
