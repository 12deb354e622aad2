/* How a ticket writes one value: plainly, as b64: or as seal:. Shared by its reader and its writer.
 */
#ifndef PROTO_TICKET_VALUE_H
#define PROTO_TICKET_VALUE_H

#include <sys/types.h>

#include <stddef.h>

#include "lib/err.h"
#include "proto/job.h"

#define VALUE_B64  "b64:"
#define VALUE_SEAL "seal:"

/*
 * 1 when VALUE (decoded) is written as it is: printable ASCII, at least one byte, no space at
 * either end, not beginning with "b64:" or "seal:". Anything else must be written as b64:, an empty
 * value as "b64:" and nothing behind it.
 */
int value_isplain(const char *value);

/*
 * RAW as it stands in a ticket becomes bytes in OUT (SIZE with the ending NUL). A b64: value that
 * could have been written plainly, or that holds NUL, is refused. The length, or -1 with E.
 */
ssize_t value_decode(
    const struct kind_arg *a, const char *raw, char *out, size_t size, struct errmsg *e);
/* The other way: what a ticket says for VALUE, into OUT. The length, or -1 with E. */
ssize_t value_encode(
    const struct kind_arg *a, const char *value, char *out, size_t size, struct errmsg *e);
/* Judges the form of a sealed value: base64url of a sealed box that fits A's limits. 0 or -1 with
 * E. */
int value_seal(const struct kind_arg *a, const char *raw, struct errmsg *e);

#endif
