/* Fields that several payloads share, and the end of every put (msg_codec*.c only). */
#ifndef IMSG_MSG_FIELD_H
#define IMSG_MSG_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"
#include "proto/signify.h"

#define FIELD_SIG 72 /* key number 8, signature 64 */

/* B when everything fitted; else frees it. NULL then, and when B is NULL. */
struct ibuf *field_done(struct ibuf *b);

void field_put_sig(struct ibuf *b, const struct sig *s);
int field_get_sig(struct ibuf *b, struct sig *s);

/* A u8 that is 0 or 1. */
int field_get_bool(struct ibuf *b, uint8_t *v);
/* A string of printable ASCII, MIN..SIZE-1 bytes. */
int field_get_text(struct ibuf *b, char *dst, size_t size, size_t min);
/* A block of MIN..MAX bytes, left where it is. */
int field_get_blk(struct ibuf *b, const uint8_t **p, size_t *len, size_t min, size_t max);
/* All that is left, MIN..MAX bytes, left where it is. */
int field_get_rest(struct ibuf *b, const uint8_t **p, size_t *len, size_t min, size_t max);

#endif
